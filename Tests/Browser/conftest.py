"""Fixtures of the tests in Chromium."""

from urllib.parse import urlsplit

import pytest
from chromium import OPTIONS
from playwright.sync_api import expect, sync_playwright

# For busy machines: nothing here takes long otherwise.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def playwright():
    """The driver."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium(playwright):
    """Debian's Chromium."""
    browser = playwright.chromium.launch(**OPTIONS)
    yield browser
    browser.close()


class Watch:
    """Collects what no page of this site may do."""

    def __init__(self, site):
        self.site = site
        self.complaints: list[str] = []

    def attach(self, context):
        """Watches all pages of a browser context."""
        context.set_default_timeout(30_000)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(f"script error: {error.error}"))
        context.on("request", self._request)
        return context

    def _console(self, message):
        if message.type not in ("error", "warning"):
            return
        # Chromium reports the status of a failed form as if the page were missing something.
        here = message.page.url if message.page else ""
        location = message.location.get("url", "")
        if "Failed to load resource" in message.text and urlsplit(location).path in (
            "/login",
            "/register",
            urlsplit(here).path,
        ):
            return
        self.complaints.append(f"console: {message.text} at {location}")

    def _request(self, request):
        if urlsplit(request.url).netloc != f"localhost:{self.site.browser_port}":
            self.complaints.append(f"a request left the site: {request.url}")


@pytest.fixture
def watch(site):
    """Fails the test when a page wrote to the console or asked another site."""
    watch = Watch(site)
    yield watch
    assert watch.complaints == []


@pytest.fixture
def visitor(chromium, site, watch):
    """Makes visitors: each call opens a page in a browser without cookies."""
    contexts = []

    def open_page(**options):
        context = watch.attach(chromium.new_context(base_url=site.url, locale="en-GB", **options))
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(params=[True, False], ids=["with-javascript", "without-javascript"])
def page(request, visitor):
    """A page, once with JavaScript and once without."""
    return visitor(java_script_enabled=request.param)
