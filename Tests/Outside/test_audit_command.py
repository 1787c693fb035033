"""The command that prints the audit trail."""

import json
import re
from urllib.parse import urlencode

import pytest
from operator_program import Operator
from site_under_test import PASSWORD, database, psql

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TITLES = "TIME EVENT HOW USER ADDRESS REQUEST SESSION BROWSER".split()


@pytest.fixture(scope="module")
def owner_url():
    """A new database, with the connection string of its owner."""
    with database() as url:
        yield url


@pytest.fixture(scope="module")
def operator(owner_url):
    """Its operator, with the serving role."""
    return Operator(owner_url)


def audit(operator: Operator, *arguments: str) -> list[dict]:
    """The events, as printed with --json."""
    return [json.loads(line) for line in operator.run("audit", *arguments, "--json")[0].splitlines()]


def test_actions_of_operators_are_found_by_address_after_a_deletion(operator, email):
    made = operator.create(email)
    operator.run("user", "delete", email, "--yes")
    for user in (email, email.upper(), made["id"]):
        events = audit(operator, "--user", user)
        assert [(each["event"], each["user"]) for each in events] == [
            ("user_created", made["id"]),
            ("user_deleted", made["id"]),
        ]
    assert audit(operator, "--user", email, "--event", "user_deleted") == events[1:]
    assert audit(operator, "--user", email, "--since", "1h", "--limit", "1") == events[1:]
    assert audit(operator, "--user", email, "--until", "1h") == []
    assert operator.run("audit", "--user", "nobody@example.com")[0] == "no events\n"
    table = operator.run("audit", "--user", email)[0].splitlines()
    assert [line.split()[1:4] for line in table[1:]] == [[each["event"], "-", made["id"]] for each in events]


def test_a_long_trail_is_printed_completely_with_one_header(operator, owner_url):
    insert = """
        INSERT INTO audit_events (event, address, occurred_at)
        SELECT 'sign_in_failed', '192.0.2.' || n % 250, '2020-01-01'::timestamptz + n * interval '1 second'
        FROM generate_series(0, 2500) AS n
    """
    psql(owner_url, insert)
    since = ["--since", "2020-01-01", "--until", "2020-01-02T00:00:00Z"]
    lines = operator.run("audit", *since)[0].splitlines()
    assert lines[0].split() == TITLES and len(lines) == 2502
    times = [line.split()[0] for line in lines[1:]]
    assert times == sorted(times) and (times[0], times[-1]) == ("2020-01-01T00:00:00Z", "2020-01-01T00:41:40Z")
    newest = audit(operator, *since, "--limit", "1200")
    assert [each["occurred_at"] for each in newest] == times[-1200:]


def test_untrusted_text_cannot_control_the_terminal(operator, owner_url):
    psql(
        owner_url,
        "INSERT INTO audit_events (event, user_agent, occurred_at)"
        " VALUES ('signed_in', E'A\\x1b[31m\\nB\\u202eC', '2019-01-01')",
    )
    out = operator.run("audit", "--until", "2019-01-02")[0]
    assert out.splitlines()[1].endswith("  A?[31m?B?C") and "\x1b" not in out
    raw = operator.run("audit", "--until", "2019-01-02", "--json")[0]
    assert raw.count("\n") == 1 and "\x1b" not in raw and json.loads(raw)["user_agent"] == "A\x1b[31m\nB\u202eC"


@pytest.mark.parametrize(
    "arguments, named",
    [
        (["--since", "yesterday"], "--since"),
        (["--until", "7y"], "--until"),
        (["--since", "1h", "--until", "2h"], "--until"),
        (["--event", "nothing"], "--event"),
        (["--limit", "0"], "--limit"),
        (["--limit", "ten"], "--limit"),
        (["--user", "x"], "--user"),
    ],
)
def test_a_usage_error_exits_with_64_and_names_the_option(operator, arguments, named):
    error = operator.run("audit", *arguments, status=64)[1]
    assert named in error.splitlines()[0]


@pytest.mark.parametrize("time", ["1w", "90m", "1d12h", "2026-11-01", "2026-11-01T08:30:00+09:00", "2026-11-01T08:30Z"])
def test_w76_times_are_accepted_in_every_usual_format(operator, time):
    operator.run("audit", "--since", time)


def test_w76_a_rejected_time_lists_the_formats(operator):
    for option in ("--since", "--until"):
        first = operator.run("audit", option, "last week", status=64)[1].splitlines()[0]
        for form in ("2026-11-01T08:30:00+09:00", "90m", "2w"):
            assert form in first


def test_an_unavailable_database_and_an_old_schema_exit_with_69(operator):
    nowhere = {"DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}
    unreachable = operator.run("audit", status=69, **nowhere)[1].splitlines()[-1]
    assert unreachable.startswith("the database cannot be reached: ") and "Connection refused" in unreachable
    with database() as url:
        assert "AuthAPI migrate up" in operator.run("audit", status=69, DATABASE_URL=url)[1]


def test_audit_events_have_the_request_ids_of_the_responses(operator, site, email):
    """An event of a request through nginx and the pages has the address of the visitor, too."""
    headers = {"User-Agent": "Browser/1.0", "X-Request-ID": "claimed-by-the-client", "X-Real-IP": "192.0.2.1"}
    registration = {"email": email, "password": PASSWORD, "name": "Aiko"}
    registered = site.fetch("/api/auth/register", "POST", headers=headers, body=registration)
    form = urlencode({"email": email, "password": "Wrong-Horse-7"}).encode()
    failed = site.fetch("/login", "POST", headers=headers | FORM, body=form)
    assert (registered.status, failed.status) == (201, 401)
    where = {"DATABASE_URL": site.database_url.replace("//yoshikosan@", "//yoshikosan_api@", 1)}
    out = operator.run("audit", "--user", email, "--json", **where)[0]
    events = [json.loads(line) for line in out.splitlines()]
    assert [(each["event"], each["request_id"], each.get("detail")) for each in events] == [
        ("registered", registered.one("X-Request-ID"), None),
        ("signed_in", registered.one("X-Request-ID"), None),
        ("sign_in_failed", failed.one("X-Request-ID"), "wrong_password"),
    ]
    assert {(each["address"], each["user_agent"], each["email"]) for each in events} == {
        ("127.0.0.1", "Browser/1.0", email)
    }
    table = operator.run("audit", "--user", email, **where)[0]
    assert re.search(r"  signed_in +password +" + re.escape(email), table)
    assert registered.one("X-Request-ID") != "claimed-by-the-client"
