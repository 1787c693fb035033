"""The application on a separate host (APP_URL): through nginx, with two cookie jars, like a browser."""

import urllib.parse

import jwt
import pytest
from echo_application import echo_application
from protected_application import ProtectedSite, session_cookie
from scripted_check import scripted_check
from site_under_test import PASSWORD, fetch, free_ports, nginx, running_site
from test_app_settings import PROGRAMS, expect_rejected
from test_nginx_responses import SECURITY_HEADERS, assert_guarded, assert_page
from test_setting_values import render
from test_settings import COMPLETE, check

HOST = "wiki.localhost"
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Accept": "text/html"}


@pytest.fixture(scope="module")
def _hosted(application):
    settings = {"APP_UPSTREAM": application.url, "APP_URL": f"http://{HOST}:8080", "APP_PUBLIC_PATHS": "/static/"}
    with running_site(**settings, APP_ASSERTION="on", FORWARD_AUTH="on") as site:
        yield ProtectedSite(site, application)


@pytest.fixture
def hosted(_hosted):
    """The whole site with that application on a separate host."""
    _hosted.application.requests.clear()
    return _hosted


@pytest.fixture(scope="module")
def application():
    """An application that no other test uses."""
    with echo_application() as running:
        yield running


def there(hosted, path: str, method: str = "GET", host: str = HOST, **headers: str):
    """A request to the application's host."""
    return hosted.fetch(path, method, headers={"Host": host} | NAVIGATION | headers)


def cookie(response, name: str) -> str:
    """The cookie that a response sets, as a browser sends it back."""
    [found] = [each for each in response.headers.get_all("Set-Cookie") or [] if each.startswith(name)]
    return found.split(";")[0]


def enter(hosted, token: str, page: str = "/notes") -> tuple[str, str]:
    """Opens the application with a session of the site; returns the final page and its cookie."""
    begun = there(hosted, page)
    state = cookie(begun, "app_entry_")
    entered = hosted.fetch(path_and_query(begun.one("Location")), headers={"Cookie": token})
    assert entered.status == 303 and entered.one("Location").startswith(f"http://{HOST}:8080/api/auth/entered?")
    arrived = there(hosted, path_and_query(entered.one("Location")), Cookie=state)
    assert arrived.status == 303, arrived.body
    return arrived.one("Location"), cookie(arrived, "app_session=")


