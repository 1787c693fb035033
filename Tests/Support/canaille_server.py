"""Runs Canaille, a third-party OpenID provider, in its own Python environment: canaille_server.py PORT KEY-FILE SITE.

Creates the key if the file does not exist. Users and client are the same at each start; the rest is in memory.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT_ID = "yoshikosan"
CLIENT_SECRET = "canaille-secret"
PASSWORD = "Correct-Horse-7"
USERS = {"hanako": "Hanako Sato", "taro": "Taro Suzuki", "jiro": "Jiro Ito", "saburo": "Saburo Abe"}


def make(port: int, key: Path, site: str):
    """The application with its users, and with the site as its client."""
    if not key.exists():
        key.write_text(json.dumps(RSAKey.generate_key(2048, auto_kid=True).as_dict(private=True)))
    app = create_app(
        config={
            "SECRET_KEY": "for-tests-only",
            "SERVER_NAME": f"127.0.0.1:{port}",
            "PREFERRED_URL_SCHEME": "http",
            "CANAILLE": {
                "DATABASE": "memory",
                "SMTP": None,
                # Canaille's script replaces a field during typing; a key pressed at that moment would be lost.
                "JAVASCRIPT": False,
                "LOGGING": {"version": 1, "root": {"level": "ERROR"}},
            },
            "CANAILLE_OIDC": {
                "ACTIVE_JWKS": [json.loads(key.read_text())],
                # No page for consent: with prompt=select_account, this release asks for the account again after it.
                "TRUSTED_DOMAINS": ["localhost"],
            },
        }
    )
    with app.app_context():
        for name, shown in USERS.items():
            given, family = shown.split()
            user = models.User(
                user_name=name,
                formatted_name=shown,
                given_name=given,
                family_name=family,
                emails=[f"{name}@canaille.example"],
                password=PASSWORD,
            )
            Backend.instance.save(user)
        client = models.Client(
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            client_name="Site under test",
            client_uri=site,
            redirect_uris=[f"{site}/api/auth/callback/oidc"],
            grant_types=["authorization_code", "refresh_token"],
            response_types=["code"],
            scope=["openid", "profile", "email"],
            token_endpoint_auth_method="client_secret_basic",
            # The default for clients that are registered on Canaille's pages.
            id_token_signed_response_alg="RS256",
        )
        Backend.instance.save(client)
        client.audience = [client]
        Backend.instance.save(client)
    return app


if __name__ == "__main__":
    arguments = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    make_server("127.0.0.1", arguments[0], make(*arguments), threaded=True).serve_forever()
