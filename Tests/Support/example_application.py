"""The example application of examples/app as a process on a free port."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from site_under_test import ROOT, TIMEOUT_SECONDS, free_ports, kill_on_parent_exit, listens, wait_until

# scripts/install-tools example
PYTHON = ROOT / ".build/example/bin/python"


@contextlib.contextmanager
def example_application(path: str = "/"):
    """Runs the application without notes for the block; yields its port."""
    [port] = free_ports(1)
    folder = Path(tempfile.mkdtemp(prefix="yoshikosan-example-"))
    command = [PYTHON, "-m", "uvicorn", "app:app", "--app-dir", ROOT / "examples/app", "--port", str(port)]
    command += ["--timeout-graceful-shutdown", "1"]
    environment = {"PATH": os.environ["PATH"], "DATA": str(folder), "APP_PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen([*kill_on_parent_exit(), *command], env=environment, stdout=output, stderr=output)
    try:
        wait_until(lambda: listens(port) or process.poll() is not None, "the example listens")
        assert process.poll() is None, log.read_text()
        yield port
    finally:
        process.terminate()
        process.wait(TIMEOUT_SECONDS)
        shutil.rmtree(folder)
