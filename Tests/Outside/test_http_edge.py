"""Raw HTTP at the ports of the two servers (W25, W33, W35)."""

import contextlib
import http.client
import json
import re
import socket

import pytest
from site_under_test import TIMEOUT_SECONDS, fetch, send_raw, wait_until

SERVERS = ["api_port", "frontend_port"]
CHUNKED = "Transfer-Encoding: chunked\r\n"
LOGIN = {
    "api_port": "POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n",
    "frontend_port": "POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n",
}


def exchange(port: int, data: bytes | str, *, half_close=False) -> tuple[bytes, bool]:
    """Everything received, and whether the server closed the connection."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(data if isinstance(data, bytes) else data.encode())
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(TimeoutError):
            while part := connection.recv(65_536):
                received += part
            return received, True
    return received, False


def heads(received: bytes) -> list[bytes]:
    """The beginnings of the received status lines."""
    return re.findall(rb"HTTP/1\.\d \d{3}", received)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    "request_head",
    [
        "GET /health/live HTTP/1.0\r\n\r\n",
        "GET /health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close, TE\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: TE , CLOSE\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: TE,\tclose\t,\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nConnection: close\r\n\r\n",
        "GET /nowhere HTTP/1.0\r\n\r\n",
    ],
)
def test_w33_the_connection_is_closed_after_the_response(site, server, request_head):
    received, closed = exchange(getattr(site, server), request_head)
    assert closed, "the connection stays open"
    assert len(heads(received)) == 1
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"\r\nconnection: close" in head.lower()
    assert b"transfer-encoding" not in head.lower() and body


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    "connection", ["", "Connection: keep-alive\r\n", "Connection: TE\r\n", "Connection: closed\r\n"]
)
def test_w33_other_connections_stay_open(site, server, connection):
    request = f"GET /health/live HTTP/1.1\r\nHost: a\r\n{connection}\r\n".encode()
    with socket.create_connection(("127.0.0.1", getattr(site, server)), timeout=TIMEOUT_SECONDS) as client:
        for _ in range(3):
            client.sendall(request)
            response = http.client.HTTPResponse(client)
            response.begin()
            assert response.status == 200 and response.read()
            assert (response.getheader("Connection") or "").lower() != "close"


OTHER_PROTOCOL = [
    "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
    "POST /health/live HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\na",
    "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("request_head", OTHER_PROTOCOL)
def test_w33_a_request_for_another_protocol_is_the_last_of_its_connection(site, server, request_head):
    """RFC 9110, section 7.8: a server may ignore `Upgrade`, with which Java's client begins each connection."""
    received, closed = exchange(getattr(site, server), request_head)
    assert closed, "the connection stays open, but the server ignores what it receives"
    assert len(heads(received)) == 1 and b"\r\nconnection: close" in received.lower()


@pytest.mark.parametrize("server", SERVERS)
def test_w33_nothing_is_stored_after_a_request_for_another_protocol(site, server):
    with socket.create_connection(("127.0.0.1", getattr(site, server)), timeout=5) as connection:
        connection.sendall(OTHER_PROTOCOL[0].encode())
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        # More than the buffers of two sockets hold.
        with pytest.raises(OSError):
            connection.sendall(bytes(64_000_000))


@pytest.mark.parametrize("server", SERVERS)
def test_w33_the_connection_is_closed_after_a_rejected_body(site, server):
    """The client has not sent the rest of the body."""
    with socket.create_connection(("127.0.0.1", getattr(site, server)), timeout=5) as connection:
        connection.sendall(f"{LOGIN[server]}Content-Length: 1000000\r\n\r\n{{".encode())
        received = b""
        while part := connection.recv(65_536):
            received += part
    assert received.startswith(b"HTTP/1.1 413") and b"\r\nconnection: close" in received.lower()


@pytest.mark.parametrize(
    ("server", "path"),
    [
        ("api_port", "/health"),
        ("api_port", "/health/ready"),
        ("api_port", "/api/auth/me"),
        ("api_port", "/docs"),
        ("api_port", "/openapi.json"),
        ("api_port", "/nowhere"),
        ("frontend_port", "/"),
        ("frontend_port", "/login"),
        ("frontend_port", "/robots.txt"),
        ("frontend_port", "/health/ready"),
        ("frontend_port", "/nowhere"),
    ],
)
def test_w33_a_head_response_is_the_get_response_without_a_body(site, server, path):
    got, head = (fetch(getattr(site, server), path, method) for method in ("GET", "HEAD"))
    assert (head.status, head.body) == (got.status, b"")
    ignored = {"date", "x-request-id"}
    fields = [
        {name.lower(): value for name, value in each.headers.items() if name.lower() not in ignored}
        for each in (got, head)
    ]
    # Bodies with the time or the request ID differ in length.
    assert fields[0].keys() == fields[1].keys()
    assert fields[0]["content-type"] == fields[1]["content-type"]


