"""docker/stack.yml on a swarm of one node, with a database outside of it."""

import contextlib
import json
import os
import secrets
import subprocess

import containers
import pytest
import site_under_test
from load import Load

pytestmark = pytest.mark.long

ACCOUNT = {"email": "swarm@example.com", "password": site_under_test.PASSWORD}


class Swarm:
    """A separate stack and its PostgreSQL."""

    def __init__(self, gateway: str):
        self.name = f"yoshikosan-test-{secrets.token_hex(4)}"
        self.external_port, self.browser_port, self.database_port, unused_port = site_under_test.free_ports(4)
        password = secrets.token_urlsafe(24)
        containers.docker(
            "run", "--detach", f"--name={self.name}-postgres", f"--publish={gateway}:{self.database_port}:5432",
            f"--env=POSTGRES_PASSWORD={password}", "--env=POSTGRES_USER=yoshikosan", containers.POSTGRES_IMAGE,
        )
        # The first host is unavailable; the second accepts writes.
        hosts = f"{gateway}:{unused_port},{gateway}:{self.database_port}"
        database = f"{hosts}/yoshikosan?target_session_attrs=read-write"
        self.secrets = {
            "secret_key": secrets.token_urlsafe(48),
            "database_url": f"postgresql://api:{secrets.token_urlsafe(24)}@{database}",
            "migration_database_url": f"postgresql://yoshikosan:{password}@{database}",
        }
        for name, value in self.secrets.items():
            command = ["docker", "secret", "create", f"{self.name}_{name}", "-"]
            subprocess.run(command, input=value, text=True, check=True, capture_output=True)

    def deploy(self, *additions: str, **settings: str) -> None:
        """Deploys the stack, or its changes, with additional files."""
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
        files = [f"--compose-file={file}" for file in ("docker/stack.yml", *additions)]
        subprocess.run(
            ["docker", "stack", "deploy", "--resolve-image=never", *files, self.name],
            cwd=containers.ROOT, env=environment, check=True, capture_output=True, text=True,
        )

    def await_replicas(self, **counts: str) -> None:
        """Waits until all tasks of the services run and the migration has completed."""
        expected = {"migrate": "0/1", "backend": "2/2", "frontend": "2/2", "nginx": "1/1", "backup": "0/0"} | counts
        try:
            site_under_test.wait_until(lambda: self.replicas() == expected, f"{expected} run", 600)
        except AssertionError as error:
            columns = "{{.Name}} {{.DesiredState}} {{.CurrentState}} {{.Error}}"
            tasks = containers.docker("stack", "ps", "--no-trunc", "--format", columns, self.name)
            raise AssertionError(f"{error}\n{self.replicas()}\n{tasks}") from None

    @contextlib.contextmanager
    def updating(self, *services: str):
        """Waits at the end of the block until every task of the services is replaced."""
        old = {service: self.tasks(service) for service in services}
        yield
        for service, tasks in old.items():
            site_under_test.wait_until(
                lambda service=service, tasks=tasks: (
                    not self.tasks(service) & tasks and self.update_state(service) == "completed"
                ),
                f"{service} is replaced", 600,
            )

    def container(self, service: str) -> dict:
        """The engine's data about one running container of a service."""
        label = f"label=com.docker.swarm.service.name={self.name}_{service}"
        return containers.inspect(containers.docker("container", "ls", "--quiet", "--filter", label).split()[0])[0]

    def tasks(self, service: str) -> set[str]:
        """The running tasks of a service."""
        listing = containers.docker(
            "service", "ps", "--quiet", "--filter", "desired-state=running", f"{self.name}_{service}"
        )
        return set(listing.split())

    def fetch(self, path: str, method: str = "GET", **request) -> site_under_test.Response:
        """Sends a request to the published port."""
        return site_under_test.fetch(self.browser_port, path, method, **request)

    def replicas(self) -> dict[str, str]:
        """The number of running and of desired tasks of each service."""
        listing = containers.docker(
            "service", "ls", "--filter", f"label=com.docker.stack.namespace={self.name}", "--format",
            "{{.Name}} {{.Replicas}}",
        )
        return {line.split()[0].removeprefix(f"{self.name}_"): line.split()[1] for line in listing.splitlines()}

    def update_state(self, service: str) -> str:
        """The progress of a rolling update."""
        return containers.docker(
            "service", "inspect", "--format", "{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}",
            f"{self.name}_{service}",
        )

    def remove(self) -> None:
        """Removes everything of the stack."""
        label = f"label=com.docker.stack.namespace={self.name}"
        containers.docker("stack", "rm", self.name, check=False)
        site_under_test.wait_until(
            lambda: not containers.docker("container", "ls", "--all", "--quiet", "--filter", label)
            and not containers.docker("network", "ls", "--quiet", "--filter", label),
            "the stack is gone",
            300,
        )
        containers.docker("rm", "--force", "--volumes", f"{self.name}-postgres")
        for name in self.secrets:
            containers.docker("secret", "rm", f"{self.name}_{name}")
        volumes = containers.docker("volume", "ls", "--quiet", "--filter", label).split()
        if volumes:
            containers.docker("volume", "rm", *volumes)


