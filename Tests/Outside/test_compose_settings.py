"""W82: a setting in .env reaches the services that .env.example names, and their programs read it there."""

import json
import os
import re
import shutil
import subprocess

import pytest
from site_under_test import ROOT, binaries, binary, has_compose

pytestmark = pytest.mark.skipif(not has_compose(), reason="the client of Docker Compose is not installed")

# Settings that docker/stack.yml lacks: the bundled database, Swarm secrets, features that Swarm lacks.
NOT_IN_STACK = {
    "DATABASE_URL", "DATABASE_URL_FILE", "MIGRATION_DATABASE_URL", "MIGRATION_DATABASE_URL_FILE", "POSTGRES_HOST",
    "POSTGRES_PORT", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE", "POSTGRES_API_USER",
    "POSTGRES_API_PASSWORD", "POSTGRES_API_PASSWORD_FILE", "POSTGRES_IMAGE", "POSTGRES_VOLUME", "SECRET_KEY",
    "SECRET_KEY_FILE", "BIND_ADDRESS",
}

# A value that no setting has; .env contains the tab as an escape.
WRONG = '"a\\tb"'
MOUNTED = "/run/secrets/"
# Paths on the host that compose.yml mounts, and where.
PATHS = {"SITE_LOGO": "/site/logo", "SITE_ICON": "/site/icon", "SITE_TEXTS": "/site/texts"}


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
    # The last OpenID provider; all have the settings of the first.
    ninth = {name.replace("OIDC_", "OIDC_9_"): services for name, services in found.items() if name.startswith("OIDC_")}
    return found | ninth


def compose(folder, line: str) -> dict:
    """Compose's configuration from compose.yml and a .env of one line."""
    shutil.copy(ROOT / "compose.yml", folder)
    (folder / ".env").write_text(f"{line}\n")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "COMPOSE_PROFILES": "backup"}
    command = ["docker", "compose", "--project-directory", folder, "config", "--format", "json"]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder for compose.yml."""
    return tmp_path_factory.mktemp("compose")


@pytest.fixture(scope="module")
def plain(folder) -> dict:
    """The configuration without settings."""
    return compose(folder, "")


def service(configuration: dict, name: str) -> dict:
    """Everything that a service gets: its own part, and the secrets that it names."""
    part = dict(configuration["services"][name])
    # The definitions of its volumes.
    volumes = configuration.get("volumes", {})
    part["volume names"] = [volumes.get(each.get("source")) for each in part.get("volumes", [])]
    part["files"] = [configuration["secrets"][each["source"]].get("file") for each in part.get("secrets", [])]
    # `depends_on` determines the start order, not the settings.
    part.pop("depends_on", None)
    return part


# Settings whose values Compose itself validates.
CHECKED = {
    "EXTERNAL_PORT": "7001", "BROWSER_PORT": "7002", "BIND_ADDRESS": "127.0.0.9", "BACKEND_MEMORY": "99m",
    "BACKUP_FOLDER": "/srv/backups",
}


@pytest.mark.parametrize("name", sorted(reach()))
def test_w82_a_setting_reaches_the_services_that_the_example_names_and_no_others(folder, plain, name):
    value = CHECKED.get(name, f"{folder}/marker" if name.endswith("_FILE") else "marker")
    configuration = compose(folder, f"{name}={value}")
    changed = {each for each in plain["services"] if service(plain, each) != service(configuration, each)}
    # The address for browsers depends on their port.
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


# Settings of Compose only, and of PostgreSQL, whose image reads the rest.
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
    is_path = name.endswith("_FILE") or name in PATHS
    configuration = compose(tmp_path, f"{name}={file}" if is_path else f"{name}={WRONG}")
    values = environment(service(configuration, reader), tmp_path) | {
        "NGINX_DIR": str(tmp_path / "nginx"), "BACKUPS": str(tmp_path), "BINARIES": binaries(),
        "BACKUP_PROGRAM": str(ROOT / "scripts/backup"),
    }
    if name in PATHS:
        values[name] = str(file)
    run = subprocess.run(command(reader, tmp_path), env=values, capture_output=True, text=True, timeout=30)
    assert run.returncode == 78, run.stdout + run.stderr
    if reader == "nginx":
        assert f"nginx: {name} " in run.stderr
        return
    if reader == "backup":
        assert f"backup: {name} is 'a\tb'" in run.stderr
        return
    if name in PATHS:
        assert run.stderr.startswith(f"{name}: ") and len(run.stderr.splitlines()) == 1
        return
    if name.endswith("_CA_FILE"):
        assert f"{name}: the file contains no certificates in PEM format" in run.stderr.splitlines()
        return
    source = f"the file named by {name} " if name.endswith("_FILE") else ""
    assert f"{name.removesuffix('_FILE')}: {source}contains a tab as character 2" in run.stderr.splitlines()


@pytest.mark.parametrize("name", sorted(name for name in reach() if name.endswith("_FILE")))
def test_w82_a_file_is_mounted_at_the_path_in_its_setting(folder, plain, name):
    configuration = compose(folder, f"{name}=./hidden/value")
    for each in reach()[name]:
        part = service(configuration, each)
        target = part["environment"][name].removeprefix(MOUNTED)
        (source,) = [secret["source"] for secret in part["secrets"] if secret["source"] == target]
        assert configuration["secrets"][source]["file"] == f"{folder}/hidden/value"
    assert plain["secrets"][name.removesuffix("_FILE").lower()]["file"] == "/dev/null"


@pytest.mark.parametrize("name", sorted(PATHS))
def test_u2_a_picture_or_folder_is_mounted_at_the_path_that_the_frontend_reads(folder, plain, name):
    part = compose(folder, f"{name}=look/file")["services"]["frontend"]
    assert part["environment"][name] == PATHS[name]
    [volume] = [each for each in part["volumes"] if each["target"] == PATHS[name]]
    assert (volume["type"], volume["source"], volume["read_only"]) == ("bind", f"{folder}/look/file", True)
    part = plain["services"]["frontend"]
    assert not part["environment"][name]
    assert {each["source"] for each in part["volumes"]} == {"/dev/null"}


def stack(environment: dict[str, str]) -> dict:
    """The configuration that docker/stack.yml results in."""
    command = ["docker", "compose", "--file", ROOT / "docker/stack.yml", "config", "--format", "json"]
    environment = {"PATH": os.environ["PATH"], "COMPOSE_DISABLE_ENV_FILE": "1"} | environment
    return json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("name", ["nginx", "frontend"])
def test_the_names_of_stopped_servers_are_not_searched_in_other_domains(plain, name):
    """Passwords would be sent to `backend` in a search domain of the host, such as one with a wildcard."""
    for configuration in (plain, stack({})):
        assert configuration["services"][name]["dns_search"] == ["."]


def test_w82_a_stack_has_the_settings_of_compose():
    """Each setting reaches the same services as with Compose."""
    plain = stack({})
    # All settings at once, each with a distinct value; those that Compose validates one by one.
    markers = {name: f"-{name.lower()}-" for name in reach() if name not in CHECKED}
    marked = stack(markers)
    reached = {
        name: {each for each in plain["services"] if marker in json.dumps(service(marked, each))}
        for name, marker in markers.items()
    }
    for name in reach().keys() - markers.keys():
        configuration = stack({name: CHECKED[name]})
        reached[name] = {each for each in plain["services"] if service(plain, each) != service(configuration, each)}
    assert reached == {
        name: set() if name in NOT_IN_STACK else services & set(plain["services"]) for name, services in reach().items()
    }