def path_and_query(url: str) -> str:
    """The part after the host."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def test_own_host_a_visitor_signs_in_and_returns(hosted, email):
    hosted.register(email=email)
    begun = there(hosted, "/notes?a=1&b=%2F")
    assert begun.status == 302 and begun.one("Cache-Control") == "no-store"
    enter_page = path_and_query(begun.one("Location"))
    assert begun.one("Location") == hosted.site.url + enter_page and enter_page.startswith("/enter?state=")
    to_login = hosted.fetch(enter_page, headers=NAVIGATION)
    assert to_login.one("Location") == "/login?return_to=" + urllib.parse.quote(enter_page, safe="")
    form = urllib.parse.urlencode({"email": email, "password": PASSWORD, "return_to": enter_page}).encode()
    page = hosted.fetch(to_login.one("Location"))
    assert f"form-action 'self' http://{HOST}:8080;" in page.one("Content-Security-Policy")
    head = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    signed = hosted.fetch("/login", "POST", body=form, headers=head)
    token = session_cookie(signed)
    stop = hosted.fetch(signed.one("Location"), headers={"Cookie": token})
    assert stop.one("Location") == enter_page
    entered = hosted.fetch(enter_page, headers={"Cookie": token})
    arrived = there(hosted, path_and_query(entered.one("Location")), Cookie=cookie(begun, "app_entry_"))
    assert arrived.one("Location") == "/notes?a=1&b=%2F"
    session = cookie(arrived, "app_session=")
    shown = there(hosted, "/notes?a=1&b=%2F", Cookie=f"{session}; theme=dark; app_entry_00ff00ff00ff00ff=x")
    seen = hosted.received()
    assert (shown.status, seen.target, seen.one("Remote-Email")) == (200, "/notes?a=1&b=%2F", email)
    assert seen.one("Cookie") == "theme=dark"
    lines = hosted.site.logs()
    for secret in (session.split("=", 1)[1], token.split("=", 1)[1], entered.one("Location").split("code=")[1]):
        assert secret not in lines


def test_own_host_one_sign_out_ends_both(hosted):
    user = hosted.register()
    _, session = enter(hosted, user.cookie)
    assert there(hosted, "/notes", Cookie=session).status == 200
    hosted.fetch("/api/auth/logout", "POST", headers={"Cookie": user.cookie})
    again = there(hosted, "/notes", Cookie=session)
    assert again.status == 302 and again.one("Location").startswith(hosted.site.url)
    assert there(hosted, "/notes", Cookie=session, **{"Sec-Fetch-Mode": "cors"}).status == 401
    # A policy of the application, `form-action 'self'`, would block a redirect to the sign-in.
    form = there(hosted, "/notes", "POST", Cookie=session)
    assert_page(form, 401)
    assert form.one("Location") is None and 'href="/"' in form.body.decode()


def test_own_host_the_cookies_of_one_host_are_invalid_on_the_other(hosted):
    user = hosted.register()
    _, session = enter(hosted, user.cookie)
    hosted.application.requests.clear()
    value = session.split("=", 1)[1]
    for pair in (user.cookie, f"app_session={user.token}", f"access_token={value}"):
        assert there(hosted, "/notes", Cookie=pair).status == 302
    for pair in (session, f"access_token={value}"):
        assert hosted.fetch("/api/auth/me", headers={"Cookie": pair}).status == 401
        assert hosted.fetch("/api/auth/verify", headers={"Cookie": pair}).status == 401
    assert hosted.received_nothing


def test_own_host_a_code_is_valid_only_in_the_browser_that_started(hosted):
    """Neither a stolen link nor an attacker's link signs a user in."""
    user = hosted.register()
    begun = there(hosted, "/notes")
    entered = hosted.fetch(path_and_query(begun.one("Location")), headers={"Cookie": user.cookie})
    link = path_and_query(entered.one("Location"))
    other = cookie(there(hosted, "/notes"), "app_entry_")
    for headers in ({}, {"Cookie": other}):
        response = there(hosted, link, **headers)
        assert response.status == 410 and not response.headers.get_all("Set-Cookie")
        assert b"<h1>Link not valid</h1>" in response.body and b'href="/"' in response.body
    assert there(hosted, link, Cookie=cookie(begun, "app_entry_")).status == 303


def test_own_host_several_tabs_enter_at_once(hosted):
    user = hosted.register()
    tabs = [there(hosted, f"/tab/{number}") for number in range(5)]
    jar = "; ".join(cookie(tab, "app_entry_") for tab in tabs)
    for number, tab in enumerate(tabs):
        entered = hosted.fetch(path_and_query(tab.one("Location")), headers={"Cookie": user.cookie})
        arrived = there(hosted, path_and_query(entered.one("Location")), Cookie=jar)
        assert arrived.one("Location") == f"/tab/{number}"


@pytest.mark.parametrize("path", ["/login", "/register", "/account", "/docs", "/api/auth/me", "/enter"])
def test_own_host_paths_of_the_site_belong_to_the_application(hosted, path):
    user = hosted.register()
    _, session = enter(hosted, user.cookie)
    assert there(hosted, path).one("Location").startswith(f"{hosted.site.url}/enter?state=")
    assert there(hosted, path, Cookie=session).status == 200 and hosted.received().target == path


