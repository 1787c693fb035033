"""WebSocket, event streams and uploads."""

import contextlib
import http.client
import socket
import time
from pathlib import Path

import pytest
from echo_application import WebSocketClient, echo_application
from protected_application import GuardedProxy
from scripted_check import ADMITTED, scripted_check
from site_under_test import TIMEOUT_SECONDS, nginx, send_raw, wait_until

SIGNED_OUT = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"


@contextlib.contextmanager
def guarded_proxy(frontend: int, **settings: str):
    """A separate nginx."""
    with (
        echo_application() as application,
        scripted_check() as check,
        nginx(check.port, frontend, APP_UPSTREAM=application.url, **settings) as run,
    ):
        yield GuardedProxy(run, check, application)


@pytest.fixture(scope="module")
def _wide(echoes):
    with guarded_proxy(echoes[1], APP_MAX_BODY="300m") as proxy:
        yield proxy


@pytest.fixture
def wide(_wide):
    """A separate nginx for uploads of up to 300 MB."""
    _wide.check.response = ADMITTED
    _wide.forget()
    return _wide


def test_app9_a_signed_in_user_can_open_a_websocket(proxy):
    with WebSocketClient(proxy.port, "/socket?x=1", {"Cookie": "access_token=x"}) as websocket:
        assert websocket.status == 101
        assert [websocket.say(text) for text in ("one", "two")] == ["one", "two"]
        seen = proxy.received()
        assert (seen.one("Upgrade"), seen.one("Connection").lower()) == ("websocket", "upgrade")
        assert seen.one("Remote-Email") == "ada@example.com" and seen.one("Cookie") == "theme=dark"


@pytest.mark.parametrize("spelling", ["WebSocket", "WEBSOCKET"])
def test_app9_the_upgrade_is_case_insensitive(proxy, spelling):
    with WebSocketClient(proxy.port, "/socket", {"Upgrade": spelling}) as websocket:
        assert websocket.status == 101 and websocket.say("x") == "x"


@pytest.mark.parametrize(
    "upgrade", ["h2c", "websocket, h2c", "h2c, websocket", "TLS/1.0", "websocket/13", "websockets", "HTTP/2.0", "*"]
)
def test_app9_other_protocols_are_rejected(proxy, upgrade):
    settings = "HTTP2-Settings: AAMAAABkAAQAAP__"
    head = f"GET /notes HTTP/1.1\nHost: a\nConnection: Upgrade, HTTP2-Settings, close\nUpgrade: {upgrade}\n{settings}"
    assert proxy.raw(head).status == 200
    assert proxy.received().one("Upgrade") is None
    assert "upgrade" not in (proxy.received().one("Connection") or "").lower()


def test_app9_two_upgrades_are_rejected(proxy):
    proxy.raw("GET /notes HTTP/1.1\nHost: a\nConnection: Upgrade, close\nUpgrade: websocket\nUpgrade: h2c")
    assert not [value for value in proxy.received().all("Upgrade") if "h2c" in value.lower()]


def test_app9_an_event_stream_arrives_as_it_is_sent(proxy):
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=TIMEOUT_SECONDS)
    connection.request("GET", "/events?events=2", headers={"Accept": "text/event-stream", "Accept-Encoding": "gzip"})
    response = connection.getresponse()
    assert response.getheader("Content-Type") == "text/event-stream" and response.getheader("X-Accel-Buffering") is None
    assert response.readline() == b"data: 0\n"
    # The application sends the second event only now.
    proxy.application.release.set()
    assert response.readline() == b"\n" and response.readline() == b"data: 1\n"
    connection.close()


def workers_memory(proxy) -> int:
    """The peak resident memory of an nginx worker in bytes."""
    process = proxy.nginx.process
    children = Path(f"/proc/{process}/task/{process}/children")
    # nginx listens before it starts its workers.
    wait_until(children.read_text, "nginx has workers")
    states = [Path(f"/proc/{child}/status").read_text() for child in children.read_text().split()]
    peaks = [state.split("VmHWM:")[1].split()[0] for state in states]
    return max(map(int, peaks)) * 1024


def upload(proxy, size: int, chunked: bool = False):
    """Sends a body of that size; returns the response and the peak size of nginx's temporary files."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5 * TIMEOUT_SECONDS)
    part = b"x" * 1_000_000
    parts = (part for _ in range(size // len(part)))
    headers = {} if chunked else {"Content-Length": str(size)}
    connection.request("POST", "/upload", body=parts, headers=headers, encode_chunked=chunked)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


@pytest.mark.parametrize("chunked", [False, True])
def test_app9_nginx_does_not_buffer_a_large_upload_in_memory_or_on_disk(wide, chunked):
    before = workers_memory(wide)
    assert upload(wide, 200_000_000, chunked).status == 200
    assert wide.received().body == 200_000_000
    assert workers_memory(wide) - before < 10_000_000
    assert not [file for file in (wide.nginx.folder / "client_body").rglob("*") if file.is_file()]


def test_app9_an_upload_reaches_the_application_before_it_is_complete(wide):
    connection = socket.create_connection(("127.0.0.1", wide.port), timeout=TIMEOUT_SECONDS)
    connection.sendall(b"POST /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\nhello")
    assert wide.application.body_begun.wait(TIMEOUT_SECONDS)
    connection.sendall(b"world")
    assert connection.recv(100).startswith(b"HTTP/1.1 200")
    connection.close()


def continued(port: int, size: int) -> tuple[bytes, bool]:
    """The first response to a request that holds back its body, and whether nginx requested the body."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(
            f"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\nExpect: 100-continue\r\n\r\n".encode()
        )
        line = connection.makefile("rb").readline()
        return line, line.startswith(b"HTTP/1.1 100")


