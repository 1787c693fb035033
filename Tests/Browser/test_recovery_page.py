"""A new password with a one-time link, and an account with an invitation, with JavaScript and without."""

import contextlib
import secrets

import pytest
from operator_program import SETTINGS, Operator
from playwright.sync_api import expect
from site_under_test import PASSWORD, running_site

NEW = "Battery-Staple-8"


@pytest.fixture(scope="module")
def scene():
    """A site that requires invitations, and its operator."""
    with running_site(SECRET_KEY=SETTINGS["SECRET_KEY"], REGISTRATION="invite") as site:
        operator = Operator(site.database_url)
        operator.settings |= {"PUBLIC_URL": site.url, "REGISTRATION": "invite"}
        yield site, operator


@pytest.fixture(params=[True, False], ids=["with-javascript", "without-javascript"])
def browser_page(request, chromium, scene):
    """A page of that site, and whether its scripts run."""
    context = chromium.new_context(base_url=scene[0].url, locale="en-GB", java_script_enabled=request.param)
    with contextlib.closing(context):
        yield context.new_page(), request.param


def enter_code(page, link: str, is_scripted: bool, field: str):
    """Opens a link; without JavaScript, pastes it into its field."""
    page.goto(link)
    if is_scripted:
        expect(page.locator(f"#{field}")).to_have_value(link.split("=")[1])
        assert "#" not in page.url
    else:
        page.locator(f"#{field}").fill(link)


def test_a_one_time_link_sets_a_new_password(scene, browser_page):
    _, operator = scene
    page, is_scripted = browser_page
    email = f"recover-{secrets.token_hex(4)}@example.com"
    operator.create(email)
    link = operator.run("user", "recover", email, "--yes")[0].strip()
    enter_code(page, link, is_scripted, "code")
    page.locator("#password").fill(NEW)
    page.locator("#password_confirmation").fill(NEW)
    page.get_by_role("button", name="Set password").click()
    expect(page.locator("#notice")).to_have_text("Your new password is set. Sign in with it.")
    page.locator("#email").fill(email)
    page.locator("#password").fill(NEW)
    page.locator("#login-form button[type=submit]").click()
    expect(page.get_by_test_id("greeting")).to_be_visible()
    enter_code(page, link, is_scripted, "code")
    page.locator("#password").fill(PASSWORD)
    page.locator("#password_confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    expect(page.locator("#error-summary")).to_contain_text("This link is not valid.")


def test_an_invitation_creates_an_account(scene, browser_page):
    _, operator = scene
    page, is_scripted = browser_page
    email = f"invited-{secrets.token_hex(4)}@example.com"
    link = operator.run("invite", "create", "--email", email)[0].strip()
    enter_code(page, link, is_scripted, "invite")
    page.locator("#name").fill("Ada")
    page.locator("#email").fill(email)
    page.locator("#password").fill(PASSWORD)
    page.locator("#password_confirmation").fill(PASSWORD)
    page.locator("#register-form button[type=submit]").click()
    expect(page.get_by_test_id("greeting")).to_have_text("Hello, Ada")
