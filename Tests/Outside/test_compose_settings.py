"""W82: a setting in .env reaches the services that .env.example names, and their programs read it there."""

import json
import os
import re
import shutil
import subprocess

import pytest
from site_under_test import ROOT, binaries, binary, has_compose

pytestmark = pytest.mark.skipif(not has_compose(), reason="the client of Docker Compose is not installed")

# What no program would take for the value of a setting; .env gives the tab by its escape.
WRONG = '"a\\tb"'
MOUNTED = "/run/secrets/"


def reach() -> dict[str, set[str]]:
    """The services that .env.example names for each setting."""
    found, services = {}, None
    for line in (ROOT / ".env.example").read_text().splitlines():
        if line.startswith("# In containers: "):
            services = line.removeprefix("# In containers: ").split(", ")
        elif not line:
            services = None
        elif name := re.match("#?([A-Z][A-Z0-9_]*)=", line):
            assert services, f"{name[1]} does not say which services it reaches"
            found[name[1]] = set() if services == ["none"] else set(services)
    return found


def compose(folder, line: str) -> dict:
    """The configuration that Compose makes of compose.yml and a .env of one line."""
    shutil.copy(ROOT / "compose.yml", folder)
    (folder / ".env").write_text(f"{line}\n")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "COMPOSE_PROFILES": "backup"}
    command = ["docker", "compose", "--project-directory", folder, "config", "--format", "json"]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def service(configuration: dict, name: str) -> dict:
    """All that a service gets: its own part, and the secrets that it names."""
    part = dict(configuration["services"][name])
    # What the names of its volumes stand for.
    part["volume names"] = [configuration["volumes"].get(each["source"]) for each in part.get("volumes", [])]
    part["files"] = [configuration["secrets"][each["source"]]["file"] for each in part.get("secrets", [])]
    # It tells when to start, not what to run with.
    part.pop("depends_on", None)
    return part


# Values that Compose itself checks.
CHECKED = {
    "EXTERNAL_PORT": "7001", "BROWSER_PORT": "7002", "BIND_ADDRESS": "127.0.0.9", "BACKEND_MEMORY": "99m",
    "BACKUP_FOLDER": "/srv/backups",
}


@pytest.mark.parametrize("name", sorted(reach()))
def test_w82_a_setting_reaches_the_services_that_the_example_names_and_no_others(tmp_path, name):
    plain = compose(tmp_path, "")
    value = CHECKED.get(name, f"{tmp_path}/marker" if name.endswith("_FILE") else "marker")
    configuration = compose(tmp_path, f"{name}={value}")
    changed = {each for each in plain["services"] if service(plain, each) != service(configuration, each)}
    # The address for browsers follows their port.
    if name == "BROWSER_PORT":
        changed -= {"backend", "frontend"}
    assert changed == reach()[name]


def environment(part: dict, folder) -> dict[str, str]:
    """The environment of a service's program, with the files that it names in a folder of this machine."""
    values = {name: (value or "").replace("$$", "$") for name, value in part["environment"].items()}
    return {"PATH": os.environ["PATH"]} | {
        name: f"{folder}/{value.removeprefix(MOUNTED)}" if value.startswith(MOUNTED) else value
        for name, value in values.items()
    }


def command(name: str, folder) -> list:
    """How a service's program reads its settings."""
    return {
        "backend": [binary("AuthAPI"), "check-config"],
        "migrate": [binary("AuthAPI"), "migrate", "status"],
        "secrets": [binary("AuthAPI"), "generate-secrets", "--directory", folder],
        "frontend": [binary("WebFrontend"), "check-config"],
        "nginx": [ROOT / "docker/nginx/render"],
        "backup": [ROOT / "docker/backup/schedule", "is-due"],
    }[name]


# What Compose alone uses, and PostgreSQL, whose image reads the rest.
PROGRAMS = {"backend", "migrate", "secrets", "frontend", "nginx"}
BY_COMPOSE = set(CHECKED) | {"IMAGE_PREFIX", "IMAGE_NAME", "TAG", "POSTGRES_IMAGE", "POSTGRES_VOLUME"}
# The program of this service reads the settings of the database through AuthAPI, as `migrate` does.
READS = {"backup": {"BACKUP_AT", "BACKUP_KEEP", "BACKUP_RECIPIENT"}}


@pytest.mark.parametrize(
    ("name", "reader"),
    [
        (name, each)
        for name, services in sorted(reach().items())
        if name not in BY_COMPOSE
        for each in sorted(services & PROGRAMS | {each for each, names in READS.items() if name in names})
    ],
)
def test_w82_the_program_of_a_service_reads_the_setting(tmp_path, name, reader):
    file = tmp_path / name.removesuffix("_FILE").lower()
    file.write_text("a\tb")
    configuration = compose(tmp_path, f"{name}={file}" if name.endswith("_FILE") else f"{name}={WRONG}")
    values = environment(service(configuration, reader), tmp_path) | {
        "NGINX_DIR": str(tmp_path / "nginx"), "BACKUPS": str(tmp_path), "BINARIES": binaries(),
        "BACKUP_PROGRAM": str(ROOT / "scripts/backup"),
    }
    run = subprocess.run(command(reader, tmp_path), env=values, capture_output=True, text=True, timeout=30)
    assert run.returncode == 78, run.stdout + run.stderr
    if reader == "nginx":
        assert f"nginx: {name} " in run.stderr
        return
    if reader == "backup":
        assert f"backup: {name} is 'a\tb'" in run.stderr
        return
    source = f"the file named by {name} " if name.endswith("_FILE") else ""
    assert f"{name.removesuffix('_FILE')}: {source}contains a tab as character 2" in run.stderr.splitlines()


@pytest.mark.parametrize("name", sorted(name for name in reach() if name.endswith("_FILE")))
def test_w82_a_file_is_mounted_where_the_service_is_told_to_look(tmp_path, name):
    configuration = compose(tmp_path, f"{name}=./hidden/value")
    for each in reach()[name]:
        part = service(configuration, each)
        target = part["environment"][name].removeprefix(MOUNTED)
        (source,) = [secret["source"] for secret in part["secrets"] if secret["source"] == target]
        assert configuration["secrets"][source]["file"] == f"{tmp_path}/hidden/value"
    assert compose(tmp_path, "")["secrets"][name.removesuffix("_FILE").lower()]["file"] == "/dev/null"
