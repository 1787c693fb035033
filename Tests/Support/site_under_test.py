"""The running site for tests from outside: its servers, its database, and requests to it."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gzip
import http.client
import itertools
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from built_programs import ROOT, binaries
from built_programs import binary as binary
from processes import cpu_seconds, descendants, kill_on_parent_exit, name_of

PASSWORD = "Correct-Horse-7"
# The timeout in seconds for operations that take less than one second on an idle machine. Tests of the site's own time
# limits use shorter timeouts.
TIMEOUT_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Response:
    """An HTTP response, with its body uncompressed."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self):
        """The body as JSON."""
        return json.loads(self.body)

    def one(self, name: str) -> str | None:
        """A header that must not be repeated."""
        values = self.headers.get_all(name, [])
        assert len(values) <= 1, f"{name} is there {len(values)} times: {values}"
        return values[0] if values else None


def fetch(port: int, path: str, method: str = "GET", headers=None, body=None, source: str | None = None) -> Response:
    """Sends one request exactly as given (without normalizing the path) and reads the response."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", port, timeout=TIMEOUT_SECONDS, source_address=(source, 0) if source else None
    )
    try:
        headers = dict(headers or {})
        connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        if body is not None:
            headers.setdefault("Content-Length", str(len(body)))
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        content = response.read()
        if response.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        return Response(response.status, response.headers, content)
    finally:
        connection.close()


def send_raw(port: int, data: bytes) -> Response:
    """Sends bytes that no client library would send."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(data)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return Response(response.status, response.headers, response.read())


def _port_candidates() -> Iterator[int]:
    """Random ports below the kernel's range for connections, without repetition and different in each worker."""
    first_of_connections = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    # Chromium blocks 10080.
    ports = range(11_000 + worker, max(first_of_connections, 20_000), workers)
    return iter(random.sample(ports, len(ports)))


_candidates = _port_candidates()


def free_ports(count: int) -> list[int]:
    """Ports without a listener that no connection of another test will use as its local port.

    A test starts a program on such a port later. If the kernel had chosen the port, it could assign it to a connection
    in the meantime, and the program would fail to listen.
    """
    return list(itertools.islice((port for port in _candidates if _can_be_bound(port)), count))


