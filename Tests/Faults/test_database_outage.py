"""D7: PostgreSQL becomes unavailable under load and returns; responses ask clients to retry, and nothing is lost."""

import pytest


@pytest.mark.parametrize("way", ["stopped", pytest.param("killed", marks=pytest.mark.quick)])
def test_d7_requests_get_503_until_postgres_is_back(scene, postgres, site, way):
    """Requests get 503 with Retry-After while it is unavailable, and succeed when it is back."""
    with scene.measured(f"PostgreSQL {way} and started", site, postgres) as measure:
        postgres.stop() if way == "stopped" else postgres.kill()
        measure.wait_until_rejected("me", 60)
        measure.wait_until_rejected("register")
        # Requests that do not need the database succeed.
        measure.wait_until_succeeded("page")
        postgres.start()
        measure.mark_fault_ended()


def test_d7_a_restart_of_postgres_delays_requests_briefly(scene, postgres, site):
    """Requests wait for the restart or get 503 with Retry-After."""
    with scene.measured("PostgreSQL restarted", site, postgres):
        postgres.stop()
        postgres.start()
