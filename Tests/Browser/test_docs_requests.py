"""The forms of /docs send requests to this site only, with the reader's own session (A14, A15)."""

import json

import pytest
from accessibility import DESKTOP, PHONE_DARK, overflow, violations
from playwright.sync_api import expect
from site_under_test import PASSWORD

NAME = "<img src=x onerror=fetch('/ran')>"


@pytest.fixture
def reader(site, email):
    """The address of a new user."""
    body = {"email": email, "password": PASSWORD, "name": NAME}
    assert site.fetch("/api/auth/register", "POST", body=body).status == 201
    return email


@pytest.fixture
def docs(chromium, site):
    """The reference, in a browser whose requests and console messages are recorded."""
    context = chromium.new_context(base_url=site.url, locale="en-GB")
    page = context.new_page()
    page.sent_requests, page.complaints = [], []
    page.on("request", lambda request: page.sent_requests.append(request))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))

    def listen(message):
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            page.complaints.append(message.text)

    page.on("console", listen)
    page.goto("/docs")
    yield page
    assert page.complaints == []
    assert {request.url.split("/")[2] for request in page.sent_requests} == {f"localhost:{site.browser_port}"}
    context.close()


def form_of(page, operation: str):
    """Opens the form of an operation."""
    article = page.locator(f"article#{operation}")
    article.locator("details.try > summary").click()
    return article.locator("details.try")


def send(page, operation: str, body: dict | None = None, *, accept: bool | None = None, **inputs: str) -> str:
    """Sends a request with the form of an operation; returns the response that the page shows."""
    form = form_of(page, operation)
    if body is not None:
        form.get_by_label("Request body").fill(json.dumps(body))
    for name, value in inputs.items():
        form.get_by_label(name).fill(value)
    if accept is not None:
        page.once("dialog", lambda dialog: dialog.accept() if accept else dialog.dismiss())
    form.get_by_role("button", name="Send").click()
    if accept is not False:
        expect(form.locator(".try-output")).to_contain_text("returned")
    form.locator("xpath=./summary").click()
    return form.locator(".try-output").text_content()


def test_a15_a_reader_signs_in_and_sees_their_own_data(docs, reader):
    assert "401" in send(docs, "getCurrentUser")
    assert "returned 200" in send(docs, "login", {"email": reader, "password": PASSWORD}, accept=True)
    status = send(docs, "getCurrentUser")
    assert "returned 200" in status and reader in status
    # A name is shown as text, even if it looks like markup.
    assert NAME in status
    assert docs.locator("main img").count() == 0
    assert not any(request.url.endswith("/ran") for request in docs.sent_requests)
    assert "access_token" not in status
    assert "returned 204" in send(docs, "logout", accept=True)
    assert "401" in send(docs, "getCurrentUser")


def test_a14_an_unsafe_request_is_sent_as_same_origin_without_a_bearer_token(docs, reader):
    send(docs, "login", {"email": reader, "password": PASSWORD}, accept=True)
    sent = [request for request in docs.sent_requests if request.method == "POST"]
    headers = sent[-1].all_headers()
    assert headers["sec-fetch-site"] == "same-origin"
    assert headers["content-type"] == "application/json"
    assert "authorization" not in headers
    assert '"taken"' not in send(docs, "changeName", {"name": "Ada"}, accept=True)
    assert '"name": "Ada"' in send(docs, "getCurrentUser")


def test_a15_an_unsafe_operation_asks_first(docs, reader):
    send(docs, "login", {"email": reader, "password": PASSWORD}, accept=True)
    before = len(docs.sent_requests)
    send(docs, "endOtherSessions", accept=False)
    send(docs, "deleteAccount", {"email": reader, "password": PASSWORD}, accept=False)
    assert len(docs.sent_requests) == before
    assert "returned 200" in send(docs, "getCurrentUser")


def test_a15_a_parameter_cannot_change_the_path(docs, reader):
    send(docs, "login", {"email": reader, "password": PASSWORD}, accept=True)
    status = send(docs, "endSession", accept=True, id="//evil.example/x?y#z")
    assert "returned 404" in status
    assert docs.sent_requests[-1].url.endswith("/api/auth/sessions/%2F%2Fevil.example%2Fx%3Fy%23z")


def test_a15_an_invalid_body_gets_the_apis_response(docs):
    assert "invalid_fields" in send(docs, "register", {"email": "nobody"}, accept=True)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_f6_the_forms_are_accessible(chromium, site, tally, language):
    context = chromium.new_context(base_url=site.url, locale=language)
    page = context.new_page()
    page.goto("/docs")
    for operation in ("login", "endSession", "getCurrentUser"):
        form_of(page, operation)
    page.locator("article#getCurrentUser").get_by_role("button", name="Send").click()
    expect(page.locator("article#getCurrentUser .try-output")).to_contain_text("returned 401")
    found = []
    for look in (DESKTOP, PHONE_DARK):
        look.show(page)
        found += [*overflow(page), *violations(page)]
        tally["axe"] = tally.get("axe", 0) + 1
    context.close()
    assert not found, "\n".join(found)


def test_f5_without_scripts_the_reference_has_no_forms_and_all_commands(chromium, site):
    context = chromium.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/docs")
    assert page.locator("form, button, input").count() == 0
    assert page.locator("pre.command").count() > 20
    context.close()
