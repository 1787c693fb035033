"""The pages in a browser whose user has chosen large text, on a small screen (WCAG 2.2, 1.4.4; F6)."""

import pytest
from accessibility import overflow
from chromium import OPTIONS
from page_states import STATES
from site_under_test import PASSWORD

NAMES = """
    home login login-wrong register register-wrong account account-long-name password deletion name recover not-found
""".split()
LARGE = [state for state in STATES if state.name in NAMES]


@pytest.fixture(scope="module", params=[(360, 24), (320, 32)], ids=["150-percent", "200-percent"])
def large_page(request, playwright):
    """A page with that width in pixels and that default font size, which media queries in rem depend on."""
    width, size = request.param
    arguments = [*OPTIONS["args"], f"--blink-settings=defaultFontSize={size}"]
    browser = playwright.chromium.launch(**OPTIONS | {"args": arguments})
    yield browser.new_page(viewport={"width": width, "height": 800}, locale="en-GB")
    browser.close()


@pytest.mark.parametrize("state", [pytest.param(state, id=state.name) for state in LARGE])
def test_w28_large_text_does_not_scroll_sideways(large_page, ports, state):
    assert len(LARGE) == len(NAMES)
    state.open(large_page, ports)
    assert overflow(large_page) == []


def test_f6_a_shown_password_can_be_read_with_large_text(large_page, ports):
    large_page.goto(f"http://localhost:{ports.site}/login")
    field = large_page.locator("#password")
    field.fill(PASSWORD)
    large_page.get_by_role("button", name="Show password").click()
    room = """input => input.clientWidth - parseFloat(getComputedStyle(input).paddingLeft)
        - parseFloat(getComputedStyle(input).paddingRight)"""
    assert field.evaluate(room) > 150
