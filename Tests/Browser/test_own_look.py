"""Pages of a site with its own name, logo, icon, colors, links and texts, in both languages (U3)."""

import json

import pytest
from accessibility import ENLARGED, EVERYWHERE, OPTIONS, VISUAL, overflow, violations
from page_states import STATES, Ports
from playwright.sync_api import expect
from scripted_api import showcase
from site_under_test import free_ports, nginx

# Requests /ran if one of its scripts runs.
LOGO = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 36" width="240" height="36" onload="fetch('/ran')">
<style>text { fill: #33102a; font: 600 22px sans-serif }
@media (prefers-color-scheme: dark) { text { fill: #ffd9ec } }</style>
<script>fetch('/ran')</script>
<rect width="36" height="36" rx="8" fill="#8a1c4a"/><text x="46" y="26">Example Books</text></svg>"""
ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<circle cx="16" cy="16" r="16" fill="#8a1c4a"/></svg>"""
TEXTS = {
    "en": {
        "home_heading": "Welcome to our <b>books</b>",
        "home_greeting": "Good to see you, {name}",
        "footer": "Cookies keep you signed in and remember your language. Nothing else.",
    },
    "ja": {
        "home_heading": "サンプル書店へようこそ",
        "footer": "Cookieはログイン状態の保持と言語の記憶にのみ使います。",
    },
}
NAMES = {"en": 'Example Books & <i>"Co"</i> with a name as long as can be', "ja": "サンプル書店"}
LINKS = {
    "SITE_TERMS_URL": "https://www.example.com/terms?a=1&b=2",
    "SITE_PRIVACY_URL": "https://www.example.com/privacy",
    "SITE_SUPPORT_URL": "mailto:help@example.com",
}
SHOWN = [
    "home", "home-signed-in", "login", "login-wrong", "register", "account", "deletion", "not-found", "nginx-not-found",
]  # fmt: skip


@pytest.fixture(scope="module")
def look(tmp_path_factory) -> dict[str, str]:
    """Settings that override the whole look of the site."""
    folder = tmp_path_factory.mktemp("look")
    (folder / "logo.svg").write_text(LOGO)
    (folder / "icon.svg").write_text(ICON)
    (folder / "texts").mkdir()
    for language, texts in TEXTS.items():
        (folder / f"texts/{language}.json").write_text(json.dumps(texts))
    return {
        "SITE_NAME": NAMES["en"], "SITE_NAME_JA": NAMES["ja"], "SITE_COLOR": "8a1c4a", "SITE_TEXTS": f"{folder}/texts",
        "SITE_LOGO": f"{folder}/logo.svg", "SITE_ICON": f"{folder}/icon.svg", **LINKS,
    }  # fmt: skip


@pytest.fixture(scope="module")
def branded(look):
    """The port of a site with a logo."""
    with showcase(**look) as (port, _):
        yield port


@pytest.fixture(scope="module")
def unpictured(look):
    """The port of the same site with an icon and no logo."""
    with showcase(**{name: value for name, value in look.items() if name != "SITE_LOGO"}) as (port, _):
        yield port


@pytest.fixture(scope="module")
def pages(chromium):
    """A page in each language."""
    made = {tag: chromium.new_context(locale=locale).new_page() for tag, locale in (("en", "en-GB"), ("ja", "ja-JP"))}
    yield made
    for page in made.values():
        page.context.close()


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("state", [each for each in STATES if each.name in SHOWN], ids=lambda each: each.name)
@pytest.mark.parametrize("kind", ["branded", "unpictured"])
def test_u3_a_page_with_everything_overridden_is_accessible_and_fits(request, pages, tally, state, language, kind):
    page, port = pages[language], request.getfixturevalue(kind)
    state.open(page, Ports(port, 0, 0))
    found, options = [], OPTIONS
    for each in [*EVERYWHERE, *ENLARGED]:
        each.show(page)
        found += [f"{each.name}: {what}" for what in [*overflow(page), *violations(page, options)]]
        options = VISUAL
        tally["axe"] = tally.get("axe", 0) + 1
    assert not found, "\n".join(found)
    assert page.title().endswith(f" · {NAMES[language]}")
    shown = page.content()
    assert "yoshikosan" not in shown.lower()
    if state.name.startswith("nginx"):
        expect(page.locator(".brand")).to_have_text(NAMES[language])
        return
    brand = page.get_by_role("link", name=NAMES[language])
    expect(brand).to_have_count(1)
    assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    for link in LINKS.values():
        expect(page.locator(f'footer a[href="{link}"]')).to_be_visible()
    expect(page.locator("footer > p")).to_have_text(TEXTS[language]["footer"])
    if state.name == "home":
        expect(page.locator("h1")).to_have_text(TEXTS[language]["home_heading"])
        assert page.locator("h1 b").count() == 0


@pytest.mark.parametrize(("scheme", "color"), [("light", "rgb(138, 28, 74)"), ("dark", "rgb(208, 164, 183)")])
def test_u3_buttons_of_pages_and_error_pages_have_the_same_color(chromium, branded, scheme, color):
    context = chromium.new_context(base_url=f"http://localhost:{branded}", color_scheme=scheme)
    page = context.new_page()
    for path in ("/", "/health"):
        page.goto(path)
        expect(page.locator(".button-main").first).to_have_css("background-color", color)
    context.close()


def test_u3_scripts_in_a_logo_do_not_run(chromium, branded):
    context = chromium.new_context(base_url=f"http://localhost:{branded}")
    page = context.new_page()
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto("/")
    logo = page.locator(".brand-logo").get_attribute("src")
    page.goto(logo)
    page.goto("/")
    assert not any(url.endswith("/ran") for url in requests)

    # The same file without its policy runs it, so the test can detect it.
    def bare(route):
        route.fulfill(status=200, content_type="image/svg+xml", body=LOGO)

    page.route(f"**{logo}", bare)
    with page.expect_request("**/ran"):
        page.goto(logo)
    context.close()


def test_w28_a_long_name_does_not_make_the_error_pages_scroll_sideways(chromium):
    with nginx(*free_ports(2), SITE_NAME="W" * 40) as front:
        page = chromium.new_page(viewport={"width": 320, "height": 640})
        page.goto(f"http://localhost:{front.port}/")
        expect(page.get_by_text("W" * 40)).to_be_visible()
        assert overflow(page) == []
        page.close()
