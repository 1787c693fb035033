"""A database with a user, and the backup commands for it."""

import contextlib
import os
import subprocess
from pathlib import Path

from site_under_test import PASSWORD, ROOT, binaries, binary, database, psql


class BackedUpSite:
    """A database with its two roles and a user, and its settings."""

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
            "BINARIES": binaries(),
            "ARGON2_MEMORY_KIB": "8192",
        }
        settings = self.environment | {"SECRET_KEY": "kX1vV0mUqk6J2m3m1m9Zb7yQw5d8Rk4TtYpLs0Ae"}
        for command in (["migrate", "up"], ["user", "create", "kept@example.com", "--name", "Kept"]):
            subprocess.run(
                [binary("AuthAPI"), *command], env=settings, input=PASSWORD, text=True, check=True, capture_output=True
            )

    def run(self, *arguments: str, status: int = 0, **settings: str) -> str:
        """Runs scripts/backup; returns its output."""
        done = subprocess.run(
            [ROOT / "scripts/backup", "here", *arguments], env=self.environment | settings,
            capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def create(self, **settings: str) -> Path:
        """Creates a backup, which must be the only one."""
        self.run("create", **settings)
        (file,) = self.folder.glob("*.dump")
        return file

    def users(self) -> list[str]:
        """The addresses in the database."""
        return psql(self.url, "SELECT email FROM users ORDER BY email").splitlines()

    def databases(self) -> list[str]:
        """The databases of this site on the server."""
        query = f"SELECT datname FROM pg_database WHERE datname LIKE '{self.name}%' ORDER BY 1"
        return psql(self.url, query).splitlines()


@contextlib.contextmanager
def backed_up_site(folder: Path):
    """Creates a separate site for the block, with its files in a folder."""
    with database() as url:
        one = BackedUpSite(url, folder)
        try:
            yield one
        finally:
            for name in one.databases():
                if name != one.name:
                    psql(url.replace(f"/{one.name}?", "/postgres?"), f'drop database "{name}" with (force)')
