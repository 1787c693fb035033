"""W91: The times at which the service `backup` runs, and its handling of failures."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from site_under_test import ROOT, wait_until

HOUR = 3600
SCHEDULE = ROOT / "docker/backup/schedule"
PROGRAM = """#!/bin/bash
# Stands in for scripts/backup.
[[ $2 == daily ]] || exit 0
waits=
trap 'echo ended >>"$LOG"; exit 143' TERM
if [[ -e $LOG.wait ]]; then sleep 600 & waits=$!; fi
echo started >>"$LOG"
wait $waits
[[ ! -e $LOG.fail ]]
"""
# A stand-in for `touch` that cannot create the record.
TOUCH = """#!/bin/sh
case $* in *.last-success*) exit 1 ;; esac
exec {touch} "$@"
"""


class Schedule:
    """The program with a folder, and a stand-in for the backup script."""

    def __init__(self, folder: Path):
        self.folder = folder / "backups"
        self.log = folder / "log"
        self.folder.mkdir()
        (folder / "backup").write_text(PROGRAM)
        (folder / "backup").chmod(0o755)
        self.environment = os.environ | {
            "BACKUPS": str(self.folder), "BACKUP_PROGRAM": str(folder / "backup"), "LOG": str(self.log),
            "TMPDIR": str(folder),
        }

    def run(self, command: str, at: str = "03:00") -> int:
        """The status of a command."""
        environment = self.environment | {"BACKUP_AT": at}
        return subprocess.run([SCHEDULE, command], env=environment, capture_output=True).returncode

    def succeeded(self, hours_ago: float) -> None:
        """Records a successful backup that started some time ago."""
        file = self.folder / ".last-success"
        file.touch()
        os.utime(file, (time.time() - hours_ago * HOUR,) * 2)


def command(process: str) -> str:
    """The name of a running program; empty after its end."""
    try:
        return Path(f"/proc/{process}/comm").read_text().strip()
    except FileNotFoundError:
        return ""


@pytest.fixture
def schedule(tmp_path):
    return Schedule(tmp_path)


@pytest.mark.parametrize(
    ("hours_since_at", "success_hours_ago", "due"),
    [(2, None, True), (2, 1, False), (2, 3, True), (2, 30, True), (22, 1, False), (22, 21, False), (22, 23, True)],
)
def test_w91_a_backup_is_due_unless_one_succeeded_since_then(schedule, hours_since_at, success_hours_ago, due):
    """A backup that was missed while the machine was off is due at the start; after several days, only one is."""
    if success_hours_ago is not None:
        schedule.succeeded(success_hours_ago)
    at = time.strftime("%H:%M", time.gmtime(time.time() - hours_since_at * HOUR))
    assert schedule.run("is-due", at) == (0 if due else 1)


def test_w91_health_depends_on_the_last_attempt_and_its_age(schedule):
    assert schedule.run("healthcheck") == 1
    schedule.succeeded(25)
    assert schedule.run("healthcheck") == 0
    schedule.succeeded(27)
    assert schedule.run("healthcheck") == 1
    assert schedule.run("once") == 0
    assert schedule.run("healthcheck") == 0
    Path(f"{schedule.log}.fail").touch()
    assert schedule.run("once") == 1
    assert schedule.run("healthcheck") == 1
    Path(f"{schedule.log}.fail").unlink()
    assert schedule.run("once") == 0
    assert schedule.run("healthcheck") == 0


def test_w91_a_recorded_success_in_the_future_is_ignored(schedule):
    """A wrong clock recorded it. If it counted, no backup would run until that time."""
    schedule.succeeded(-48)
    assert schedule.run("is-due") == 0
    assert schedule.run("healthcheck") == 1
    assert schedule.run("once") == 0
    assert schedule.run("healthcheck") == 0


def test_w91_no_backup_is_created_if_it_cannot_be_recorded(schedule, tmp_path):
    """Without a record, backups would follow each other at once, and each would delete the oldest one."""
    commands = tmp_path / "commands"
    commands.mkdir()
    (commands / "touch").write_text(TOUCH.format(touch=shutil.which("touch")))
    (commands / "touch").chmod(0o755)
    schedule.environment["PATH"] = f"{commands}:{os.environ['PATH']}"
    assert schedule.run("once") == 1
    assert not schedule.log.exists()
    assert schedule.run("healthcheck") == 1


def test_w91_one_backup_runs_at_a_time(schedule):
    """Two concurrent backups would delete each other's files."""
    folder = os.open(schedule.folder, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    program = subprocess.Popen([SCHEDULE, "once"], env=schedule.environment | {"BACKUP_AT": "03:00"})
    try:
        children = Path(f"/proc/{program.pid}/task/{program.pid}/children")
        wait_until(lambda: "sleep" in [command(child) for child in children.read_text().split()], "it waits")
        assert not schedule.log.exists()
        os.close(folder)
        assert program.wait(60) == 0
    finally:
        program.kill()
    assert schedule.log.read_text() == "started\n"


@pytest.mark.parametrize("waiting", [True, False])
def test_e7_the_scheduler_exits_at_once_with_status_0(schedule, waiting):
    """It exits both during a backup, to which it forwards the signal, and between two backups."""
    if waiting:
        Path(f"{schedule.log}.wait").touch()
    program = subprocess.Popen([SCHEDULE, "run"], env=schedule.environment, stderr=subprocess.PIPE)
    try:
        success = schedule.folder / ".last-success"
        wait_until(lambda: schedule.log.exists() and (waiting or success.exists()), "it has run")
        program.send_signal(signal.SIGTERM)
        # It exits before the backup would have ended.
        assert program.wait(60) == 0
    finally:
        program.kill()
        program.communicate()
    assert schedule.log.read_text() == ("started\nended\n" if waiting else "started\n")
    assert success.exists() != waiting


@pytest.mark.parametrize("at", ["", " ", " 03:00\r\n", "23:59"])
def test_w70_white_space_around_the_backup_time_is_ignored(schedule, at):
    schedule.succeeded(hours_ago=25)
    assert schedule.run("is-due", at) == 0


@pytest.mark.parametrize("at", ["3:00", "24:00", "03:60", "noon", "03:00 x"])
def test_e2_an_invalid_backup_time_is_rejected_with_its_value(schedule, at):
    environment = schedule.environment | {"BACKUP_AT": at}
    done = subprocess.run([SCHEDULE, "run"], env=environment, capture_output=True, text=True)
    assert done.returncode == 78 and f"BACKUP_AT is '{at}'" in done.stderr
