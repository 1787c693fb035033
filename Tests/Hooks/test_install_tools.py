"""M7: scripts/install-tools beside another apt-get, with a stand-in for apt-get."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/install-tools"
# Programs that the script itself uses; the tools it looks for are missing.
PROGRAMS = ["bash", "sh", "flock", "mkdir", "sort", "dirname", "readlink", "grep", "cat", "rm", "mktemp", "chmod"]
APT_GET = """#!/bin/sh
printf '%s\\n' "$*" >>"$CALLS"
case $1 in
install) grep -q '^updated' "$CALLS" || { echo 'E: Unable to locate package age'; exit 100; } ;;
update)
    [ "$(grep -c '^update' "$CALLS")" -gt "$LOCKED" ] || { echo "$FAULT"; exit 100; }
    echo updated >>"$CALLS"
    ;;
esac
"""
LOCK = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1712 (apt-get)"


@pytest.fixture
def install(tmp_path: Path):
    """Runs the script in a copy of the project, without its tools; returns the outcome and the calls of apt-get."""
    project = tmp_path / "project"
    shutil.copytree(SCRIPT.parent, project / "scripts")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in PROGRAMS:
        found = shutil.which(name)
        assert found, name
        (programs / name).symlink_to(found)
    for name, text in [("apt-get", APT_GET), ("sleep", "#!/bin/sh\n"), ("sudo", '#!/bin/sh\nshift; exec "$@"\n')]:
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)

    def run(*groups: str, locked: int = 0, fault: str = LOCK):
        calls = tmp_path / "calls"
        calls.touch()
        environment = {"PATH": str(programs), "CALLS": str(calls), "LOCKED": str(locked), "FAULT": fault}
        done = subprocess.run(
            [project / "scripts/install-tools", *groups], env=environment, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
        )
        return done, calls.read_text().splitlines()

    return run


@pytest.mark.skipif(os.geteuid() != 0, reason="installing packages requires root")
class TestInstallation:
    """The behavior of the script if package lists are missing."""

    def test_an_update_waits_for_another_apt_get(self, install):
        done, calls = install("age", locked=3)
        assert done.returncode == 0, done.stdout
        assert [call.split()[0] for call in calls] == ["install", *["update"] * 4, "updated", "install"]

    def test_another_fault_of_an_update_is_reported_at_once(self, install):
        done, calls = install("age", locked=3, fault="E: Failed to fetch http://deb.example/: 404 Not Found")
        assert done.returncode != 0
        assert "404 Not Found" in done.stdout
        assert [call.split()[0] for call in calls] == ["install", "update"]
