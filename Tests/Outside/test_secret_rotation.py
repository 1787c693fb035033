"""Completing a rotation of SECRET_KEY from the command line (E4)."""

import os
import secrets
import subprocess

from site_under_test import binary, database, psql


def secret_rotate(url: str, **settings: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [binary("AuthAPI"), "secret", "rotate"],
        env={"PATH": os.environ["PATH"], "DATABASE_URL": url, **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_e4_the_command_prints_what_it_encrypted_and_what_no_key_decrypts():
    key, previous = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
    with database() as url:
        empty = secret_rotate(url, SECRET_KEY=key)
        assert empty.returncode == 69, "there is no schema yet"
        migrate = [binary("AuthAPI"), "migrate", "up"]
        subprocess.run(migrate, env={"DATABASE_URL": url, "SECRET_KEY": key}, check=True, capture_output=True)
        nothing = secret_rotate(url, SECRET_KEY=key)
        assert (nothing.returncode, nothing.stderr) == (0, "")
        assert nothing.stdout == "encrypted: 0\nalready current: 0\n"
        psql(url, "insert into users (email, name) values ('ada@example.com', 'Ada')")
        psql(
            url,
            "insert into oauth_accounts (user_id, provider, provider_user_id, access_token, key_version)"
            " select id, 'google', '1', sha256('x'), 7 from users",
        )
        unreadable = secret_rotate(url, SECRET_KEY=key, SECRET_KEY_PREVIOUS=previous)
        assert unreadable.returncode == 78
        assert unreadable.stderr.startswith("cannot be decrypted: 1\n")
        for secret in (key, previous, "ada@example.com"):
            assert secret not in unreadable.stdout + unreadable.stderr


def test_e4_the_command_reports_an_unavailable_database_and_wrong_settings():
    key = secrets.token_urlsafe(48)
    unreachable = secret_rotate("postgresql://nobody@127.0.0.1:1/nothing", SECRET_KEY=key)
    assert unreachable.returncode == 69
    assert "cannot be reached" in unreachable.stderr
    assert secret_rotate("postgresql://nobody@127.0.0.1:1/nothing", SECRET_KEY="short").returncode == 78
