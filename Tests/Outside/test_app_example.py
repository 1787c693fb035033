"""The example application rejects bad input; Tests/Browser/example has its pages."""

import urllib.parse

import pytest
from example_application import example_application
from site_under_test import fetch

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def example():
    """The port of a running one."""
    with example_application() as port:
        yield port


def add_note(example, user: str, text: str, **headers: str):
    """Sends a note, as nginx forwards it."""
    body = urllib.parse.urlencode({"text": text}).encode()
    return fetch(example, "/notes", "POST", headers=FORM | {"Remote-User": user} | headers, body=body)


@pytest.mark.parametrize("number", ["0", "-1", "9" * 20, "9" * 5000, "x", "1e400", "%00", "%E6%97%A5"])
def test_the_example_has_no_file_and_no_note_with_an_invalid_number(example, number):
    user = {"Remote-User": "ada"}
    assert fetch(example, f"/files/{number}", headers=user).status == 404
    assert fetch(example, f"/notes/{number}/delete", "POST", headers=user).status == 303


def test_the_example_deletes_a_note_of_its_user_only(example):
    assert add_note(example, "bob", "first").status == 303
    for user, remains in (("eve", True), ("bob", False)):
        assert fetch(example, "/notes/1/delete", "POST", headers={"Remote-User": user}).status == 303
        page = fetch(example, "/notes", headers={"Remote-User": "bob"}).body
        assert (b"first" in page) == remains


@pytest.mark.parametrize("origin", ["http://[", "null", "", "//", "http://evil.example", "https://127.0.0.1:1"])
def test_the_example_rejects_forms_of_other_sites(example, origin):
    assert add_note(example, "eve", "x", Origin=origin).status == 403
    assert add_note(example, "eve", "x", Origin=f"http://127.0.0.1:{example}").status == 303
