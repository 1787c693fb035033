"""Signing in through providers in containers, with mock providers that the backend reaches over TLS (A10, A11, D4)."""

import secrets
import signal

import containers
import mock_providers as mock_providers_module
import pytest
import user_actions
from load import Load
from playwright.sync_api import expect
from providers import DISCORD, GOOGLE


@pytest.fixture(scope="module")
def stack(provider_settings):
    """A project that uses and trusts only the mock providers."""
    with containers.project(**provider_settings()) as stack:
        stack.up()
        yield stack


@pytest.mark.parametrize("provider", [GOOGLE, DISCORD], ids=lambda provider: provider.code)
def test_a_user_signs_in_through_a_provider(stack, mock_providers, browser, provider):
    """Sign up, sign out and sign in again; tokens are encrypted in the database, and no log contains a secret."""
    email = f"person-{secrets.token_hex(5)}@example.com"
    page = browser.new_context(base_url=stack.url, locale="en", ignore_https_errors=True).new_page()
    provider.sign_in(page, email, start="/account")
    expect(page.get_by_test_id("account-email")).to_have_text(email)
    user_actions.sign_out(page)
    user_actions.expect_anonymous(page)
    provider.sign_in(page, email)
    user_actions.expect_signed_in(page, provider.login(email))
    page.context.close()

    seen = mock_providers.secrets_seen | {mock_providers_module.CLIENT_SECRET}
    rows = stack.query("select * from oauth_accounts")
    assert email in rows
    assert stack.query("select count(*) from oauth_accounts where access_token is null") == "0"
    # PostgreSQL shows bytes in hexadecimal.
    assert [secret for secret in seen if secret in rows or secret.encode().hex() in rows] == []
    logs = stack.logs()
    assert f"/api/auth/callback/{provider.code}" in logs
    assert [secret for secret in [*seen, email] if secret in logs] == []


def test_w85_rotating_the_key_signs_no_user_out(stack, mock_providers, browser):
    """Two replicas, an interruption, continuous requests; stored tokens are encrypted with the new key."""
    email = f"person-{secrets.token_hex(5)}@example.com"
    page = browser.new_context(base_url=stack.url, locale="en", ignore_https_errors=True).new_page()
    GOOGLE.sign_in(page, email, start="/account")
    cookie = {"Cookie": "; ".join(f"{each['name']}={each['value']}" for each in page.context.cookies())}
    stack.run("scripts/containers", "scale", "2", "1")
    former = stack.secret("secret_key")
    versions = set(stack.query("SELECT DISTINCT key_version FROM oauth_accounts").split())
    # A token that no key decrypts, because it is bound to another row.
    stack.query(
        "INSERT INTO oauth_accounts (user_id, provider, provider_user_id, access_token, key_version)"
        " SELECT user_id, 'discord', 'copied', access_token, key_version FROM oauth_accounts"
        " WHERE access_token IS NOT NULL LIMIT 1"
    )
    # An interrupted rotation left a file that its owner may only read.
    volume = f"-v={stack.project}_secrets:/secrets"
    leave = "umask 377; echo left >/secrets/next"
    containers.docker("run", "--rm", "--user=65532", volume, "--entrypoint=sh", containers.POSTGRES_IMAGE, "-c", leave)

    stack.environment["SECRET_KEY_PREVIOUS"] = "q" * 43
    refused = stack.run("scripts/containers", "rotate-secret", check=False)
    assert refused.returncode != 0 and "SECRET_KEY_PREVIOUS is set" in refused.stderr
    del stack.environment["SECRET_KEY_PREVIOUS"]

    load = Load()
    load.repeat("GET /api/auth/me", lambda: stack.fetch("/api/auth/me", headers=cookie).status)
    load.repeat("POST /api/auth/register", lambda: len(stack.register()) > 20)
    with load.running():
        rotate = "scripts/containers", "rotate-secret"
        status, output = stack.run_until("2 of 3", signal.SIGINT, *rotate)
        assert status == 130, output
        assert "To continue: make docker-rotate-secret" in output
        output = stack.run(*rotate).stderr
    print(output, load.report())
    assert "continuing it" in output and "cannot be decrypted: 1" in output and "make docker-forget-secret" in output
    assert set(load.outcomes["GET /api/auth/me"]) == {200} and set(load.outcomes["POST /api/auth/register"]) == {True}
    assert len(stack.containers("backend")) == 2

    assert stack.secret("secret_key") != former and stack.secret("secret_key_previous") == former
    assert not versions & set(
        stack.query("SELECT key_version FROM oauth_accounts WHERE provider_user_id != 'copied'").split()
    )
    page.reload()
    expect(page.get_by_test_id("account-email")).to_have_text(email)
    doctor = stack.compose("exec", "-T", "backend", "AuthAPI", "doctor", check=False).stdout
    assert "SECRET_KEY_PREVIOUS: long, random" in doctor

    # The previous key is needed as long as sessions signed with it are live.
    for command in ("rotate-secret", "forget-secret"):
        refused = stack.run("scripts/containers", command, check=False)
        assert refused.returncode != 0 and "still needed" in refused.stderr
    age = ["touch", containers.POSTGRES_IMAGE, "-d", "8 days ago", "/secrets/secret_key_previous"]
    containers.docker("run", "--rm", "--user=0", volume, f"--entrypoint={age[0]}", *age[1:])
    stack.run("scripts/containers", "forget-secret")
    assert stack.fetch("/api/auth/me", headers=cookie).status == 401
    assert stack.fetch("/api/auth/me", headers={"Cookie": stack.register()}).status == 200
    stack.run("scripts/containers", "scale", "1", "1")
    page.context.close()
