"""The pages while the API does not respond (F8)."""

import contextlib
import os
import re
import signal
import subprocess

from playwright.sync_api import expect
from processes import is_stopped
from site_under_test import wait_until
from user_actions import NAME, expect_signed_in, fill_login, register, send, sign_in, sign_out


@contextlib.contextmanager
def frozen_api(site):
    """The API accepts connections but does not respond."""
    listener = subprocess.run(
        ["ss", "--no-header", "-ltnp", f"sport = :{site.api_port}"], check=True, capture_output=True, text=True
    ).stdout
    process = int(re.search(r"pid=(\d+)", listener).group(1))
    os.kill(process, signal.SIGSTOP)
    try:
        wait_until(lambda: is_stopped(process), "the API is frozen")
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def test_f8_an_unavailable_page_reloads_automatically(page, site, email):
    register(page, email)
    with frozen_api(site):
        response = page.goto("/account")
        assert response.status == 503
        assert int(response.headers["retry-after"]) > 0
        expect(page.get_by_role("heading", name="We will be right back")).to_be_visible()
    expect(page.get_by_test_id("account-email")).to_have_text(email)
    expect_signed_in(page)


def test_f8_typed_values_are_kept(page, site, email):
    register(page, email)
    sign_out(page)
    with frozen_api(site):
        assert sign_in(page, email).status == 503
        expect(page.locator("#error-summary")).to_contain_text("is unavailable right now")
        expect(page.locator("#email")).to_have_value(email)
    fill_login(page, email)
    assert send(page, "Sign in").status == 303
    expect_signed_in(page, NAME)
