"""The description of the API in the browser, in both languages (F6)."""

import pytest
from accessibility import DESKTOP, PHONE_DARK, overflow, violations
from playwright.sync_api import expect


@pytest.mark.parametrize("language", ["en", "ja"])
def test_f6_the_reference_of_the_api_is_accessible(chromium, site, tally, language):
    context = chromium.new_context(base_url=site.url, locale=language)
    page = context.new_page()
    page.goto("/docs")
    expect(page.locator("html")).to_have_attribute("lang", language)
    found = []
    for look in (DESKTOP, PHONE_DARK):
        look.show(page)
        found += [*overflow(page), *violations(page)]
        tally["axe"] = tally.get("axe", 0) + 1
    context.close()
    assert not found, "\n".join(found)


def test_w28_the_reference_does_not_scroll_sideways(chromium, site):
    page = chromium.new_page(viewport={"width": 320, "height": 640})
    page.goto(f"{site.url}/docs")
    assert overflow(page) == []
    page.close()
