"""The metrics of both servers (E8), read like Prometheus."""

import re
import subprocess

import pytest
from site_under_test import PASSWORD, fetch, free_ports, running_site


@pytest.fixture(scope="module")
def measured():
    """A site with metrics; the ports are those of the API and of the frontend."""
    api, frontend = free_ports(2)
    with running_site(API_METRICS_PORT=str(api), FRONTEND_METRICS_PORT=str(frontend)) as site:
        yield site, {"api": api, "frontend": frontend}


@pytest.mark.parametrize("server", ["api", "frontend"])
def test_e8_promtool_reports_no_problems(measured, server):
    site, ports = measured
    site.fetch("/api/auth/register", "POST", body={"email": "m@example.com", "password": PASSWORD, "name": "M"})
    site.fetch("/login")
    response = fetch(ports[server], "/metrics")
    assert response.status == 200
    assert response.one("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
    check = subprocess.run(["promtool", "check", "metrics"], input=response.body, capture_output=True, check=False)
    assert (check.returncode, check.stdout, check.stderr) == (0, b"", b"")
    assert re.search(rb"^http_request_duration_seconds_count\{.*\} \d+$", response.body, re.MULTILINE)


@pytest.mark.parametrize("server", ["api", "frontend"])
def test_w33_a_head_response_is_the_get_response_without_a_body(measured, server):
    _, ports = measured
    head = fetch(ports[server], "/metrics", "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.one("Content-Type") == fetch(ports[server], "/metrics").one("Content-Type")


def test_e8_metrics_are_not_published(measured):
    site, _ = measured
    assert site.fetch("/metrics").status == 404
    assert fetch(site.api_port, "/metrics").status == 404
    assert fetch(site.frontend_port, "/metrics").status == 404


def test_e8_without_a_port_there_are_no_metrics(site):
    assert fetch(site.api_port, "/metrics").status == 404
