"""Deployments that succeed, fail and are interrupted, under load (W80, W81)."""

import os
import re
import secrets
import signal
from pathlib import Path

import containers
import pytest
import site_under_test
from load import Load

pytestmark = pytest.mark.long

ACCOUNT = {"email": "rolling@example.com", "password": site_under_test.PASSWORD}


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A copy of the sources, so that a test can change the nginx configuration."""
    folder = tmp_path_factory.mktemp("clone")
    containers.copy_sources(folder)
    return folder


@pytest.fixture(scope="module")
def site(clone):
    """Two replicas of each server, and an account."""
    # This test has its own images, because it retags them.
    with containers.project(IMAGE_NAME="yoshikosan-test-deployment", REVISION="test") as one:
        for kind, image in containers.IMAGES.items():
            containers.docker("tag", image, f"yoshikosan-test-deployment-{kind}")
        one.root = clone
        one.up("--scale", "backend=2", "--scale", "frontend=2")
        response = one.fetch("/api/auth/register", "POST", body=ACCOUNT | {"name": "Aiko Tanaka"})
        assert response.status == 201
        # A different account from the one that signs in: more than a hundred sign-ins would end its first session.
        one.cookie = {"Cookie": one.register()}
        yield one
    for kind in containers.IMAGES:
        containers.docker("image", "rm", f"yoshikosan-test-deployment-{kind}")


def greeting(site) -> object:
    """Whether the home page shows the user's name; if not, its content."""
    response = site.fetch("/", headers=site.cookie)
    return b"Aiko Tanaka" in response.body or (response.status, response.body.decode())


@pytest.fixture
def load(site):
    """Visitors who open pages, sign in and request unknown paths during a deployment; no request fails."""
    load = Load()
    load.repeat("GET /", lambda: greeting(site))
    load.repeat("GET /api/auth/me", lambda: site.fetch("/api/auth/me", headers=site.cookie).status)
    load.repeat("POST /api/auth/login", lambda: site.fetch("/api/auth/login", "POST", body=ACCOUNT).status)
    load.repeat("GET /error.css", lambda: site.fetch("/error.css").status)
    with load.running():
        yield load
    print(load.report())
    assert set(load.outcomes.pop("GET /")) == {True}
    for name, outcomes in load.outcomes.items():
        assert set(outcomes) == {200}, name
        assert sum(outcomes.values()) > 20, name


def serving(site) -> dict[str, set[str]]:
    """The containers of the servers and of nginx, by service."""
    return {service: set(site.containers(service)) for service in ("backend", "frontend", "nginx")}


def everything(site) -> list[str]:
    """The names of all containers of the project, except those that have completed."""
    label = f"label=com.docker.compose.project={site.project}"
    listing = containers.docker("container", "ls", "--all", "--filter", label, "--format", "{{.Names}} {{.State}}")
    return [line for line in listing.splitlines() if "-secrets-" not in line and "-migrate-" not in line]


def assert_nothing_changed(site, before) -> None:
    assert serving(site) == before
    # The servers, nginx and PostgreSQL; no other container of the deployment is left, running or not.
    expected = sum(len(found) for found in before.values()) + 1
    assert len(everything(site)) == expected and all(line.endswith(" running") for line in everything(site))
    assert containers.docker("volume", "ls", "--quiet", "--filter", f"name={site.project}_deployment") == ""


def test_w80_settings_that_the_new_servers_reject_stop_the_deployment(site, load):
    """Neither containers nor database change; the images get their previous tags back."""
    before = serving(site)
    images = {kind: containers.inspect(f"yoshikosan-test-deployment-{kind}")[0]["Id"] for kind in containers.IMAGES}
    generated = site.secret("postgres_api_password")
    digest = "SELECT rolpassword FROM pg_authid WHERE rolname = 'yoshikosan_api'"
    password = site.query(digest)
    site.environment["POSTGRES_API_PASSWORD"] = secrets.token_urlsafe(32)
    for setting, text in (("DATABASE_POOL_SIZE", "DATABASE_POOL_SIZE: "), ("PUBLIC_URL", "PUBLIC_URL: ")):
        done = site.run("make", "docker-deploy", f"{setting}=no", check=False)
        assert done.returncode != 0 and text in done.stderr, done.stderr
        assert "the previous version keeps serving" in done.stderr
        assert_nothing_changed(site, before)
    # The serving replicas do not know the new password.
    assert site.query(digest) == password
    site.environment["POSTGRES_API_PASSWORD"] = generated
    site.compose("run", "--rm", "--no-deps", "secrets")
    del site.environment["POSTGRES_API_PASSWORD"]
    for kind, image in images.items():
        assert containers.inspect(f"yoshikosan-test-deployment-{kind}")[0]["Id"] == image


