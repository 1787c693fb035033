"""An application behind the sign-in: sends requests, and shows what the application received."""

from __future__ import annotations

import dataclasses
import secrets

from echo_application import EchoApplication, ReceivedRequest
from scripted_check import ScriptedCheck
from site_under_test import PASSWORD, NginxRun, Response, Site, fetch, psql, send_raw

# The headers about client and user, which only nginx may set.
IDENTITY = ["Remote-User", "Remote-Email", "Remote-Email-Verified", "Remote-Name"]


class ProtectedApplication:
    """Sends requests to nginx, and returns what the application received."""

    port: int
    application: EchoApplication

    def fetch(self, path: str, method: str = "GET", **request) -> Response:
        """Sends a request through nginx."""
        return fetch(self.port, path, method, **request)

    def raw(self, head: str, body: bytes = b"") -> Response:
        """Sends a raw request: lines without line ends."""
        lines = "\r\n".join(line.strip("\n") for line in head.strip("\n").splitlines())
        return send_raw(self.port, lines.encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body)

    def received(self) -> ReceivedRequest:
        """The only request that reached the application."""
        [request] = self.application.requests
        return request

    @property
    def received_nothing(self) -> bool:
        """Whether no request reached the application."""
        return not self.application.requests


@dataclasses.dataclass
class GuardedProxy(ProtectedApplication):
    """nginx with a scripted check."""

    nginx: NginxRun
    check: ScriptedCheck
    application: EchoApplication

    @property
    def port(self) -> int:
        """The browser port of nginx."""
        return self.nginx.port

    def forget(self) -> None:
        """Forgets the requests so far."""
        self.check.requests.clear()
        self.application.requests.clear()
        self.application.body_begun.clear()
        self.application.release.clear()


@dataclasses.dataclass
class User:
    """A registered user and the cookie of a session."""

    id: str
    email: str
    name: str
    cookie: str

    @property
    def token(self) -> str:
        """The token in the cookie."""
        return self.cookie.split("=", 1)[1]


@dataclasses.dataclass
class ProtectedSite(ProtectedApplication):
    """The whole site with an application behind it."""

    site: Site
    application: EchoApplication

    @property
    def port(self) -> int:
        """The browser port of nginx."""
        return self.site.browser_port

    def register(self, name: str = "Yoshiko", email: str | None = None, is_verified: bool = False) -> User:
        """Creates an account, signed in."""
        email = email or f"person-{secrets.token_hex(6)}@example.com"
        made = self.fetch("/api/auth/register", "POST", body={"email": email, "password": PASSWORD, "name": name})
        assert made.status == 201, made.body
        if is_verified:
            psql(self.site.database_url, f"update users set email_verified_at = now() where email = '{email}'")
        return User(made.json()["id"], email, name, session_cookie(made))

    def sign_in(self, user: User) -> str:
        """Signs in again; returns the cookie."""
        return session_cookie(self.fetch("/api/auth/login", "POST", body={"email": user.email, "password": PASSWORD}))


def session_cookie(response: Response) -> str:
    """The session cookie that a response sets, as a browser sends it back."""
    [header] = [each for each in response.headers.get_all("Set-Cookie") if each.startswith("access_token=")]
    return header.split(";")[0]
