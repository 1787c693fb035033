"""Measures the cost of the check of each request to an application behind the sign-in.

application.py BINARIES DATABASE_URL REPORT. The constant route of the example application is requested directly,
through nginx on a public path (no check), and through nginx with the check. Every round measures all three in turn, at
a fixed rate and at full load. Settings from the environment: BENCH_RATE (500 requests a second), BENCH_CONNECTIONS,
BENCH_SECONDS, BENCH_ROUNDS.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import machine
import servers
from paced import Paced, get
from servers import Server, TestUsers
from wrk import Wrk

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Tests/Support"))
from site_under_test import ROOT, nginx

RATE = int(os.environ.get("BENCH_RATE") or 500)
CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS") or 32)
SECONDS = int(os.environ.get("BENCH_SECONDS") or 10)
ROUNDS = int(os.environ.get("BENCH_ROUNDS") or 3)
USERS = 64
PATH = "/ping"

Row = dict[str, float]


@dataclass
class Route:
    """A path to the application, and the processes that handle its requests."""

    name: str
    port: int
    processes: dict[str, int]


def example(folder: Path) -> Server:
    """The example application in one process, as its image runs it."""
    port = servers.free_port()
    command = [str(ROOT / ".build/example/bin/python"), "-m", "uvicorn", "app:app", "--port", str(port)]
    command += ["--app-dir", str(ROOT / "examples/app"), "--no-access-log"]
    return Server("example", command, port, PATH, {"DATA": str(folder), "PYTHONDONTWRITEBYTECODE": "1"})


def at_fixed_rate(route: Route, cookies: list[str]) -> Row:
    """Latency, and the processor time of each process for a request."""
    load = Paced(route.name, route.port, RATE, get(PATH, *cookies))
    before = {name: machine.used(pid) for name, pid in route.processes.items()}
    results = asyncio.run(load.run(SECONDS))
    used = {f"cpu {name}": machine.used(pid) - before[name] for name, pid in route.processes.items()}
    row = {name: seconds * 1e6 / results.sent for name, seconds in used.items()}
    failed = results.sent - results.count("200")
    return row | {
        "p50": results.milliseconds("200", 50), "p99": results.milliseconds("200", 99), "errors": failed,
    }  # fmt: skip


def at_full_load(route: Route, headers: Path) -> Row:
    """Requests per second over a fixed number of connections."""
    url = f"http://127.0.0.1:{route.port}{PATH}"
    return Wrk(url, CONNECTIONS, SECONDS, "get.lua", HEADERS_FILE=str(headers)).result()


def describe(routes: list[Route], fixed: dict[str, list[Row]], full: dict[str, list[Row]]) -> str:
    """The report: medians over the rounds, and the range of the rates."""
    names = ["nginx", "AuthAPI", "PostgreSQL", "example"]
    lines = [
        f"{machine.CORES} cores, {SECONDS} s a row, {ROUNDS} rounds; `GET {PATH}` of the example application.",
        "",
        f"At {RATE} requests a second:",
        "",
        f"| | p50 ms | p99 ms | µs of processor time a request: {', '.join(names)} | errors |",
        "|---|---:|---:|---|---:|",
    ]
    for route in routes:
        rows = fixed[route.name]
        p50, p99 = (f"{median(row[key] for row in rows):.2f}" for key in ("p50", "p99"))
        cpu = ", ".join(f"{median(row.get(f'cpu {name}', 0) for row in rows):.0f}" for name in names)
        lines.append(f"| {route.name} | {p50} | {p99} | {cpu} | {sum(row['errors'] for row in rows):.0f} |")
    added = [
        checked["p50"] - plain["p50"]
        for plain, checked in zip(fixed[routes[1].name], fixed[routes[2].name], strict=True)
    ]
    lines += [
        "",
        f"The check adds {median(added):.2f} ms ({min(added):.2f}–{max(added):.2f}) to the median.",
        "",
        f"At full load, {CONNECTIONS} connections:",
        "",
        "| | requests/s | p50 ms | p99 ms | errors |",
        "|---|---:|---:|---:|---:|",
    ]
    for route in routes:
        rows = full[route.name]
        rates = [row["rate"] for row in rows]
        p50, p99 = (f"{median(row[key] for row in rows):.1f}" for key in ("p50", "p99"))
        rate = f"{median(rates):,.0f} ({min(rates):,.0f}–{max(rates):,.0f})"
        lines.append(f"| {route.name} | {rate} | {p50} | {p99} | {sum(row['errors'] for row in rows):.0f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measures and writes the report."""
    binaries, database, report = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    postgres = int(Path(os.environ["POSTGRES_PID_FILE"]).read_text().split()[0])
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="bench-application-"))
        stack.callback(shutil.rmtree, folder)
        application = example(folder)
        stack.callback(application.stop)
        upstream = {"APP_UPSTREAM": application.base}
        api = servers.api(binaries, database, **upstream)
        stack.callback(api.stop)
        public = stack.enter_context(nginx(api.port, servers.free_port(), APP_PUBLIC_PATHS=PATH, **upstream))
        checked = stack.enter_context(nginx(api.port, servers.free_port(), **upstream))
        users = TestUsers(api, "/api/auth", USERS)
        headers = folder / "headers"
        headers.write_text("\n".join(users.headers) + "\n")
        everything = {"AuthAPI": api.pid, "PostgreSQL": postgres, "example": application.pid}
        routes = [
            Route("directly", application.port, everything),
            Route("through nginx, no check", public.port, everything | {"nginx": public.process}),
            Route("through nginx, with the check", checked.port, everything | {"nginx": checked.process}),
        ]
        fixed: dict[str, list[Row]] = {route.name: [] for route in routes}
        full: dict[str, list[Row]] = {route.name: [] for route in routes}
        for route in routes:
            Wrk(f"http://127.0.0.1:{route.port}{PATH}", CONNECTIONS, 1, "get.lua", HEADERS_FILE=str(headers)).result()
        for _ in range(ROUNDS):
            for route in routes:
                fixed[route.name].append(at_fixed_rate(route, users.headers))
            for route in routes:
                full[route.name].append(at_full_load(route, headers))
    text = describe(routes, fixed, full)
    report.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
