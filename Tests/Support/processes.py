"""Processes: what the kernel knows about them, any of which may end meanwhile."""

import contextlib
import time
from pathlib import Path


def dying_with_us() -> list[str]:
    """What makes a command end when this process dies, however it dies."""
    return ["setpriv", "--pdeathsig", "TERM", "--"]


def descendants(process: int) -> list[int]:
    """The children of a process, and theirs."""
    children = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{process}/task").iterdir():
            children += [int(child) for child in (task / "children").read_text().split()]
    return children + [each for child in children for each in descendants(child)]


def name_of(process: int) -> str:
    """The name of its program; empty when the process has ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/comm").read_text().strip()
    return ""


def cpu_seconds(process: int) -> float:
    """The processor time that a process has used, in all its threads, also those that have ended."""
    # The clock of a process, as clock_getcpuclockid(3) returns it.
    return time.clock_gettime((~process << 3) | 2)
