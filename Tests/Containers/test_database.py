"""PostgreSQL starts late or becomes unavailable, or two servers start at once."""

import re
import secrets
import subprocess
import time

import containers
import pytest
from load import Load
from site_under_test import PASSWORD


@pytest.fixture
def empty():
    """A project with secrets and an empty database, without servers."""
    with containers.project() as one:
        one.up("postgres")
        yield one


def migrations(stack) -> list[str]:
    """The migrations in the history table."""
    return stack.query("SELECT version FROM yoshikosan_schema_migrations ORDER BY version").splitlines()


def all_migrations() -> list[str]:
    """The numbers of the migrations in the sources."""
    folder = containers.ROOT / "Sources/AuthAPI/Migrations"
    return sorted(str(int(file.name.split("_")[0])) for file in folder.glob("*.up.sql"))


def test_two_concurrent_migrations_of_an_empty_database_succeed(empty):
    """D2: Each migration is applied once, and two servers that start at once both serve."""
    command = ["docker", "compose", "run", "--rm", "--no-deps", "-T", "migrate"]
    both = [
        subprocess.Popen(command, cwd=containers.ROOT, env=empty.environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    printed = "".join(each.communicate(timeout=300)[0] for each in both)
    assert [each.returncode for each in both] == [0, 0]
    assert len(re.findall(r"^applied ", printed, re.MULTILINE)) == len(all_migrations())
    empty.up("--scale", "backend=2", "backend")
    assert len(empty.containers("backend")) == 2
    assert sorted(migrations(empty)) == all_migrations()


def test_the_api_connects_as_a_role_with_few_privileges(stack):
    """D6: The API never connects as the owner; its role can access this database only and cannot change tables."""
    names = "SELECT string_agg(DISTINCT usename, ',') FROM pg_stat_activity WHERE application_name = 'yoshikosan'"
    assert stack.query(names) == "yoshikosan_api"
    url = "postgresql://yoshikosan_api:$(cat /secrets/postgres_api_password)@postgres"
    script = f"""
        psql -qAtc 'SELECT count(*) >= 0 FROM users' "{url}/yoshikosan"
        psql -qAtc 'DROP TABLE users' "{url}/yoshikosan" 2>&1
        psql -qAtc 'TRUNCATE sessions' "{url}/yoshikosan" 2>&1
        psql -qAtc 'SELECT 1' "{url}/postgres" 2>&1
    """
    lines = containers.docker(
        "run", "--rm", "--user=0", f"--network={stack.project}_database", f"-v={stack.project}_secrets:/secrets:ro",
        "--entrypoint=bash", containers.POSTGRES_IMAGE, "-c", script, check=False,
    ).splitlines()
    assert lines[0] == "t"
    assert "must be owner of table users" in lines[1]
    assert "permission denied for table sessions" in lines[2]
    assert "permission denied for database" in " ".join(lines[3:])


def test_the_volumes_of_the_previous_version_are_reused():
    """D6, E3: A cluster with one role, whose password is beside the key, automatically gets the second role."""
    with containers.project() as one:
        secret = secrets.token_urlsafe(32)
        # Both secrets in one volume, as `generate-secrets` of that version creates them.
        containers.docker(
            "run", "--rm", "--user=65532:999", f"-v={one.project}_secrets:/secrets", "--entrypoint=AuthAPI",
            f"--env=POSTGRES_PASSWORD={secret}", containers.BACKEND_IMAGE,
            "generate-secrets", "--directory", "/secrets", "--group-readable", "POSTGRES_PASSWORD",
        )
        containers.docker(
            "run", "--rm", "--user=0", f"-v={one.project}_secrets:/secrets", "--entrypoint=rm",
            containers.POSTGRES_IMAGE, "/secrets/postgres_api_password",
        )
        one.up("backend")
        assert one.secret("postgres_password") == secret
        listing = containers.docker(
            "run", "--rm", "--user=0", f"-v={one.project}_secrets:/secrets:ro", "--entrypoint=ls",
            containers.POSTGRES_IMAGE, "/secrets",
        )
        assert listing.split() == ["postgres_api_password", "secret_key"]


def test_a_killed_migration_is_rolled_back_and_applied_at_the_next_start(empty):
    """D2: Its changes are rolled back, and the next start applies the migration."""
    # An uncommitted table with the same name blocks the migration half-way.
    statement = "BEGIN; CREATE TABLE sessions (id int); SELECT pg_sleep(120)"
    holder = subprocess.Popen(
        ["docker", "exec", *empty.containers("postgres"), "psql", "-U", "yoshikosan", "-qc", statement],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'yoshikosan'"
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        empty.wait(lambda: empty.query(sleeping) == "1", "the lock is held")
        empty.compose("up", "--detach", "--no-build", "--no-deps", "migrate")
        empty.wait(lambda: empty.query(waiting) == "1", "the migration waits half-way")
        containers.docker("kill", "--signal=KILL", *empty.containers("migrate"))
        empty.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
    finally:
        holder.kill()
        holder.wait()
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'yoshikosan' AND pid <> pg_backend_pid()"
    empty.wait(lambda: empty.query(others) == "0", "the dead server's transaction is gone")
    assert empty.query("SELECT to_regclass('users') IS NULL AND to_regclass('sessions') IS NULL") == "t"

    empty.up("backend")
    assert sorted(migrations(empty)) == all_migrations()


def test_a_restart_of_postgres_under_load_loses_nothing(stack):
    """D7: 503 with Retry-After in the meantime, quick recovery, no restart of the API, nothing acknowledged is lost."""
    before = stack.container("backend")["State"]["StartedAt"]
    cookie = {"Cookie": stack.register()}
    acknowledged, load = [], Load()

    def register():
        email = f"load-{secrets.token_hex(8)}@example.com"
        body = {"email": email, "password": PASSWORD, "name": "Load"}
        response = stack.fetch("/api/auth/register", "POST", body=body)
        if response.status == 201:
            acknowledged.append(email)
        return response.status, response.one("Retry-After") is not None

    def me():
        response = stack.fetch("/api/auth/me", headers=cookie)
        return response.status, response.one("Retry-After") is not None

    load.repeat("register", register)
    load.repeat("me", me)
    with load.running():
        stack.wait(lambda: load.count("register", (201, False)) >= 5, "accounts are made")
        stack.compose("stop", "postgres")
        for name in ("register", "me"):
            stack.wait(lambda name=name: load.count(name, (503, True)) >= 2, f"{name} gets 503 with Retry-After")
        stack.up("--no-deps", "postgres")
        back = time.monotonic()
        counts = load.count("register", (201, False)), load.count("me", (200, False))
        stack.wait(lambda: load.count("register", (201, False)) > counts[0], "accounts are made again", 30)
        stack.wait(lambda: load.count("me", (200, False)) > counts[1], "visitors are known again", 30)
        recovery = time.monotonic() - back
    print(f"recovered after {recovery:.2f} s\n{load.report()}")
    assert set(load.outcomes["register"]) == {(201, False), (503, True)}
    assert set(load.outcomes["me"]) == {(200, False), (503, True)}
    stored = set(stack.query("SELECT email FROM users WHERE email LIKE 'load-%'").splitlines())
    assert set(acknowledged) <= stored
    assert stack.container("backend")["State"]["StartedAt"] == before
    stack.up()


def test_w17_the_log_of_postgres_contains_no_values(stack):
    """Errors contain no email address: neither DETAIL nor parameters are logged."""
    names = "'log_error_verbosity', 'log_parameter_max_length', 'log_parameter_max_length_on_error'"
    query = f"SELECT string_agg(setting, ' ' ORDER BY name) FROM pg_settings WHERE name IN ({names})"
    assert stack.query(query) == "terse 0 0"
    stack.query("CREATE TABLE logged (email text UNIQUE)")
    stack.query("INSERT INTO logged VALUES ('w17@example.com')")
    insert = "DO $$ BEGIN INSERT INTO logged SELECT email FROM logged; END $$"
    stack.compose("exec", "-T", "postgres", "psql", "-U", "yoshikosan", "-c", insert, check=False)
    stack.query("DROP TABLE logged")
    log = stack.logs("postgres")
    assert "duplicate key value violates unique constraint" in log
    assert "w17@example.com" not in log
