"""Runs the mocks of Google, Discord and another OpenID provider.

Tests run them in threads; `make dev OAUTH=demo` runs this program.

Usage: mock_providers.py FILE; when all listen, the file contains the settings of the site.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import sys
import threading
import urllib.request
from pathlib import Path

import flask
import mock_discord
import mock_google
from werkzeug.serving import make_server

CLIENT_ID = "demo"
CLIENT_SECRET = "demo-secret"
OIDC_NAME = "Keystone"


@dataclasses.dataclass(frozen=True)
class MockProviders:
    """The addresses of running mock providers."""

    google: str
    discord: str
    oidc: str
    _apps: dict[str, flask.Flask] = dataclasses.field(repr=False)
    _unavailable: set[str] = dataclasses.field(repr=False)

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a site that uses them."""
        return {
            "GOOGLE_CLIENT_ID": CLIENT_ID,
            "GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
            "GOOGLE_ISSUER": self.google,
            "DISCORD_CLIENT_ID": CLIENT_ID,
            "DISCORD_CLIENT_SECRET": CLIENT_SECRET,
            "DISCORD_BASE_URL": self.discord,
            "OIDC_CLIENT_ID": CLIENT_ID,
            "OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "OIDC_NAME": OIDC_NAME,
            "OIDC_ISSUER": self.oidc,
        }

    def describe(self, provider: str, identifier: str, **user: object) -> None:
        """Describes a user in the format of a provider."""
        request = urllib.request.Request(
            f"{getattr(self, provider)}/users/{identifier}",
            data=json.dumps(user).encode(),
            headers={"Content-Type": "application/json"},
            method="PUT",
        )
        urllib.request.urlopen(request, timeout=10).close()

    @property
    def secrets_seen(self) -> set[str]:
        """The codes, states, nonces, verifiers and tokens of all flows so far."""
        return set().union(*(app.secrets_seen for app in self._apps.values())) - {None}

    @contextlib.contextmanager
    def unavailable(self, provider: str):
        """During the block, the provider responds to browsers only, not to the site."""
        self._unavailable.add(provider)
        try:
            yield
        finally:
            self._unavailable.remove(provider)


@contextlib.contextmanager
def running(host: str = "127.0.0.1", name: str | None = None, certificate: tuple[str, str] | None = None):
    """Runs all providers on free ports during the block: on loopback, or on another host with TLS.

    The certificate, a pair of a certificate file and a key file, must be valid for the name.
    """
    # Each log line of werkzeug would contain a code.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    unavailable: set[str] = set()
    apps = {
        "google": mock_google.make(CLIENT_ID, CLIENT_SECRET),
        "discord": mock_discord.make(CLIENT_ID, CLIENT_SECRET),
        "oidc": mock_google.make(CLIENT_ID, CLIENT_SECRET, OIDC_NAME, has_auth_time=True),
    }
    servers = []
    for provider, app in apps.items():
        app.before_request(lambda provider=provider: _reject(provider in unavailable))
        servers.append(make_server(host, 0, app, threaded=True, ssl_context=certificate))
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        origin = f"{'https' if certificate else 'http'}://{name or host}"
        yield MockProviders(*(f"{origin}:{server.server_port}" for server in servers), apps, unavailable)
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _reject(is_unavailable: bool):
    return ("unavailable", 503) if is_unavailable and not flask.request.path.endswith("/authorize") else None


if __name__ == "__main__":
    with running() as mock_providers:
        lines = [f"{name}={value}\n" for name, value in mock_providers.settings.items()]
        Path(sys.argv[1]).write_text("".join(lines))
        threading.Event().wait()
