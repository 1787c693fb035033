"""E7: a server that is told to stop finishes the requests under way, and is gone within ten seconds."""

import contextlib
import http.client
import secrets
import signal
import socket
import subprocess
import time

import pytest
from site_under_test import binary, database, dying_with_us, free_ports, listens, wait_until


@contextlib.contextmanager
def server(name: str, port: int, **settings: str):
    """One of the two programs by itself, listening."""
    environment = {"SECRET_KEY": secrets.token_urlsafe(48), **settings}
    process = subprocess.Popen([*dying_with_us(), binary(name), "serve"], env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: listens(port) or process.poll() is not None, f"{name} listens")
        assert process.poll() is None
        yield process
    finally:
        process.kill()
        process.wait()


def stop_in_the_middle(process, port: int, path: str, content_type: str, body: bytes) -> tuple[bytes, int]:
    """Tells the server to stop while half a request is there, sends the rest, and gives answer and exit status."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        # One piece with a whole request before it: its answer tells that the half one has been read as well.
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n" + head.encode() + body[:1])
        first = http.client.HTTPResponse(connection)
        first.begin()
        first.read()
        assert first.status == 200
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        wait_until(lambda: not listens(port), "the server takes no more connections")
        connection.sendall(body[1:])
        answer = connection.recv(65536)
    status = process.wait(10)
    assert time.monotonic() - started < 10
    return answer, status


def test_e7_the_api_finishes_a_sign_in():
    """The database and the hashing threads end after the last request."""
    (port,) = free_ports(1)
    with database() as url, server("AuthAPI", port, API_HOST="127.0.0.1", API_PORT=str(port), DATABASE_URL=url) as api:
        ready = [binary("AuthAPI"), "healthcheck", "--url", f"http://127.0.0.1:{port}/health/ready"]
        wait_until(lambda: subprocess.run(ready, capture_output=True).returncode == 0, "the API is ready")
        body = b'{"email":"nobody@example.com","password":"Wrong-passw0rd"}'
        answer, status = stop_in_the_middle(api, port, "/api/auth/login", "application/json", body)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert status == 0


def test_e7_the_frontend_finishes_a_form():
    """The form is answered, here with 503, since there is no API."""
    port, nowhere = free_ports(2)
    settings = {"FRONTEND_HOST": "127.0.0.1", "FRONTEND_PORT": str(port), "API_URL": f"http://127.0.0.1:{nowhere}"}
    with server("WebFrontend", port, **settings) as frontend:
        body = b"email=ada%40example.com&password=Passw0rd"
        answer, status = stop_in_the_middle(frontend, port, "/login", "application/x-www-form-urlencoded", body)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert status == 0


@pytest.mark.parametrize(("name", "setting"), [("AuthAPI", "API"), ("WebFrontend", "FRONTEND")])
def test_a_port_in_use_is_named_with_the_way_out(name, setting):
    """Exit status 69, and one sentence instead of an error of the system."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environment = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "DATABASE_URL": "postgresql://nobody@/nothing?host=/nonexistent",
            f"{setting}_HOST": "127.0.0.1",
            f"{setting}_PORT": str(port),
        }
        run = subprocess.run([binary(name), "serve"], env=environment, capture_output=True, text=True, timeout=30)
    assert run.returncode == 69
    assert f"port {port} on 127.0.0.1 is in use; choose another with {setting}_PORT" in run.stderr


@pytest.mark.parametrize("name", ["AuthAPI", "WebFrontend"])
def test_c5_a_health_check_without_a_server_fails(name):
    """Exit status 69: what the check needs is away."""
    (port,) = free_ports(1)
    check = subprocess.run([binary(name), "healthcheck", "--url", f"http://127.0.0.1:{port}/health/live"])
    assert check.returncode == 69
