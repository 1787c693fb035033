"""W83: Compose, `make` and the scripts read the same value from a line of .env."""

import json
import os
import subprocess

import pytest
from site_under_test import ROOT, has_compose

COMPOSE = 'services: {one: {image: none, environment: {A: "${A-unset}", B: "${B-unset}"}}}\n'
# A file, and the values of A and B; None if the file is rejected.
TABLE = [
    ("A=1", "1", "unset"),
    ("  A = 1 ", "1", "unset"),
    ("export A=1\nexport\tB = 2", "1", "2"),
    ("A: 1", "1", "unset"),
    ("A=1\r\nB=2\r\n", "1", "2"),
    ("\ufeffA=1", "1", "unset"),
    ("# A=1\n\n  # B=2\nA=3", "3", "unset"),
    ("A=1\nA=2", "2", "unset"),
    ("A=\nB=2", "", "2"),
    ("A\nB=2", "unset", "2"),
    ("A==1;2", "=1;2", "unset"),
    ("A-B=1\n1A=2\nB.C=3\nA=4", "4", "unset"),
    # Comments after values.
    ("A=x # c", "x", "unset"),
    ("A=x#c", "x#c", "unset"),
    ("A=a # b # c", "a", "unset"),
    ("A=# c", "# c", "unset"),
    ("A=https://x/#y", "https://x/#y", "unset"),
    ("A='x' # c\nB=2", "x", "2"),
    ('A="x"#c\nB=2', "x", "2"),
    ("A='1' B=2", "1", "2"),
    # Quotes.
    ("A='x y'", "x y", "unset"),
    ('A=" x "', " x ", "unset"),
    ("A=a'b\"c", "a'b\"c", "unset"),
    ("A='a\"b'\nB=\"a'b\"", 'a"b', "a'b"),
    ("A='it\\'s \\n \\\\ \\\"'", "it's \\n \\\\ \\\"", "unset"),
    ('A="q\\"q \\n \\t \\\\ \\x \\0101 \\q"', 'q"q \n \t \\ \\x A \\q', "unset"),
    ('A="\\0 \\041"', "\\ \\41", "unset"),
    ("A='a\nb'\nB=\"c\nd\"", "a\nb", "c\nd"),
    ("A=''\nB=\"\"", "", ""),
    # Dollar signs.
    ("B=7\nA=$B", "7", "7"),
    ("B=7\nA=x${B}y", "x7y", "7"),
    ("A=$B", "", "unset"),
    ("A=$B\nB=7", "", "7"),
    ("A='$B'", "$B", "unset"),
    ("A=$$B", "$B", "unset"),
    ("B=1\nA=$$$B", "$1", "1"),
    ('A="\\$B"', "$B", "unset"),
    ("A=\\$B", "\\", "unset"),
    ("A=a$", "a$", "unset"),
    ("A=$1 $- $(id) `id`", "$1 $- $(id) `id`", "unset"),
    ("A=${B:-d}", "d", "unset"),
    ("B=\nA=${B:-d}", "d", ""),
    ("B=\nA=${B-d}", "", ""),
    ("B=1\nA=${B:+d}", "d", "1"),
    ("A=${B:-${C:-x y}}z", "x yz", "unset"),
    ("A=${B:-x}y}", "xy}", "unset"),
    ("B='$C'\nA=$B", "$C", "$C"),
    ("A=p4$$word#1'\"", "p4$word#1'\"", "unset"),
    # Rejected by Compose. A name at the end of the file without `=` and line break, also after a quoted value.
    ("A", None, None),
    ("A=''x", None, None),
    ("A='x", None, None),
    ('A="x', None, None),
    ("A B=1", None, None),
    ("A=${B", None, None),
    ("A=${}", None, None),
    ("A=${B!}", None, None),
    ("A=${B:?needed}", None, None),
    ("A=${B:-${C:?needed}}", None, None),
]


def read_by_scripts(folder, environment=None) -> tuple[str, str] | str:
    """The two values as read by the scripts, or why they reject the file."""
    script = f"""
        source {ROOT}/scripts/lib/common.sh
        root={folder}
        source {ROOT}/scripts/lib/dotenv.sh
        load_dotenv
        printf '%s\\0%s' "${{A-unset}}" "${{B-unset}}"
    """
    run = subprocess.run(
        ["bash", "-c", script], env={"PATH": os.environ["PATH"], **(environment or {})}, capture_output=True, text=True
    )
    assert run.returncode in (0, 78), run.stderr
    return tuple(run.stdout.split("\0")) if run.returncode == 0 else run.stderr


