"""An ended session is rejected from the next request on."""

import contextlib
import os
import secrets
import subprocess
import threading

import pytest
from echo_application import echo_application
from protected_application import ProtectedSite
from site_under_test import (
    TIMEOUT_SECONDS,
    binary,
    fetch,
    free_ports,
    kill_on_parent_exit,
    listens,
    nginx,
    psql,
    running_site,
    wait_until,
)


@contextlib.contextmanager
def another_api(site, key: str):
    """A second replica of the API, on the same database; yields its port."""
    [port] = free_ports(1)
    environment = {
        "PATH": os.environ["PATH"], "PUBLIC_URL": site.url, "API_HOST": "127.0.0.1", "API_PORT": str(port),
        "DATABASE_URL": site.database_url.replace("//yoshikosan@", "//yoshikosan_api@", 1), "SECRET_KEY": key,
        "MIGRATE_ON_START": "false", "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    process = subprocess.Popen([*kill_on_parent_exit(), binary("AuthAPI"), "serve"], env=environment)
    try:
        wait_until(lambda: listens(port) or process.poll() is not None, "the second API listens")
        wait_until(lambda: fetch(port, "/health/ready").status == 200, "the second API is ready")
        yield port
    finally:
        process.terminate()
        process.wait(TIMEOUT_SECONDS)


@pytest.fixture(scope="module")
def replicas():
    """A site with two replicas of the API, and an nginx in front of each."""
    key = secrets.token_urlsafe(48)
    with (
        echo_application() as application,
        running_site(APP_UPSTREAM=application.url, SECRET_KEY=key) as site,
        another_api(site, key) as port,
        nginx(port, site.frontend_port, APP_UPSTREAM=application.url) as second,
    ):
        yield ProtectedSite(site, application), second.port


def by_signing_out(protected, user, cookie):
    protected.fetch("/api/auth/logout", "POST", headers={"Cookie": cookie})


def by_another_device(protected, user, cookie):
    other = protected.sign_in(user)
    sessions = protected.fetch("/api/auth/sessions", headers={"Cookie": cookie}).json()["sessions"]
    [own] = [each["id"] for each in sessions if each["current"]]
    assert protected.fetch(f"/api/auth/sessions/{own}", "DELETE", headers={"Cookie": other}).status == 204


def by_ending_all_others(protected, user, cookie):
    other = protected.sign_in(user)
    assert protected.fetch("/api/auth/sessions", "DELETE", headers={"Cookie": other}).status == 200


def operator(protected, *arguments: str):
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": protected.site.database_url,
        "SECRET_KEY": secrets.token_urlsafe(48),
    }
    subprocess.run([binary("AuthAPI"), *arguments], env=environment, check=True, capture_output=True)


def by_an_operator(protected, user, cookie):
    operator(protected, "user", "end-sessions", user.email)


def by_deleting_the_account(protected, user, cookie):
    operator(protected, "user", "delete", user.email, "--yes")


WAYS = [by_signing_out, by_another_device, by_ending_all_others, by_an_operator, by_deleting_the_account]


@pytest.mark.parametrize("way", WAYS, ids=[way.__name__ for way in WAYS])
def test_app8_an_ended_session_is_rejected_on_every_replica_under_load(replicas, way):
    protected, second = replicas
    user = protected.register()
    others = [protected.register() for _ in range(3)]
    stop = threading.Event()
    failures = []

    def load(cookie):
        while not stop.is_set():
            for port in (protected.port, second):
                try:
                    status = fetch(port, "/notes", headers={"Cookie": cookie}).status
                except OSError as error:
                    status = error
                if status != 200:
                    failures.append(status)

    threads = [threading.Thread(target=load, args=(other.cookie,)) for other in others]
    for thread in threads:
        thread.start()
    try:
        for port in (protected.port, second):
            assert fetch(port, "/notes", headers={"Cookie": user.cookie}).status == 200
        way(protected, user, user.cookie)
        for port in (protected.port, second) * 5:
            assert fetch(port, "/notes", headers={"Cookie": user.cookie}).status == 401
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures


def test_app8_an_expired_session_is_rejected(replicas):
    protected, second = replicas
    user = protected.register()
    psql(
        protected.site.database_url,
        f"update sessions set created_at = now() - interval '8 days', expires_at = now() where user_id = '{user.id}'",
    )
    for port in (protected.port, second):
        assert fetch(port, "/notes", headers={"Cookie": user.cookie}).status == 401


def test_app8_a_check_does_not_write_to_the_database(replicas):
    """The check does not extend the session: the row stays unchanged."""
    protected, _ = replicas
    user = protected.register()
    row = f"select xmin, sessions.* from sessions where user_id = '{user.id}'"
    before = psql(protected.site.database_url, row)
    for _ in range(20):
        response = protected.fetch("/notes", headers={"Cookie": user.cookie})
        assert response.status == 200 and response.headers.get_all("Set-Cookie") is None
    assert psql(protected.site.database_url, row) == before
