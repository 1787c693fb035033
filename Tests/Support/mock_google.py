"""A mock of Google or another OpenID provider: the package oidc-provider-mock with additions.

The package does not support PKCE (RFC 7636) or verified email addresses of new users, omits the `state` when the user
denies access (RFC 6749, section 4.1.2.1), and loads the style of its pages from another site.
"""

from __future__ import annotations

import base64
import hashlib
import os
from unittest import mock
from urllib.parse import parse_qs, urlencode, urlsplit

import flask
import jinja2
import oidc_provider_mock

# Otherwise it rejects plain http.
os.environ.setdefault("AUTHLIB_INSECURE_TRANSPORT", "1")

USERS = {
    "yoshiko": {"name": "Yoshiko Tanaka", "email": "yoshiko@example.com"},
    "kenji": {"name": "Kenji 山田", "email": "kenji@example.com"},
    "unverified": {"name": "Not Verified", "email": "unverified@example.com", "email_verified": False},
}

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><title>Mock TITLE</title>
<main><p>This is a mock of TITLE, for tests and development. Choose a user or enter any name.</p>
{% block content %}{{ content }}{% endblock %}</main></html>
"""


def claims(sub: str, **more: object) -> dict[str, object]:
    """Google's default claims about a user: a verified email address."""
    email = sub if "@" in sub else f"{sub}@example.com"
    return {"name": sub, "email": email, "email_verified": True} | more


class _WithoutAuthTime(oidc_provider_mock._app.OpenIDCode):
    """Google's ID tokens: only verified apps that enable it get `auth_time`."""

    def get_compatible_claims(self, request: object) -> dict[str, object]:
        return {name: value for name, value in super().get_compatible_claims(request).items() if name != "auth_time"}


def make(client_id: str, client_secret: str, title: str = "Google", *, has_auth_time: bool = False) -> flask.Flask:
    """The application, for one client; its ID tokens contain the time of the sign-in or not."""
    users = [oidc_provider_mock.User(sub=sub, claims=claims(sub, **known)) for sub, known in USERS.items()]
    code = oidc_provider_mock._app.OpenIDCode if has_auth_time else _WithoutAuthTime
    with mock.patch.object(oidc_provider_mock._app, "OpenIDCode", code):
        app = oidc_provider_mock.app(require_nonce=True, user_claims=users)
    # Without the debugger, which would run code from a browser.
    app.wsgi_app = app.wsgi_app.app
    app.debug = False
    base = jinja2.DictLoader({"_base.html": _PAGE.replace("TITLE", title)})
    app.jinja_loader = jinja2.ChoiceLoader([base, app.jinja_loader])
    challenges: dict[str, str] = {}
    app.secrets_seen = set()

    @app.before_request
    def check():
        if flask.request.path == "/oauth2/authorize":
            query = flask.request.args
            if query.get("client_id") != client_id or query.get("code_challenge_method") != "S256":
                return "another client, or no PKCE", 400
            sub = flask.request.form.get("sub")
            storage = flask.g.oidc_provider_mock_storage
            if sub and not storage.get_user(sub):
                storage.store_user(oidc_provider_mock.User(sub=sub, claims=claims(sub)))
        if flask.request.path == "/oauth2/token":
            form, basic = flask.request.form, flask.request.authorization
            sent = (basic.username, basic.password) if basic else (form.get("client_id"), form.get("client_secret"))
            if sent != (client_id, client_secret):
                return {"error": "invalid_client"}, 401
            app.secrets_seen |= {form.get("code"), form.get("code_verifier")}
            if challenges.pop(form.get("code", ""), None) != challenge(form.get("code_verifier", "")):
                return {"error": "invalid_grant"}, 400
        return None

    @app.after_request
    def complete(response: flask.Response):
        if flask.request.path == "/oauth2/authorize" and response.location:
            sent, query = parse_qs(urlsplit(response.location).query), flask.request.args
            if "code" in sent:
                challenges[sent["code"][0]] = query["code_challenge"]
            elif "state" not in sent:
                response.location += "&" + urlencode({"state": query["state"]})
            app.secrets_seen |= {query["state"], query["nonce"]}
        if flask.request.path == "/oauth2/token" and response.status_code == 200:
            app.secrets_seen |= {response.json[name] for name in ("access_token", "refresh_token", "id_token")}
        return response

    return app


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
