"""The check decides like /api/auth/me, and is not reachable from outside."""

import random

import pytest
from scripted_check import scripted_check
from site_under_test import fetch, nginx

SPELLINGS = [
    "/api/auth/check", "/api/auth/check/", "//api//auth//check", "/api/auth/%63heck", "/%61pi/auth/check",
    "/api/auth/check?x=1", "/api/auth/check#x", "/api/auth/./check", "/api/auth/x/../check", "/api/auth/%2e/check",
    "/api/auth%2fcheck", "/api%2fauth%2fcheck", "/login/../api/auth/check", "/static/../api/auth/check",
    "/api/auth/check;x", "/api/auth/check%20", "/api/auth/check.", "/api/auth//check", "/api/auth/check%2f",
    "/API/AUTH/CHECK", "/api/auth/Check", "/api/auth/check%3fx",
]  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_app2_the_check_is_not_reachable_from_outside(protected, spelling, method):
    user = protected.register()
    response = protected.fetch(
        spelling, method, headers={"Cookie": user.cookie}, body=b"" if method == "POST" else None
    )
    reached = [seen.target for seen in protected.application.requests]
    if reached:
        # Another path, which belongs to the application.
        assert reached == [spelling] and spelling.startswith("/API")
    else:
        assert response.status == 404
        # The site's own page or problem document, not the page of nginx.
        assert b"<center>" not in response.body
    for name in ("X-User-ID", "Remote-User", "Remote-Email"):
        assert response.one(name) is None


def test_app2_the_check_is_not_reachable_by_an_absolute_url_or_another_host(protected):
    user = protected.register()
    for target in ("http://localhost/api/auth/check", "http://x/api/auth/check?y"):
        response = protected.raw(f"GET {target} HTTP/1.1\nHost: x\nConnection: close\nCookie: {user.cookie}")
        assert response.status == 404
    assert protected.received_nothing


def test_app2_without_an_application_the_check_does_not_exist(site):
    for spelling in SPELLINGS:
        assert site.fetch(spelling).status == 404


def verdicts(protected, cookies: list[str]) -> tuple[int, int]:
    """The status of /api/auth/me and of the application for the same Cookie headers."""
    lines = [f"Cookie: {cookie}" for cookie in cookies]
    head = ["HTTP/1.1", "Host: a", "Connection: close"]
    me = protected.raw("\n".join([f"GET /api/auth/me {head[0]}", *head[1:], *lines]))
    there = protected.raw("\n".join([f"GET /notes {head[0]}", *head[1:], *lines]))
    return me.status, there.status


class Cookies:
    """Generates unusual Cookie headers around a few tokens."""

    def __init__(self, seed: int, tokens: list[str]):
        self.random = random.Random(seed)
        self.tokens = tokens

    def name(self) -> str:
        """A name, often one of ours."""
        ours = ["access_token"] * 6 + ["Access_Token", "access_token ", "\taccess_token", "__Host-access_token"]
        others = ["theme", "a", "access_tokens", "xaccess_token", "$Version", "", "known_device", '"access_token"']
        return self.random.choice(ours + others)

    def value(self) -> str:
        """A value, often a live token."""
        token = self.random.choice(self.tokens)
        odd = [
            token, token, token, token, f'"{token}"', token + " ", " " + token, token[:-1], token + "x", token.upper(),
            f"{token},x", f"{token}=", "", "x", token.replace(".", "%2E"), f"{token}{token}", "日本", "\udcff\udcfe",
            "x" * self.random.choice([10, 1000, 4000]), f"{token}\t", "=" + token, f"a={token}",
        ]  # fmt: skip
        return self.random.choice(odd)

    def headers(self) -> list[str]:
        """One header or several, together less than 16 KB."""
        made = []
        for _ in range(self.random.choice([1, 1, 1, 2, 3])):
            separator = self.random.choice(["; ", "; ", ";", ";; ", " ; ", ", ", ";\t"])
            pairs = [
                f"{self.name()}{self.random.choice(['=', '=', '=', ' = ', ''])}{self.value()}"
                for _ in range(self.random.choice([1, 1, 2, 3]))
            ]
            made.append(separator.join(pairs))
        return made if len("; ".join(made).encode("utf-8", "surrogateescape")) < 16_000 else made[:1]


@pytest.mark.parametrize("seed", range(2, 8))
def test_app4_the_check_decides_like_me_for_the_same_cookies(protected, seed):
    """200 generated sets of cookies; some admit, most do not."""
    users = [protected.register() for _ in range(2)]
    ended = protected.sign_in(users[0])
    protected.fetch("/api/auth/logout", "POST", headers={"Cookie": ended})
    cookies = Cookies(seed, [users[0].token, users[0].token, users[1].token, ended.split("=", 1)[1]])
    admitted = 0
    for _ in range(25):
        headers = cookies.headers()
        protected.application.requests.clear()
        me, there = verdicts(protected, headers)
        assert there == me, headers
        assert bool(protected.application.requests) == (me == 200), headers
        admitted += me == 200
    assert 0 < admitted < 25


