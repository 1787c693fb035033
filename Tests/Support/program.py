"""One of the two servers, for tests that stop it or exhaust its resources."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from site_under_test import TIMEOUT_SECONDS, binary, fetch, kill_on_parent_exit, wait_until


def faults_binary(name: str) -> str:
    """The program to test: from the folder FAULTS_BINARIES, otherwise from the build."""
    folder = os.environ.get("FAULTS_BINARIES")
    return f"{folder}/{name}" if folder else binary(name)


class Program:
    """AuthAPI or WebFrontend, which can be restarted on its port."""

    def __init__(self, name: str, port: int, folder: Path, settings: dict[str, str]):
        self.name = name
        self.port = port
        self.settings = settings
        self.log = folder / f"{name}-{port}.log"
        self.process: subprocess.Popen | None = None

    def launch(self) -> None:
        """Starts it without waiting."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*kill_on_parent_exit(), faults_binary(self.name), "serve"], env=self.settings, stdout=log, stderr=log
            )

    def start(self, path: str = "/health/ready") -> None:
        """Starts it and waits until a path returns 200."""
        self.launch()
        wait_until(lambda: self.has_ended or self.responds(path), f"{self.name} is ready")
        assert not self.has_ended, f"{self.name} did not start:\n{self.log.read_text(errors='replace')[-3000:]}"

    def responds(self, path: str, status: int = 200) -> bool:
        """Whether a path returns that status."""
        with contextlib.suppress(OSError):
            return fetch(self.port, path).status == status
        return False

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended."""
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        """Kills it."""
        assert self.process is not None and not self.has_ended
        self.process.kill()
        self.process.wait(TIMEOUT_SECONDS)

    def terminate(self) -> float:
        """Stops it and returns the seconds that it took; its exit status must be 0."""
        assert self.process is not None and not self.has_ended
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(TIMEOUT_SECONDS)
        assert status == 0, f"{self.name} ended with status {status}"
        return time.monotonic() - started

    def network_seconds(self) -> float:
        """The processor time of its network threads so far."""
        assert self.process is not None
        ticks = 0
        for thread in Path(f"/proc/{self.process.pid}/task").iterdir():
            name, fields = (thread / "stat").read_text().split("(", 1)[1].rsplit(")", 1)
            if name.startswith("NIO-"):
                ticks += sum(int(field) for field in fields.split()[11:13])
        return ticks / os.sysconf("SC_CLK_TCK")

    def limit_files(self, number: int) -> None:
        """Limits the number of files that it may open."""
        assert self.process is not None
        subprocess.run(["prlimit", f"--pid={self.process.pid}", f"--nofile={number}:"], check=True)

    def open_files(self) -> int:
        """The number of its open files."""
        assert self.process is not None
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def end(self) -> None:
        """Ends the program in any state, and does not start it again."""
        if self.process:
            self.process.kill()
            self.process.wait(TIMEOUT_SECONDS)
