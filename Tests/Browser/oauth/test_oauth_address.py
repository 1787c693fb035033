"""Entering the email address that a provider has not verified (A12)."""

import secrets

import pytest
from playwright.sync_api import expect
from site_under_test import psql
from user_actions import expect_anonymous, expect_signed_in, path_of, register, send, sign_out


@pytest.fixture
def unverified(mock_providers, provider, email):
    """Describes the test's user at the provider, which has verified no address."""

    def describe(reported: str | None):
        login = provider.login(email)
        if provider.code != "discord":
            mock_providers.describe(provider.code, login, name=login, email=reported, email_verified=False)
        else:
            identifier = str(secrets.randbits(60))
            mock_providers.describe("discord", identifier, username=login, email=reported, verified=False)

    return describe


def request_email(page, provider, email: str):
    """Signs in at the provider, up to the page that asks for an address."""
    provider.sign_in(page, email, start="/login?return_to=/account")
    assert path_of(page) == "/register/address"
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your email address")
    expect_anonymous(page)


@pytest.mark.parametrize("reported", [None, "reported@example.com"])
def test_a12_the_entered_address_creates_an_unverified_account(
    page, site, provider, email, unverified, reported
):
    unverified(reported)
    request_email(page, provider, email)
    expect(page.locator("main")).to_contain_text(f"Account at {provider.title}: {provider.login(email)}")
    field = page.get_by_label("Email address")
    expect(field).to_have_value(reported or "")
    field.fill("nobody")
    assert send(page, "Create account").status == 422
    expect(page.locator("#error-summary")).to_contain_text("The “@” is missing.")
    expect(field).to_have_value("nobody")

    field.fill(email)
    assert send(page, "Create account").status == 303
    assert path_of(page) == "/account"
    expect(page.get_by_test_id("account-email")).to_have_text(email)
    query = f"select email_verified_at is null and password_hash is null from users where email = '{email}'"
    assert psql(site.database_url, query) == "t"

    sign_out(page)
    provider.sign_in(page, email)
    assert path_of(page) == "/"
    expect_signed_in(page, provider.login(email))


def test_a12_a_taken_address_is_reported_and_links_nothing(visitor, site, provider, email, unverified):
    register(visitor(), email)
    unverified(email)
    page = visitor()
    request_email(page, provider, email)
    expect(page.get_by_label("Email address")).to_have_value(email)
    assert send(page, "Create account").status == 409
    expect(page.locator("#error-summary")).to_contain_text("An account with this email address already exists.")
    page.get_by_role("link", name="Sign in another way").click()
    assert path_of(page) == "/login"
    expect_anonymous(page)
    linked = f"select count(*) from oauth_accounts join users on users.id = user_id where users.email = '{email}'"
    assert psql(site.database_url, linked) == "0"


def test_a12_two_tabs_create_one_account(visitor, site, provider, email, unverified):
    unverified(None)
    first = visitor()
    request_email(first, provider, email)
    second = first.context.new_page()
    second.goto(first.url)
    for page, address in ((first, email), (second, f"second-{email}")):
        page.get_by_label("Email address").fill(address)
    assert send(first, "Create account").status == 303
    send(second, "Create account")
    assert path_of(second) == "/account"
    expect(second.get_by_test_id("account-email")).to_have_text(email)
    assert psql(site.database_url, f"select count(*) from users where email like '%{email}'") == "1"
