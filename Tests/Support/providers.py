"""Actions of users at Google, Discord and another OpenID provider, or at their mocks."""

from __future__ import annotations

import dataclasses

from mock_providers import OIDC_NAME
from playwright.sync_api import Page, expect


@dataclasses.dataclass(frozen=True)
class Provider:
    """A provider in the browser."""

    code: str
    title: str
    field: str
    deny_button: str

    def start(self, page: Page) -> None:
        """Presses the button on the open page, and waits for the provider's page."""
        page.locator(f"#continue-{self.code}").click()
        expect(page).to_have_title(f"Mock {self.title}")

    def agree(self, page: Page, email: str) -> None:
        """Signs in at the provider, and agrees."""
        page.get_by_role("textbox").fill(self.login(email))
        page.get_by_role("button", name="Authorize", exact=True).click()
        page.wait_for_load_state()

    def callback(self, page: Page, email: str) -> str:
        """Agrees at the provider without following the redirect; returns its address."""
        response = page.context.request.post(page.url, form={self.field: self.login(email)}, max_redirects=0)
        return response.headers["location"]

    def deny(self, page: Page) -> None:
        """Denies access at the provider."""
        page.get_by_role("button", name=self.deny_button).click()
        page.wait_for_load_state()

    def login(self, email: str) -> str:
        """The name of the user with the email at the provider, which the site receives."""
        return email.split("@")[0] if self.code == "discord" else email

    def sign_in(self, page: Page, email: str, start: str = "/login") -> None:
        """Signs in from a page of the site."""
        page.goto(start)
        self.start(page)
        self.agree(page, email)

    def link(self, page: Page, email: str) -> None:
        """Connects an account on the account page."""
        page.goto("/account")
        page.locator(f"#connect-{self.code}").click()
        self.agree(page, email)


GOOGLE = Provider("google", "Google", "sub", "Deny")
DISCORD = Provider("discord", "Discord", "name", "Cancel")
GENERIC = Provider("oidc", OIDC_NAME, "sub", "Deny")
