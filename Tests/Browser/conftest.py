"""Fixtures of the tests in Chromium."""

import mock_providers as mock_providers_module
import pytest
from chromium import OPTIONS
from page_states import Ports
from playwright.sync_api import expect, sync_playwright
from scripted_api import PROVIDERS, showcase
from site_under_test import TIMEOUT_SECONDS, free_ports, nginx
from watch import Watch

# A long timeout for busy machines; on an idle one, nothing here takes long.
expect.set_options(timeout=TIMEOUT_SECONDS * 1000)


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


@pytest.fixture(scope="session")
def mock_providers():
    """Mocks of the providers."""
    with mock_providers_module.running() as running:
        yield running


@pytest.fixture(scope="session")
def ports():
    """The pages in front of a scripted API, behind three proxies."""
    with (
        showcase() as (front, frontend),
        nginx(*free_ports(2)) as empty,
        showcase(REGISTRATION="invite", REGISTRATION_DOMAINS="example.com") as (invite, _),
        showcase(REGISTRATION="closed") as (closed, _),
        showcase(tuple(PROVIDERS)) as (many, _),
        nginx(*free_ports(1), frontend, CREDENTIAL_RATE="1", CREDENTIAL_BURST="1") as strict,
    ):
        yield Ports(front, empty.port, strict.port, invite, closed, many)


_tally = {}


@pytest.fixture(scope="session")
def tally() -> dict:
    """The measurements of the tests, for the report at the end."""
    return _tally


def pytest_sessionfinish(session):
    """Sends the measurements of a worker process to the process that reports."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tally"] = _tally


def pytest_testnodedown(node):
    """Adds the measurements of a worker process."""
    worker = getattr(node, "workeroutput", {}).get("tally", {})
    _tally["axe"] = _tally.get("axe", 0) + worker.get("axe", 0)
    _tally.setdefault("weights", {}).update(worker.get("weights", {}))


def pytest_terminal_summary(terminalreporter):
    """Prints the measurements."""
    if looks := _tally.get("axe"):
        terminalreporter.write_line(f"axe looked at {looks} pages, each a state in one look")
    for name, (size, requests) in sorted(_tally.get("weights", {}).items()):
        terminalreporter.write_line(f"{name}: {size} bytes in {requests} requests")


@pytest.fixture
def watch(site):
    """Fails the test when a page wrote to the console or sent a request to another site."""
    watch = Watch(site.url)
    yield watch
    assert watch.complaints == []


@pytest.fixture
def visitor(chromium, site, watch):
    """Creates visitors: each call opens a page in a browser without cookies."""
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
