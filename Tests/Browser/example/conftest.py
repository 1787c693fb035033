"""The site with the example application behind the sign-in, and the stand-ins for the providers."""

import pytest
import stand_ins as stand_ins_module
from example_application import example_application
from site_under_test import running_site
from watch import Watch


@pytest.fixture(scope="session")
def stand_ins():
    """Stand-ins for both providers."""
    with stand_ins_module.running() as running:
        yield running


@pytest.fixture(scope="session")
def site(stand_ins):
    """A site whose root is the example application."""
    with (
        example_application() as port,
        running_site(
            APP_UPSTREAM=f"http://127.0.0.1:{port}", APP_PUBLIC_PATHS="/static/,/ping", APP_MAX_BODY="20m",
            **stand_ins.settings,
        ) as running,
    ):  # fmt: skip
        yield running


@pytest.fixture
def watch(site, stand_ins):
    """Fails the test when a page wrote to the console or requested anything but the site and the providers."""
    watch = Watch(site.url, stand_ins.google, stand_ins.discord, stand_ins.oidc)
    yield watch
    assert watch.complaints == []
