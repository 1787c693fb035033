"""The signed assertion, verified like an application on another machine: with PyJWT and the published keys."""

import datetime
import re
import time

import jwt
import pytest
from site_under_test import ROOT


@pytest.fixture(scope="module")
def keys(_protected):
    """PyJWT's client for the published keys."""
    return jwt.PyJWKClient(f"{_protected.site.url}/.well-known/jwks.json")


def assertion(protected, user) -> str:
    """The assertion that the application receives with a request of the user."""
    protected.application.requests.clear()
    assert protected.fetch("/notes", headers={"Cookie": user.cookie, "X-Auth-Assertion": "forged"}).status == 200
    return protected.received().one("X-Auth-Assertion")


def claims(protected, keys, text: str, **changes) -> dict:
    """The claims, after PyJWT has checked signature, issuer, audience and times."""
    expected = {"issuer": protected.site.url, "audience": f"{protected.site.url}/", "algorithms": ["ES256"]} | changes
    key = keys.get_signing_key_from_jwt(text)
    return jwt.decode(text, key, options={"require": ["exp", "iat", "iss", "aud", "sub"]}, **expected)


def test_app_an_assertion_is_verified_by_pyjwt(protected, keys):
    user = protected.register("山田 太郎", is_verified=True)
    received = claims(protected, keys, assertion(protected, user))
    assert received["sub"] == user.id and received["email"] == user.email and received["name"] == "山田 太郎"
    assert received["email_verified"] is True
    assert received["exp"] - received["iat"] == 60 and abs(received["iat"] - time.time()) < 30
    [session] = protected.fetch("/api/auth/sessions", headers={"Cookie": user.cookie}).json()["sessions"]
    assert received["sid"] == session["id"]


@pytest.mark.parametrize("seconds", [-5, 5])
def test_app_the_documented_program_verifies_an_assertion_with_another_clock(protected, monkeypatch, seconds):
    """PyJWT rejects tokens from the future, so the program must allow for a clock that differs."""

    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.datetime.now(tz) + datetime.timedelta(seconds=seconds)

    [program] = re.findall("```py\n(.*?)```", (ROOT / "docs/protect-your-application.md").read_text(), re.S)
    names: dict = {}
    exec(program.replace("https://www.example.com", protected.site.url), names)
    user = protected.register()
    text = assertion(protected, user)
    monkeypatch.setattr(jwt.api_jwt, "datetime", Clock)
    assert names["user_of"](text) == user.id


def test_app_an_assertion_is_for_this_application_of_this_site_only(protected, keys):
    text = assertion(protected, protected.register())
    with pytest.raises(jwt.InvalidAudienceError):
        claims(protected, keys, text, audience="https://other.example/")
    with pytest.raises(jwt.InvalidIssuerError):
        claims(protected, keys, text, issuer="https://other.example")
    head, body, signature = text.split(".")
    for forged in (f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body[:-2]}AA.{signature}"):
        with pytest.raises(jwt.InvalidTokenError):
            claims(protected, keys, forged)


def test_app_a_session_token_is_rejected_as_an_assertion(protected, keys):
    user = protected.register()
    with pytest.raises((jwt.InvalidTokenError, jwt.PyJWKClientError)):
        claims(protected, keys, user.token)
    text = assertion(protected, user)
    assert protected.fetch("/api/auth/me", headers={"Authorization": f"Bearer {text}"}).status == 401
    assert protected.fetch("/notes", headers={"Cookie": f"access_token={text}"}).status == 401


def test_app_requests_to_public_paths_have_no_assertion(protected):
    protected.fetch("/static/a", headers={"X-Auth-Assertion": "forged"})
    assert protected.received().one("X-Auth-Assertion") is None


def test_app_verify_returns_the_same_assertion_to_another_proxy(protected, keys):
    user = protected.register("Zoë")
    response = protected.fetch("/api/auth/verify", headers={"Cookie": f"a=1; {user.cookie}; b=2"})
    assert (response.status, response.one("Remote-User"), response.one("Remote-Name")) == (204, user.id, "Zo%C3%AB")
    assert response.one("X-Application-Cookie") == "a=1; b=2"
    assert claims(protected, keys, response.one("X-Auth-Assertion"))["sub"] == user.id
    page = protected.fetch("/api/auth/verify", headers={"Sec-Fetch-Mode": "navigate", "X-Forwarded-Uri": "/notes?a=1"})
    assert (page.status, page.one("Location")) == (401, f"{protected.site.url}/login?return_to=%2Fnotes%3Fa%3D1")
    assert protected.received_nothing
