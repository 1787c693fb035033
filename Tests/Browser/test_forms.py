"""Failed forms, and what the script adds to forms (F2, F5, F7)."""

import json

import pytest
from playwright.sync_api import expect
from site_under_test import PASSWORD, ROOT, wait_until
from user_actions import (
    NAME,
    accounts,
    expect_anonymous,
    expect_signed_in,
    fill_registration,
    path_of,
    register,
    send,
    sign_in,
    sign_out,
)


def expect_failure(page, field: str | None, text: str):
    """The summary, and the message beside the field that it links to."""
    summary = page.locator("#error-summary")
    expect(summary).to_be_visible()
    expect(summary).to_contain_text(text)
    if field:
        expect(page.locator(f"#{field}-error")).to_contain_text(text)
        expect(page.locator(f"#{field}")).to_have_attribute("aria-invalid", "true")
        assert f"{field}-error" in page.locator(f"#{field}").get_attribute("aria-describedby")
        expect(summary.get_by_role("link", name=text).first).to_have_attribute("href", f"#{field}")


def expect_kept(page, **values: str):
    """Checks that typed values are kept, except passwords."""
    for field, value in values.items():
        expect(page.locator(f"#{field}")).to_have_value(value)
    for password in page.locator("input[type=password]").all():
        expect(password).to_have_value("")


@pytest.mark.parametrize("known", [True, False], ids=["wrong-password", "unknown-email"])
def test_f7_a5_a_wrong_password_and_an_unknown_email_get_the_same_message(page, email, known):
    if known:
        register(page, email)
        sign_out(page)
    assert sign_in(page, email, "Wrong-Password-1").status == 401
    expect_failure(page, None, "The email address or the password is wrong.")
    expect_kept(page, email=email)
    expect_anonymous(page)


@pytest.mark.parametrize(
    ("field", "values", "text"),
    [
        ("name", {"name": ""}, "Enter your name."),
        ("name", {"name": "n" * 201}, "at most 200 characters"),
        ("email", {"email": "not an address"}, "like name@example.com"),
        ("password", {"password": "Short1a"}, "at least 8 characters"),
        ("password", {"password": "Aa1" + "x" * 126}, "at most 128 characters"),
        ("password", {"password": "lower-case-1"}, "Add an upper-case letter"),
        ("password", {"password": "UPPER-CASE-1"}, "Add a lower-case letter"),
        ("password", {"password": "No-Digit-Here"}, "Add a digit"),
    ],
)
def test_f7_a3_a_failed_registration_shows_every_error(page, site, email, field, values, text):
    entry = {"name": "Yoshiko", "email": email} | values
    fill_registration(page, **entry)
    assert send(page, "Create account").status == 422
    expect_failure(page, field, text)
    expect_kept(page, name=entry["name"], email=entry["email"])
    assert accounts(site, email) == 0


def test_a3_every_violated_rule_is_named(page, email):
    fill_registration(page, email, name="", password="-")
    assert send(page, "Create account").status == 422
    for text in ("Enter your name.", "at least 8", "upper-case", "lower-case", "a digit"):
        expect(page.locator("#error-summary")).to_contain_text(text)


def test_f7_a2_a_taken_email_is_rejected_in_any_case(page, site, email):
    register(page, email)
    sign_out(page)
    fill_registration(page, email.upper(), "Somebody Else")
    assert send(page, "Create account").status == 409
    expect_failure(page, "email", "already exists")
    expect_kept(page, name="Somebody Else", email=email.upper())
    assert accounts(site, email) == 1


def test_f2_without_scripts_a_mismatch_is_found_by_the_server(visitor, site, email):
    page = visitor(java_script_enabled=False)
    fill_registration(page, email, confirmation=PASSWORD + "x")
    assert send(page, "Create account").status == 422
    expect_failure(page, "password_confirmation", "do not match")
    assert accounts(site, email) == 0


def test_f2_with_scripts_a_mismatch_is_shown_before_sending(visitor, email):
    page = visitor()
    posts = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    fill_registration(page, email, confirmation=PASSWORD + "x")
    page.get_by_label("Confirm password").press("Enter")
    expect(page.locator("#password_confirmation-error")).to_contain_text("do not match")
    expect(page.get_by_label("Confirm password")).to_be_focused()
    assert posts == []
    # It disappears as soon as the two match, and the form can be sent.
    page.get_by_label("Confirm password").fill(PASSWORD)
    expect(page.locator("#password_confirmation-error")).to_be_hidden()
    assert send(page, "Create account").status == 303


def test_f2_met_password_rules_are_marked_while_typing(visitor):
    page = visitor()
    page.goto("/register")
    password = page.get_by_label("Password", exact=True)
    met = page.locator("[data-rule].met")
    for typed, count in (("a", 1), ("aB", 2), ("aB3", 3), ("aB345678", 4), ("aB34567", 3), ("", 0)):
        password.fill(typed)
        expect(met).to_have_count(count)


def test_f5_without_scripts_the_rules_are_listed(visitor):
    page = visitor(java_script_enabled=False)
    page.goto("/register")
    for rule in ("8 to 128 characters", "upper-case letter", "lower-case letter", "digit"):
        expect(page.locator("#password-rules")).to_contain_text(rule)


def test_a_password_can_be_shown(visitor):
    page = visitor()
    page.goto("/login")
    field = page.locator("#password")
    field.fill(PASSWORD)
    page.get_by_role("button", name="Show password").click()
    expect(field).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide password").click()
    expect(field).to_have_attribute("type", "password")
    expect(field).to_have_value(PASSWORD)


