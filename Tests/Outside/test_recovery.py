"""One-time links for users who have forgotten their password, from the operator's command to the new sign-in."""

import json
import os
import re
import subprocess

from operator_program import SETTINGS, Operator, at_terminal
from site_under_test import PASSWORD, running_site, wait_until

NEW = "Battery-Staple-8"
LINK = re.compile(r"^http://localhost:\d+/recover#code=([A-Za-z0-9_-]{22})\n$")


def post(site, path: str, form: str):
    """Sends a form like a browser."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    return site.fetch(path, "POST", body=form.encode(), headers=headers)


def test_the_command_prints_one_link_and_its_user(operator, email):
    operator.create(email)
    out, error = operator.run("user", "recover", email, "--yes")
    assert LINK.match(out) and re.match(r"valid until \S+, for one use:\n$", error)
    made = json.loads(operator.run("user", "recover", email, "--valid", "2d", "--yes", "--json")[0])
    assert made["email"] == email and LINK.match(made["link"] + "\n")
    assert "add --yes" in operator.run("user", "recover", email, status=64)[1]
    assert operator.run("user", "recover", f"x-{email}", "--yes", status=1)[1] == f"there is no user x-{email}\n"
    for valid in ("8d", "0s", "1", "soon"):
        assert operator.run("user", "recover", email, "--yes", "--valid", valid, status=64)[1]
    operator.run("user", "disable", email)
    _, error = operator.run("user", "recover", email, "--yes", status=1)
    # The fix names the user by ID, because an email address could contain shell syntax.
    assert re.fullmatch(rf"{re.escape(email)} is disabled\n  fix: AuthAPI user enable [0-9a-f-]{{36}}\n", error)


def test_at_a_terminal_the_command_shows_the_account_before_it_asks(operator, email):
    operator.create(email, "Aiko Tanaka")
    status, seen = at_terminal(operator, ["user", "recover", email], "no\n")
    assert status == 1 and "no link was created" in seen and "#code=" not in seen
    status, seen = at_terminal(operator, ["user", "recover", email], f"{email}\n")
    before, after = seen.split("|")
    assert status == 0 and "#code=" in after
    for text in ("Aiko Tanaka", "created:", "last sign-in:    none", "signs in by:     password"):
        assert text in before


def test_the_code_reaches_no_log_and_is_not_on_the_page(email):
    """PostgreSQL logs every statement and its parameters, as operators configure it to find slow ones."""
    with running_site(SECRET_KEY=SETTINGS["SECRET_KEY"], LOG_LEVEL="DEBUG", DATABASE_POOL_SIZE="1") as site:
        name = site.database_url.split("?")[0].rsplit("/", 1)[1]
        for setting in ("log_min_duration_statement = 0", "log_parameter_max_length = -1"):
            subprocess.run(["psql", "-qc", f"ALTER DATABASE {name} SET {setting}", site.database_url], check=True)
        log = subprocess.run(
            ["psql", "-Atc", "SELECT current_setting('data_directory')", site.database_url],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        # New connections have the settings.
        terminate = f"""
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()
        """
        subprocess.run(["psql", "-qAtc", terminate, site.database_url], check=True, capture_output=True)
        login = {"email": email, "password": PASSWORD}
        wait_until(lambda: site.fetch("/api/auth/login", "POST", body=login).status == 401, "the connection is back")
        operator = Operator(site.database_url)
        operator.settings["PUBLIC_URL"] = site.url
        operator.create(email)
        link = operator.run("user", "recover", email, "--yes")[0]
        code = LINK.match(link)[1]
        assert link.startswith(f"{site.url}/recover#code=")

        plain = site.fetch("/recover")
        scanned = site.fetch(f"/recover?code={code}")
        assert plain.status == scanned.status == 200 and plain.body == scanned.body
        for response in (plain, scanned):
            assert response.one("Cache-Control") == "no-store" and response.one("Referrer-Policy") == "same-origin"
        for wrong in ("x", "A" * 22):
            refused = post(site, "/recover", f"code={wrong}&password={NEW}&password_confirmation={NEW}")
            assert refused.status == 403
        body = {"code": code, "password": "short"}
        assert site.fetch("/api/auth/recover", "POST", body=body).status == 422
        form = f"code={code}&password={NEW}&password_confirmation={NEW}"
        done = post(site, "/recover", form)
        assert (done.status, done.one("Location")) == (303, "/login?notice=password-recovered")
        assert done.headers.get_all("Set-Cookie") is None
        assert post(site, "/recover", form).status == 403
        for password, status in ((PASSWORD, 401), (NEW, 200)):
            assert site.fetch("/api/auth/login", "POST", body={"email": email, "password": password}).status == status

        logs = site.logs()
        assert '"path":"/recover"' in logs and "/api/auth/recover" in logs
        assert code not in logs and NEW not in logs
        server = log_of(log)
        assert "password_recoveries" in server and name and code not in server and NEW not in server


def log_of(data_directory: str) -> str:
    """PostgreSQL's own log, beside its data."""
    folder = os.path.dirname(data_directory)
    found = [os.path.join(folder, each) for each in os.listdir(folder) if "log" in each]
    texts = []
    for path in found:
        if os.path.isfile(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                texts.append(file.read())
    assert texts, f"no log in {folder}"
    return "".join(texts)
