"""The whole site through nginx, for a client like curl."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from site_under_test import PASSWORD, fetch, nginx, wait_until


def cookie_of(response) -> str:
    """The session cookie that a response sets, as a browser sends it back."""
    [header] = [each for each in response.headers.get_all("Set-Cookie") if each.startswith("access_token=")]
    attributes = {part.strip().lower() for part in header.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/", "max-age=604800"} <= attributes
    return header.split(";")[0]


def register(site, email, name="Yoshiko"):
    """Creates an account through the API."""
    return site.fetch("/api/auth/register", "POST", body={"email": email, "password": PASSWORD, "name": name})


@pytest.mark.parametrize(
    ("path", "status", "media_type"),
    [
        ("/", 200, "text/html"),
        ("/login", 200, "text/html"),
        ("/register", 200, "text/html"),
        ("/account", 303, None),
        ("/nowhere", 404, "text/html"),
        ("/docs", 200, "text/html"),
        ("/openapi.json", 200, "application/json"),
        ("/api/auth/me", 401, "application/problem+json"),
        ("/api/auth/sessions", 401, "application/problem+json"),
        ("/api/", 200, "application/json"),
        ("/api", 404, "application/problem+json"),
        ("/api/nowhere", 404, "application/problem+json"),
        ("/health", 404, "text/html"),
        ("/health/ready", 404, "text/html"),
    ],
)
def test_n1_every_route_works_through_nginx(site, path, status, media_type):
    response = site.fetch(path)
    assert response.status == status
    if media_type:
        assert response.one("Content-Type").split(";")[0] == media_type
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"):
        assert response.one(name)
    assert "unsafe" not in response.one("Content-Security-Policy")
    assert response.one("Server") == "nginx"


def test_a1_a5_a8_a9_from_registering_to_signing_out(site, email):
    made = register(site, email)
    assert made.status == 201
    assert made.json()["email"] == email
    assert "password" not in made.body.decode().lower()

    cookie = cookie_of(made)
    me = site.fetch("/api/auth/me", headers={"Cookie": cookie})
    assert (me.status, me.json()) == (200, made.json())

    other = cookie_of(site.fetch("/api/auth/login", "POST", body={"email": email.upper(), "password": PASSWORD}))
    sessions = site.fetch("/api/auth/sessions", headers={"Cookie": other}).json()["sessions"]
    assert [session["current"] for session in sessions].count(True) == 1
    assert {session["ip_address"] for session in sessions} == {"127.0.0.1"}

    assert site.fetch("/api/auth/logout", "POST", headers={"Cookie": cookie}).status == 204
    assert site.fetch("/api/auth/me", headers={"Cookie": cookie}).status == 401
    assert site.fetch("/api/auth/me", headers={"Authorization": f"Bearer {other.split('=', 1)[1]}"}).status == 200


@pytest.mark.parametrize("path", ["//api//auth/login", "/api/auth/login/", "/api/auth/%6Cogin", "/api/x/../auth/login"])
def test_a16_other_spellings_of_a_path_are_not_found(site, email, path):
    # CVE-2025-71399: a limit for one spelling in front of a router that accepts others.
    register(site, email)
    response = site.fetch(path, "POST", body={"email": email, "password": PASSWORD})
    assert response.status == 404
    assert response.headers.get_all("Set-Cookie") is None


def test_a14_other_sites_cannot_send_forms(site, email):
    register(site, email)
    form = f"email={email}&password={PASSWORD}".encode()
    head = {"Content-Type": "application/x-www-form-urlencoded"}
    own = {"Host": f"localhost:{site.browser_port}", "Origin": site.url}
    assert site.fetch("/login", "POST", body=form, headers=head | own).status == 303
    for foreign in (
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        refused = site.fetch("/login", "POST", body=form, headers=head | foreign)
        assert refused.status == 403
        assert refused.headers.get_all("Set-Cookie") is None
        assert (
            site.fetch("/api/auth/login", "POST", body={"email": email, "password": PASSWORD}, headers=foreign).status
            == 403
        )


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https:evil.example", "/\t/evil.example", "/\r\nX: y"]
)
def test_f4_the_return_address_is_a_path_of_this_site(site, email, target):
    register(site, email)
    form = {"email": email, "password": PASSWORD, "return_to": target}
    body = "&".join(f"{name}={''.join(f'%{byte:02X}' for byte in value.encode())}" for name, value in form.items())
    head = {"Content-Type": "application/x-www-form-urlencoded"}
    response = site.fetch("/login", "POST", body=body.encode(), headers=head)
    location = response.one("Location")
    for _ in range(3):
        assert (
            location.startswith("/") and not location.startswith(("//", "/\\")) and "evil" not in location.split("?")[0]
        )
        response = site.fetch(
            location, headers={"Cookie": cookie_of(response)} if response.headers.get_all("Set-Cookie") else {}
        )
        if not response.one("Location"):
            break
        location = response.one("Location")


def wait_for_logs(site, response):
    """Waits until each server has logged the request, after its response."""
    request_id = response.one("X-Request-ID")
    for name in ("access", "WebFrontend", "AuthAPI"):
        wait_until(lambda log=site.folder / f"{name}.log": request_id in log.read_text(), f"{name} logs the request")


def test_e5_the_request_id_is_the_same_in_all_logs(site):
    wait_for_logs(site, site.fetch("/account", headers={"Cookie": "access_token=a.b.c"}))


def test_e5_logs_contain_no_secret_of_a_whole_sign_in(site, email):
    made = register(site, email)
    token = cookie_of(made).split("=", 1)[1]
    site.fetch("/login?return_to=/account&hidden=in-the-query", headers={"Cookie": f"access_token={token}"})
    site.fetch("/api/auth/login?hidden=in-the-query", "POST", body={"email": email, "password": PASSWORD + "x"})
    site.fetch("/api/auth/logout", "POST", headers={"Cookie": f"access_token={token}"})
    wait_for_logs(site, site.fetch("/account", headers={"Cookie": f"access_token={token}"}))
    logs = site.logs()
    for secret in (email, PASSWORD, token, token.split(".")[2], "in-the-query"):
        assert secret not in logs
    for line in (site.folder / "AuthAPI.log").read_text().splitlines():
        assert {"timestamp", "level", "message"} <= set(json.loads(line))


def test_a2_of_two_concurrent_registrations_one_succeeds(site, email):
    spellings = [email, email.upper(), email, email.title()]
    with ThreadPoolExecutor(len(spellings)) as pool:
        statuses = list(pool.map(lambda each: register(site, each).status, spellings))
    assert sorted(statuses) == [201, 409, 409, 409]


@pytest.mark.parametrize("way", ["api", "form"])
def test_n3_a18_the_visitors_own_address_is_on_the_list_of_sessions(site, email, way):
    # The frontend calls the API from its own address, but passes on that of the visitor.
    visitor = {"source": "127.0.0.2", "headers": {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "6.6.6.6"}}
    with nginx(site.api_port, site.frontend_port, TRUSTED_PROXIES="127.0.0.2") as run:
        if way == "api":
            body = {"email": email, "password": PASSWORD, "name": "Yoshiko"}
            response = fetch(run.port, "/api/auth/register", "POST", body=body, **visitor)
        else:
            body = f"name=Y&email={email}&password={PASSWORD}&password_confirmation={PASSWORD}".encode()
            visitor["headers"]["Content-Type"] = "application/x-www-form-urlencoded"
            response = fetch(run.port, "/register", "POST", body=body, **visitor)
    [session] = site.fetch("/api/auth/sessions", headers={"Cookie": cookie_of(response)}).json()["sessions"]
    assert session["ip_address"] == "203.0.113.9"


def test_no_response_contains_the_requested_host(site, email):
    # CVE-2025-71401: a base URL taken from the request.
    foreign = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    for path in ("/", "/login", "/account", "/docs", "/openapi.json", "/api/auth/me"):
        response = site.fetch(path, headers=foreign)
        assert "evil.example" not in str(response.headers) + response.body.decode()
