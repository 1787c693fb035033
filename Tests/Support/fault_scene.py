"""The site of one fault: a database, servers, a steady load, and its results."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import itertools
import json
import os
import re
import secrets
import time
from pathlib import Path

from fault_table import FaultTable, Row
from postgres_server import OWNER, SERVING, PostgresServer
from program import Program
from site_under_test import PASSWORD, fetch, free_ports, nginx, wait_until
from steady_load import Kind, SteadyLoad

# The maximum time until the site works normally again, in seconds.
RECOVERY = 60
# The maximum time of a response. (The site's limit is three seconds; a busy machine is not a fault.)
LONGEST = 15


def api_settings(url: str, owner_url: str, port: int, key: str) -> dict[str, str]:
    """The settings of an API with high rate limits."""
    return {
        "PATH": os.environ["PATH"],
        "PUBLIC_URL": "http://localhost:8080",
        "APP_ENV": "development",
        "LOG_LEVEL": "INFO",
        "SECRET_KEY": key,
        "API_HOST": "127.0.0.1",
        "API_PORT": str(port),
        "DATABASE_URL": url,
        "MIGRATION_DATABASE_URL": owner_url,
        "REGISTRATION_LIMIT_NETWORK": "100000/60",
        "LOGIN_LIMIT_NETWORK": "100000/60",
        "LOGIN_LIMIT_ACCOUNT": "100000/60",
        # Cheap hashing: with the default, it would be most of the load.
        "ARGON2_MEMORY_KIB": "8192",
        "ARGON2_ITERATIONS": "1",
    }


class Scene:
    """The servers of one test, and the numbers for the table."""

    def __init__(self, table: FaultTable, folder: Path, stack: contextlib.ExitStack):
        self.table = table
        self.folder = folder
        self._stack = stack
        self.key = secrets.token_urlsafe(48)
        self._run = secrets.token_hex(4)
        self._number = itertools.count()
        self.programs: list[Program] = []

    def api(self, *servers: PostgresServer, start: bool = True, **settings: str) -> Program:
        """An API on a server or, of several servers, on the one that accepts writes."""
        (port,) = free_ports(1)
        first, *others = servers
        own = api_settings(first.url(SERVING, *others), first.url(OWNER, *others), port, self.key)
        return self._add(Program("AuthAPI", port, self.folder, own | settings), start)

    def frontend(self, api_port: int) -> Program:
        """A frontend with the API on that port."""
        (port,) = free_ports(1)
        settings = {
            "PATH": os.environ["PATH"],
            "PUBLIC_URL": "http://localhost:8080",
            "APP_ENV": "development",
            "FRONTEND_HOST": "127.0.0.1",
            "FRONTEND_PORT": str(port),
            "API_URL": f"http://127.0.0.1:{api_port}",
        }
        return self._add(Program("WebFrontend", port, self.folder, settings), True)

    def _add(self, program: Program, start: bool) -> Program:
        self._stack.callback(program.end)
        self.programs.append(program)
        if start:
            program.start()
        return program

    def email(self) -> str:
        """An unused email address."""
        return f"fault-{self._run}-{next(self._number)}@example.com"

    def register(self, port: int) -> tuple[str, str]:
        """Creates an account; returns its email address and session cookie."""
        email = self.email()
        body = {"email": email, "password": PASSWORD, "name": "Fault"}
        response = fetch(port, "/api/auth/register", "POST", body=body)
        assert response.status == 201, response.body
        return email, response.headers["Set-Cookie"].split(";")[0]

    def kinds(self, user: tuple[str, str], page: str) -> list[Kind]:
        """The load: session checks, pages, sign-ins and registrations."""
        email, cookie = user
        login = json.dumps({"email": email, "password": PASSWORD}).encode()

        def register() -> tuple[bytes, str]:
            new = self.email()
            body = {"email": new, "password": PASSWORD, "name": "Fault"}
            return post("/api/auth/register", json.dumps(body).encode()), new

        return [
            Kind("me", 30, 200, lambda: (get("/api/auth/me", f"Cookie: {cookie}\r\n"), "")),
            Kind("page", 10, 200, lambda: (get(page, f"Cookie: {cookie}\r\n" if page == "/account" else ""), "")),
            Kind("login", 4, 200, lambda: (post("/api/auth/login", login), "")),
            Kind("register", 8, 201, register),
        ]

    @contextlib.contextmanager
    def measured(
        self, fault: str, port: int, database: PostgresServer, page: str = "/login", broken_allowed: bool = False
    ):
        """Loads a port while the block causes and ends the fault, then checks the results."""
        user = self.register(port)
        measure = Measure(SteadyLoad(port, self.kinds(user, page)), database, user)
        try:
            with measure.load:
                measure.wait_until_normal()
                measure.began = time.monotonic()
                yield measure
                measure.wait_until_normal()
        finally:
            print(f"{fault}\n{measure.load.report()}\n{self.complaints()}")
        self.judge(fault, measure, broken_allowed)

    def judge(self, fault: str, measure: Measure, broken_allowed: bool) -> None:
        """Checks what must hold after any fault, and writes the row."""
        records = measure.load.records
        odd = {(r.kind.name, r.status) for r in records if not (r.is_successful or r.is_rejected or r.is_broken)}
        assert not odd, f"neither the expected response nor a rejection with Retry-After: {odd}"
        broken = [record for record in records if record.is_broken]
        assert broken_allowed or not broken, f"requests without a response: {[record.fault for record in broken][:5]}"
        longest = max(record.took for record in records)
        assert longest < LONGEST, f"a request waited for {longest:.1f} s"
        ended = [program.name for program in self.programs if program.has_ended]
        assert not ended, f"these servers have ended: {ended}"
        acknowledged = {record.note for record in records if record.kind.name == "register" and record.is_successful}
        self.table.rows.append(
            Row(
                fault=fault,
                sent=len(records),
                succeeded=sum(record.is_successful for record in records),
                rejected=sum(record.is_rejected for record in records),
                broken=len(broken),
                longest=longest,
                back=measure.back,
                acknowledged=len(acknowledged),
                lost=len(acknowledged - self.stored(measure.database)),
            )
        )
        assert self.table.rows[-1].lost == 0, "an acknowledged registration is not in the database"

    def complaints(self) -> str:
        """The distinct warnings and errors in the servers' logs, with their counts."""
        found: collections.Counter[str] = collections.Counter()
        for program in self.programs:
            if program.has_ended:
                found[f"{program.name} has ended: {program.process and program.process.poll()}"] += 1
            for line in program.log.read_text(errors="replace").splitlines():
                if line and '"message":"request",' not in line and not re.search('"level":"(DEBUG|INFO)"', line):
                    found[re.sub(r'"(timestamp|request_id)":"[^"]*",?', "", line)[:300]] += 1
        return "\n".join(f"{count} x {line}" for line, count in found.most_common(20))

    def stored(self, server: PostgresServer) -> set[str]:
        """The accounts of this test in the database with a session."""
        statement = (
            "select distinct email from users join sessions on sessions.user_id = users.id "
            f"where email like 'fault-{self._run}-%'"
        )
        return set(server.psql(statement).splitlines())


