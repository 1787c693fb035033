"""The example application on a separate host, in Chromium: forms that sign in end on another origin."""

import pytest
from example_application import example_application
from playwright.sync_api import expect
from providers import GOOGLE
from site_under_test import PASSWORD, free_ports, running_site
from user_actions import NAME, fill_login, send


@pytest.fixture(scope="module")
def hosted(mock_providers):
    """The origins of the site and of the application."""
    external, browser = free_ports(2)
    url, origin = f"http://localhost:{browser}", f"http://notes.localhost:{browser}"
    settings = {"EXTERNAL_PORT": str(external), "BROWSER_PORT": str(browser), "PUBLIC_URL": url}
    with (
        example_application() as port,
        running_site(
            APP_UPSTREAM=f"http://127.0.0.1:{port}", APP_URL=origin, APP_PUBLIC_PATHS="/static/", **settings,
            **mock_providers.settings,
        ),
    ):  # fmt: skip
        yield url, origin


@pytest.fixture(params=[True, False], ids=["JavaScript", "no JavaScript"])
def visitor_page(chromium, hosted, request):
    """A page of a browser without cookies."""
    context = chromium.new_context(java_script_enabled=request.param, locale="en-GB")
    yield context.new_page()
    context.close()


def test_own_host_registering_and_signing_in_lead_to_the_application(hosted, visitor_page, email):
    site, origin = hosted
    page = visitor_page
    page.goto(f"{origin}/notes?a=1")
    assert page.url.startswith(f"{site}/login?return_to=")
    page.locator("#to-register").click()
    page.get_by_label("Name", exact=True).fill(NAME)
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Confirm password").fill(PASSWORD)
    send(page, "Create account")
    page.wait_for_url(f"{origin}/notes?a=1")
    expect(page.locator("#email")).to_have_text(email)
    names = {(cookie["name"], cookie["domain"]) for cookie in page.context.cookies()}
    assert ("access_token", "localhost") in names and ("app_session", "notes.localhost") in names

    page.goto(f"{site}/account")
    page.get_by_role("navigation").get_by_role("button", name="Sign out").click()
    page.goto(f"{origin}/notes")
    assert page.url.startswith(f"{site}/login?return_to=")
    fill_login(page, email)
    send(page, "Sign in")
    page.wait_for_url(f"{origin}/notes")
    page.goto(f"{site}/account")
    page.locator("#to-application").click()
    page.wait_for_url(f"{origin}/notes")


def test_own_host_a_provider_sign_in_leads_to_the_application(hosted, chromium, email):
    _, origin = hosted
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(f"{origin}/notes")
    GOOGLE.start(page)
    GOOGLE.agree(page, email)
    page.wait_for_url(f"{origin}/notes")
    expect(page.locator("#email")).to_have_text(email)
    context.close()
