"""Measures the servers against the limits of the machine; run by scripts/bench.

peak.py BINARIES DATABASE_URL REPORT. Settings from the environment: BENCH_CONNECTIONS, BENCH_SECONDS, BENCH_ROUNDS;
PEER, the command of another server with the same purpose, with PEER_NAME, PEER_PREFIX, and PEER_DATABASE_URL, its
database.

Every round measures every row, so that changes in the machine's speed affect all rows; the table has the medians and,
in brackets, minimum and maximum. The limit of the machine is measured immediately before and after each row that is
compared with it, and the share refers to the mean of the two. Processor time per request, as the kernel accounts it,
varies far less than rates do.
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import limits
import machine
import servers
from servers import Server, TestUsers
from wrk import Wrk

CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS") or 32)
SECONDS = int(os.environ.get("BENCH_SECONDS") or 5)
ROUNDS = int(os.environ.get("BENCH_ROUNDS") or 5)
USERS = 64

Row = dict[str, float]
STARTS = 7


class Bench:
    """The measurements, row by row."""

    def __init__(self, database: str):
        self.database = database
        self.postgres = int(Path(os.environ["POSTGRES_PID_FILE"]).read_text().split()[0])
        self.rounds: dict[str, list[Row]] = {}

    def compare(self, limit: Callable[[], Row], *rows: Callable[[], Row]) -> None:
        """Measures rows, each between two measurements of the machine's limit."""
        before = limit()
        for row in rows:
            result, after = row(), limit()
            result["share"] = result["rate"] / ((before["rate"] + after["rate"]) / 2)
            before = after

    def pgbench(self) -> Row:
        """PostgreSQL alone."""
        return self.record("pgbench", limits.pgbench(self.database, CONNECTIONS, SECONDS) | {"errors": 0})

    def argon2(self) -> Row:
        """The password hash alone."""
        return self.record("Argon2id alone", limits.argon2(machine.CORES, SECONDS) | {"errors": 0})

    def record(self, name: str, result: Row) -> Row:
        """Adds a measurement to a row."""
        self.rounds.setdefault(name, []).append(result)
        return result

    def load(
        self, name: str, server: Server, path: str, script: str = "", beside: Wrk | None = None, **body: str
    ) -> Row:
        """Warms a server up, then measures it at full load."""
        url = server.base + path
        if not beside:
            Wrk(url, CONNECTIONS, 1, script, **self.fresh(body)).result()
            machine.drain(server.pid)
        roots = {"server": server.pid, "PostgreSQL": self.postgres}
        load = Wrk(url, CONNECTIONS, SECONDS, script, **self.fresh(body))
        with machine.Usage(roots | {"wrk": load.process.pid}) as usage:
            time.sleep(max(0.5, SECONDS - 0.5))
        result = load.result()
        for key, share in usage.shares.items():
            result[f"µs {key}"] = share / 100 * machine.CORES / result["rate"] * 1e6
        result["memory"] = sum(map(machine.resident, machine.tree(server.pid)))
        return self.record(name, result)

    @staticmethod
    def fresh(body: dict[str, str]) -> dict[str, str]:
        """The settings of a run; each run registers new users."""
        return body | {"BODY": TestUsers.registration_body()} if body.get("BODY") == "new" else body

    def server(self, label: str, server: Server, users: TestUsers, headers: str, prefix: str) -> None:
        """Measures the rows of an authentication server."""
        login = {"BODY": users.login_body, "COUNT": str(USERS)}

        def me() -> Row:
            return self.load(f"{label} GET {prefix}/me", server, f"{prefix}/me", "get.lua", HEADERS_FILE=headers)

        def with_password(path: str, **body: str) -> Row:
            result = self.load(f"{label} POST {prefix}{path}", server, f"{prefix}{path}", "post.lua", **body)
            machine.drain(server.pid)
            return result

        self.compare(self.pgbench, me)
        self.compare(
            self.argon2, lambda: with_password("/login", **login), lambda: with_password("/register", BODY="new")
        )
        logins = Wrk(server.base + f"{prefix}/login", CONNECTIONS, SECONDS + 2, "post.lua", **login)
        time.sleep(1)
        name = f"{label} GET {prefix}/me during logins"
        self.load(name, server, f"{prefix}/me", "get.lua", beside=logins, HEADERS_FILE=headers)
        self.record(f"{label} POST {prefix}/login during /me", logins.result())

    def share(self, name: str) -> str:
        """The share of the machine's limit that a row reached: the median over the rounds, and the range."""
        shares = [each["share"] for each in self.rounds[name] if "share" in each]
        return f"{median(shares):.0%} ({min(shares):.0%}–{max(shares):.0%})" if shares else ""


def number(value: float) -> str:
    """A number with about three significant digits; empty if it was not measured."""
    return (
        ""
        if math.isnan(value)
        else f"{value:,.0f}"
        if value >= 100
        else f"{value:.1f}"
        if value >= 10
        else f"{value:.2f}"
    )


