"""Commands, backups and restores with databases that this system did not create."""

import os
import re
import secrets
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from site_under_test import PASSWORD, ROOT, binaries, binary, database, free_ports, psql

KEY = "kX1vV0mUqk6J2m3m1m9Zb7yQw5d8Rk4TtYpLs0Ae"


def run(*arguments: str, status: int = 0, given: str = "", **settings: str) -> str:
    """Runs AuthAPI; returns its output."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "SECRET_KEY": KEY, "ARGON2_MEMORY_KIB": "8192"}
    done = subprocess.run(
        [binary("AuthAPI"), *arguments], env=environment | settings, input=given, capture_output=True, text=True,
        timeout=60,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


class OwnDatabase:
    """A database of an ordinary role that may create databases, and a separate serving role."""

    def __init__(self, admin: str, folder: Path):
        self.admin = admin
        self.name = psql(admin, "SELECT current_database()")
        self.folder = folder
        # Names may contain spaces.
        self.owner, self.serving = f"own {self.name}", f"srv_{self.name}"
        psql(admin, f'CREATE ROLE "{self.owner}" LOGIN CREATEDB')
        psql(admin, f"CREATE ROLE {self.serving} LOGIN")
        psql(admin, f'ALTER DATABASE {self.name} OWNER TO "{self.owner}"')
        self.options = ""

    @property
    def settings(self) -> dict[str, str]:
        """Its settings."""
        return {
            "MIGRATION_DATABASE_URL": self.admin.replace("//yoshikosan@", f"//{quote(self.owner)}@", 1) + self.options,
            "DATABASE_URL": self.admin.replace("//yoshikosan@", f"//{self.serving}@", 1) + self.options,
        }

    def fill(self) -> None:
        """Migrates it and adds a user."""
        run("migrate", "up", **self.settings)
        run("user", "create", "kept@example.com", "--name", "Kept", given=PASSWORD, **self.settings)

    def backup(self, *arguments: str, status: int = 0) -> str:
        """Runs scripts/backup."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("POSTGRES_")}
        environment |= self.settings | {
            "BINARIES": binaries(),
            "DEV_FOLDER": str(self.folder / "dev"), "BACKUPS": str(self.folder / "backups"), "YES": "1",
            "ARGON2_MEMORY_KIB": "8192",
        }
        done = subprocess.run(
            [ROOT / "scripts/backup", "here", *arguments], env=environment, capture_output=True, text=True, timeout=300,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def file(self) -> str:
        """The only backup."""
        (file,) = (self.folder / "backups").glob("*.dump")
        return str(file)

    def databases(self) -> list[str]:
        """The server's databases that belong to it."""
        return psql(self.admin, f"SELECT datname FROM pg_database WHERE datname LIKE '{self.name}%' ORDER BY 1").split()

    def remove(self) -> None:
        """Drops the roles, and what restores have left."""
        everywhere = self.admin.replace(f"/{self.name}?", "/postgres?")
        names = psql(everywhere, f"SELECT datname FROM pg_database WHERE datname LIKE '{self.name}%'").split()
        for name in names:
            psql(everywhere, f'DROP DATABASE "{name}" WITH (FORCE)')
        psql(everywhere, f'DROP ROLE "{self.owner}"')
        psql(everywhere, f"DROP ROLE {self.serving}")


@pytest.fixture
def own(tmp_path):
    """Such a database, empty."""
    with database() as admin:
        one = OwnDatabase(admin, tmp_path)
        try:
            yield one
        finally:
            one.remove()


def test_w60_a_backup_contains_our_objects_and_the_owner_restores_it(own):
    """The database also contains extensions, schemas, tables, functions, triggers and indexes of others."""
    own.fill()
    psql(own.admin, "CREATE EXTENSION pg_stat_statements; CREATE EXTENSION pg_trgm")
    psql(
        own.admin,
        """
        CREATE SCHEMA other; CREATE TABLE other.users (login text);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER noted AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION note();
        CREATE INDEX ON users USING gin (name gin_trgm_ops)
        """,
    )
    output = own.backup("create")
    assert "public.users 1" in output and "other" not in output
    listed = subprocess.run(["pg_restore", "--list", own.file()], check=True, capture_output=True, text=True).stdout
    assert "pg_stat_statements" not in listed and " other " not in listed
    assert "A test user signed in" in own.backup("drill")

    # In a shared database, objects of others are kept.
    psql(own.admin, "INSERT INTO other.users VALUES ('theirs')")
    psql(own.admin, "CREATE VIEW other.seen AS SELECT email FROM public.users")
    refused = own.backup("restore", own.file(), status=1)
    assert "refer to this system's tables: other.seen" in refused
    psql(own.admin, "DROP VIEW other.seen")
    psql(own.admin, "UPDATE users SET email = 'later@example.com'")
    output = own.backup("restore", own.file())
    former = re.search(r'drop schema "(public_before_\d+)" cascade', output)[1]
    assert psql(own.settings["DATABASE_URL"], "SELECT email FROM users") == "kept@example.com"
    assert psql(own.admin, f"SELECT email FROM {former}.users") == "later@example.com"
    assert psql(own.admin, "SELECT login FROM other.users") == "theirs"
    assert psql(own.admin, "SELECT count(*) FROM pg_extension WHERE extname = 'pg_stat_statements'") == "1"
    assert own.databases() == [own.name]
    with pytest.raises(subprocess.CalledProcessError):
        psql(own.settings["DATABASE_URL"], "TRUNCATE users")
    run("user", "create", "new@example.com", "--name", "New", given=PASSWORD, **own.settings)

    # Without objects of others, the whole database is replaced.
    psql(own.admin, f"DROP SCHEMA other CASCADE; DROP SCHEMA {former} CASCADE")
    own.backup("restore", own.file())
    assert psql(own.settings["DATABASE_URL"], "SELECT email FROM users") == "kept@example.com"
    assert len(own.databases()) == 2


def test_w60_an_owner_restores_while_the_serving_role_is_connected(own):
    """Such an owner cannot end the sessions of the other role, so the database cannot be renamed."""
    own.fill()
    own.backup("create")
    psql(own.admin, "UPDATE users SET email = 'later@example.com'")
    command = ["psql", "--no-psqlrc", "-qAt", own.settings["DATABASE_URL"]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
        session.stdin.write("PREPARE find AS SELECT email FROM users;\nEXECUTE find;\n")
        session.stdin.flush()
        assert session.stdout.readline() == "later@example.com\n"
        assert "drop schema" in own.backup("restore", own.file())
        session.stdin.write("EXECUTE find;\n")
        session.stdin.flush()
        assert session.stdout.readline() == "kept@example.com\n"
        session.stdin.close()


@pytest.mark.parametrize("by_url", [True, False])
def test_w53_backups_and_restores_use_the_schema_of_the_tables(own, by_url):
    psql(own.admin, f'CREATE SCHEMA auth AUTHORIZATION "{own.owner}"')
    psql(own.admin, "CREATE TABLE public.users (login text)")
    psql(own.admin, "INSERT INTO public.users VALUES ('theirs')")
    if by_url:
        own.options = "&options=-csearch_path%3Dauth"
    else:
        psql(own.admin, f"ALTER DATABASE {own.name} SET search_path = auth")
    own.fill()
    assert "auth.users 1" in own.backup("create")
    output = own.backup("drill")
    assert re.search(r"auth\.users +1 +1 +1$", output, re.MULTILINE), output
    assert psql(own.admin, "SELECT login FROM public.users") == "theirs"
    psql(own.admin, "DROP TABLE public.users")
    psql(own.admin, "UPDATE auth.users SET email = 'later@example.com'")
    own.backup("restore", own.file())
    assert psql(own.settings["DATABASE_URL"], "SELECT email FROM auth.users") == "kept@example.com"
    assert "kept@example.com" in run("user", "list", **own.settings)


def test_w56_a_restored_database_has_the_encoding_and_locale_of_the_original(own):
    """Encoding and locale may differ from the defaults of the server, which may not even be UTF-8."""
    server = own.admin.replace(f"/{own.name}?", "/postgres?")
    psql(server, f"DROP DATABASE {own.name}")
    options = "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"
    psql(server, f'CREATE DATABASE {own.name} OWNER "{own.owner}" {options}')
    own.fill()
    own.backup("create")
    own.backup("restore", own.file())
    found = "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database"
    assert psql(server, f"{found} WHERE datname LIKE '{own.name}%'").splitlines() == ["UTF8|C|C"] * 2


def test_w58_a_service_file_names_the_role_that_gets_the_privileges(own, tmp_path):
    (_, _, host) = own.admin.partition("host=")
    file = tmp_path / "services"
    file.write_text(f"[site]\nhost={host.replace('%2F', '/')}\ndbname={own.name}\nuser={own.serving}\n")
    settings = own.settings | {"DATABASE_URL": "service=site", "PGSERVICEFILE": str(file)}
    run("migrate", "up", **settings)
    assert run("user", "list", **settings) == "no users\n"
    unknown = run("user", "list", status=78, **settings | {"DATABASE_URL": "service=no_such"})
    assert "no_such" in unknown
    # PGUSER alone names the role.
    named = own.admin.replace("//yoshikosan@", "//", 1)
    psql(own.admin, f"REVOKE ALL ON users FROM {own.serving}")
    settings = own.settings | {"DATABASE_URL": named, "PGUSER": own.serving}
    run("migrate", "up", **settings)
    assert run("user", "list", **settings) == "no users\n"


@pytest.mark.parametrize(
    "command",
    [["user", "list"], ["session", "list"], ["audit"], ["migrate", "up"], ["migrate", "status"], ["secret", "rotate"]],
)
def test_w59_every_command_prints_the_servers_message_at_once(command):
    with database() as url:
        name = psql(url, "SELECT current_database()")
        wrong = url.replace(f"/{name}?", f"/no_such_{secrets.token_hex(4)}?")
        begun = time.monotonic()
        output = run(*command, status=78, DATABASE_URL=wrong)
        assert time.monotonic() - begun < 8
        assert "the database rejected the connection: " in output
        assert "does not exist (SQLSTATE 3D000)" in output and "CREATE DATABASE" in output


def test_w56_w52_an_unsuitable_database_exits_with_78_and_prints_the_fix(own):
    psql(own.admin, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    psql(own.admin, "ALTER SCHEMA public OWNER TO yoshikosan")
    output = run("migrate", "up", status=78, **own.settings)
    fix = f'GRANT CREATE ON SCHEMA "public" TO "{own.owner}"'
    assert "permission denied for schema public (SQLSTATE 42501)" in output and fix in output
    psql(own.admin, fix)
    assert "applied 0001_authentication.up.sql" in run("migrate", "up", **own.settings)

    everywhere = own.admin.replace(f"/{own.name}?", "/postgres?")
    latin = f"{own.name}_latin1"
    psql(everywhere, f"CREATE DATABASE {latin} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    url = own.admin.replace(f"/{own.name}?", f"/{latin}?")
    for command in (["migrate", "up"], ["serve"]):
        output = run(*command, status=78, DATABASE_URL=url, API_HOST="127.0.0.1", API_PORT=str(free_ports(1)[0]))
        assert "has the encoding LATIN1; it must be UTF8" in output
    run("doctor", status=1, DATABASE_URL=url)


def test_w77_reverting_a_migration_requires_confirmation(own):
    run("migrate", "up", **own.settings)
    before = run("migrate", "status", **own.settings)
    assert "--yes" in run("migrate", "down", status=64, **own.settings)
    assert run("migrate", "status", **own.settings) == before
    environment = {
        **os.environ, **own.settings, "BINARIES": binaries(), "DEV_FOLDER": str(own.folder / "dev"), "SECRET_KEY": KEY,
    }
    rollback = [ROOT / "scripts/database", "rollback"]
    for yes, status in (("", 64), ("1", 0)):
        done = subprocess.run(
            rollback, env=environment | {"YES": yes}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=300,
        )
        assert done.returncode == status, done.stdout + done.stderr
    assert "pending" in run("migrate", "status", **own.settings)
    assert run("migrate", "down", "--yes", **own.settings).startswith("rolled back ")


def test_w60_a_reset_that_fails_keeps_the_data(own):
    """The role owns the schema, but may not create one."""
    psql(own.admin, f"ALTER DATABASE {own.name} OWNER TO yoshikosan")
    psql(own.admin, f'CREATE SCHEMA app AUTHORIZATION "{own.owner}"')
    psql(own.admin, f"ALTER DATABASE {own.name} SET search_path = app")
    own.fill()
    environment = os.environ | own.settings
    environment |= {"BINARIES": binaries(), "DEV_FOLDER": str(own.folder / "dev"), "SECRET_KEY": KEY, "YES": "1"}
    command = [ROOT / "scripts/database", "reset"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode != 0 and "permission denied for database" in done.stderr
    assert psql(own.admin, "SELECT email FROM users") == "kept@example.com"
    psql(own.admin, f'GRANT CREATE ON DATABASE {own.name} TO "{own.owner}"')
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=300)
    assert psql(own.admin, "SELECT count(*) FROM users") == "0"
