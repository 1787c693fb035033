"""Q1, Q3: each hook refuses a bad file with file and line, and lets a good one pass."""

import shutil
from pathlib import Path

import pytest
import yaml_lite
from bad_files import BAD, EDITS, GOOD

CONFIGURATION = Path(__file__).resolve().parents[2] / ".pre-commit-config.yaml"


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused(repository, name):
    """Findings have file and line."""
    if name == "compose" and not shutil.which("docker"):
        pytest.skip("no docker here")
    files = []
    for path, (content, _) in BAD[name].items():
        repository.write(path, content)
        files.append(path)
    done = repository.hook(name, *files)
    assert done.returncode == 1, done.stdout
    for path, (_, places) in BAD[name].items():
        for place in places:
            line, words = place.split(" ", 1)
            found = [said for said in done.stdout.splitlines() if said.startswith(f"{path}:{line}") and words in said]
            assert found, f"{path}:{place} not in:\n{done.stdout}"


@pytest.mark.parametrize(("name", "path", "old", "new", "place"), EDITS)
def test_bad_changes_are_refused(repository, name, path, old, new, place):
    """The same for the files of which there is one; the line is that of the change."""
    if name == "compose" and not shutil.which("docker"):
        pytest.skip("no docker here")
    text = repository.read(path)
    assert old in text
    repository.write(path, text.replace(old, new, 1))
    line = text[: text.index(old)].count("\n") + 1
    done = repository.hook(name, path)
    assert done.returncode == 1, done.stdout
    expected, words = place.format(line=line).split(" ", 1)
    assert any(expected in said and words in said for said in done.stdout.splitlines()), done.stdout


@pytest.mark.parametrize("name", GOOD)
def test_good_files_pass(repository, name):
    """A hook that looks at a file and finds nothing says so."""
    done = repository.hook(name, *GOOD[name])
    assert done.returncode == 0, done.stdout
    assert "Passed" in done.stdout and "no files to check" not in done.stdout, done.stdout


def test_every_hook_is_tested():
    """Every hook has a bad and a good file; hooks that change files or run `make` have separate tests."""
    hooks = set(yaml_lite.identifiers(CONFIGURATION)) - {"format", "subject", "typecheck", "tests"}
    assert hooks == set(BAD) | {name for name, *_ in EDITS}
    assert hooks == set(GOOD)


def test_an_accepted_value_is_let_through_in_its_file_only(repository):
    """Q3: the list of what is no secret holds hashes bound to a file."""
    value = "-".join(["AKIA" + "QWERTZUIOPASDFGH"])
    repository.write("Tests/Support/one.py", f'key = "{value}"\n')
    repository.write("Tests/Support/two.py", f'key = "{value}"\n')
    assert repository.run("hooks/run", "hooks/secrets", "--accept", "Tests/Support/one.py").returncode == 0
    done = repository.hook("secrets", "Tests/Support/one.py", "Tests/Support/two.py", "hooks/secrets.accepted")
    assert done.returncode == 1
    assert "Tests/Support/two.py:1:" in done.stdout and "one.py" not in done.stdout
    assert value not in repository.read("hooks/secrets.accepted")


def test_without_docker_the_check_says_that_it_was_not_run(repository, tmp_path):
    """Q3: a check that cannot be made here does not pass in silence."""
    (tmp_path / "bin").mkdir()
    for name in ("bash", "dirname", "env", "git"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    done = repository.hook("compose", "compose.yml", PATH=f"{tmp_path}/bin")
    assert done.returncode == 0 and "NOT RUN" in done.stdout, done.stdout


def test_without_their_tools_the_hooks_name_the_next_step(repository):
    """M7: what is missing, and which command brings it."""
    (repository.path / ".build/hooks").unlink()
    done = repository.run("hooks/run", "hooks/text", "README.md")
    assert done.returncode == 1 and "make install-hooks" in done.stdout
