"""Start and stop, data and secrets, settings."""

import json
import secrets
import time

import containers
import pytest


def test_the_site_starts_without_settings(stack):
    """C6: The site starts without .env; the programs have defaults for what compose.yml does not set."""
    environment = stack.container("backend")["Config"]["Env"]
    secret = ("SECRET_KEY=", "POSTGRES_PASSWORD=")
    assert not [line for line in environment if line.startswith(secret) and line[-1] != "="]


def test_secrets_are_files_that_only_their_services_can_read(stack):
    """E3: Random, mode 0400; the owner's password is readable by PostgreSQL's group, and separate from the API's."""
    files = "/secrets /secrets/secret_key /secrets/postgres_api_password /owner-secrets"
    files += " /owner-secrets/postgres_password"
    listing = containers.docker(
        "run", "--rm", "--user=0", "--entrypoint=stat", f"-v={stack.project}_secrets:/secrets:ro",
        f"-v={stack.project}_owner-secrets:/owner-secrets:ro", containers.POSTGRES_IMAGE, "-c", "%n %a %u:%g",
        *files.split(),
    )
    assert listing.splitlines() == [
        "/secrets 750 65532:999",
        "/secrets/secret_key 400 65532:999",
        "/secrets/postgres_api_password 400 65532:999",
        "/owner-secrets 750 65532:999",
        "/owner-secrets/postgres_password 440 65532:999",
    ]
    mounts = stack.container("backend")["Mounts"]
    assert [mount["Name"] for mount in mounts if mount["Type"] == "volume"] == [f"{stack.project}_secrets"]
    # The files of the _FILE settings, none of which is set.
    assert {mount["Source"] for mount in mounts if mount["Type"] == "bind"} == {"/dev/null"}
    for name in ("secret_key", "postgres_api_password", "postgres_password"):
        assert len(stack.secret(name)) >= 43


def test_inspection_and_logs_show_no_secret(stack):
    """E3: Neither the engine's inspection nor any log shows a secret or a token."""
    cookie = stack.register()
    token = cookie.split("=", 1)[1]
    ids = [identifier for service in ("secrets", "migrate", "postgres", "backend", "frontend", "nginx")
           for identifier in stack.containers(service)]
    seen = json.dumps(containers.inspect(*ids)) + stack.logs()
    names = ("secret_key", "postgres_password", "postgres_api_password")
    for secret in (*map(stack.secret, names), token):
        assert secret not in seen


def test_two_projects_have_separate_secrets():
    """E3: No secret is shared; a second start of a project keeps its secrets."""
    with containers.project() as one, containers.project() as other:
        for each in (one, other):
            each.compose("run", "--rm", "--no-deps", "secrets")
        names = ("secret_key", "postgres_password", "postgres_api_password")
        first = [one.secret(name) for name in names]
        assert len({*first, *(other.secret(name) for name in names)}) == 6
        one.compose("run", "--rm", "--no-deps", "secrets")
        assert [one.secret(name) for name in names] == first


def test_a_configured_value_takes_precedence():
    """E3: SECRET_KEY from .env or the environment replaces the generated one."""
    key = secrets.token_urlsafe(32)
    with containers.project() as one:
        one.compose("run", "--rm", "--no-deps", "secrets")
        one.environment["SECRET_KEY"] = key
        one.compose("run", "--rm", "--no-deps", "secrets")
        assert one.secret("secret_key") == key


def test_data_and_secrets_survive_down():
    """C8, E3: After `down` and `up`, the same token is still valid; `down -v` deletes everything."""
    with containers.project() as one:
        one.up("backend", "frontend", "nginx")
        cookie = {"Cookie": one.register()}
        email = one.fetch("/api/auth/me", headers=cookie).json()["email"]
        one.compose("down")
        one.up()
        assert one.fetch("/api/auth/me", headers=cookie).json()["email"] == email


def test_an_invalid_setting_is_reported():
    """E2: The service's log lists all faults, and Compose names the service."""
    with containers.project(ALLOWED_ORIGINS="*", DATABASE_POOL_SIZE="0") as one:
        done = one.compose("up", "--detach", "--no-build", "--wait", "--wait-timeout", "60", check=False)
        assert done.returncode != 0
        assert "backend" in done.stderr.splitlines()[-1]
        log = one.logs("backend")
        for name in ("ALLOWED_ORIGINS", "DATABASE_POOL_SIZE"):
            assert f"{name}: " in log
        one.wait(lambda: one.container("backend")["State"]["ExitCode"] == 78, "the API exits with 78")


@pytest.mark.parametrize("service", ["frontend", "backend", "nginx", "postgres"])
def test_services_stop_within_ten_seconds(stack, service):
    """E7: After the stop signal, each exits with status 0, even with connected clients."""
    container = stack.container(service)
    started = time.monotonic()
    # The engine sends the image's stop signal: SIGTERM, or those of nginx and PostgreSQL.
    containers.docker("stop", "--time", "20", container["Id"])
    took = time.monotonic() - started
    try:
        state = stack.container(service)["State"]
        assert (state["ExitCode"], state["OOMKilled"]) == (0, False), stack.logs(service)[-3000:]
        assert took < 10
    finally:
        stack.up()


def test_w82_a_name_that_no_service_reads_is_reported(tmp_path):
    """In .env and on make's command line, with the most similar setting; values are not repeated."""
    with containers.project() as one:
        containers.copy_sources(tmp_path)
        one.root = tmp_path
        del one.environment["COMPOSE_DISABLE_ENV_FILE"]
        (tmp_path / ".env").write_text("GOOGLE_CLIENT_SECERT='hush hush'\nLOG_LEVEL=WARNING\nPARTS=$HOME\n")
        output = one.run("make", "docker-up", "DATABASE_POOL_SIZ=4").stderr
        warnings = [line for line in output.splitlines() if line.startswith("warning: ")]
        assert warnings == [
            "warning: DATABASE_POOL_SIZ is not a setting; did you mean DATABASE_POOL_SIZE?",
            "warning: GOOGLE_CLIENT_SECERT is not a setting; did you mean GOOGLE_CLIENT_SECRET?",
        ]
        assert "hush" not in output
