"""The pages without a mouse, and with assistive programs and password managers (F6)."""

import itertools

import pytest
from page_states import STATES, submit, visit
from playwright.sync_api import expect

BY_NAME = {state.name: state for state in STATES}


@pytest.fixture
def page(chromium):
    """A page in front of the scripted API."""
    context = chromium.new_context(locale="en-GB")
    yield context.new_page()
    context.close()


def focused(page) -> dict:
    """The focused element, and its outline."""
    return page.evaluate(
        """() => {
            const element = document.activeElement;
            const style = getComputedStyle(element);
            const box = element.getBoundingClientRect();
            return {
                id: element.id, tag: element.tagName, text: element.textContent.trim(),
                outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
                visible: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
            };
        }"""
    )


@pytest.mark.parametrize(
    "name", ["home", "login", "register", "account", "login-wrong", "not-found", "nginx-unavailable"]
)
def test_f6_every_control_is_reached_in_order_with_a_visible_focus(page, ports, name):
    BY_NAME[name].open(page, ports)
    page.evaluate("document.activeElement.blur()")
    controls = page.locator("a[href], button, input:not([type=hidden])").count()
    seen = []
    # On a page that sets the focus, the order starts after the focused element, and wraps around through the window.
    for _ in range(controls + 2):
        page.keyboard.press("Tab")
        here = focused(page)
        if here["tag"] == "BODY":
            continue
        assert here["outline"] >= 2 and here["visible"], here
        seen.append(page.evaluate("document.activeElement.outerHTML"))
    assert len(set(seen)) == controls
    tops = page.evaluate(
        """() => [...document.querySelectorAll("main a[href], main button, main input:not([type=hidden])")]
            .map((element) => element.getBoundingClientRect().top)"""
    )
    # Down the page; a button inside a field or beside a text is slightly higher or lower.
    assert all(after > before - 24 for before, after in itertools.pairwise(tops)), tops


def test_f6_the_first_focused_element_skips_to_the_content(page, ports):
    visit(page, ports.site, "/login")
    page.keyboard.press("Tab")
    assert focused(page)["text"] == "Skip to content"
    page.keyboard.press("Enter")
    assert focused(page)["id"] == "main"
    page.keyboard.press("Tab")
    assert focused(page)["id"] == "email"


@pytest.mark.parametrize("scripts", [True, False])
def test_f7_the_error_summary_is_focused_and_links_to_the_fields(chromium, ports, scripts):
    context = chromium.new_context(locale="en-GB", java_script_enabled=scripts)
    page = context.new_page()
    visit(page, ports.site, "/register")
    submit(page)
    summary = page.locator("#error-summary")
    expect(summary).to_be_focused()
    expect(summary).to_have_attribute("role", "group")
    links = summary.get_by_role("link")
    assert links.count() == 4
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#email")).to_be_focused()
    context.close()


@pytest.mark.parametrize(
    ("path", "tokens"),
    [
        ("/login", {"email": "username", "password": "current-password"}),
        (
            "/register",
            {
                "name": "name",
                "email": "email",
                "password": "new-password",
                "password_confirmation": "new-password",
            },
        ),
    ],
)
def test_f6_fields_have_the_attributes_for_password_managers_and_phones(page, ports, path, tokens):
    visit(page, ports.site, path)
    fields = page.locator("main input:not([type=hidden])")
    assert {field.get_attribute("name"): field.get_attribute("autocomplete") for field in fields.all()} == tokens
    assert page.locator("main form").count() == 1
    assert page.locator("#email").get_attribute("inputmode") == "email"
    # Pasting is never blocked.
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=f"http://localhost:{ports.site}")
    page.evaluate("navigator.clipboard.writeText('Pasted-Password-1')")
    for field in page.locator("input[type=password]").all():
        field.focus()
        page.keyboard.press("Control+V")
        expect(field).to_have_value("Pasted-Password-1")


def test_f2_the_button_stays_in_place_when_the_passwords_differ(page, ports):
    visit(page, ports.site, "/register")
    posts = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    for name, value in (("name", "Ada"), ("email", "ada@example.com"), ("password", "Correct-Horse-7")):
        page.locator(f"#{name}").fill(value)
    page.locator("#password_confirmation").press_sequentially("Correct")
    button = page.locator("main form.form button[type=submit]")
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 4)
    page.mouse.down()
    expect(page.locator("#password_confirmation-error")).to_be_hidden()
    page.mouse.up()
    expect(page.locator("#password_confirmation-error")).to_be_visible()
    # The form handled its own submission, and showed why it was not sent.
    expect(page.locator("#password_confirmation")).to_be_focused()
    assert posts == []


def test_the_password_strength_is_shown_and_does_not_block(page, ports):
    visit(page, ports.site, "/register")
    hint = page.locator(".strength")
    strengths = []
    for password in ("Aa111111", "Password1", "Correct-Horse-7", "Correct-Horse-7-Battery-Staple"):
        page.locator("#password").fill(password)
        strengths.append(hint.get_attribute("data-strength"))
        expect(page.locator("[data-rules] [role=status]")).to_contain_text("4 of 4 password rules met Strength")
    assert strengths == ["weak", "weak", "good", "strong"]
    page.locator("#password").fill("")
    expect(hint).to_have_text("")
    # It never blocks; only passwords that attackers try first are rejected.
    values = {"name": "Ada", "email": "ada@example.com", "password": "Xkq7Wvzm", "password_confirmation": "Xkq7Wvzm"}
    submit(page, **values)
    assert page.url.endswith(f":{ports.site}/")
