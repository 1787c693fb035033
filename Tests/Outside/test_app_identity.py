"""Only nginx passes the user's identity to the application."""

import re
import urllib.parse

import pytest
from protected_application import IDENTITY
from site_under_test import ROOT, send_raw

EVIL = "evil@example.com"
# Headers with which other systems pass the user, or with which a client claims another path.
FOREIGN = [
    "Remote-Groups", "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups", "X-Forwarded-Preferred-Username",
    "X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Groups", "X-Auth-Request-Preferred-Username",
    "X-Auth-Request-Access-Token", "X-WEBAUTH-USER", "X-Remote-User", "X-Authentik-Username", "X-Authentik-Email",
    "X-Authentik-Groups", "X-Authentik-Jwt", "Cf-Access-Authenticated-User-Email", "Cf-Access-Jwt-Assertion",
    "X-Goog-Authenticated-User-Email", "X-Goog-Authenticated-User-Id", "X-Goog-Iap-Jwt-Assertion", "X-Vouch-User",
    "X-Auth-Assertion", "X-Application-Cookie", "X-Original-URL", "X-Original-URI", "X-Rewrite-URL",
    "X-Forwarded-Prefix", "X-Script-Name", "Tailscale-User-Login", "X-Pomerium-Jwt-Assertion", "Client-Cert",
    "X-User", "X-Email", "X-Consumer-Groups", "X-Forwarded-Tls-Client-Cert", "X-Amzn-Mtls-Clientcert-Subject",
    "X-User-Id", "X-User-Roles", "X-Webauth-Fullname", "X-Forwarded-Login", "X-Proxy-User", "X-Userinfo", "Cas-User",
    "OIDC-Claim-Email", "Eppn", "Sm-User", "Iv-User", "Ssl-Client-Subject-Dn", "Proxy-Client-IP",
]  # fmt: skip
NAMES = IDENTITY + FOREIGN


def spellings(name: str) -> dict[str, list[str]]:
    """Header lines with which a client could try to inject a value."""
    return {
        "plain": [f"{name}: {EVIL}"],
        "lower case": [f"{name.lower()}: {EVIL}"],
        "mixed case": [f"{name.swapcase()}: {EVIL}"],
        "underscores": [f"{name.replace('-', '_')}: {EVIL}"],
        "dots": [f"{name.replace('-', '.')}: {EVIL}"],
        "one underscore": [f"{name.replace('-', '_', 1)}: {EVIL}"],
        "twice": [f"{name}: {EVIL}", f"{name}: {EVIL}"],
        "empty": [f"{name}:"],
        "blanks": [f"{name}:    {EVIL}\t "],
        "8 KB": [f"{name}: {EVIL}{'x' * 8000}"],
        "named in Connection": [f"Connection: close, {name}", f"{name}: {EVIL}"],
    }


# These get 400, or the line is dropped.
BROKEN = {
    "leading blank": [" {}: " + EVIL],
    "leading tab": ["X: y", "\t{}: " + EVIL],
    "blank before the colon": ["{} : " + EVIL],
    "NUL in the name": ["{}\0: " + EVIL],
    "vertical tab": ["\v{}: " + EVIL],
    "carriage return": ["X: y\r{}: " + EVIL],
}


def request(lines, version="1.1") -> str:
    """A request with header lines."""
    closing = [] if any(line.startswith("Connection") for line in lines) else ["Connection: close"]
    return "\n".join([f"GET /notes HTTP/{version}", "Host: a", *closing, *lines])


def expect_no_trace(seen) -> None:
    """Checks that no value of the client is in a header that an application could trust."""
    assert all(EVIL not in value for _, value in seen.headers), seen.headers
    for name in IDENTITY:
        assert len(seen.all(name)) == 1
    trusted = {re.sub("[^a-z]", "", name.lower()) for name in FOREIGN}
    assert not [name for name, _ in seen.headers if re.sub("[^a-z]", "", name.lower()) in trusted]


@pytest.mark.parametrize("name", NAMES)
def test_app1_a_forged_identity_never_reaches_the_application(proxy, name):
    for version in ("1.1", "1.0"):
        for how, lines in spellings(name).items():
            proxy.forget()
            assert proxy.raw(request(lines, version)).status == 200, how
            expect_no_trace(proxy.received())
            assert proxy.received().one("Remote-Email") == "ada@example.com"


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("name", NAMES)
def test_app1_a_malformed_header_never_reaches_the_application(proxy, name, how):
    lines = [line.format(name) for line in BROKEN[how]]
    head = request([]).replace("\n", "\r\n") + "\r\n" + "\r\n".join(lines) + "\r\n\r\n"
    response = send_raw(proxy.port, head.encode())
    assert response.status in (200, 400)
    for seen in proxy.application.requests:
        expect_no_trace(seen)


