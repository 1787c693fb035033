"""D6, D7: PostgreSQL runs, but has no free connection, or another session blocks statements."""

import contextlib
import subprocess

import pytest
from fault_scene import front, slow_registrations
from postgres_server import SERVING, postgres_server

CONNECTIONS = 12


@pytest.fixture
def crowded(data):
    """A PostgreSQL with few connections."""
    with postgres_server(data) as server:
        server.start(f"max_connections={CONNECTIONS}")
        yield server


@pytest.fixture
def api(scene, crowded):
    """An API on it."""
    return scene.api(crowded)


@pytest.fixture
def port(scene, api):
    """The whole site with it."""
    with front(api.port, scene.frontend(api.port).port) as port:
        yield port


def test_d7_the_api_starts_while_postgres_has_no_free_connection(scene, crowded, api, port):
    """The API runs, reports that it is not ready, and serves as soon as there are connections."""
    with scene.measured("API started while all connections are in use", port, crowded) as measure:
        api.terminate()
        with crowded.all_connections_taken():
            api.launch()
            measure.wait_until_rejected("me", 60)
            measure.wait_until_succeeded("page")
            assert api.responds("/health/live") and api.responds("/health/ready", 503)
        measure.mark_fault_ended()


def test_d7_the_api_reconnects_when_postgres_has_a_free_connection(scene, crowded, api, port):
    """The API loses its connections, and others take all before it reconnects."""
    with scene.measured("Connections of the API cut, all others in use", port, crowded) as measure:
        # The API cannot reconnect at first, but the others can, because they are superusers.
        crowded.psql(f"alter role {SERVING} connection limit 0")
        crowded.psql(f"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{SERVING}'")
        with crowded.all_connections_taken() as run:
            assert run(f"alter role {SERVING} connection limit -1")
            measure.wait_until_rejected("me", 60)
            measure.wait_until_succeeded("page")
        measure.mark_fault_ended()


@contextlib.contextmanager
def held(server, statement: str):
    """A transaction that has run a statement and stays open during the block."""
    client = subprocess.Popen(
        ["psql", "--no-psqlrc", "-qAt", server.url()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        client.stdin.write(f"begin; {statement}; select 'held';\n")
        client.stdin.flush()
        assert client.stdout.readline() == "held\n"
        yield
    finally:
        client.communicate()


@pytest.mark.parametrize("table", ["users", pytest.param("sessions", marks=pytest.mark.quick)])
def test_d7_a_table_locked_for_writing_rejects_writes_only(scene, postgres, site, table):
    """Writes are rejected; signed-in users are not affected."""
    with scene.measured(f"Lock on `{table}` that blocks writes", site, postgres) as measure:
        with held(postgres, f"lock table {table} in share row exclusive mode"):
            measure.wait_until_rejected("register", 30)
            measure.wait_until_succeeded("me", 60)
        measure.mark_fault_ended()
    assert not measure.rejected_count("me") and not measure.rejected_count("page")


def test_d7_an_exclusively_locked_table_rejects_requests_until_it_is_unlocked(scene, postgres, site):
    """A migration that rewrites a table holds such a lock."""
    with scene.measured("Lock on `users` that blocks everything", site, postgres) as measure:
        with held(postgres, "lock table users in access exclusive mode"):
            measure.wait_until_rejected("me", 60)
            measure.wait_until_succeeded("page")
        measure.mark_fault_ended()
    assert not measure.rejected_count("page")


def test_d7_a_slow_statement_times_out(scene, postgres, site):
    """The timeout ends it; other requests are not affected."""
    with scene.measured("Inserting a user takes 30 s", site, postgres) as measure:
        slow_registrations(postgres, 0)
        slow_registrations(postgres, 30)
        measure.wait_until_rejected("register", 30)
        measure.wait_until_succeeded("me", 60)
        slow_registrations(postgres, 0)
        measure.mark_fault_ended()
    assert not measure.rejected_count("me") and not measure.rejected_count("page")