def read_by_compose(folder, environment=None) -> tuple[str, str] | None:
    """The two values as read by Docker Compose; None if it rejects the file."""
    (folder / "compose.yml").write_text(COMPOSE)
    run = subprocess.run(
        ["docker", "compose", "config", "--format", "json"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **(environment or {})},
        capture_output=True,
    )
    if run.returncode:
        return None
    # The output is a valid Compose file: each $ is doubled.
    values = json.loads(run.stdout)["services"]["one"]["environment"]
    return tuple(values[name].replace("$$", "$") for name in ("A", "B"))


@pytest.mark.parametrize(("text", "first", "second"), TABLE)
def test_w83_the_scripts_read_a_line_by_the_rules_of_compose(tmp_path, text, first, second):
    (tmp_path / ".env").write_bytes(text.encode())
    found = read_by_scripts(tmp_path)
    if first is None:
        assert ".env, line 1 " in found
    else:
        assert found == (first, second)


@pytest.mark.skipif(not has_compose(), reason="the client of Docker Compose is not installed")
@pytest.mark.parametrize(("text", "first", "second"), TABLE)
def test_w83_compose_itself_reads_the_same(tmp_path, text, first, second):
    (tmp_path / ".env").write_bytes(text.encode())
    assert read_by_compose(tmp_path) == (None if first is None else (first, second))


def test_w83_the_environment_overrides_the_file_even_when_empty(tmp_path):
    (tmp_path / ".env").write_text("A=file\nB=${A}")
    for value in ("environment", ""):
        assert read_by_scripts(tmp_path, {"A": value}) == (value, value)
        if has_compose():
            assert read_by_compose(tmp_path, {"A": value}) == (value, value)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("~/key", "{}/home/key"), ("keys/key", "{}/keys/key"), ("./key", "{}/key"), ("/a/key", "/a/key"), ("a~", "{}/a~")],
)
def test_w83_a_path_is_resolved_as_by_compose(tmp_path, path, expected):
    """A path is relative to the folder of .env, wherever the program is started."""
    (tmp_path / ".env").write_text(f"SECRET_KEY_FILE={path}\n")
    environment = {"PATH": os.environ["PATH"], "HOME": f"{tmp_path}/home"}
    script = f"""
        source {ROOT}/scripts/lib/common.sh
        root={tmp_path}
        source {ROOT}/scripts/lib/dotenv.sh
        load_dotenv
        printf '%s' "$SECRET_KEY_FILE"
    """
    run = subprocess.run(["bash", "-c", script], env=environment, cwd="/", capture_output=True, text=True, check=True)
    assert os.path.normpath(run.stdout) == expected.format(tmp_path)
    if not has_compose():
        return
    (tmp_path / "compose.yml").write_text(
        'services: {one: {image: none, secrets: [key]}}\nsecrets: {key: {file: "${SECRET_KEY_FILE}"}}\n'
    )
    config = ["docker", "compose", "config", "--format", "json"]
    run = subprocess.run(config, cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert json.loads(run.stdout)["secrets"]["key"]["file"] == expected.format(tmp_path)


def test_w83_the_file_may_be_a_pipe(tmp_path):
    """Password managers serve it as a named pipe; Compose reads one, and ignores a folder."""
    os.mkfifo(tmp_path / ".env")
    writer = subprocess.Popen(["sh", "-c", "printf 'A=1\nB=2\n' >.env"], cwd=tmp_path)
    try:
        assert read_by_scripts(tmp_path) == ("1", "2")
    finally:
        writer.kill()
        writer.wait()
    (tmp_path / ".env").unlink()
    (tmp_path / ".env").mkdir()
    assert read_by_scripts(tmp_path) == ("unset", "unset")


def test_w83_an_error_names_the_line_and_repeats_no_value(tmp_path):
    (tmp_path / ".env").write_text("A=1\n# comment\n\nB='two\nlines'\nC=hush-hush ${\n")
    found = read_by_scripts(tmp_path)
    assert ".env, line 6 " in found and "hush" not in found
    (tmp_path / ".env").write_bytes(b"A=1\nB=hush\0hush\n")
    found = read_by_scripts(tmp_path)
    assert "contains a NUL character" in found and "hush" not in found


@pytest.mark.skipif(not has_compose(), reason="the client of Docker Compose is not installed")
def test_w83_the_backup_commands_read_a_dollar_sign_as_compose_does(tmp_path):
    (tmp_path / ".env").write_text("BACKUPS='/srv/a $b'\n")
    script = f"""
        source {ROOT}/scripts/lib/common.sh
        root={tmp_path} scratch_folder={tmp_path}
        source {ROOT}/scripts/lib/backup-compose.sh
        compose_setting BACKUPS
    """
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    run = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout == "/srv/a $b\n"
