"""W50, W51: the API behind a pooler that shares the server's connections between clients."""

import concurrent.futures
import contextlib
import secrets
import subprocess

import pytest
from pgbouncer import pgbouncer
from site_under_test import (
    PASSWORD,
    TIMEOUT_SECONDS,
    binary,
    database,
    fetch,
    free_ports,
    kill_on_parent_exit,
    psql,
    wait_until,
)

# Five times as many clients as the pooler has connections; each request has 2.6 seconds for the database.
ROUNDS, USERS = 5, 20


@contextlib.contextmanager
def api(**settings: str):
    """A ready API process; yields its port and its log."""
    (port,) = free_ports(1)
    environment = {"API_HOST": "127.0.0.1", "API_PORT": str(port), "LOG_LEVEL": "info", **settings}
    process = subprocess.Popen(
        [*kill_on_parent_exit(), binary("AuthAPI"), "serve"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with concurrent.futures.ThreadPoolExecutor(1) as reader:
        log = reader.submit(process.stdout.read)
        try:
            ready = [binary("AuthAPI"), "healthcheck", "--url", f"http://127.0.0.1:{port}/health/ready"]
            wait_until(
                lambda: process.poll() is not None or subprocess.run(ready, capture_output=True).returncode == 0,
                "the API is ready",
            )
            assert process.poll() is None, log.result()
            yield port, log
        finally:
            process.terminate()
            process.wait(TIMEOUT_SECONDS)


def visit(ports: list[int], number: int) -> list[int]:
    """The requests of one user, alternating between the processes; returns the statuses."""
    email = f"person{number}.{secrets.token_hex(4)}@example.com"

    def request(step: int, path: str, method: str = "POST", body=None, cookie: str = ""):
        headers = {"Cookie": cookie} if cookie else {}
        return fetch(ports[(number + step) % len(ports)], f"/api/auth/{path}", method, headers, body)

    registered = request(0, "register", body={"email": email, "password": PASSWORD, "name": "Ada"})
    signed_in = request(1, "login", body={"email": email, "password": PASSWORD})
    cookies = [cookie.split(";")[0] for cookie in signed_in.headers.get_all("Set-Cookie", [])]
    cookie = next((cookie for cookie in cookies if cookie.startswith("access_token=")), "")
    me = request(2, "me", "GET", cookie=cookie)
    out = request(3, "logout", cookie=cookie)
    gone = request(4, "me", "GET", cookie=cookie)
    return [registered.status, signed_in.status, me.status, out.status, gone.status]


@pytest.mark.parametrize("settings", [{}, {"DATABASE_POOLER": "transaction"}], ids=["detected", "configured"])
def test_w50_two_apis_work_behind_transaction_pooling(settings):
    """Twenty concurrent users register, sign in, read their user and sign out without an error."""
    with database() as url, pgbouncer(url, "transaction", default_pool_size="4", server_round_robin="1") as through:
        roles = {
            "MIGRATION_DATABASE_URL": through(url),
            "DATABASE_URL": through(url.replace("//yoshikosan@", "//yoshikosan_api@", 1)),
        }
        limits = {"REGISTRATION_LIMIT_NETWORK": "100000/60", "LOGIN_LIMIT_NETWORK": "100000/60"}
        hashing = {"ARGON2_MEMORY_KIB": "8192", "ARGON2_ITERATIONS": "1", "HASHING_QUEUE": "500"}
        common = {"SECRET_KEY": secrets.token_urlsafe(48), **roles, **limits, **hashing, **settings}
        # The first of the two creates the schema, through the pooler.
        with api(**common) as (first, first_log), api(**common) as (second, second_log):
            for _ in range(ROUNDS):
                with concurrent.futures.ThreadPoolExecutor(USERS) as pool:
                    statuses = list(pool.map(lambda number: visit([first, second], number), range(USERS)))
                assert statuses == [[201, 200, 200, 204, 401]] * USERS
        for log in (first_log, second_log):
            assert b'"level":"ERROR"' not in log.result().upper()
        assert psql(url, "select count(*) from users") == str(USERS * ROUNDS)


def test_w51_commands_work_through_a_pooler_with_default_settings():
    """The pooler has no `ignore_startup_parameters`."""
    with database() as url, pgbouncer(url, "transaction") as through:
        environment = {"SECRET_KEY": secrets.token_urlsafe(48), "DATABASE_URL": through(url)}
        for command in (["migrate", "up"], ["migrate", "status"], ["user", "list"], ["audit"], ["session", "list"]):
            run = subprocess.run(
                [binary("AuthAPI"), *command], env=environment, capture_output=True, text=True, timeout=60
            )
            assert run.returncode == 0, run.stderr


def test_w51_options_of_the_environment_that_a_pooler_ignores_are_rejected():
    """If they were ignored, `migrate up` would create the tables in another schema than without the pooler."""
    with database() as url, pgbouncer(url, "transaction", ignore_startup_parameters="options") as through:
        environment = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "DATABASE_URL": through(url),
            "PGOPTIONS": "-c search_path=auth",
        }
        run = subprocess.run(
            [binary("AuthAPI"), "migrate", "up"], env=environment, capture_output=True, text=True, timeout=60
        )
        assert run.returncode == 78
        assert "PGOPTIONS have no effect" in run.stderr
        assert psql(url, "select to_regclass('users') is null") == "t"
