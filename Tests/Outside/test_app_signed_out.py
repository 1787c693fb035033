"""Responses to requests without a session (group 6); Tests/Browser tests the following pages."""

import urllib.parse

import pytest
from echo_application import WebSocketClient, echo_application
from protected_application import ProtectedSite, session_cookie
from site_under_test import PASSWORD, running_site

SIGNED_OUT = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
REFUSED = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
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
def test_app6_the_frontend_responds_to_page_requests(door, headers, method):
    door.check.answer = SIGNED_OUT
    answer = door.ask("/notes?a=1&b=%2F", method, headers=headers | {"X-Original-URI": "//evil.example"})
    assert answer.status == 200 and door.saw_nothing
    if method == "GET":
        seen = answer.json()
        assert (seen["server"], seen["raw"]) == ("frontend", "/application/sign-in")
        assert seen["headers"]["x-original-uri"] == ["/notes?a=1&b=%2F"]


@pytest.mark.parametrize("headers", [NAVIGATION, OLD_BROWSER])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_app6_a_form_leads_to_the_sign_in_and_is_not_sent_again(door, headers, method):
    door.check.answer = SIGNED_OUT
    answer = door.ask("/notes", method, headers=headers, body=b"x=1")
    assert (answer.status, answer.one("Location")) == (303, "/login")
    assert door.saw_nothing


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("who", PROGRAMS)
def test_app6_programs_get_a_problem_document(door, who, method):
    door.check.answer = SIGNED_OUT
    answer = door.ask("/notes", method, headers=PROGRAMS[who], body=None if method == "GET" else b"x")
    assert answer.status == 401 and door.saw_nothing
    assert answer.one("Content-Type") == "application/problem+json"
    assert answer.json() | {"request_id": ""} == {
        "type": "about:blank", "title": "Not signed in", "status": 401, "detail": "Sign in to use this address.",
        "code": "unauthenticated", "errors": [], "request_id": "",
    }  # fmt: skip
    assert answer.one("WWW-Authenticate").startswith("Cookie ")
    assert answer.one("Cache-Control") == "no-store" and answer.one("Location") is None


def test_app6_a_websocket_is_refused_with_its_handshake(door):
    door.check.answer = SIGNED_OUT
    with WebSocketClient(door.port, "/socket", {"Sec-Fetch-Mode": "websocket"}) as socket:
        assert socket.status == 401
    assert door.saw_nothing


@pytest.mark.parametrize("headers", [NAVIGATION, OLD_BROWSER])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_app6_a_user_without_access_sees_an_explanation(door, headers, method):
    door.check.answer = REFUSED
    answer = door.ask("/notes", method, headers=headers, body=None if method == "GET" else b"x=1")
    assert answer.status == 403 and door.saw_nothing
    page = answer.body.decode()
    assert "<h1>No access</h1>" in page and 'href="/account"' in page
    assert answer.one("Cache-Control") == "no-store"
    japanese = door.ask("/notes", headers=headers | {"Accept-Language": "ja"}).body.decode()
    assert "アクセス権がありません" in japanese


@pytest.mark.parametrize("who", PROGRAMS)
def test_app6_and_a_program_a_problem_document(door, who):
    door.check.answer = REFUSED
    answer = door.ask("/notes", headers=PROGRAMS[who])
    assert (answer.status, answer.json()["code"]) == (403, "access_denied")
    assert door.saw_nothing


def test_app6_only_the_status_of_the_check_is_used(door):
    """Cookies, addresses and texts."""
    for status in ("401 Unauthorized", "403 Forbidden"):
        door.check.answer = (
            f"HTTP/1.1 {status}\r\nLocation: //evil.example\r\nSet-Cookie: a=b\r\nContent-Length: 4\r\n\r\nevil"
        )
        answer = door.ask("/notes")
        assert answer.one("Set-Cookie") is None and answer.one("Location") is None and b"evil" not in answer.body
    door.check.answer = "HTTP/1.1 204 No Content\r\nX-User-ID: x\r\nSet-Cookie: a=b\r\n\r\n"
    assert door.ask("/notes").one("Set-Cookie") is None


# Addresses opened without a session, and the page to return to by the rules of return paths; None: the first page.
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
def test_app6_a_page_leads_to_the_sign_in_with_its_address(protected, target, headers):
    lines = "\n".join(f"{name}: {value}" for name, value in headers.items())
    answer = protected.raw(f"GET {target} HTTP/1.1\nHost: localhost\nConnection: close\n{lines}")
    assert answer.status == 302 and protected.saw_nothing
    back = RETURNS[target]
    expected = "/login" if back is None else "/login?return_to=" + urllib.parse.quote(back, safe="-._~")
    assert answer.one("Location") == expected
    assert answer.one("Cache-Control") == "no-store"


