"""What must hold when PostgreSQL comes late, goes away, or two servers start at once."""

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
    """A project with secrets and an empty database, and no server yet."""
    with containers.project() as one:
        one.up("postgres")
        yield one


def migrations(stack) -> list[str]:
    """The numbers in the history of the schema."""
    return stack.query("SELECT version FROM schema_migrations ORDER BY version").splitlines()


def all_migrations() -> list[str]:
    """The numbers of the migrations in the sources."""
    folder = containers.ROOT / "Sources/AuthAPI/Migrations"
    return sorted(str(int(file.name.split("_")[0])) for file in folder.glob("*.up.sql"))


def test_two_servers_start_at_once_on_an_empty_database(empty):
    """D2: each migration is applied once, by one of them, and both serve."""
    empty.up("--scale", "backend=2", "backend")
    assert len(empty.containers("backend")) == 2
    assert sorted(migrations(empty)) == all_migrations()
    applied = re.findall(r"Applied a migration", empty.logs("backend"))
    assert len(applied) == len(all_migrations())


def test_a_server_killed_in_the_middle_of_a_migration(empty):
    """D2: what it had begun is undone, and the next start finishes it."""
    # A table of that name, made but not committed, holds the migration up half-way.
    statement = "BEGIN; CREATE TABLE sessions (id int); SELECT pg_sleep(120)"
    holder = subprocess.Popen(
        ["docker", "exec", *empty.containers("postgres"), "psql", "-U", "yoshikosan", "-qc", statement],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'yoshikosan'"
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        empty.wait(lambda: empty.query(sleeping) == "1", "the lock is held")
        empty.compose("up", "--detach", "--no-build", "--no-deps", "backend")
        empty.wait(lambda: empty.query(waiting) == "1", "the migration waits half-way")
        containers.docker("kill", "--signal=KILL", *empty.containers("backend"))
        empty.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
    finally:
        holder.kill()
        holder.wait()
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'yoshikosan' AND pid <> pg_backend_pid()"
    empty.wait(lambda: empty.query(others) == "0", "the dead server's transaction is gone")
    assert empty.query("SELECT to_regclass('users') IS NULL AND to_regclass('sessions') IS NULL") == "t"

    empty.up("backend")
    assert sorted(migrations(empty)) == all_migrations()


def test_postgres_restarts_under_load(stack):
    """D7: 503 with Retry-After in the meantime, quick recovery, no restart of the API, nothing acknowledged is lost."""
    before = stack.container("backend")["State"]["StartedAt"]
    cookie = {"Cookie": stack.register()}
    acknowledged, load = [], Load()

    def register():
        email = f"load-{secrets.token_hex(8)}@example.com"
        body = {"email": email, "password": PASSWORD, "name": "Load"}
        answer = stack.ask("/api/auth/register", "POST", body=body)
        if answer.status == 201:
            acknowledged.append(email)
        return answer.status, answer.one("Retry-After") is not None

    def me():
        answer = stack.ask("/api/auth/me", headers=cookie)
        return answer.status, answer.one("Retry-After") is not None

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
        stack.wait(lambda: load.count("register", (201, False)) > counts[0], "accounts are made again", 5)
        stack.wait(lambda: load.count("me", (200, False)) > counts[1], "visitors are known again", 5)
        recovery = time.monotonic() - back
    print(f"recovered after {recovery:.2f} s\n{load.report()}")
    assert set(load.outcomes["register"]) == {(201, False), (503, True)}
    assert set(load.outcomes["me"]) == {(200, False), (503, True)}
    stored = set(stack.query("SELECT email FROM users WHERE email LIKE 'load-%'").splitlines())
    assert set(acknowledged) <= stored
    assert stack.container("backend")["State"]["StartedAt"] == before
    stack.up()