@pytest.mark.parametrize("path", ["/api/auth/check", "/api/auth/entry", "/api/auth//check", "/api/auth/%63heck"])
def test_own_host_the_check_is_not_reachable(hosted, path):
    for headers in ({"Host": HOST}, {"Host": "localhost"}):
        response = hosted.fetch(path, headers=headers | {"X-Original-URI": "/notes"})
        assert response.status in (401, 404) and not response.headers.get_all("Set-Cookie")
    assert hosted.received_nothing


@pytest.mark.parametrize("host", [HOST, HOST.upper(), f"{HOST}:8080", f"{HOST}:1", f"{HOST}."])
def test_own_host_is_recognized_by_the_host_header(hosted, host):
    assert there(hosted, "/notes", host=host).one("Location").startswith(f"{hosted.site.url}/enter?state=")


@pytest.mark.parametrize("host", ["localhost", f"x.{HOST}", f"{HOST}.evil.example", "wiki", "wiki.localhos"])
def test_own_host_other_host_names_belong_to_the_site(hosted, host):
    user = hosted.register()
    assert b"<h1>" in there(hosted, "/login", host=host).body
    assert there(hosted, "/notes", host=host, Cookie=user.cookie).status == 404
    assert hosted.received_nothing


def test_w21_own_host_a_second_cookie_with_the_session_name_gets_an_error_page(hosted):
    user = hosted.register()
    _, session = enter(hosted, user.cookie)
    hosted.application.requests.clear()
    begun = there(hosted, "/notes")
    pages = [
        *(there(hosted, "/notes", Cookie=pair) for pair in (f"{session}; app_session=x", f"app_session=x; {session}")),
        hosted.fetch(
            path_and_query(begun.one("Location")),
            headers=NAVIGATION | {"Cookie": f"access_token=x; {user.cookie}"},
        ),
    ]
    for page in pages:
        assert page.status == 400 and page.one("Location") is None and not page.headers.get_all("Set-Cookie")
        assert page.one("Content-Type").startswith("text/html") and b"<h1>" in page.body
    assert hosted.received_nothing


def test_own_host_public_paths_and_the_assertion(hosted):
    user = hosted.register()
    _, session = enter(hosted, user.cookie)
    hosted.application.requests.clear()
    assert there(hosted, "/static/app.css").status == 200 and not hosted.received().one("Remote-User")
    hosted.application.requests.clear()
    assert there(hosted, "/notes", Cookie=session).status == 200
    claims = jwt.decode(hosted.received().one("X-Auth-Assertion"), options={"verify_signature": False})
    assert claims["aud"] == f"http://{HOST}:8080/" and claims["iss"] == hosted.site.url
    assert hosted.fetch("/static/app.css").status == 404


def test_own_host_the_pages_link_to_the_application(hosted):
    user = hosted.register()
    for path in ("/", "/account"):
        page = hosted.fetch(path, headers={"Cookie": user.cookie}).body.decode()
        assert 'href="/enter"' in page
    assert hosted.fetch("/login", headers={"Cookie": user.cookie}).one("Location") == "/enter"
    assert hosted.fetch("/enter", headers={"Cookie": user.cookie}).one("Location") == f"http://{HOST}:8080/"
    # nginx's page for users without access links to this address.
    assert there(hosted, "/api/auth/entered").one("Location") == f"{hosted.site.url}/account"


def test_own_host_may_have_the_longest_name_and_serves_only_its_path():
    host = ".".join(["a" * 61] * 4 + ["abcde"])
    assert len(host) == 253
    settings = {"APP_UPSTREAM": "http://127.0.0.1:9", "APP_URL": f"http://{host}", "APP_PATH": "/app/"}
    with nginx(*free_ports(2), **settings) as run:
        assert fetch(run.port, "/", headers={"Host": host}).one("Location").endswith("/app/")
        for path in ("/health.txt", "/servers.conf", "/login", "/enter", "/appendix"):
            assert fetch(run.port, path, headers={"Host": host}).status == 404, path


