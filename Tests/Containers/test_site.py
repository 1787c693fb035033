"""The site for visitors and programs, through the published ports."""

import secrets

import chromium
import pytest
import site_under_test
import user_actions
from playwright.sync_api import sync_playwright


@pytest.mark.parametrize("port", ["external_port", "browser_port"])
@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/", 200, "text/html"),
        ("/login", 200, "text/html"),
        ("/register", 200, "text/html"),
        ("/nowhere", 404, "text/html"),
        ("/api/auth/me", 401, "application/problem+json"),
        ("/api/nowhere", 404, "application/problem+json"),
        ("/docs", 200, "text/html"),
        ("/openapi.json", 200, "application/json"),
        ("/health", 404, "text/html"),
        ("/health/ready", 404, "text/html"),
        ("/metrics", 404, "text/html"),
        ("/nginx-health", 404, "text/html"),
    ],
)
def test_each_path_reaches_its_server_through_both_ports(stack, port, path, status, kind):
    """N1, N2: Each path leads to the right server, through both ports; health checks are not published."""
    response = site_under_test.fetch(getattr(stack, port), path)
    assert (response.status, response.headers.get_content_type()) == (status, kind)
    assert response.one("X-Request-ID") and response.one("X-Content-Type-Options") == "nosniff"
    assert response.one("Server") == "nginx"


def test_a_user_registers_signs_in_and_signs_out_through_the_api(stack):
    """A1, A5, A8, A9"""
    email = f"person-{secrets.token_hex(6)}@example.com"
    account = {"email": email, "password": site_under_test.PASSWORD}
    registered = stack.fetch("/api/auth/register", "POST", body=account | {"name": "Aiko Tanaka"})
    assert registered.status == 201

    login = stack.fetch("/api/auth/login", "POST", body=account)
    assert login.status == 200
    cookie = {"Cookie": login.headers["Set-Cookie"].split(";")[0]}
    me = stack.fetch("/api/auth/me", headers=cookie)
    assert (me.status, me.json()["email"], me.json()["id"]) == (200, email, registered.json()["id"])

    assert stack.fetch("/api/auth/logout", "POST", headers=cookie).status == 204
    assert stack.fetch("/api/auth/me", headers=cookie).status == 401


def test_a_client_cannot_choose_its_address(stack):
    """N3: A client cannot choose the address in its session."""
    cookie = {"Cookie": stack.register(), "X-Real-IP": "192.0.2.7", "X-Forwarded-For": "192.0.2.7"}
    (session,) = stack.fetch("/api/auth/sessions", headers=cookie).json()["sessions"]
    assert session["ip_address"] != "192.0.2.7"


def test_a_user_registers_signs_out_and_signs_in_with_a_browser(stack):
    """F1, F2, F3, C6: registering, signing out and signing in, in Chromium."""
    email = f"person-{secrets.token_hex(6)}@example.com"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium.OPTIONS)
        try:
            page = browser.new_context(base_url=stack.url, locale="en").new_page()
            user_actions.register(page, email)
            user_actions.sign_out(page)
            user_actions.expect_anonymous(page)
            assert user_actions.sign_in(page, email).status == 303
            user_actions.expect_signed_in(page)
        finally:
            browser.close()


def test_nginx_starts_without_a_warning(stack):
    """For example about the size of its hash tables."""
    log = stack.logs("nginx")
    assert '"path":' in log and "[warn]" not in log
