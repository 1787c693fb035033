"""Signing in through providers in containers, with stand-ins that the backend reaches by TLS (A10, A11, D4)."""

import json
import secrets
import signal
import subprocess

import chromium
import containers
import people
import pytest
import stand_ins as stand_ins_module
from load import Load
from playwright.sync_api import expect, sync_playwright
from providers import DISCORD, GOOGLE

NAME = "providers.test"


@pytest.fixture(scope="module")
def gateway():
    """The address by which containers reach this machine."""
    with containers.host_address() as address:
        yield address


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
def stack(gateway, stand_ins, certificate, tmp_path_factory):
    """A project that signs in through the stand-ins and trusts nobody but them."""
    override = tmp_path_factory.mktemp("compose") / "override.yml"
    backend = {
        "extra_hosts": [f"{NAME}:{gateway}"],
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


def test_w85_rotating_the_key_signs_nobody_out(stack, stand_ins, browser):
    """Two replicas, an interruption, requests all the time; stored tokens come under the new key."""
    email = f"person-{secrets.token_hex(5)}@example.com"
    page = browser.new_context(base_url=stack.url, locale="en", ignore_https_errors=True).new_page()
    GOOGLE.sign_in(page, email, start="/account")
    cookie = {"Cookie": "; ".join(f"{each['name']}={each['value']}" for each in page.context.cookies())}
    stack.run("scripts/containers", "scale", "2", "1")
    former = stack.secret("secret_key")
    versions = set(stack.query("SELECT DISTINCT key_version FROM oauth_accounts").split())

    load = Load()
    load.repeat("GET /api/auth/me", lambda: stack.ask("/api/auth/me", headers=cookie).status)
    load.repeat("POST /api/auth/register", lambda: len(stack.register()) > 20)
    with load.running():
        rotate = "scripts/containers", "rotate-secret"
        status, said = stack.run_until("2 of 3", signal.SIGINT, *rotate)
        assert status == 130, said
        said = stack.run(*rotate).stderr
    print(said, load.report())
    assert "continuing it" in said and "make docker-forget-secret" in said
    assert set(load.outcomes["GET /api/auth/me"]) == {200} and set(load.outcomes["POST /api/auth/register"]) == {True}
    assert len(stack.containers("backend")) == 2

    assert stack.secret("secret_key") != former and stack.secret("secret_key_previous") == former
    assert not versions & set(stack.query("SELECT DISTINCT key_version FROM oauth_accounts").split())
    page.reload()
    expect(page.get_by_test_id("account-email")).to_have_text(email)
    doctor = stack.compose("exec", "-T", "backend", "AuthAPI", "doctor", check=False).stdout
    assert "SECRET_KEY_PREVIOUS: long, random" in doctor

    # The former key is needed for as long as the sessions that it signed live.
    for command in ("rotate-secret", "forget-secret"):
        refused = stack.run("scripts/containers", command, check=False)
        assert refused.returncode != 0 and "still needed" in refused.stderr
    volume = f"-v={stack.project}_secrets:/secrets"
    age = ["touch", containers.POSTGRES_IMAGE, "-d", "8 days ago", "/secrets/secret_key_previous"]
    containers.docker("run", "--rm", "--user=0", volume, f"--entrypoint={age[0]}", *age[1:])
    stack.run("scripts/containers", "forget-secret")
    assert stack.ask("/api/auth/me", headers=cookie).status == 401
    assert stack.ask("/api/auth/me", headers={"Cookie": stack.register()}).status == 200
    stack.run("scripts/containers", "scale", "1", "1")
    page.context.close()
