"""`make release-check` lists all obstacles to a release at once."""

import re

import pytest

CHANGES = "## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n### Added\n\n- A thing.\n\n## [0.1.0] - 2026-11-23\n"


@pytest.fixture
def release(repository):
    """A copy that can be released as 0.2.0."""
    for file in ("Sources/Shared/Version.swift", "docker/Dockerfile", "docker/nginx/Dockerfile"):
        repository.write(file, repository.read(file).replace("0.1.0", "0.2.0"))
    repository.write("CHANGELOG.md", CHANGES)
    repository.write("docs/upgrading.md", "### From 0.1.0\n")
    listed = repository.run("bash", "-c", "cd Sources/AuthAPI/Migrations && sha256sum *.sql")
    repository.write("hooks/migrations.released", listed.stdout)
    repository.write("Tests/Containers/release-before", repository.git("rev-parse", "HEAD"))
    repository.git("commit", "--all", "--no-verify", "--message", "Release")
    yield repository
    repository.run("git", "tag", "--delete", "v0.2.0")


def test_a_releasable_version_passes(release):
    """The commands are printed, and the text of the tag keeps its headings."""
    done = release.run("scripts/release-check", "--files")
    assert done.returncode == 0 and "git tag --annotate --file .build/release.txt v0.2.0" in done.stdout, done.stdout
    release.git("tag", "--annotate", "--file", ".build/release.txt", "v0.2.0")
    text = release.git("tag", "--list", "--format=%(contents)", "v0.2.0")
    assert text.strip() == "0.2.0\n\nAdded\n\n- A thing."


# The file, the replaced text, the replacement, and the expected message.
WRONG = {
    "version": ("docker/Dockerfile", "0.2.0", "0.3.0", "files disagree about the version"),
    "date": ("CHANGELOG.md", " - 2026-12-01", "", "no section '## [0.2.0] - YYYY-MM-DD'"),
    "empty": ("CHANGELOG.md", "### Added\n\n- A thing.\n\n", "", "lists no changes in 0.2.0"),
    "unreleased": ("CHANGELOG.md", "## [Unreleased]\n", "## [Unreleased]\n\n- More.\n", "has unreleased changes"),
    "upgrading": ("docs/upgrading.md", "### From 0.1.0", "### From 0.0.9", "upgrading from 0.1.0"),
    "migration": ("hooks/migrations.released", "0013_providers.up.sql", "0013_others.up.sql", "every migration"),
    "before": ("Tests/Containers/release-before", r"re:^.", "x", "names no commit"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_each_obstacle_is_reported(release, wrong):
    """Each obstacle is named, and no command is printed."""
    file, old, new, said = WRONG[wrong]
    before = release.read(file)
    after = re.sub(old[3:], new, before) if old.startswith("re:") else before.replace(old, new)
    assert after != before
    release.write(file, after)
    release.git("commit", "--all", "--no-verify", "--message", "Break it")
    done = release.run("scripts/release-check", "--files")
    assert done.returncode == 1 and said in done.stdout and "git tag" not in done.stdout, done.stdout


def test_all_obstacles_are_reported_at_once(release):
    """Four obstacles are reported: two faults, a changed file, and an existing tag."""
    release.git("tag", "v0.2.0")
    release.write("docs/upgrading.md", "\n")
    done = release.run("scripts/release-check", "--files")
    assert done.returncode == 1
    for said in ("files differ from the commit", "v0.2.0 is tagged already", "upgrading from 0.1.0"):
        assert said in done.stdout
