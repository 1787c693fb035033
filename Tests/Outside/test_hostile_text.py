"""W15: Unusual text from outside costs no more than plain text.

Swift compares and hashes strings by canonical equivalence, which takes time in the square of the length of a run of
combining characters in an unusual order. The work is counted as the processor time of the server, for the hostile text
and for plain text of the same size: the one may cost a few times the other, not a hundred times.
"""

import json
import time

import pytest
from processes import cpu_seconds
from site_under_test import fetch, send_raw

# Combining characters in non-canonical order, and letters with as many bytes.
HOSTILE = "\u0301\u0323"
PLAIN = "abcd"
HEADER = 15_000
FORM = 60_000
ROUNDS = 3
FACTOR = 5
# The cost of a request without text to compare, including measurement noise.
ALLOWANCE = 0.02


def raw(unit: str, size: int) -> str:
    """The text for http.client's headers: its UTF-8 bytes as single characters."""
    return (unit * (size // len(unit.encode()))).encode().decode("latin-1")


def escaped(unit: str, size: int) -> str:
    """The text in a query or a form: as many bytes as sent."""
    count = size // 3 // len(unit.encode())
    return "".join(f"%{byte:02X}" for byte in unit.encode()) * count


def named(name, request):
    """A request, with the name of its test."""
    request.__name__ = name
    return request


def header(name, before="", after=""):
    return named(f"header {name} {before}", lambda unit: {"headers": {name: before + raw(unit, HEADER) + after}})


def posted_header(name, before=""):
    def request(unit):
        return {"headers": {name: before + raw(unit, HEADER)}, "method": "POST", "body": b""}

    return named(f"posted header {name}", request)


def query(name):
    return named(f"query {name}", lambda unit: {"suffix": f"?{name}={escaped(unit, HEADER)}"})


def query_name(unit):
    return {"suffix": f"?{escaped(unit, HEADER)}=1"}


def form(field, **others):
    def request(unit):
        fields = "&".join(f"{key}={value}" for key, value in others.items())
        body = f"{fields}&{field}={escaped(unit, FORM)}".encode()
        return {"method": "POST", "body": body, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}

    return named(f"form {field}", request)


def form_name(unit):
    body = f"{escaped(unit, FORM)}=1".encode()
    return {"method": "POST", "body": body, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}


def document(field, **others):
    def request(unit):
        text = unit * (FORM // len(unit.encode()))
        body = json.dumps({**others, field: text}, ensure_ascii=False).encode()
        return {"method": "POST", "body": body, "headers": {"Content-Type": "application/json"}}

    return named(f"document {field}", request)


def document_key(unit):
    body = json.dumps({unit * (FORM // len(unit.encode())): "a"}, ensure_ascii=False).encode()
    return {"method": "POST", "body": body, "headers": {"Content-Type": "application/json"}}


def segment(unit):
    return {"segment": unit * (HEADER // len(unit.encode()))}


def token(unit):
    """A token with such a key ID in its header, which is read before the signature is checked."""
    import base64

    head = json.dumps({"alg": "HS256", "typ": "JWT", "kid": unit * 700}, ensure_ascii=False).encode()
    first = base64.urlsafe_b64encode(head).rstrip(b"=").decode()
    return {"headers": {"Authorization": f"Bearer {first[: len(first) // 4 * 4]}.e30.AAAA"}}


API = [
    ("/docs", header("If-None-Match", '"', '"'), 200),
    ("/openapi.json", header("If-None-Match", "W/"), 200),
    ("/docs", header("Accept-Language"), 200),
    ("/docs", header("Cookie", "language="), 200),
    ("/docs", header("Cookie"), 200),
    ("/docs", header("Host"), 200),
    ("/docs", header("X-Request-ID"), 200),
    ("/docs", header("X-Real-IP"), 200),
    ("/docs", header("Origin", "https://"), 200),
    ("/docs", segment, 400),
    ("/api/auth/me", header("Authorization"), 401),
    ("/api/auth/me", header("Authorization", "Bearer "), 401),
    ("/api/auth/me", header("Cookie", "access_token="), 401),
    ("/api/auth/me", header("Cookie", "access_token=a; access_token="), 401),
    ("/api/auth/me", token, 401),
    ("/api/auth/sessions", segment, 400),
    ("/api/auth/connect", header("Cookie", "oauth_connect="), 404),
    ("/api/auth/address", header("Cookie", "oauth_address="), 404),
    ("/api/auth/google", query("link"), 303),
    ("/api/auth/google", query("return_to"), 303),
    ("/api/auth/google", query_name, 303),
    ("/api/auth/google?link=true", header("Referer"), 303),
    ("/api/auth/google?link=true", header("Sec-Fetch-Site"), 303),
    ("/api/auth/callback/google", query("state"), 303),
    ("/api/auth/callback/google", query("error"), 303),
    ("/api/auth/callback/google", query("code"), 303),
    ("/api/auth/callback/google", header("Cookie", "oauth_flow_"), 303),
    ("/api/auth/logout", posted_header("Origin", "https://"), 403),
    ("/api/auth/logout", posted_header("Sec-Fetch-Site"), 403),
    ("/api/auth/logout", posted_header("Authorization", "Bearer "), 204),
    ("/api/auth/login", posted_header("Content-Type"), 415),
    ("/api/auth/login", document("email", password="x"), 422),
    ("/api/auth/login", document("password", email="a@example.com"), 422),
    ("/api/auth/login", document("connect", email="a@example.com", password="x"), 422),
    ("/api/auth/login", document_key, 400),
    ("/api/auth/register", document("email", password="Correct-Horse-7", name="N"), 422),
    ("/api/auth/register", document("password", email="a@example.com", name="N"), 422),
    ("/api/auth/register", document("name", email="a@example.com", password="Correct-Horse-7"), 422),
]
FRONTEND = [
    ("/login", header("Accept-Encoding"), 200),
    ("/login", header("Accept-Encoding", "gzip;q="), 200),
    ("/login", header("Accept-Language"), 200),
    ("/login", header("Cookie", "language="), 200),
    ("/login", header("Cookie"), 200),
    ("/login", header("If-None-Match"), 200),
    ("/login", header("User-Agent"), 200),
    ("/login", header("Host"), 200),
    ("/login", segment, 400),
    ("/assets", segment, 400),
    *[
        ("/login", query(name), 200)
        for name in ("oauth_error", "provider", "error_id", "connect", "return_to", "notice", "email")
    ],
    ("/login", query_name, 200),
    ("/login", posted_header("Origin", "https://"), 403),
    ("/login", posted_header("Content-Type"), 415),
    ("/login", form("email", password="x"), 422),
    ("/login", form("password", email="a%40example.com"), 422),
    ("/login", form("connect", email="a%40example.com", password="x"), 401),
    ("/login", form("return_to", email="b%40example.com", password="x"), 401),
    ("/login", form_name, 400),
    ("/register", form("name", email="a%40example.com", password="Correct-Horse-7"), 422),
    ("/register", form("email", name="N", password="Correct-Horse-7"), 422),
    ("/register", form("password", name="N", email="a%40example.com"), 422),
    ("/register", form("password_confirmation", name="N", email="a%40example.com", password="Correct-Horse-7"), 422),
    ("/language", form("language"), 400),
    ("/language", form("return_to", language="ja"), 303),
    ("/logout", posted_header("Cookie", "access_token="), 303),
]


def name_of(case) -> str | None:
    return case if isinstance(case, str) else None


def work(site, program: str, path: str, request, unit: str) -> tuple[float, list[int]]:
    """The processor time of both servers for a few requests, and their statuses."""
    port = site.api_port if program == "AuthAPI" else site.frontend_port
    processes = [site.server("AuthAPI"), site.server("WebFrontend")]
    before = sum(cpu_seconds(process) for process in processes)
    statuses = []
    for _ in range(ROUNDS):
        wanted = dict(request(unit))
        if segment := wanted.get("segment"):
            response = send_raw(port, f"GET {path}/{segment} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        else:
            response = fetch(port, path + wanted.pop("suffix", ""), **wanted)
        statuses.append(response.status)
    # Work after the response, such as logging, counts.
    time.sleep(0.01)
    return sum(cpu_seconds(process) for process in processes) - before, statuses


@pytest.mark.parametrize(
    ("program", "path", "request_of", "status"),
    [("AuthAPI", *case) for case in API] + [("WebFrontend", *case) for case in FRONTEND],
    ids=name_of,
)
def test_w15_unusual_text_costs_no_more_than_plain_text(site, program, path, request_of, status):
    plain, _ = work(site, program, path, request_of, PLAIN)
    hostile, statuses = work(site, program, path, request_of, HOSTILE)
    assert statuses == [status] * ROUNDS
    assert hostile < FACTOR * plain + ALLOWANCE, f"{hostile * 1000:.1f} ms instead of {plain * 1000:.1f} ms"


def test_w15_an_unusual_language_cookie_does_not_slow_down_nginx(front):
    """nginx's own error page is in the language of the cookie."""

    def work(unit: str) -> float:
        cookie = "language=x:" + unit * (HEADER // len(unit))
        before = front.cpu_seconds()
        for _ in range(ROUNDS):
            assert fetch(front.port, "/health", headers={"Cookie": cookie}).status == 404
        return front.cpu_seconds() - before

    plain, hostile = work("abc"), work("ja-")
    assert hostile < FACTOR * plain + ALLOWANCE, f"{hostile * 1000:.1f} ms instead of {plain * 1000:.1f} ms"
