"""E7, F8, N6: One of the servers is killed or stopped under load."""

import re
import time

import pytest
from fault_scene import front, slow_registrations
from site_under_test import fetch


@pytest.fixture
def apis(scene, postgres):
    """Two replicas of the API."""
    return [scene.api(postgres) for _ in range(2)]


@pytest.fixture
def port(scene, apis):
    """nginx in front of two replicas of each server."""
    frontends = [scene.frontend(api.port) for api in apis]
    addresses = {
        "BACKEND_ADDRESS": ",".join(f"127.0.0.1:{api.port}" for api in apis),
        "FRONTEND_ADDRESS": ",".join(f"127.0.0.1:{frontend.port}" for frontend in frontends),
    }
    with front(0, 0, **addresses) as port:
        yield port


def test_d7_nginx_responds_with_errors_until_a_killed_api_is_back(scene, postgres):
    """Each request gets an error response while the API is down, and succeeds when it is back."""
    api = scene.api(postgres)
    with (
        front(api.port, scene.frontend(api.port).port) as port,
        scene.measured("API killed and started", port, postgres) as measure,
    ):
        api.kill()
        measure.wait_until_rejected("me", 30)
        measure.wait_until_succeeded("page")
        api.start()
        measure.mark_fault_ended()


def test_d7_a_killed_api_loses_no_acknowledged_data(scene, postgres):
    """Some requests get no response, but every acknowledged registration is stored."""
    api = scene.api(postgres)
    label = "API killed and started (without nginx)"
    with scene.measured(label, api.port, postgres, "/health/live", broken_allowed=True) as measure:
        api.kill()
        measure.wait_for("me", 30, "broken", lambda record: record.is_broken)
        api.start()
        measure.mark_fault_ended()


def test_n6_the_other_replica_serves_when_one_api_is_killed(scene, postgres, apis, port):
    """The other replica serves all idempotent requests; some of the others are rejected."""
    with scene.measured("One of two APIs killed", port, postgres) as measure:
        apis[0].kill()
        measure.wait_until_succeeded("register", 20)
        apis[0].start()
        measure.mark_fault_ended()
    assert not any(measure.rejected_count(kind) for kind in ("me", "page", "login"))


@pytest.mark.quick
def test_f8_pages_show_an_error_and_reload_while_the_api_is_unavailable(scene, postgres):
    """Pages that need it show an error with Retry-After and reload automatically; other pages keep working."""
    api = scene.api(postgres)
    frontend = scene.frontend(api.port)
    with (
        front(api.port, frontend.port) as port,
        scene.measured("Frontend without API", port, postgres, "/account") as measure,
    ):
        api.kill()
        measure.wait_until_rejected("page")
        _, cookie = measure.user
        page = fetch(port, "/account", headers={"Cookie": cookie})
        assert page.status == 503 and page.one("Retry-After") and page.one("Refresh"), page.headers
        assert re.search(rb"<h1[^>]*>[^<]+</h1>", page.body)
        assert frontend.responds("/login") and frontend.responds("/health/live")
        api.start()
        measure.mark_fault_ended()


@pytest.mark.parametrize("server", [pytest.param("AuthAPI", marks=pytest.mark.quick), "WebFrontend"])
def test_e7_stopping_replicas_fails_no_idempotent_request(scene, postgres, apis, port, server):
    """Every request gets a response; no idempotent request fails."""
    with scene.measured(f"SIGTERM to both {server}s in turn", port, postgres) as measure:
        for program in [program for program in scene.programs if program.name == server]:
            assert program.terminate() < 10
            program.start()
            measure.wait_until_succeeded("register", 5)
    assert not any(measure.rejected_count(kind) for kind in ("me", "page", "login"))


def test_e7_a_stopped_api_completes_requests_in_progress(scene, postgres):
    """Without nginx, requests in progress are completed, and later ones are not served."""
    api = scene.api(postgres, DATABASE_POOL_SIZE="30")
    slow_registrations(postgres, 0)
    label = "SIGTERM to the API, then started (without nginx)"
    with scene.measured(label, api.port, postgres, "/health/live", broken_allowed=True) as measure:
        slow_registrations(postgres, 1.5)
        measure.wait_until_succeeded("register", 20)
        stopped = time.monotonic()
        assert api.terminate() < 10
        slow_registrations(postgres, 0)
        api.start()
        measure.mark_fault_ended()
    # The API may not have accepted the last requests.
    begun = [record for record in measure.load.records if record.sent < stopped - 0.5]
    assert any(record.sent + record.took > stopped for record in begun), "no request was under way"
    assert all(record.is_successful for record in begun), "a request that was under way was not finished"
