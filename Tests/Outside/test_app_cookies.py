"""The application receives all of its cookies and none of this site's."""

import itertools

import pytest

OURS = [
    "access_token={token}",
    "oauth_connect=sealed.x",
    "oauth_address=sealed.x",
    "known_device=sealed",
    "sent_on=1",
    "oauth_flow_00ff00ff00ff00ff=x",
]
THEIRS = [
    "theme=dark",
    'note="a b, c"',
    "sid=s%3A1.x",
    "empty=",
    "flag",
    "access_tokens=1",
    "xaccess_token=2",
    "language=ja",
]


def shown(protected, user, *headers: str) -> str:
    """The Cookie header that the application receives."""
    protected.application.requests.clear()
    lines = "\n".join(f"Cookie: {header.format(token=user.token)}" for header in headers)
    assert protected.raw(f"GET /notes HTTP/1.1\nHost: a\nConnection: close\n{lines}").status == 200
    return protected.received().one("Cookie") or ""


@pytest.fixture(scope="module")
def user(_protected):
    """A user with a session."""
    return _protected.register()


@pytest.mark.parametrize("place", range(len(THEIRS) + 1))
def test_app7_our_cookies_are_removed_at_any_position(protected, user, place):
    pairs = THEIRS[:place] + OURS + THEIRS[place:]
    assert shown(protected, user, "; ".join(pairs)) == "; ".join(THEIRS)


@pytest.mark.parametrize("pairs", list(itertools.permutations([OURS[0], "a=1", "b=2", "a=3"]))[::3])
def test_app7_cookies_of_the_application_keep_their_order(protected, user, pairs):
    assert shown(protected, user, "; ".join(pairs)) == "; ".join(
        pair for pair in pairs if pair[0] in "ab" and pair[1] == "="
    )


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([OURS[0]], ""),
        ([OURS[0], "a=1", "b=2"], "a=1; b=2"),
        (["a=1", OURS[0], "b=2"], "a=1; b=2"),
        ([f"{OURS[0]}; {OURS[0]}; a=1"], "a=1"),
        ([f'a="x; {OURS[0]}; y"'], 'a="x; y"'),
        ([f"a=1;{OURS[0]};b=2"], "a=1; b=2"),
        ([f"a=1;;; {OURS[0]};b=2 ; ;"], "a=1; b=2"),
        ([f"a=1; access_token =planted; {OURS[0]}; b=2"], "a=1; b=2"),
        ([f"{OURS[0]}; \t{OURS[0]}\t; b=2"], "b=2"),
        ([f"{OURS[0]}; access_token; b=2"], "b=2"),
        ([f"{OURS[0]}; Access_Token=other; b=2"], "Access_Token=other; b=2"),
        ([f"{OURS[0]}; __Host-access_token=theirs; b=2"], "__Host-access_token=theirs; b=2"),
        ([f"{OURS[0]}; name=山田; b=2"], "name=山田; b=2"),
        ([f"{OURS[0]}; big=" + "x" * 15_000], "big=" + "x" * 15_000),
    ],
)
def test_app7_our_cookies_are_removed_from_unusual_headers(protected, user, headers, expected):
    assert shown(protected, user, *headers) == expected.encode().decode("latin-1")


def test_app7_the_application_receives_no_part_of_the_token(protected, user):
    signature = user.token.rsplit(".", 1)[1]
    for header in ("{0}", 'a="{0}"; {0}', "{0}; a=1", "a=1;{0};{0}", "a;{0};="):
        shown(protected, user, header.format(f"access_token={user.token}"))
        seen = protected.received()
        text = seen.line + "".join(f"{name}: {value}" for name, value in seen.headers if name != "Cookie")
        assert signature not in text
    shown(protected, user, OURS[0])
    assert not [value for _, value in protected.received().headers if signature in value]


def test_app4_more_than_16_kib_of_cookies_are_not_reported_as_an_outage(protected, user):
    lines = [f"Cookie: {name}={'b' * 10_000}" for name in "ab"]
    request = ["GET /notes HTTP/1.1", "Host: a", "Connection: close", f"Cookie: {user.cookie}", *lines]
    assert protected.raw("\n".join(request[:-1])).status == 200
    rejected = protected.raw("\n".join(request))
    assert rejected.status == 431 and b"cookies together" in rejected.body
    assert len(protected.application.requests) == 1


@pytest.mark.parametrize("character", ["\x01", "\x0b", "\x1f", "\x7f"])
@pytest.mark.parametrize("path", ["/notes", "/static/x", "/account", "/api/auth/me"])
def test_app4_cookies_with_control_characters_get_400(protected, user, character, path):
    response = protected.site.fetch(path, headers={"Cookie": f"access_token={user.token}; a=1{character}"})
    assert response.status == 400
    # The site's own error page or problem document, not the one of nginx.
    assert b"href=" in response.body or response.json()["code"] == "malformed_request"
    assert not protected.application.requests