def test_the_back_button_after_a_failed_form_leads_to_the_previous_page(visitor, email):
    # "Back" shows neither the same error again (Kratos #821) nor the browser's question whether to resend the form.
    page = visitor()
    page.goto("/")
    page.get_by_role("navigation").get_by_role("link", name="Sign in").click()
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill("Wrong-Password-1")
    assert send(page, "Sign in").status == 401
    page.go_back()
    page.wait_for_load_state()
    if path_of(page) == "/login":
        expect(page.locator("#error-summary")).to_have_count(0)
        page.go_back()
        page.wait_for_load_state()
    assert path_of(page) == "/"
    expect_anonymous(page)


def test_a_reload_after_a_failed_form_does_not_send_it_again(visitor, email):
    page = visitor()
    sign_in(page, email, "Wrong-Password-1")
    posts = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.reload()
    assert posts == []
    assert path_of(page) == "/login"


def test_a_double_click_creates_one_account(page, site, email):
    fill_registration(page, email)
    page.locator("main").get_by_role("button", name="Create account").dblclick(no_wait_after=True)
    wait_until(lambda: accounts(site, email) > 0, "the account is made")
    # The account exists before the response is shown, and a page that is still loading would replace ours.
    wait_until(
        lambda: path_of(page) != "/register" or page.locator("#error-summary").count() > 0, "a response is shown"
    )
    page.wait_for_load_state()
    # Without JavaScript, the browser may have sent it twice; even then the account exists and the visitor can sign in.
    page.goto("/")
    if page.get_by_role("navigation").get_by_role("link", name="Sign in").count():
        assert sign_in(page, email).status == 303
    expect_signed_in(page)
    assert accounts(site, email) == 1


def test_typed_text_is_never_markup(page, email):
    name = "<script>alert(1)</script> & \"quotes\" 'too'"
    register(page, email, name)
    page.goto("/account")
    expect(page.get_by_test_id("account-name")).to_have_text(name)
    assert page.locator("main script").count() == 0


def test_w20_the_form_cleans_an_address_like_the_server(visitor):
    page = visitor()
    page.goto("/register")
    field = page.get_by_label("Email address")
    rows = json.loads((ROOT / "Tests/Support/email_addresses.json").read_text())
    assert len(rows) > 60
    for row in rows:
        # Chromium converts a non-ASCII domain to its ASCII form.
        if not row.get("form", True):
            continue
        field.fill(row["typed"])
        field.blur()
        expect(field).to_have_value(row["cleaned"])


def test_w20_pasted_and_full_width_addresses_sign_in(page, email):
    register(page, email)
    for typed in (f"\u200b{email}\ufeff", email.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})):
        sign_out(page)
        assert sign_in(page, typed).status == 303
        expect_signed_in(page)


def test_w20_at_sign_in_the_invisible_character_is_not_shown_again(page, email):
    assert sign_in(page, f"\u202a{email}\u202c", "Wrong-Password-1").status == 401
    expect(page.get_by_label("Email address")).to_have_value(email)


def test_w28_each_show_password_button_names_its_field(visitor):
    page = visitor()
    page.goto("/register")
    for field in ("Password", "Confirm password"):
        page.get_by_role("button", name=f"Show password ({field})", exact=True).click()
        expect(page.get_by_label(field, exact=True)).to_have_attribute("type", "text")
        page.get_by_role("button", name=f"Hide password ({field})", exact=True).click()


def test_w26_switching_the_language_keeps_typed_values(page, email):
    sent = []
    page.on("request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None)
    fill_registration(page, email, NAME)
    page.get_by_role("button", name="日本語").click()
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    expect(page.locator("#name")).to_have_value(NAME)
    expect(page.locator("#email")).to_have_value(email)
    expect(page.locator("#password")).to_have_value("")
    assert path_of(page) == "/register"
    # With JavaScript, the password is not even sent.
    assert len(sent) == 1 and (("Correct" in sent[0]) == (page.evaluate("document.querySelector('.reveal')") is None))
    page.locator("#password").fill(PASSWORD)
    page.locator("#password_confirmation").fill(PASSWORD)
    assert send(page, "新規登録").status == 303


@pytest.mark.parametrize(
    ("path", "field", "typed", "button"),
    [
        ("/login", "#email", "ada@example.com", "Sign in"),
        ("/recover", "#code", "AbCdEfGhIjKlMnOpQrStUv", "Set password"),
    ],
)
def test_w26_back_from_nginx_after_too_many_attempts_keeps_typed_values(chromium, ports, path, field, typed, button):
    for java_script in (True, False):
        context = chromium.new_context(
            base_url=f"http://localhost:{ports.strict}", locale="en-GB", java_script_enabled=java_script
        )
        page = context.new_page()
        for _ in range(3):
            page.goto(path)
            page.locator(field).fill(typed)
            page.locator("#password").fill("Wrong-Password-1")
            if send(page, button).status == 429 and page.get_by_text("Back button").count():
                break
        expect(page.get_by_text("Back button")).to_be_visible()
        page.go_back()
        expect(page.locator(field)).to_have_value(typed)
        expect(page.locator("#password")).to_have_value("")
        context.close()


def test_a_providers_button_requires_and_sends_no_password(chromium, ports):
    context = chromium.new_context(base_url=f"http://localhost:{ports.invite}", locale="en-GB")
    page = context.new_page()
    page.goto("/register")
    page.locator("#invite").fill("AbCdEfGhIjKlMnOpQrStUv")
    page.locator("#password").fill(PASSWORD)
    page.locator("#password_confirmation").fill(PASSWORD + "x")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.locator("#continue-google").click()
    assert "password" not in sent.value.post_data
    offer = page.get_by_role("link", name="Continue with Google")
    expect(offer).to_be_visible()
    page.reload()
    expect(offer).to_be_visible()
    context.close()
