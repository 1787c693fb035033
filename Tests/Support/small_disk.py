"""A disk that can be filled."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import subprocess
import tempfile
from pathlib import Path

from site_under_test import PATIENCE, dying_with_us


@dataclasses.dataclass(frozen=True)
class SmallDisk:
    """A file system in memory that only the programs behind `prefix` see, under `folder`; others reach it as `seen`."""

    folder: Path
    holder: int

    @property
    def seen(self) -> Path:
        """Where we reach it."""
        return Path(f"/proc/{self.holder}/root{self.folder}")

    @property
    def prefix(self) -> list[str]:
        """What a command stands behind that is to see it, under another user's name than root's."""
        enter = ["nsenter", f"--target={self.holder}", "--user", "--mount", "--preserve-credentials"]
        return [*enter, "unshare", "--user", "--map-user=1000", "--map-group=1000"]

    def fill(self) -> None:
        """Leaves no room on it."""
        with (self.seen / "filler").open("ab", buffering=0) as filler:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        filler.write(bytes(size))
                except OSError as error:
                    assert error.errno == errno.ENOSPC

    def free(self) -> None:
        """Gives the room back."""
        (self.seen / "filler").unlink()


@contextlib.contextmanager
def small_disk(megabytes: int):
    """A disk of that size, gone afterwards; needs user namespaces, not root."""
    with tempfile.TemporaryDirectory(prefix="yoshikosan-disk-") as folder:
        script = 'mount -t tmpfs -o "size=$1m,mode=0700" disk "$2" && echo ready && exec sleep infinity'
        holder = subprocess.Popen(
            [*dying_with_us(), "unshare", "--user", "--map-root-user", "--mount"]
            + ["sh", "-c", script, "sh", str(megabytes), folder],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert holder.stdout.readline() == "ready\n", "there is no small disk"
            yield SmallDisk(Path(folder), holder.pid)
        finally:
            holder.kill()
            holder.wait(PATIENCE)
            holder.stdout.close()
