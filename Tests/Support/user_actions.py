"""Actions of users on the site."""

from urllib.parse import urlsplit

from playwright.sync_api import Page, expect
from site_under_test import PASSWORD, psql

NAME = "Yoshiko さん"


def fill_registration(
    page: Page, email: str, name: str = NAME, password: str = PASSWORD, confirmation: str | None = None
):
    """Fills in the form without sending it."""
    page.goto("/register")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_label("Confirm password").fill(password if confirmation is None else confirmation)


def send(page: Page, button: str):
    """Presses the form's button and returns the response to the form."""
    with page.expect_response(lambda response: response.request.method == "POST") as response:
        page.locator("main").get_by_role("button", name=button, exact=True).click()
    page.wait_for_load_state()
    return response.value


def register(page: Page, email: str, name: str = NAME):
    """Creates an account; ends signed in on the home page."""
    fill_registration(page, email, name)
    assert send(page, "Create account").status == 303
    expect_signed_in(page, name)


def fill_login(page: Page, email: str, password: str = PASSWORD):
    """Fills in the form on the open page."""
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)


def sign_in(page: Page, email: str, password: str = PASSWORD):
    """Signs in on the login page and returns the response to the form."""
    page.goto("/login")
    fill_login(page, email, password)
    return send(page, "Sign in")


def sign_out(page: Page):
    """Signs out with the button in the navigation."""
    page.get_by_role("navigation").get_by_role("button", name="Sign out").click()


def expect_signed_in(page: Page, name: str = NAME):
    """Checks that the navigation shows the name and a button to sign out (F3)."""
    navigation = page.get_by_role("navigation")
    expect(navigation.get_by_text(name)).to_be_visible()
    expect(navigation.get_by_role("button", name="Sign out")).to_be_visible()


def expect_anonymous(page: Page):
    """Checks that the navigation shows links to sign in."""
    navigation = page.get_by_role("navigation")
    expect(navigation.get_by_role("link", name="Sign in")).to_be_visible()
    expect(navigation.get_by_role("button", name="Sign out")).to_have_count(0)


def accounts(site, email: str) -> int:
    """The number of accounts with the email address, regardless of case."""
    return int(psql(site.database_url, f"select count(*) from users where lower(email) = lower('{email}')"))


def path_of(page: Page) -> str:
    """The path that the address bar shows."""
    return urlsplit(page.url).path
