"""The example application in containers: reachable through nginx only, deployed without a failed request."""

import containers
import pytest
from load import Load

PORT = 4000
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def site():
    """The site with the example, two replicas of each server, and the cookie of a session."""
    with containers.project(COMPOSE_FILE="compose.yml:examples/app/compose.yml", APP_PUBLIC_PATHS="/static/") as one:
        one.up("--scale", "backend=2", "--scale", "frontend=2")
        one.cookie = {"Cookie": one.register()}
        yield one


def address(container: dict, network: str) -> str:
    """The address of a container in a network of its project."""
    return container["NetworkSettings"]["Networks"][network]["IPAddress"]


def test_app12_only_nginx_reaches_the_application(site):
    app, nginx = site.container("app"), site.container("nginx")
    network = f"{site.project}_application"
    assert list(app["NetworkSettings"]["Networks"]) == [network]
    assert not any(app["NetworkSettings"]["Ports"].values())
    members = containers.inspect(network)[0]["Containers"]
    assert set(members) == {app["Id"], nginx["Id"]}

    host = address(app, network)
    assert containers.reaches_example(f"container:{nginx['Id']}", host, PORT, seconds=60)
    for other in (f"{site.project}-network", f"{site.project}_database", "bridge"):
        assert not containers.reaches_example(other, host, PORT), other
        assert not containers.reaches_example(other, "app", PORT), other


def test_app12_the_application_needs_a_session_through_nginx(site):
    assert site.fetch("/ping").status == 401
    forged = {"Remote-User": "admin", "Remote-Name": "admin"}
    assert site.fetch("/notes", headers=forged).status == 401
    page = site.fetch("/notes", headers=site.cookie | forged)
    assert page.status == 200 and b"Aiko Tanaka" in page.body and b"admin" not in page.body
    assert site.fetch("/static/notes.css").status == 200
    assert "[warn]" not in site.logs("nginx")


def test_app12_the_application_has_no_privileges(site):
    app = site.container("app")
    assert app["HostConfig"]["ReadonlyRootfs"] and app["HostConfig"]["CapDrop"] == ["ALL"]
    assert app["Config"]["User"] == "65532:65532"


def test_app14_a_deployment_fails_no_request_to_the_application(site):
    """Every server is replaced while signed-in users work and others are rejected."""
    old = {*site.containers("backend"), *site.containers("frontend")}
    load = Load()
    load.repeat("GET /ping", lambda: site.fetch("/ping", headers=site.cookie).body)
    load.repeat("GET /notes", lambda: b"Aiko Tanaka" in site.fetch("/notes", headers=site.cookie).body)
    load.repeat("POST /notes", lambda: site.fetch("/notes", "POST", headers=site.cookie | FORM, body=b"text=x").status)
    load.repeat("GET /static", lambda: site.fetch("/static/notes.css").status)
    load.repeat("signed out", lambda: site.fetch("/ping").status)
    with load.running():
        site.run("scripts/containers", "deploy")
    print(load.report())
    assert not old & {*site.containers("backend"), *site.containers("frontend")}
    expected = {"GET /ping": b"pong\n", "GET /notes": True, "POST /notes": 303, "GET /static": 200, "signed out": 401}
    assert {name: set(outcomes) for name, outcomes in load.outcomes.items()} == {
        name: {outcome} for name, outcome in expected.items()
    }
    assert min(sum(outcomes.values()) for outcomes in load.outcomes.values()) > 20


def test_app14_nginx_finds_a_replaced_application(site):
    """Another container may have another address; its notes are in a volume."""
    [before] = site.containers("app")
    notes = site.fetch("/notes", headers=site.cookie).body.count(b"data-note")
    site.compose("up", "--detach", "--no-build", "--no-deps", "--force-recreate", "--wait", "app")
    assert site.containers("app") != [before]
    site.wait(lambda: site.fetch("/ping", headers=site.cookie).status == 200, "nginx finds the new application")
    assert site.fetch("/notes", headers=site.cookie).body.count(b"data-note") == notes


def test_app3_without_the_api_the_application_is_unreachable(site):
    backends = site.containers("backend")
    containers.docker("stop", *backends)
    try:
        response = site.fetch("/ping", headers=site.cookie)
        assert response.status == 503 and response.one("Retry-After")
    finally:
        containers.docker("start", *backends)
    site.wait(lambda: site.fetch("/ping", headers=site.cookie).status == 200, "the application is back")
