"""Q1: git with the hooks installed."""

import resource
import shutil
import subprocess

import pytest

SWIFT = "Sources/Shared/Rules/Sum.swift"
GOOD = """\
/// The sum of two numbers.
public func sum(_ one: Int, _ two: Int) -> Int {
    one + two
}

/// The difference of two numbers.
public func difference(_ one: Int, _ two: Int) -> Int {
    one - two
}

/// The product of two numbers.
public func product(_ one: Int, _ two: Int) -> Int {
    one * two
}
"""
SCRIPT = "#!/usr/bin/env bash\nif true; then\n    echo yes\nfi\n"
TEMPLATE = "Sources/WebFrontend/Resources/Templates/notice.mustache"


def commit(repository, *arguments: str):
    """Tries to commit what is staged."""
    return repository.run("git", "commit", "--message=api: add sums", *arguments)


def begin(repository) -> None:
    """Commits the file that the tests change."""
    repository.write(SWIFT, GOOD)
    repository.git("add", SWIFT)
    repository.git("commit", "--quiet", "--no-verify", "--message=api: add sums")


def test_a_commit_that_breaks_a_check_is_blocked(hooked):
    """The message names file and line, and nothing is committed."""
    before = hooked.git("rev-parse", "HEAD")
    hooked.write(TEMPLATE, "{{#notice}}\n<p>{{{notice}}}</p>\n{{/notice}}\n")
    hooked.git("add", TEMPLATE)
    done = commit(hooked)
    assert done.returncode == 1
    assert f"{TEMPLATE}:2: output must be escaped" in done.stdout
    assert hooked.git("rev-parse", "HEAD") == before


def test_a_typical_commit_passes_within_five_seconds(hooked):
    """One Swift file and one template. The processor time is measured, which a busy machine does not change."""
    hooked.write(SWIFT, GOOD)
    hooked.write(TEMPLATE, hooked.read(TEMPLATE).replace('role="status"', 'role="status" class="shown"'))
    hooked.write(TEMPLATE, hooked.read(TEMPLATE).replace(' class="shown"', ""))
    hooked.write(TEMPLATE, hooked.read(TEMPLATE) + "<p>{{t.footer}}</p>\n")
    hooked.git("add", SWIFT, TEMPLATE)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = commit(hooked)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stdout
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5


def test_the_hooks_need_no_network(hooked):
    """Installed hooks fetch nothing."""
    offline = ["unshare", "--net", "--map-root-user", "--"]
    if not shutil.which("unshare") or subprocess.run([*offline, "true"], capture_output=True).returncode:
        pytest.skip("this machine gives no namespace without a network")
    hooked.write(SWIFT, GOOD)
    hooked.git("add", SWIFT)
    done = hooked.run(*offline, "git", "commit", "--message=api: add sums")
    assert done.returncode == 0, done.stdout


def test_unformatted_files_are_formatted_and_stop_the_commit(hooked):
    """Swift, shell, CSS and JavaScript; after staging them again, they can be committed."""
    files = {
        SWIFT: (GOOD.replace("    one + two", "  one+two"), GOOD),
        "scripts/say": (SCRIPT.replace("    echo", "  echo"), SCRIPT),
        "Sources/WebFrontend/Resources/Public/more.css": ("a {color: red}\n", "a {\n  color: red;\n}\n"),
        "Sources/WebFrontend/Resources/Public/more.js": ("export const a = 'b'\n", 'export const a = "b";\n'),
    }
    for path, (content, _) in files.items():
        hooked.write(path, content)
        hooked.git("add", path)
    done = commit(hooked)
    assert done.returncode == 1 and done.stdout.count("files were modified by this hook") == 3, done.stdout
    for path, (_, formatted) in files.items():
        assert hooked.read(path) == formatted
    hooked.git("add", *files)
    done = commit(hooked)
    assert done.returncode == 0, done.stdout


def test_only_staged_changes_are_checked(hooked):
    """Neither an unstaged bad file nor the unstaged bad part of one blocks, and both stay unchanged."""
    begin(hooked)
    staged = GOOD.replace("The sum", "The exact sum")
    unstaged = staged.replace("one * two", "one! * two")
    hooked.write(SWIFT, staged)
    hooked.git("add", SWIFT)
    hooked.write(SWIFT, unstaged)
    hooked.write("scripts/new", "#!/usr/bin/env bash\nrm $1\n")
    hooked.write("README.md", "blanks \n")
    done = commit(hooked)
    assert done.returncode == 0, done.stdout
    assert hooked.git("show", f"HEAD:{SWIFT}") == staged
    assert hooked.read(SWIFT) == unstaged
    assert hooked.read("README.md") == "blanks \n"
    assert hooked.git("status", "--porcelain").split() == ["M", "README.md", "M", SWIFT, "??", "scripts/new"]


