"""The systemd units in packaging/: valid, hardened, and with every setting."""

import json
import os
import re
import shutil
import subprocess

import pytest
from site_under_test import ROOT, binary
from test_compose_settings import reach
from test_settings import COMPLETE

SOURCES = ROOT / "packaging/systemd"
UNITS = sorted(file.name for file in SOURCES.glob("*.service"))
# The highest exposure that `systemd-analyze security` may compute, of 10.
HIGHEST = 2.0
# OIDC_CA_FILE is a setting itself.
SECRETS = sorted(name for name in reach() if f"{name}_FILE" in reach())


def analyze(*arguments, folder=SOURCES) -> subprocess.CompletedProcess:
    """Runs systemd-analyze, which finds the units and their drop-ins in a folder."""
    environment = {"PATH": os.environ["PATH"], "SYSTEMD_UNIT_PATH": f"{folder}:", "SYSTEMD_PAGER": ""}
    return subprocess.run(["systemd-analyze", *arguments], env=environment, capture_output=True, text=True)


def exposure(unit: str) -> float:
    """The exposure of a unit, computed by `systemd-analyze security`."""
    run = analyze("security", "--offline=true", "--no-pager", f"{SOURCES}/{unit}")
    return float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", run.stdout)[1])


def test_every_unit_is_valid(tmp_path):
    for file in SOURCES.iterdir():
        if file.is_dir():
            shutil.copytree(file, tmp_path / file.name)
        elif file.suffix in (".service", ".target"):
            (tmp_path / file.name).write_text(file.read_text().replace("/usr/lib/yoshikosan", f"{tmp_path}/bin"))
    (tmp_path / "bin").mkdir()
    for name in ("AuthAPI", "WebFrontend", "nginx-configuration"):
        shutil.copy("/bin/true", tmp_path / "bin" / name)
    files = [tmp_path / name for name in (*UNITS, "yoshikosan.target")]
    run = analyze("verify", *files, folder=tmp_path)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_hardened(unit):
    """`--threshold` is in tenths of the exposure."""
    run = analyze("security", "--offline=true", f"--threshold={HIGHEST * 10:.0f}", "--no-pager", f"{SOURCES}/{unit}")
    assert run.returncode == 0, run.stdout


def test_the_documentation_has_the_current_exposure_figures():
    rows = dict(re.findall(r"^\| `([\w-]+\.service)` \| ([0-9.]+) \|$", (ROOT / "docs/systemd.md").read_text(), re.M))
    assert rows == {unit: str(exposure(unit)) for unit in UNITS}


def test_every_unit_has_a_limit_of_memory_and_tasks_and_a_user_other_than_root():
    for unit in UNITS:
        text = (SOURCES / unit).read_text()
        assert re.search(r"^MemoryMax=\d+M$", text, re.M) and re.search(r"^TasksMax=\d+$", text, re.M), unit
        assert re.search(r"^(User=yoshikosan(_api)?|DynamicUser=yes)$", text, re.M), unit
    users = re.findall(r"^u (\w+) ", (SOURCES / "yoshikosan.sysusers").read_text(), re.M)
    assert users == ["yoshikosan", "yoshikosan_api"]


def credentials(unit: str) -> list[str]:
    """The folders of credentials that a unit gets."""
    text = (SOURCES / unit).read_text()
    return re.findall(r"^LoadCredential=yoshikosan:/etc/yoshikosan/credentials/(\w+)$", text, re.M)


def test_only_the_units_that_need_secrets_get_any():
    assert {unit: credentials(unit) for unit in UNITS} == {
        "yoshikosan-api.service": ["api"], "yoshikosan-migrate.service": ["migrate"],
        "yoshikosan-frontend.service": [], "yoshikosan-nginx.service": [],
    }  # fmt: skip


# The units that read a secret, by the services of compose.yml that get it.
READERS = {"backend": ["check-config"], "migrate": ["migrate", "status"]}


def readers(name: str) -> set[str]:
    """The programs that use a secret; Compose passes some of them through a separate service."""
    found = reach()[f"{name}_FILE"] & READERS.keys()
    if not found:
        assert reach()[f"{name}_FILE"] & {"secrets", "postgres"}, f"{name} has no place in the units"
    return found or {"backend" if name == "SECRET_KEY" else "migrate"}


