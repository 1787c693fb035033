"""Signing in again, to connect an account, set a first password or delete the account."""

from playwright.sync_api import expect
from site_under_test import PASSWORD, psql
from user_actions import expect_anonymous, expect_signed_in, path_of, register, send, sign_in, sign_out

NEW = "Battery-Staple-8"


def sign_in_again(page, provider, email):
    """Presses the button on the open page, and agrees at the provider."""
    page.locator(f"#reauthenticate-{provider.code}").click()
    expect(page).to_have_title(f"Mock {provider.title}")
    provider.agree(page, email)


def test_a_first_password_requires_signing_in_again(page, provider, email):
    provider.sign_in(page, email)
    page.goto("/account")
    page.locator("#change-password").click()
    expect(page.get_by_role("heading", name="Set a password")).to_be_visible()
    expect(page.get_by_label("New password", exact=True)).to_have_count(0)
    sign_in_again(page, provider, email)
    assert path_of(page) == "/account/password"
    expect(page.get_by_label("Current password", exact=True)).to_have_count(0)
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_label("Confirm password", exact=True).fill(NEW)
    assert send(page, "Set a password").status == 303
    expect(page.locator("#notice")).to_contain_text("Your password was changed.")
    address = page.get_by_test_id("account-email").text_content()
    sign_out(page)
    assert sign_in(page, address, NEW).status == 303
    expect_signed_in(page, provider.login(email))


def test_a12_connecting_an_account_requires_a_recent_sign_in(page, site, provider, email):
    """Otherwise someone with a stolen session could connect an account that keeps its access."""
    register(page, email)
    owner = f"(select id from users where email = '{email}')"
    psql(site.database_url, f"update sessions set created_at = now() - interval '1 hour' where user_id = {owner}")
    page.goto("/account")
    page.locator(f"#connect-{provider.code}").click()
    assert path_of(page) == "/login"
    expect(page.locator("#error-summary")).to_contain_text("sign in again first")
    expect(page.get_by_label("Email address")).to_have_value(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    assert send(page, "Sign in").status == 303
    assert path_of(page) == "/account"
    page.locator(f"#connect-{provider.code}").click()
    provider.agree(page, f"other-{email}")
    expect(page.locator("#notice")).to_contain_text(f"{provider.title} is connected.")
    linked = f"select count(*) from oauth_accounts where user_id = {owner}"
    assert psql(site.database_url, linked) == "1"


def test_another_provider_account_does_not_confirm_the_change(page, provider, email):
    provider.sign_in(page, email)
    page.goto("/account/password")
    sign_in_again(page, provider, f"other-{email}")
    assert path_of(page) == "/account/password"
    expect(page.locator("#error-summary")).to_contain_text("with an account that is not connected to your account here")
    expect(page.get_by_label("New password", exact=True)).to_have_count(0)
    # The session is still that of its user.
    expect_signed_in(page, provider.login(email))


def test_an_account_without_a_password_is_deleted(page, site, provider, email):
    provider.sign_in(page, email)
    page.goto("/account")
    address = page.get_by_test_id("account-email").text_content()
    page.locator("#to-deletion").click()
    expect(page.get_by_label("Email address")).to_have_count(0)
    sign_in_again(page, provider, email)
    assert path_of(page) == "/account/delete"
    page.get_by_label("Email address").fill("another@example.com")
    assert send(page, "Delete account permanently").status == 422
    expect(page.locator("#error-summary")).to_contain_text("This is not the email address of your account.")
    page.get_by_label("Email address").fill(address)
    assert send(page, "Delete account permanently").status == 303
    expect(page.locator("#notice")).to_contain_text("Your account was deleted.")
    expect_anonymous(page)
    assert page.context.cookies(site.url) == []
    assert psql(site.database_url, f"select count(*) from users where email = '{address}'") == "0"
