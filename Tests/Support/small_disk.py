"""A disk that tests can fill."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import subprocess
import tempfile
from pathlib import Path

from site_under_test import TIMEOUT_SECONDS, kill_on_parent_exit


@dataclasses.dataclass(frozen=True)
class SmallDisk:
    """A file system in memory that programs run with `prefix` see at `folder`; others see it at `seen`."""

    folder: Path
    holder: int

    @property
    def seen(self) -> Path:
        """Its path for the tests."""
        return Path(f"/proc/{self.holder}/root{self.folder}")

    @property
    def prefix(self) -> list[str]:
        """The prefix for commands that see the disk; they run as a user other than root."""
        enter = ["nsenter", f"--target={self.holder}", "--user", "--mount", "--preserve-credentials"]
        return [*enter, "unshare", "--user", "--map-user=1000", "--map-group=1000"]

    def fill(self) -> None:
        """Fills it."""
        with (self.seen / "filler").open("ab", buffering=0) as filler:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        filler.write(bytes(size))
                except OSError as error:
                    assert error.errno == errno.ENOSPC

    def free(self) -> None:
        """Frees the space."""
        (self.seen / "filler").unlink()


@contextlib.contextmanager
def small_disk(megabytes: int):
    """A temporary disk of that size; needs user namespaces, not root."""
    with tempfile.TemporaryDirectory(prefix="yoshikosan-disk-") as folder:
        script = 'mount -t tmpfs -o "size=$1m,mode=0700" disk "$2" && echo ready && exec sleep infinity'
        holder = subprocess.Popen(
            [*kill_on_parent_exit(), "unshare", "--user", "--map-root-user", "--mount"]
            + ["sh", "-c", script, "sh", str(megabytes), folder],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert holder.stdout.readline() == "ready\n", "there is no small disk"
            yield SmallDisk(Path(folder), holder.pid)
        finally:
            holder.kill()
            holder.wait(TIMEOUT_SECONDS)
            holder.stdout.close()
