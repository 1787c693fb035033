"""A new visitor's path through the site, with JavaScript and without (F1–F5)."""

from playwright.sync_api import expect
from user_actions import (
    expect_anonymous,
    expect_signed_in,
    fill_login,
    path_of,
    register,
    send,
    sign_in,
    sign_out,
)


def test_f2_f3_f4_a_new_user_registers_signs_out_and_returns(page, email):
    page.goto("/")
    expect_anonymous(page)
    page.get_by_role("navigation").get_by_role("link", name="Create account").click()
    assert path_of(page) == "/register"

    register(page, email)
    assert path_of(page) == "/"
    page.reload()
    expect_signed_in(page)

    page.goto("/account")
    expect(page.get_by_test_id("account-name")).to_have_text("Yoshiko さん")
    expect(page.get_by_test_id("account-email")).to_have_text(email)

    sign_out(page)
    expect_anonymous(page)
    expect(page.get_by_role("status").first).to_contain_text("You have signed out.")

    page.goto("/account")
    assert path_of(page) == "/login"
    fill_login(page, email)
    send(page, "Sign in")
    assert path_of(page) == "/account"
    expect(page.get_by_test_id("account-email")).to_have_text(email)


def test_f4_the_return_path_survives_a_wrong_password_and_registration(page, email):
    page.goto("/account")
    fill_login(page, "nobody@example.com", "Wrong-Password-1")
    assert send(page, "Sign in").status == 401
    page.locator("#to-register").click()
    assert path_of(page) == "/register"
    page.get_by_label("Name", exact=True).fill("Back Again")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill("Correct-Horse-7")
    page.get_by_label("Confirm password").fill("Correct-Horse-7")
    send(page, "Create account")
    assert path_of(page) == "/account"


def test_f1_f2_the_two_forms_link_to_each_other(page):
    page.goto("/login")
    page.locator("#to-register").click()
    assert path_of(page) == "/register"
    page.locator("#to-login").click()
    assert path_of(page) == "/login"


def test_f1_disabled_providers_have_no_button(page):
    for path in ("/login", "/register"):
        page.goto(path)
        expect(page.get_by_text("Continue with")).to_have_count(0)


def test_a9_signing_out_ends_the_session_for_every_copy_of_the_token(visitor, email):
    first = visitor()
    register(first, email)
    cookies = first.context.cookies()
    sign_out(first)
    copy = visitor()
    copy.context.add_cookies(cookies)
    copy.goto("/account")
    assert path_of(copy) == "/login"


def test_a13_scripts_cannot_read_the_session_cookie(visitor, email):
    page = visitor()
    register(page, email)
    cookies = {each["name"]: each for each in page.context.cookies()}
    assert {"access_token", "known_device"} <= cookies.keys()
    for cookie in cookies.values():
        assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    assert page.evaluate("document.cookie") == ""


def test_a_signed_in_user_is_not_asked_to_sign_in(page, email):
    register(page, email)
    for path in ("/login", "/register"):
        page.goto(path)
        assert path_of(page) == "/"


def test_the_back_button_after_signing_out_shows_nothing_private(page, email):
    register(page, email)
    page.goto("/account")
    sign_out(page)
    expect_anonymous(page)
    page.go_back()
    page.wait_for_load_state()
    assert path_of(page) == "/login"
    expect(page.get_by_text(email)).to_have_count(0)


def test_a5_signing_in_ignores_the_case_of_the_email(page, email):
    register(page, email)
    sign_out(page)
    assert sign_in(page, f"  {email.upper()} ").status == 303
    expect_signed_in(page)
