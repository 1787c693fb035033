"""Every page in every state, for the tests of all pages."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from playwright.sync_api import Page
from site_under_test import PASSWORD
from user_actions import path_of


@dataclasses.dataclass(frozen=True)
class Ports:
    """The ports of six sites: normal, without servers, over a limit, by invitation, closed, with many providers."""

    site: int
    empty: int
    strict: int
    invite: int = 0
    closed: int = 0
    many: int = 0


@dataclasses.dataclass(frozen=True)
class State:
    """One page in one state."""

    name: str
    status: int
    open: Callable[[Page, Ports], None]
    # Whether the state requires JavaScript.
    scripted: bool = False


STATES: list[State] = []


def state(name: str, status: int = 200, *, scripted: bool = False):
    """Adds a function that opens a page in the named state."""

    def add(open_page):
        STATES.append(State(name, status, open_page, scripted))
        return open_page

    return add


def visit(page: Page, port: int, path: str, token: str | None = None, **cookies: str):
    """Opens a page with these cookies only, and the session cookie if there is a session."""
    page.context.clear_cookies()
    url = f"http://localhost:{port}"
    if token:
        cookies["access_token"] = token
    page.context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    page.goto(url + path)


def visit_twice(page: Page, port: int):
    """Opens the account page with a second cookie with the session's name, set by another application."""
    page.context.clear_cookies()
    url = f"http://localhost:{port}"
    own = {"name": "access_token", "value": "ada", "url": url}
    other = {"name": "access_token", "value": "foreign", "domain": "localhost", "path": "/account"}
    page.context.add_cookies([own, other])
    page.goto(url + "/account")


def submit(page: Page, /, **values: str):
    """Fills in the page's form and sends it."""
    for name, value in values.items():
        page.locator(f"#{name}").fill(value)
    with page.expect_navigation():
        page.locator("main form.form button[type=submit]").click()


def plain(name: str, path: str, status: int = 200, token: str | None = None, port="site", **cookies: str):
    """Adds a page of the site with these settings that only needs to be opened."""
    state(name, status)(lambda page, ports: visit(page, getattr(ports, port), path, token, **cookies))


plain("home", "/")
plain("home-signed-out", "/?notice=signed-out")
plain("home-signed-in", "/", token="ada")
plain("home-long-name", "/", token="long")
plain("home-emoji-name", "/", token="emoji")
plain("home-arabic-name", "/", token="arabic")
plain("home-signed-out-here", "/?notice=signed-out-here")
plain("login", "/login")
plain("login-return", "/login?return_to=/account")
plain("login-session-over", "/login?return_to=/account&notice=session-over")
plain("login-cookies-off", "/signed-in")
plain("login-connect", "/login?connect=google", oauth_connect="waiting")
plain("address", "/register/address?provider=discord&return_to=/account", oauth_address="waiting")
plain("address-signed-in", "/register/address?provider=discord", token="ada", oauth_address="waiting")
plain("address-long-name", "/register/address?provider=discord", oauth_address="long")
plain("login-connection-over", "/login?connect=google")
plain("login-confirm", "/login?confirm=google&return_to=/account")
plain("login-confirm-signed-in", "/login?confirm=discord&return_to=/account", token="ada")
for failure in (
    "access_denied",
    "email_unverified",
    "identity_taken",
    "identity_disconnected",
    "account_exists",
    "account_disabled",
    "registration_closed",
    "not_invited",
    "domain_not_allowed",
    "provider_unavailable",
    "internal_error",
):
    plain(f"login-{failure}", f"/login?oauth_error={failure}&provider=discord&error_id={'5' * 32}")
