"""Backups of the Compose project's database, with the commands of the Makefile (M4)."""

import json
from pathlib import Path

import containers
import site_under_test


def with_proxy(folder: Path) -> str:
    """A configuration of the engine's client that sets a proxy, which does not exist, in every container."""
    folder.mkdir()
    proxy = "http://127.0.0.1:1"
    proxies = {"default": {"httpProxy": proxy, "httpsProxy": proxy}}
    plugins = [str(Path.home() / ".docker/cli-plugins")]
    (folder / "config.json").write_text(json.dumps({"proxies": proxies, "cliPluginsExtraDirs": plugins}))
    return str(folder)


def test_a_backup_is_restored_and_passes_its_drill(tmp_path):
    """M4: The state of the backup is restored, with the same sessions; the drill leaves nothing behind.

    Requests between the containers ignore the proxy of the operator.
    """
    settings = {"BACKUPS": str(tmp_path), "YES": "1", "DOCKER_CONFIG": with_proxy(tmp_path / "client")}
    with containers.project(**settings) as one:
        one.up()
        assert "HTTP_PROXY=http://127.0.0.1:1" in one.container("nginx")["Config"]["Env"]
        cookie = {"Cookie": one.register()}
        email = one.fetch("/api/auth/me", headers=cookie).json()["email"]
        one.run("make", "docker-backup")
        (file,) = tmp_path.glob("*.dump")
        assert file.stat().st_mode & 0o777 == 0o600

        drill = one.run("make", "docker-restore-drill")
        print(drill.stderr)
        assert "A test user signed in" in drill.stderr
        databases = "SELECT count(*) FROM pg_database WHERE datname LIKE 'yoshikosan%'"
        assert one.query(databases) == "1"
        assert len(one.containers("backend")) == 1

        # W82: A setting that names another database by its file is rejected, like the setting itself.
        (tmp_path / "url").write_text("postgresql://elsewhere.example.com/yoshikosan")
        one.environment["DATABASE_URL_FILE"] = str(tmp_path / "url")
        refused = one.run("make", "docker-backup", check=False)
        assert refused.returncode != 0 and "a database outside this project" in refused.stderr
        del one.environment["DATABASE_URL_FILE"]

        one.query("DELETE FROM users")
        assert one.fetch("/api/auth/me", headers=cookie).status == 401
        one.run("make", "docker-restore", f"FILE={file}")
        one.wait(lambda: one.fetch("/api/auth/me", headers=cookie).status == 200, "the session is back")
        account = {"email": email, "password": site_under_test.PASSWORD}
        assert one.fetch("/api/auth/login", "POST", body=account).status == 200
        assert one.query(databases) == "2"


def test_operators_commands_run_in_the_api_container(stack):
    """The commands work in the container of the API, and doctor finds no problems there."""
    email = stack.fetch("/api/auth/me", headers={"Cookie": stack.register()}).json()["email"]

    def operate(*arguments: str, check: bool = True):
        return stack.compose("exec", "-T", "backend", "AuthAPI", *arguments, check=check)

    assert email in operate("user", "list").stdout
    assert operate("user", "end-sessions", email).stdout == "ended 1 session\n"
    assert operate("user", "delete", email, "--yes").stdout == f"deleted {email}\n"
    assert operate("user", "show", email, check=False).returncode == 1
    doctor = operate("doctor")
    print(doctor.stdout)
    assert doctor.stdout.splitlines()[-1] == "No problems found."
    assert "yoshikosan_api has exactly the required privileges" in doctor.stdout
