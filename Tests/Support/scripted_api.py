"""A scripted API that puts a page into a given state; the pages and nginx in front of it are the real ones."""

import contextlib
import http.server
import json
import re
import secrets
import subprocess
import threading
from http.cookies import SimpleCookie

from site_under_test import PASSWORD, binary, free_ports, kill_on_parent_exit, listens, nginx, wait_until

ADA = {
    "id": "01890a5d-ac96-774b-bcce-b302099a8057",
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "avatar_url": None,
}
LONG = ADA | {"name": "Wolfeschlegelsteinhausenbergerdorff " * 5, "email": f"{'long' * 16}@{'domain' * 10}.example.com"}
# Names without a line break opportunity: one character, and words in both writing directions.
EMOJI = ADA | {"name": "\u200d".join(["\U0001f469"] * 90), "email": f"{'m' * 64}@{'w' * 63}.{'w' * 63}.example"}
ARABIC = ADA | {"name": "\u0645\u0631\u062d\u0628\u0627" * 40}
# The list entry of an enabled provider of each kind, without its key.
PROVIDERS = {
    key: {"kind": kind, "name": {"en": name, "ja": japanese}}
    for key, kind, name, japanese in (
        ("google", "google", "Google", "Google"),
        ("discord", "discord", "Discord", "Discord"),
        ("github", "github", "GitHub", "GitHub"),
        ("line", "line", "LINE", "LINE"),
        ("oidc", "oidc", "the company's directory of employees and contractors", "社員証"),
        ("oidc_2", "oidc", "id.internal.research-and-development.example.com", "id.example.com"),
    )
}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1"


def session(number: int, agent: str, address: str, current: bool) -> dict:
    """A session, as listed by the API."""
    return {
        "id": f"01890a5d-ac96-774b-bcce-b302099a80{number:02}",
        "created_at": f"2026-11-{23 - number}T07:58:00Z",
        "expires_at": f"2026-11-{30 - number}T07:58:00Z",
        "current": current,
        "user_agent": agent,
        "ip_address": address,
    }


HERE = session(1, FIREFOX, "192.0.2.7", True)
PHONE = session(2, IPHONE, "2001:db8:1234:5678:9abc:def0:1234:5678", False)
# The maximum length of a list.
MANY = [HERE, PHONE]
GOOGLE = {
    "id": "01890a5d-ac96-774b-bcce-b302099a8101",
    "provider": "google",
    "email": "ada@gmail.com",
    "linked_at": "2026-10-01T09:30:00Z",
}
# Of a provider that is off, or has another issuer now.
UNUSABLE = {
    "id": "01890a5d-ac96-774b-bcce-b302099a8102",
    "provider": "oidc",
    "email": "ada@company.example",
    "linked_at": "2026-09-01T09:30:00Z",
    "usable": False,
}

# The state of a session cookie: user, sessions, linked accounts, and whether there is a password.
USERS = {
    "ada": (ADA, [HERE, PHONE], [GOOGLE], True),
    "moved": (ADA, [HERE], [GOOGLE, UNUSABLE], True),
    "alone": (ADA, [HERE], [GOOGLE], False),
    # Has just signed in again at Google.
    "again": (ADA, [HERE], [GOOGLE], False),
    "stuck": (ADA, [HERE], [], False),
    "long": (LONG, [HERE], [], True),
    "emoji": (EMOJI, [HERE], [GOOGLE | {"email": EMOJI["email"]}], True),
    "arabic": (ARABIC, [HERE], [], True),
    "many": (ADA, MANY, [], True),
}
INCORRECT = {"code": "incorrect", "detail": "The password is wrong."}
# The API's response by the local part of an email address, or by the session cookie.
PROBLEMS = {
    "broken": (500, "internal_error", None),
    "busy": (429, "too_many_requests", 90),
    "full": (503, "overloaded", 2),
    "unavailable": (503, "service_unavailable", 5),
}