plain("register", "/register")
plain("login-many-providers", "/login", port="many")
plain("register-many-providers", "/register", port="many")
plain("account-many-providers", "/account", token="ada", port="many")
plain("recover", "/recover")
plain("login-recovered", "/login?notice=password-recovered")
plain("account", "/account", token="ada")
plain("account-alone", "/account", token="alone")
plain("account-long-name", "/account", token="long")
plain("account-emoji-name", "/account", token="emoji")
plain("account-arabic-name", "/account", token="arabic")
plain("account-many-sessions", "/account", token="many")
plain("account-session-ended", "/account?notice=session-ended", token="ada")
plain("account-connected", "/account?connected=google", token="ada")
plain("account-unusable", "/account", token="moved")
plain("account-identity-taken", "/account?oauth_error=identity_taken&provider=discord", token="ada")
plain("account-password-changed", "/account?notice=password-changed", token="ada")
plain("password", "/account/password", token="ada")
plain("password-long-email", "/account/password", token="emoji")
plain("password-first", "/account/password", token="alone")
plain("password-first-again", "/account/password", token="again")
plain("password-first-stuck", "/account/password", token="stuck")
plain("password-stale", "/account/password?oauth_error=not_reauthenticated&provider=google", token="alone")
plain("deletion", "/account/delete", token="ada")
plain("deletion-without-password", "/account/delete", token="alone")
plain("deletion-again", "/account/delete", token="again")
plain("deletion-differs", "/account/delete?oauth_error=identity_differs&provider=discord", token="ada")
plain("home-account-deleted", "/?notice=account-deleted")
plain("name", "/account/name", token="ada")
plain("name-arabic", "/account/name", token="arabic")
plain("data", "/account/data", token="ada")
state("account-foreign-cookie", 400)(lambda page, ports: visit_twice(page, ports.site))
plain("not-found", "/nothing/here", status=404)
plain("wrong-method", "/logout", status=405)
plain("too-many", "/", status=429, token="busy")
plain("broken", "/", status=500, token="broken")
plain("nginx-not-found", "/health", status=404)


def visit_once(page: Page, port: int, path: str, token: str | None = None):
    """Opens a page that would otherwise reload during the checks."""

    def keep(route):
        response = route.fetch()
        headers = {name: value for name, value in response.headers.items() if name != "refresh"}
        route.fulfill(response=response, headers=headers)

    page.route(f"**{path}", keep)
    visit(page, port, path, token)
    page.unroute(f"**{path}")


@state("unavailable", 503)
def _(page, ports):
    visit_once(page, ports.site, "/account", token="unavailable")


@state("nginx-unavailable", 502)
def _(page, ports):
    visit_once(page, ports.empty, "/login")


@state("nginx-too-many", 429)
def _(page, ports):
    for _ in range(4):
        visit(page, ports.strict, "/login")
        submit(page, email="ada@example.com", password="Wrong-Password-1")
        if page.locator("form.form").count() == 0:
            return


@state("nginx-too-large", 413)
def _(page, ports):
    visit(page, ports.site, "/login")
    submit(page, email="a" * 70_000, password=PASSWORD)


@state("cross-site", 403)
def _(page, ports):
    # The previous page may forbid forms and scripts.
    page.goto("about:blank")
    action = f"http://localhost:{ports.site}/login"
    page.set_content(f'<form class="form" method="post" action="{action}"><button type="submit">x</button></form>')
    with page.expect_navigation():
        page.locator("button").click()


@state("unreadable", 400)
def _(page, ports):
    visit(page, ports.site, "/login")
    page.route("**/login", lambda route: route.continue_(post_data="email=%"))
    submit(page, email="ada@example.com", password=PASSWORD)
    page.unroute("**/login")


def failing(name: str, path: str, status: int, /, token: str | None = None, port="site", waits=None, **values: str):
    """Adds a rejected form, optionally of a provider account that needs an address."""

    def open_page(page, ports):
        visit(page, getattr(ports, port), path, token, **({"oauth_address": waits} if waits else {}))
        submit(page, **values)

    state(name, status)(open_page)


