"""Servers that echo requests, to show what nginx forwards."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _respond(self):
        length = int(self.headers.get("Content-Length") or 0)
        received = self.rfile.read(length)
        head, status = {"Content-Type": "application/json"}, 200
        if "?" in self.path and self.path.split("?")[1].startswith("own-headers"):
            head |= {"X-Frame-Options": "SAMEORIGIN", "Content-Security-Policy": "default-src 'self'"}
            head |= {"Cache-Control": "max-age=60", "Retry-After": "77", "X-Request-ID": "of-the-server"}
            status = 503
        cookies = []
        if self.path.endswith("?cookies"):
            head["Location"] = "/" + "l" * 1000
            cookies = [f"flow_{number}={'c' * 1000}; HttpOnly; SameSite=Lax; Path=/" for number in range(6)]
        body = {
            "server": self.server.name,
            "raw": self.requestline.split(" ")[1],
            "headers": {name.lower(): self.headers.get_all(name) for name in self.headers},
            "received": len(received),
            "padding": "x" * 2000,
        }
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in head.items():
            self.send_header(name, value)
        for cookie in cookies:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = _respond

    def version_string(self):
        """The banner that nginx must not forward."""
        return "Echo/9.9"

    def log_message(self, *_):
        """Logs nothing."""


@contextlib.contextmanager
def echo_servers():
    """Yields the ports of a backend and of a frontend."""
    servers = []
    for name in ("backend", "frontend"):
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
        server.daemon_threads = True
        server.name = name
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
    try:
        yield [server.server_port for server in servers]
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
