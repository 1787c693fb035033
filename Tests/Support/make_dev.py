"""Runs `make dev` like a terminal."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from site_under_test import ROOT, TIMEOUT_SECONDS, kill_on_parent_exit, wait_until


def dev_settings(url: str, folder: Path, ports: list[int]) -> dict[str, str]:
    """The settings: a database, and the ports of nginx (external, browser), the API and the frontend."""
    names = ("EXTERNAL_PORT", "BROWSER_PORT", "API_PORT", "FRONTEND_PORT")
    return {"DEV_FOLDER": str(folder / "dev"), "DATABASE_URL": url} | dict(zip(names, map(str, ports), strict=False))


@contextlib.contextmanager
def make_dev(environment: dict[str, str], log: Path, *part: str):
    """Runs the command of `make dev` like a terminal (in a group that Ctrl-C ends), until it is ready."""
    with log.open("w") as output:
        process = subprocess.Popen(
            [*kill_on_parent_exit(), ROOT / "scripts/dev", *part],
            env=os.environ | environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
            # A test in the background ignores it, and so would a shell that it starts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    try:
        up = "Stop         Ctrl-C"
        wait_until(lambda: up in log.read_text() or process.poll() is not None, "it is up", 10 * TIMEOUT_SECONDS)
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        process.kill()
        process.wait(2 * TIMEOUT_SECONDS)
