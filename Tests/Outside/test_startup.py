"""A failed start prints the reason on one line; health checks use the server's address (W71, W72, W78)."""

import contextlib
import json
import secrets
import socket
import subprocess

import pytest
from site_under_test import TIMEOUT_SECONDS, binary, database, free_ports, kill_on_parent_exit, psql, wait_until

PROGRAMS = [("AuthAPI", "API"), ("WebFrontend", "FRONTEND")]


def start(name: str, **settings: str) -> subprocess.CompletedProcess:
    """Runs a program that must exit."""
    environment = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": "postgresql://nobody@/nothing?host=/nonexistent",
        **settings,
    }
    command = [binary(name), "serve"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=2 * TIMEOUT_SECONDS)


@contextlib.contextmanager
def taken_port():
    """A port on which another program listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


@pytest.mark.parametrize(("name", "prefix"), PROGRAMS)
@pytest.mark.parametrize("setting", ["PORT", "METRICS_PORT"])
def test_w71_w78_a_port_in_use_is_reported_with_its_setting_on_one_line(name, prefix, setting):
    (free,) = free_ports(1)
    with taken_port() as port:
        settings = {f"{prefix}_HOST": "127.0.0.1", f"{prefix}_PORT": str(free), f"{prefix}_{setting}": str(port)}
        run = start(name, **settings)
    assert run.returncode == 69
    setting = f"{prefix}_{setting}"
    assert run.stderr == f"{setting}: port {port} on 127.0.0.1 is in use; choose another with {setting}\n"
    assert run.stdout == ""


@pytest.mark.parametrize(("name", "prefix"), PROGRAMS)
@pytest.mark.parametrize(
    ("host", "reason"),
    [("192.0.2.1", "is not an address of this machine"), ("nobody.invalid", "cannot be resolved")],
)
def test_w71_w78_an_unusable_host_is_reported_with_its_setting_on_one_line(name, prefix, host, reason):
    run = start(name, **{f"{prefix}_HOST": host})
    assert run.returncode == 69
    assert run.stderr.startswith(f"{prefix}_HOST: ") and run.stderr.endswith(f"{reason}\n")
    assert run.stderr.count("\n") == 1 and run.stdout == ""


@pytest.mark.parametrize(("name", "prefix"), PROGRAMS)
def test_w78_each_wrong_setting_is_reported_on_one_line(name, prefix):
    run = start(name, **{f"{prefix}_PORT": "many", "LOG_LEVEL": "LOUD"})
    assert run.returncode == 78
    assert sorted(line.split(":")[0] for line in run.stderr.splitlines()) == sorted([f"{prefix}_PORT", "LOG_LEVEL"])
    assert run.stdout == ""


def test_w78_an_unusable_schema_is_reported_on_one_line():
    """Running services shut down without logging errors."""
    port, metrics = free_ports(2)
    with database() as url:
        settings = {"DATABASE_URL": url, "API_HOST": "127.0.0.1"}
        settings |= {"API_PORT": str(port), "API_METRICS_PORT": str(metrics)}
        secret = {"SECRET_KEY": secrets.token_urlsafe(48)}
        subprocess.run([binary("AuthAPI"), "migrate", "up"], env=settings | secret, check=True, capture_output=True)
        table = psql(url, "select table_name from information_schema.columns where column_name = 'checksum'")
        psql(url, f"update {table} set checksum = sha256('edited') where version = 1")
        run = start("AuthAPI", **settings)
    assert run.returncode not in (0, -4, -5, -6)
    assert len(run.stderr.splitlines()) == 1, run.stderr
    assert [json.loads(line)["level"] for line in run.stdout.splitlines()].count("ERROR") == 0, run.stdout


def addresses() -> list[str]:
    """Notations of the listen address, if this machine has IPv6."""
    found = ["127.0.0.1", "0.0.0.0", "127.0.0.3", "localhost"]
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        found += ["::1", "[::1]", "::"]
    return found


@pytest.mark.parametrize("host", addresses())
@pytest.mark.parametrize(("name", "prefix"), PROGRAMS)
def test_w72_a_health_check_uses_the_configured_address(name, prefix, host):
    (port,) = free_ports(1)
    with database() if name == "AuthAPI" else contextlib.nullcontext("postgresql://x@y/z") as url:
        environment = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "DATABASE_URL": url,
            f"{prefix}_HOST": host,
            f"{prefix}_PORT": str(port),
        }

        def status() -> int:
            return subprocess.run([binary(name), "healthcheck"], env=environment, capture_output=True).returncode

        assert status() == 69
        serve = [*kill_on_parent_exit(), binary(name), "serve"]
        process = subprocess.Popen(serve, env=environment, stdout=subprocess.DEVNULL)
        try:
            wait_until(lambda: status() == 0, "it is healthy")
        finally:
            process.terminate()
            assert process.wait(TIMEOUT_SECONDS) == 0


@pytest.mark.parametrize(("name", "prefix"), PROGRAMS)
def test_w72_a_health_check_needs_no_other_setting_and_reports_a_wrong_one(name, prefix):
    run = subprocess.run(
        [binary(name), "healthcheck"], env={f"{prefix}_HOST": "127.0.0.1:80"}, capture_output=True, text=True
    )
    assert run.returncode == 78
    assert run.stderr.startswith(f"{prefix}_HOST: must be a host without a port")