@pytest.mark.parametrize("name", NAMES)
def test_app1_a_forged_identity_in_a_trailer_never_reaches_the_application(proxy, name):
    head = "POST /notes HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
    response = send_raw(proxy.port, f"{head}Trailer: {name}\r\n\r\n1\r\nx\r\n0\r\n{name}: {EVIL}\r\n\r\n".encode())
    assert response.status == 200
    expect_no_trace(proxy.received())
    assert proxy.received().body == 1


def test_app1_without_a_session_no_request_reaches_the_application(proxy):
    proxy.check.response = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
    for name in NAMES:
        for lines in spellings(name).values():
            assert proxy.raw(request(lines)).status == 401
    assert proxy.received_nothing


@pytest.mark.parametrize("name", NAMES)
def test_app1_requests_to_public_paths_have_no_identity(proxy, name):
    for lines in spellings(name).values():
        proxy.forget()
        assert proxy.raw(request(lines).replace("/notes", "/static/a.css")).status == 200
        seen = proxy.received()
        assert all(EVIL not in value for _, value in seen.headers)
        assert not [each for each, _ in seen.headers if each.lower().startswith("remote-")]
    assert not proxy.check.requests


def test_app1_the_client_cannot_choose_address_scheme_or_request_id(proxy):
    spoofed = {
        "X-Real-IP": "6.6.6.6", "X-Forwarded-For": "9.9.9.9", "X-Forwarded-Proto": "https", "Forwarded": "for=9.9.9.9",
        "X-Forwarded-Host": "evil.example", "X-Request-ID": "chosen-by-me", "True-Client-IP": "6.6.6.6",
        "X-Client-IP": "6.6.6.6", "X-Forwarded-Port": "1", "Proxy": "http://evil.example",
    }  # fmt: skip
    response = proxy.fetch("/notes", headers=spoofed)
    seen = proxy.received()
    assert seen.one("X-Real-IP") == seen.one("X-Forwarded-For") == "127.0.0.1"
    assert seen.one("X-Forwarded-Proto") == "http"
    assert seen.one("X-Forwarded-Host") == seen.one("Host") == f"127.0.0.1:{proxy.port}"
    assert seen.one("X-Request-ID") == response.one("X-Request-ID") != "chosen-by-me"
    for name in ("Forwarded", "Proxy", "True-Client-IP", "X-Client-IP", "X-Forwarded-Port"):
        assert seen.one(name) is None


def test_app1_other_headers_are_forwarded(proxy):
    others = {"Authorization": "Basic eDp5", "X-CSRF-Token": "t", "X-Requested-With": "fetch", "Accept": "*/*"}
    proxy.fetch("/notes", headers=others)
    for name, value in others.items():
        assert proxy.received().one(name) == value


def test_app1_the_configuration_contains_every_header_name_once():
    text = (ROOT / "docker/nginx/application-request.conf").read_text()
    names = [name.lower() for name in re.findall(r"^proxy_set_header (\S+) ", text, re.MULTILINE)]
    assert len(names) == len(set(names))
    assert {name.lower() for name in NAMES} <= set(names)


@pytest.mark.parametrize(
    "name", ["Yoshiko", "山田 太郎", "Zoë 🦊", "يوسف", 'O\'Brien, "Jr"; 100%', "a=b&c+d", "שלום 1"]
)
def test_app13_names_arrive_as_percent_encoded_utf8(protected, name):
    user = protected.register(name)
    assert protected.fetch("/notes", headers={"Cookie": user.cookie}).status == 200
    seen = protected.received()
    text = seen.one("Remote-Name")
    assert text.isascii() and not re.search(r"[\s,;\"]", text)
    shown = protected.fetch("/api/auth/me", headers={"Cookie": user.cookie}).json()["name"]
    assert urllib.parse.unquote(text, errors="strict") == shown
    assert seen.one("Remote-User") == user.id
    assert seen.one("Remote-Email") == user.email
    assert seen.one("Remote-Email-Verified") == "false"


def test_app1_an_email_address_verified_by_a_provider_is_marked(protected):
    user = protected.register(is_verified=True)
    protected.fetch("/notes", headers={"Cookie": user.cookie})
    assert protected.received().one("Remote-Email-Verified") == "true"
