"""nginx keeps its connections to the servers open."""

import http.server
import re
import threading

import pytest
from site_under_test import ROOT, fetch, nginx


class Counting(http.server.BaseHTTPRequestHandler):
    """Responds to every request, and counts the connections."""

    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.connections += 1

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        """Logs nothing."""


@pytest.mark.parametrize("replicas", [1, 2])
def test_w89_connections_to_the_servers_are_kept(replicas):
    """Fifty requests use a few connections, not fifty."""
    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counting) for _ in range(replicas)]
    for server in servers:
        server.connections = 0
        threading.Thread(target=server.serve_forever, daemon=True).start()
    addresses = ",".join(f"127.0.0.1:{server.server_port}" for server in servers)
    try:
        with nginx(1, 1, BACKEND_ADDRESS=addresses, FRONTEND_ADDRESS=addresses) as run:
            assert {fetch(run.port, "/api/auth/me").status for _ in range(50)} == {200}
        # Each worker of nginx has its own.
        assert 0 < sum(server.connections for server in servers) <= 20
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def test_w89_idle_connections_of_load_balancers_stay_open():
    """A load balancer sends the next request on a connection that was idle for up to 60 seconds."""
    [seconds] = re.findall(r"^ +keepalive_timeout (\d+)s;", (ROOT / "nginx.conf").read_text(), re.M)
    assert int(seconds) > 60
