"""Running the site without containers: the scripts behind the Makefile (M1, M2, M7)."""

import contextlib
import os
import re
import signal
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from make_dev import dev_settings, make_dev
from site_under_test import PASSWORD, ROOT, TIMEOUT_SECONDS, binaries, database, fetch, free_ports, listens, wait_until


def shell(script: str, **environment: str) -> subprocess.CompletedProcess:
    """Runs lines of bash with the scripts' functions."""
    head = f"source {ROOT}/scripts/lib/common.sh; source {ROOT}/scripts/lib/settings.sh\n"
    return subprocess.run(
        ["bash", "-c", head + script],
        env={"PATH": os.environ["PATH"], "HOME": "/"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def postgres(*arguments: str) -> subprocess.CompletedProcess:
    """Runs scripts/postgres."""
    return subprocess.run(
        [ROOT / "scripts/postgres", *arguments], capture_output=True, text=True, timeout=5 * TIMEOUT_SECONDS
    )


@pytest.fixture
def cluster():
    """The name of a separate PostgreSQL for this test."""
    name = "scratch"
    yield name
    postgres("stop", name)
    subprocess.run(["rm", "-rf", ROOT / f".build/postgres-{name}"], check=True)


def server_of(cluster: str) -> int:
    """The process that serves the cluster."""
    return int((ROOT / f".build/postgres-{cluster}/data/postmaster.pid").read_text().split()[0])


def test_the_development_postgres_starts_once_and_survives_a_crash(cluster):
    assert postgres("start", cluster, "fsync=off").returncode == 0
    first = server_of(cluster)
    assert postgres("start", cluster).returncode == 0
    assert server_of(cluster) == first
    url = postgres("url", cluster).stdout.strip()
    subprocess.run(["psql", "-qc", "create table kept (id int)", url], check=True)

    # After SIGKILL, its pid file and its socket remain.
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not os.path.exists(f"/proc/{first}"), "the server is gone")
    both = [subprocess.Popen([ROOT / "scripts/postgres", "start", cluster]) for _ in range(2)]
    assert [each.wait(5 * TIMEOUT_SECONDS) for each in both] == [0, 0]
    subprocess.run(["psql", "-qc", "select from kept", url], check=True, capture_output=True)

    assert postgres("stop", cluster).returncode == 0
    assert postgres("stop", cluster).returncode == 0
    assert postgres("status", cluster).returncode == 3


def test_a_port_in_use_is_reported_with_its_process_and_the_fix():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = shell("require_free_ports BROWSER_PORT", BROWSER_PORT=str(port))
    assert result.returncode == 69
    assert f"port {port} (BROWSER_PORT)" in result.stderr
    assert f"process {os.getpid()}" in result.stderr
    assert "make dev BROWSER_PORT=" in result.stderr


def test_dotenv_adds_to_the_environment_and_is_not_evaluated(tmp_path):
    (tmp_path / ".env").write_text(
        "# comment\n\nA=$(touch evil) `x` 'y'\r\nB=from the file\nEMPTY=\nLAST=without a newline"
    )
    result = shell(
        f'root={tmp_path}; cd {tmp_path}; load_dotenv; printf "%s|" "$A" "$B" "$LAST"',
        B="from the environment",
    )
    assert result.stdout == "$(touch evil) `x` 'y'|from the environment|without a newline|"
    assert not (tmp_path / "evil").exists()

    (tmp_path / ".env").write_text("A=1\nB C=2\n")
    result = shell(f"root={tmp_path}; load_dotenv")
    assert result.returncode == 78
    assert ".env, line 2" in result.stderr


@pytest.mark.parametrize(
    ("name", "own"),
    [(f"POSTGRES_{part}", "") for part in ("HOST", "PORT", "USER", "PASSWORD", "PASSWORD_FILE", "DB")]
    + [(f"POSTGRES_API_{part}", "") for part in ("USER", "PASSWORD", "PASSWORD_FILE")]
    + [("DATABASE_URL", ""), ("DATABASE_URL_FILE", ""), ("LOG_LEVEL", "yes")]
    + [("MIGRATION_DATABASE_URL", ""), ("MIGRATION_DATABASE_URL_FILE", "")],
)
def test_a_database_setting_disables_the_development_database(tmp_path, name, own):
    copy = f"root={tmp_path}; mkdir {tmp_path}/scripts; ln -s {ROOT}/scripts/* {tmp_path}/scripts"
    lines = f"{copy}; development_settings"
    result = shell(f'{lines}; printf "%s" "$own_database"', **{name: "x"})
    assert (result.returncode, result.stdout) == (0, own), result.stderr


@pytest.mark.parametrize(
    ("listening", "address"),
    [
        ("", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("192.168.1.5", "192.168.1.5"),
        ("::", "[::1]"),
        ("[::]", "[::1]"),
        ("fd00::5", "[fd00::5]"),
        ("[fd00::5]", "[fd00::5]"),
        (" 192.168.1.5\r\n", "192.168.1.5"),
        ("0:0::0", "[::1]"),
    ],
)
def test_a_server_reports_where_it_listens(listening, address):
    assert shell('reachable "$HOST" 8000', HOST=listening).stdout == f"http://{address}:8000"


@pytest.mark.parametrize(
    ("url", "database", "password"),
    [
        ("postgresql://u@db:5433/x?sslmode=require", "x", ""),
        ("postgresql://u:a%25%40b\\n@db:5433/x?sslmode=require", "x", "a%@b\\n"),
        ("postgres://u@db:5433/x?password=s%20t&sslmode=require&dbname=y", "y", "s t"),
        ("host=db port=5433 password=st user=u sslmode=require dbname=x", "x", "st"),
        (r"password = 's \'t' host=db port=5433 user=u sslmode=require dbname='it\'s'", r"it\'s", "s 't"),
    ],
)
def test_a_connection_string_becomes_environment_variables(tmp_path, url, database, password):
    """The password is not on the command line, which other users could read."""
    fake = tmp_path / "psql"
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$PGHOST $PGPORT $PGUSER $PGSSLMODE" "$PGPASSWORD" "$@"\n')
    fake.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "DEV_FOLDER": str(tmp_path),
        "DATABASE_URL": url,
        "BINARIES": binaries(),
    }
    result = subprocess.run([ROOT / "scripts/database", "shell"], env=environment, capture_output=True, text=True)
    expected = ["db 5433 u require", password, "--no-psqlrc", f"--dbname=dbname='{database}'"]
    assert result.stdout.splitlines() == expected, result.stderr


def test_m2_make_dev_serves_the_site_keeps_its_data_and_leaves_nothing(tmp_path):
    ports = free_ports(4)
    external, browser, _, _ = ports
    account = {"email": "kept@example.com", "password": PASSWORD, "name": "Kept"}
    with database() as url:
        environment = dev_settings(url, tmp_path, ports)
        with make_dev(environment, tmp_path / "log") as process:
            assert f"http://localhost:{browser}/" in (tmp_path / "log").read_text()
            assert b"<h1" in fetch(browser, "/").body
            assert fetch(external, "/api/auth/register", "POST", body=account).status == 201

            command = [ROOT / "scripts/dev"]
            second = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
            assert second.returncode == 69
            assert "is already running in this clone" in second.stderr

            # After SIGKILL, no server remains either.
            process.kill()
            wait_until(lambda: not any(listens(port) for port in ports), "the servers are gone")

        with make_dev(environment, tmp_path / "log") as process:
            account.pop("name")
            assert fetch(browser, "/api/auth/login", "POST", body=account).status == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(2 * TIMEOUT_SECONDS) == 143
            assert not any(listens(port) for port in ports)


def test_m2_each_server_can_be_run_alone(tmp_path):
    """Both run in one clone at the same time, without nginx."""
    external, browser, api, frontend = ports = free_ports(4)
    with database() as url:
        environment = dev_settings(url, tmp_path, ports)
        with (
            make_dev(environment, tmp_path / "backend.log", "backend") as backend,
            make_dev(environment, tmp_path / "frontend.log", "frontend") as other,
        ):
            assert f"http://127.0.0.1:{api}/docs" in (tmp_path / "backend.log").read_text()
            assert fetch(api, "/health/ready").status == 200
            # The frontend uses that API.
            form = b"email=nobody%40example.com&password=Correct-Horse-7"
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Host": f"localhost:{frontend}"}
            assert fetch(frontend, "/login", "POST", headers=headers, body=form).status == 401
            assert not listens(browser) and not listens(external)
            for process in (backend, other):
                process.send_signal(signal.SIGTERM)
                assert process.wait(2 * TIMEOUT_SECONDS) == 143
            assert not any(listens(port) for port in ports)


# The variables that name a database.
_DATABASE = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "POSTGRES_")