DOCKER = """#!/bin/bash
# A stand-in for docker that kills each server container with a certain name as soon as it runs.
real=$(PATH=${PATH#*:} type -P docker)
"$real" "$@" || exit
name=
if [[ $1 == start ]]; then name=$("$real" inspect --format '{{.Name}}' "$2"); fi
if [[ $* =~ --name\\ ([^ ]+) ]]; then name=${BASH_REMATCH[1]}; fi
if [[ $name == *"$STRIKE"* ]]; then "$real" kill "${name#/}" >/dev/null; fi
"""


@pytest.mark.parametrize("strike", ["-trial-backend", "-trial-frontend", "-backend-", "-frontend-"])
def test_w80_new_servers_that_die_are_removed(site, load, tmp_path, strike):
    """The first container of the version, and those that are started beside the serving ones."""
    before = serving(site)
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)
    site.environment |= {"PATH": f"{tmp_path}:{os.environ['PATH']}", "STRIKE": strike}
    try:
        done = site.run("make", "docker-deploy", check=False)
    finally:
        site.environment["PATH"] = os.environ["PATH"]
    service = strike.removeprefix("-trial").strip("-")
    assert done.returncode != 0 and f"the new {service} does not become healthy" in done.stderr, done.stderr
    assert_nothing_changed(site, before)


def deploy_until(site, text: str, how: signal.Signals) -> tuple[int, str]:
    return site.run_until(text, how, "scripts/containers", "deploy")


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("frontend: testing", signal.SIGINT),
        ("backend: starting", signal.SIGINT),
        ("frontend: starting", signal.SIGTERM),
    ],
)
def test_w80_an_interrupted_deployment_changes_nothing(site, load, text, how):
    before = serving(site)
    status, output = deploy_until(site, text, how)
    assert status == 128 + how, output
    assert_nothing_changed(site, before)


def timeouts(site) -> list[str]:
    """The number of requests for which nginx timed out on one server before it tried the next."""
    return [line for line in site.logs("nginx").splitlines() if re.search('"upstream_status":"[^"]*504', line)]


@pytest.fixture
def three(site):
    """Three replicas of each server."""
    site.run("scripts/containers", "scale", "3", "3")
    yield
    site.run("scripts/containers", "scale", "2", "2")


def test_w80_an_interrupted_deployment_of_three_replicas_fails_no_request(site, three, load):
    """nginx tries at most three servers, as many as disappear; it must be reconfigured before that."""
    before, waited = serving(site), timeouts(site)
    assert [len(found) for found in before.values()] == [3, 3, 1]
    status, output = deploy_until(site, "frontend: starting", signal.SIGTERM)
    assert status == 128 + signal.SIGTERM, output
    assert_nothing_changed(site, before)
    # No request waited for a server that had disappeared.
    assert timeouts(site) == waited


def test_w80_the_next_command_reverts_a_killed_deployment(site, load):
    """The killed deployment cleaned up nothing, but the next command knows the requested number of replicas."""
    before = serving(site)
    status, _ = deploy_until(site, "frontend: starting", signal.SIGKILL)
    assert status == -signal.SIGKILL
    assert len(site.containers("backend")) == 4
    site.run("make", "docker-scale", "BACKEND=2", "FRONTEND=2")
    after = serving(site)
    assert {name: len(found) for name, found in after.items()} == {"backend": 2, "frontend": 2, "nginx": 1}
    assert after == before


def test_w80_a_deployment_interrupted_at_its_end_is_completed(site, load):
    before = serving(site)
    status, output = deploy_until(site, "All new containers are healthy", signal.SIGINT)
    assert status == 0 and "Deployed." in output
    after = serving(site)
    assert after["nginx"] == before["nginx"]
    for service in ("backend", "frontend"):
        assert len(after[service]) == 2 and not after[service] & before[service]


@pytest.mark.parametrize("command", ["down", "restart"])
def test_w80_no_command_stops_containers_during_a_deployment(site, clone, command):
    """The deployment would fail, and leave networks and containers behind."""
    before = serving(site)
    # A deployment locks this folder.
    done = site.run("flock", clone / ".build", "scripts/containers", command, check=False)
    assert done.returncode != 0 and "another deployment is running" in done.stderr, done.stderr
    assert_nothing_changed(site, before)


