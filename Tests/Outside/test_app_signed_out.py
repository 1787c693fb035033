"""Responses to requests without a session; Tests/Browser tests the following pages."""

import urllib.parse

import pytest
from echo_application import WebSocketClient, echo_application
from protected_application import ProtectedSite, session_cookie
from site_under_test import PASSWORD, running_site

SIGNED_OUT = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
ACCESS_DENIED = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OLD_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PROGRAMS = {
    "curl": {"Accept": "*/*"},
    "nothing": {},
    "fetch": {"Sec-Fetch-Mode": "cors", "Accept": "text/html"},
    "fetch of the same origin": {"Sec-Fetch-Mode": "same-origin", "Accept": "*/*"},
    "image": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "Accept": "image/avif,*/*"},
    "event stream": {"Sec-Fetch-Mode": "cors", "Accept": "text/event-stream"},
    "XHR": {"X-Requested-With": "XMLHttpRequest", "Accept": "application/json"},
}


@pytest.mark.parametrize("headers", [NAVIGATION, OLD_BROWSER])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_app6_the_frontend_responds_to_page_requests(proxy, headers, method):
    proxy.check.response = SIGNED_OUT
    response = proxy.fetch("/notes?a=1&b=%2F", method, headers=headers | {"X-Original-URI": "//evil.example"})
    assert response.status == 200 and proxy.received_nothing
    if method == "GET":
        seen = response.json()
        assert (seen["server"], seen["raw"]) == ("frontend", "/application/sign-in")
        assert seen["headers"]["x-original-uri"] == ["/notes?a=1&b=%2F"]


@pytest.mark.parametrize("headers", [NAVIGATION, OLD_BROWSER])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_app6_a_form_leads_to_the_sign_in_and_is_not_sent_again(proxy, headers, method):
    proxy.check.response = SIGNED_OUT
    response = proxy.fetch("/notes", method, headers=headers, body=b"x=1")
    assert (response.status, response.one("Location")) == (303, "/login")
    assert proxy.received_nothing


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("who", PROGRAMS)
def test_app6_programs_get_a_problem_document(proxy, who, method):
    proxy.check.response = SIGNED_OUT
    response = proxy.fetch("/notes", method, headers=PROGRAMS[who], body=None if method == "GET" else b"x")
    assert response.status == 401 and proxy.received_nothing
    assert response.one("Content-Type") == "application/problem+json"
    assert response.json() | {"request_id": ""} == {
        "type": "about:blank", "title": "Not signed in", "status": 401, "detail": "Sign in to use this address.",
        "code": "unauthenticated", "errors": [], "request_id": "",
    }  # fmt: skip
    assert response.one("WWW-Authenticate").startswith("Cookie ")
    assert response.one("Cache-Control") == "no-store" and response.one("Location") is None


def test_app6_a_websocket_handshake_without_a_session_is_rejected(proxy):
    proxy.check.response = SIGNED_OUT
    with WebSocketClient(proxy.port, "/socket", {"Sec-Fetch-Mode": "websocket"}) as socket:
        assert socket.status == 401
    assert proxy.received_nothing


@pytest.mark.parametrize("headers", [NAVIGATION, OLD_BROWSER])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_app6_a_user_without_access_sees_an_explanation(proxy, headers, method):
    proxy.check.response = ACCESS_DENIED
    response = proxy.fetch("/notes", method, headers=headers, body=None if method == "GET" else b"x=1")
    assert response.status == 403 and proxy.received_nothing
    page = response.body.decode()
    assert "<h1>No access</h1>" in page and 'href="/account"' in page
    assert response.one("Cache-Control") == "no-store"
    japanese = proxy.fetch("/notes", headers=headers | {"Accept-Language": "ja"}).body.decode()
    assert "アクセス権がありません" in japanese


@pytest.mark.parametrize("who", PROGRAMS)
def test_app6_a_program_without_access_gets_a_problem_document(proxy, who):
    proxy.check.response = ACCESS_DENIED
    response = proxy.fetch("/notes", headers=PROGRAMS[who])
    assert (response.status, response.json()["code"]) == (403, "access_denied")
    assert proxy.received_nothing


def test_app6_only_the_status_of_the_check_is_used(proxy):
    """Other parts of its response (cookies, addresses and texts) do not reach the client."""
    for status in ("401 Unauthorized", "403 Forbidden"):
        proxy.check.response = (
            f"HTTP/1.1 {status}\r\nLocation: //evil.example\r\nSet-Cookie: a=b\r\nContent-Length: 4\r\n\r\nevil"
        )
        response = proxy.fetch("/notes")
        assert response.one("Set-Cookie") is None and response.one("Location") is None and b"evil" not in response.body
    proxy.check.response = "HTTP/1.1 204 No Content\r\nX-User-ID: x\r\nSet-Cookie: a=b\r\n\r\n"
    assert proxy.fetch("/notes").one("Set-Cookie") is None


