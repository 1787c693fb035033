"""The commands that disable, rename, export and import users, and those for rate limits."""

import json
import subprocess
import warnings

import pytest
from operator_program import SETTINGS, Operator
from site_under_test import PASSWORD, running_site

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import crypt


def test_a_user_is_disabled_and_enabled(operator, email):
    operator.create(email)
    assert operator.run("user", "disable", email)[0] == f"disabled {email}\n"
    assert operator.run("user", "disable", email)[0] == f"{email} is disabled already\n"
    shown = json.loads(operator.run("user", "show", email, "--json")[0])
    assert shown["disabled_at"] and "disabled:" in operator.run("user", "show", email)[0]
    assert "disabled" in operator.run("user", "list", "--search", email)[0]
    assert operator.run("user", "enable", email)[0] == f"enabled {email}\n"
    assert operator.run("user", "enable", email)[0] == f"{email} is not disabled\n"
    assert "disabled_at" not in json.loads(operator.run("user", "show", email, "--json")[0])
    for command in ("disable", "enable"):
        _, error = operator.run("user", command, f"x-{email}", status=1)
        assert error == f"there is no user x-{email}\n"


def test_an_address_is_changed(operator, email):
    made = operator.create(email)
    operator.create(f"taken-{email}")
    changed = json.loads(operator.run("user", "set-email", email, f"New-{email}", "--json")[0])
    assert (changed["id"], changed["email"]) == (made["id"], f"new-{email}")
    _, error = operator.run("user", "set-email", made["id"], f"taken-{email}", status=1)
    assert error == "An account with this email already exists.\n"
    assert "email: Enter an email address" in operator.run("user", "set-email", made["id"], "x", status=64)[1]


def test_identities_are_allowed_again(operator, email):
    made = operator.create(email)
    insert = f"INSERT INTO disconnected_identities VALUES ('google', '1-{email}', '{made['id']}')"
    subprocess.run(["psql", "-qc", insert, operator.settings["DATABASE_URL"]], check=True)
    exported = json.loads(operator.run("user", "export", email)[0])
    assert [each["disconnected"] for each in exported["identities"]] == [True]
    assert (
        "has disconnected no Discord account" in operator.run("user", "allow-identity", email, "discord", status=1)[1]
    )
    assert operator.run("user", "allow-identity", email, "google")[0] == "allowed 1 Google account\n"
    assert "one of google, discord, github" in operator.run("user", "allow-identity", email, "myspace", status=64)[1]


def test_limits_are_listed_and_cleared(email):
    limit = {"LOGIN_LIMIT_ACCOUNT": "2/60000"}
    with running_site(SECRET_KEY=SETTINGS["SECRET_KEY"], **limit) as site:
        operator = Operator(site.database_url)
        wrong = {"email": email, "password": "Wrong-Horse-7"}
        for status in (401, 401, 429):
            assert site.fetch("/api/auth/login", "POST", body=wrong).status == status
        [found] = json.loads(operator.run("limits", "list", email, "--json", **limit)[0])
        assert (found["kind"], found["email"], found["used"], found["attempts"]) == ("account", email, 2, 2)
        assert email in operator.run("limits", "list", email, **limit)[0]
        assert operator.run("limits", "clear", email)[0] == f"cleared 1 limit of {email}\n"
        assert operator.run("limits", "clear", email)[0] == f"nothing to clear for {email}\n"
        assert operator.run("limits", "list", email)[0] == "no limit is in use\n"
        assert operator.run("limits", "clear", "127.0.0.1")[0].endswith(" of 127.0.0.0/24\n")
        assert site.fetch("/api/auth/login", "POST", body=wrong).status == 401


@pytest.mark.parametrize(
    "arguments",
    [
        ["limits", "clear", "neither"],
        ["limits", "list", "neither"],
        ["limits", "list", "--limit", "0"],
        ["user", "disable", "neither"],
        ["user", "export", "a@example.com", "--password-hashes"],
        ["user", "import", "users.txt"],
        ["user", "import", "/nowhere/users.csv"],
    ],
)
def test_a_usage_error_exits_with_64(operator, arguments):
    assert operator.run(*arguments, status=64)[1]


@pytest.mark.parametrize("command", ["disable", "enable", "set-email", "allow-identity", "export", "import"])
def test_every_command_has_help(operator, command):
    out, _ = operator.run("user", command, "--help")
    assert "USAGE: " in out and "OVERVIEW: " in out


def test_a_file_is_imported_and_invalid_rows_are_reported(operator, tmp_path):
    bcrypt = crypt.crypt(PASSWORD, "$2b$04$abcdefghijklmnopqrstuu")
    file = tmp_path / "users.csv"
    file.write_text(
        f"email,name,password_hash\nimport-1@example.com,田中 愛子,{bcrypt}\nnonsense,,\n", encoding="utf-8"
    )
    out, _ = operator.run("user", "import", str(file), "--dry-run", status=1)
    assert out.splitlines()[0].startswith("line 3: email: ")
    assert out.splitlines()[1] == "would be imported: 1, present before: 0, rejected: 1"
    out, _ = operator.run("user", "import", str(file), "--json", status=1)
    fault, counts = (json.loads(line) for line in out.splitlines())
    assert fault["line"] == 3 and counts == {"imported": 1, "present": 0, "rejected": 1}
    file.write_text(f"email,name,password_hash\nimport-1@example.com,田中 愛子,{bcrypt}\n", encoding="utf-8")
    assert operator.run("user", "import", str(file))[0] == "imported: 0, present before: 1, rejected: 0\n"
    # Standard input, as for a container without the file.
    done = subprocess.run(
        [operator.program, "user", "import", "-", "--format", "jsonl"],
        env=operator.settings,
        input='{"email": "import-2@example.com"}\n',
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "imported: 1, present before: 0, rejected: 0\n")
    lines = [json.loads(line) for line in operator.run("user", "export", "--password-hashes")[0].splitlines()]
    assert bcrypt in [line.get("password_hash") for line in lines]
    assert "password_hash" not in operator.run("user", "export")[0]
