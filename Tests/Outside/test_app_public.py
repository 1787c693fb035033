"""Public paths are open in their plain spelling only."""

import pytest

SIGNED_OUT = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"

# Open: the application receives a path below /static/ in any interpretation.
OPEN = [
    "/static/a.css", "/static/", "/static/a/b/c", "/static/a.b-c_d~e", "/static/a%20b", "/static/%E6%97%A5%E6%9C%AC",
    "/%73tatic/a.css", "/static/a?b=../../x&c=;", "/static/.hidden", "/static/a..b", "/static/a.",
    "/static/a+b@c!$&'(),", "/static/%e0%a4%a8%f0%9f%a6%8a",
    "/hook", "/hook?x=1", "/%68ook", "/.well-known/acme/x", "/static/a%2Bb",
]  # fmt: skip
PROTECTED = [
    "/static", "/static?x", "/STATIC/a", "/Static/a", "/static/../private", "/static/..", "/static/.", "/static/./a",
    "/static/%2e%2e/private", "/static/%2E%2E/private", "/static/.%2e/private", "/static%2f..%2fprivate",
    "/static/..%2fprivate", "/static/%2e%2e%2fprivate", "/static/..;/private", "/static/;/../private", "/static;/a",
    "/static/a;x=1/../../private", "/static//private", "//static/a", "/static/\\..\\private", "/static/..\\private",
    "/static/%5c..%5cprivate", "/static/..%5cprivate", "/static/%252e%252e%252fprivate", "/static/a%00", "/static/%",
    "/static/%zz", "/static/%u002e%u002e/private", "/static/%c0%ae%c0%ae/private", "/private%2f..%2fstatic/x",
    "/private/..%2fstatic/x", "/private/../static/x", "/a/..;/static/x", "/static/%2fprivate", "/static/%3b/x",
    "/static/..%3b/private", "/static/%23/../../private", "/static/%0d%0aX: y", "/static/%7f", "/static/...//x",
    "/static/\x7f", "/static/é", "/hook/", "/hook/x", "/hook;x", "/hooks", "/hook%2f", "/hook%3fx", "/.well-known/acme",
    "/.well-known/acme/../x", "/.well-known/acme/.//x", "/static/#/../../private", "/static/ ../private", "/ /static/a",
    "http://a/static/../private", "/private/%2e%2e/static/%2e%2e/private",
    # The dot and the slash in too many bytes, which some decoders accept (RFC 3629, section 10).
    "/static/%e0%80%ae%E0%80%AE/private", "/static/x%e0%80%afprivate", "/static/%f0%80%80%ae%F0%80%80%AE/private",
    "/static/%f8%80%80%80%ae./private", "/static/%fc%80%80%80%80%af",
]  # fmt: skip


@pytest.mark.parametrize("target", OPEN)
def test_app5_a_public_path_needs_no_session(proxy, target):
    proxy.check.response = SIGNED_OUT
    response = proxy.raw(f"GET {target} HTTP/1.1\nHost: a\nConnection: close\nCookie: access_token=x; theme=dark")
    assert response.status == 200
    assert proxy.received().target == target
    assert not proxy.check.requests
    # Without the check, nginx cannot separate this site's cookies from the application's, so it forwards none.
    assert proxy.received().one("Cookie") is None


@pytest.mark.parametrize("target", PROTECTED)
def test_app5_every_other_spelling_needs_a_session(proxy, target):
    proxy.check.response = SIGNED_OUT
    response = proxy.raw(f"GET {target} HTTP/1.1\nHost: a\nConnection: close")
    assert response.status in (400, 401, 404)
    assert proxy.received_nothing


@pytest.mark.parametrize("target", PROTECTED)
def test_app5_with_a_session_forwarded_requests_have_the_identity(proxy, target):
    response = proxy.raw(f"GET {target} HTTP/1.1\nHost: a\nConnection: close")
    assert response.status in (200, 400, 404)
    for seen in proxy.application.requests:
        assert seen.one("Remote-Email") == "ada@example.com"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_app5_public_paths_are_open_for_every_method(proxy, method):
    proxy.check.response = SIGNED_OUT
    assert proxy.fetch("/static/a", method, body=None if method in ("GET", "HEAD") else b"x").status == 200
    assert proxy.fetch("/private", method).status == 401
    assert len(proxy.application.requests) == 1


def test_app5_headers_that_name_another_path_are_removed(proxy):
    """Symfony, IIS and others use the path in such a header instead of the request line."""
    proxy.check.response = SIGNED_OUT
    for name in ("X-Original-URL", "X-Rewrite-URL", "X-Original-URI", "X-Forwarded-Uri", "X-Forwarded-Prefix"):
        proxy.forget()
        assert proxy.fetch("/static/a", headers={name: "/private"}).status == 200
        assert proxy.received().one(name) is None