@pytest.fixture(scope="module")
def swarm(gateway):
    """A stack with two accounts, in a swarm of this node alone that ends with the tests unless it was there before."""
    state = containers.docker("info", "--format", "{{.Swarm.LocalNodeState}}")
    # What the engine creates for a swarm and does not remove.
    bridge = "docker_gwbridge"
    had_bridge = containers.docker("network", "ls", "--quiet", "--filter", f"name={bridge}")
    if state != "active":
        containers.docker("swarm", "init", "--advertise-addr=127.0.0.1")
    stack = Swarm(gateway)
    try:
        stack.deploy()
        stack.await_replicas()
        site_under_test.wait_until(
            lambda: site_under_test.listens(stack.browser_port) and stack.fetch("/api/auth/me").status == 401,
            "the site responds", 300,
        )
        # One account stays signed in; the other signs in, which after a hundred times ends its first session.
        for email in (ACCOUNT["email"], "swarm-visitor@example.com"):
            body = ACCOUNT | {"email": email, "name": "Aiko Tanaka"}
            registered = stack.fetch("/api/auth/register", "POST", body=body)
            assert registered.status == 201, registered
        stack.cookie = {"Cookie": registered.headers["Set-Cookie"].split(";")[0]}
        yield stack
    finally:
        stack.remove()
        if state != "active":
            containers.docker("swarm", "leave", "--force")
            if not had_bridge:
                # Engine 20.10 may report endpoints of this network that no longer exist, until it is restarted.
                containers.docker("network", "rm", bridge, check=False)


def test_the_stack_replaces_its_servers_without_a_failed_request(swarm):
    """C6, N6, D7: the stack serves, and replaces its servers without a failed request."""
    assert b"Aiko Tanaka" in site_under_test.fetch(swarm.external_port, "/", headers=swarm.cookie).body
    load = Load()
    load.repeat("GET /", lambda: b"Aiko Tanaka" in swarm.fetch("/", headers=swarm.cookie).body)
    load.repeat("GET /api/auth/me", lambda: swarm.fetch("/api/auth/me", headers=swarm.cookie).status)
    load.repeat("POST /api/auth/login", lambda: swarm.fetch("/api/auth/login", "POST", body=ACCOUNT).status)
    # A changed setting replaces every task of both.
    with load.running(), swarm.updating("backend", "frontend"):
        swarm.deploy(LOG_LEVEL="WARNING")
    print(load.report())
    assert set(load.outcomes["GET /"]) == {True}
    assert set(load.outcomes["GET /api/auth/me"]) == {200}
    assert set(load.outcomes["POST /api/auth/login"]) == {200}


def test_w91_only_the_labeled_node_creates_backups(swarm):
    """The first backup is created and checked at once."""
    assert swarm.replicas()["backup"] == "0/0"
    (node,) = containers.docker("node", "ls", "--quiet").split()
    label = f"{swarm.name}-backup"
    containers.docker("node", "update", "--label-add", f"{label}=true", node)
    try:
        swarm.await_replicas(backup="1/1")
        container = swarm.container("backup")["Id"]
        mounts = swarm.container("backup")["Mounts"]
        assert [each["Name"] for each in mounts if each["Type"] == "volume"] == [f"{swarm.name}_backups"]

        def has_succeeded() -> bool:
            return ".last-success" in containers.docker("exec", container, "ls", "-A", "/backups").split()

        def output() -> str:
            return containers.docker("service", "logs", "--raw", f"{swarm.name}_backup")

        site_under_test.wait_until(has_succeeded, f"a backup succeeds; output: {output()}", 300)
        backend = swarm.container("backend")["Id"]
        findings = json.loads(containers.docker("exec", backend, "AuthAPI", "doctor", "--json", check=False))
        (backups,) = [each for each in findings if each["subject"] == "backups"]
        assert backups["level"] == "ok", backups
    finally:
        containers.docker("node", "update", "--label-rm", label, node)
    swarm.await_replicas()


def test_app12_the_stack_serves_an_application_through_nginx_only(swarm):
    """The application gets the user's identity; no other container reaches it."""
    with swarm.updating("backend", "frontend", "nginx"):
        swarm.deploy("examples/app/stack.yml", APP_PATH="/app/", APP_PUBLIC_PATHS="/app/static/")
    swarm.await_replicas(app="1/1")
    site_under_test.wait_until(
        lambda: site_under_test.listens(swarm.browser_port) and swarm.fetch("/app/static/notes.css").status == 200,
        "the application responds", 300,
    )
    forged = {"Remote-User": "admin", "Remote-Name": "admin"}
    assert swarm.fetch("/app/notes", headers=forged).status == 401
    page = swarm.fetch("/app/notes", headers=swarm.cookie | forged)
    assert page.status == 200 and b"Aiko Tanaka" in page.body and b"admin" not in page.body

    networks = swarm.container("app")["NetworkSettings"]["Networks"]
    assert list(networks) == [f"{swarm.name}_application"]
    host = networks[f"{swarm.name}_application"]["IPAddress"]
    reached = {
        service: containers.reaches_example(f"container:{swarm.container(service)['Id']}", host, 4000, seconds)
        for service, seconds in (("nginx", 60), ("backend", 3), ("frontend", 3))
    }
    assert reached == {"nginx": True, "backend": False, "frontend": False}
