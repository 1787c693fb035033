"""The application is closed unless the check proves the user's identity."""

import contextlib
import socket
import time

import pytest
from echo_application import echo_application
from scripted_check import ADMITTED, USER, scripted_check
from site_under_test import fetch, free_ports, nginx


def without(name: str) -> str:
    """The admitting response without one header."""
    return "".join(line + "\r\n" for line in ADMITTED.split("\r\n")[:-1] if not line.startswith(name + ":"))


def body(status: str, headers: str = "", content: str = "") -> str:
    """A response with a body."""
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(content)}\r\n\r\n{content}"


# Possible responses of the check, by fault.
BROKEN = {
    "500": body("500 Internal Server Error"),
    "502": body("502 Bad Gateway"),
    "503": body("503 Service Unavailable", "Retry-After: 9\r\n", "{}"),
    "429": body("429 Too Many Requests"),
    "404": body("404 Not Found"),
    "400": body("400 Bad Request"),
    "431": body("431 Request Header Fields Too Large"),
    "redirect": body("302 Found", "Location: /login\r\n"),
    "redirect with an identity": body("302 Found", f"Location: /\r\nX-User-ID: {USER}\r\nRemote-User: {USER}\r\n"),
    "200 without identity": body("200 OK", content="welcome"),
    "200 with an identity": body("200 OK", f"X-User-ID: {USER}\r\nRemote-User: {USER}\r\n"),
    "204 without identity": "HTTP/1.1 204 No Content\r\n\r\n",
    "204 without the identifier": without("X-User-ID"),
    "204 without the user": without("Remote-User"),
    "204 with an empty user": ADMITTED.replace(f"Remote-User: {USER}", "Remote-User: "),
    "204 with a malformed identifier": ADMITTED.replace(f"X-User-ID: {USER}", f"X-User-ID: {USER}0"),
    "204 with another identifier": ADMITTED.replace(f"X-User-ID: {USER}", "X-User-ID: anonymous"),
    "204 with an identifier in upper case": ADMITTED.replace(f"X-User-ID: {USER}", f"X-User-ID: {USER.upper()}"),
    "204 with blanks in the user": ADMITTED.replace(f"Remote-User: {USER}", "Remote-User: a b"),
    "204 with a user outside ASCII": ADMITTED.replace(f"Remote-User: {USER}", "Remote-User: \xe4"),
    "206": ADMITTED.replace("204 No Content", "206 Partial Content"),
    "a header too large": ADMITTED.replace("theme=dark", "a=" + "x" * 40_000),
    "no HTTP": "SSH-2.0-OpenSSH_9.2\r\n",
    "nothing": "",
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("path", ["/", "/notes?a=1", "/api/notes"])
def test_app3_an_incomplete_response_of_the_check_admits_no_request(proxy, what, path):
    proxy.check.response = BROKEN[what]
    page = proxy.fetch(path, headers={"Sec-Fetch-Mode": "navigate", "Cookie": "access_token=x"})
    assert proxy.received_nothing
    assert page.status == 503 and page.one("Retry-After") == "5"
    assert "<h1>Service unavailable</h1>" in page.body.decode()
    problem = proxy.fetch(path, "POST", body=b"x", headers={"Cookie": "access_token=x"})
    assert proxy.received_nothing
    assert (problem.status, problem.json()["code"]) == (503, "service_unavailable")
    assert problem.one("Retry-After") == "5"


def test_app3_the_complete_response_of_the_check_admits_the_request(proxy):
    assert proxy.fetch("/notes").status == 200
    assert proxy.received().one("Remote-User") == USER


@pytest.mark.parametrize("way", ["stopped", "hanging", "closing"])
def test_app3_requests_are_rejected_while_the_api_is_unavailable(way):
    [port, frontend] = free_ports(2)
    with echo_application() as application, nginx(port, frontend, APP_UPSTREAM=application.url) as run:
        with scripted_check(port) if way != "stopped" else contextlib.nullcontext() as check:
            if check:
                check.response = None if way == "hanging" else ""
            started = time.monotonic()
            page = fetch(run.port, "/notes")
            assert (page.status, page.one("Retry-After")) == (503, "5")
            # nginx waits four seconds for the check instead of a minute.
            assert time.monotonic() - started < 30
            assert not application.requests
        with scripted_check(port) as check:
            assert fetch(run.port, "/notes").status == 200
            # At the first attempt.
            assert len(check.requests) == 1


def test_app3_the_check_receives_only_the_cookies_of_the_request(proxy):
    """The check gets no path, method or body, which it could interpret differently from the application."""
    proxy.fetch(
        "/notes?secret=1",
        "PUT",
        body=b"x" * 5000,
        headers={"Cookie": "a=1", "Authorization": "Bearer x", "X-Forwarded-For": "9.9.9.9", "User-Agent": "curl"},
    )
    [check_request] = proxy.check.requests
    assert check_request.line == "GET /api/auth/check HTTP/1.1"
    assert {name.lower() for name, _ in check_request.headers} == {"host", "cookie", "x-real-ip", "x-request-id"}
    assert check_request.one("Cookie") == "a=1" and check_request.one("X-Real-IP") == "127.0.0.1"
    assert check_request.one("X-Request-ID") == proxy.received().one("X-Request-ID")


def test_app3_several_cookie_headers_are_joined_for_the_check(proxy):
    proxy.raw("GET / HTTP/1.1\nHost: a\nCookie: a=1\nCookie: b=2\nConnection: close")
    assert proxy.check.requests[0].all("Cookie") == ["a=1; b=2"]


def test_app3_an_unavailable_application_is_reported():
    [application, frontend] = free_ports(2)
    with scripted_check() as check, nginx(check.port, frontend, APP_UPSTREAM=f"http://127.0.0.1:{application}") as run:
        page = fetch(run.port, "/notes", headers={"Sec-Fetch-Mode": "navigate"})
        assert page.status == 502 and page.one("Retry-After") == "5" and page.one("Refresh") == "5"
        assert fetch(run.port, "/notes").json()["code"] == "service_unavailable"


@contextlib.contextmanager
def unreachable_server():
    """The address of a server that does not respond to connections, like a machine without power."""
    with contextlib.ExitStack() as connections:
        listener = connections.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        with contextlib.suppress(TimeoutError):
            # The kernel ignores connections while the queue of the listener is full.
            while True:
                waiting = socket.create_connection(listener.getsockname(), timeout=0.5)
                connections.enter_context(waiting)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_app3_an_unreachable_replica_of_the_application_is_replaced(echoes, application, method):
    application.requests.clear()
    with (
        unreachable_server() as unreachable,
        scripted_check() as check,
        nginx(check.port, echoes[1], APP_UPSTREAM=f"{unreachable},{application.url}") as run,
    ):
        for _ in range(2):
            assert fetch(run.port, "/notes", method, body=None if method == "GET" else b"x").status == 200
    assert len(application.requests) == 2
