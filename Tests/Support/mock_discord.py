"""A mock of Discord: the part of its OAuth 2.0 that a sign-in needs, with the documented paths and responses."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

import flask
from mock_google import challenge

USERS = {
    "80351110224678912": {"username": "yoshiko", "global_name": "Yoshiko ✿", "email": "yoshiko@example.com"},
    "80351110224678913": {"username": "haruka", "global_name": None, "email": "haruka@example.com"},
    "80351110224678914": {"username": "unverified", "email": "unverified@example.com", "verified": False},
    "80351110224678915": {"username": "no_email", "email": None, "verified": False},
}

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><title>Mock Discord</title>
<main><p>This is a mock of Discord, for tests and development. Choose a user or enter any name.</p>
<h1>Authorize</h1><p>Asked for: {{ scope }}</p>
<form method="post"><input name="name" aria-label="Name" required autofocus> <button>Authorize</button></form>
<form method="post"><p>{% for id, user in users.items() %}
<button name="id" value="{{ id }}">{{ user.username }}</button>{% endfor %}</p></form>
<form method="post"><button name="action" value="deny">Cancel</button></form></main></html>
"""


def user(identifier: str, **more: object) -> dict[str, object]:
    """A user object, as returned by `/users/@me` for the scopes `identify email`."""
    return {"id": identifier, "discriminator": "0", "global_name": None, "avatar": None, "verified": True} | more


def make(client_id: str, client_secret: str) -> flask.Flask:
    """The application, for one client."""
    app = flask.Flask(__name__)
    users = {identifier: user(identifier, **known) for identifier, known in USERS.items()}
    codes: dict[str, tuple[str, str, str]] = {}
    tokens: dict[str, str] = {}
    app.secrets_seen = set()

    @app.get("/oauth2/authorize")
    def show_consent():
        query = flask.request.args
        if query.get("client_id") != client_id or query.get("code_challenge_method") != "S256":
            return "another client, or no PKCE", 400
        return flask.render_template_string(_PAGE, users=users, scope=query["scope"])

    @app.post("/oauth2/authorize")
    def authorize():
        query, form = flask.request.args, flask.request.form
        if form.get("action") == "deny":
            response = {"error": "access_denied", "error_description": "The resource owner denied the request"}
        else:
            identifier = form.get("id") or _named(form["name"])
            code = secrets.token_urlsafe(24)
            codes[code] = (identifier, query["code_challenge"], query["redirect_uri"])
            response = {"code": code}
        app.secrets_seen.add(query["state"])
        return flask.redirect(f"{query['redirect_uri']}?{urlencode(response | {'state': query['state']})}")

    def _named(name: str) -> str:
        for identifier, known in users.items():
            if known["username"] == name:
                return identifier
        identifier = str(secrets.randbits(60))
        users[identifier] = user(identifier, username=name, email=f"{name}@example.com")
        return identifier

    @app.post("/api/oauth2/token")
    def token():
        form, basic = flask.request.form, flask.request.authorization
        sent = (basic.username, basic.password) if basic else (form.get("client_id"), form.get("client_secret"))
        if sent != (client_id, client_secret):
            return {"error": "invalid_client"}, 401
        known = codes.pop(form.get("code", ""), None)
        given = (challenge(form.get("code_verifier", "")), form.get("redirect_uri"))
        if known is None or known[1:] != given or form.get("grant_type") != "authorization_code":
            return {"error": "invalid_grant"}, 400
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        tokens[access] = known[0]
        app.secrets_seen |= {form["code"], form["code_verifier"], access, refresh}
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": 604800,
            "refresh_token": refresh,
            "scope": "identify email",
        }

    @app.post("/api/oauth2/token/revoke")
    def revoke():
        basic = flask.request.authorization
        if basic is None or (basic.username, basic.password) != (client_id, client_secret):
            return {"error": "invalid_client"}, 401
        tokens.pop(flask.request.form["token"], None)
        return {}

    @app.get("/api/v10/gateway")
    def gateway():
        return {"url": "wss://gateway.discord.gg"}

    @app.get("/api/v10/users/@me")
    def me():
        scheme, _, access = flask.request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or access not in tokens:
            return {"message": "401: Unauthorized", "code": 0}, 401
        return users[tokens[access]]

    @app.put("/users/<identifier>")
    def describe(identifier: str):
        users[identifier] = user(identifier, **flask.request.json)
        return "", 204

    return app