@pytest.mark.parametrize("which", ["proxy", "wide"])
def test_app9_an_upload_without_a_session_is_rejected_before_its_body(request, which):
    proxy = request.getfixturevalue(which)
    proxy.check.response = SIGNED_OUT
    line, was_continued = continued(proxy.port, 50_000)
    assert line.startswith(b"HTTP/1.1 401") and not was_continued
    # nginx does not wait for the body, which is never sent.
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 401")
    assert proxy.received_nothing


def test_app9_a_large_upload_without_a_session_is_rejected_before_its_body(wide):
    wide.check.response = SIGNED_OUT
    line, was_continued = continued(wide.port, 250_000_000)
    assert line.startswith(b"HTTP/1.1 401") and not was_continued
    navigation = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 250000000\r\nSec-Fetch-Mode: navigate\r\n\r\n"
    assert send_raw(wide.port, navigation.encode()).status == 303
    assert wide.received_nothing


def test_app9_an_upload_over_the_limit_is_rejected(proxy, wide):
    assert continued(proxy.port, 70_000)[0].startswith(b"HTTP/1.1 413")
    assert continued(wide.port, 400_000_000)[0].startswith(b"HTTP/1.1 413")
    chunk = f"{70_000:x}\r\n".encode() + b"x" * 70_000 + b"\r\n0\r\n\r\n"
    head = b"POST /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    refused = send_raw(proxy.port, head + chunk)
    assert refused.status == 413 and refused.json()["code"] == "payload_too_large"
    assert proxy.received_nothing and wide.received_nothing
    # W25: The text names both limits, in a problem document and on a page.
    too_large = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 400000000\r\n"
    problem = send_raw(wide.port, f"{too_large}\r\n".encode()).json()
    assert problem["detail"] == "Requests may be up to 64 KiB, those to the application up to 300 MiB."
    page = send_raw(wide.port, f"{too_large}Sec-Fetch-Mode: navigate\r\nAccept-Language: ja\r\n\r\n".encode())
    assert "アプリケーションへは300 MiBまで" in page.body.decode()
    # A body within the limit passes.
    assert proxy.fetch("/upload", "POST", body=b"x" * 65_000).status == 200
    assert proxy.received().body == 65_000


def test_app9_without_a_limit_any_size_is_accepted(echoes):
    with guarded_proxy(echoes[1], APP_MAX_BODY="0") as proxy:
        assert upload(proxy, 20_000_000).status == 200
        assert proxy.received().body == 20_000_000


def test_app9_an_idle_connection_ends_after_the_timeout(echoes):
    with guarded_proxy(echoes[1], APP_TIMEOUT="2s") as proxy:
        with WebSocketClient(proxy.port, "/socket", {}) as websocket:
            assert websocket.say("x") == "x"
            assert websocket.file.read(1) == b""
        # The client can detect that the response is incomplete.
        with pytest.raises(http.client.IncompleteRead) as cut:
            proxy.fetch("/events?events=2")
        assert cut.value.partial == b"data: 0\n\n"


def test_app9_the_timeout_applies_to_clients_that_stop_sending_or_reading(echoes):
    with guarded_proxy(echoes[1], APP_TIMEOUT="20s", APP_MAX_BODY="300m") as proxy, contextlib.ExitStack() as stalled:
        for start in ("POST /upload HTTP/1.1\r\nContent-Length: 10", "GET /notes?size=50000000 HTTP/1.1"):
            connection = socket.create_connection(("127.0.0.1", proxy.port), timeout=TIMEOUT_SECONDS)
            stalled.enter_context(connection).sendall(f"{start}\r\nHost: a\r\n\r\nhalf".encode())
        wait_until(lambda: len(proxy.nginx.log_lines()) == 2, "both requests are over")
        # For the site's own requests, these timeouts are 10 and 15 seconds.
        assert all(18 < line["duration"] < 40 for line in proxy.nginx.log_lines())


def test_app9_an_active_websocket_stays_open(echoes):
    """It stays open for longer than APP_TIMEOUT."""
    with guarded_proxy(echoes[1], APP_TIMEOUT="4s") as proxy, WebSocketClient(proxy.port, "/socket", {}) as websocket:
        began = time.monotonic()
        while time.monotonic() - began < 5:
            assert websocket.say("x") == "x"
            time.sleep(0.1)
