"""Fixtures of the HTTP tests and the browser tests."""

import secrets

import pytest
import site_under_test as site_module


@pytest.fixture(scope="session")
def site():
    """The whole site with an empty database, shared by all tests, which use distinct names."""
    with site_module.running_site() as running:
        yield running


@pytest.fixture
def email() -> str:
    """An unused email address."""
    return f"person-{secrets.token_hex(5)}@example.com"
