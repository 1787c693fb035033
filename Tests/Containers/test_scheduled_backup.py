"""The service `backup`: daily backups, each checked by a restore drill (W91)."""

import re
import subprocess

import containers
import pytest


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> tuple[str, str]:
    """A key pair of age: the public key, and the file with the private one."""
    file = tmp_path_factory.mktemp("keys") / "key.txt"
    done = subprocess.run(["age-keygen", "-o", file], capture_output=True, text=True, check=True)
    return done.stderr.split()[-1], str(file)


@pytest.fixture(scope="module")
def site(keys):
    """A site with the service, which encrypts, and an account."""
    settings = {"COMPOSE_PROFILES": "backup", "BACKUP_RECIPIENT": keys[0], "BACKUP_KEEP": "2", "YES": "1"}
    with containers.project(**settings) as one:
        one.up()
        one.cookie = {"Cookie": one.register()}
        yield one


def backups(site) -> list[str]:
    """The files in the volume."""
    return site.compose("exec", "-T", "backup", "ls", "-A", "/backups").stdout.split()


def once(site, check: bool = True):
    """Runs the daily job of the service."""
    return site.compose("exec", "-T", "backup", "backup-schedule", "once", check=check)


def test_w91_the_first_start_creates_a_backup_and_runs_a_drill(site):
    """The service is healthy once a backup has passed its drill."""
    log = site.logs("backup")
    assert "encrypted for BACKUP_RECIPIENT" in log and "A test user signed in" in log
    names = [name for name in backups(site) if name not in (".last-success", "untried")]
    assert len(names) == 2 and re.fullmatch(r"yoshikosan-\d{8}T\d{6}Z\.dump\.age", names[0]), names
    # The drill leaves nothing behind: no unencrypted copy, and no database.
    assert site.compose("exec", "-T", "backup", "ls", "-A", "/backups/untried").stdout == ""
    assert site.query("SELECT count(*) FROM pg_database WHERE datname LIKE 'yoshikosan%'") == "1"
    # `AuthAPI doctor` and the metrics read these rows.
    assert site.query("SELECT string_agg(kind, ' ' ORDER BY kind) FROM backup_status") == "backup drill"


def test_w91_the_backup_service_runs_without_privileges(site):
    """C3: Its container is hardened like those of the other services; only its user can read the folder."""
    container = site.container("backup")
    assert container["Config"]["User"] == "65532:999" and container["HostConfig"]["ReadonlyRootfs"] is True
    assert container["HostConfig"]["CapDrop"] == ["ALL"] and not container["HostConfig"]["CapAdd"]
    assert site.compose("exec", "-T", "backup", "stat", "-c", "%a %u", "/backups").stdout.split() == ["700", "65532"]


def test_w91_old_backups_are_deleted(site):
    """With BACKUP_KEEP=2, the newest two of three backups remain."""
    for _ in range(2):
        once(site)
    assert len([name for name in backups(site) if name.endswith(".age")]) == 2


def test_w91_an_encrypted_backup_is_restored(site, keys, tmp_path):
    """The backup is decrypted with the private key, which the service did not have."""
    name = max(name for name in backups(site) if name.endswith(".age"))
    for file in (name, f"{name}.sha256"):
        site.compose("cp", f"backup:/backups/{file}", str(tmp_path))
    site.query("DELETE FROM users")
    assert site.fetch("/api/auth/me", headers=site.cookie).status == 401
    site.run("make", "docker-restore", f"FILE={tmp_path / name}", f"BACKUP_IDENTITY={keys[1]}")
    site.wait(lambda: site.fetch("/api/auth/me", headers=site.cookie).status == 200, "the session is back")


def test_w91_a_failed_backup_makes_the_service_unhealthy(site):
    """The status is not 0, and the container becomes unhealthy; no checked backup is deleted."""
    before = backups(site)
    site.query("INSERT INTO yoshikosan_schema_migrations (version, name, checksum) VALUES (9999, 'later', '')")
    try:
        failed = once(site, check=False)
        assert failed.returncode != 0 and "it has migration 9999" in failed.stderr, failed.stderr
        assert site.compose("exec", "-T", "backup", "backup-schedule", "healthcheck", check=False).returncode == 1
        assert backups(site) == before
    finally:
        site.query("DELETE FROM yoshikosan_schema_migrations WHERE version = 9999")
    once(site)
    assert site.compose("exec", "-T", "backup", "backup-schedule", "healthcheck").returncode == 0
    assert len(backups(site)) == len(before)


@pytest.mark.parametrize(
    ("name", "value"), [("BACKUP_AT", "25:00"), ("BACKUP_KEEP", "none"), ("BACKUP_RECIPIENT", "age1wrong")]
)
def test_w91_an_invalid_backup_setting_is_reported(name, value):
    """E2: the status is 78, and the log names the setting."""
    options = ["--rm", "--network=none", "--tmpfs=/tmp", f"--env={name}={value}"]
    done = subprocess.run(["docker", "run", *options, containers.BACKUP_IMAGE], capture_output=True, text=True)
    assert done.returncode == 78 and f"{name} is '{value}'" in done.stderr, done.stderr


def test_w91_the_backup_service_stops_at_once(site):
    """E7: It exits with status 0."""
    container = site.container("backup")
    containers.docker("stop", "--time", "20", container["Id"])
    try:
        assert site.container("backup")["State"]["ExitCode"] == 0
    finally:
        site.up()


def test_w91_a_deployment_replaces_the_backup_service(site):
    """U1: The service gets a new container; its backups stay."""
    before, names = site.containers("backup"), backups(site)
    site.environment["BACKUP_KEEP"] = "3"
    site.run("make", "docker-deploy")
    assert site.containers("backup") != before
    assert backups(site) == names
