"""An application that echoes requests, to show what nginx forwards.

The query selects the response: `status=401`, `header=Name: value` (any number of them), `size=1000000`, and `events=2`
for an event stream that waits for `release`. Upgrades to WebSocket are accepted, and each text is sent back.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import json
import socket
import socketserver
import threading
import urllib.parse

from site_under_test import TIMEOUT_SECONDS

WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclasses.dataclass
class ReceivedRequest:
    """A request as the application received it."""

    line: str
    headers: list[tuple[str, str]]
    body: int = 0

    @property
    def method(self) -> str:
        """The method."""
        return self.line.split(" ")[0]

    @property
    def target(self) -> str:
        """The target as in the request line."""
        return self.line.split(" ")[1]

    def all(self, name: str) -> list[str]:
        """The values of a header, in order."""
        return [value for each, value in self.headers if each.lower() == name.lower()]

    def one(self, name: str) -> str | None:
        """A header that must not be repeated."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} is there {len(values)} times: {values}"
        return values[0] if values else None


class EchoApplication(socketserver.ThreadingTCPServer):
    """The server; `requests` has all received requests."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Connection)
        self.requests: list[ReceivedRequest] = []
        # Set when the first bytes of a body have arrived.
        self.body_begun = threading.Event()
        # Releases an event stream after its first event.
        self.release = threading.Event()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self.server_address[1]

    @property
    def url(self) -> str:
        """The value of APP_UPSTREAM."""
        return f"http://127.0.0.1:{self.port}"

    def handle_error(self, request, client_address):
        """Clients that disconnect are part of the tests."""


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: EchoApplication

    def handle(self):
        with contextlib.suppress(OSError):
            while self._respond_once():
                pass

    def _respond_once(self) -> bool:
        line = self.rfile.readline(65536).decode("latin-1").rstrip("\r\n")
        if not line:
            return False
        headers = []
        while header := self.rfile.readline(131072).decode("latin-1").rstrip("\r\n"):
            name, _, value = header.partition(":")
            headers.append((name, value.strip(" \t")))
        seen = ReceivedRequest(line, headers)
        self.server.requests.append(seen)
        if (seen.one("Upgrade") or "").lower() == "websocket":
            self._websocket(seen)
            return False
        self._read_body(seen)
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(seen.target).query, keep_blank_values=True)
        if "events" in query:
            self._stream(int(query["events"][0]))
            return False
        self._reply(seen, query)
        return "close" not in (seen.one("Connection") or "")

    def _read_body(self, seen: ReceivedRequest) -> None:
        if "chunked" in (seen.one("Transfer-Encoding") or ""):
            while size := int(self.rfile.readline().split(b";")[0], 16):
                self._count(seen, size)
                self.rfile.readline()
            while trailer := self.rfile.readline().decode("latin-1").rstrip("\r\n"):
                name, _, value = trailer.partition(":")
                seen.headers.append((name, value.strip()))
        else:
            self._count(seen, int(seen.one("Content-Length") or 0))

    def _count(self, seen: ReceivedRequest, size: int) -> None:
        while size:
            part = self.rfile.read1(min(size, 65536))
            if not part:
                raise OSError("the body ended early")
            seen.body += len(part)
            size -= len(part)
            self.server.body_begun.set()

    def _reply(self, seen: ReceivedRequest, query: dict[str, list[str]]) -> None:
        body = json.dumps({"line": seen.line, "headers": seen.headers, "body": seen.body}).encode()
        if "size" in query:
            body = b"x" * int(query["size"][0])
        head = [f"HTTP/1.1 {query.get('status', ['200'])[0]} Answer", "Content-Type: application/json"]
        head += [f"Content-Length: {len(body)}", *query.get("header", [])]
        self.wfile.write("\r\n".join(head).encode() + b"\r\n\r\n" + (b"" if seen.method == "HEAD" else body))

    def _stream(self, count: int) -> None:
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Accel-Buffering: no\r\nConnection: close\r\n\r\n"
        )
        self.wfile.write(head.encode())
        for number in range(count):
            if number:
                assert self.server.release.wait(TIMEOUT_SECONDS)
            self.wfile.write(f"data: {number}\n\n".encode())

    def _websocket(self, seen: ReceivedRequest) -> None:
        accept = base64.b64encode(hashlib.sha1(((seen.one("Sec-WebSocket-Key") or "") + WEBSOCKET).encode()).digest())
        self.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        while head := self.rfile.read(2):
            length = head[1] & 0x7F
            mask = self.rfile.read(4)
            text = bytes(byte ^ mask[place % 4] for place, byte in enumerate(self.rfile.read(length)))
            if head[0] & 0x0F == 8:
                return
            self.wfile.write(bytes([0x81, len(text)]) + text)


@contextlib.contextmanager
def echo_application():
    """Runs an application for the block."""
    with EchoApplication() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.release.set()
            server.shutdown()


class WebSocketClient:
    """Just enough of RFC 6455 to send and receive a short text."""

    def __init__(self, port: int, target: str, headers: dict[str, str]):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
        head = {
            "Host": f"localhost:{port}",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode(),
        } | headers
        lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        self.socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split(b" ")[1])
        self.headers = []
        while line := self.file.readline().decode().rstrip("\r\n"):
            self.headers.append(line)

    def say(self, text: str) -> str:
        """Sends a text and returns the reply."""
        self.socket.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text.encode())
        head = self.file.read(2)
        return self.file.read(head[1]).decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()