def test_own_host_an_error_while_entering_gets_a_page():
    settings = {"APP_UPSTREAM": "http://127.0.0.1:9", "APP_URL": f"http://{HOST}"}
    with nginx(*free_ports(2), **settings) as run:
        response = fetch(run.port, "/enter?state=0123456789abcdef", headers=NAVIGATION)
        assert response.status in (502, 503) and response.one("Content-Type").startswith("text/html")
        assert b"<h1>" in response.body


def test_own_host_an_error_page_has_its_own_headers():
    """The page replaces a response of the API, whose headers are not sent."""
    settings = {"APP_UPSTREAM": "http://127.0.0.1:9", "APP_URL": f"http://{HOST}"}
    headers = "".join(f"{name}: x\r\n" for name in [*SECURITY_HEADERS, "Cache-Control"])
    with scripted_check() as api, nginx(api.port, api.port, **settings) as run:
        api.response = f"HTTP/1.1 405 Method Not Allowed\r\nAllow: PUT\r\n{headers}Content-Length: 0\r\n\r\n"
        for path, host in (("/enter", "localhost"), ("/api/auth/entered", HOST)):
            page = fetch(run.port, path, "POST", headers={"Host": host}, body=b"")
            assert_page(page, 405)
            assert_guarded(page)
            assert (page.one("X-Frame-Options"), page.one("Cache-Control")) == ("DENY", "no-store")
            assert page.one("Allow") == "PUT"


URLS = {
    "wiki.example.com": "not an address",
    "https://": "not an address",
    "https://wiki.example.com/x": "not an address",
    "https://wiki.example.com?x": "not an address",
    "https://user@wiki.example.com": "not an address",
    "https://wiki.example.com:0": "not an address",
    "https://wiki.example.com:65536": "not an address",
    "https://wiki.example.com:": "not an address",
    "https://wiki.example.com.": "not an address",
    "https://wiki..example.com": "not an address",
    "https://-wiki.example.com": "not an address",
    "https://wi_ki.example.com": "not an address",
    "https://日本.example": "not an address",
    "https://10.0.0.1": "not an address",
    "https://[::1]": "not an address",
    "https://*.example.com": "not an address",
    "https://a;}": "not an address",
    "https://$host": "not an address",
    "ftp://wiki.example.com": "not an address",
    "https://a.example,https://b.example": "not an address",
}


@pytest.mark.parametrize("value", URLS)
def test_own_host_an_invalid_address_is_rejected(tmp_path, value):
    expect_rejected(
        tmp_path, "APP_URL", value, URLS[value], APP_UPSTREAM="http://app", PUBLIC_URL="https://www.example.com"
    )


def test_own_host_needs_an_application_another_host_and_the_same_scheme(tmp_path):
    expect_rejected(
        tmp_path, "APP_URL", "https://wiki.example.com", "requires APP_UPSTREAM", PUBLIC_URL="https://example.com"
    )
    complete = COMPLETE | {"APP_UPSTREAM": "http://app", "PUBLIC_URL": "https://www.example.com"}
    wrong = {
        "https://www.example.com": "the host of PUBLIC_URL",
        "https://WWW.example.com:8443/": "the host of PUBLIC_URL",
        "http://wiki.example.com": "PUBLIC_URL begins with https://",
    }
    for program in PROGRAMS:
        for value, reason in wrong.items():
            result = check(program, **complete | {"APP_URL": value})
            assert result.returncode == 78 and result.stderr.startswith("APP_URL: ") and reason in result.stderr
        for value in ("https://wiki.example.com", "HTTPS://Wiki.Example.com:443/", "https://wiki.example.com:8443"):
            assert check(program, **complete | {"APP_URL": value}).returncode == 0
    for value in ("https://wiki.example.com", "HTTPS://Wiki.Example.com:443/", "https://wiki.example.com:8443"):
        result, files = render(tmp_path, APP_UPSTREAM="http://app", APP_URL=value)
        assert result.returncode == 0 and "server_name wiki.example.com;" in files["own-host.conf"]
