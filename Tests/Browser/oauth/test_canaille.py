"""Signing in through a third-party OpenID provider: Canaille (A10, A11)."""

import pytest
from canaille_process import Canaille, ending
from playwright.sync_api import expect
from site_under_test import free_ports, psql, running_site
from user_actions import expect_anonymous, expect_signed_in, path_of, register, sign_out
from watch import Watch


@pytest.fixture(scope="module")
def canaille(tmp_path_factory):
    """The provider, not yet started."""
    with ending(Canaille(*free_ports(1), tmp_path_factory.mktemp("canaille"))) as provider:
        yield provider


@pytest.fixture(scope="module")
def site(canaille):
    """A site that was started while the provider was unavailable."""
    with running_site(**canaille.settings) as running:
        canaille.start(running.url)
        yield running


@pytest.fixture
def watch(site, canaille):
    """Fails the test when a page sent a request to any other host; the provider's console is ignored."""
    watch = Watch(site.url, canaille.url)
    yield watch
    assert [each for each in watch.complaints if canaille.url not in each] == []


def start(page, path: str = "/login") -> None:
    """Opens the provider's page from a page of the site."""
    page.goto(path)
    page.locator("#continue-oidc" if path == "/login" else "#connect-oidc").click()


def sign_in(page, canaille, name: str) -> None:
    """Signs in through the provider."""
    start(page)
    canaille.sign_in(page, name)


def test_a11_repeated_sign_ins_are_one_user(visitor, site, canaille):
    page = visitor()
    page.goto("/login")
    expect(page.locator("#continue-oidc")).to_have_text("Continue with Canaille")
    sign_in(page, canaille, "hanako")
    assert path_of(page) == "/"
    expect_signed_in(page, "Hanako Sato")
    sign_out(page)
    expect_anonymous(page)

    # The provider remembers the user and the consent.
    start(page)
    expect_signed_in(page, "Hanako Sato")
    joined = "users u join oauth_accounts i on i.user_id = u.id"
    statement = f"select count(*), min(i.issuer) from {joined} where u.email = '{{}}'"
    found = psql(site.database_url, statement.format("hanako@canaille.example"))
    assert found == f"1|{canaille.url}"


def test_a12_a_user_with_a_password_links_an_account(visitor, canaille, email):
    page = visitor()
    register(page, email)
    start(page, "/account")
    canaille.sign_in(page, "taro")
    assert path_of(page) == "/account"
    expect(page.locator("[data-method=oidc][data-linked]")).to_have_count(1)

    other = visitor()
    sign_in(other, canaille, "taro")
    other.goto("/account")
    expect(other.get_by_test_id("account-email")).to_have_text(email)


def test_a11_sign_in_works_after_the_provider_rotated_its_keys(visitor, site, canaille):
    sign_in(visitor(), canaille, "jiro")
    canaille.stop()
    canaille.start(site.url, key="second")
    page = visitor()
    sign_in(page, canaille, "jiro")
    expect_signed_in(page, "Jiro Ito")


def test_a11_sign_in_works_after_a_provider_outage(visitor, site, canaille):
    """The site was also started while it was unavailable."""
    sign_in(visitor(), canaille, "hanako")
    canaille.stop()
    page = visitor()
    with page.expect_event("requestfailed", lambda request: request.url.startswith(canaille.url)):
        start(page)
    canaille.start(site.url, key="second")
    page = visitor()
    sign_in(page, canaille, "saburo")
    expect_signed_in(page, "Saburo Abe")