@pytest.mark.parametrize(
    ("cookies", "status"),
    [
        (["access_token={0}"], 200),
        (["theme=dark; access_token={0}; x=y"], 200),
        (["access_token={0}; access_token={0}"], 200),
        (["access_token={0}", "access_token={0}"], 200),
        (["access_token={0}; access_token={1}"], 401),
        (["access_token={0}", "access_token={1}"], 401),
        (['access_token="{0}"'], 401),
        (["a=b, access_token={0}"], 401),
        (['a="x; access_token={0}; y"'], 200),
        (["access_token={0}; pad=" + "x" * 15_000], 200),
        (["pad=" + "x" * 15_000 + "; access_token={0}"], 200),
        (["access_token="], 401),
        (["access_token"], 401),
        ([""], 401),
        ([], 401),
        (["access_token=" + "x" * 15_000], 401),
        (["access_token=a.b.c"], 401),
        (["__Host-access_token={0}"], 401),
    ],
)
def test_app4_the_check_decides_like_me_for_unusual_cookies(protected, cookies, status):
    tokens = [protected.register().token, protected.register().token]
    assert verdicts(protected, [cookie.format(*tokens) for cookie in cookies]) == (status, status)


@pytest.mark.parametrize(
    "target",
    ["/a/..;/b", "//", "//a", "/a\\b", "/" + "a" * 8000, "/%ff%fe", "/é", "/a?" + "b" * 8000, "/a%0ab", "/;"],
)
def test_app4_unusual_paths_reach_the_application_only_with_a_session(protected, target):
    head = f"GET {target} HTTP/1.1\nHost: a\nConnection: close"
    assert protected.raw(head).status == 401
    assert protected.received_nothing
    user = protected.register()
    assert protected.raw(f"{head}\nCookie: {user.cookie}").status == 200
    assert protected.received().target == target.encode().decode("latin-1")


@pytest.mark.parametrize("target", ["/%00", "/a%00b", "/..", "/%2e%2e%2f", "/../..", "/%2e%2e/%2e%2e/x", "/\0"])
def test_app4_invalid_paths_get_400_and_reach_no_server(protected, target):
    user = protected.register()
    assert protected.raw(f"GET {target} HTTP/1.1\nHost: a\nConnection: close\nCookie: {user.cookie}").status == 400
    assert protected.received_nothing


def test_app4_a_bearer_token_does_not_replace_the_cookie(protected):
    """The application may use the Authorization header for its own credentials."""
    user = protected.register()
    bearer = {"Authorization": f"Bearer {user.token}"}
    assert protected.fetch("/api/auth/me", headers=bearer).status == 200
    assert protected.fetch("/notes", headers=bearer).status == 401
    assert (
        protected.fetch("/notes", headers={"Authorization": "Bearer of-its-own", "Cookie": user.cookie}).status == 200
    )
    assert protected.received().one("Authorization") == "Bearer of-its-own"


def test_app4_the_pages_and_the_api_keep_their_paths(protected):
    for path, status in (
        ("/login", 200), ("/register", 200), ("/account", 303), ("/docs", 200), ("/openapi.json", 200),
        ("/api/auth/me", 401), ("/api/auth/nowhere", 404), ("/signed-in", 200), ("/error.css", 200),
        ("/account/nowhere", 404),
    ):  # fmt: skip
        assert protected.fetch(path).status == status, path
    assert protected.received_nothing
    user = protected.register()
    for path in ("/", "/api", "/api/", "/api/notes", "/health", "/metrics", "/favicon.ico", "/Login", "/x/login"):
        protected.application.requests.clear()
        assert protected.fetch(path).status == 401, path
        assert protected.fetch(path, headers={"Cookie": user.cookie}).status == 200, path
        assert protected.received().target == path


def test_app4_an_application_at_a_prefix_does_not_change_the_rest_of_the_site(echoes, application):
    application.requests.clear()
    with scripted_check() as check, nginx(check.port, echoes[1], APP_UPSTREAM=application.url, APP_PATH="/app") as run:
        assert fetch(run.port, "/").json()["server"] == "frontend"
        assert fetch(run.port, "/health").status == 404
        assert fetch(run.port, "/apple").json()["server"] == "frontend"
        moved = fetch(run.port, "/app")
        assert (moved.status, moved.one("Location")) == (301, "/app/")
        assert not application.requests
        assert fetch(run.port, "/app/notes?x=1").status == 200
        assert [seen.target for seen in application.requests] == ["/app/notes?x=1"]
