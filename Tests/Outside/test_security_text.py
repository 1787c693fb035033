"""/.well-known/security.txt (RFC 9116): served by the site or by the application."""

import datetime
import os
import subprocess

import pytest
from scripted_api import showcase
from site_under_test import ROOT, fetch, nginx

PATH = "/.well-known/security.txt"
CONTACT = {"SECURITY_CONTACT": "mailto:security@example.com"}


def test_u4_the_file_is_served_through_nginx_and_is_valid():
    with showcase(**CONTACT) as (port, _):
        response = fetch(port, PATH)
    assert (response.status, response.one("Content-Type")) == (200, "text/plain; charset=utf-8")
    assert response.one("X-Content-Type-Options") == "nosniff"
    fields = [line.split(": ", 1) for line in response.body.decode("ascii").splitlines()]
    assert [name for name, _ in fields] == ["Contact", "Expires"]
    until = datetime.datetime.fromisoformat(fields[1][1]) - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(days=80) < until < datetime.timedelta(days=365)


def test_u4_without_a_contact_there_is_no_file():
    with showcase() as (port, _):
        assert fetch(port, PATH).status == 404


@pytest.mark.parametrize(("settings", "owner"), [(CONTACT, "frontend"), ({}, "application")])
def test_u4_with_an_application_at_the_root_the_file_is_ours_only_with_a_contact(echoes, application, settings, owner):
    """Without a contact, the path belongs to the application and needs a session like all of its paths."""
    with nginx(*echoes, APP_UPSTREAM=application.url, **settings) as run:
        response = fetch(run.port, PATH)
    if owner == "frontend":
        assert (response.status, response.json()["server"]) == (200, "frontend")
    else:
        assert response.status in (401, 403, 503)


@pytest.mark.parametrize(("settings", "status"), [(CONTACT, 78), ({}, 0)])
def test_u4_the_application_can_publish_the_file_only_without_a_contact(tmp_path, settings, status):
    environment = {
        "PATH": os.environ["PATH"], "NGINX_DIR": str(tmp_path), "APP_UPSTREAM": "http://127.0.0.1:4000",
        "APP_PUBLIC_PATHS": PATH, **settings,
    }  # fmt: skip
    result = subprocess.run([ROOT / "docker/nginx/render"], env=environment, capture_output=True, text=True)
    assert result.returncode == status
    assert ("belongs to the sign-in" in result.stderr) == (status == 78)
