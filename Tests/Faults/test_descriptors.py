"""A server without free file descriptors waits without using the processor, then continues."""

import contextlib
import socket
import time

import pytest
from fault_scene import front
from site_under_test import TIMEOUT_SECONDS, wait_until


@pytest.mark.parametrize("server", [pytest.param("AuthAPI", marks=pytest.mark.quick), "WebFrontend"])
def test_a_server_recovers_when_it_ran_out_of_file_descriptors(scene, postgres, server):
    """Requests through nginx are served over its open connections."""
    api = scene.api(postgres)
    frontend = scene.frontend(api.port)
    starved = api if server == "AuthAPI" else frontend
    with (
        front(api.port, frontend.port) as port,
        scene.measured(f"{server} out of file descriptors", port, postgres) as measure,
    ):
        starved.limit_files(starved.open_files() + 40)
        with contextlib.ExitStack() as stack:
            for _ in range(100):
                stack.enter_context(socket.create_connection(("127.0.0.1", starved.port), timeout=TIMEOUT_SECONDS))
            wait_until(lambda: "connections wait" in starved.log.read_text(), "the descriptors run out")
            began, used = time.monotonic(), starved.network_seconds()
            measure.wait_until_succeeded("page", 30)
            share = (starved.network_seconds() - used) / (time.monotonic() - began)
            assert share < 0.25, f"the server uses {share:.0%} of a processor while it waits"
        measure.mark_fault_ended()
        measure.wait_until_succeeded("register")
        assert starved.responds("/health/live")
