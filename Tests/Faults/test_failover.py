"""D7: The primary fails and a synchronous standby takes over, with every acknowledged registration."""

import pytest
from fault_scene import front
from postgres_server import standby_of


@pytest.fixture
def standby(postgres):
    """A standby of the running PostgreSQL, without which nothing is committed."""
    with standby_of(postgres) as standby:
        yield standby


@pytest.fixture
def port(scene, postgres, standby):
    """The site on whichever of the two accepts writes."""
    api = scene.api(postgres, standby)
    with front(api.port, scene.frontend(api.port).port) as port:
        yield port


@pytest.mark.quick
def test_d7_the_api_finds_the_new_primary_after_a_failover(scene, postgres, standby, port):
    """The API finds the new primary without intervention."""
    with scene.measured("Primary killed, standby promoted", port, standby) as measure:
        postgres.kill()
        standby.psql("select pg_promote()")
        measure.wait_until_succeeded("register")


def test_d7_nothing_is_acknowledged_that_a_failover_would_lose(scene, postgres, standby, port):
    """While the standby is disconnected, a commit waits for it; a timeout must not be reported as success."""
    with scene.measured("Standby disconnected, primary lost, standby promoted", port, standby) as measure:
        postgres.stop_sending()
        measure.wait_until_rejected("register")
        measure.wait_until_succeeded("me")
        postgres.lose_power()
        standby.psql("select pg_promote()")
        measure.mark_fault_ended()
