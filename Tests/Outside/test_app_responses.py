"""Responses of the application pass unchanged, except for what nginx controls."""

import urllib.parse

import pytest
from site_under_test import fetch


def scripted(*headers: str, status: int = 200, path: str = "/notes") -> str:
    """A path whose response has these headers and this status."""
    query = [("status", str(status)), *(("header", header) for header in headers)]
    return path + "?" + urllib.parse.urlencode(query)


@pytest.mark.parametrize("status", [201, 302, 400, 401, 403, 404, 405, 409, 413, 418, 422, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("path", ["/notes", "/static/x"])
def test_app10_every_status_of_the_application_is_forwarded(proxy, status, path):
    response = proxy.fetch(
        scripted("X-Mine: 1", "WWW-Authenticate: Basic", "Retry-After: 77", status=status, path=path)
    )
    assert response.status == status
    assert response.json()["line"].startswith(f"GET {path}")
    assert response.one("X-Mine") == "1" and response.one("WWW-Authenticate") == "Basic"
    assert response.one("Retry-After") == "77" and response.one("Refresh") is None


def test_app10_authorization_headers_are_forwarded_in_both_directions(proxy):
    proxy.fetch("/notes", headers={"Authorization": "Bearer of-the-application"})
    assert proxy.received().one("Authorization") == "Bearer of-the-application"


def test_app10_headers_of_the_application_are_forwarded_unchanged(proxy):
    own = {
        "Content-Security-Policy": "default-src 'unsafe-inline'", "X-Frame-Options": "SAMEORIGIN",
        "Referrer-Policy": "no-referrer", "Permissions-Policy": "camera=(self)", "Cache-Control": "max-age=60",
        "Cross-Origin-Opener-Policy": "unsafe-none", "Cross-Origin-Resource-Policy": "cross-origin", "ETag": '"x"',
        "Location": "http://127.0.0.1:4000/x", "X-Powered-By": "Express", "Access-Control-Allow-Origin": "*",
    }  # fmt: skip
    response = proxy.fetch(scripted(*(f"{name}: {value}" for name, value in own.items())))
    for name, value in own.items():
        assert response.one(name) == value
    bare = proxy.fetch("/notes")
    for name in own:
        assert bare.one(name) is None


def test_app10_headers_of_nginx_are_sent_once(proxy):
    theirs = ["X-Content-Type-Options: none", "Strict-Transport-Security: max-age=0", "X-Request-ID: mine"]
    response = proxy.fetch(scripted(*theirs), headers={"X-Forwarded-Proto": "https"})
    assert response.one("X-Content-Type-Options") == "nosniff"
    assert response.one("Strict-Transport-Security") is None
    assert len(response.one("X-Request-ID")) == 32
    secure = fetch(proxy.port, scripted(*theirs), source="127.0.0.2", headers={"X-Forwarded-Proto": "https"})
    assert secure.one("Strict-Transport-Security") == "max-age=31536000"
    assert response.one("Server") == "nginx"


@pytest.mark.parametrize("path", ["/notes", "/static/x"])
@pytest.mark.parametrize(
    "header",
    ["X-Accel-Redirect: /error.html", "X-Accel-Redirect: /api/auth/check", "X-Accel-Redirect: @signed_out",
     "X-Accel-Limit-Rate: 1", "X-Accel-Expires: 100", "X-Accel-Charset: koi8-r"],
)  # fmt: skip
def test_app10_the_application_cannot_control_nginx(proxy, path, header):
    response = proxy.fetch(scripted(header, path=path))
    assert response.status == 200 and response.json()["line"].startswith(f"GET {path}")
    assert response.one("Content-Type") == "application/json"
    assert not [name for name in response.headers if name.lower().startswith("x-accel")]


OURS = [
    "access_token", "app_session", "app_entry_0123456789abcdef", "oauth_connect", "oauth_address", "known_device",
    "sent_on", "oauth_flow_0123456789abcdef",
]  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_app10_browsers_reject_cookies_of_the_application_with_names_of_this_site(proxy, name):
    """Without TLS, nginx adds SameSite=None, which requires Secure (RFC 6265bis, section 5.7, step 19)."""
    response = proxy.fetch(
        scripted(f"Set-Cookie: {name}=x; Path=/; HttpOnly; SameSite=Lax", "Set-Cookie: theme=dark; Path=/")
    )
    [ours, theirs] = response.headers.get_all("Set-Cookie")
    attributes = {part.strip().lower() for part in ours.split(";")[1:]}
    assert "samesite=none" in attributes and "secure" not in attributes
    assert theirs == "theme=dark; Path=/"


@pytest.mark.parametrize("cookie", ["\taccess_token=x", "access_token\t =x", "=access_token=x", "\t=known_device=x"])
def test_app10_cookies_that_browsers_parse_as_names_of_this_site_are_rejected(proxy, cookie):
    """Browsers remove spaces, and send a cookie without a name unchanged (RFC 6265bis, sections 5.6 and 5.8.3)."""
    response = proxy.fetch(scripted(f"Set-Cookie: {cookie}; Path=/"))
    attributes = {part.strip().lower() for part in response.one("Set-Cookie").split(";")[1:]}
    assert "samesite=none" in attributes and "secure" not in attributes


@pytest.mark.parametrize("name", [name for name in OURS if name != "sent_on"])
def test_app10_browsers_reject_cookies_with_the_host_prefix_of_this_site(proxy, name):
    """The prefix __Host- requires Secure (RFC 6265bis, section 4.1.3.2); names without it belong to the application."""
    for proto in ("http", "https"):
        cookie = f"Set-Cookie: __Host-{name}=x; Path=/; Secure; HttpOnly"
        response = fetch(proxy.port, scripted(cookie), source="127.0.0.2", headers={"X-Forwarded-Proto": proto})
        [ours] = response.headers.get_all("Set-Cookie")
        assert "secure" not in {part.strip().lower() for part in ours.split(";")[1:]}
    plain = fetch(
        proxy.port,
        scripted(f"Set-Cookie: {name}=x; Path=/"),
        source="127.0.0.2",
        headers={"X-Forwarded-Proto": "https"},
    )
    assert "samesite=none" not in plain.one("Set-Cookie").lower()


def test_app10_a_large_response_is_forwarded_completely(proxy):
    assert len(proxy.fetch("/notes?size=20000000").body) == 20_000_000
