"""The checks of a page in one of its states: axe, layout, language, and its weight at the first visit (F5)."""

import contextlib
import re
from urllib.parse import urlsplit

import pytest
from accessibility import (
    DESKTOP,
    DESKTOP_DARK,
    ENLARGED,
    EVERYWHERE,
    OPTIONS,
    PHONE,
    PHONE_DARK,
    VISUAL,
    overflow,
    violations,
)
from page_states import STATES
from playwright.sync_api import expect

# Where axe runs: on everything once, and in the other cases where the result could differ.
AXE_LOOKS = {
    ("en", True): [*EVERYWHERE, *ENLARGED],
    ("ja", True): [DESKTOP, PHONE_DARK],
    ("en", False): [DESKTOP_DARK, PHONE],
    ("ja", False): [PHONE],
}
# Allowed English text on a Japanese page: names, and the name of the other language.
ENGLISH = {"yoshikosan", "english", "google", "discord", "cookie", "javascript", "http", "kib", "ip", "utc", "jst"}
ENGLISH |= {"github", "line", "id", "json", "oidc", "firefox", "linux", "safari", "iphone", "name", "example", "com"}
# The whole page with its style sheet and script, at the first visit. Browsers also request the icon, once per site.
MOST_BYTES = 25_000
MOST_REQUESTS = 3
# The bytes of each asset when it was not in the cache.
ASSETS: dict[str, int] = {}
# axe needs timers, which do not run if JavaScript is disabled, so only the site's script is blocked.
NO_SCRIPT = {"status": 200, "content_type": "text/javascript", "body": ""}


def cases(scripted: bool):
    """The parameters of a test of all states that exist with JavaScript or without it."""
    states = [state for state in STATES if scripted or not state.scripted]
    return pytest.mark.parametrize("state", [pytest.param(state, id=state.name) for state in states])


@contextlib.contextmanager
def window(chromium, language: str, scripted: bool):
    """A page for visitors with that language, with the site's script or without it."""
    context = chromium.new_context(locale="ja-JP" if language == "ja" else "en-GB", timezone_id="Asia/Tokyo")
    if not scripted:
        context.route("**/assets/*.js", lambda route: route.fulfill(**NO_SCRIPT))
    yield context.new_page()
    context.close()


def check(page, ports, tally: dict, state, language: str, scripted: bool):
    """Opens a state, and checks it in every look."""
    requests, complaints = [], []

    def note(request):
        requests.append(request)

    def listen(message):
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    page.on("request", note)
    page.on("console", listen)
    try:
        state.open(page, ports)
        page.wait_for_load_state()
        # What the page needs begins with the last navigation.
        own = requests[max(index for index, each in enumerate(requests) if each.is_navigation_request()) :]
        assert own[0].response().status == state.status
        if (language, scripted) == ("ja", True):
            tally.setdefault("weights", {})[state.name] = weight(requests, own)
        found, options = [], OPTIONS
        for look in dict.fromkeys([*EVERYWHERE, *ENLARGED, *AXE_LOOKS[language, scripted]]):
            look.show(page)
            found += [f"{look.name}: sticks out: {each}" for each in overflow(page)]
            if look in AXE_LOOKS[language, scripted]:
                found += [f"{look.name}: {each}" for each in violations(page, options)]
                options = VISUAL
                tally["axe"] = tally.get("axe", 0) + 1
        assert not found, "\n".join(found)
        assert complaints == []
    finally:
        page.remove_listener("request", note)
        page.remove_listener("console", listen)
    expect(page.locator("html")).to_have_attribute("lang", language)
    assert_translated(page, language)


def weight(requests, own) -> tuple[int, int]:
    """Checks the bytes and requests of a first visit; for cached assets, the size of an earlier transfer counts."""
    for request in requests:
        if "/assets/" in request.url:
            headers = request.response().headers
            assert headers["content-encoding"] == "gzip"
            assert headers["cache-control"] == "public, max-age=31536000, immutable"
            path = urlsplit(request.url).path
            ASSETS[path] = max(ASSETS.get(path, 0), transferred(request))
    counted = {request.url: request for request in own if not request.url.endswith((".svg", ".ico"))}
    sizes = [ASSETS.get(urlsplit(url).path) or transferred(request) for url, request in counted.items()]
    assert len(sizes) <= MOST_REQUESTS, sizes
    assert sum(sizes) < MOST_BYTES, sizes
    return sum(sizes), len(sizes)


def transferred(request) -> int:
    """The bytes of a response."""
    sizes = request.sizes()
    return sizes["responseBodySize"] + sizes["responseHeadersSize"]


def assert_translated(page, language: str):
    """Checks that no text key and no word of the other language is shown."""
    visible = page.evaluate(
        """() => {
            const copy = document.documentElement.cloneNode(true);
            for (const data of copy.querySelectorAll("bdi, code, script, [translate=no], [lang='en'], [lang='ja']")) {
                if (data !== copy) data.remove();
            }
            return copy.textContent;
        }"""
    )
    assert not re.search(r"[a-z]_[a-z]|\{|\}|undefined|null", visible), visible
    if language == "ja":
        words = {word.lower() for word in re.findall(r"[A-Za-z]+", visible)}
        assert words <= ENGLISH, words - ENGLISH
    else:
        assert not re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", visible), visible
