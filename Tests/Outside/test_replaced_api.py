"""The frontend while the API is being replaced."""

import contextlib
import json
import os
import socket
import struct
import subprocess
import threading

import pytest
from scripted_api import ADA
from site_under_test import TIMEOUT_SECONDS, binary, fetch, free_ports, kill_on_parent_exit, listens, wait_until


@contextlib.contextmanager
def api_that_resets(count: int, begins: bytes = b""):
    """An API that resets its first connections after a request; yields its port and the requests it has read.

    With `begins`, it first sends the start of a response. It always completes requests for the list of providers, which
    the frontend caches.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    requests: list[bytes] = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                request = b""
                while b"\r\n\r\n" not in request:
                    request += connection.recv(65536)
                line = request.split(b"\r\n")[0]
                is_list = line == b"GET /api/auth/providers HTTP/1.1"
                if not is_list:
                    requests.append(line)
                if not is_list and len(requests) <= count:
                    connection.sendall(begins)
                    # A reset, not an orderly end.
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                else:
                    body = json.dumps({"providers": []} if is_list else ADA).encode()
                    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                    connection.sendall(head.encode() + b"Connection: close\r\n\r\n" + body)
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], requests
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(TIMEOUT_SECONDS)


@contextlib.contextmanager
def frontend(api_port: int):
    """A frontend with that API; yields its port."""
    (port,) = free_ports(1)
    settings = {
        "PATH": os.environ["PATH"], "FRONTEND_HOST": "127.0.0.1", "FRONTEND_PORT": str(port),
        "API_URL": f"http://127.0.0.1:{api_port}", "PUBLIC_URL": f"http://localhost:{port}",
    }
    process = subprocess.Popen([*kill_on_parent_exit(), binary("WebFrontend"), "serve"], env=settings)
    try:
        wait_until(lambda: listens(port) or process.poll() is not None, "the frontend listens")
        yield port
    finally:
        process.terminate()
        process.wait(TIMEOUT_SECONDS)


@pytest.mark.parametrize("begins", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"], ids=["before", "within"])
def test_w80_a_page_survives_connections_that_a_replaced_api_resets(begins):
    """Reads are retried on another connection, twice; writes are not."""
    with api_that_resets(2, begins) as (api_port, requests), frontend(api_port) as port:
        page = fetch(port, "/", headers={"Cookie": "access_token=live"})
        assert page.status == 200 and ADA["name"] in page.body.decode()
        assert requests == [b"GET /api/auth/me HTTP/1.1"] * 3
    with api_that_resets(1, begins) as (api_port, requests), frontend(api_port) as port:
        form = b"email=a%40example.com&password=Correct-Horse-7"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        assert fetch(port, "/login", "POST", headers=headers, body=form).status == 503
        assert requests == [b"POST /api/auth/login HTTP/1.1"]
