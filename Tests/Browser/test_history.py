"""W4: After signing out, no earlier page is shown again, in Chromium with the back/forward cache enabled."""

import contextlib

import pytest
from chromium import OPTIONS
from playwright.sync_api import Error, expect
from site_under_test import TIMEOUT_SECONDS, running_site, wait_until
from user_actions import NAME, register, sign_out


@pytest.fixture(scope="module")
def everyday_chromium(playwright):
    """Chromium as users run it: Playwright disables the back/forward cache."""
    browser = playwright.chromium.launch(
        **OPTIONS | {"args": [*OPTIONS["args"], "--host-resolver-rules=MAP plain.test 127.0.0.1"]},
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def plain_site():
    """The site under a name that browsers do not count as secure."""
    with running_site(PUBLIC_URL="http://plain.test") as site:
        yield site


@pytest.fixture(params=["local", "plain"])
def address(request, site):
    """The address of a site: one where browsers obey Clear-Site-Data, and one where they do not."""
    if request.param == "local":
        return site.url
    return f"http://plain.test:{request.getfixturevalue('plain_site').browser_port}"


@pytest.fixture(params=[("local", True), ("local", False), ("plain", True)], ids=str)
def everyday_page(request, everyday_chromium, site):
    """A page in that browser; SECURITY.md describes the one case that is not tested: http without JavaScript."""
    place, scripts = request.param
    address = site.url
    if place == "plain":
        address = f"http://plain.test:{request.getfixturevalue('plain_site').browser_port}"
    context = everyday_chromium.new_context(base_url=address, locale="en-GB", java_script_enabled=scripts)
    context.set_default_timeout(TIMEOUT_SECONDS * 1000)
    yield context.new_page()
    context.close()


def go_back(page):
    """Goes back once, and waits until another page is shown."""
    # A page from the cache causes no navigation that the driver can wait for.
    with contextlib.suppress(Error):
        # Fails if the page is left before the driver has the result.
        page.evaluate("window.left = true; history.back()")

    # A hidden page reloads itself.
    shown = """() => window.left !== true && document.readyState === "complete"
        && document.querySelector("main").checkVisibility({ visibilityProperty: true })"""

    def is_gone() -> bool:
        with contextlib.suppress(Error):
            return page.evaluate(shown)
        return False

    wait_until(is_gone, "another page is shown")


def test_w4_back_after_signing_out_shows_no_earlier_page(everyday_page, email):
    page = everyday_page
    register(page, email)
    page.goto("/account")
    expect(page.get_by_test_id("account-email")).to_have_text(email)
    page.get_by_role("link", name="yoshikosan").click()
    expect(page.get_by_test_id("greeting")).to_contain_text(NAME)
    sign_out(page)
    expect(page.get_by_role("status").first).to_contain_text("You have signed out.")
    seen = set()
    for _ in range(4):
        go_back(page)
        path = page.evaluate("location.pathname")
        seen.add(path)
        assert email not in page.content(), path
        assert page.get_by_test_id("greeting").count() == 0
        assert page.get_by_test_id("user-name").count() == 0
    assert len(seen) > 1


def test_w4_the_reference_forgets_responses_when_it_is_left(everyday_chromium, address, email):
    context = everyday_chromium.new_context(base_url=address, locale="en-GB")
    page = context.new_page()
    register(page, email)
    page.goto("/docs")
    article = page.locator("article[data-method=GET][data-path='/api/auth/me']")
    article.locator("details.try > summary").click()
    article.get_by_role("button", name="Send").click()
    expect(article).to_contain_text(email)
    page.goto("/")
    sign_out(page)
    expect(page.get_by_role("status").first).to_contain_text("You have signed out.")
    go_back(page)
    go_back(page)
    assert page.evaluate("location.pathname") == "/docs"
    assert email not in page.content()
    context.close()


def test_w4_a_page_from_the_cache_is_hidden_and_reloaded(everyday_chromium, address, email):
    # Chromium does not cache a page with `Cache-Control: no-store`; a browser that does sets `persisted`.
    context = everyday_chromium.new_context(base_url=address, locale="en-GB")
    page = context.new_page()
    register(page, email)
    page.goto("/account")
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    expect(page.locator("main")).to_be_hidden()
    # The session ends without this page being notified.
    other = context.new_page()
    other.goto("/")
    sign_out(other)
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    page.wait_for_url("**/login?**")
    assert email not in page.content()
    # A page that is the same for all visitors keeps the typed values.
    page.get_by_label("Email address").fill(email)
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(page.get_by_label("Email address")).to_be_visible()
    expect(page.get_by_label("Email address")).to_have_value(email)
    context.close()