class ScriptedAPI(http.server.BaseHTTPRequestHandler):
    """Responds by cookie, email and password only, without state."""

    protocol_version = "HTTP/1.1"
    # A response in two packets would wait for an acknowledgement.
    wbufsize = -1

    def log_message(self, *_):
        """Logs nothing."""

    def response(self, status: int, body=None, **headers):
        """Sends a response."""
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if body is not None:
            self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def problem(self, status: int, code: str, retry: int | None = None, errors=()):
        """Sends a problem document."""
        body = {"type": "about:blank", "title": code, "status": status, "detail": code, "code": code}
        headers = {} if retry is None else {"Retry-After": str(retry)}
        self.response(status, body | {"errors": list(errors), "request_id": "0" * 32}, **headers)

    def handle_one(self):
        """Responds to every request."""
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        cookies = SimpleCookie(self.headers.get("Cookie", ""))
        token = cookies["access_token"].value if "access_token" in cookies else ""
        if len(set(re.findall(r"\baccess_token=([^;]*)", self.headers.get("Cookie", "")))) > 1:
            token = ""
        wish = body.get("email", "").split("@")[0].lower() or token
        path = self.path.removeprefix("/api/auth/")
        if body.get("code") in PROBLEMS:
            wish = body["code"]
        if wish in PROBLEMS:
            self.problem(*PROBLEMS[wish])
        elif path == "/health/ready":
            self.response(200, {"status": "ok"})
        elif path == "providers":
            self.response(200, {"providers": self.server.providers})
        elif path == "connect" and "oauth_connect" in cookies:
            self.response(200, {"provider": "google", "email": ADA["email"]})
        elif path == "address" and "oauth_address" not in cookies:
            self.problem(404, "no_pending_connection")
        elif path == "address" and self.command == "GET":
            profile = LONG if cookies["oauth_address"].value == "long" else ADA
            self.response(200, {"provider": "discord", "name": profile["name"], "email": profile["email"]})
        elif path == "connect":
            self.problem(404, "no_pending_connection")
        elif path == "login" and body["password"] != PASSWORD:
            self.problem(401, "invalid_credentials")
        elif path == "login" and wish == "disabled":
            self.problem(403, "account_disabled")
        elif path in ("register", "address") and wish == "uninvited":
            self.problem(422, "invalid_fields", errors=[{"field": "invite", "code": "invalid_invite", "detail": ""}])
        elif path in ("register", "address") and wish == "outside":
            self.problem(422, "invalid_fields", errors=[{"field": "email", "code": "domain_not_allowed", "detail": ""}])
        elif path in ("register", "address") and wish == "taken":
            self.problem(409, "email_taken", errors=[{"field": "email", "code": "taken", "detail": "taken"}])
        elif path in ("login", "register", "address"):
            self.response(200 if path == "login" else 201, ADA, Set_Cookie="access_token=ada; HttpOnly; Path=/")
        elif path == "recover":
            self.problem(403, "invalid_recovery_code")
        elif path == "logout":
            self.response(204, Set_Cookie="access_token=; HttpOnly; Path=/; Max-Age=0")
        elif token not in USERS:
            self.problem(401, "unauthenticated")
        else:
            self.respond_to_user(path, body, *USERS[token])

    def respond_to_user(self, path, body, user, sessions, identities, has_password):
        """Responds to a signed-in user."""
        if path == "me":
            self.response(200, user)
        elif path == "password" and body["current_password"] != PASSWORD:
            self.problem(422, "invalid_fields", errors=[{"field": "current_password"} | INCORRECT])
        elif path == "password":
            self.response(200, user, Set_Cookie="access_token=ada; HttpOnly; Path=/")
        elif path == "name" and not body["name"].strip():
            self.problem(422, "invalid_fields", errors=[{"field": "name", "code": "required", "detail": "required"}])
        elif path == "name":
            self.response(200, user | {"name": body["name"]})
        elif path == "confirmation":
            self.response(200, self.confirmation(identities, has_password))
        elif path == "delete" and body["email"] != user["email"]:
            self.problem(422, "invalid_fields", errors=[{"field": "email", "code": "mismatch", "detail": "mismatch"}])
        elif path == "delete" and body.get("password") not in (None, PASSWORD):
            self.problem(422, "invalid_fields", errors=[{"field": "password"} | INCORRECT])
        elif path == "delete":
            self.response(204, Set_Cookie="access_token=; HttpOnly; Path=/; Max-Age=0")
        elif path == "data":
            self.response(200, {"account": user})
        elif path == "sessions":
            self.response(200, self.session_list(sessions))
        elif path == "identities":
            self.response(200, {"identities": identities, "has_password": has_password})
        elif self.command == "DELETE":
            self.response(204)
        else:
            self.problem(404, "not_found")

    def confirmation(self, identities, has_password) -> dict:
        """How a user can confirm a change."""
        is_recent = "access_token=again" in self.headers.get("Cookie", "")
        return {
            "has_password": has_password,
            "reauthenticated_until": "2026-11-23T08:08:00Z" if is_recent else None,
            "providers": [{"provider": each["provider"], "ticket": "ticket"} for each in identities],
        }

    def session_list(self, sessions) -> dict:
        """The responses about sessions."""
        if self.command == "DELETE":
            return {"ended": 1}
        return {"sessions": sessions, "total": 200_001 if sessions is MANY else len(sessions)}

    do_GET = do_POST = do_DELETE = handle_one


@contextlib.contextmanager
def showcase(providers: tuple = ("google", "discord"), **settings: str):
    """The pages and nginx in front of the scripted API; yields nginx's port and the frontend's."""
    [port] = free_ports(1)
    api = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ScriptedAPI)
    api.daemon_threads = True
    api.providers = [PROVIDERS[key] | {"provider": key} for key in providers]
    threading.Thread(target=api.serve_forever, daemon=True).start()
    environment = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FRONTEND_HOST": "127.0.0.1",
        "FRONTEND_PORT": str(port),
        "API_URL": f"http://127.0.0.1:{api.server_port}",
        "LOG_LEVEL": "ERROR",
        **settings,
    }
    command = [*kill_on_parent_exit(), binary("WebFrontend"), "serve"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: listens(port) or process.poll() is not None, "the frontend listens")
        assert process.poll() is None
        look = {name: value for name, value in settings.items() if name.startswith("SITE_")}
        with nginx(api.server_port, port, CREDENTIAL_RATE="60000", CREDENTIAL_BURST="60000", **look) as front:
            yield front.port, port
    finally:
        process.kill()
        process.wait()
        api.shutdown()
        api.server_close()
