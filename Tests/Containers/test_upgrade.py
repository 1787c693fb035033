"""From the previous release to this version with the commands of docs/upgrading.md, and back (U1)."""

import secrets
import subprocess

import containers
import pytest
import user_actions
from load import Load
from playwright.sync_api import expect
from providers import DISCORD, GOOGLE

RELEASE = (containers.ROOT / "Tests/Containers/release-before").read_text().strip()
IMAGES = {kind: f"yoshikosan-release-{RELEASE[:12]}-{kind}" for kind in ("backend", "frontend")}


@pytest.fixture
def former(tmp_path):
    """The sources of the previous release, whose images exist."""
    for image in IMAGES.values():
        if not containers.docker("image", "ls", "--quiet", image):
            pytest.skip(f"{image}, an image of the release before, does not exist; build and test: make test-upgrade")
    folder = tmp_path / "former"
    folder.mkdir()
    archive = subprocess.run(["git", "archive", RELEASE], cwd=containers.ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
    return folder


def use(stack, root, settings: dict) -> None:
    """Switches to another version of the sources, like `git checkout`."""
    stack.root = root
    stack.environment |= settings


def test_u1_the_previous_release_is_upgraded_and_restored(former, provider_settings, browser):
    """Users, identities and sessions of each version are valid in the other."""
    # The images of that release have fixed names, which a site on this machine may use.
    services = {name: {"image": IMAGES["backend"]} for name in ("secrets", "migrate", "backend")}
    before = provider_settings(former, frontend={"image": IMAGES["frontend"]}, **services)
    with containers.project(**before, REVISION="test") as one:
        use(one, former, before)
        one.up()
        cookies = [one.register()]
        page = browser.new_context(base_url=one.url, locale="en", ignore_https_errors=True).new_page()
        email = f"person-{secrets.token_hex(5)}@example.com"
        GOOGLE.sign_in(page, email, start="/account")
        DISCORD.link(page, email)

        def all_signed_in() -> None:
            for cookie in cookies:
                assert one.fetch("/api/auth/me", headers={"Cookie": cookie}).status == 200
            page.goto("/account")
            expect(page.get_by_test_id("account-email")).to_have_text(email)

        all_signed_in()
        databases = one.containers("postgres")

        load = Load()
        load.repeat("GET /api/auth/me", lambda: one.fetch("/api/auth/me", headers={"Cookie": cookies[0]}).status)
        use(one, containers.ROOT, provider_settings())
        with load.running():
            done = one.run("make", "docker-deploy")
        print(done.stderr, load.report())
        assert "Deployed." in done.stderr
        # The two pauses of this upgrade are announced; no user has to sign in again.
        assert one.containers("postgres") != databases and "definition of PostgreSQL has changed" in done.stderr
        assert "nginx itself has changed" in done.stderr
        outcomes = load.outcomes["GET /api/auth/me"]
        assert [each for each in outcomes if isinstance(each, int) and each not in (200, 503)] == []
        all_signed_in()
        user_actions.sign_out(page)
        DISCORD.sign_in(page, email, start="/account")
        expect(page.get_by_test_id("account-email")).to_have_text(email)
        cookies.append(one.register())
        all_signed_in()

        use(one, former, before)
        one.compose("up", "--detach", "--no-build", "--wait", "--wait-timeout", "180")
        all_signed_in()
        cookies.append(one.register())

        use(one, containers.ROOT, provider_settings())
        one.run("make", "docker-up")
        all_signed_in()
