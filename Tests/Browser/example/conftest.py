"""The site with the example application behind the sign-in, and the mock providers."""

import pytest
from example_application import example_application
from site_under_test import running_site
from watch import Watch


@pytest.fixture(scope="session")
def site(mock_providers):
    """A site whose root is the example application."""
    with (
        example_application() as port,
        running_site(
            APP_UPSTREAM=f"http://127.0.0.1:{port}", APP_PUBLIC_PATHS="/static/,/ping", APP_MAX_BODY="20m",
            **mock_providers.settings,
        ) as running,
    ):  # fmt: skip
        yield running


@pytest.fixture
def watch(site, mock_providers):
    """Fails the test when a page wrote to the console or requested anything but the site and the providers."""
    watch = Watch(site.url, mock_providers.google, mock_providers.discord, mock_providers.oidc)
    yield watch
    assert watch.complaints == []
