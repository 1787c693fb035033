"""A page of the application without a session: sign in and return to it, with JavaScript and without."""

import os
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect
from providers import GOOGLE
from site_under_test import PASSWORD
from user_actions import NAME, fill_login, path_of, send

# Pages with characters that a return address must preserve.
PAGES = ["/notes", "/notes?a=1&b=2", "/notes?q=a%2Bb+c%26d", "/notes?q=%E6%97%A5%E6%9C%AC%E8%AA%9E"]


def target(page) -> str:
    """The path and query that the address bar shows."""
    parts = urlsplit(page.url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def picture(page, name: str) -> None:
    """Saves a screenshot in the folder PICTURES."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder, f"{name}.png"), full_page=True)


def open_signed_out(page, address: str) -> None:
    """Opens a page of the application without a session, which leads to the sign-in page."""
    page.goto(address)
    assert path_of(page) == "/login"
    assert parse_qs(urlsplit(page.url).query)["return_to"] == [address]


def register_here(page, email: str) -> None:
    """Creates an account from the sign-in page."""
    page.locator("#to-register").click()
    assert path_of(page) == "/register"
    page.get_by_label("Name", exact=True).fill(NAME)
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Confirm password").fill(PASSWORD)
    send(page, "Create account")


def expect_notes_of(page, email: str, name: str = NAME) -> None:
    """Checks that the application shows the signed-in user."""
    expect(page.locator("#name")).to_have_text(name)
    expect(page.locator("#email")).to_have_text(email)


@pytest.fixture
def account(visitor, email) -> str:
    """The email address of an account whose user has no session in the test's browsers."""
    page = visitor()
    open_signed_out(page, "/notes")
    register_here(page, email)
    return email


@pytest.mark.parametrize("address", PAGES)
def test_app6_registration_returns_to_the_page(page, email, address):
    open_signed_out(page, address)
    register_here(page, email)
    assert target(page) == address
    expect_notes_of(page, email)
    picture(page, "after-registration")


@pytest.mark.parametrize("address", PAGES)
def test_app6_a_password_sign_in_returns_to_the_page(page, account, address):
    open_signed_out(page, address)
    picture(page, "sign-in")
    fill_login(page, account, "Wrong-Password-1")
    assert send(page, "Sign in").status == 401
    fill_login(page, account)
    send(page, "Sign in")
    assert target(page) == address
    expect_notes_of(page, account)


@pytest.mark.parametrize("address", PAGES)
def test_app6_a_google_sign_in_returns_to_the_page(page, email, address):
    open_signed_out(page, address)
    GOOGLE.start(page)
    GOOGLE.agree(page, email)
    expect_notes_of(page, email, email)
    assert target(page) == address
    expect(page.get_by_text("(verified)")).to_be_visible()
    picture(page, "after-google")


FRAGMENTS = ["/notes?a=1#/sections/2?open=1", "/#/sections/%E4%B8%80"]


def fragment_of(page) -> str:
    """The fragment that the address bar shows."""
    return urlsplit(page.url).fragment


@pytest.mark.parametrize("address", FRAGMENTS)
def test_app6_a_sign_in_returns_to_the_fragment(visitor, account, address):
    """Some applications have routes in the fragment. Browsers do not send it, so only JavaScript can keep it."""
    page = visitor()
    page.goto(address)
    assert path_of(page) == "/login"
    page.get_by_role("contentinfo").get_by_role("button", name="日本語").click()
    page.get_by_role("contentinfo").get_by_role("button", name="English").click()
    fill_login(page, account, "Wrong-Password-1")
    assert send(page, "Sign in").status == 401
    fill_login(page, account)
    send(page, "Sign in")
    expect_notes_of(page, account)
    assert fragment_of(page) == urlsplit(address).fragment


@pytest.mark.parametrize("address", FRAGMENTS)
def test_app6_registration_and_google_return_to_the_fragment(visitor, email, address):
    page = visitor()
    page.goto(address)
    register_here(page, email)
    expect_notes_of(page, email)
    assert fragment_of(page) == urlsplit(address).fragment
    page = visitor()
    page.goto(address)
    GOOGLE.start(page)
    GOOGLE.agree(page, "google-" + email)
    expect(page.locator("#email")).to_have_text("google-" + email)
    assert fragment_of(page) == urlsplit(address).fragment


def test_app6_the_fragment_of_the_skip_link_is_not_kept(page, account):
    page.goto("/notes#main")
    fill_login(page, account)
    send(page, "Sign in")
    expect_notes_of(page, account)
    assert target(page) == "/notes"
    assert fragment_of(page) == ""


def test_app6_a_signed_in_user_uses_the_application(page, account):
    """The user adds notes and files, opens the account page, and signs out."""
    open_signed_out(page, "/")
    fill_login(page, account)
    send(page, "Sign in")
    assert path_of(page) == "/notes"
    text = "牛乳を買う <b>&"
    page.get_by_label("New note").fill(text)
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#notes p")).to_have_text(text)
    page.get_by_label("File").set_input_files({"name": "一覧.txt", "mimeType": "text/plain", "buffer": b"x" * 200_000})
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("#files")).to_contain_text("一覧.txt (200000 bytes)")
    with page.expect_download() as download:
        page.get_by_role("link", name="一覧.txt").click()
    assert Path(download.value.path()).read_bytes() == b"x" * 200_000
    picture(page, "notes")

    page.get_by_role("link", name="Account").click()
    expect(page.get_by_test_id("account-email")).to_have_text(account)
    picture(page, "account")
    page.go_back()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/notes")
    assert path_of(page) == "/login"


def test_app6_events_and_websocket_messages_reach_other_pages(visitor, account):
    """Both pass through nginx."""
    first, second = visitor(), visitor()
    for page in (first, second):
        open_signed_out(page, "/notes")
        fill_login(page, account)
        send(page, "Sign in")
        expect(page.locator("#chat")).to_be_visible()
    first.get_by_label("New note").fill("for the other page")
    first.get_by_role("button", name="Add").click()
    expect(second.locator("#notes p")).to_have_text("for the other page")
    expect(first.locator("#chat")).to_be_visible()
    second.get_by_label("Message").fill("hello")
    second.get_by_role("button", name="Send").click()
    expect(first.locator("#lines")).to_have_text(f"{NAME}: hello")


def test_app6_users_see_only_their_own_notes(visitor, account):
    owner, other = visitor(), visitor()
    open_signed_out(owner, "/notes")
    fill_login(owner, account)
    send(owner, "Sign in")
    owner.get_by_label("New note").fill("private")
    owner.get_by_role("button", name="Add").click()
    note = owner.locator("[data-note]").get_attribute("data-note")
    open_signed_out(other, "/notes")
    register_here(other, "other-" + account)
    expect(other.locator("#notes li")).to_have_count(0)
    other.context.request.post(f"/notes/{note}/delete")
    owner.reload()
    expect(owner.locator("#notes p")).to_have_text("private")


def test_app6_a_session_ended_on_another_device_leads_to_the_sign_in(visitor, account):
    page = visitor()
    open_signed_out(page, "/notes")
    fill_login(page, account)
    send(page, "Sign in")
    copy = visitor()
    copy.context.add_cookies(page.context.cookies())
    copy.goto("/notes")
    expect_notes_of(copy, account)
    page.get_by_role("button", name="Sign out").click()
    # The next request of the page that is still open is rejected.
    response = copy.evaluate("fetch('/notes').then(response => response.status)")
    assert response == 401
    copy.goto("/notes")
    assert path_of(copy) == "/login"
