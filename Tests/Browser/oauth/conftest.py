"""Fixtures of the tests of flows through providers."""

import pytest
from providers import DISCORD, GENERIC, GOOGLE
from site_under_test import running_site
from watch import Watch


@pytest.fixture(scope="session")
def site(mock_providers):
    """A site that signs in through the mock providers."""
    with running_site(**mock_providers.settings) as running:
        yield running


@pytest.fixture
def watch(site, mock_providers):
    """Fails the test when a page wrote to the console or requested a host other than the site and the providers."""
    watch = Watch(site.url, mock_providers.google, mock_providers.discord, mock_providers.oidc)
    yield watch
    assert watch.complaints == []


@pytest.fixture(params=[GOOGLE, DISCORD, GENERIC], ids=lambda provider: provider.code)
def provider(request):
    """Each of the providers."""
    return request.param
