"""Signing in through Google and Discord (A10, A11, F1, F3)."""

import base64
import json

from chromium import OPTIONS
from playwright.sync_api import expect
from providers import GOOGLE
from user_actions import accounts, expect_anonymous, expect_signed_in, path_of, sign_out

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def expect_failure(page, text: str) -> str:
    """Checks that the sign-in page explains a failed flow; returns the error ID."""
    expect(page.locator("#error-summary")).to_contain_text(text)
    assert path_of(page) == "/login"
    return page.locator("#error-summary code").inner_text()


def test_f1_sign_up_sign_out_and_sign_in_again(page, site, provider, email):
    provider.sign_in(page, email, start="/register")
    assert path_of(page) == "/"
    expect_signed_in(page, provider.login(email))
    assert accounts(site, email) == 1

    sign_out(page)
    expect_anonymous(page)
    provider.sign_in(page, email)
    expect_signed_in(page, provider.login(email))
    assert accounts(site, email) == 1


def test_a11_the_requested_page_is_shown_after_the_sign_in(page, provider, email):
    page.goto("/account")
    assert path_of(page) == "/login"
    provider.start(page)
    provider.agree(page, email)
    assert path_of(page) == "/account"
    expect(page.get_by_test_id("account-email")).to_have_text(email)


def test_a_denial_is_explained_and_can_be_retried(page, provider, email):
    page.goto("/login?return_to=/account")
    provider.start(page)
    provider.deny(page)
    expect_failure(page, f"You did not grant access at {provider.title}")
    expect_anonymous(page)
    page.get_by_role("link", name=f"Try again with {provider.title}").click()
    provider.agree(page, email)
    assert path_of(page) == "/account"


def test_two_concurrent_tabs_both_sign_in_as_one_user(visitor, site, provider, email):
    # One cookie per flow, so that parallel tabs do not interfere (better-auth #4969).
    first = visitor()
    second = first.context.new_page()
    for tab, start in ((first, "/login?return_to=/account"), (second, "/login")):
        tab.goto(start)
        provider.start(tab)
    provider.agree(second, email)
    assert path_of(second) == "/"
    provider.agree(first, email)
    assert path_of(first) == "/account"
    for tab in (first, second):
        tab.reload()
        expect_signed_in(tab, provider.login(email))
    assert accounts(site, email) == 1
    assert not [cookie for cookie in first.context.cookies() if "oauth" in cookie["name"]]


def test_a_reopened_callback_is_explained(page, site, provider, email):
    callbacks = []
    page.on("request", lambda request: callbacks.append(request.url) if "/callback/" in request.url else None)
    provider.sign_in(page, email)
    expect_signed_in(page, provider.login(email))

    # W22: It succeeded, and there is nothing left to do.
    page.goto(callbacks[0])
    assert path_of(page) == "/account"
    expect(page.locator("#error-summary")).to_have_count(0)
    expect_signed_in(page, provider.login(email))

    sign_out(page)
    page.goto(callbacks[0])
    identifier = expect_failure(page, "was already completed")
    assert identifier in site.logs()
    expect_anonymous(page)


def test_w22_going_back_to_the_provider_keeps_the_user_signed_in(visitor, provider, email):
    page = visitor()
    provider.sign_in(page, email)
    page.go_back()
    page.wait_for_load_state()
    if page.title().startswith("Mock "):
        provider.agree(page, email)
        assert path_of(page) == "/account"
    page.goto("/")
    expect_signed_in(page, provider.login(email))


def test_login_csrf_an_attackers_callback_does_not_sign_in(visitor, provider, email):
    # RFC 9700, section 4.7: the attacker's callback, opened in the victim's browser.
    attacker, victim = visitor(), visitor()
    attacker.goto("/login")
    provider.start(attacker)
    victim.goto(provider.callback(attacker, email))
    expect_failure(victim, "was started in another browser")
    expect_anonymous(victim)


def test_an_unavailable_provider_is_named_and_can_be_retried(page, site, mock_providers, provider, email):
    page.goto("/login?return_to=/account")
    provider.start(page)
    with mock_providers.unavailable(provider.code):
        provider.agree(page, email)
        identifier = expect_failure(page, f"We cannot reach {provider.title} right now.")
    assert identifier in site.logs()
    page.get_by_role("link", name=f"Try again with {provider.title}").click()
    provider.agree(page, email)
    assert path_of(page) == "/account"


def test_f3_a_picture_is_shown_without_a_referrer(visitor, mock_providers, watch, email):
    picture = "https://lh3.googleusercontent.com/a/picture=s96-c"
    mock_providers.describe("google", email, email=email, email_verified=True, name="Pictured", picture=picture)
    watch.sites.add("lh3.googleusercontent.com")
    page = visitor()
    requests = []

    def response(route):
        requests.append(route.request.all_headers())
        route.fulfill(body=PIXEL, content_type="image/png")

    page.context.route("https://lh3.googleusercontent.com/**", response)
    GOOGLE.sign_in(page, email)
    avatar = page.get_by_role("navigation").locator("img.avatar")
    expect(avatar).to_have_attribute("src", picture)
    assert avatar.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    assert requests
    assert all("referer" not in headers and "cookie" not in headers for headers in requests)


def test_an_email_change_at_the_provider_changes_no_user(visitor, site, mock_providers, email):
    page = visitor()
    GOOGLE.sign_in(page, email)
    sign_out(page)
    mock_providers.describe("google", email, email=f"new-{email}", email_verified=True, name="Moved")
    GOOGLE.sign_in(page, email)
    page.goto("/account")
    expect(page.get_by_test_id("account-email")).to_have_text(email)
    assert accounts(site, f"new-{email}") == 0


def test_a_browser_without_cookies_gets_no_redirect_loop(playwright, site, watch, provider, email, tmp_path):
    preferences = tmp_path / "Default/Preferences"
    preferences.parent.mkdir()
    preferences.write_text(json.dumps({"profile": {"default_content_setting_values": {"cookies": 2}}}))
    context = playwright.chromium.launch_persistent_context(tmp_path, base_url=site.url, locale="en-GB", **OPTIONS)
    try:
        page = watch.attach(context).new_page()
        provider.sign_in(page, email, start="/account")
        expect_failure(page, "must accept cookies")
    finally:
        context.close()


def test_e5_the_logs_of_provider_flows_contain_no_secret(visitor, site, mock_providers, provider, email):
    page = visitor()
    provider.sign_in(page, email)
    page.goto("/account")
    sign_out(page)
    page.goto("/login")
    provider.start(page)
    provider.deny(page)
    logs = site.logs()
    assert "/api/auth/callback/" in logs
    secrets = mock_providers.secrets_seen | {email, provider.login(email), "demo-secret"}
    assert len(secrets) > 8
    assert [secret for secret in secrets if secret in logs] == []