@pytest.mark.parametrize(("name", "service"), [(name, each) for name in SECRETS for each in sorted(readers(name))])
def test_a_secret_is_read_from_its_credential(tmp_path, name, service):
    """A new secret requires only a file, no change to a unit."""
    file = tmp_path / f"yoshikosan_{name.lower()}"
    file.write_text("a\tb")
    settings = {key: value for key, value in COMPLETE.items() if key != name}
    if name.startswith("POSTGRES_"):
        settings = {"POSTGRES_HOST": "/nowhere", "POSTGRES_USER": "owner", "POSTGRES_API_USER": "api"}
    run = subprocess.run(
        [binary("AuthAPI"), *READERS[service]], env=settings | {"CREDENTIALS_DIRECTORY": str(tmp_path)},
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert run.returncode == 78, run.stderr
    assert f"{name}: the file {file} contains a tab as character 2" in run.stderr.splitlines()


def example_settings() -> str:
    """The settings.env of the package."""
    return subprocess.run([ROOT / "packaging/write-settings"], check=True, capture_output=True, text=True).stdout


def test_the_example_has_every_setting_and_no_secret():
    """It is generated from .env.example, so it contains new settings."""
    listed = re.findall(r"^#?([A-Z][A-Z0-9_]*)=", example_settings(), re.M)
    assert len(listed) == len(set(listed))
    servers = {"backend", "frontend", "nginx"}
    elsewhere = {"IMAGE_PREFIX", "TAG", "IMAGE_NAME", "BIND_ADDRESS", "BACKEND_MEMORY", "MIGRATE_ON_START", "BACKUPS"}
    elsewhere |= {"BACKUP_IDENTITY", *(name for name in reach() if name.startswith("POSTGRES_"))}
    # The example has the first of the OpenID providers.
    elsewhere |= {name for name in reach() if name.startswith("OIDC_9_")}
    expected = {name for name, services in reach().items() if services & servers or not services} - elsewhere
    assert set(listed) == {name for name in expected if name.removesuffix("_FILE") not in SECRETS}


def test_systemd_reads_the_example(tmp_path):
    """Every line is a comment, empty, or NAME=VALUE; with the comments removed, the programs accept it."""
    text = example_settings()
    assert all(re.fullmatch(r"|# .*|#|#?[A-Z][A-Z0-9_]*=\S*", line) for line in text.splitlines())
    values = dict(re.findall(r"^#([A-Z][A-Z0-9_]*)=(\S+)$", text, re.M))
    for program in ("AuthAPI", "WebFrontend"):
        run = subprocess.run([binary(program), "check-config"], env=values | COMPLETE, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr


def test_both_database_addresses_are_valid():
    """Both connect to PostgreSQL's socket as the users of the units."""
    lines = dict(re.findall(r"^([A-Z_]+)=(.*)$", (SOURCES / "database.env").read_text(), re.M))
    assert lines.keys() == {"DATABASE_URL", "MIGRATION_DATABASE_URL"}
    run = subprocess.run(
        [binary("AuthAPI"), "check-config"], env=COMPLETE | lines, capture_output=True, text=True, timeout=30
    )
    assert run.returncode == 0, run.stderr
    users = {name: re.search("//([a-z_]+)@", url)[1] for name, url in lines.items()}
    for unit, name in (("api", "DATABASE_URL"), ("migrate", "MIGRATION_DATABASE_URL")):
        assert f"\nUser={users[name]}\n" in (SOURCES / f"yoshikosan-{unit}.service").read_text()


def test_the_rated_hardening_options_are_set():
    """`systemd-analyze security` recognizes every option of the drop-in that it rates."""
    run = analyze("security", "--offline=true", "--json=short", "--no-pager", f"{SOURCES}/yoshikosan-frontend.service")
    exposed = {each["name"] for each in json.loads(run.stdout) if each.get("set") is False}
    assert not {name for name in exposed if name.startswith(("Protect", "SystemCall", "NoNew", "MemoryDeny"))}


@pytest.mark.parametrize("failing", ["", "AuthAPI", "WebFrontend", "render"])
def test_e2_the_command_checks_the_settings_of_every_program(tmp_path, failing):
    """Each program is checked even after another one has rejected its settings."""
    reject = f'echo "$*"; case "$*" in *{failing or "nothing"}*) exit 78 ;; esac'
    for name, script in {"id": "echo 0", "systemd-run": reject}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        [SOURCES / "yoshikosan", "check-config"], env=environment, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == (78 if failing else 0)
    assert re.findall(r"/(AuthAPI|WebFrontend|render)\b", done.stdout) == ["AuthAPI", "WebFrontend", "render"]


@pytest.mark.parametrize(
    "argument", ["${x}ada@example.com", "$x", "a$$b@c.d", "$", "\\$a", "two\nlines\n", "%h", "'\"", ""]
)
def test_the_command_passes_arguments_unchanged(tmp_path, argument):
    """systemd expands $NAME and ${NAME} in the arguments of a service, and $$ to a dollar sign."""
    for name, script in {"id": "echo 0", "systemd-run": """printf '%s\\0' "$@\""""}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    command = [SOURCES / "yoshikosan", "user", "disable", argument, "--yes"]
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=30).stdout
    passed = output.split("\0")[:-1]
    start = passed.index("/usr/lib/yoshikosan/AuthAPI")
    assert [each.replace("$$", "$") for each in passed[start + 1 :]] == ["user", "disable", argument, "--yes"]
    assert not any(re.search(r"\$", each.replace("$$", "")) for each in passed)