def form(protected, path: str, cookie: str = "", **fields: str):
    """Sends a form like a browser without JavaScript."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    if cookie:
        headers["Cookie"] = cookie
    return protected.ask(path, "POST", body=urllib.parse.urlencode(fields).encode(), headers=headers)


@pytest.mark.parametrize("way", ["sign in", "register"])
@pytest.mark.parametrize(("target", "landing"), [("/notes?a=1&b=2", "/notes?a=1&b=2"), (None, "/")])
def test_app6_the_sign_in_leads_to_the_requested_page(protected, email, way, target, landing):
    fields = {"return_to": target} if target else {}
    if way == "sign in":
        protected.register(email=email)
        answer = form(protected, "/login", email=email, password=PASSWORD, **fields)
    else:
        answer = form(
            protected, "/register", email=email, password=PASSWORD, password_confirmation=PASSWORD, name="A", **fields
        )
    assert answer.status == 303
    cookie = session_cookie(answer)
    stop = protected.ask(answer.one("Location"), headers={"Cookie": cookie})
    assert (stop.status, stop.one("Location")) == (303, landing)
    there = protected.ask(landing, headers=NAVIGATION | {"Cookie": cookie})
    assert there.status == 200 and protected.seen().target == landing


def test_app6_the_account_page_has_a_way_back(protected):
    user = protected.register()
    page = protected.ask("/account", headers={"Cookie": user.cookie}).body.decode()
    assert '<a class="button" href="/" id="to-application">Go to the application</a>' in page
    out = form(protected, "/logout", user.cookie)
    assert (out.status, out.one("Location")) == (303, "/login?notice=signed-out")
    assert protected.ask("/login", headers={"Cookie": protected.sign_in(user)}).one("Location") == "/"


def test_app6_an_ended_session_is_reported(protected):
    user = protected.register()
    protected.ask("/api/auth/logout", "POST", headers={"Cookie": user.cookie})
    answer = protected.ask("/notes", headers=NAVIGATION | {"Cookie": user.cookie})
    assert answer.one("Location") == "/login?return_to=%2Fnotes&notice=session-over"


@pytest.mark.parametrize("cookies", ["access_token={0}; access_token=planted", "access_token={0}dead; sent_on=1"])
def test_app6_there_is_no_redirect_loop(protected, cookies):
    user = protected.register()
    answer = protected.ask("/notes?x=1", headers=NAVIGATION | {"Cookie": cookies.format(user.token)})
    assert answer.status == 400 and protected.saw_nothing
    page = answer.body.decode()
    assert "access_token" in page and 'href="/notes?x=1"' in page


def test_app6_the_entrance_is_not_reachable_directly(protected):
    for path in ("/application/sign-in", "/application/sign-in?x"):
        answer = protected.ask(path, headers=NAVIGATION | {"X-Original-URI": "//evil.example"})
        # With an application at the root, this is its address; only nginx sets the header.
        assert answer.status == 302 and "evil" not in answer.one("Location")


def test_app6_the_sign_in_leads_to_the_application_below_a_path():
    with echo_application() as application, running_site(APP_UPSTREAM=application.url, APP_PATH="/app") as site:
        protected = ProtectedSite(site, application)
        home = protected.ask("/", headers=NAVIGATION)
        assert (home.status, home.one("Location")) == (303, "/login")
        assert protected.ask("/application/sign-in", headers={"X-Original-URI": "/x"}).status == 404
        user = protected.register()
        head = {"Cookie": user.cookie}
        assert 'href="/app/" id="to-application"' in protected.ask("/", headers=head).body.decode()
        assert 'href="/app/" id="to-application"' in protected.ask("/account", headers=head).body.decode()
        assert protected.ask("/login", headers=head).one("Location") == "/app/"
        answer = form(protected, "/login", email=user.email, password=PASSWORD)
        assert (
            protected.ask(answer.one("Location"), headers={"Cookie": session_cookie(answer)}).one("Location") == "/app/"
        )
        assert protected.ask("/app/x", headers=NAVIGATION).one("Location") == "/login?return_to=%2Fapp%2Fx"
        assert protected.ask("/app/x", headers=head).status == 200
