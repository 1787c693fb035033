"""The recipes of examples/proxies in front of the site: other proxies admit users only."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from echo_application import WebSocketClient, echo_application
from protected_application import IDENTITY, ProtectedSite
from site_under_test import (
    ROOT,
    TIMEOUT_SECONDS,
    fetch,
    free_ports,
    kill_on_parent_exit,
    listens,
    running_site,
    wait_until,
)

RECIPES = ROOT / "examples/proxies"
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Accept": "text/html"}
# Paths of the site that need no session.
PUBLIC = [
    *("/login", "/register", "/register/address", "/recover", "/signed-in", "/docs", "/openapi.json", "/error.css"),
    *("/error-colors.css", "/.well-known/change-password", "/.well-known/jwks.json", "/.well-known/security.txt"),
]
# A port on which no program listens.
NOWHERE = "127.0.0.1:9"


def change(text: str, *changes: tuple[str, str]) -> str:
    """Replaces the parts of a recipe that depend on the machine; each must occur."""
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text, flags=re.M)
        assert count, pattern
    return text


def nginx_recipe(folder: Path, port: int, addresses: list[tuple[str, str]]) -> list[str]:
    """nginx with the recipe in the http block, without TLS."""
    recipe = change(
        (RECIPES / "nginx.conf").read_text(), *addresses,
        (r"^ *ssl_certificate.*\n", ""), (r"listen 443 ssl;", f"listen 127.0.0.1:{port};"),
    )  # fmt: skip
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} pid {folder}/pid; error_log {folder}/log; events {{}} http {{ access_log off; {paths}\n{recipe}\n}}"
    )
    return ["nginx", "-e", f"{folder}/log", "-c", f"{folder}/nginx.conf", "-g", "daemon off;"]


def caddy_recipe(folder: Path, port: int, addresses: list[tuple[str, str]]) -> list[str]:
    """Caddy without TLS."""
    text = (RECIPES / "Caddyfile").read_text()
    recipe = change(text, *addresses, (r"^www\.example\.com", f"http://localhost:{port}"))
    (folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https off\n}\n" + recipe)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", f"{folder}/Caddyfile"]


def haproxy_recipe(folder: Path, port: int, addresses: list[tuple[str, str]]) -> list[str]:
    """HAProxy without TLS."""
    lua = folder / "forward-auth.lua"
    lua.write_text(change((RECIPES / "forward-auth.lua").read_text(), addresses[0]))
    recipe = change(
        (RECIPES / "haproxy.cfg").read_text(), *addresses, (r"bind :443 ssl .*", f"bind 127.0.0.1:{port}"),
        (r"/etc/haproxy/forward-auth\.lua", str(lua)),
    )  # fmt: skip
    (folder / "haproxy.cfg").write_text(recipe)
    return ["haproxy", "-db", "-f", f"{folder}/haproxy.cfg"]


@contextlib.contextmanager
def proxy(recipe, port: int, sign_in: str, application: str):
    """A proxy with a recipe of this repository."""
    folder = Path(tempfile.mkdtemp(prefix="yoshikosan-proxy-"))
    environment = {"PATH": f"{os.environ['PATH']}:/usr/sbin", "HOME": str(folder)}
    command = recipe(folder, port, [(r"127\.0\.0\.1:6666", sign_in), (r"127\.0\.0\.1:4000", application)])
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen([*kill_on_parent_exit(), *command], env=environment, stdout=output, stderr=output)
    try:
        wait_until(lambda: listens(port) or process.poll() is not None, "the proxy listens")
        assert process.poll() is None, (folder / "output").read_text()
        yield
    finally:
        process.terminate()
        process.wait(TIMEOUT_SECONDS)
        shutil.rmtree(folder)


class ThroughProxy(ProtectedSite):
    """The site for browsers: all requests go through the proxy."""

    entry: int

    @property
    def port(self) -> int:
        """The port of the proxy."""
        return self.entry

    def fetch(self, path: str, method: str = "GET", headers=None, **request):
        """Sends a request with the Host header of browsers."""
        return super().fetch(path, method, headers={"Host": f"localhost:{self.port}"} | (headers or {}), **request)


@pytest.fixture(scope="module")
def _site(application):
    [port] = free_ports(1)
    with running_site(FORWARD_AUTH="on", PUBLIC_URL=f"http://localhost:{port}", TRUSTED_PROXIES="127.0.0.1") as site:
        through = ThroughProxy(site, application)
        through.entry = port
        yield through


@pytest.fixture(scope="module", params=[nginx_recipe, caddy_recipe, haproxy_recipe], ids=["nginx", "caddy", "haproxy"])
def _proxied(request, _site, application):
    with proxy(request.param, _site.entry, f"127.0.0.1:{_site.site.external_port}", f"127.0.0.1:{application.port}"):
        yield _site


@pytest.fixture
def proxied(_proxied):
    """The site behind each of the proxies."""
    _proxied.application.requests.clear()
    return _proxied


def register(proxied, name: str = "Yoshiko"):
    """An account, created through the proxy."""
    user = proxied.register(name)
    assert not proxied.application.requests
    return user


@pytest.mark.parametrize("path", ["/notes", "/notes?a=1&b=2", "/notes?q=%E6%97%A5"])
def test_app6_a_page_without_a_session_redirects_to_the_sign_in_and_back(proxied, path):
    response = proxied.fetch(path, headers=NAVIGATION)
    location = urlsplit(response.one("Location"))
    assert response.status == 303 and location.path == "/login"
    assert location.netloc in (f"localhost:{proxied.port}", "")
    assert parse_qs(location.query) == {"return_to": [path]}
    assert proxied.fetch("/login").status == 200
    assert proxied.received_nothing


@pytest.mark.parametrize("path", PUBLIC)
def test_app6_the_pages_of_the_sign_in_need_no_session(proxied, path):
    """The proxy sends these requests to the site, whose response it returns."""
    response = proxied.fetch(path, headers=NAVIGATION)
    direct = fetch(proxied.site.external_port, path, headers=NAVIGATION | {"Host": f"localhost:{proxied.port}"})
    assert (response.status, response.one("Location")) == (direct.status, direct.one("Location"))
    assert proxied.received_nothing


def test_app6_the_links_to_recover_and_to_enter_an_address_open_without_a_session(proxied):
    assert proxied.fetch("/recover", headers=NAVIGATION).status == 200
    # Without an account at a provider that is waiting for an address.
    address = proxied.fetch("/register/address", headers=NAVIGATION)
    assert address.status == 303 and "return_to" not in address.one("Location")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_app6_requests_for_data_without_a_session_are_rejected(proxied, method):
    response = proxied.fetch("/api/notes", method, body=b"x" if method != "GET" else None)
    assert response.status == 401 and proxied.received_nothing


def test_app6_a_form_without_a_session_is_not_sent(proxied):
    response = proxied.fetch("/notes", "POST", headers=NAVIGATION, body=b"text=x")
    assert response.status == 303 and urlsplit(response.one("Location")).path == "/login"
    assert proxied.received_nothing


def test_app1_the_application_receives_the_signed_in_user(proxied):
    user = register(proxied, "山田 太郎")
    response = proxied.fetch("/notes?x=1", headers={"Cookie": f"a=1; {user.cookie}; theme=dark"})
    assert response.status == 200
    seen = proxied.received()
    assert seen.target == "/notes?x=1"
    assert [seen.one(name) for name in IDENTITY] == [
        user.id, user.email, "false", "%E5%B1%B1%E7%94%B0%20%E5%A4%AA%E9%83%8E"
    ]  # fmt: skip
    assert seen.one("Cookie") == "a=1; theme=dark"


def test_app7_the_application_does_not_get_the_session_cookie(proxied):
    user = register(proxied)
    assert proxied.fetch("/notes", headers={"Cookie": user.cookie}).status == 200
    assert user.token not in str(proxied.received().headers) and not proxied.received().one("Cookie")


@pytest.mark.parametrize(
    "name", ["Remote-User", "remote-user", "Remote_User", "REMOTE_USER", "Remote.User", "Remote-Groups", "Remote-Name"]
)
def test_app1_a_client_cannot_set_identity_headers(proxied, name):
    user = register(proxied)
    head = f"Host: localhost:{proxied.port}\nConnection: close\n{name}: admin\n{name}: admin"
    assert proxied.raw(f"GET /notes HTTP/1.1\n{head}").status == 401
    assert proxied.received_nothing
    assert proxied.raw(f"GET /notes HTTP/1.1\n{head}\nCookie: {user.cookie}").status == 200
    seen = proxied.received()
    assert "admin" not in [value for _, value in seen.headers]
    assert (seen.one("Remote-User"), seen.one("Remote-Name")) == (user.id, "Yoshiko")


@pytest.mark.parametrize(
    "path",
    [
        *("/api/auth/verify", "/api/auth/verify?redirect=true", "/api/auth/verify/", "/API/auth/verify"),
        *("/api/auth//verify", "//api/auth/verify", "/api/auth/./verify", "/api/auth/%76erify"),
    ],
)
def test_app7_scripts_cannot_read_the_cookies_of_the_application(proxied, path):
    """Browsers cannot reach `/api/auth/verify`, whose response would show scripts the HttpOnly cookies."""
    user = register(proxied)
    response = proxied.raw(
        f"GET {path} HTTP/1.1\nHost: localhost:{proxied.port}\nConnection: close\nCookie: {user.cookie}; own=secret"
    )
    assert [response.one(name) for name in ("X-Application-Cookie", "Cookie", "Remote-User")] == [None] * 3


@pytest.mark.parametrize("name", ["Connection", "connection"])
def test_app1_a_client_cannot_remove_identity_headers(proxied, name):
    """RFC 9110, section 7.6.1: a proxy removes the headers that Connection names."""
    user = register(proxied)
    head = f"Host: localhost:{proxied.port}\n{name}: close, Remote-User, Remote-Email\nCookie: {user.cookie}"
    proxied.raw(f"GET /notes HTTP/1.1\n{head}")
    assert all(seen.one("Remote-User") == user.id for seen in proxied.application.requests)


def test_app8_an_ended_session_is_rejected(proxied):
    user = register(proxied)
    session = {"Cookie": user.cookie}
    assert proxied.fetch("/notes", headers=session).status == 200
    assert proxied.fetch("/api/auth/logout", "POST", headers=session).status == 204
    proxied.application.requests.clear()
    assert proxied.fetch("/notes", headers=session).status == 401
    assert proxied.received_nothing


def test_app9_a_websocket_needs_a_session(proxied):
    user = register(proxied)
    with WebSocketClient(proxied.port, "/socket", {}) as websocket:
        assert websocket.status == 401
    assert proxied.received_nothing
    with WebSocketClient(proxied.port, "/socket", {"Cookie": user.cookie}) as websocket:
        assert websocket.status == 101 and websocket.say("hello") == "hello"
    assert proxied.received().one("Remote-User") == user.id


@pytest.mark.parametrize(
    "upgrade",
    [
        *("h2c", "websocket, h2c", "h2c, websocket", "TLS/1.0"),
        *("websocket\nUpgrade: h2c", "h2c\nUpgrade: websocket", "h2c\nUpgrade: websocket, h2c"),
    ],
)
def test_app9_other_protocols_are_rejected(proxied, upgrade):
    """RFC 9110, section 7.8: a client may name several protocols, in one field or in several."""
    user = register(proxied)
    head = f"Host: localhost:{proxied.port}\nCookie: {user.cookie}\nUpgrade: {upgrade}"
    # HAProxy rejects a WebSocket without a key.
    head += "\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg=="
    proxied.raw(f"GET /notes HTTP/1.1\n{head}\nConnection: Upgrade, HTTP2-Settings\nHTTP2-Settings: AAMAAABkAAQAAP__")
    forwarded = [value for seen in proxied.application.requests for value in seen.all("Upgrade")]
    assert forwarded in ([], ["websocket"])


def test_app4_fourteen_kilobytes_of_cookies_are_accepted(proxied):
    user = register(proxied)
    cookies = "; ".join(f"c{number}={'x' * 1000}" for number in range(14))
    response = proxied.fetch("/notes", headers={"Cookie": f"{user.cookie}; {cookies}"})
    assert response.status == 200 and proxied.received().one("Cookie") == cookies


def test_app9_uploads_of_any_size_are_accepted(proxied):
    session = {"Cookie": register(proxied).cookie}
    assert proxied.fetch("/notes", "POST", headers=session, body=b"x" * 3_000_000).status == 200
    assert proxied.received().body == 3_000_000


@pytest.mark.parametrize("recipe", [nginx_recipe, caddy_recipe, haproxy_recipe])
@pytest.mark.parametrize("fault", ["unavailable", "off"])
def test_app3_requests_are_rejected_without_the_sign_in(recipe, fault, site):
    """If the sign-in is unavailable or FORWARD_AUTH is off, nothing reaches the application."""
    [port] = free_ports(1)
    sign_in = NOWHERE if fault == "unavailable" else f"127.0.0.1:{site.external_port}"
    with echo_application() as application, proxy(recipe, port, sign_in, f"127.0.0.1:{application.port}"):
        through = ThroughProxy(site, application)
        through.entry = port
        for headers in ({}, NAVIGATION, {"Cookie": "access_token=x", "Remote-User": "admin"}):
            assert through.fetch("/notes", headers=headers).status in (404, 500, 502, 503)
        assert through.received_nothing
