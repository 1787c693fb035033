"""A server in place of the API, to test how nginx handles its responses to the check."""

from __future__ import annotations

import contextlib
import socketserver
import threading

from echo_application import ReceivedRequest

USER = "0b0e7b1c-5f0e-4c3a-9d8e-2f6a7b8c9d0e"
ADMITTED = (
    "HTTP/1.1 204 No Content\r\nX-User-ID: "
    + USER
    + "\r\nRemote-User: "
    + USER
    + "\r\nRemote-Email: ada@example.com\r\n"
    "Remote-Email-Verified: true\r\nRemote-Name: Ada\r\nX-Application-Cookie: theme=dark\r\n\r\n"
)


class ScriptedCheck(socketserver.ThreadingTCPServer):
    """The server; `response` is its response, None for none."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0):
        super().__init__(("127.0.0.1", port), _Connection)
        self.response: str | None = ADMITTED
        self.requests: list[ReceivedRequest] = []
        self.closing = threading.Event()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self.server_address[1]

    def handle_error(self, request, client_address):
        """nginx may have timed out."""


class _Connection(socketserver.StreamRequestHandler):
    server: ScriptedCheck

    def handle(self):
        with contextlib.suppress(OSError):
            while line := self.rfile.readline(65536).decode("latin-1").rstrip("\r\n"):
                headers = []
                while header := self.rfile.readline(131072).decode("latin-1").rstrip("\r\n"):
                    name, _, value = header.partition(":")
                    headers.append((name, value.strip()))
                self.server.requests.append(ReceivedRequest(line, headers))
                if self.server.response is None:
                    self.server.closing.wait(30)
                    return
                self.wfile.write(self.server.response.encode("latin-1"))
                if "Content-Length" not in self.server.response and " 204 " not in self.server.response:
                    return


@contextlib.contextmanager
def scripted_check(port: int = 0):
    """Runs a server for the block."""
    with ScriptedCheck(port) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
