"""The kernel's data about processes, any of which may end at any time."""

import contextlib
import time
from pathlib import Path


def kill_on_parent_exit() -> list[str]:
    """Makes a command end when this process dies for any reason."""
    return ["setpriv", "--pdeathsig", "TERM", "--"]


def descendants(process: int) -> list[int]:
    """The descendants of a process."""
    children = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{process}/task").iterdir():
            children += [int(child) for child in (task / "children").read_text().split()]
    return children + [each for child in children for each in descendants(child)]


def name_of(process: int) -> str:
    """The name of a process's program; empty if the process has ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/comm").read_text().strip()
    return ""


def is_stopped(process: int) -> bool:
    """Whether SIGSTOP has stopped every thread of a process; each runs on until the kernel schedules it."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        stats = [(task / "stat").read_text() for task in Path(f"/proc/{process}/task").iterdir()]
        return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)
    return False


def cpu_seconds(process: int) -> float:
    """The processor time of a process, including all ended threads."""
    # The CPU clock of a process, as from clock_getcpuclockid(3).
    return time.clock_gettime((~process << 3) | 2)
