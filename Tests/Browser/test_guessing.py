"""What a user sees of the limits on guessing (A17)."""

import pytest
from playwright.sync_api import expect
from site_under_test import running_site


@pytest.fixture(scope="module")
def strict_site():
    """A site that allows two wrong passwords per account, and one more every 400 seconds."""
    with running_site(LOGIN_LIMIT_ACCOUNT="2/800") as site:
        yield site


def test_a17_the_page_shows_the_waiting_time_and_keeps_typed_values(strict_site, chromium, email):
    context = chromium.new_context(base_url=strict_site.url, locale="en-GB")
    page = context.new_page()
    page.goto("/login")
    for _ in range(3):
        page.fill("#email", email)
        page.fill("#password", "Wrong-Horse-7")
        with page.expect_navigation() as navigation:
            page.click("#login-form button[type=submit]")
    assert navigation.value.status == 429
    assert 1 <= int(navigation.value.headers["retry-after"]) <= 400
    expect(page.locator("#error-summary")).to_contain_text("minutes")
    expect(page.locator("#email")).to_have_value(email)
    expect(page.locator("#password")).to_have_value("")
    context.close()
