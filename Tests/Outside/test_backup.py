"""Backups of the database: written whole, restored beside the data first, tried out (M4)."""

import hashlib
import os
import re
import subprocess
from pathlib import Path

import pytest
from site_under_test import PASSWORD, ROOT, binary, database, psql


class Site:
    """A database with its two roles and a user in it, and the settings that name it."""

    def __init__(self, url: str, folder: Path):
        self.url = url
        self.name = psql(url, "SELECT current_database()")
        self.folder = folder / "backups"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("POSTGRES_")} | {
            "MIGRATION_DATABASE_URL": url,
            "DATABASE_URL": url.replace("//yoshikosan@", "//yoshikosan_api@", 1),
            "DEV_FOLDER": str(folder / "dev"),
            "BACKUPS": str(self.folder),
            "YES": "1",
            "ARGON2_MEMORY_KIB": "8192",
        }
        settings = self.environment | {"SECRET_KEY": "kX1vV0mUqk6J2m3m1m9Zb7yQw5d8Rk4TtYpLs0Ae"}
        for command in (["migrate", "up"], ["user", "create", "kept@example.com", "--name", "Kept"]):
            subprocess.run(
                [binary("AuthAPI"), *command], env=settings, input=PASSWORD, text=True, check=True, capture_output=True
            )

    def run(self, *arguments: str, status: int = 0, **settings: str) -> str:
        """Runs scripts/backup; answers with all that it said."""
        done = subprocess.run(
            [ROOT / "scripts/backup", "here", *arguments], env=self.environment | settings,
            capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def create(self) -> Path:
        """Makes a backup, which is to be the only one."""
        self.run("create")
        (file,) = self.folder.glob("*.dump")
        return file

    def users(self) -> list[str]:
        """The addresses in the database."""
        return psql(self.url, "SELECT email FROM users ORDER BY email").splitlines()

    def databases(self) -> list[str]:
        """Those of the server that belong to this site."""
        query = f"SELECT datname FROM pg_database WHERE datname LIKE '{self.name}%' ORDER BY 1"
        return psql(self.url, query).splitlines()


@pytest.fixture
def site(tmp_path):
    """A site of this test's own."""
    with database() as url:
        one = Site(url, tmp_path)
        try:
            yield one
        finally:
            for name in one.databases():
                if name != one.name:
                    psql(url.replace(f"/{one.name}?", "/postgres?"), f'drop database "{name}" with (force)')


def seal(file: Path) -> None:
    """Gives a file that a test has changed the checksum that belongs to it."""
    sum_file = Path(f"{file}.sha256")
    sum_file.write_text(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n")


def test_m4_a_backup_is_whole_private_and_has_its_checksum(site):
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
    # A table that the role may not read makes pg_dump fail half-way.
    site.run("create", status=1, MIGRATION_DATABASE_URL=site.environment["DATABASE_URL"])
    assert not list(site.folder.iterdir())


def test_m4_a_restore_brings_everything_back_and_keeps_what_was_there(site):
    file = site.create()
    psql(site.url, "UPDATE users SET email = 'later@example.com'")
    said = site.run("restore", str(file))
    assert site.users() == ["kept@example.com"]
    former = [name for name in site.databases() if name != site.name]
    assert len(former) == 1 and former[0] in said
    assert psql(site.url.replace(f"/{site.name}?", f"/{former[0]}?"), "SELECT email FROM users") == "later@example.com"

    # The API's role has its rights and no more; the next backup and restore find all as before.
    serving = site.environment["DATABASE_URL"]
    assert psql(serving, "SELECT count(*) FROM users") == "1"
    with pytest.raises(subprocess.CalledProcessError):
        psql(serving, "TRUNCATE users")


def test_m4_a_restore_asks_first(site):
    file = site.create()
    assert "YES=1" in site.run("restore", str(file), status=1, YES="")
    assert site.databases() == [site.name]


def test_m4_a_backup_that_is_damaged_or_newer_costs_nothing(site):
    """The live data are not touched, and nothing is left of the attempt."""
    file = site.create()
    whole = file.read_bytes()
    file.write_bytes(whole[:3000] + b"x" + whole[3001:])
    assert "is damaged" in site.run("restore", str(file), status=1)
    # Cut off, with a checksum that fits: only PostgreSQL can tell.
    file.write_bytes(whole[: len(whole) - 2000])
    seal(file)
    site.run("restore", str(file), status=1)
    Path(f"{file}.sha256").unlink()
    assert "sha256 is missing" in site.run("restore", str(file), status=1)
    file.unlink()
    assert "there is no file" in site.run("restore", str(file), status=1)

    psql(site.url, "INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, 'later', '')")
    newer = site.create()
    psql(site.url, "DELETE FROM schema_migrations WHERE version = 9999")
    assert "migration 9999" in site.run("restore", str(newer), status=1)
    assert "migration 9999" in site.run("drill", status=1)

    assert site.users() == ["kept@example.com"]
    assert site.databases() == [site.name]


def test_m4_a_drill_signs_in_on_the_newest_backup_and_leaves_nothing(site):
    assert "there is no backup" in site.run("drill", status=1)
    file = site.create()
    hours_ago = file.stat().st_mtime - 3 * 3600
    os.utime(file, (hours_ago, hours_ago))
    psql(site.url, "INSERT INTO users (email, name) VALUES ('since@example.com', 'Since')")
    said = site.run("drill")
    assert f"{file}, 0 days, 3 hours and" in said
    assert re.search(r"public\.users +1 +1 +2$", said, re.MULTILINE)
    assert "A probe has signed in" in said
    assert site.databases() == [site.name]
    assert site.users() == ["kept@example.com", "since@example.com"]
