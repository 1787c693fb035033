"""docker/stack.yml on a swarm of one node, with a database outside of it."""

import os
import secrets
import subprocess

import containers
import pytest
import site_under_test
from load import Load

pytestmark = pytest.mark.long


class Swarm:
    """A separate stack and its PostgreSQL."""

    def __init__(self, gateway: str):
        self.name = f"yoshikosan-test-{secrets.token_hex(4)}"
        self.external_port, self.browser_port, self.database_port, nobody = site_under_test.free_ports(4)
        password = secrets.token_urlsafe(24)
        containers.docker(
            "run", "--detach", f"--name={self.name}-postgres", f"--publish={gateway}:{self.database_port}:5432",
            f"--env=POSTGRES_PASSWORD={password}", "--env=POSTGRES_USER=yoshikosan", containers.POSTGRES_IMAGE,
        )
        # The first host is unavailable; the second accepts writes.
        hosts = f"{gateway}:{nobody},{gateway}:{self.database_port}"
        database = f"{hosts}/yoshikosan?target_session_attrs=read-write"
        self.secrets = {
            "secret_key": secrets.token_urlsafe(48),
            "database_url": f"postgresql://api:{secrets.token_urlsafe(24)}@{database}",
            "migration_database_url": f"postgresql://yoshikosan:{password}@{database}",
        }
        for name, value in self.secrets.items():
            command = ["docker", "secret", "create", f"{self.name}_{name}", "-"]
            subprocess.run(command, input=value, text=True, check=True, capture_output=True)

    def deploy(self, **settings: str) -> None:
        """Deploys the stack, or what has changed about it."""
        environment = os.environ | {
            "STACK": self.name,
            "IMAGE_NAME": containers.IMAGE_NAME,
            "EXTERNAL_PORT": str(self.external_port),
            "BROWSER_PORT": str(self.browser_port),
            "CREDENTIAL_RATE": "60000",
            "CREDENTIAL_BURST": "60000",
            "REGISTRATION_LIMIT_NETWORK": "100000/60",
            **settings,
        }
        subprocess.run(
            ["docker", "stack", "deploy", "--resolve-image=never", "--compose-file=docker/stack.yml", self.name],
            cwd=containers.ROOT, env=environment, check=True, capture_output=True, text=True,
        )

    def tasks(self, service: str) -> set[str]:
        """The running tasks of a service."""
        listing = containers.docker(
            "service", "ps", "--quiet", "--filter", "desired-state=running", f"{self.name}_{service}"
        )
        return set(listing.split())

    def ask(self, path: str, method: str = "GET", **request) -> site_under_test.Answer:
        """Sends a request to the published port."""
        return site_under_test.ask(self.browser_port, path, method, **request)

    def replicas(self) -> dict[str, str]:
        """How many tasks of each service run, of how many that should."""
        listing = containers.docker(
            "service", "ls", "--filter", f"label=com.docker.stack.namespace={self.name}", "--format",
            "{{.Name}} {{.Replicas}}",
        )
        return {line.split()[0].removeprefix(f"{self.name}_"): line.split()[1] for line in listing.splitlines()}

    def update_state(self, service: str) -> str:
        """How far a rolling replacement has come."""
        return containers.docker(
            "service", "inspect", "--format", "{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}",
            f"{self.name}_{service}",
        )

    def remove(self) -> None:
        """Removes all that belongs to the stack."""
        label = f"label=com.docker.stack.namespace={self.name}"
        containers.docker("stack", "rm", self.name, check=False)
        site_under_test.wait_until(
            lambda: not containers.docker("container", "ls", "--all", "--quiet", "--filter", label)
            and not containers.docker("network", "ls", "--quiet", "--filter", label),
            "the stack is gone",
            60,
        )
        containers.docker("rm", "--force", "--volumes", f"{self.name}-postgres")
        for name in self.secrets:
            containers.docker("secret", "rm", f"{self.name}_{name}")


@pytest.fixture
def address():
    """The address by which containers reach this machine."""
    with containers.host_address() as address:
        yield address


@pytest.fixture
def swarm(address):
    """A swarm of this node alone, which ends with the test unless it was there before."""
    state = containers.docker("info", "--format", "{{.Swarm.LocalNodeState}}")
    # What the engine makes for a swarm and does not take away again.
    gateway = "docker_gwbridge"
    had_gateway = containers.docker("network", "ls", "--quiet", "--filter", f"name={gateway}")
    if state != "active":
        containers.docker("swarm", "init", "--advertise-addr=127.0.0.1")
    stack = Swarm(address)
    try:
        yield stack
    finally:
        stack.remove()
        if state != "active":
            containers.docker("swarm", "leave", "--force")
            if not had_gateway:
                containers.docker("network", "rm", gateway)


def test_stack(swarm):
    """C6, N6, D7: the stack comes up, serves, and replaces its servers without a failed request."""
    swarm.deploy()
    # What migrates has ended when all is well.
    expected = {"migrate": "0/1", "backend": "2/2", "frontend": "2/2", "nginx": "1/1"}
    site_under_test.wait_until(lambda: swarm.replicas() == expected, "all tasks run", 120)
    site_under_test.wait_until(
        lambda: site_under_test.listens(swarm.browser_port) and swarm.ask("/api/auth/me").status == 401,
        "the site answers", 60,
    )
    account = {"email": "swarm@example.com", "password": site_under_test.PASSWORD}
    # One account stays signed in; the other signs in, which after a hundred times ends its first session.
    for email in (account["email"], "swarm-visitor@example.com"):
        registered = swarm.ask("/api/auth/register", "POST", body=account | {"email": email, "name": "Aiko Tanaka"})
        assert registered.status == 201
    cookie = {"Cookie": registered.headers["Set-Cookie"].split(";")[0]}
    assert b"Aiko Tanaka" in site_under_test.ask(swarm.external_port, "/", headers=cookie).body

    old = swarm.tasks("backend") | swarm.tasks("frontend")
    load = Load()
    load.repeat("GET /", lambda: b"Aiko Tanaka" in swarm.ask("/", headers=cookie).body)
    load.repeat("GET /api/auth/me", lambda: swarm.ask("/api/auth/me", headers=cookie).status)
    load.repeat("POST /api/auth/login", lambda: swarm.ask("/api/auth/login", "POST", body=account).status)
    with load.running():
        # Another setting makes every task of both another one.
        swarm.deploy(LOG_LEVEL="WARNING")
        for service in ("backend", "frontend"):
            site_under_test.wait_until(
                lambda service=service: swarm.update_state(service) == "completed", f"{service} is replaced", 240
            )
    print(load.report())
    assert not (swarm.tasks("backend") | swarm.tasks("frontend")) & old
    assert set(load.outcomes["GET /"]) == {True}
    assert set(load.outcomes["GET /api/auth/me"]) == {200}
    assert set(load.outcomes["POST /api/auth/login"]) == {200}
