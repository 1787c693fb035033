"""Fixtures of the tests in containers. The images are built by scripts/test-containers."""

import containers
import pytest


@pytest.fixture(scope="session")
def stack():
    """The whole site, started as `docker compose up` does it; tests leave it running as they found it."""
    with containers.project() as running:
        running.up()
        yield running
