"""Backups on servers and terminals that operators have set up (W60)."""

import os
import subprocess

import pytest
from backed_up_site import BackedUpSite, backed_up_site
from site_under_test import ROOT, psql


@pytest.fixture
def site(tmp_path):
    """A separate site for this test."""
    with backed_up_site(tmp_path) as one:
        yield one


ABSENT = """#!/bin/sh
# A psql that finds no database named postgres or $ABSENT.
case "$*" in
*"dbname='postgres'"* | *"dbname='$ABSENT'"*) echo 'FATAL:  the database does not exist' >&2; exit 2 ;;
*) PATH=${PATH#*:}; exec psql "$@" ;;
esac
"""


def test_w60_a_restore_needs_no_database_named_postgres(site, tmp_path):
    """Some hosting companies delete that database."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/psql").write_text(ABSENT)
    (tmp_path / "bin/psql").chmod(0o755)
    path = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    file = site.create()
    assert "A test user signed in" in site.run("drill", **path, ABSENT="template1")
    assert site.databases() == [site.name]
    psql(site.url, "DELETE FROM users")
    site.run("restore", str(file), **path)
    assert site.users() == ["kept@example.com"] and len(site.databases()) == 2


def test_w60_the_restored_database_may_be_the_one_named_postgres(tmp_path):
    """Some hosting companies offer no other database. It cannot be renamed from a connection to itself."""
    cluster = [ROOT / "scripts/postgres"]
    name = "named-postgres"
    try:
        subprocess.run([*cluster, "start", name, "fsync=off"], check=True, capture_output=True)
        url = subprocess.run([*cluster, "url", name, "postgres"], check=True, capture_output=True, text=True).stdout
        site = BackedUpSite(url.strip(), tmp_path)
        file = site.create()
        psql(site.url, "DELETE FROM users")
        site.run("restore", str(file))
        assert site.users() == ["kept@example.com"]
    finally:
        subprocess.run([*cluster, "stop", name], check=True)
        subprocess.run(["rm", "-rf", ROOT / f".build/postgres-{name}"], check=True)


def test_m4_the_encoding_of_the_terminal_does_not_matter(site):
    """Users set PGCLIENTENCODING for psql at a terminal; Shift_JIS and Latin-1 lack some characters."""
    psql(site.url, "UPDATE users SET name = '山田 🍣'")
    file = site.create(PGCLIENTENCODING="SJIS")
    psql(site.url, "DELETE FROM users")
    site.run("restore", str(file), PGCLIENTENCODING="LATIN1")
    assert psql(site.url, "SELECT name FROM users") == "山田 🍣"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u@h/db", "postgresql://u@h/db?dbname=copy"),
        ("postgresql://u@h/db?sslmode=disable", "postgresql://u@h/db?sslmode=disable&dbname=copy"),
        ("postgresql://u@h/db?", "postgresql://u@h/db?dbname=copy"),
        ("postgresql://u@h/db?sslmode=disable&", "postgresql://u@h/db?sslmode=disable&dbname=copy"),
        ("host=h dbname=db", "host=h dbname=db dbname=copy"),
    ],
)
def test_m4_the_database_is_replaced_in_every_form_of_connection_string(url, expected):
    """libpq rejects an empty parameter (&&)."""
    script = f"""
        source {ROOT}/scripts/lib/common.sh
        source {ROOT}/scripts/lib/backup-here.sh
        use_database copy
        printf '%s' "$DATABASE_URL"
    """
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": url}
    run = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout == expected
