"""M1 to M7: the properties of every make target."""

import os
import re
import shutil
from pathlib import Path

import pytest

RECIPE = re.compile(r"^([a-zA-Z][\w.-]*):(.*)$", re.MULTILINE)
REQUIRED = """
    dev dev-frontend dev-backend build test test-coverage
    docker-build docker-build-frontend docker-build-backend docker-up docker-down docker-logs docker-restart docker-ps
    docker-clean
    db-init db-migrate db-rollback db-status db-new db-reset db-shell
    lint format typecheck check install-hooks pre-commit
    help clean env-check openapi-export
""".split()


def targets(repository) -> dict[str, str]:
    """Every target with its prerequisites and help text."""
    texts = (path.read_text() for path in [repository.path / "Makefile", *repository.path.glob("docker/*.mk")])
    return {name: rest for text in texts for name, rest in RECIPE.findall(text)}


def listing(output: str) -> dict[str, str]:
    """The commands that `make help` shows, each with its line."""
    return {line.split()[1]: line for line in output.splitlines() if line.startswith("  make ")}


def test_make_alone_lists_every_command(repository):
    """M1: Every target has one line, aligned, below the heading of its group."""
    done = repository.run("make")
    assert done.returncode == 0
    listed = listing(done.stdout)
    assert set(listed) == set(targets(repository)) and set(REQUIRED) <= set(listed)
    starts = {re.match(r"  make \S+ +", line).end() for line in listed.values()}
    assert len(starts) == 1, "the descriptions begin in different columns"
    assert max(map(len, listed.values())) <= 120
    groups = re.findall(r"^(?=\S).*$", done.stdout, re.MULTILINE)
    assert len(groups) >= 5 and len(set(groups)) == len(groups)


@pytest.mark.parametrize("settings", [{"LC_ALL": "C"}, {"LC_ALL": "tr_TR.UTF-8", "LANG": "ja_JP.UTF-8"}])
def test_make_does_not_depend_on_the_locale(repository, settings):
    """M7"""
    lines = repository.run("make", "-j2", **settings).stdout.splitlines()
    assert [line for line in lines if "setlocale" not in line] == repository.run("make").stdout.splitlines()


def test_a_script_finds_its_clone_whatever_cdpath_is(repository):
    """M7"""
    script = 'source scripts/lib/common.sh; printf "%s" "$root"'
    done = repository.run("bash", "-c", script, CDPATH=f".:{repository.path.parent}")
    assert (done.returncode, done.stdout) == (0, str(repository.path.resolve()))


def test_a_file_with_a_targets_name_does_not_matter(repository):
    """M7: every target is phony."""
    for name in targets(repository):
        (repository.path / name).touch() if not (repository.path / name).exists() else None
    for name in targets(repository):
        done = repository.run("make", "--dry-run", name)
        assert done.returncode == 0 and "up to date" not in done.stdout and done.stdout.strip(), name


def test_settings_come_from_the_command_line_or_the_environment(repository):
    """M7"""
    assert "x/api.json" in repository.run("make", "--dry-run", "openapi-export", OUTPUT="x/api.json").stdout
    assert "x/api.json" in repository.run("make", "--dry-run", "openapi-export", "OUTPUT=x/api.json").stdout
    assert "-k register" in repository.run("make", "--dry-run", "test", PYTEST="-k register").stdout
    folder = 'mkdir -p "$(dirname "a b/api.json")"'
    assert folder in repository.run("make", "--dry-run", "openapi-export", "OUTPUT=a b/api.json").stdout


def test_the_makefile_gives_no_setting_a_value(repository, tmp_path):
    """W82: A value in the Makefile would replace the one in .env."""
    (tmp_path / "print.mk").write_text("print-environment:\n\t@env\n")
    done = repository.run("make", "-f", "Makefile", "-f", str(tmp_path / "print.mk"), "print-environment")
    given = {line.partition("=")[0] for line in done.stdout.splitlines()} - set(os.environ)
    settings = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (repository.path / ".env.example").read_text(), re.MULTILINE))
    assert "LC_ALL" in given | set(os.environ) and "BACKUPS" in settings
    assert given & settings == set()


def test_an_unknown_target_is_rejected(repository):
    """M7"""
    done = repository.run("make", "tset")
    assert done.returncode == 2 and "unknown command 'tset'; run make to list all commands" in done.stdout


def test_db_new_begins_the_next_migration(repository):
    """M4: Both files, up and down, have the next number; the hook rejects them while they are empty."""
    folder = repository.path / "Sources/AuthAPI/Migrations"
    last = max(int(path.name[:4]) for path in folder.glob("*.sql"))
    done = repository.run("make", "db-new", "NAME=add_nickname")
    assert done.returncode == 0, done.stdout
    stem = f"{last + 1:04}_add_nickname"
    assert f"Sources/AuthAPI/Migrations/{stem}.up.sql" in done.stdout
    assert (folder / f"{stem}.up.sql").exists() and (folder / f"{stem}.down.sql").exists()
    refused = repository.hook("migrations", f"Sources/AuthAPI/Migrations/{stem}.up.sql")
    assert refused.returncode == 1 and "no statement" in refused.stdout
    again = repository.run("make", "db-new", "NAME=add_nickname")
    assert again.returncode != 0 and "a migration with that name exists" in again.stdout


