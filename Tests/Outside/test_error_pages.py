"""nginx's own error pages, in the design and languages of the site (F6, F8)."""

import http.client
import re
import socket

import pytest
from site_under_test import ROOT, TIMEOUT_SECONDS, fetch, free_ports, nginx, send_raw, wait_until


@pytest.fixture(scope="module")
def limited():
    """An nginx without servers that rejects a second sign-in with 429."""
    with nginx(*free_ports(2), CREDENTIAL_RATE="10", CREDENTIAL_BURST="1") as run:
        yield run


@pytest.fixture(scope="module")
def unlimited():
    """An nginx without servers, with high limits."""
    with nginx(*free_ports(2), CREDENTIAL_RATE="60000", CREDENTIAL_BURST="60000") as run:
        yield run


def text_of(response) -> str:
    """The visible text of a page."""
    main = response.body.decode().split("<main>")[1].split("</main>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "en"),
        ({"Accept-Language": "ja"}, "ja"),
        ({"Accept-Language": "ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7"}, "ja"),
        ({"Accept-Language": "en-GB,en;q=0.9,ja;q=0.8"}, "en"),
        ({"Accept-Language": "fr, ja;q=0.5"}, "ja"),
        ({"Accept-Language": "fr, jam;q=0.5"}, "en"),
        ({"Accept-Language": "ja;q=0"}, "en"),
        ({"Accept-Language": "ja; q=0.000, de"}, "en"),
        ({"Accept-Language": "ja;q=0.1"}, "ja"),
        ({"Accept-Language": "*"}, "en"),
        ({"Accept-Language": "en", "Cookie": "a=b; language=ja"}, "ja"),
        ({"Accept-Language": "ja", "Cookie": "language=en"}, "en"),
        ({"Accept-Language": "ja", "Cookie": "language=xx"}, "ja"),
        ({"Cookie": 'language=x:ja"><script>'}, "en"),
    ],
)
def test_f6_f8_an_error_page_is_in_the_visitors_language(limited, headers, language):
    page = fetch(limited.port, "/login?return_to=/account&x=%22%3E", headers=headers)
    assert page.status == 502
    assert page.one("Content-Language") == language
    assert "Accept-Language, Cookie" in page.headers.get_all("Vary")
    assert f'<html lang="{language}">' in page.body.decode()
    assert "<script" not in page.body.decode()
    assert 'href="/login?return_to=/account&amp;x=%22%3E"' in page.body.decode()
    assert page.one("Refresh") == "5"
    visible = text_of(page)
    if language == "ja":
        texts = "エラー 502 まもなく再開します", "自動で再読み込みされます", "もう一度試す"
        assert all(text in visible for text in texts)
        assert not re.search(r"\b(Error|Try|Go|Reference|The)\b", visible)
    else:
        assert "Error 502 Service unavailable" in visible and "This page reloads" in visible and "Try again" in visible
        assert visible.isascii()


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/x",
        "///evil.example/x",
        "/\\evil.example/x",
        "/\\/evil.example/x",
        "//evil.example",
        "//evil.example\\@localhost/",
        "http://evil.example//evil.example/x",
        "//user:password@evil.example:8080/x?y",
        "/x\\..\\..\\evil.example",
        "//%65vil.example/",
    ],
)
def test_w87_the_link_of_an_error_page_never_leads_off_this_site(limited, target):
    """An address that a browser would interpret as another site is replaced by the home page."""
    page = send_raw(limited.port, f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert page.status == 502
    links = re.findall(r'(?:href|src|action)="([^"]*)"', page.body.decode())
    assert set(links) == {"/", "/error.css"}
    assert page.one("Refresh") == "5" and page.one("Location") is None


@pytest.mark.parametrize(
    "target", ["/%2f%2fevil.example", "/%5Cevil.example", "/a//b", "/.//evil.example", "/@evil.example"]
)
def test_w87_the_link_of_an_error_page_keeps_an_address_of_this_site(limited, target):
    page = send_raw(limited.port, f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert page.status == 502
    assert f'href="{target}"' in page.body.decode()


def test_f8_a_failed_form_is_not_sent_again(limited):
    page = fetch(limited.port, "/logout", "POST", headers={"Accept-Language": "ja"}, body=b"")
    assert page.status == 502 and page.one("Refresh") is None
    assert "自動で" not in text_of(page) and 'href="/logout"' not in page.body.decode()
    assert "ホームへ戻る" in text_of(page)


@pytest.mark.parametrize("path", ["/api/auth/google?return_to=/", "/api//auth/discord/", "/api/auth/google"])
def test_w18_the_start_of_a_sign_in_is_not_reloaded_by_a_page_of_this_site(unlimited, path):
    page = fetch(unlimited.port, path, headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status == 502 and page.one("Refresh") is None
    assert "/api" not in page.body.decode()
    # A provider's callback is reloaded: otherwise the sign-in would be lost.
    assert fetch(unlimited.port, "/api/auth/callback/google?code=x").one("Refresh") == "5"


def test_n5_f6_the_rate_limit_page_shows_the_waiting_time(limited):
    for language, words in (("en", "Please try again in 6 seconds."), ("ja", "6秒後にもう一度お試しください。")):
        for _ in range(3):
            page = fetch(limited.port, "/login", "POST", headers={"Accept-Language": language}, body=b"")
        assert page.status == 429
        assert page.one("Retry-After") == "6"
        assert words in text_of(page)
    problem = fetch(limited.port, "/api/auth/login", "POST", headers={"Accept-Language": "ja"}, body=b"")
    assert problem.json()["detail"].endswith("Please try again in 6 seconds.")
    assert problem.one("Content-Language") is None


@pytest.mark.parametrize(
    ("request_of", "status", "title"),
    [
        ({"path": "/", "body": b"x" * 70_000, "method": "POST"}, 413, "送信内容が大きすぎます"),
        ({"path": "/health"}, 404, "ページが見つかりません"),
    ],
)
def test_f6_rejections_are_in_the_visitors_language(limited, request_of, status, title):
    page = fetch(limited.port, headers={"Cookie": "language=ja"}, **request_of)
    assert page.status == status
    assert f"エラー {status} {title}" in text_of(page)


@pytest.mark.parametrize(
    ("line", "status", "english", "japanese"),
    [
        (f"GET /{'x' * 20_000} HTTP/1.1", 414, "Address too long", "アドレスが長すぎます。"),
        ("GET / HTTP/1.x", 400, "Malformed request", "送信内容を読み取れませんでした。"),
        ("GET / HTTP/2.5", 505, "HTTP version not supported", "このHTTPのバージョンには対応していません。"),
    ],
)
def test_f6_errors_before_the_language_is_known_are_in_both(limited, line, status, english, japanese):
    page = send_raw(limited.port, f"{line}\r\nHost: a\r\nAccept-Language: ja\r\n\r\n".encode())
    assert page.status == status
    visible = text_of(page)
    assert f"Error {status} {english}" in visible and japanese in visible
    assert '<p lang="ja">' in page.body.decode()


@pytest.mark.parametrize(
    ("target", "status"), [("/" + "x" * 20_000, 414), ("\\login", 400), ("/login\t", 400), ("http://a@b/", 400)]
)
def test_w25_an_invalid_head_request_has_the_status_of_get(limited, target, status):
    for method in ("GET", "HEAD"):
        with socket.create_connection(("127.0.0.1", limited.port), timeout=TIMEOUT_SECONDS) as connection:
            connection.sendall(f"{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            assert response.status == status


def test_f6_every_error_has_texts_in_both_languages():
    texts = (ROOT / "docker/nginx/error-texts.conf").read_text()
    english, japanese = texts.split('map "$page_language', 1)
    statuses = set(re.findall(r"^    (\d{3}) ", english, re.MULTILINE))
    for part in ("$page_title {", "$page_detail {"):
        block = japanese.split(part)[1].split("\n}")[0]
        assert set(re.findall(r'^    "ja:(\d{3})" ', block, re.MULTILINE)) == statuses


def test_w25_the_texts_name_the_limits_that_nginx_has():
    configuration = (ROOT / "nginx.conf").read_text()
    texts = (ROOT / "docker/nginx/error-texts.conf").read_text()
    [buffer] = re.findall(r"large_client_header_buffers \d+ (\d+)k;", configuration)
    [body] = re.findall(r"client_max_body_size (\d+)k;", configuration)
    for status, limit in (("413", body), ("414", buffer), ("431", buffer)):
        rows = [line for line in texts.splitlines() if re.search(rf'^    "?\S*{status}"? ', line) and "KiB" in line]
        assert len(rows) >= 2, status
        assert {number for line in rows for number in re.findall(r"(\d+) KiB", line)} == {limit}


def test_w25_nginx_enforces_the_limits_that_the_texts_name(limited):
    def address(length):
        return fetch(limited.port, "/" + "x" * (length - len("GET / HTTP/1.1"))).status

    def header(length):
        return fetch(limited.port, "/login", headers={"X-Long": "x" * (length - len("X-Long: "))}).status

    assert (address(16_300), address(16_500)) == (502, 414)
    assert (header(16_300), header(16_500)) == (502, 431)


def test_w25_every_status_of_nginx_has_a_page_and_texts():
    configuration = (ROOT / "docker/nginx/server.conf").read_text()
    [listed] = re.findall(r"error_page ([\d ]+) \$error_page;", configuration)
    turned = dict(re.findall(r"error_page ([\d ]+) =(\d+) \$error_page;", configuration))
    covered = set(listed.split()) | {status for group in turned for status in group.split()}
    # ngx_http_special_response.c: every status for which nginx has an error page, except internal ones
    # or that only modules send which are not used here.
    known = "400 403 404 405 408 411 412 413 414 415 416 421 429 494 495 496 497 500 501 502 503 504 505 507"
    assert set(known.split()) <= covered
    texts = (ROOT / "docker/nginx/error-texts.conf").read_text()
    for part in ("$error_title", "$error_detail", "$error_code"):
        block = texts.split(f"map $status {part} {{")[1].split("\n}")[0]
        words = set(re.findall(r"^    (\d{3}) ", block, re.MULTILINE))
        assert (set(listed.split()) - {"500"}) | set(turned.values()) <= words, part


@pytest.mark.parametrize("unit", ["a=1; ", "a b ", "; "])
def test_w15_separators_in_cookies_do_not_slow_nginx_down(limited, unit):
    def work(cookie):
        before = limited.cpu_seconds()
        for _ in range(10):
            fetch(limited.port, "/login", headers={"Cookie": cookie})
        return limited.cpu_seconds() - before

    size = 15_000
    assert work(unit * (size // len(unit))) < 5 * work("x" * size) + 0.2


def test_w15_a_long_list_of_languages_costs_no_more_than_a_short_one(limited):
    """A lookahead over the whole header took quadratic time: 45 milliseconds of processor time per request."""
    before = limited.cpu_seconds()
    for _ in range(10):
        assert fetch(limited.port, "/login", headers={"Accept-Language": "ja-" * 5000}).status == 502
    assert limited.cpu_seconds() - before < 0.1


FORMS = "/login /register /register/address /recover /account/name /account/password /account/delete".split()


@pytest.mark.parametrize("path", [*FORMS, "/login/", "/account/name/", "/login?return_to=/account"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_w26_after_a_form_the_page_leads_back_to_it(limited, path, language):
    for status in (502, 413):
        body = b"email=ada%40example.com" if status == 502 else b"x" * 70_000
        headers = {"Accept-Language": language, "Content-Type": "application/x-www-form-urlencoded"}
        page = fetch(limited.port, path, "POST", headers=headers, body=body)
        # The second sign-in exceeds the limit here.
        assert page.status in (status, 429)
        form = path.split("?")[0].rstrip("/")
        assert f'<a class="button button-main" href="{form}">' in page.body.decode()
        assert '<a class="button" href="/">' in page.body.decode()
        assert ("Back button" if language == "en" else "「戻る」ボタン") in text_of(page)
        assert page.one("Refresh") is None


@pytest.mark.parametrize(
    "line", "POST /logout,GET /login,POST /loginx,POST /account,POST //evil.example/login".split(",")
)
def test_w26_the_page_links_back_to_a_form_only_after_a_form(limited, line):
    method, path = line.split()
    page = fetch(limited.port, path, method, body=b"" if method == "POST" else None)
    assert "Back button" not in text_of(page)
    assert 'href="/login"' not in page.body.decode() or method == "GET"


@pytest.mark.parametrize("path", ["/logout", "/api/auth/logout"])
def test_w6_signing_out_while_the_servers_are_unavailable_deletes_the_cookies(limited, path):
    for site in (None, "same-origin", "cross-site", "same-site"):
        headers = {"Cookie": "access_token=live"} | ({"Sec-Fetch-Site": site} if site else {})
        page = fetch(limited.port, path, "POST", headers=headers, body=b"")
        names = () if site in ("cross-site", "same-site") else ("access_token", "oauth_connect", "oauth_address")
        cleared = page.headers.get_all("Set-Cookie", [])
        assert page.status == 502 and cleared == [f"{it}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax" for it in names]
    assert fetch(limited.port, path).one("Set-Cookie") is None
    assert fetch(limited.port, "/login", "POST", body=b"").one("Set-Cookie") is None


@pytest.mark.parametrize(
    ("line", "status", "media_type"),
    [
        ("M-SEARCH /api/auth/me HTTP/1.1", 501, "application/problem+json"),
        ("get /api/auth/me HTTP/1.1", 400, "application/problem+json"),
        ("GET http://a.example/api/auth/me HTTP/1.1", 502, "application/problem+json"),
        ("POST HTTPS://A.example:8443/api/auth/login HTTP/1.1", 502, "application/problem+json"),
        ("GET http://a.example/openapi.json HTTP/1.0", 502, "application/problem+json"),
        ("GET http://a.example/login HTTP/1.1", 502, "text/html; charset=utf-8"),
        ("GET http://a.example/api/auth/google HTTP/1.1", 502, "text/html; charset=utf-8"),
        ("M-SEARCH /login HTTP/1.1", 501, "text/html; charset=utf-8"),
        ("POST /nginx-health HTTP/1.1", 404, "text/html; charset=utf-8"),
    ],
)
def test_w25_every_method_and_form_of_target_gets_the_right_kind_of_page(unlimited, line, status, media_type):
    response = send_raw(unlimited.port, f"{line}\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    assert (response.status, response.one("Content-Type")) == (status, media_type)
    # The start of a provider sign-in is not repeated automatically.
    repeats = status == 502 and media_type.startswith("text/html") and "google" not in line
    assert response.one("Refresh") == ("5" if repeats else None)
    if "M-SEARCH" in line:
        wait_until(lambda: any(entry["method"] == "M-SEARCH" for entry in unlimited.log_lines()), "nginx logs it")
