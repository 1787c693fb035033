"""The Debian package under systemd, from installation to purge, with the commands of docs/systemd.md."""

import json
import secrets
import subprocess
from pathlib import Path

import containers
import pytest
from site_under_test import PASSWORD, wait_until

pytestmark = pytest.mark.long

# Debian with systemd, and the packages on which the package depends. systemd passes credentials to units through shared
# mounts, and makes none in a container.
DOCKERFILE = """
FROM debian:bookworm-slim
RUN apt-get update \\
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends adduser ca-certificates curl dbus \\
        libargon2-1 libpq5 nginx-light postgresql systemd systemd-sysv \\
    && systemctl disable nginx && rm -rf /var/lib/apt/lists/*
STOPSIGNAL SIGRTMIN+3
CMD ["sh", "-c", "mount --make-rshared / && exec /sbin/init"]
"""
IMAGE = "yoshikosan-test-systemd"
UNITS = [f"yoshikosan-{name}.service" for name in ("migrate", "api", "frontend", "nginx")]


class Machine:
    """A container in which systemd runs."""

    def __init__(self, name: str):
        self.name = name

    def run(self, *command: str, status: int | None = 0, text: str | None = None) -> str:
        """Runs a command as root; returns its standard output and error."""
        done = subprocess.run(
            ["docker", "exec", "--interactive", self.name, *command],
            input=text or "", capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        if status is not None and done.returncode != status:
            journal = self.run("journalctl", "--no-pager", "--lines=60", status=None)
            raise AssertionError(f"{command}: status {done.returncode}\n{done.stdout}{done.stderr}\n{journal}")
        return done.stdout + done.stderr

    def install(self, package: Path) -> str:
        """Installs a package."""
        containers.docker("cp", str(package), f"{self.name}:/root/{package.name}")
        return self.run("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "--install", f"/root/{package.name}")

    def active(self) -> list[str]:
        """The units that run."""
        states = self.run("systemctl", "is-active", *UNITS, status=None).split()
        return [unit for unit, state in zip(UNITS, states, strict=True) if state == "active"]

    def api_process(self) -> str:
        """The process of the API."""
        return self.run("systemctl", "show", "--property=MainPID", "--value", "yoshikosan-api").strip()

    def fetch(self, path: str, *options: str) -> str:
        """Sends a request through nginx; returns the status."""
        curl = ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", *options]
        return self.run(*curl, f"http://127.0.0.1:8080{path}", status=None)

    def register(self, email: str) -> str:
        """Creates an account; returns the name of a file with its cookies."""
        jar = f"/root/{secrets.token_hex(4)}"
        body = json.dumps({"email": email, "password": PASSWORD, "name": "Ada"})
        options = ["--cookie-jar", jar, "--header", "Content-Type: application/json", "--data", body]
        assert self.fetch("/api/auth/register", *options) == "201"
        return jar

    def serves(self) -> bool:
        """Whether API and pages respond."""
        return self.fetch("/api/auth/me") == "401" and self.fetch("/login") == "200"

    def me(self, jar: str) -> str:
        """The status of a request for the user with those cookies."""
        return self.fetch("/api/auth/me", "--cookie", jar)


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> list[Path]:
    """Three versions of the package, with the programs of the images."""
    programs = tmp_path_factory.mktemp("programs")
    for image, program in ((containers.BACKEND_IMAGE, "AuthAPI"), (containers.FRONTEND_IMAGE, "WebFrontend")):
        container = containers.docker("create", image)
        try:
            containers.docker("cp", f"{container}:/usr/local/bin/{program}", f"{programs}/{program}")
        finally:
            containers.docker("rm", container)
    made = []
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        command = ["make", "deb", f"FROM={programs}", f"VERSION={version}", f"OUTPUT={programs}"]
        done = subprocess.run([*command, "COMPRESSION=-Zgzip -z1"], cwd=containers.ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        made.append(Path(done.stdout.splitlines()[-1]))
    return made


@pytest.fixture(scope="module")
def machine():
    build = ["docker", "build", "--tag", IMAGE, "-"]
    subprocess.run(build, input=DOCKERFILE, text=True, check=True, capture_output=True)
    name = f"yoshikosan-test-systemd-{secrets.token_hex(4)}"
    # systemd needs access to the control groups, of version 1 or 2.
    options = ["--cgroupns=host", "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw", "--tmpfs=/run", "--tmpfs=/tmp:exec"]
    # For the file systems of the hardened units.
    options += ["--cap-add=SYS_ADMIN", "--security-opt=seccomp=unconfined"]
    containers.docker("run", "--detach", f"--name={name}", *options, IMAGE)
    try:
        one = Machine(name)
        ready = ("running\n", "degraded\n")
        wait_until(
            lambda: one.run("systemctl", "is-system-running", status=None) in ready,
            "systemd has started",
            details=lambda: containers.docker("logs", name, check=False),
        )
        yield one
    finally:
        containers.docker("rm", "--force", "--volumes", name)


def test_the_package_is_installed_upgraded_removed_and_purged(machine, packages):
    output = machine.install(packages[0])
    assert "is installed, but not started" in output and machine.active() == []
    modes = machine.run("stat", "--format=%a %U", "/etc/yoshikosan/credentials", "/etc/yoshikosan/credentials/api")
    assert modes == "700 root\n700 root\n"
    secret = machine.run("stat", "--format=%a %U %s", "/etc/yoshikosan/credentials/api/secret_key")
    assert secret == "600 root 64\n"

    # A container may have no user namespaces.
    options = "[Service]\nPrivateUsers=no\n"
    folder = "/etc/systemd/system/yoshikosan-.service.d"
    machine.run("sh", "-c", f"mkdir -p {folder} && cat >{folder}/zz-container.conf", text=options)
    machine.run("systemctl", "daemon-reload")
    machine.run("yoshikosan", "setup-database")
    machine.run("systemctl", "enable", "--now", "yoshikosan.target")
    wait_until(lambda: machine.serves(), "the site is ready")
    assert machine.active() == UNITS
    ada = machine.register("ada@example.com")
    assert machine.me(ada) == "200" and machine.fetch("/account", "--cookie", ada) == "200"
    assert "settings" in machine.run("yoshikosan", "doctor", status=None)

    # A dollar sign in an address is not expanded.
    other = machine.register("${x}ada@example.com")
    assert "disabled" in machine.run("yoshikosan", "user", "disable", "${x}ada@example.com")
    assert (machine.me(ada), machine.me(other)) == ("200", "401")

    # An upgrade replaces the servers and keeps the sessions.
    before = machine.api_process()
    machine.install(packages[1])
    wait_until(lambda: machine.serves(), "the site is ready after the upgrade")
    assert machine.active() == UNITS and machine.api_process() not in (before, "0")
    assert machine.me(ada) == "200"

    # If the migration fails, the servers of the previous version keep running.
    before = machine.api_process()
    fault = "[Service]\nExecStart=\nExecStart=/bin/false\nRestart=no\n"
    drop_in = "/etc/systemd/system/yoshikosan-migrate.service.d"
    machine.run("sh", "-c", f"mkdir -p {drop_in} && cat >{drop_in}/fault.conf", text=fault)
    assert "the migration failed, so the servers still run the previous version" in machine.install(packages[2])
    assert machine.api_process() == before and machine.me(ada) == "200"
    machine.run("rm", "-r", drop_in)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", *UNITS)
    wait_until(lambda: machine.me(ada) == "200", "the site is ready after the failure")
    assert machine.api_process() != before

    # Removing the package keeps settings, secrets and the database.
    machine.run("dpkg", "--remove", "yoshikosan")
    assert machine.active() == [] and machine.fetch("/") == "000"
    machine.install(packages[2])
    machine.run("systemctl", "enable", "--now", "yoshikosan.target")
    wait_until(lambda: machine.me(ada) == "200", "the site is ready once more")

    # Purging it keeps only the database.
    assert "The database stays" in machine.run("dpkg", "--purge", "yoshikosan")
    machine.run("test", "-e", "/etc/yoshikosan", status=1)
    for user in ("yoshikosan", "yoshikosan_api"):
        machine.run("getent", "passwd", user, status=2)
    sql = "SELECT count(*) FROM users"
    assert machine.run("runuser", "-u", "postgres", "--", "psql", "-qAt", "-d", "yoshikosan", "-c", sql) == "2\n"