def _can_be_bound(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_server(("", port)):
        return True
    return False


def wait_until(condition, what: str, seconds: float = TIMEOUT_SECONDS, details=lambda: "") -> None:
    """Waits until a condition holds. Fails with the description and details after the limit."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} seconds: {what}\n{details()}"
        time.sleep(0.05)


def listens(port: int) -> bool:
    """Whether something accepts connections on the port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def psql(url: str, statement: str) -> str:
    """Runs one statement."""
    return subprocess.run(
        ["psql", "--no-psqlrc", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", statement, url],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@contextlib.contextmanager
def database():
    """A new database in the tests' cluster; yields its connection string."""
    url = os.environ.get("TEST_DATABASE_URL")
    assert url, "TEST_DATABASE_URL is not set; run these tests with `make test`"
    name = f"site_{secrets.token_hex(6)}"
    psql(url, f"create database {name}")
    try:
        yield url.replace("/postgres?", f"/{name}?", 1)
    finally:
        psql(url, f"drop database if exists {name} with (force)")


@functools.cache
def has_compose() -> bool:
    """Whether the Docker Compose client is installed; it needs no engine to read files."""
    version = ["docker", "compose", "version"]
    return bool(shutil.which("docker")) and subprocess.run(version, capture_output=True).returncode == 0


@contextlib.contextmanager
def nginx(backend: int, frontend: int, **settings: str):
    """An nginx with the site's configuration in front of the given ports; yields its browser port."""
    external, browser = free_ports(2)
    folder = Path(tempfile.mkdtemp(prefix="yoshikosan-nginx-"))
    environment = {
        "PATH": f"{os.environ['PATH']}:/usr/sbin",
        "EXTERNAL_PORT": str(external),
        "BROWSER_PORT": str(browser),
        "BACKEND_ADDRESS": f"127.0.0.1:{backend}",
        "FRONTEND_ADDRESS": f"127.0.0.1:{frontend}",
        "NGINX_LISTEN": "127.0.0.1",
        # As root, the workers' user might not be able to access this clone.
        "NGINX_USER": "root" if os.geteuid() == 0 else "",
        **settings,
    }
    process = None
    try:
        subprocess.run([ROOT / "scripts/nginx", folder], check=True, env=environment)
        command = ["nginx", "-e", folder / "error.log", "-c", folder / "nginx.conf", "-g", "daemon off;"]
        process = subprocess.Popen(kill_on_parent_exit() + command, env=environment)
        wait_until(lambda: listens(browser) or process.poll() is not None, "nginx listens")
        assert process.poll() is None, (folder / "error.log").read_text()
        yield NginxRun(browser, external, folder, process.pid)
    finally:
        if process:
            process.terminate()
            process.wait(TIMEOUT_SECONDS)
        shutil.rmtree(folder)


@dataclasses.dataclass(frozen=True)
class NginxRun:
    """A running nginx."""

    port: int
    external_port: int
    folder: Path
    process: int

    def cpu_seconds(self) -> float:
        """The processor time of its workers."""
        children = Path(f"/proc/{self.process}/task/{self.process}/children").read_text().split()
        return sum(cpu_seconds(int(child)) for child in children)

    def log_lines(self) -> list[dict]:
        """The access log."""
        return [json.loads(line) for line in (self.folder / "access.log").read_text().splitlines()]


@dataclasses.dataclass(frozen=True)
class Site:
    """The whole site: nginx, frontend, API and database."""

    browser_port: int
    external_port: int
    api_port: int
    frontend_port: int
    database_url: str
    folder: Path
    process: int

    def server(self, name: str) -> int:
        """The process of one of the programs."""
        [found] = [child for child in descendants(self.process) if name_of(child) == name]
        return found

    @property
    def url(self) -> str:
        """The address for browsers."""
        return f"http://localhost:{self.browser_port}"

    def fetch(self, path: str, method: str = "GET", **request) -> Response:
        """Sends a request through nginx."""
        return fetch(self.browser_port, path, method, **request)

    def logs(self) -> str:
        """The logs of all servers."""
        return "".join(file.read_text(errors="replace") for file in sorted(self.folder.glob("*.log")))


@contextlib.contextmanager
def running_site(**settings: str):
    """Starts the site on free ports with an empty database; stops it and deletes everything afterwards."""
    with database() as url:
        folder = Path(tempfile.mkdtemp(prefix="yoshikosan-site-"))
        external, browser, api, frontend = free_ports(4)
        environment = {
            "PATH": f"{os.environ['PATH']}:/usr/sbin",
            "HOME": os.environ.get("HOME", "/"),
            "LANG": "C.UTF-8",
            "BINARIES": binaries(),
            "APP_ENV": "development",
            "PUBLIC_URL": f"http://localhost:{browser}",
            "EXTERNAL_PORT": str(external),
            "BROWSER_PORT": str(browser),
            "API_HOST": "127.0.0.1",
            "API_PORT": str(api),
            "FRONTEND_HOST": "127.0.0.1",
            "FRONTEND_PORT": str(frontend),
            "API_URL": f"http://127.0.0.1:{api}",
            "NGINX_LISTEN": "127.0.0.1",
            "MIGRATION_DATABASE_URL": url,
            "DATABASE_URL": url.replace("//yoshikosan@", "//yoshikosan_api@", 1),
            "SECRET_KEY": secrets.token_urlsafe(48),
            "CREDENTIAL_RATE": "60000",
            "CREDENTIAL_BURST": "60000",
            "REGISTRATION_LIMIT_NETWORK": "100000/60",
            "LOGIN_LIMIT_NETWORK": "100000/60",
            **settings,
        }
        process = subprocess.Popen(
            [*kill_on_parent_exit(), ROOT / "scripts/stack", folder],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            ready = folder / "ready"
            wait_until(lambda: ready.exists() or process.poll() is not None, "the site responds", 3 * TIMEOUT_SECONDS)
            if process.poll() is not None:
                raise AssertionError(f"the site did not start: {process.stderr.read()}")
            yield Site(browser, external, api, frontend, url, folder, process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(TIMEOUT_SECONDS)
            shutil.rmtree(folder, ignore_errors=True)
