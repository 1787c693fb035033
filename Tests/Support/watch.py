"""Detects actions that pages of the site must not cause in a browser."""

from urllib.parse import urlsplit

from site_under_test import TIMEOUT_SECONDS


class Watch:
    """Collects violations: console messages, and requests to origins other than the given ones."""

    def __init__(self, *origins):
        self.sites = {urlsplit(origin).netloc for origin in origins}
        self.complaints: list[str] = []

    def attach(self, context):
        """Watches all pages of a browser context."""
        context.set_default_timeout(TIMEOUT_SECONDS * 1000)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(f"script error: {error.error}"))
        context.on("request", self._request)
        return context

    def _console(self, message):
        if message.type not in ("error", "warning"):
            return
        # Chromium reports the status of a failed form like a missing resource.
        here = message.page.url if message.page else ""
        location = message.location.get("url", "")
        if "Failed to load resource" in message.text and urlsplit(location).path in (
            "/login",
            "/register",
            urlsplit(here).path,
        ):
            return
        self.complaints.append(f"console: {message.text} at {location}")

    def _request(self, request):
        if urlsplit(request.url).netloc not in self.sites:
            self.complaints.append(f"a request left the site: {request.url}")
