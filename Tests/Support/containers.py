"""The site in containers: a separate Compose project, inspected with the engine's tools."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

import site_under_test
from site_under_test import TIMEOUT_SECONDS

ROOT = Path(__file__).resolve().parents[2]
# The names from scripts/test-containers, which no site on this machine uses.
IMAGE_NAME = "yoshikosan-test"
BACKUP_IMAGE = f"{IMAGE_NAME}-backup"
BACKEND_IMAGE = f"{IMAGE_NAME}-backend"
FRONTEND_IMAGE = f"{IMAGE_NAME}-frontend"
NGINX_IMAGE = f"{IMAGE_NAME}-nginx"
IMAGES = {"backend": BACKEND_IMAGE, "frontend": FRONTEND_IMAGE, "nginx": NGINX_IMAGE}
POSTGRES_IMAGE = "postgres:17-bookworm"

# Variables that compose.yml, Compose and the scripts read; tests must not inherit them.
_SETTINGS = {
    *re.findall(r"\$\{([A-Z][A-Z0-9_]*)", (ROOT / "compose.yml").read_text()),
    *"APP BACKUPS BACKUP_IDENTITY COMPOSE_FILE COMPOSE_PROFILES COMPOSE_ENV_FILES MIGRATE_ON_START YES".split(),
}


def docker(*arguments: str, check: bool = True, timeout: float = 300) -> str:
    """Runs the engine's client; returns its standard output."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=timeout)
    if check and done.returncode != 0:
        raise AssertionError(f"docker {' '.join(arguments)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def copy_sources(folder: Path) -> None:
    """Copies the tracked files of this project, including uncommitted changes."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listing.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def inspect(*names: str) -> list[dict]:
    """The engine's data about containers, images, networks or volumes."""
    return json.loads(docker("inspect", *names)) if names else []


def reaches_example(network: str, host: str, port: int, seconds: int = 3) -> bool:
    """Whether the example application responds to a new container in a network, or in the network of a container."""
    request = "printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && grep -qi '^server: uvicorn' <&3 && echo reached"
    run = ["run", "--rm", f"--network={network}", "--entrypoint=timeout", POSTGRES_IMAGE, str(seconds), "bash", "-c"]
    return docker(*run, f"exec 3<>/dev/tcp/{host}/{port} && {request}", check=False) == "reached"


@contextlib.contextmanager
def host_address():
    """The address at which containers reach this machine: the gateway of a temporary network.

    W92: The engine reports the gateway of its default bridge only after a restart.
    """
    name = f"yoshikosan-test-host-{secrets.token_hex(4)}"
    docker("network", "create", name)
    try:
        yield inspect(name)[0]["IPAM"]["Config"][0]["Gateway"]
    finally:
        docker("network", "rm", name)


class Stack:
    """One Compose project with its own ports, networks, volumes and secrets."""

    def __init__(self, **settings: str):
        self.project = f"yoshikosan-test-{secrets.token_hex(4)}"
        # The folder in which the commands run.
        self.root = ROOT
        self.external_port, self.browser_port = site_under_test.free_ports(2)
        self.environment = {name: value for name, value in os.environ.items() if name not in _SETTINGS} | {
            "COMPOSE_PROJECT_NAME": self.project,
            "IMAGE_NAME": IMAGE_NAME,
            # Tests must not read a developer's .env.
            "COMPOSE_DISABLE_ENV_FILE": "1",
            "BIND_ADDRESS": "127.0.0.1",
            "EXTERNAL_PORT": str(self.external_port),
            "BROWSER_PORT": str(self.browser_port),
            "CREDENTIAL_RATE": "60000",
            "CREDENTIAL_BURST": "60000",
            "REGISTRATION_LIMIT_NETWORK": "100000/60",
            "LOGIN_LIMIT_NETWORK": "100000/60",
            **settings,
        }

    @property
    def url(self) -> str:
        """The address for browsers."""
        return f"http://localhost:{self.browser_port}"

    def run(self, *command: str | Path, check: bool = True, timeout: float = 3600) -> subprocess.CompletedProcess:
        """Runs a program with the project's settings; its timeout is long enough to compile both servers."""
        done = subprocess.run(
            command, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=timeout
        )
        if check and done.returncode != 0:
            words = " ".join(str(word) for word in command)
            raise AssertionError(f"{words}: status {done.returncode}\n{done.stdout}{done.stderr}\n{self.logs()}")
        return done

    def run_until(self, text: str, how: signal.Signals, *command: str) -> tuple[int, str]:
        """Runs a program and sends a signal at its first output; SIGINT to the whole group, like a terminal."""
        program = subprocess.Popen(
            # Tests may run in the background, where SIGINT is ignored.
            ["env", "--default-signal=INT", *command],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        output = ""
        for line in program.stderr:
            output += line
            if text in line:
                (os.killpg if how == signal.SIGINT else os.kill)(program.pid, how)
                break
        else:
            raise AssertionError(output)
        output += program.stderr.read()
        return program.wait(5 * TIMEOUT_SECONDS), output

    def compose(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
        """Runs Docker Compose."""
        return self.run("docker", "compose", *arguments, check=check)

    def up(self, *arguments: str) -> None:
        """Starts services and waits until they are healthy."""
        self.compose("up", "--detach", "--no-build", "--wait", "--wait-timeout", "180", *arguments)

    def remove(self) -> None:
        """Removes everything of the project."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "5")

    def containers(self, service: str) -> list[str]:
        """The container IDs of a service, including stopped ones."""
        return self.compose("ps", "--all", "--quiet", service).stdout.split()

    def container(self, service: str) -> dict:
        """The engine's data about the one container of a service."""
        (one,) = inspect(*self.containers(service))
        return one

    def logs(self, *services: str) -> str:
        """The logs of the services, both streams."""
        done = subprocess.run(
            ["docker", "compose", "logs", "--no-color", *services],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        return done.stdout + done.stderr

    def fetch(self, path: str, method: str = "GET", **request) -> site_under_test.Response:
        """Sends a request to the published port."""
        return site_under_test.fetch(self.browser_port, path, method, **request)

    def query(self, statement: str, role: str = "yoshikosan") -> str:
        """Runs one statement, by default as the database's owner."""
        command = ["psql", "--no-psqlrc", "-qAt", "-v", "ON_ERROR_STOP=1", "-U", role, "-d", "yoshikosan"]
        command += ["-c", statement]
        return self.compose("exec", "-T", "postgres", *command).stdout.strip()

    def secret(self, name: str) -> str:
        """The content of a file in the volumes of secrets."""
        volume = f"{self.project}_{'owner-' if name == 'postgres_password' else ''}secrets:/secrets:ro"
        return docker("run", "--rm", "--user=0", "--entrypoint=cat", f"-v={volume}", POSTGRES_IMAGE, f"/secrets/{name}")

    def register(self) -> str:
        """Creates an account; returns its cookie."""
        account = {"email": f"account-{secrets.token_hex(6)}@example.com", "password": site_under_test.PASSWORD}
        response = self.fetch("/api/auth/register", "POST", body=account | {"name": "Aiko Tanaka"})
        assert response.status == 201, response
        return response.headers["Set-Cookie"].split(";")[0]

    def wait(self, condition, what: str, seconds: float = 2 * TIMEOUT_SECONDS) -> None:
        """Waits until a condition holds. Fails with the description and the logs after the limit."""
        site_under_test.wait_until(condition, what, seconds, lambda: self.logs()[-6000:])


@contextlib.contextmanager
def project(**settings: str):
    """Yields a project that is not started yet, and removes it completely after the block."""
    stack = Stack(**settings)
    try:
        yield stack
    finally:
        stack.remove()
        left = [
            docker(kind, "ls", "--quiet", *more, "--filter", f"label=com.docker.compose.project={stack.project}")
            for kind, *more in (("container", "--all"), ("network",), ("volume",))
        ]
        assert left == ["", "", ""], f"left behind by {stack.project}: {left}"