def started_with(setting: str) -> list[int]:
    """The processes with this text in their initial environment."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if setting.encode() in (directory / "environ").read_bytes().split(b"\0"):
                found.append(int(directory.name))
    return found


def test_m2_make_dev_rebuilds_after_changes_and_ctrl_c_leaves_nothing(tmp_path, cluster):
    external, browser, api, frontend = ports = free_ports(4)
    folder = tmp_path / "dev"
    environment = {
        "DEV_FOLDER": str(folder),
        "DEV_CLUSTER": cluster,
        "EXTERNAL_PORT": str(external),
        "BROWSER_PORT": str(browser),
        "API_PORT": str(api),
        "FRONTEND_PORT": str(frontend),
        "OAUTH": "demo",
    }
    # Neither the environment nor a .env names a database, so the private one is used.
    names = re.findall(r"^#?([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    environment |= {name: "" for name in names if name.startswith(_DATABASE)}
    log = tmp_path / "log"
    with make_dev(environment, log) as process:
        assert postgres("status", cluster).returncode == 0
        assert fetch(api, "/health/ready").status == 200
        for provider in ("google", "discord", "oidc"):
            assert f'id="continue-{provider}"'.encode() in fetch(browser, "/login").body
            mock_provider = urlsplit(fetch(browser, f"/api/auth/{provider}").one("Location"))
            assert fetch(mock_provider.port, f"{mock_provider.path}?{mock_provider.query}").status == 200

        (ROOT / "nginx.conf").touch()
        wait_until(lambda: "nginx reloaded its configuration." in log.read_text(), "nginx has the change")
        (ROOT / "Sources/WebFrontend/Resources/Templates/login.mustache").touch()
        restarted = "WebFrontend was restarted with the change."
        wait_until(lambda: restarted in log.read_text(), "the change runs", 10 * TIMEOUT_SECONDS)
        assert b"<h1" in fetch(browser, "/").body

        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(2 * TIMEOUT_SECONDS) == 130
    assert not any(listens(port) for port in [*ports, mock_provider.port])
    assert not started_with(f"DEV_FOLDER={folder}")
    subprocess.run(["flock", "--nonblock", folder, "true"], check=True)
    assert postgres("status", cluster).returncode == 3


def test_app12_make_dev_serves_the_example_behind_the_sign_in(tmp_path):
    """APP=example, also below a path; a change restarts it. Tests of `make dev` share the build, so also this file."""
    _, browser, _, _, example = ports = free_ports(5)
    log = tmp_path / "log"
    with database() as url:
        environment = dev_settings(url, tmp_path, ports)
        environment |= {"EXAMPLE_PORT": str(example), "APP_PATH": "/app/", "APP": "example"}
        with make_dev(environment, log) as process:
            assert f"http://localhost:{browser}/app/ (signed-in users only)" in log.read_text()
            assert fetch(browser, "/app/notes").status == 401
            account = {"email": "dev@example.com", "password": PASSWORD, "name": "Dev"}
            made = fetch(browser, "/api/auth/register", "POST", body=account)
            cookie = {"Cookie": made.headers["Set-Cookie"].split(";")[0]}
            assert b"dev@example.com" in fetch(browser, "/app/notes", headers=cookie).body
            assert fetch(browser, "/app/static/notes.css").status == 200
            assert b"<h1" in fetch(browser, "/login").body

            (ROOT / "examples/app/user.py").touch()
            wait_until(lambda: "The example was restarted with the change." in log.read_text(), "it runs the change")
            assert fetch(browser, "/app/notes", headers=cookie).status == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(2 * TIMEOUT_SECONDS) == 143
        assert not any(listens(port) for port in ports)
    wrong = subprocess.run([ROOT / "scripts/dev"], env=os.environ | {"APP": "x"}, capture_output=True, text=True)
    assert wrong.returncode == 78 and "APP_UPSTREAM=http://127.0.0.1:3001" in wrong.stderr


def test_make_demo_has_sample_users_and_a_separate_database(tmp_path, cluster):
    """The password of these users is public, so the configured database is not used."""
    external, browser, api, frontend, example = free_ports(5)
    environment = dev_settings("postgresql://nowhere.invalid/real", tmp_path, [external, browser, api, frontend])
    environment |= {"EXAMPLE_PORT": str(example), "DEV_CLUSTER": cluster}
    log = tmp_path / "log"
    for _ in "new people", "the same people":
        with make_dev(environment, log, "demo") as process:
            found = re.search(r"Sign in as +(\S+) with the password: (.*)", log.read_text())
            account = {"email": found[1], "password": found[2]}
            made = fetch(browser, "/api/auth/login", "POST", body=account)
            cookie = {"Cookie": made.headers["Set-Cookie"].split(";")[0]}
            assert account["email"].encode() in fetch(browser, "/notes", headers=cookie).body
            assert b'id="continue-discord"' in fetch(browser, "/login").body
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait(2 * TIMEOUT_SECONDS) == 130
