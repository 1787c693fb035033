"""Fixtures of the HTTP tests: nginx with echo servers or a scripted check, and the whole site."""

import pytest
from echo import echo_servers
from echo_application import echo_application
from operator_program import Operator
from protected_application import GuardedProxy, ProtectedSite
from scripted_check import ADMITTED, scripted_check
from site_under_test import database, nginx, running_site


@pytest.fixture(scope="session")
def echoes():
    """The ports of two servers that echo requests."""
    with echo_servers() as ports:
        yield ports


@pytest.fixture(scope="session")
def front(echoes):
    """An nginx in front of the echo servers, with high limits; it trusts a proxy at 127.0.0.2."""
    with nginx(
        *echoes, TRUSTED_PROXIES="127.0.0.2,10.9.8.0/24", CREDENTIAL_RATE="60000", CREDENTIAL_BURST="60000"
    ) as run:
        yield run


@pytest.fixture(scope="session")
def application():
    """An application that echoes requests."""
    with echo_application() as running:
        yield running


@pytest.fixture(scope="session")
def _guarded_proxy(echoes, application):
    with scripted_check() as check, nginx(
        check.port, echoes[1], APP_UPSTREAM=application.url, APP_PUBLIC_PATHS="/static/,/hook,/.well-known/acme/",
        TRUSTED_PROXIES="127.0.0.2", CREDENTIAL_RATE="60000", CREDENTIAL_BURST="60000",
    ) as run:  # fmt: skip
        yield GuardedProxy(run, check, application)


@pytest.fixture
def proxy(_guarded_proxy):
    """An nginx in front of that application, with a scripted check, which initially admits all requests."""
    _guarded_proxy.check.response = ADMITTED
    _guarded_proxy.forget()
    return _guarded_proxy


@pytest.fixture(scope="session")
def _protected(application):
    settings = {"APP_PUBLIC_PATHS": "/static/", "APP_MAX_BODY": "0", "APP_ASSERTION": "on", "FORWARD_AUTH": "on"}
    with running_site(APP_UPSTREAM=application.url, **settings) as site:
        yield ProtectedSite(site, application)


@pytest.fixture
def protected(_protected):
    """The whole site with that application at its root."""
    _protected.application.requests.clear()
    return _protected


@pytest.fixture(scope="module")
def operator():
    """A database with its two roles."""
    with database() as url:
        yield Operator(url)
