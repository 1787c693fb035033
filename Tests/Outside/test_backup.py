"""Backups of the database: complete, restored into a separate database first, checked by drills (M4)."""

import hashlib
import os
import re
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from backed_up_site import backed_up_site
from site_under_test import psql


@pytest.fixture
def site(tmp_path):
    """A separate site for this test."""
    with backed_up_site(tmp_path) as one:
        yield one


def seal(file: Path) -> None:
    """Updates the checksum of a file that a test has changed."""
    sum_file = Path(f"{file}.sha256")
    sum_file.write_text(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n")


def test_m4_a_backup_is_complete_private_and_has_a_checksum(site):
    file = site.create()
    assert re.fullmatch(rf"{site.name}-\d{{8}}T\d{{6}}Z\.dump", file.name)
    modes = [each.stat().st_mode & 0o777 for each in (site.folder, file, Path(f"{file}.sha256"))]
    assert modes == [0o700, 0o600, 0o600]
    subprocess.run(["sha256sum", "--check", "--strict", f"{file.name}.sha256"], cwd=site.folder, check=True)
    assert len(list(site.folder.iterdir())) == 2


def test_m4_a_backup_that_fails_leaves_nothing_behind(site):
    url = site.url.replace(f"/{site.name}?", f"/{site.name}_not_there?")
    site.run("create", status=2, MIGRATION_DATABASE_URL=url)
    assert not site.folder.exists()
    assert "no backup can be written to /proc/self" in site.run("create", status=1, BACKUPS="/proc/self")
    # A table that the role cannot read makes pg_dump fail half-way.
    site.run("create", status=1, MIGRATION_DATABASE_URL=site.environment["DATABASE_URL"])
    assert not list(site.folder.iterdir())


def test_m4_a_restore_restores_everything_and_keeps_the_previous_data(site):
    file = site.create()
    psql(site.url, "UPDATE users SET email = 'later@example.com'")
    output = site.run("restore", str(file))
    assert site.users() == ["kept@example.com"]
    former = [name for name in site.databases() if name != site.name]
    assert len(former) == 1 and former[0] in output
    assert psql(site.url.replace(f"/{site.name}?", f"/{former[0]}?"), "SELECT email FROM users") == "later@example.com"

    # The API's role has exactly its privileges; another backup and restore work as before.
    serving = site.environment["DATABASE_URL"]
    assert psql(serving, "SELECT count(*) FROM users") == "1"
    with pytest.raises(subprocess.CalledProcessError):
        psql(serving, "TRUNCATE users")


def test_m4_a_backup_that_exceeds_the_buffer_of_a_pipe_is_restored(site):
    """pg_restore does not read to the end of its input when it lists the contents."""
    many = "SELECT md5(number::text) || '@example.com', 'Many' FROM generate_series(1, 5000) AS number"
    psql(site.url, f"INSERT INTO users (email, name) {many}")
    file = site.create()
    assert file.stat().st_size > 2 * 65_536
    assert re.search(r"public\.users +5001 +5001 +5001$", site.run("drill"), re.MULTILINE)
    psql(site.url, "DELETE FROM users")
    site.run("restore", str(file))
    assert len(site.users()) == 5001


def test_m4_the_name_of_the_database_may_be_long_and_need_quotes(site):
    """PostgreSQL truncates names to 63 bytes: with a suffix, this name would become itself, and the data be lost."""
    server = site.url.replace(f"/{site.name}?", "/postgres?")
    name = f"{site.name} it's ".ljust(63, "x")
    urls = {
        key: site.environment[key].replace(f"/{site.name}?", f"/{quote(name)}?")
        for key in ("MIGRATION_DATABASE_URL", "DATABASE_URL")
    }
    psql(server, f'ALTER DATABASE {site.name} RENAME TO "{name}"')
    try:
        site.run("create", **urls)
        [file] = site.folder.glob("*.dump")
        assert "A test user signed in" in site.run("drill", **urls)
        psql(urls["MIGRATION_DATABASE_URL"], "UPDATE users SET email = 'later@example.com'")
        former = re.search(r'drop database "([^"]+)"$', site.run("restore", str(file), **urls), re.MULTILINE)[1]
        assert psql(urls["MIGRATION_DATABASE_URL"], "SELECT email FROM users") == "kept@example.com"
        url = site.url.replace(f"/{site.name}?", f"/{former}?")
        assert psql(url, "SELECT email FROM users") == "later@example.com"
    finally:
        psql(server, f'ALTER DATABASE "{name}" RENAME TO {site.name}')


def test_m4_a_restore_requires_confirmation(site):
    file = site.create()
    assert "YES=1" in site.run("restore", str(file), status=1, YES="")
    assert site.databases() == [site.name]


def test_m4_a_damaged_or_newer_backup_changes_nothing(site):
    """The live data is not touched, and the attempt leaves nothing behind."""
    file = site.create()
    whole = file.read_bytes()
    file.write_bytes(whole[:3000] + b"x" + whole[3001:])
    assert "is damaged" in site.run("restore", str(file), status=1)
    # Truncated, with a correct checksum: only PostgreSQL can detect it.
    file.write_bytes(whole[: len(whole) - 2000])
    seal(file)
    site.run("restore", str(file), status=1)
    Path(f"{file}.sha256").unlink()
    assert "sha256 is missing" in site.run("restore", str(file), status=1)
    file.unlink()
    assert "does not exist" in site.run("restore", str(file), status=1)
    # A backup of another program's table.
    psql(site.url, "CREATE TABLE notes (body text)")
    subprocess.run(["pg_dump", "--format=custom", "--table=notes", f"--file={file}", site.url], check=True)
    psql(site.url, "DROP TABLE notes")
    seal(file)
    assert "does not contain this system's tables" in site.run("restore", str(file), status=1)
    file.unlink()

    psql(site.url, "INSERT INTO yoshikosan_schema_migrations (version, name, checksum) VALUES (9999, 'later', '')")
    newer = site.create()
    psql(site.url, "DELETE FROM yoshikosan_schema_migrations WHERE version = 9999")
    assert "migration 9999" in site.run("restore", str(newer), status=1)
    assert "migration 9999" in site.run("drill", status=1)

    assert site.users() == ["kept@example.com"]
    assert site.databases() == [site.name]


def test_m4_a_drill_signs_in_with_the_newest_backup_and_cleans_up(site):
    assert "there is no backup" in site.run("drill", status=1)
    file = site.create()
    hours_ago = file.stat().st_mtime - 3 * 3600
    os.utime(file, (hours_ago, hours_ago))
    psql(site.url, "INSERT INTO users (email, name) VALUES ('since@example.com', 'Since')")
    output = site.run("drill")
    assert f"{file}, 0 days, 3 hours and" in output
    assert re.search(r"public\.users +1 +1 +2$", output, re.MULTILINE)
    assert "A test user signed in" in output
    assert site.databases() == [site.name]
    assert site.users() == ["kept@example.com", "since@example.com"]
    # `AuthAPI doctor` and the metrics read these rows.
    assert psql(site.url, "SELECT string_agg(kind, ' ' ORDER BY kind) FROM backup_status") == "backup drill"


def test_w91_only_the_newest_backups_are_kept(site):
    """BACKUP_KEEP deletes older backups of the same database, with their checksums, and nothing else."""
    others = ["notes.txt", f"{site.name}_other-20260101T000000Z.dump", "other-20260101T000000Z.dump"]
    old = [f"{site.name}-2026010{day}T000000Z.dump{suffix}" for day, suffix in ((1, ""), (2, ".age"), (3, ""))]
    site.folder.mkdir(mode=0o700)
    for name in others + old:
        (site.folder / name).write_text("")
        (site.folder / f"{name}.sha256").write_text("")
    for wrong in ("0", "-1", "many", "1.5"):
        assert "BACKUP_KEEP" in site.run("create", status=78, BACKUP_KEEP=wrong)
    site.run("create", BACKUP_KEEP=" 2\r\n")
    left = {path.name for path in site.folder.iterdir()}
    new = {name for name in left if name.startswith(f"{site.name}-2") and name not in old and name.endswith(".dump")}
    assert len(new) == 1
    expected = {*others, old[2], *new}
    assert left == expected | {f"{name}.sha256" for name in expected}


def test_w91_a_new_backup_is_kept_although_older_ones_have_a_later_date(site):
    """A wrong clock gave the older ones their dates."""
    site.folder.mkdir(mode=0o700)
    (site.folder / f"{site.name}-20990101T000000Z.dump").write_text("")
    site.run("create", BACKUP_KEEP="1")
    [file] = site.folder.glob("*.dump")
    assert file.stat().st_size > 0


def test_w91_the_folder_of_the_backups_may_be_a_link(site, tmp_path):
    (tmp_path / "disk").mkdir()
    site.folder.symlink_to(tmp_path / "disk")
    old = site.folder / f"{site.name}-20260101T000000Z.dump"
    old.write_text("")
    site.run("create", BACKUP_KEEP="1")
    assert not old.exists()
    assert "A test user signed in" in site.run("drill")


def test_w70_the_backup_commands_read_settings_with_white_space_and_a_tilde(site, tmp_path):
    secret = tmp_path / "url"
    secret.write_text(f"{site.environment['DATABASE_URL']}\r\n")
    settings = {"HOME": str(tmp_path), "BACKUPS": "~/kept ", "DATABASE_URL": "", "DATABASE_URL_FILE": str(secret)}
    site.run("create", **settings)
    assert len(list((tmp_path / "kept").glob("*.dump"))) == 1
    assert "A test user signed in" in site.run("drill", **settings)
    assert f"{tmp_path}/absent.dump does not exist" in site.run("restore", "~/absent.dump", status=1, **settings)


DATE = """#!/bin/sh
# The next second at each call.
read -r second <"$SECOND"
echo $((second + 1)) >"$SECOND"
echo "20260101T00000${second}Z"
"""


def test_w91_two_backups_in_one_second_have_separate_files(site, tmp_path):
    """In the same second, another command has completed one backup and is writing another."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/date").write_text(DATE)
    (tmp_path / "bin/date").chmod(0o755)
    (tmp_path / "second").write_text("1\n")
    site.folder.mkdir()
    others = [site.folder / f"{site.name}-20260101T00000{end}" for end in ("1Z.dump.partial", "2Z.dump")]
    for other in others:
        other.write_text("another")
    site.run("create", PATH=f"{tmp_path}/bin:{os.environ['PATH']}", SECOND=str(tmp_path / "second"))
    assert [other.read_text() for other in others] == ["another", "another"]
    assert (site.folder / f"{site.name}-20260101T000003Z.dump").stat().st_size > 1000


def test_w91_a_drill_deletes_what_a_killed_drill_left(site):
    """Its database is a copy of all users. A drill that may still be running keeps its database."""
    others = [f"{site.name}_drill_{time.strftime('%Y%m%d%H%M%S', time.gmtime())}", f"{site.name}_drill_notes"]
    for name in (f"{site.name}_drill_20260101000000", *others):
        psql(site.url, f'CREATE DATABASE "{name}"')
    site.create()
    assert f"Deleted the database {site.name}_drill_20260101000000" in site.run("drill")
    assert site.databases() == sorted([site.name, *others])


def test_w91_an_encrypted_backup_is_restored_with_its_key_only(site, tmp_path):
    """With BACKUP_RECIPIENT, no unencrypted data reaches the folder; drill and restore need the private key."""
    identity, other = tmp_path / "identity", tmp_path / "other"
    for file in (identity, other):
        subprocess.run(["age-keygen", "-o", file], check=True, capture_output=True)
    recipient = re.search(r"age1\w+", identity.read_text())[0]
    recipients = tmp_path / "recipients"
    recipients.write_text(f"{recipient}\n")
    assert "BACKUP_RECIPIENT" in site.run("create", status=78, BACKUP_RECIPIENT="age1wrong")
    private = re.search(r"AGE-SECRET-KEY-\w+", identity.read_text())[0]
    for name in ("BACKUP_RECIPIENT", "BACKUP_IDENTITY"):
        output = site.run("create", status=78, **{name: private})
        assert f"{name} contains a private key" in output and private not in output
    assert not site.folder.exists()
    # The value is from .env, so no shell has expanded the tilde.
    output = site.run("create", HOME=str(tmp_path), BACKUP_RECIPIENT="~/recipients ")
    assert "email addresses and password hashes, encrypted" in output and "public.users 1" in output
    (file,) = site.folder.glob("*.dump.age")
    assert file.read_bytes().startswith(b"age-encryption.org/v1") and b"kept@example.com" not in file.read_bytes()
    assert {path.name for path in site.folder.iterdir()} == {file.name, f"{file.name}.sha256"}

    assert "BACKUP_IDENTITY" in site.run("restore", str(file), status=78)
    assert "cannot be decrypted" in site.run("restore", str(file), status=78, BACKUP_IDENTITY=str(other))
    assert "A test user signed in" in site.run("drill", HOME=str(tmp_path), BACKUP_IDENTITY="~/identity\r")
    psql(site.url, "DELETE FROM users")
    site.run("restore", str(file), BACKUP_IDENTITY=str(identity))
    assert site.users() == ["kept@example.com"]
