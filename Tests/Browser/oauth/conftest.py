"""Fixtures of the tests of flows through providers."""

import pytest
import stand_ins as stand_ins_module
from providers import DISCORD, GENERIC, GOOGLE
from site_under_test import running_site
from watch import Watch


@pytest.fixture(scope="session")
def stand_ins():
    """Stand-ins for the providers."""
    with stand_ins_module.running() as running:
        yield running


@pytest.fixture(scope="session")
def site(stand_ins):
    """A site that signs in through the stand-ins."""
    with running_site(**stand_ins.settings) as running:
        yield running


@pytest.fixture
def watch(site, stand_ins):
    """Fails the test when a page wrote to the console or requested a host other than the site and the providers."""
    watch = Watch(site.url, stand_ins.google, stand_ins.discord, stand_ins.oidc)
    yield watch
    assert watch.complaints == []


@pytest.fixture(params=[GOOGLE, DISCORD, GENERIC], ids=lambda provider: provider.code)
def provider(request):
    """Each of the providers."""
    return request.param
