"""Canaille, a third-party OpenID provider, as a process of the tests."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

from built_programs import ROOT
from playwright.sync_api import Page
from processes import kill_on_parent_exit
from site_under_test import TIMEOUT_SECONDS, listens, wait_until

# The same values as in canaille_server.py, which runs in another environment.
CLIENT_ID = "yoshikosan"
CLIENT_SECRET = "canaille-secret"
PASSWORD = "Correct-Horse-7"


class Canaille:
    """The provider, which has the same port after each start."""

    def __init__(self, port: int, folder: Path):
        self.port = port
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self._process: subprocess.Popen | None = None

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a site. It reports addresses without stating whether it has verified them."""
        return {
            "OIDC_ISSUER": self.url,
            "OIDC_CLIENT_ID": CLIENT_ID,
            "OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "OIDC_NAME": "Canaille",
            "OIDC_TRUST_EMAIL": "true",
        }

    def start(self, site: str, key: str = "first") -> None:
        """Starts the provider for a site, with the signing key of that name."""
        log = self.folder / "log"
        with log.open("a") as output:
            self._process = subprocess.Popen(
                [
                    *kill_on_parent_exit(),
                    ROOT / ".build/canaille/bin/python",
                    ROOT / "Tests/Support/canaille_server.py",
                    str(self.port),
                    self.folder / f"{key}.json",
                    site,
                ],
                cwd=self.folder,
                stdout=output,
                stderr=output,
            )
        wait_until(
            lambda: listens(self.port) or self._process.poll() is not None, "Canaille listens", details=log.read_text
        )
        assert self._process.poll() is None, log.read_text()

    def stop(self) -> None:
        """Stops the provider; its port no longer responds."""
        if self._process:
            self._process.kill()
            self._process.wait(TIMEOUT_SECONDS)
            self._process = None

    def sign_in(self, page: Page, name: str) -> None:
        """Signs a user in on the pages of the provider."""
        page.locator("input[name=login]").fill(name)
        page.locator("input[name=login]").press("Enter")
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(lambda url: not url.startswith(self.url))


@contextlib.contextmanager
def ending(provider: Canaille):
    """Yields a provider and stops it at the end of the block."""
    try:
        yield provider
    finally:
        provider.stop()