def table(bench: Bench) -> str:
    """The table of all measurements, as Markdown."""
    lines = [
        "| what | requests/s | p50 ms | p99 ms | errors | share | server µs | PostgreSQL µs | load µs | memory MB |",
        "|---|---:|---:|---:|---:|---|---:|---:|---:|---:|",
    ]
    for name, rounds in bench.rounds.items():
        rates = [each["rate"] for each in rounds]
        spread = f"{number(median(rates))} ({number(min(rates))}–{number(max(rates))})"
        p50, p99 = (number(median(each[key] for each in rounds)) for key in ("p50", "p99"))
        errors = f"{sum(each['errors'] for each in rounds):.0f}"
        cpu, memory = " | | ", ""
        if "memory" in rounds[0]:
            keys = ("µs server", "µs PostgreSQL", "µs wrk")
            cpu = " | ".join(number(median(each[key] for each in rounds)) for key in keys)
            memory = number(max(each["memory"] for each in rounds))
        lines.append(f"| {name} | {spread} | {p50} | {p99} | {errors} | {bench.share(name)} | {cpu} | {memory} |")
    return "\n".join(lines)


def start_times(make) -> list[float]:
    """Milliseconds from exec to the first 200, for several starts."""
    times = []
    for _ in range(STARTS):
        machine.wait_until_quiet(5)
        server = make()
        times.append(server.started * 1000)
        server.stop()
    return sorted(times)


def main() -> None:
    """Measures and writes the report."""
    binaries, database, report = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    starts = {
        "AuthAPI": start_times(lambda: servers.api(binaries, database)),
        "WebFrontend": start_times(lambda: servers.frontend(binaries, "http://127.0.0.1:9")),
    }
    running = [servers.constant(binaries), servers.api(binaries, database)]
    constant, api = running
    try:
        running.append(frontend := servers.frontend(binaries, api.base))
        idle = {server.name: machine.resident(server.pid) for server in (api, frontend)}
        limits.seed(database)
        bench, users = Bench(database), TestUsers(api, "/api/auth", USERS)
        other = None
        if os.environ.get("PEER"):
            running.append(other := servers.peer(os.environ["PEER"], os.environ["PEER_DATABASE_URL"]))
        measure(bench, constant, api, frontend, users, other)
        peaks = {server.name: machine.peak_resident(server.pid) for server in (api, frontend)}
    finally:
        for server in running:
            server.stop()
    text = describe(bench, starts, idle, peaks)
    report.write_text(text)
    print(text)


def measure(
    bench: Bench, constant: Server, api: Server, frontend: Server, users: TestUsers, other: Server | None
) -> None:
    """All rows, round by round."""
    prefix = os.environ.get("PEER_PREFIX") or "/auth"
    with tempfile.NamedTemporaryFile("w") as headers, tempfile.NamedTemporaryFile("w") as peer_headers:
        headers.write("\n".join(users.headers) + "\n")
        headers.flush()
        if other:
            peers = TestUsers(other, prefix, USERS)
            peer_headers.write("\n".join(peers.headers) + "\n")
            peer_headers.flush()
        label = os.environ.get("PEER_NAME") or "peer"
        for _ in range(ROUNDS):
            rows = [
                lambda: bench.load("WebFrontend GET /login", frontend, "/login"),
                lambda: bench.load("AuthAPI GET /health", api, "/health"),
            ]
            if other:
                rows.append(lambda: bench.load(f"{label} GET /health", other, "/health"))
            bench.compare(lambda: bench.load("constant route", constant, "/"), *rows)
            bench.server("AuthAPI", api, users, headers.name, "/api/auth")
            if other:
                bench.server(label, other, peers, peer_headers.name, prefix)


def describe(bench: Bench, starts: dict[str, list[float]], idle: dict[str, float], peaks: dict[str, float]) -> str:
    """The report."""
    prefix = os.environ.get("PEER_PREFIX") or "/auth"
    label = os.environ.get("PEER_NAME") or "peer"
    lines = [
        f"{machine.CORES} cores, {CONNECTIONS} connections, {SECONDS} s a row, {ROUNDS} rounds",
        "",
        table(bench),
        "",
        "The share refers to pgbench for `/me`, to Argon2id for sign-in and registration, and to the constant route "
        "for the others. The µs columns show the processor time per request.\n",
    ]
    ours, theirs = "AuthAPI GET /api/auth/me", f"{label} GET {prefix}/me"
    if theirs in bench.rounds:
        pairs = zip(bench.rounds[ours], bench.rounds[theirs], strict=True)
        times = median(one["rate"] / other["rate"] for one, other in pairs)
        lines.append(f"`/me` of AuthAPI is {times:.1f} times that of {label}.\n")
    for name, values in starts.items():
        span = f"{values[0]:.0f}–{values[-1]:.0f}"
        memory = f"idle {idle[name]:.0f} MB, at most {peaks[name]:.0f} MB"
        lines.append(
            f"{name}: first response {median(values):.0f} ms after exec ({span}, {STARTS} starts); memory {memory}.\n"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