def error_lines(site) -> int:
    """The number of error lines in the logs."""
    return sum('"level":"error"' in line or " error " in line.lower() for line in site.logs().splitlines())


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (CHUNKED, "zz\r\n"),
        (CHUNKED, "5\r\nabcdefgh\r\n0\r\n\r\n"),
        (CHUNKED, "5\r\nabcde\r\n-1\r\n\r\n"),
        (CHUNKED, "ffffffffffffffffff\r\na\r\n"),
        (CHUNKED, "5\r\nab"),
        ("Content-Length: 10\r\n", "abc"),
    ],
)
def test_w35_an_invalid_body_is_reported_as_a_client_error(site, server, framing, body):
    before = error_lines(site)
    received, closed = exchange(getattr(site, server), f"{LOGIN[server]}{framing}\r\n{body}", half_close=True)
    assert closed and len(heads(received)) == 1, received
    assert heads(received)[0].startswith(b"HTTP/1.1 400")
    head, _, content = received.partition(b"\r\n\r\n")
    if server == "api_port":
        assert json.loads(content)["code"] == "malformed_request"
    else:
        assert content.startswith(b"<!doctype html>") and b"x-frame-options" in head.lower()
    request_id = re.search(rb"\r\nx-request-id: (\S+)", head, re.IGNORECASE)[1].decode()
    # A server writes the line after the response.
    wait_until(lambda: request_id in site.logs(), "the server logs the request")
    assert error_lines(site) == before


@pytest.mark.parametrize("server", SERVERS)
def test_w35_an_unread_invalid_body_causes_no_second_response(site, server):
    request = f"GET /health/live HTTP/1.1\r\nHost: a\r\n{CHUNKED}\r\nzz\r\n"
    received, closed = exchange(getattr(site, server), request)
    assert closed
    assert [line[:12] for line in heads(received)] == [b"HTTP/1.1 200"]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    ("data", "status"),
    [
        ("NONSENSE\r\n\r\n", 501),
        ("GET\r\n\r\n", 501),
        ("GET /日本語 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX-\x01: b\r\n\r\n", 400),
        ("FOO / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("GET / HTTP/3.7\r\nHost: a\r\n\r\n", 505),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (f"GET / HTTP/1.1\r\nHost: a\r\nX: {'x' * 20_000}\r\n\r\n", 431),
        ("GET / HTTP/1.1\r\nHost: a\r\n" + f"X: {'x' * 15_000}\r\n" * 5 + "\r\n", 431),
        ("GET / HTTP/1.1\r\nHost: a\r\n" + "".join(f"X-{n}: a\r\n" for n in range(2000)) + "\r\n", 431),
        # RFC 9112, section 3.2.
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        # Section 6.1.
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ],
)
def test_w25_w35_invalid_http_gets_a_response_with_a_body(site, server, data, status):
    received, closed = exchange(getattr(site, server), data)
    assert closed and len(heads(received)) == 1, received
    head, _, content = received.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status}".encode()), head
    if server == "api_port":
        problem = json.loads(content)
        assert (problem["status"], problem["code"]) == (status, "malformed_request")
        assert set(problem) == {"type", "title", "status", "detail", "code", "errors", "request_id"}
    else:
        assert content.startswith(b"<!doctype html>") and f"Error {status}".encode() in content
    for name in (b"content-security-policy", b"x-content-type-options", b"x-request-id", b"connection: close"):
        assert name in head.lower()


@pytest.mark.parametrize("server", SERVERS)
def test_w33_a_client_that_expects_100_continue_receives_it(site, server):
    """RFC 9110, section 10.1.1: the server responds to `Expect: 100-continue` once, before it reads the body."""
    body = b"{}" if server == "api_port" else b"email=a"
    head = f"{LOGIN[server]}Content-Length: {len(body)}\r\nExpect: 100-Continue\r\nConnection: close\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", getattr(site, server)), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(head)
        assert connection.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        received = b""
        while part := connection.recv(65_536):
            received += part
    assert [line[-3:] for line in heads(received)] == [b"422"]
    for request in (b"GET /health/live HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",):
        received, _ = exchange(getattr(site, server), request)
        assert [line[-3:] for line in heads(received)] == [b"200"]
    # Neither HTTP/1.0 nor a pipelined request gets it.
    old = head.replace(b"HTTP/1.1", b"HTTP/1.0") + body
    behind = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n" + head + body
    for request, statuses in ((old, [b"422"]), (behind, [b"200", b"422"])):
        received, _ = exchange(getattr(site, server), request)
        assert [line[-3:] for line in heads(received)] == statuses


@pytest.mark.parametrize("path", ["/日本語", "/login?x=é", "/api/auth/日本語", "/\u0301"])
def test_w25_raw_utf8_in_the_address_gets_a_page(site, path):
    response = send_raw(site.browser_port, f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    # RFC 3986 has no such addresses; browsers escape them.
    assert response.status == 400
    assert len(response.body) > 100
    assert response.one("X-Content-Type-Options") == "nosniff"
    expected = "application/problem+json" if path.startswith("/api/") else "text/html; charset=utf-8"
    assert response.one("Content-Type") == expected


@pytest.mark.parametrize(
    ("server", "path", "allow"),
    [
        ("api_port", "/api/auth/login", "POST"),
        ("api_port", "/api/auth/me", "GET, HEAD"),
        ("frontend_port", "/login", "GET, HEAD, POST"),
    ],
)
@pytest.mark.parametrize("method", ["TRACE", "PATCH", "PROPFIND"])
def test_w35_a_method_that_is_not_allowed_gets_405_with_allow(site, server, path, allow, method):
    response = fetch(getattr(site, server), path, method)
    assert response.status == 405
    assert response.one("Allow") == allow


def test_w25_headers_that_nginx_accepts_are_accepted_by_the_servers(site):
    # The request line uses one of the four buffers.
    head = "".join(f"X-{number}: {'x' * 16_000}\r\n" for number in range(3))
    for path, status in (("/login", b"200"), ("/api/auth/me", b"401")):
        request = f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{head}\r\n"
        received, _ = exchange(site.browser_port, request)
        assert heads(received)[0].split()[1] == status
