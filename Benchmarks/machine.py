"""Processes of this machine: the processor time and the memory that they use."""

from __future__ import annotations

import os
import re
import threading
import time
from pathlib import Path

CORES = len(os.sched_getaffinity(0))
TICKS = os.sysconf("SC_CLK_TCK")


def _processes() -> dict[int, tuple[int, float]]:
    """The parent of every process, and the seconds of processor time that it has used."""
    found = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[int(entry.name)] = (int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS)
    return found


def tree(root: int) -> set[int]:
    """A process and its descendants."""
    known = _processes()
    members, grown = {root} & known.keys(), True
    while grown:
        more = {pid for pid, (parent, _) in known.items() if parent in members} - members
        members |= more
        grown = bool(more)
    return members


def used(root: int) -> float:
    """Seconds of processor time that a process and its living descendants have used."""
    known = _processes()
    return sum(known[pid][1] for pid in tree(root) if pid in known)


def busy() -> float:
    """Seconds of processor time that all processes and the kernel have used, on all cores."""
    fields = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS


def resident(pid: int) -> float:
    """The resident memory of one process in MB (10^6 bytes)."""
    try:
        found = re.search(r"^VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.M)
    except OSError:
        return 0
    return int(found[1]) * 1024 / 1e6 if found else 0


def peak_resident(pid: int) -> float:
    """The peak resident memory of one process so far, in MB."""
    found = re.search(r"^VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.M)
    return int(found[1]) * 1024 / 1e6 if found else 0


def wait_until_quiet(limit: float = 30) -> None:
    """Waits until the cores are idle for a second, or until the limit."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        before = busy()
        time.sleep(1)
        if (busy() - before) / CORES < 0.08:
            return


def drain(pid: int) -> None:
    """Waits until a server has completed its work for disconnected clients."""
    while True:
        before = used(pid)
        time.sleep(0.5)
        if used(pid) - before < 0.05:
            return


class Usage:
    """The shares of all cores, in percent, that named processes and all others use while the block runs."""

    def __init__(self, roots: dict[str, int]):
        self.roots = roots
        self.shares: dict[str, float] = {}
        self.others = 0.0

    def __enter__(self) -> Usage:
        self._begun = time.monotonic()
        self._busy = busy()
        self._before = {name: used(pid) for name, pid in self.roots.items()}
        return self

    def __exit__(self, *_: object) -> None:
        passed = (time.monotonic() - self._begun) * CORES
        self.shares = {name: (used(pid) - self._before[name]) / passed * 100 for name, pid in self.roots.items()}
        self.others = max(0, (busy() - self._busy) / passed * 100 - sum(self.shares.values()))


class MemoryWatch:
    """The resident memory of named processes, sampled while the block runs."""

    def __init__(self, roots: dict[str, int], seconds: float = 1):
        self.roots, self.seconds = roots, seconds
        self.samples: list[tuple[float, dict[str, float]]] = []

    def __enter__(self) -> MemoryWatch:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        begun = time.monotonic()
        while True:
            sizes = {name: resident(pid) for name, pid in self.roots.items()}
            self.samples.append((time.monotonic() - begun, sizes))
            if self._ended.wait(self.seconds):
                return

    def peak(self, name: str) -> float:
        """The maximum of one process in MB."""
        return max(sizes[name] for _, sizes in self.samples)
