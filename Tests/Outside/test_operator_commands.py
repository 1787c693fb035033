"""The commands for users and sessions."""

import json
import re
import subprocess

import pytest
from operator_program import at_terminal
from site_under_test import PASSWORD, database


def test_a_user_is_created_found_and_deleted(operator, email):
    made = operator.create(email, "田中 愛子")
    assert (made["email"], made["has_password"], made["sessions"]) == (email, True, 0)
    for reference in (email, email.upper(), made["id"], made["id"].upper()):
        assert json.loads(operator.run("user", "show", reference, "--json")[0]) == made
    assert re.search(f"^email: +{email}$", operator.run("user", "show", email)[0], re.MULTILINE)
    assert operator.run("user", "delete", email, "--yes")[0] == f"deleted {email}\n"
    for command in (["show", email], ["delete", made["id"], "--yes"], ["end-sessions", email]):
        out, error = operator.run("user", *command, status=1)
        assert (out, error) == ("", f"there is no user {command[1]}\n")


def test_lists_have_pages_newest_first(operator):
    made = [operator.create(f"part-{number}@example.com")["id"] for number in range(5)][::-1]
    out, error = operator.run("user", "list", "--search", "PART-", "--limit", "2", "--json")
    assert [each["id"] for each in json.loads(out)] == made[:2]
    out, error = operator.run("user", "list", "--search", "PART-", "--limit", "2")
    assert error == f"more: --after {made[1]}\n"
    assert out.splitlines()[0].split() == ["EMAIL", "SIGNS", "IN", "BY", "SESSIONS", "CREATED", "ID", "NAME"]
    out, error = operator.run("user", "list", "--search", "PART-", "--limit", "4", "--after", made[1])
    assert error == ""
    assert [line.split()[0] for line in out.splitlines()[1:]] == [f"part-{number}@example.com" for number in (2, 1, 0)]
    assert operator.run("user", "list", "--search", "nobody has this")[0] == "no users\n"


def test_a_user_is_created_by_the_rules_of_registration(operator, email):
    create = ["user", "create", email, "--name", "Aiko"]
    _, error = operator.run(*create, password="short", status=64)
    assert error.splitlines() == [
        "The password must have at least 8 characters.",
        "The password must have an upper-case letter.",
        "The password must have a digit.",
    ]
    assert "short" not in error
    assert "Enter an email address" in operator.run("user", "create", "aiko", "--name", "A", status=64)[1]
    assert "standard input is empty" in operator.run(*create, status=64)[1]
    operator.create(email)
    assert operator.run(*create, password=PASSWORD, status=1)[1] == "An account with this email already exists.\n"


def test_a_name_cannot_control_the_terminal(operator, email):
    """Control characters in the name of an old row are replaced."""
    made = operator.create(email)
    url = operator.settings["DATABASE_URL"]
    rename = f"UPDATE users SET name = E'A\\x1b[31m\\nB' WHERE id = '{made['id']}'"
    subprocess.run(["psql", "-qc", rename, url], check=True)
    for out in (operator.run("user", "show", email)[0], operator.run("user", "list", "--search", email)[0]):
        assert "A?[31m?B" in out and "\x1b" not in out


def test_sessions_are_listed_and_ended(operator, email):
    made = operator.create(email)
    insert = f"""
        INSERT INTO sessions (user_id, token_hash, user_agent, ip_address, created_at, expires_at)
        SELECT '{made["id"]}', sha256(('{email}' || n)::bytea), 'Browser ' || n, '192.0.2.' || n,
            now() - n * interval '1 minute', now() + interval '1 day' FROM generate_series(1, 3) AS n
    """
    subprocess.run(["psql", "-qc", insert, operator.settings["DATABASE_URL"]], check=True)
    sessions = json.loads(operator.run("session", "list", "--user", email, "--json")[0])
    assert [each["user_agent"] for each in sessions] == ["Browser 1", "Browser 2", "Browser 3"]
    assert "token" not in json.dumps(sessions)
    table = operator.run("session", "list", "--user", email)[0]
    assert sessions[2]["id"] in table and "192.0.2.3" in table

    assert operator.run("session", "end", sessions[0]["id"])[0] == "ended 1 session\n"
    assert "there is no live session" in operator.run("session", "end", sessions[0]["id"], status=1)[1]
    assert json.loads(operator.run("user", "show", email, "--json")[0])["sessions"] == 2
    assert operator.run("user", "end-sessions", email)[0] == "ended 2 sessions\n"
    assert operator.run("session", "list", "--user", email)[0] == "no live sessions\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["user"] + ["list", "--limit", "0"],
        ["user", "list", "--after", "x"],
        ["user", "show", "neither id nor address"],
        ["user", "delete", "a@example.com"],
        ["session", "end", "x"],
        ["session", "list", "--user", "x"],
        ["user", "frobnicate"],
    ],
)
def test_a_usage_error_exits_with_64(operator, arguments):
    assert operator.run(*arguments, status=64)[1]


def test_an_unavailable_database_exits_with_69_and_wrong_settings_with_78(operator):
    nowhere = {"DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "DATABASE_POOL_TIMEOUT": "1"}
    unreachable = operator.run("user", "list", status=69, **nowhere)
    assert unreachable[1].startswith("the database cannot be reached: ")
    assert "Connection refused" in unreachable[1]
    assert operator.run("user", "list", status=78, SECRET_KEY="short")[1].startswith("SECRET_KEY:")
    with database() as url:
        assert "AuthAPI migrate up" in operator.run("user", "list", status=69, DATABASE_URL=url)[1]


def test_at_a_terminal_passwords_are_hidden_and_confirmed(operator, email):
    create = ["user", "create", email, "--name", "Aiko"]
    status, seen = at_terminal(operator, create, PASSWORD + "x\n", PASSWORD + "\n")
    assert (status, PASSWORD in seen) == (64, False)
    assert "the passwords do not match" in seen
    # The operator mistypes the last character and deletes it with Backspace.
    status, seen = at_terminal(operator, create, PASSWORD + "é\x7f\n", PASSWORD + "\n")
    assert (status, PASSWORD in seen) == (0, False), seen
    status, seen = at_terminal(operator, create, "half\x03")
    assert status == 130

    delete = ["user", "delete", email]
    assert at_terminal(operator, delete, "no\n")[0] == 1
    status, seen = at_terminal(operator, delete, f"{email}\n")
    assert status == 0 and f"deleted {email}" in seen


def test_w75_only_the_user_that_was_shown_is_deleted(operator, email):
    """The address moves to another user while the operator reads the question."""
    shown = operator.create(email)
    heirs = []

    def move() -> None:
        rename = f"UPDATE users SET email = 'moved-{email}' WHERE id = '{shown['id']}'"
        subprocess.run(["psql", "-qc", rename, operator.settings["DATABASE_URL"]], check=True)
        heirs.append(operator.create(email))

    status, seen = at_terminal(operator, ["user", "delete", email], f"{email}\n", when_asked=move)
    assert status == 1
    assert "nothing was deleted" in seen and shown["id"] in seen
    for user in (shown, *heirs):
        assert json.loads(operator.run("user", "show", user["id"], "--json")[0])["id"] == user["id"]
