"""Q1, Q3: each hook rejects bad files and accepts good ones."""

from pathlib import Path

import pytest
import yaml_lite
from bad_files import BAD, EDITS, GOOD

CONFIGURATION = Path(__file__).resolve().parents[2] / ".pre-commit-config.yaml"


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_rejected(repository, name):
    """The messages name the file, and the line if the tool reports it."""
    for path, (content, _) in BAD[name].items():
        repository.write(path, content)
    done = repository.hook(name, *BAD[name])
    assert done.returncode == 1, done.stdout
    lines = done.stdout.splitlines()
    for path, (_, messages) in BAD[name].items():
        for message in messages:
            line, _, words = message.partition(": ")
            if line.isdigit():
                found = [said for said in lines if said.startswith(f"{path}:{line}") and words in said]
                assert found, (message, done.stdout)
            else:
                assert message in done.stdout, (message, done.stdout)


@pytest.mark.parametrize(("name", "path", "old", "new", "place"), EDITS)
def test_bad_changes_are_rejected(repository, name, path, old, new, place):
    """Some hooks check one particular file, so the test changes that file."""
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
    """The hook checks the files and finds nothing."""
    done = repository.hook(name, *GOOD[name])
    assert done.returncode == 0, done.stdout
    assert "Passed" in done.stdout and "no files to check" not in done.stdout, done.stdout


def test_every_hook_is_tested():
    """Every hook has a bad and a good file; formatters, and hooks of messages and pushes, have separate tests."""
    elsewhere = {"format-swift", "format-shell", "format-web", "subject", "typecheck", "tests"}
    hooks = set(yaml_lite.identifiers(CONFIGURATION)) - elsewhere
    assert hooks == set(BAD) | {name for name, *_ in EDITS}
    assert hooks == set(GOOD)


def test_an_accepted_value_is_accepted_in_its_file_only(repository):
    """Q3: hooks/secrets.accepted contains hashes of file and value."""
    value = "-".join(["AKIA" + "QWERTZUIOPASDFGH"])
    repository.write("Tests/Support/one.py", f'key = "{value}"\n')
    repository.write("Tests/Support/two.py", f'key = "{value}"\n')
    done = repository.run("make", "accept-secrets", "FILE=Tests/Support/one.py")
    assert done.returncode == 0 and "Tests/Support/one.py:1: AWS Access Key" in done.stdout, done.stdout
    done = repository.hook("secrets", "Tests/Support/one.py", "Tests/Support/two.py", "hooks/secrets.accepted")
    assert done.returncode == 1
    assert "Tests/Support/two.py:1:" in done.stdout and "one.py" not in done.stdout
    assert value not in repository.read("hooks/secrets.accepted")


def test_accepting_secrets_requires_a_file(repository):
    """M7"""
    done = repository.run("make", "accept-secrets", "FILE=nowhere")
    assert done.returncode == 2 and "usage: make accept-secrets FILE=path" in done.stdout, done.stdout