GOOD = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD, "password_confirmation": PASSWORD}
failing("login-wrong", "/login", 401, email="ada@example.com", password="Wrong-Password-1")
failing("login-empty", "/login", 422)
failing("login-disabled", "/login", 403, email="disabled@example.com", password=PASSWORD)
failing("login-busy", "/login?return_to=/account", 429, email="busy@example.com", password=PASSWORD)
failing("login-full", "/login", 503, email="full@example.com", password=PASSWORD)
failing("login-unavailable", "/login", 503, email="unavailable@example.com", password=PASSWORD)
failing("register-empty", "/register", 422)
failing("register-taken", "/register", 409, **GOOD | {"email": "taken@example.com"})
failing("register-common", "/register", 422, **GOOD | {"password": "Password1", "password_confirmation": "Password1"})
failing("register-unavailable", "/register", 503, **GOOD | {"email": "unavailable@example.com"})
BAD = {"name": "a\u202eb", "email": "a@b", "password": "short", "password_confirmation": "short"}
failing("register-wrong", "/register", 422, **BAD)
ADDRESS = "/register/address?provider=discord"
failing("address-empty", ADDRESS, 422, waits="ada", email="")
failing("address-taken", ADDRESS, 409, waits="ada", email="taken@example.com")
failing("address-busy", ADDRESS, 429, waits="ada", email="busy@example.com")
failing("address-invite-wrong", ADDRESS, 422, port="invite", waits="ada", email="uninvited@example.com")
failing("address-domain", ADDRESS, 422, port="invite", waits="ada", email="outside@example.net")
NEW = {"password": "Battery-Staple-8", "password_confirmation": "Battery-Staple-8"}
failing("password-empty", "/account/password", 422, token="ada")
failing("password-wrong", "/account/password", 422, token="ada", current_password="Wrong-Password-1", **NEW)
failing("deletion-empty", "/account/delete", 422, token="ada")
failing("deletion-wrong", "/account/delete", 422, token="ada", email="ada@example.com", password="Wrong-Password-1")
failing("name-empty", "/account/name", 422, token="ada", name=" ")


INVITE = "AbCdEfGhIjKlMnOpQrStUv"


plain("register-closed", "/register", port="closed")
plain("home-closed", "/", port="closed")
plain("login-closed", "/login", port="closed")
plain("register-invite", "/register", port="invite")
plain("register-invited", "/register?provider=google", port="invite")
failing("register-invite-missing", "/register", 422, port="invite", **GOOD)
UNINVITED = GOOD | {"email": "uninvited@example.com", "invite": INVITE}
failing("register-invite-wrong", "/register", 422, port="invite", **UNINVITED)
OUTSIDE = GOOD | {"email": "outside@example.net", "invite": INVITE}
failing("register-domain", "/register", 422, port="invite", **OUTSIDE)


RECOVERY = {"code": INVITE, "password": PASSWORD, "password_confirmation": PASSWORD}
failing("recover-empty", "/recover", 422)
failing("recover-wrong", "/recover", 403, **RECOVERY)
failing("recover-busy", "/recover", 429, **RECOVERY | {"code": "busy"})


@state("recover-link", scripted=True)
def _(page, ports):
    # From the page itself, the browser would not load the link.
    page.goto("about:blank")
    visit(page, ports.site, f"/recover#code={INVITE}")
    assert (page.locator("#code").input_value(), path_of(page)) == (INVITE, "/recover")


@state("register-typing", scripted=True)
def _(page, ports):
    visit(page, ports.site, "/register")
    page.locator("#name").fill("Ada Lovelace")
    page.locator("#email").fill("ada@example.com")
    page.locator("#password").fill("Plum-blossom")


@state("register-mismatch", scripted=True)
def _(page, ports):
    visit(page, ports.site, "/register")
    for name, value in (GOOD | {"password_confirmation": "Another-1"}).items():
        page.locator(f"#{name}").fill(value)
    page.locator("#password_confirmation").press("Enter")


@state("register-shown", scripted=True)
def _(page, ports):
    visit(page, ports.site, "/register")
    page.locator("#password").fill(PASSWORD)
    page.locator(".reveal").first.click()
