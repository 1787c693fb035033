"""The servers under load: ours as deployed, one that returns a constant, and the configured peer."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PASSWORD = "Correct-Horse-7"
# All requests come from one address, so the rate limits are very high; attempts are still counted.
UNLIMITED = {
    "LOGIN_LIMIT_ACCOUNT": "100000/1",
    "LOGIN_LIMIT_DEVICE": "100000/1",
    "LOGIN_LIMIT_NETWORK": "100000/1",
    "REGISTRATION_LIMIT_NETWORK": "100000/1",
}


def free_port() -> int:
    """A free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def inherited() -> dict[str, str]:
    """The variables that a server inherits; the connection string does not contain the database password."""
    names = ("PATH", "HOME", "PGPASSWORD")
    return {"HOME": "/"} | {name: os.environ[name] for name in names if name in os.environ}


class Server:
    """A server process on a separate port; `started` is the time from exec to its first 200, in seconds."""

    def __init__(self, name: str, command: list[str], port: int, path: str, environment: dict[str, str]):
        self.name, self.port = name, port
        self.base = f"http://127.0.0.1:{port}"
        self.log = Path(tempfile.gettempdir(), f"bench-{name}-{port}.log")
        begun = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *command],
                env=inherited() | environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while not self.responds(path):
            if self.process.poll() is not None or time.monotonic() - begun > 60:
                self.stop()
                raise RuntimeError(f"{name} did not start, see {self.log}")
            time.sleep(0.001)
        self.started = time.monotonic() - begun

    @property
    def pid(self) -> int:
        """The process ID."""
        return self.process.pid

    def responds(self, path: str) -> bool:
        """Whether a path returns 200."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.fetch("GET", path)[0] == 200
        return False

    def fetch(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, object, bytes]:
        """One request on a separate connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, path, data, ({"Content-Type": "application/json"} if data else {}) | headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def stop(self) -> None:
        """Stops the server with SIGTERM; after 15 seconds, kills its process group with SIGKILL."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.process.returncode == 0:
            self.log.unlink(missing_ok=True)


def api(binaries: Path, database: str, **settings: str) -> Server:
    """AuthAPI with the settings of production."""
    port = free_port()
    environment = {
        "APP_ENV": "production",
        "PUBLIC_URL": "http://localhost:8080",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": database,
        "API_HOST": "127.0.0.1",
        "API_PORT": str(port),
    }
    return Server(
        "AuthAPI", [f"{binaries}/AuthAPI", "serve"], port, "/health/ready", environment | UNLIMITED | settings
    )


def frontend(binaries: Path, api_url: str, **settings: str) -> Server:
    """WebFrontend with the settings of production."""
    port = free_port()
    environment = {
        "APP_ENV": "production",
        "PUBLIC_URL": "http://localhost:8080",
        "API_URL": api_url,
        "FRONTEND_HOST": "127.0.0.1",
        "FRONTEND_PORT": str(port),
    }
    return Server("WebFrontend", [f"{binaries}/WebFrontend", "serve"], port, "/health/live", environment | settings)


def constant(binaries: Path) -> Server:
    """A Hummingbird server with one route that returns a constant."""
    port = free_port()
    return Server("ConstantRoute", [f"{binaries}/ConstantRoute", str(port)], port, "/", {})


def peer(command: str, database: str) -> Server:
    """Another server with the same purpose; {port} and {database} in its command are replaced."""
    port = free_port()
    words = shlex.split(command.replace("{port}", str(port)).replace("{database}", database))
    return Server("peer", words, port, "/health", dict(os.environ) | {"DATABASE_URL": database})


class TestUsers:
    """Accounts of one run on one server, and their sessions."""

    def __init__(self, server: Server, prefix: str, count: int):
        self.server, self.prefix, self.run = server, prefix, secrets.token_hex(4)
        with ThreadPoolExecutor(2) as pool:
            self.headers = list(pool.map(self._join, range(count)))

    def _join(self, number: int) -> str:
        email = f"bench-{self.run}-{number}@example.com"
        credentials = {"email": email, "password": PASSWORD}
        status, _, text = self.server.fetch("POST", f"{self.prefix}/register", credentials | {"name": "Bench"})
        assert status == 201, (status, text)
        status, headers, text = self.server.fetch("POST", f"{self.prefix}/login", credentials)
        assert status == 200, (status, text)
        for cookie in headers.get_all("Set-Cookie", []):
            if "access_token=" in cookie.split(";", 1)[0]:
                return "Cookie: " + cookie.split(";", 1)[0]
        raise AssertionError("the login set no session cookie")

    @property
    def login_body(self) -> str:
        """The credentials of the user with the number {N}."""
        return json.dumps({"email": f"bench-{self.run}-{{N}}@example.com", "password": PASSWORD})

    @staticmethod
    def registration_body() -> str:
        """The body that registers a new user; {N} is a number."""
        email = f"new-{secrets.token_hex(4)}-{{N}}@example.com"
        return json.dumps({"email": email, "password": PASSWORD, "name": "Bench"})
