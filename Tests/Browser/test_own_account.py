"""Users' own account: changing password and name, downloading the data, deleting it."""

import json

from playwright.sync_api import expect
from site_under_test import PASSWORD
from user_actions import expect_anonymous, expect_signed_in, path_of, register, send, sign_in

NEW = "Battery-Staple-8"


def change_password(page, current: str, new: str = NEW):
    """Fills in the form and sends it; returns the response."""
    page.goto("/.well-known/change-password")
    assert path_of(page) == "/account/password"
    page.get_by_label("Current password", exact=True).fill(current)
    page.get_by_label("New password", exact=True).fill(new)
    page.get_by_label("Confirm password", exact=True).fill(new)
    return send(page, "Change password")


def test_the_password_is_changed_and_other_devices_are_signed_out(page, visitor, email):
    register(page, email)
    other = visitor()
    assert sign_in(other, email).status == 303

    page.goto("/account")
    page.locator("#change-password").click()
    expect(page.get_by_label("Email address")).to_have_value(email)
    expect(page.get_by_label("Email address")).not_to_be_editable()
    assert change_password(page, "Wrong-Password-1").status == 422
    expect(page.locator("#error-summary")).to_contain_text("This is not your password.")
    expect(page.get_by_label("Current password", exact=True)).to_have_value("")
    other.reload()
    expect_signed_in(other)

    assert change_password(page, PASSWORD).status == 303
    expect(page.locator("#notice")).to_contain_text("Your password was changed.")
    expect(page.locator("[data-session]")).to_have_count(1)
    expect_signed_in(page)
    other.goto("/account")
    assert path_of(other) == "/login"
    assert sign_in(other, email).status == 401
    assert sign_in(other, email, NEW).status == 303


def test_a_signed_out_visitor_returns_to_the_form(page, visitor, email):
    register(visitor(), email)
    page.goto("/.well-known/change-password")
    assert path_of(page) == "/login"
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    send(page, "Sign in")
    assert path_of(page) == "/account/password"


def test_the_name_is_changed(page, email):
    register(page, email)
    page.goto("/account")
    page.locator("#change-name").click()
    page.get_by_label("Name", exact=True).fill("  ")
    assert send(page, "Save").status == 422
    expect(page.locator("#error-summary")).to_contain_text("Enter your name.")
    page.get_by_label("Name", exact=True).fill("山田 花子")
    assert send(page, "Save").status == 303
    expect(page.locator("#notice")).to_contain_text("Your name was changed.")
    expect(page.get_by_test_id("account-name")).to_have_text("山田 花子")
    expect_signed_in(page, "山田 花子")


def test_a_user_downloads_their_data_as_one_file(page, email):
    register(page, email)
    page.goto("/account")
    page.locator("#to-data").click()
    with page.expect_download() as download:
        page.locator("#download-data").click()
    assert download.value.suggested_filename == "yoshikosan-data.json"
    data = json.loads(download.value.path().read_text())
    assert data["account"]["email"] == email
    assert [event["event"] for event in data["events"]][-2:] == ["signed_in", "registered"]
    assert PASSWORD not in json.dumps(data)
    # Without a session, the link leads to the sign-in page, instead of storing that as a file.
    page.context.clear_cookies()
    page.locator("#download-data").click()
    page.wait_for_url("**/login?**")
    expect_anonymous(page)


def test_the_account_is_deleted(page, visitor, site, email):
    register(page, email)
    other = visitor()
    sign_in(other, email)
    page.goto("/account")
    page.locator("#to-deletion").click()
    expect(page.locator("main")).to_contain_text("This cannot be undone.")
    assert send(page, "Delete account permanently").status == 422
    page.get_by_label("Email address").fill(email.upper())
    page.get_by_label("Password", exact=True).fill("Wrong-Password-1")
    assert send(page, "Delete account permanently").status == 422
    expect(page.locator("#error-summary")).to_contain_text("This is not your password.")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    assert send(page, "Delete account permanently").status == 303
    assert path_of(page) == "/"
    expect(page.locator("#notice")).to_contain_text("Your account was deleted.")
    expect_anonymous(page)
    assert page.context.cookies(site.url) == []
    other.goto("/account")
    assert path_of(other) == "/login"
    assert sign_in(other, email).status == 401
    # The address is free again.
    register(page, email)
