"""The limits on requests that check or store a password (N5), and on connections."""

import contextlib
import re
import socket

import pytest
from site_under_test import PASSWORD, ROOT, fetch, nginx, running_site, wait_until
from test_nginx_responses import assert_guarded, assert_page, assert_problem

BURST = 3


@pytest.fixture
def strict(echoes):
    """An nginx that allows four such requests, and then six per minute."""
    with nginx(*echoes, TRUSTED_PROXIES="127.0.0.2", CREDENTIAL_RATE="6", CREDENTIAL_BURST=str(BURST)) as run:
        yield run


def statuses(port, path, count, address="203.0.113.7", method="POST"):
    """Sends several requests of a client behind the trusted proxy."""
    return [
        fetch(port, path, method, source="127.0.0.2", headers={"X-Forwarded-For": address}).status for _ in range(count)
    ]


CREDENTIAL_PATHS = re.findall(r"\^POST (\S+)/\?\$", (ROOT / "docker/nginx/credential-paths.conf").read_text())


@pytest.mark.parametrize("path", CREDENTIAL_PATHS)
def test_n5_too_many_attempts_are_rejected(strict, path):
    assert statuses(strict.port, path, BURST + 2) == [200] * (BURST + 1) + [429]
    response = fetch(strict.port, path, "POST", source="127.0.0.2", headers={"X-Forwarded-For": "203.0.113.7"})
    assert response.one("Retry-After") == "10"
    assert_guarded(response)
    if path.startswith("/api/"):
        assert_problem(response, 429, "too_many_requests")
    else:
        assert_page(response, 429)


@pytest.mark.parametrize(
    "path",
    ["//api//auth/login", "/api/auth/login/", "/api/auth/%6Cogin", "/api/x/../auth/login", "/api/auth/login?x=1"],
)
def test_n5_no_other_spelling_evades_the_limit(strict, path):
    # The servers would respond to unknown paths with 404, but they must not be requested at all.
    assert statuses(strict.port, "/api/auth/login", BURST + 1) == [200] * (BURST + 1)
    assert statuses(strict.port, path, 1) == [429]


def test_n5_the_paths_share_one_budget(strict):
    assert statuses(strict.port, "/login", BURST + 1) == [200] * (BURST + 1)
    assert statuses(strict.port, "/api/auth/register", 1) == [429]


def test_n5_reading_is_not_limited(strict):
    assert set(statuses(strict.port, "/login", BURST + 5, method="GET")) == {200}
    assert set(statuses(strict.port, "/api/auth/me", BURST + 5, method="POST")) == {200}


def test_n5_one_client_does_not_use_up_anothers_budget(strict):
    assert statuses(strict.port, "/login", BURST + 2, "203.0.113.7")[-1] == 429
    assert statuses(strict.port, "/login", 1, "203.0.113.8") == [200]


def test_n5_an_ipv6_network_counts_as_one_client(strict):
    assert statuses(strict.port, "/login", BURST + 1, "2001:db8:1:2::1") == [200] * (BURST + 1)
    assert statuses(strict.port, "/login", 1, "2001:db8:1:2:ffff:ffff:ffff:ffff") == [429]
    assert statuses(strict.port, "/login", 1, "2001:db8:1:3::1") == [200]


def test_n5_an_untrusted_client_cannot_choose_whose_budget_it_uses(strict):
    codes = [
        fetch(strict.port, "/login", "POST", headers={"X-Forwarded-For": f"198.51.100.{number}"}).status
        for number in range(BURST + 2)
    ]
    assert codes == [200] * (BURST + 1) + [429]


@pytest.mark.parametrize("path", ["/api/auth/google", "/api/auth/callback/discord?code=x", "/api//auth/google/"])
def test_n5_provider_flows_have_a_separate_budget(strict, path):
    # A sign-in takes two requests: its start and its callback.
    allowed = 2 * (BURST + 1)
    assert statuses(strict.port, path, allowed + 1, method="GET") == [200] * allowed + [429]
    response = fetch(strict.port, path, source="127.0.0.2", headers={"X-Forwarded-For": "203.0.113.7"})
    assert int(response.one("Retry-After")) > 0
    # The client is a browser, so the response is a page.
    assert_page(response, 429)
    assert_guarded(response)
    assert statuses(strict.port, "/login", 1) == [200]
    assert statuses(strict.port, "/api/auth/identities", 1, method="GET") == [200]


def connection(run, source: str) -> socket.socket:
    """A connection to nginx from an address of this machine."""
    return socket.create_connection(("127.0.0.1", run.port), source_address=(source, 0))


