"""Measures ten times as many sign-ins as the machine can hash, and slow, idle and disconnecting clients.

overload.py BINARIES DATABASE_URL REPORT. Requests are sent at a fixed rate, independent of the responses. A separate
process requests /me and /health meanwhile, so that delays of the load generator are not measured as the server's.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import socket
import struct
import sys
import time
from pathlib import Path

import machine
import servers
from paced import Paced, Results, get, post
from servers import Server, TestUsers
from wrk import Wrk

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Tests/Support"))
from site_under_test import nginx

TIMES = 10
SECONDS = 15
USERS = 64
PROBES = 50


def _run(sources: list[Paced], seconds: float, pipe) -> None:
    async def together() -> list[Results]:
        return await asyncio.gather(*(source.run(seconds) for source in sources))

    pipe.send(asyncio.run(together()))


class PacedProcess:
    """Paced requests from a separate process."""

    def __init__(self, sources: list[Paced], seconds: float):
        self._here, there = multiprocessing.Pipe()
        self._process = multiprocessing.Process(target=_run, args=(sources, seconds, there))
        self._process.start()

    def results(self) -> list[Results]:
        """Waits for the end of the run; returns the results of each source."""
        found = self._here.recv()
        self._process.join()
        return found


def probes(ports: dict[str, tuple[int, str, list[str]]]) -> list[Paced]:
    """A few requests per second of each kind: name, port, path, headers."""
    return [
        Paced(name, port, PROBES, get(path, *(f"{header}" for header in headers)))
        for name, (port, path, headers) in ports.items()
    ]


def times(results: Results) -> str:
    """Percentiles of successful requests, and the failed ones."""
    good = "200"
    bad = {outcome: count for outcome, count in results.counts.items() if outcome != good}
    text = " / ".join(f"{results.milliseconds(good, percent):.1f}" for percent in (50, 99, 100))
    return text + (f", and {bad}" if bad else "")


def login_rate(api: Server, users: TestUsers, seconds: int) -> float:
    """Sign-ins per second at 32 connections."""
    result = Wrk(
        f"{api.base}/api/auth/login", 32, seconds, "post.lua", BODY=users.login_body, COUNT=str(USERS)
    ).result()
    assert not result["errors"], result
    return result["rate"]


def too_many_logins(api: Server, users: TestUsers) -> str:
    """Ten times as many sign-ins as can be hashed."""
    login_rate(api, users, 2)
    machine.drain(api.pid)
    limit = login_rate(api, users, 5)
    machine.drain(api.pid)
    watched = {
        "/me": (api.port, "/api/auth/me", users.headers),
        "/health": (api.port, "/health", []),
    }
    before = PacedProcess(probes(watched), 5).results()
    memory_before = machine.resident(api.pid)

    def body(number: int) -> str:
        return users.login_body.replace("{N}", str(number % USERS))

    rate = TIMES * limit
    with machine.MemoryWatch({"AuthAPI": api.pid}) as memory, machine.Usage({"AuthAPI": api.pid}) as usage:
        flood = PacedProcess([Paced("login", api.port, rate, post("/api/auth/login", body))], SECONDS)
        during = PacedProcess(probes(watched), SECONDS - 1).results()
        (logins,) = flood.results()
    ended = time.monotonic()
    status, _, _ = api.fetch("POST", "/api/auth/login", json.loads(body(0)))
    first = time.monotonic() - ended
    again = login_rate(api, users, 1)
    after = PacedProcess(probes(watched), 5).results()
    assert status == 200, status
    accepted, rejected = logins.count("200"), logins.count("503")
    rest = {outcome: count for outcome, count in logins.counts.items() if outcome not in ("200", "503")}
    lines = [
        f"### {TIMES} times as many sign-ins as can be hashed",
        "",
        f"The machine hashes {limit:.0f} sign-ins per second; {rate:.0f} per second were sent for {SECONDS} s.",
        "",
        "| what | figure |",
        "|---|---|",
        f"| sent | {logins.sent} |",
        f"| accepted with 200 | {accepted}, {accepted / SECONDS:.0f} per second "
        f"({accepted / SECONDS / limit:.0%} of the limit), "
        f"p50 {logins.milliseconds('200', 50):.0f} ms, p99 {logins.milliseconds('200', 99):.0f} ms |",
        f"| rejected with 503 | {rejected}, p50 {logins.milliseconds('503', 50):.1f} ms, p99 "
        f"{logins.milliseconds('503', 99):.1f} ms, slowest {logins.milliseconds('503', 100):.0f} ms |",
        f"| 503 without Retry-After | {logins.without_retry_after} |",
        f"| other results, requests without a result | {rest or 0}, {logins.sent - sum(logins.counts.values())} |",
    ]
    for name, calm, busy, later in zip(watched, before, during, after, strict=True):
        lines.append(f"| {name}, p50 / p99 / slowest ms: before | {times(calm)} |")
        lines.append(f"| {name}: meanwhile | {times(busy)} |")
        lines.append(f"| {name}: afterwards | {times(later)} |")
    lines += [
        f"| first sign-in after the end | {first * 1000:.0f} ms |",
        f"| sign-ins in the first second after the end | {again:.0f} ({again / limit:.0%} of the limit) |",
        f"| share of all cores: AuthAPI, others (load, PostgreSQL) | {usage.shares['AuthAPI']:.0f} %, "
        f"{usage.others:.0f} % |",
        f"| memory of AuthAPI before, at most | {memory_before:.0f} MB, {memory.peak('AuthAPI'):.0f} MB |",
    ]
    return "\n".join(lines)


class MisbehavingClients:
    """Many misbehaving connections, until the block ends."""

    def __init__(
        self, port: int, count: int, first: bytes = b"", again: bytes = b"", every: float = 1, reads: bool = True
    ):
        self.port, self.count, self.first, self.again, self.every, self.reads = port, count, first, again, every, reads
        self.closed = 0

    async def hold(self, work) -> object:
        """Opens the connections, keeps them misbehaving while the work runs in a thread, and counts the closed ones."""
        tasks = [asyncio.create_task(self._one()) for _ in range(self.count)]
        await asyncio.sleep(1)
        try:
            return await asyncio.to_thread(work)
        finally:
            self.closed = sum(task.done() for task in tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self) -> None:
        writer = None
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1024)
            if not self.reads:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
                reader._transport.pause_reading()
            writer.write(self.first)
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self.every):
                        if not self.reads:
                            await asyncio.sleep(self.every)
                        elif not await reader.read(1024):
                            return
                if self.again:
                    writer.write(self.again)
                    await writer.drain()
        except OSError:
            return
        finally:
            if writer:
                writer.transport.abort()


async def disconnect_after_send(port: int, request: bytes, work) -> tuple[object, int]:
    """While the work runs, sends requests and closes each connection at once; returns its result and their number."""
    count = 0
    task = asyncio.create_task(asyncio.to_thread(work))
    while not task.done():
        connection = socket.socket()
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
            connection.send(request)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        count += 1
        await asyncio.sleep(0.002)
    return await task, count


def slow_clients(api: Server, frontend: Server, proxy: int, users: TestUsers) -> str:
    """Slow, idle and disconnecting clients, through nginx and directly at the API."""
    watched = {
        "API": (api.port, "/api/auth/me", users.headers),
        "nginx": (proxy, "/api/auth/me", users.headers),
        "page": (proxy, "/login", []),
    }

    def look() -> list[Results]:
        return PacedProcess(probes(watched), 8).results()

    head = b"GET /api/auth/me HTTP/1.1\r\nHost: localhost\r\n"
    login = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    page = b"GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n"
    rows = [("no other clients", "", look())]
    for name, port in (("nginx", proxy), ("the API", api.port)):
        for what, clients in (
            ("2,000 idle connections", MisbehavingClients(port, 2000, every=60)),
            ("500 that send a header byte by byte", MisbehavingClients(port, 500, head + b"X-Slow: ", b"a")),
            (
                "500 that send a body byte by byte",
                MisbehavingClients(port, 500, login + b"Content-Length: 60000\r\n\r\n", b" "),
            ),
            ("200 that do not read the 50 pages they request", MisbehavingClients(port, 200, page * 50, reads=False)),
        ):
            found = asyncio.run(clients.hold(look))
            rows.append((f"{what}, at {name}", f"{clients.closed} of {clients.count}", found))
        found, count = asyncio.run(disconnect_after_send(port, head + b"Cookie: x=y\r\n\r\n", look))
        rows.append((f"connections that close after their request, at {name}", f"{count} made", found))
    lines = [
        "### Slow, idle and disconnecting clients",
        "",
        f"Meanwhile, {PROBES} requests per second of each kind: p50 / p99 / slowest in ms. nginx gives a client 10 s",
        "for its header and between two parts of its body, 15 s between two reads, and 75 s between two requests; the",
        "servers give 10 s for a whole body and 60 s between two requests.",
        "",
        "| meanwhile | closed within 9 s | /me at the API | /me through nginx | /login through nginx |",
        "|---|---|---|---|---|",
    ]
    for what, closed, results in rows:
        lines.append(f"| {what} | {closed} | " + " | ".join(times(each) for each in results) + " |")
    sizes = ", ".join(f"{each.name} {machine.peak_resident(each.pid):.0f} MB" for each in (api, frontend))
    return "\n".join([*lines, "", f"Peak memory: {sizes}."])


def main() -> None:
    """Measures and writes the report."""
    binaries, database, report = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    api = servers.api(binaries, database)
    try:
        users = TestUsers(api, "/api/auth", USERS)
        text = too_many_logins(api, users)
        frontend = servers.frontend(binaries, api.base)
        try:
            with nginx(api.port, frontend.port, CREDENTIAL_RATE="60000", CREDENTIAL_BURST="60000") as proxy:
                text += "\n\n" + slow_clients(api, frontend, proxy.port, users) + "\n"
        finally:
            frontend.stop()
    finally:
        api.stop()
    report.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
