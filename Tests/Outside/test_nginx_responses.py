"""Headers that nginx adds to responses, and nginx's own responses (N4)."""

import contextlib
import json
import socket
import time

import pytest
from site_under_test import TIMEOUT_SECONDS, fetch, free_ports, nginx, send_raw

SECURITY_HEADERS = [
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Permissions-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "X-Request-ID",
]
BIG = b"x" * 70_000
LONG = "a" * 17_000


def too_large(port, path):
    return fetch(port, path, "POST", body=BIG)


def too_long(port, path):
    return fetch(port, path + LONG)


def too_many_headers(port, path):
    return fetch(port, path, headers={"Cookie": LONG})


def malformed(port, path):
    return send_raw(port, f"GET {path} HTTP/1.1\r\nHost: a b\r\n\r\n".encode())


def unknown_coding(port, path):
    return send_raw(port, f"POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: zip\r\n\r\n".encode())


def unknown(port, path):
    return fetch(port, "/health" if path == "/" else "/api/../health")


REJECTIONS = [
    (too_large, 413, "payload_too_large"),
    (too_long, 414, "malformed_request"),
    (too_many_headers, 431, "malformed_request"),
    (malformed, 400, "malformed_request"),
    (unknown_coding, 501, "malformed_request"),
]


def assert_guarded(response):
    """Checks that all security headers are present once, without a server banner."""
    for name in SECURITY_HEADERS:
        assert response.one(name), f"{name} is missing"
    assert response.one("Server") == "nginx"


def assert_problem(response, status, code):
    """Checks for a problem document like the API's (A16)."""
    assert response.status == status
    assert response.one("Content-Type") == "application/problem+json"
    body = response.json()
    assert set(body) == {"type", "title", "status", "detail", "code", "errors", "request_id"}
    assert (body["type"], body["status"], body["code"], body["errors"]) == ("about:blank", status, code, [])
    assert body["title"] and body["detail"]
    assert body["request_id"] == response.one("X-Request-ID")


def assert_page(response, status):
    """Checks for an HTML page."""
    assert response.status == status
    assert response.one("Content-Type") == "text/html; charset=utf-8"
    page = response.body.decode()
    assert page.startswith("<!doctype html>") and f"Error {status}<" in page and response.one("X-Request-ID") in page
    assert "(none)" not in page and "<!--#" not in page


@pytest.mark.parametrize("path", ["/", "/api/auth/me", "/nginx-health", "/error.css"])
def test_n4_responses_have_the_security_headers(front, path):
    response = fetch(front.port, path)
    assert response.status == 200
    assert_guarded(response)


def test_n4_headers_of_the_servers_are_forwarded_unchanged(front):
    response = fetch(front.port, "/?own-headers")
    assert response.status == 503
    assert response.one("X-Frame-Options") == "SAMEORIGIN"
    assert response.one("Content-Security-Policy") == "default-src 'self'"
    assert response.one("Cache-Control") == "max-age=60"
    assert response.one("Retry-After") == "77"
    assert response.one("X-Request-ID") != "of-the-server"
    assert_guarded(response)
    assert response.json()["server"] == "frontend"


@pytest.mark.parametrize(("provoke", "status", "code"), REJECTIONS)
def test_n4_rejected_api_requests_get_problem_documents(front, provoke, status, code):
    response = provoke(front.port, "/api/auth/login")
    assert_problem(response, status, code)
    assert_guarded(response)
    assert response.one("Cache-Control") == "no-store"


@pytest.mark.parametrize(("provoke", "status", "code"), REJECTIONS)
def test_n4_rejected_page_requests_get_pages(front, provoke, status, code):
    response = provoke(front.port, "/login")
    assert_page(response, status)
    assert_guarded(response)


def test_n4_an_unsupported_version_of_http_gets_a_page_with_505(front):
    assert_page(send_raw(front.port, b"GET / HTTP/3.0\r\nHost: a\r\n\r\n"), 505)


def test_n4_a_failed_precondition_on_the_style_sheet_gets_a_page_with_412(front):
    assert_page(fetch(front.port, "/error.css", headers={"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}), 412)
    assert fetch(front.port, "/error.css", headers={"Range": "bytes=999999-"}).status == 200


def test_n4_an_unknown_path_gets_a_page_or_a_problem_document(front):
    assert_page(unknown(front.port, "/"), 404)
    assert_problem(unknown(front.port, "/api/"), 404, "not_found")


def test_n4_the_error_files_themselves_are_not_served(front):
    for path in ("/error.html", "/error.problem", "/health.txt"):
        response = fetch(front.port, path)
        assert response.status == 404 or response.json()["server"] == "frontend"


def test_n4_a_body_of_64_kib_is_accepted(front):
    assert fetch(front.port, "/api/x", "POST", body=b"x" * 65_536).json()["received"] == 65_536


def test_n4_text_is_compressed_for_clients_that_accept_it(front):
    response = fetch(front.port, "/", headers={"Accept-Encoding": "gzip"})
    assert response.one("Content-Encoding") == "gzip"
    assert "Accept-Encoding" in response.headers["Vary"]
    assert json.loads(response.body)["server"] == "frontend"
    assert fetch(front.port, "/").one("Content-Encoding") is None


def test_n4_unavailable_servers_get_502_and_retry_after(echoes):
    with nginx(*free_ports(2)) as run:
        api, page = fetch(run.port, "/api/auth/me"), fetch(run.port, "/login")
        assert_problem(api, 502, "service_unavailable")
        assert_page(page, 502)
        for response in (api, page):
            assert_guarded(response)
            assert response.one("Retry-After") == "5"
        # The page reloads automatically (F8).
        assert page.one("Refresh") == "5"
        assert api.one("Refresh") is None


def test_n4_a_request_that_never_ends_times_out(front):
    starts = {
        "head": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        "body": b"POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf",
    }
    began = time.monotonic()
    with contextlib.ExitStack() as open_connections:
        connections = {}
        for what, start in starts.items():
            connections[what] = connection = open_connections.enter_context(
                socket.create_connection(("127.0.0.1", front.port), timeout=TIMEOUT_SECONDS)
            )
            connection.sendall(start)
        for what, connection in connections.items():
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(65_536)[9:12] in (b"", b"408"), what
    # After 10 seconds; nginx itself would wait for 60.
    assert 9 < time.monotonic() - began < 40


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
def test_w35_rejected_methods_get_an_allow_header(front, method):
    response = send_raw(front.port, f"{method} /login HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert_page(response, 405)
    assert response.one("Allow") == "GET, HEAD, POST, DELETE, OPTIONS"
    assert_guarded(response)


def test_w35_files_of_nginx_allow_get_and_head(front):
    response = fetch(front.port, "/error.css", "POST", body=b"")
    assert_page(response, 405)
    assert response.one("Allow") == "GET, HEAD"


@pytest.mark.parametrize("method", ["FOO", "PROPFIND", "get"])
def test_w35_unknown_methods_get_501(front, method):
    def send(path):
        return send_raw(front.port, f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())

    # nginx does not accept a method in lower case.
    status = 400 if method == "get" else 501
    assert_page(send("/login"), status)
    response = send("/api/auth/me")
    if status == 501:
        assert_problem(response, 501, "malformed_request")
    assert_guarded(response)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n", 413),
        (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 200),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        ("GET /日本語?q=é HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode(), 200),
        (b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200),
    ],
)
def test_w25_no_response_is_empty(front, data, status):
    response = send_raw(front.port, data)
    if status == 200:
        assert response.status == 200 and response.body
    else:
        assert_page(response, status)
    assert_guarded(response)