def test_w80_compose_keeps_the_containers_that_were_deployed(site):
    """`docker compose up` replaces nothing except nginx, whose image is new."""
    before = {service: site.containers(service) for service in ("backend", "frontend", "postgres")}
    site.up("--scale", "backend=2", "--scale", "frontend=2")
    assert {service: site.containers(service) for service in before} == before


def test_w81_a_deployment_activates_the_new_nginx_configuration(site, load, clone):
    """A new file, as git creates it, is used without a failed request, also after a restart."""
    before = serving(site)
    names = "nginx.conf", "docker/nginx/server.conf", "docker/nginx/errors/error.css"
    main, server, style = ((clone / name).read_text() for name in names)
    header = "add_header X-Request-ID $request_id always;\n"
    assert header in server and "max_ranges 0;" in main

    def replace(name: str, text: str) -> None:
        (clone / f"{name}.new").write_text(text)
        (clone / f"{name}.new").replace(clone / name)

    try:
        # If nginx rejects the configuration, nothing is activated.
        replace("nginx.conf", main.replace("max_ranges 0;", "max_ranges none;"))
        done = site.run("make", "docker-deploy", check=False)
        assert done.returncode != 0 and '"max_ranges" directive invalid number' in done.stderr, done.stderr
        assert_nothing_changed(site, before)
        assert site.fetch("/error.css").one("X-Deployed") is None

        replace("nginx.conf", main)
        replace("docker/nginx/server.conf", server.replace(header, f"{header}add_header X-Deployed second always;\n"))
        replace("docker/nginx/errors/error.css", f"{style}/* second */\n")
        site.run("make", "docker-deploy")
        assert serving(site)["nginx"] == before["nginx"]
        assert site.fetch("/error.css").one("X-Deployed") == "second"
        assert site.fetch("/error.css").body.decode().endswith("/* second */\n")
    finally:
        for name, text in zip(names, (main, server, style), strict=True):
            replace(name, text)


def test_w81_a_restart_of_nginx_keeps_the_deployed_configuration(site, clone):
    """nginx keeps it even if the files of the clone have changed since the deployment."""
    assert site.fetch("/error.css").one("X-Deployed") == "second"
    containers.docker("restart", *site.containers("nginx"))
    site.wait(lambda: site_under_test.listens(site.browser_port), "nginx listens again")
    site.wait(lambda: site.container("nginx")["State"]["Health"]["Status"] == "healthy", "nginx is healthy")
    assert site.fetch("/error.css").one("X-Deployed") == "second"


def test_w81_changed_settings_of_nginx_are_deployed_too(site, load):
    """TRUSTED_PROXIES is a setting of nginx; it takes effect without a new container."""
    before = serving(site)
    site.environment["TRUSTED_PROXIES"] = "not-an-address"
    done = site.run("make", "docker-deploy", check=False)
    assert done.returncode != 0 and "TRUSTED_PROXIES" in done.stderr
    assert_nothing_changed(site, before)
    site.environment["TRUSTED_PROXIES"] = "198.18.0.0/15"
    site.run("make", "docker-deploy")
    assert serving(site)["nginx"] == before["nginx"]
    rendered = site.compose("exec", "-T", "nginx", "cat", "/var/lib/yoshikosan/current/local/http.conf").stdout
    assert "set_real_ip_from 198.18.0.0/15;" in rendered


def real_ip_networks(site) -> list[str]:
    """The networks whose X-Forwarded-For the active configuration of nginx accepts."""
    rendered = site.compose("exec", "-T", "nginx", "cat", "/var/lib/yoshikosan/current/local/http.conf").stdout
    return re.findall(r"set_real_ip_from (198\.18\.\S+);", rendered)


def test_w81_a_setting_that_was_removed_has_no_effect(site):
    """Neither the kept container of nginx, which a deployment gave the setting, nor a new container uses it."""
    del site.environment["TRUSTED_PROXIES"]
    site.run("make", "docker-up")
    for restart in (False, True):
        before = serving(site)
        assert real_ip_networks(site) == []
        site.run("make", "docker-deploy", "TRUSTED_PROXIES=198.18.0.0/15")
        assert real_ip_networks(site) == ["198.18.0.0/15"]
        if restart:
            site.compose("down")
            site.up("--scale", "backend=2", "--scale", "frontend=2")
        else:
            site.run("make", "docker-up")
            assert serving(site)["nginx"] == before["nginx"]
        assert real_ip_networks(site) == []
