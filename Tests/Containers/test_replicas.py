"""Several replicas: added, lost, replaced."""

from pathlib import Path

import containers
import pytest
import site_under_test
from load import Load


def logged_requests(stack, container: str) -> int:
    """The number of requests in a server's log."""
    return containers.docker("logs", container).count('"request"')


def test_nginx_uses_added_replicas(stack):
    """N6: nginx uses a new replica within seconds, and continues when one disappears."""
    stack.run("scripts/containers", "scale", "3", "2")
    try:
        backends = stack.containers("backend")
        assert (len(backends), len(stack.containers("frontend"))) == (3, 2)

        def all_serve() -> bool:
            for _ in range(10):
                assert stack.fetch("/api/auth/me").status == 401
            return all(logged_requests(stack, container) > 0 for container in backends)

        stack.wait(all_serve, "every replica gets requests")
        containers.docker("kill", "--signal=KILL", backends[0])
        assert [stack.fetch("/api/auth/me").status for _ in range(50)] == [401] * 50
    finally:
        stack.run("scripts/containers", "scale", "1", "1")
    assert len(stack.containers("backend")) == 1


def test_n6_removing_replicas_fails_no_request(stack):
    """nginx sends no requests to a replica that is about to stop, so that none waits or fails."""
    stack.run("scripts/containers", "scale", "4", "2")
    load = Load()
    for client in range(4):
        load.repeat(f"POST {client}", lambda: stack.fetch("/api/auth/logout", "POST", body={}).status)
    load.repeat("GET", lambda: stack.fetch("/login").status)
    try:
        with load.running():
            stack.run("scripts/containers", "scale", "1", "1")
    finally:
        stack.run("scripts/containers", "scale", "1", "1")
    print(load.report())
    assert set(load.outcomes.pop("GET")) == {200}
    for outcomes in load.outcomes.values():
        assert set(outcomes) == {204}
    assert (len(stack.containers("backend")), len(stack.containers("frontend"))) == (1, 1)


def connections_to(stack, port: int) -> dict[str, str]:
    """The states of nginx's connections to a port of the servers, as kernel numbers, by local address."""
    process = stack.container("nginx")["State"]["Pid"]
    rows = [line.split() for line in Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]]
    return {row[1]: row[3] for row in rows if row[2].endswith(f":{port:04X}")}


def test_w89_nginx_keeps_its_connections_to_the_servers(stack):
    """Fifty requests leave a few open connections, not fifty closed ones."""
    for path, port, status in (("/api/auth/me", 8000, 401), ("/login", 3000, 200)):
        before = connections_to(stack, port)
        assert {stack.fetch(path).status for _ in range(50)} == {status}
        after = connections_to(stack, port)
        established = "01"
        assert established in after.values()
        # Other tests may have left closed connections.
        assert len(after.keys() - before.keys()) <= 10, after


@pytest.mark.long
def test_a_deployment_fails_no_request():
    """N6, E7: With two replicas of each, every container is replaced under load; no request fails."""
    with containers.project() as one:
        one.up("--scale", "backend=2", "--scale", "frontend=2")
        account = {"email": "rolling@example.com", "password": site_under_test.PASSWORD}
        assert one.fetch("/api/auth/register", "POST", body=account | {"name": "Aiko Tanaka"}).status == 201
        # A different account from the one that signs in: more than a hundred sign-ins would end its first session.
        cookie = {"Cookie": one.register()}
        old = {*one.containers("backend"), *one.containers("frontend")}
        assert len(old) == 4

        load = Load()
        page = b"Aiko Tanaka"
        load.repeat("GET /", lambda: page in one.fetch("/", headers=cookie).body)
        load.repeat("GET /api/auth/me", lambda: one.fetch("/api/auth/me", headers=cookie).status)
        load.repeat("POST /api/auth/login", lambda: one.fetch("/api/auth/login", "POST", body=account).status)
        with load.running():
            one.run("scripts/containers", "deploy")
        print(load.report())
        new = {*one.containers("backend"), *one.containers("frontend")}
        assert len(new) == 4 and not new & old
        assert set(load.outcomes["GET /"]) == {True}
        assert set(load.outcomes["GET /api/auth/me"]) == {200}
        assert set(load.outcomes["POST /api/auth/login"]) == {200}
        assert min(sum(outcomes.values()) for outcomes in load.outcomes.values()) > 50