def test_the_unstaged_part_of_a_formatted_file_is_kept(hooked):
    """The work tree contains the formatted line and the change that `git add --patch` left out."""
    begin(hooked)
    staged = GOOD.replace("    one + two", "  one+two")
    hooked.write(SWIFT, staged)
    hooked.git("add", SWIFT)
    hooked.write(SWIFT, staged.replace("one * two", "two * one"))
    done = commit(hooked)
    assert done.returncode == 1, done.stdout
    assert hooked.git("show", f":{SWIFT}") == staged
    assert hooked.read(SWIFT) == GOOD.replace("one * two", "two * one")


def test_an_unstaged_change_in_the_way_of_the_formatter_is_kept(hooked):
    """The staged line is not formatted and has changed since: the file stays unchanged, and nothing is committed."""
    begin(hooked)
    staged = GOOD.replace("    one + two", "  one+two")
    unstaged = GOOD.replace("    one + two", "  two+one")
    hooked.write(SWIFT, staged)
    hooked.git("add", SWIFT)
    hooked.write(SWIFT, unstaged)
    before = hooked.git("rev-parse", "HEAD")
    done = commit(hooked)
    assert done.returncode == 1 and "Rolling back fixes" in done.stdout, done.stdout
    assert hooked.git("show", f":{SWIFT}") == staged
    assert hooked.read(SWIFT) == unstaged
    assert hooked.git("rev-parse", "HEAD") == before


def forget_sources(repository) -> None:
    """Untracks most files, because formatting them all takes half a minute."""
    repository.git("rm", "--quiet", "-r", "--cached", "Sources", "Tests")
    repository.git("commit", "--quiet", "--no-verify", "--message=Forget")


def test_make_format_formats_and_make_pre_commit_checks(hooked):
    """Q4: Both can be run manually."""
    forget_sources(hooked)
    hooked.write(SWIFT, GOOD.replace("    one + two", "  one+two"))
    hooked.git("add", SWIFT)
    done = hooked.run("make", "format")
    assert done.returncode == 0, done.stdout
    assert hooked.read(SWIFT) == GOOD
    hooked.write(TEMPLATE, "<p>{{&x}}</p>\n")
    hooked.git("add", SWIFT, TEMPLATE)
    done = hooked.run("make", "pre-commit")
    assert done.returncode != 0
    assert f"{TEMPLATE}:1:" in done.stdout


def test_make_format_fails_if_a_file_cannot_be_formatted(hooked):
    """Q4"""
    forget_sources(hooked)
    hooked.write(SWIFT, "func sum( {\n")
    hooked.git("add", SWIFT)
    done = hooked.run("make", "format")
    assert done.returncode != 0 and f"{SWIFT}:1" in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("oauth: reject ID tokens whose nbf is in the future", 0),
        ("api, web: add a field\n\nA body may be long: " + "word " * 40, 0),
        ('Revert "api: add a field"', 0),
        ("fixup! api: add a field", 0),
        ("Add a field", 1),
        ("api: Add a field", 1),
        ("api: add a field.", 1),
        ("API: add a field", 1),
        ("api:", 1),
        ("add a field\n\napi: add a field", 1),
        ("api: " + "a" * 60, 0),
        ("api: " + "a" * 61, 1),
    ],
)
def test_a_commit_subject_names_its_area_and_is_short(hooked, message, status):
    """Q1: `area: what it does`, at most 65 characters; the body is not checked."""
    done = hooked.run("git", "commit", "--allow-empty", f"--message={message}")
    assert done.returncode == status, done.stdout


@pytest.mark.parametrize("failing", ["typecheck", "test"])
def test_a_push_compiles_and_tests_everything(hooked, tmp_path, failing):
    """A stand-in for the Makefile prints the commands, and one of the two fails."""
    remote = tmp_path / "remote.git"
    hooked.git("init", "--quiet", "--bare", str(remote))
    recipes = "".join(f"{name}:\n\t@echo run {name} $${{GIT_DIR:-}}\n" for name in ("typecheck", "test"))
    hooked.write("Makefile", recipes)
    hooked.git("commit", "--quiet", "--all", "--no-verify", "--message=Stand in")
    assert hooked.run("git", "push", str(remote), "main").returncode == 0
    hooked.write("Makefile", recipes.replace(f"@echo run {failing}", "@exit 1; echo "))
    hooked.git("commit", "--quiet", "--all", "--no-verify", "--message=Fail")
    done = hooked.run("git", "push", str(remote), "main")
    assert done.returncode != 0
    assert done.stdout.count("Failed") == 1 and done.stdout.count("Passed") == 1, done.stdout
    assert hooked.git("ls-remote", str(remote)).split()[0] == hooked.git("rev-parse", "HEAD~1").strip()
