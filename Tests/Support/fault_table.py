"""A table of the effects of each fault on clients."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from site_under_test import ROOT

FILE = ROOT / ".build/faults.md"
HEAD = (
    "Fault",
    "Requests",
    "Succeeded",
    "Rejected",
    "Broken",
    "Longest wait",
    "Recovered",
    "Registrations acknowledged",
    "Lost",
)


@dataclasses.dataclass(frozen=True)
class Row:
    """One fault: numbers of requests, seconds, and numbers of registrations."""

    fault: str
    sent: int
    succeeded: int
    rejected: int
    broken: int
    longest: float
    # None if no request failed.
    back: float | None
    acknowledged: int
    lost: int

    def cells(self) -> list[str]:
        """The row as text."""
        back = "at once" if self.back is None else f"{self.back:.1f} s"
        numbers = [self.sent, self.succeeded, self.rejected, self.broken]
        return [self.fault, *map(str, numbers), f"{self.longest:.2f} s", back, str(self.acknowledged), str(self.lost)]


class FaultTable:
    """Collects the rows of one run."""

    def __init__(self):
        self.rows: list[Row] = []

    def text(self) -> str:
        """The table in Markdown, with numbers aligned to the right."""
        lines = [HEAD, ["---", *["--:"] * (len(HEAD) - 1)], *(row.cells() for row in self.rows)]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def write(self) -> Path | None:
        """Writes the table and returns the file; None without rows."""
        if not self.rows:
            return None
        FILE.parent.mkdir(exist_ok=True)
        programs = os.environ.get("FAULTS_BINARIES", "the debug build")
        FILE.write_text(f"<!-- Measured with {programs}. -->\n{self.text()}")
        return FILE