# Addresses opened without a session, and the return path to expect; None: the first page of the application.
RETURNS = {
    "/notes?a=1&b=2": "/notes?a=1&b=2",
    "/notes": "/notes",
    "/": "/",
    "/?x": "/?x",
    "/a+b%20c?d=%2B+%25&e=%2F%3F": "/a+b%20c?d=%2B+%25&e=%2F%3F",
    "/%E6%97%A5%E6%9C%AC%E8%AA%9E?q=%E6%97%A5": "/%E6%97%A5%E6%9C%AC%E8%AA%9E?q=%E6%97%A5",
    "/notes?next=https://evil.example": "/notes?next=https://evil.example",
    "/" + "a" * 2000: None,
    "/notes?" + "a" * 2000: None,
    "//evil.example": None,
    "///evil.example": None,
    "/\\evil.example": None,
    "/%5Cevil.example": None,
    "/%2F%2Fevil.example": None,
    "/.//evil.example": None,
    "/api/notes": None,
}


@pytest.mark.parametrize("target", RETURNS)
@pytest.mark.parametrize("headers", [NAVIGATION, OLD_BROWSER])
def test_app6_a_page_redirects_to_the_sign_in_with_its_return_path(protected, target, headers):
    lines = "\n".join(f"{name}: {value}" for name, value in headers.items())
    response = protected.raw(f"GET {target} HTTP/1.1\nHost: localhost\nConnection: close\n{lines}")
    assert response.status == 302 and protected.received_nothing
    back = RETURNS[target]
    expected = "/login" if back is None else "/login?return_to=" + urllib.parse.quote(back, safe="-._~")
    assert response.one("Location") == expected
    assert response.one("Cache-Control") == "no-store"


def form(protected, path: str, cookie: str = "", **fields: str):
    """Sends a form like a browser without JavaScript."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    if cookie:
        headers["Cookie"] = cookie
    return protected.fetch(path, "POST", body=urllib.parse.urlencode(fields).encode(), headers=headers)


@pytest.mark.parametrize("way", ["sign in", "register"])
@pytest.mark.parametrize(("target", "landing"), [("/notes?a=1&b=2", "/notes?a=1&b=2"), (None, "/")])
def test_app6_the_sign_in_leads_to_the_requested_page(protected, email, way, target, landing):
    fields = {"return_to": target} if target else {}
    if way == "sign in":
        protected.register(email=email)
        response = form(protected, "/login", email=email, password=PASSWORD, **fields)
    else:
        response = form(
            protected, "/register", email=email, password=PASSWORD, password_confirmation=PASSWORD, name="A", **fields
        )
    assert response.status == 303
    cookie = session_cookie(response)
    stop = protected.fetch(response.one("Location"), headers={"Cookie": cookie})
    assert (stop.status, stop.one("Location")) == (303, landing)
    there = protected.fetch(landing, headers=NAVIGATION | {"Cookie": cookie})
    assert there.status == 200 and protected.received().target == landing


def test_app6_the_account_page_links_back_to_the_application(protected):
    user = protected.register()
    page = protected.fetch("/account", headers={"Cookie": user.cookie}).body.decode()
    assert '<a class="button" href="/" id="to-application">Go to the application</a>' in page
    out = form(protected, "/logout", user.cookie)
    assert (out.status, out.one("Location")) == (303, "/login?notice=signed-out")
    assert protected.fetch("/login", headers={"Cookie": protected.sign_in(user)}).one("Location") == "/"


def test_app6_an_ended_session_is_reported(protected):
    user = protected.register()
    protected.fetch("/api/auth/logout", "POST", headers={"Cookie": user.cookie})
    response = protected.fetch("/notes", headers=NAVIGATION | {"Cookie": user.cookie})
    assert response.one("Location") == "/login?return_to=%2Fnotes&notice=session-over"


@pytest.mark.parametrize("cookies", ["access_token={0}; access_token=planted", "access_token={0}dead; sent_on=1"])
def test_app6_there_is_no_redirect_loop(protected, cookies):
    user = protected.register()
    response = protected.fetch("/notes?x=1", headers=NAVIGATION | {"Cookie": cookies.format(user.token)})
    assert response.status == 400 and protected.received_nothing
    page = response.body.decode()
    assert "access_token" in page and 'href="/notes?x=1"' in page


def test_app6_the_entrance_is_not_reachable_directly(protected):
    for path in ("/application/sign-in", "/application/sign-in?x"):
        response = protected.fetch(path, headers=NAVIGATION | {"X-Original-URI": "//evil.example"})
        # With an application at the root, this is its address; only nginx sets the header.
        assert response.status == 302 and "evil" not in response.one("Location")


def test_app6_the_sign_in_leads_to_an_application_at_a_prefix():
    with echo_application() as application, running_site(APP_UPSTREAM=application.url, APP_PATH="/app") as site:
        protected = ProtectedSite(site, application)
        home = protected.fetch("/", headers=NAVIGATION)
        assert (home.status, home.one("Location")) == (303, "/login")
        assert protected.fetch("/application/sign-in", headers={"X-Original-URI": "/x"}).status == 404
        user = protected.register()
        head = {"Cookie": user.cookie}
        assert 'href="/app/" id="to-application"' in protected.fetch("/", headers=head).body.decode()
        assert 'href="/app/" id="to-application"' in protected.fetch("/account", headers=head).body.decode()
        assert protected.fetch("/login", headers=head).one("Location") == "/app/"
        response = form(protected, "/login", email=user.email, password=PASSWORD)
        assert (
            protected.fetch(response.one("Location"), headers={"Cookie": session_cookie(response)}).one("Location")
            == "/app/"
        )
        assert protected.fetch("/app/x", headers=NAVIGATION).one("Location") == "/login?return_to=%2Fapp%2Fx"
        assert protected.fetch("/app/x", headers=head).status == 200
