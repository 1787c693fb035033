"""Provider accounts: connecting with the password, linking and unlinking (A12, D4)."""

import secrets

from playwright.sync_api import expect
from providers import DISCORD, GOOGLE
from site_under_test import PASSWORD, psql
from user_actions import expect_anonymous, expect_signed_in, path_of, register, send, sign_out


def method(page, provider):
    """The row of a provider on the account page."""
    return page.locator(f"[data-method={provider.code}]")


def identities(site, email: str) -> int:
    """The number of provider accounts linked to the account with the email."""
    return int(
        psql(
            site.database_url,
            f"select count(*) from oauth_accounts join users on users.id = user_id where users.email = '{email}'",
        )
    )


def test_a12_a_password_account_is_connected_with_its_password(page, site, provider, email):
    register(page, email)
    sign_out(page)
    provider.sign_in(page, email, start="/login?return_to=/account")
    assert path_of(page) == "/login"
    expect(page.get_by_role("heading", name=f"Connect {provider.title}")).to_be_visible()
    expect(page.get_by_label("Email address")).to_have_value(email)
    expect(page.get_by_label("Email address")).not_to_be_editable()
    expect_anonymous(page)
    assert identities(site, email) == 0

    button = "Connect and sign in"
    page.get_by_label("Password", exact=True).fill("Wrong-Password-1")
    assert send(page, button).status == 401
    expect(page.locator("#error-summary")).to_contain_text("password is wrong")
    expect(page.get_by_label("Email address")).to_have_value(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    assert send(page, button).status == 303
    assert path_of(page) == "/account"
    expect_signed_in(page)
    expect(method(page, provider)).to_contain_text(email)
    assert not [cookie for cookie in page.context.cookies() if "oauth" in cookie["name"]]

    # From then on, the provider suffices.
    sign_out(page)
    provider.sign_in(page, email)
    expect_signed_in(page)
    assert identities(site, email) == 1


def test_a12_an_expired_pending_link_can_be_restarted(page, provider, email):
    register(page, email)
    sign_out(page)
    provider.sign_in(page, email)
    page.context.clear_cookies()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    assert send(page, "Connect and sign in").status == 404
    expect(page.locator("#error-summary")).to_contain_text("took too long")
    page.get_by_role("link", name=f"Try again with {provider.title}").click()
    provider.agree(page, email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    assert send(page, "Connect and sign in").status == 303
    expect(page.locator("#notice")).to_contain_text(f"{provider.title} is connected.")


def test_a12_registering_another_users_email_first_does_not_link_their_account(visitor, site, provider, email):
    # Pre-hijacking: the owner's later provider sign-in is not linked to the attacker's account.
    squatter, owner = visitor(), visitor()
    register(squatter, email)
    provider.sign_in(owner, email)
    assert path_of(owner) == "/login"
    expect_anonymous(owner)
    assert identities(site, email) == 0


def test_a12_linking_and_unlinking_on_the_account_page(page, site, provider, email):
    register(page, email)
    elsewhere = f"elsewhere-{email}"
    provider.link(page, elsewhere)
    assert path_of(page) == "/account"
    expect(page.locator("#notice")).to_contain_text(f"{provider.title} is connected.")
    expect(method(page, provider)).to_contain_text(elsewhere)
    assert identities(site, email) == 1

    sign_out(page)
    provider.sign_in(page, elsewhere)
    expect_signed_in(page)

    page.goto("/account")
    method(page, provider).get_by_role("button", name="Disconnect").click()
    expect(page.locator("#notice")).to_contain_text("The account is disconnected.")
    expect(method(page, provider)).to_contain_text("Not connected")
    assert identities(site, email) == 0
    expect_signed_in(page)


def test_a12_the_last_sign_in_method_cannot_be_removed(page, provider, email):
    provider.sign_in(page, email)
    page.goto("/account")
    expect(method(page, provider)).to_contain_text("This is your only way to sign in")
    expect(page.locator("[data-method=password]")).to_contain_text("Not set")
    expect(method(page, provider).get_by_role("button")).to_have_count(0)


def at_gmail(mock_providers, email: str) -> str:
    """An address at Gmail, which both mock providers have verified for the user with the email."""
    name = email.split("@")[0]
    address = f"{name}@gmail.com"
    mock_providers.describe("google", email, email=address, email_verified=True, name=email)
    mock_providers.describe("discord", str(secrets.randbits(60)), username=name, email=address)
    return address


def test_w3_google_is_the_authority_for_gmail(page, site, mock_providers, email):
    address = at_gmail(mock_providers, email)
    DISCORD.sign_in(page, email)
    sign_out(page)
    GOOGLE.sign_in(page, email)
    expect_signed_in(page, DISCORD.login(email))
    page.goto("/account")
    for provider in (GOOGLE, DISCORD):
        expect(method(page, provider)).to_contain_text(address)
    # A page that was loaded before the other account was disconnected may still offer it.
    stale = page.context.new_page()
    stale.goto("/account")
    method(page, GOOGLE).get_by_role("button", name="Disconnect").click()
    expect(page.locator("#notice")).to_contain_text("disconnected")
    method(stale, DISCORD).get_by_role("button", name="Disconnect").click()
    expect(stale.locator("#notice")).to_contain_text("This is your only way to sign in")
    assert identities(site, address) == 1


def test_w3_discord_links_nothing_by_email_but_can_be_connected(page, site, email):
    GOOGLE.sign_in(page, email)
    sign_out(page)
    DISCORD.sign_in(page, email)
    assert path_of(page) == "/login"
    expect(page.locator("#error-summary")).to_contain_text("An account with this email address already exists.")
    expect_anonymous(page)
    assert identities(site, email) == 1
    GOOGLE.start(page)
    GOOGLE.agree(page, email)
    DISCORD.link(page, email)
    expect(page.locator("#notice")).to_contain_text("Discord is connected.")
    assert identities(site, email) == 2


def test_w1_only_its_user_reconnects_a_disconnected_account(page, visitor, site, email):
    GOOGLE.sign_in(page, email)
    DISCORD.link(page, email)
    elsewhere = visitor()
    DISCORD.sign_in(elsewhere, email)
    expect_signed_in(elsewhere, GOOGLE.login(email))

    method(page, DISCORD).get_by_role("button", name="Disconnect").click()
    expect(page.locator("#notice")).to_contain_text("You can no longer sign in with it.")
    # The session that it opened has ended, and it cannot open another.
    elsewhere.goto("/")
    expect_anonymous(elsewhere)
    fresh = visitor()
    DISCORD.sign_in(fresh, email)
    assert path_of(fresh) == "/login"
    expect(fresh.locator("#error-summary")).to_contain_text("was disconnected, so it cannot sign you in")
    expect_anonymous(fresh)
    assert identities(site, email) == 1

    DISCORD.link(page, email)
    expect(page.locator("#notice")).to_contain_text("Discord is connected.")
    DISCORD.sign_in(fresh, email)
    expect_signed_in(fresh, GOOGLE.login(email))


def test_a12_a_provider_account_of_another_user_is_not_linked(visitor, site, provider, email):
    owner, other = visitor(), visitor()
    provider.sign_in(owner, email)
    register(other, f"other-{email}")
    provider.link(other, email)
    assert path_of(other) == "/account"
    expect(other.locator("#error-summary")).to_contain_text("connected to another account here")
    assert identities(site, f"other-{email}") == 0


def test_a12_linking_requires_the_user_who_started_it(visitor, site, provider, email):
    page = visitor()
    register(page, email)
    page.goto("/account")
    page.locator(f"#connect-{provider.code}").click()
    other = page.context.new_page()
    other.goto("/")
    sign_out(other)
    expect_anonymous(other)
    provider.agree(page, f"elsewhere-{email}")
    assert path_of(page) == "/login"
    expect(page.locator("#error-summary")).to_contain_text("The session in which you started has ended.")
    assert identities(site, email) == 0


def test_a12_w2_a_link_from_another_site_links_nothing(visitor, site, watch, mock_providers, provider, email):
    page = visitor()
    register(page, email)
    page.goto(mock_providers.google)
    start = f"{site.url}/api/auth/{provider.code}?link=true&return_to=/account"
    page.evaluate("address => { location.href = address }", start)
    expect(page.locator("#error-summary")).to_contain_text("can only be started on your account pages")
    page.get_by_role("link", name="Continue").click()
    assert path_of(page) == "/account"
    assert identities(site, email) == 0


def test_w2_a_link_of_the_site_cannot_start_linking(page, site, provider, email):
    register(page, email)
    # The sign-in page with an attacker's address.
    page.goto(
        f"/login?oauth_error=access_denied&provider={provider.code}&return_to=/api/auth/{provider.code}?link=true"
    )
    page.get_by_role("link", name="Continue").click()
    assert path_of(page) == "/"
    expect_signed_in(page)
    assert not [cookie for cookie in page.context.cookies() if "oauth" in cookie["name"]]
    assert identities(site, email) == 0


def test_w2_the_content_security_policy_allows_linking_from_the_account_page(page, provider, email):
    # The page's policy (`form-action 'self'`) would block a form whose response redirects to the provider.
    register(page, email)
    provider.link(page, f"elsewhere-{email}")
    assert path_of(page) == "/account"
    expect(page.locator("#notice")).to_contain_text(f"{provider.title} is connected.")


def test_w18_another_site_does_not_replace_the_session(visitor, site, mock_providers, provider, email):
    page = visitor()
    register(page, email)
    page.goto(mock_providers.google)
    start = f"{site.url}/api/auth/{provider.code}?return_to=/account"
    page.evaluate("address => { location.href = address }", start)
    page.wait_for_url(f"{site.url}/login?confirm=**")
    expect(page.get_by_role("heading", name=f"Sign in with {provider.title}?")).to_be_visible()
    expect(page.locator("main")).to_contain_text(f"You are signed in as {email}.")
    page.get_by_role("link", name="Stay signed in").click()
    assert path_of(page) == "/account"
    expect_signed_in(page)


def test_w18_a_typed_address_asks_before_it_replaces_the_session(page, site, provider, email):
    register(page, email)
    other = f"other-{email}"
    page.goto(f"/api/auth/{provider.code}")
    provider.start(page)
    provider.agree(page, other)
    expect_signed_in(page, provider.login(other))
    # The replaced session has ended.
    query = f"select count(*) from sessions join users on users.id = user_id where users.email = '{email}'"
    assert psql(site.database_url, query) == "0"


def test_w23_connecting_asks_which_account_to_use(visitor, email):
    page = visitor()
    register(page, email)
    for provider, prompt in ((GOOGLE, "select_account"), (DISCORD, "consent")):
        page.goto("/account")
        page.locator(f"#connect-{provider.code}").click()
        expect(page).to_have_title(f"Mock {provider.title}")
        assert f"prompt={prompt}" in page.url


def test_a12_a_signed_in_user_is_directed_to_the_account_page_to_connect(visitor, email):
    page = visitor()
    register(page, email)
    # As from a sign-in page that was opened before.
    page.goto("/api/auth/google")
    GOOGLE.start(page)
    GOOGLE.agree(page, email)
    assert path_of(page) == "/login"
    expect(page.locator("main")).to_contain_text("To connect Google to this account, go to your account page.")
    page.get_by_role("link", name="Go to your account").click()
    assert path_of(page) == "/account"
