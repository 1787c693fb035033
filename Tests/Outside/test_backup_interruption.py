"""Restores that fail or are interrupted (W86)."""

import os
import subprocess

import pytest
from backed_up_site import backed_up_site
from site_under_test import ROOT, psql


@pytest.fixture
def site(tmp_path):
    """A separate site for this test."""
    with backed_up_site(tmp_path) as one:
        yield one


PSQL = """#!/bin/bash
# A psql that interrupts its caller once, at the statement STRIKE.
real=$(PATH=${PATH#*:} type -P psql)
case "$*" in
*"$STRIKE"*) [[ ! -e $STRUCK ]] || exec "$real" "$@" ;;
*) exec "$real" "$@" ;;
esac
touch "$STRUCK"
group=$(ps -o pgid= $$ | tr -d ' ')
if [[ $WHEN == after ]]; then "$real" "$@" || exit; fi
case $WITH in
failure) exit 1 ;;
INT) kill -INT -- "-$group" ;;
*) kill "-$WITH" "$group" ;;
esac
if [[ $WHEN == before ]]; then exec "$real" "$@"; fi
"""


@pytest.fixture
def interrupt_restore(tmp_path):
    """Runs a restore that is interrupted at a statement, with a stand-in for psql in PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "psql").write_text(PSQL)
    (folder / "psql").chmod(0o755)

    def run(site, file, statement, when, signal):
        struck = tmp_path / f"struck-{len(list(tmp_path.iterdir()))}"
        environment = site.environment | {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "STRIKE": statement, "WHEN": when, "WITH": signal, "STRUCK": str(struck),
        }
        # Tests may run in the background, where SIGINT is ignored.
        command = ["env", "--default-signal=INT,TERM,HUP", ROOT / "scripts/backup", "here", "restore", str(file)]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert struck.exists(), done.stderr
        return done

    return run


def closed(site) -> str:
    """The databases of the site that accept no connections."""
    server = site.url.replace(f"/{site.name}?", "/postgres?")
    return psql(server, f"SELECT datname FROM pg_database WHERE NOT datallowconn AND datname LIKE '{site.name}%'")


def test_w86_every_end_of_a_restore_leaves_the_database_open(site, interrupt_restore):
    """Ctrl-C, a signal or a failure ends the restore at each statement that runs while the database is closed."""
    file = site.create()
    for statement, when, signal in [
        ("allow_connections false", "after", "INT"),
        ("pg_terminate_backend", "before", "TERM"),
        ("pg_terminate_backend", "after", "failure"),
        ("rename to", "before", "failure"),
        ("rename to", "before", "INT"),
        ("rename to", "after", "TERM"),
        ("rename to", "after", "INT"),
        ("rename to", "after", "HUP"),
        ("allow_connections true", "before", "INT"),
        ("allow_connections true", "before", "TERM"),
    ]:
        case = f"{signal} {when} {statement}"
        done = interrupt_restore(site, file, statement, when, signal)
        assert closed(site) == "", case
        assert site.users() == ["kept@example.com"], case
        assert not [name for name in site.databases() if "_restore_" in name], case
        assert done.returncode != 0 or signal == "failure", case


GERMAN = r"""#!/bin/bash
# A psql that prints the message of a server in German.
{
    PATH=${PATH#*:} psql "$@" 2>&1 >&3 |
        sed 's/database "\(.*\)" is not currently .*/Datenbank »\1« akzeptiert gegenwärtig keine Verbindungen/' >&2
    exit "${PIPESTATUS[0]}"
} 3>&1
"""


def test_w86_a_database_is_reopened_whatever_the_language_of_the_server(site, tmp_path):
    psql(site.url.replace(f"/{site.name}?", "/postgres?"), f"ALTER DATABASE {site.name} ALLOW_CONNECTIONS false")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/psql").write_text(GERMAN)
    (tmp_path / "bin/psql").chmod(0o755)
    output = site.run("create", PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    assert f"left the database {site.name} closed to connections; it is open again" in output


def test_w86_the_next_command_reopens_a_database_after_a_killed_restore(site, interrupt_restore):
    file = site.create()
    assert interrupt_restore(site, file, "allow_connections false", "after", "KILL").returncode == -9
    assert closed(site) == site.name
    assert f"left the database {site.name} closed to connections; it is open again" in site.run("create")
    assert closed(site) == ""
    assert psql(site.url, "SELECT email FROM users") == "kept@example.com"
