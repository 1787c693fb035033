"""Load by wrk: as many requests as the server can handle, over a fixed number of connections."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
UNITS = {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}


class Wrk:
    """One run of wrk, which starts when the object is created."""

    def __init__(self, url: str, connections: int, seconds: int, script: str = "", **settings: str):
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency"]
        if script:
            command += ["-s", str(HERE / "wrk" / script)]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"} | settings
        self.process = subprocess.Popen([*command, url], env=environment, text=True, stdout=subprocess.PIPE)

    def result(self) -> dict[str, float]:
        """Waits for the end: requests a second, p50 and p99 in milliseconds, errors (not 2xx or 3xx, no response)."""
        text = self.process.communicate()[0]
        if self.process.returncode or "Requests/sec" not in text:
            raise RuntimeError("wrk failed: " + text)

        def percentile(which: int) -> float:
            found = re.search(rf"^\s+{which}%\s+([\d.]+)(us|ms|s|m)\s*$", text, re.M)
            return float(found[1]) * UNITS[found[2]] if found else float("nan")

        errors = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
        requests = re.search(r"(\d+) requests in", text)
        count = (int(errors[1]) if errors else 0) + (sum(map(int, broken.groups())) if broken else 0)
        rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
        return {
            "rate": float(rate[1]) if rate else 0,
            "p50": percentile(50),
            "p99": percentile(99),
            "errors": count,
            "requests": int(requests[1]) if requests else 0,
        }
