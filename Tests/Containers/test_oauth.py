"""Signing in through providers in containers, with stand-ins that the backend reaches over TLS (A10, A11, D4)."""

import secrets
import signal

import containers
import people
import pytest
import stand_ins as stand_ins_module
from load import Load
from playwright.sync_api import expect
from providers import DISCORD, GOOGLE


@pytest.fixture(scope="module")
def stack(provider_settings):
    """A project that uses and trusts only the stand-ins."""
    with containers.project(**provider_settings()) as stack:
        stack.up()
        yield stack


@pytest.mark.parametrize("provider", [GOOGLE, DISCORD], ids=lambda provider: provider.code)
def test_a_whole_sign_in_through_nginx(stack, stand_ins, browser, provider):
    """Sign up, sign out and sign in again; tokens are encrypted in the database, and no log contains a secret."""
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
    # PostgreSQL shows bytes in hexadecimal.
    assert [secret for secret in seen if secret in rows or secret.encode().hex() in rows] == []
    logs = stack.logs()
    assert f"/api/auth/callback/{provider.code}" in logs
    assert [secret for secret in [*seen, email] if secret in logs] == []


def test_w85_rotating_the_key_signs_no_user_out(stack, stand_ins, browser):
    """Two replicas, an interruption, continuous requests; stored tokens are encrypted with the new key."""
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

    # The previous key is needed as long as sessions signed with it are live.
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
