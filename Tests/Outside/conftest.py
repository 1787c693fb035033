"""Fixtures of the tests of nginx alone."""

import pytest
from echo import echo_servers
from site_under_test import nginx


@pytest.fixture(scope="session")
def echoes():
    """The ports of two servers that answer with what they were asked."""
    with echo_servers() as ports:
        yield ports


@pytest.fixture(scope="session")
def front(echoes):
    """An nginx before the echo servers, with limits too high to matter; it trusts a proxy at 127.0.0.2."""
    with nginx(
        *echoes, TRUSTED_PROXIES="127.0.0.2,10.9.8.0/24", CREDENTIAL_RATE="60000", CREDENTIAL_BURST="60000"
    ) as run:
        yield run
