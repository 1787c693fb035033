"""Signing in through providers in containers, with stand-ins that the backend reaches by TLS (A10, A11, D4)."""

import json
import secrets
import subprocess

import chromium
import containers
import people
import pytest
import stand_ins as stand_ins_module
from playwright.sync_api import expect, sync_playwright
from providers import DISCORD, GOOGLE

NAME = "providers.test"


@pytest.fixture(scope="module")
def gateway() -> str:
    """The address by which containers reach this machine."""
    (network,) = containers.inspect("bridge")
    return network["IPAM"]["Config"][0]["Gateway"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[str, str]:
    """A certificate for the stand-ins, its own authority, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    paths = str(folder / "certificate.pem"), str(folder / "key.pem")
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    subject = f"-subj /CN={NAME} -addext subjectAltName=DNS:{NAME} -out {paths[0]} -keyout {paths[1]}"
    subprocess.run(["openssl", *request.split(), *subject.split()], check=True, capture_output=True)
    return paths


@pytest.fixture(scope="module")
def stand_ins(gateway, certificate):
    """Stand-ins for both providers, on the side of this machine that containers see."""
    with stand_ins_module.running(gateway, NAME, certificate) as running:
        yield running


@pytest.fixture(scope="module")
def stack(stand_ins, certificate, tmp_path_factory):
    """A project that signs in through the stand-ins and trusts nobody but them."""
    override = tmp_path_factory.mktemp("compose") / "override.yml"
    backend = {
        "extra_hosts": [f"{NAME}:host-gateway"],
        "volumes": [f"{certificate[0]}:/etc/ssl/certs/ca-certificates.crt:ro"],
    }
    override.write_text(json.dumps({"services": {"backend": backend}}))
    files = f"{containers.ROOT}/compose.yml:{override}"
    with containers.project(COMPOSE_FILE=files, **stand_ins.settings) as stack:
        stack.up()
        yield stack


@pytest.fixture(scope="module")
def browser(gateway):
    """Chromium, which finds the stand-ins too."""
    arguments = [*chromium.OPTIONS["args"], f"--host-resolver-rules=MAP {NAME} {gateway}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium.OPTIONS | {"args": arguments})
        yield browser
        browser.close()


@pytest.mark.parametrize("provider", [GOOGLE, DISCORD], ids=lambda provider: provider.code)
def test_a_whole_sign_in_through_nginx(stack, stand_ins, browser, provider):
    """Sign up, sign out and in again; tokens are sealed in the database, and no log has anything secret."""
    email = f"person-{secrets.token_hex(5)}@example.com"
    page = browser.new_context(base_url=stack.url, locale="en", ignore_https_errors=True).new_page()
    provider.sign_in(page, email, start="/account")
    expect(page.get_by_test_id("account-email")).to_have_text(email)
    people.sign_out(page)
    people.expect_anonymous(page)
    provider.sign_in(page, email)
    people.expect_signed_in(page, provider.login(email))
    page.context.close()

    seen = stand_ins.secrets_seen | {stand_ins_module.CLIENT_SECRET}
    rows = stack.query("select * from oauth_accounts")
    assert email in rows
    assert stack.query("select count(*) from oauth_accounts where access_token is null") == "0"
    # What PostgreSQL shows of bytes is hexadecimal.
    assert [secret for secret in seen if secret in rows or secret.encode().hex() in rows] == []
    logs = stack.logs()
    assert f"/api/auth/callback/{provider.code}" in logs
    assert [secret for secret in [*seen, email] if secret in logs] == []
