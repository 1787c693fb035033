"""The output of the commands is complete, or they fail."""

import fcntl
import os
import re
import subprocess

import pytest
from operator_program import Operator
from site_under_test import ROOT, TIMEOUT_SECONDS, binary, database


@pytest.fixture(scope="module")
def operator():
    """A database with its two roles and a user."""
    with database() as url:
        operator = Operator(url)
        operator.create("full@example.com")
        yield operator


@pytest.mark.parametrize(
    "arguments",
    [
        ["user", "export"],
        ["user", "export", "full@example.com"],
        ["user", "list"],
        ["audit", "--json"],
        ["generate-secrets"],
        ["openapi"],
    ],
)
def test_a_command_fails_when_its_output_cannot_be_written(operator, arguments):
    """A truncated export must not pass for a complete one."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [operator.program, *arguments],
            env=operator.settings,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )
    assert (done.returncode, done.stderr) == (74, "standard output cannot be written: No space left on device\n")


@pytest.mark.parametrize("arguments", [["texts", "en"], ["check-config"]])
def test_a_command_of_the_frontend_fails_when_its_output_cannot_be_written(arguments):
    with open("/dev/full", "wb") as full:
        command = [binary("WebFrontend"), *arguments]
        done = subprocess.run(command, env={}, stdout=full, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_SECONDS)
    assert (done.returncode, done.stderr) == (74, "standard output cannot be written: No space left on device\n")


@pytest.mark.parametrize(
    ("arguments", "closed", "status", "words"),
    [
        (["user", "create", "shut@example.com", "--name", "Ada"], "<&-", 64, "standard input is empty"),
        (["user", "import", "-", "--format", "csv"], "<&-", 64, "the file is empty"),
        (["user", "list"], ">&-", 74, "standard output cannot be written: Bad file descriptor"),
        (["user", "list"], "<&- >&- 2>&-", 74, ""),
    ],
)
def test_a_command_with_closed_standard_descriptors_ends(operator, arguments, closed, status, words):
    """The program's own files and sockets must not get their numbers."""
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", operator.program, *arguments],
        env=operator.settings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    assert done.returncode == status
    assert words in done.stderr


@pytest.mark.parametrize("arguments", [["--directory", ""], ["--apart", "SECRET_KEY="], ["--apart", "SECRET_KEY"]])
def test_generate_secrets_rejects_a_folder_without_a_name(tmp_path, arguments):
    """`--directory "$UNSET"` must not write to the root folder."""
    command = [binary("AuthAPI"), "generate-secrets", f"--directory={tmp_path}", *arguments]
    done = subprocess.run(command, env={}, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    assert done.returncode == 64 and "the name of a folder is missing" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "Is a directory"), (b"", "the file is empty"), (b"\n", "the file is empty"), (b"\xff\xfe", "Invalid")],
)
def test_a_secret_that_cannot_be_read_is_not_replaced(tmp_path, content, words):
    """W85: A newly generated password would differ from that of the database."""
    common, apart = tmp_path / "common", tmp_path / "apart"
    common.mkdir()
    apart.mkdir()
    former = common / "postgres_password"
    if content is None:
        former.mkdir()
    else:
        former.write_bytes(content)
    command = [
        binary("AuthAPI"), "generate-secrets", f"--directory={common}", "--apart", f"POSTGRES_PASSWORD={apart}",
    ]  # fmt: skip
    done = subprocess.run(command, env={}, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    assert done.returncode == 73
    assert f"{former}: {words}" in done.stderr
    assert former.exists()
    assert not list(apart.iterdir())


@pytest.mark.parametrize("name", ["SECRET_KEY", "POSTGRES_API_PASSWORD"])
def test_a_generated_secret_is_not_replaced_by_one_that_the_servers_reject(tmp_path, name):
    """W85: the generated one could not be recovered."""
    command = [binary("AuthAPI"), "generate-secrets", f"--directory={tmp_path}"]
    subprocess.run(command, env={}, check=True, capture_output=True, timeout=TIMEOUT_SECONDS)
    generated = {file.name: file.read_text() for file in tmp_path.iterdir()}
    done = subprocess.run(
        command, env={name: "too-short"}, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
    )
    assert done.returncode == 78
    assert f"{name}: " in done.stderr
    assert "too-short" not in done.stderr
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == generated


def test_the_mode_of_generated_secrets_does_not_depend_on_the_umask(tmp_path):
    command = [binary("AuthAPI"), "generate-secrets", f"--directory={tmp_path}", "--group-readable", "SECRET_KEY"]
    subprocess.run(command, env={}, umask=0o077, check=True, capture_output=True, timeout=TIMEOUT_SECONDS)
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert modes == {"secret_key": 0o440, "postgres_password": 0o400, "postgres_api_password": 0o400}


def test_output_to_a_slow_non_blocking_pipe_is_complete():
    command = [binary("AuthAPI"), "openapi"]
    whole = subprocess.run(command, capture_output=True, check=True, timeout=TIMEOUT_SECONDS).stdout
    source, target = os.pipe()
    os.set_blocking(target, False)
    assert fcntl.fcntl(target, fcntl.F_SETPIPE_SZ, 4096) < len(whole)
    with subprocess.Popen(command, stdout=target) as process:
        os.close(target)
        with open(source, "rb") as pipe:
            assert pipe.read() == whole
    assert process.returncode == 0


def test_every_command_writes_through_standard_output():
    """Swift's `print` ignores failures."""
    for file in (ROOT / "Sources").rglob("*.swift"):
        assert not re.findall(r"(?<![.\w`])(?<!func )print\(", file.read_text("utf-8")), file
