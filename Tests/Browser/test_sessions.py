"""One user on several devices (A18), and a browser without cookies."""

from chromium import OPTIONS
from playwright.sync_api import expect
from user_actions import expect_signed_in, fill_login, path_of, register, send, sign_in


def test_a18_two_devices_see_each_other_and_one_ends_the_other(page, visitor, email):
    register(page, email)
    other = visitor()
    assert sign_in(other, email).status == 303

    page.goto("/account")
    expect(page.locator("[data-session]")).to_have_count(2)
    expect(page.locator("[data-session][data-current]")).to_have_count(1)
    expect(page.locator("[data-session][data-current]")).to_contain_text("This device")
    expect(page.locator("[data-session]").first).to_contain_text("127.0.0.1")
    page.get_by_role("button", name="Sign out that device").click()
    expect(page.get_by_role("status").first).to_contain_text("That device is signed out.")
    expect(page.locator("[data-session]")).to_have_count(1)
    expect_signed_in(page)

    other.goto("/account")
    assert path_of(other) == "/login"


def test_a18_all_other_devices_are_signed_out_at_once(page, visitor, email):
    register(page, email)
    others = [visitor() for _ in range(2)]
    for other in others:
        sign_in(other, email)

    page.goto("/account")
    expect(page.locator("[data-session]")).to_have_count(3)
    page.get_by_role("button", name="Sign out everywhere else").click()
    expect(page.locator("[data-session]")).to_have_count(1)
    expect(page.get_by_role("button", name="Sign out everywhere else")).to_have_count(0)
    expect_signed_in(page)
    for other in others:
        other.goto("/account")
        assert path_of(other) == "/login"


def test_a18_ending_an_ended_session_is_no_error(visitor, email):
    page, other = visitor(), visitor()
    register(page, email)
    sign_in(other, email)
    page.goto("/account")
    other.get_by_role("navigation").get_by_role("button", name="Sign out").click()
    other.wait_for_load_state()
    page.get_by_role("button", name="Sign out that device").click()
    expect(page.get_by_role("status").first).to_contain_text("already signed out")
    expect(page.locator("[data-session]")).to_have_count(1)


def test_a_page_whose_session_ended_in_another_tab_leads_to_the_sign_in(page, email):
    register(page, email)
    page.goto("/account")
    other = page.context.new_page()
    other.goto("/")
    other.get_by_role("navigation").get_by_role("button", name="Sign out").click()
    other.wait_for_load_state()
    # A button on the outdated page leads to the sign-in page, and from there back.
    page.locator("#sign-out-here").click()
    page.wait_for_load_state()
    assert path_of(page) == "/"
    page.goto("/account")
    assert path_of(page) == "/login"
    fill_login(page, email)
    assert send(page, "Sign in").status == 303
    assert path_of(page) == "/account"
    other.reload()
    expect_signed_in(other)


def test_a_browser_without_cookies_gets_an_explanation(playwright, site, watch, visitor, email, tmp_path):
    register(visitor(), email)
    preferences = tmp_path / "Default/Preferences"
    preferences.parent.mkdir()
    preferences.write_text('{"profile": {"default_content_setting_values": {"cookies": 2}}}')
    context = playwright.chromium.launch_persistent_context(tmp_path, base_url=site.url, locale="en-GB", **OPTIONS)
    try:
        page = watch.attach(context).new_page()
        page.goto("/account")
        fill_login(page, email)
        send(page, "Sign in")
        expect(page.locator("#error-summary")).to_contain_text("did not keep the cookie")
        assert page.context.cookies() == []
    finally:
        context.close()