@pytest.mark.parametrize("name", ["", "Add nickname", "../x", "1st"])
def test_db_new_requires_a_valid_name(repository, name):
    """M4, M7: the next step is named, and nothing is written."""
    done = repository.run("make", "db-new", f"NAME={name}")
    assert done.returncode != 0 and "make db-new NAME=add_nickname" in done.stdout
    assert repository.git("status", "--porcelain") == ""


@pytest.fixture
def recorded(tmp_path):
    """Stand-ins for psql and docker that record their arguments: their PATH, and the file that they write."""
    (tmp_path / "bin").mkdir()
    for name in ("docker", "psql"):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\necho {name} "$@" >>{tmp_path}/asked\necho \'  "name": "yoshikosan",\'\n')
        program.chmod(0o755)
    api = tmp_path / "bin/AuthAPI"
    api.write_text('#!/bin/sh\nshift\nexec "$@"\n')
    api.chmod(0o755)
    return f"{tmp_path}/bin:{os.environ['PATH']}", tmp_path / "asked"


@pytest.mark.parametrize(("target", "deletes"), [("db-reset", "drop schema"), ("docker-clean", "down --volumes")])
def test_commands_that_delete_data_require_confirmation(repository, recorded, target, deletes):
    """M3, M4: Without a terminal, nothing is deleted, and the message names the option that confirms."""
    path, asked = recorded
    settings = {"PATH": path, "DATABASE_URL": "host=nowhere.invalid", "BINARIES": path.partition(":")[0]}
    done = repository.run("make", target, **settings)
    assert done.returncode != 0 and f"make {target} YES=1" in done.stdout, done.stdout
    assert deletes not in asked.read_text()


def test_docker_clean_deletes_after_confirmation(repository, recorded):
    """M3: YES=1 confirms, and the volumes are deleted."""
    path, asked = recorded
    done = repository.run("make", "docker-clean", "YES=1", PATH=path)
    assert done.returncode == 0 and "down --volumes" in asked.read_text(), done.stdout


@pytest.mark.parametrize(
    ("command", "asked_for"),
    [
        ("docker-build-backend", "build backend"),
        ("docker-build-frontend", "build frontend"),
        ("docker-logs", "logs --follow --tail 100"),
        ("docker-logs SERVICE=backend", "logs --follow --tail 100 backend"),
        ("docker-restart SERVICE=frontend", "restart frontend"),
        ("docker-ps SERVICE=nginx", "ps --all nginx"),
        ("docker-down", "down --remove-orphans"),
    ],
)
def test_docker_commands_use_the_named_service(repository, recorded, command, asked_for):
    """M3: docker-down keeps the volumes."""
    path, asked = recorded
    done = repository.run("make", *command.split(), PATH=path)
    assert done.returncode == 0, done.stdout
    assert asked.read_text().splitlines()[-1] == f"docker compose {asked_for}"


@pytest.mark.parametrize("target", ["docker-up", "docker-backup", "test-containers"])
def test_an_unusable_engine_is_reported_with_its_reason(repository, recorded, target):
    """M3: Without the reason, a user who may not use the engine would believe that none is running."""
    path, _ = recorded
    docker = "#!/bin/sh\necho 'WARNING: a plugin' >&2\necho 'permission denied: /run/docker.sock' >&2\nexit 1\n"
    Path(path.partition(":")[0], "docker").write_text(docker)
    done = repository.run("make", target, PATH=path)
    assert done.returncode != 0 and "    permission denied: /run/docker.sock\n    start one, or " in done.stdout


def test_clean_keeps_data_and_the_hooks_tools(repository):
    """M6: The development database and its secrets are not build products."""
    gone = [".build/debug/x", ".build/python/x", ".build/tests/x", ".build/postgres-test/x", "Tests/__pycache__/x"]
    kept = [".build/postgres-dev/x", ".build/postgres-mine/x", ".build/dev/secret_key", ".build/checkouts/x", ".env"]
    for name in gone + kept:
        repository.write(name, "x")
    for _ in range(2):
        done = repository.run("make", "clean")
        assert done.returncode == 0, done.stdout
        assert [name for name in gone if repository.path.joinpath(name).exists()] == []
        assert [name for name in [*kept, ".build/hooks"] if not repository.path.joinpath(name).exists()] == []
    shutil.rmtree(repository.path / ".build")
    assert repository.run("make", "clean").returncode == 0