@dataclasses.dataclass
class Measure:
    """The load of one fault, and the times of its events."""

    load: SteadyLoad
    # The database in which the registrations are counted.
    database: PostgresServer
    # The email address and cookie of the signed-in user.
    user: tuple[str, str]
    # When the fault started, and when it ended if the test ends it.
    began: float = 0
    fault_ended_at: float | None = None

    def wait_until_rejected(self, kind: str, number: int = 10) -> None:
        """Waits until that many requests of a kind have been rejected since the start of the fault."""
        self.wait_for(kind, number, "rejected", lambda record: record.is_rejected)

    def rejected_count(self, kind: str) -> int:
        """The number of rejected requests of a kind."""
        return self.load.count(lambda record: record.kind.name == kind and record.is_rejected)

    def wait_until_succeeded(self, kind: str, number: int = 10) -> None:
        """Waits until that many requests of a kind have succeeded since the call."""
        now = time.monotonic()
        self.wait_for(kind, number, "successful", lambda record: record.is_successful and record.sent > now)

    def wait_for(self, kind: str, number: int, what: str, condition) -> None:
        """Waits until that many requests of a kind since the start of the fault meet a condition."""

        def is_met() -> bool:
            return self.load.count(lambda r: r.kind.name == kind and condition(r), self.began) >= number

        wait_until(is_met, f"{number} requests '{kind}' are {what}", RECOVERY)

    def wait_until_normal(self) -> None:
        """Waits until every kind of request has succeeded for a second."""
        wait_until(lambda: self.load.normal_since() is not None, "everything is back to normal", RECOVERY)

    def mark_fault_ended(self) -> None:
        """Starts the recovery time; to be called when the cause of the fault is removed."""
        self.fault_ended_at = time.monotonic()

    @property
    def back(self) -> float | None:
        """The seconds from the end of the fault, or from its start if it ends by itself, until the last failure;
        None when nothing failed after that."""
        since = self.began if self.fault_ended_at is None else self.fault_ended_at
        bad = [record.sent for record in self.load.records if not record.is_successful]
        last = max(bad, default=0)
        return last - since if last > since else None


def slow_registrations(server: PostgresServer, seconds: float) -> None:
    """Delays every insertion of a user by that time."""
    function = "create or replace function dawdle() returns trigger language plpgsql as"
    server.psql(f"{function} 'begin perform pg_sleep({seconds}); return new; end'")
    # Only once: the lock that it needs would block registrations.
    trigger = "create trigger dawdle before insert on users for each row execute function dawdle()"
    missing = "not exists (select from pg_trigger where tgname = 'dawdle')"
    server.psql(f"do $$ begin if {missing} then {trigger}; end if; end $$")


def get(path: str, headers: str = "") -> bytes:
    """A GET request as bytes."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost:8080\r\n{headers}Connection: close\r\n\r\n".encode()


def post(path: str, body: bytes) -> bytes:
    """A POST request with JSON as bytes."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


@contextlib.contextmanager
def front(api: int, frontend: int, **settings: str):
    """An nginx with high limits; returns its port."""
    with nginx(api, frontend, CREDENTIAL_RATE="60000", CREDENTIAL_BURST="60000", **settings) as run:
        yield run.port
