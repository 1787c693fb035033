"""English and Japanese, by the browser's preference and the visitor's choice (F6)."""

import re

import pytest
from playwright.sync_api import expect
from user_actions import NAME, path_of, register


@pytest.mark.parametrize(("locale", "language", "heading"), [("ja-JP", "ja", "ログイン"), ("fr-FR", "en", "Sign in")])
def test_f6_the_browsers_preference_is_the_default(chromium, site, locale, language, heading):
    context = chromium.new_context(base_url=site.url, locale=locale)
    page = context.new_page()
    page.goto("/login")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    context.close()


def test_f6_the_chosen_language_is_kept_and_returns_to_the_page(page):
    page.goto("/login?return_to=/account")
    page.get_by_role("button", name="日本語").click()
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    assert path_of(page) == "/login"
    expect(page.locator("#login-form [name=return_to]")).to_have_value("/account")
    expect(page).to_have_title("ログイン · yoshikosan")
    page.locator("#nav-register").click()
    expect(page.get_by_label("メールアドレス")).to_be_visible()
    page.goto("/nowhere")
    expect(page.get_by_role("heading", level=1)).to_have_text("ページが見つかりません")
    page.goto("/docs")
    expect(page.get_by_role("navigation", name="目次")).to_be_visible()
    [cookie] = page.context.cookies()
    assert (cookie["name"], cookie["value"], cookie["sameSite"], cookie["path"]) == ("language", "ja", "Lax", "/")
    page.goto("/nowhere")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
    assert path_of(page) == "/nowhere"


def test_f6_the_switch_is_reached_by_keyboard_and_labelled(visitor):
    page = visitor()
    page.goto("/")
    switch = page.get_by_role("form", name="Language").get_by_role("button")
    expect(switch).to_have_attribute("lang", "ja")
    for _ in range(20):
        page.keyboard.press("Tab")
        if switch.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "ja")


def test_f6_switching_the_language_keeps_the_session(visitor, email):
    page = visitor()
    register(page, email)
    page.goto("/account")
    page.get_by_role("button", name="日本語").click()
    assert path_of(page) == "/account"
    expect(page.get_by_test_id("account-name")).to_have_text(NAME)
    expect(page.get_by_role("heading", name="ログイン中の端末")).to_be_visible()
    time = page.locator("time").first
    assert "年" in time.text_content() and "年" in time.get_attribute("title")


def test_f6_a_malformed_language_of_the_browser_does_not_stop_the_script(visitor, email):
    page = visitor()
    page.add_init_script("Object.defineProperty(navigator, 'languages', { get: () => ['en-US@posix'] })")
    register(page, email)
    page.goto("/account")
    expect(page.locator("time").first).to_have_attribute("title", re.compile("UTC"))