def test_w88_one_address_cannot_use_all_connections(echoes):
    """One address, such as a NAT, gets a thousand concurrent requests, an eighth of nginx's connections."""
    with nginx(*echoes) as run, contextlib.ExitStack() as stack:
        held = []

        def hold(count: int) -> None:
            # The bodies never end, so each request keeps its connection.
            for _ in range(count):
                held.append(stack.enter_context(connection(run, "127.0.0.3")))
                held[-1].sendall(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")
            keep()

        def keep() -> None:
            # nginx times out on a body that pauses for ten seconds.
            for each in held:
                with contextlib.suppress(OSError):
                    each.sendall(b"x")

        def is_rejected() -> bool:
            keep()
            return fetch(run.port, "/", source="127.0.0.3").status == 429

        hold(1000)
        assert [fetch(run.port, "/", source="127.0.0.3").status for _ in range(5)] == [200] * 5
        hold(100)
        wait_until(is_rejected, "requests of the address are rejected")
        refused = fetch(run.port, "/api/auth/me", source="127.0.0.3")
        assert_problem(refused, 429, "too_many_requests")
        assert refused.one("Retry-After")
        assert fetch(run.port, "/", source="127.0.0.4").status == 200


@pytest.mark.parametrize(
    ("file", "memory"),
    [
        ("compose.yml", r"^  nginx:\n(?:(?: {4}.*)?\n)*? {4}mem_limit: (\d+)m$"),
        ("docker/stack.yml", r"^  nginx:\n(?:(?: {4}.*)?\n)*? {8}limits: \{ memory: (\d+)M,"),
        ("packaging/kubernetes/nginx.yaml", r"limits: \{ memory: (\d+)Mi \}"),
        ("packaging/systemd/yoshikosan-nginx.service", r"^MemoryMax=(\d+)M$"),
    ],
)
def test_w88_the_requests_of_one_address_use_at_most_half_of_the_memory(file, memory):
    """nginx holds headers and body until a request is complete, and the kernel ends a worker that exceeds the limit."""
    configuration = (ROOT / "nginx.conf").read_text()
    requests = int(re.search(r"limit_conn connections (\d+);", configuration)[1])
    count, size = map(int, re.search(r"large_client_header_buffers (\d+) (\d+)k;", configuration).groups())
    body = int(re.search(r"client_body_buffer_size (\d+)k;", configuration)[1])
    limit = int(re.search(memory, (ROOT / file).read_text(), re.MULTILINE)[1])
    assert requests * (count * size + body) <= limit * 1024 / 2


def test_w88_visitors_behind_a_trusted_proxy_do_not_share_a_limit(echoes):
    with nginx(*echoes, TRUSTED_PROXIES="127.0.0.2") as run, contextlib.ExitStack() as stack:
        for number in range(1100):
            proxy = stack.enter_context(connection(run, "127.0.0.2"))
            forwarded = f"X-Forwarded-For: 203.0.113.{number % 200}\r\nContent-Length: 9"
            proxy.sendall(f"POST /x HTTP/1.1\r\nHost: a\r\n{forwarded}\r\n\r\n".encode())
        headers = {"X-Forwarded-For": "203.0.113.250"}
        assert fetch(run.port, "/", source="127.0.0.2", headers=headers).status == 200


def test_w16_the_limit_of_nginx_is_far_above_those_of_the_api(echoes):
    defaults = dict(re.findall(r"^#(\w+)=(\S+)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    attempts, seconds = (int(part) for part in defaults["LOGIN_LIMIT_NETWORK"].split("/"))
    assert int(defaults["CREDENTIAL_RATE"]) > 10 * attempts * 60 / seconds
    assert int(defaults["CREDENTIAL_BURST"]) > attempts
    with nginx(*echoes) as run:
        allowed = int(defaults["CREDENTIAL_BURST"]) + 1
        codes = [fetch(run.port, "/login", "POST").status for _ in range(allowed)]
        assert set(codes) == {200}


def test_w16_an_attacker_at_the_same_address_does_not_lock_out_a_known_browser(email):
    """nginx has its default limits, and the API a low limit per network."""
    with running_site(CREDENTIAL_RATE="", CREDENTIAL_BURST="", LOGIN_LIMIT_NETWORK="5/600") as site:
        made = site.fetch("/api/auth/register", "POST", body={"email": email, "password": PASSWORD, "name": "Owner"})
        assert made.status == 201
        cookies = "; ".join(header.split(";")[0] for header in made.headers.get_all("Set-Cookie"))
        assert "known_device=" in cookies

        def sign_in(password, cookies=None):
            headers = {"Cookie": cookies} if cookies else {}
            return site.fetch("/api/auth/login", "POST", body={"email": email, "password": password}, headers=headers)

        attacker = [sign_in(f"Wrong-Horse-{number}").status for number in range(40)]
        assert attacker == [401] * 5 + [429] * 35
        assert sign_in(PASSWORD).status == 429
        known = next(part for part in cookies.split("; ") if part.startswith("known_device="))
        assert sign_in(PASSWORD, known).status == 200
        assert (
            site.fetch(
                "/login",
                "POST",
                body=f"email={email}&password={PASSWORD}".encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded", "Cookie": known},
            ).status
            == 303
        )
