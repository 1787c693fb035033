"""Requests at a steady rate, independent of earlier responses, and a record of each."""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import threading
import time
from collections.abc import Callable

# The client's timeout in seconds: longer than any limit of the site.
TIMEOUT_SECONDS = 40


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of request: its name, rate per second, expected status, and factory."""

    name: str
    rate: float
    expected: int
    # Returns the bytes to send, and the data to record with the request.
    make: Callable[[], tuple[bytes, str]]


@dataclasses.dataclass(frozen=True)
class Record:
    """One request and its result."""

    kind: Kind
    note: str
    # On the monotonic clock, in seconds.
    sent: float
    took: float
    # None if there was no complete response.
    status: int | None
    headers: dict[str, str]
    # The reason for that.
    fault: str

    @property
    def is_successful(self) -> bool:
        """Whether it succeeded."""
        return self.status == self.kind.expected

    @property
    def is_rejected(self) -> bool:
        """Whether it was rejected with Retry-After: with 429 or 503, or by nginx with 502 or 504."""
        return self.status in (429, 502, 503, 504) and self.headers.get("retry-after", "").isdigit()

    @property
    def is_broken(self) -> bool:
        """Whether there was no complete response."""
        return self.status is None


class SteadyLoad:
    """Sends requests from a thread until the block ends, then waits for the last responses."""

    def __init__(self, port: int, kinds: list[Kind]):
        self.port = port
        self.kinds = kinds
        self.records: list[Record] = []
        self._waiting: dict[int, tuple[Kind, float]] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> SteadyLoad:
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        self._thread.join(TIMEOUT_SECONDS + 10)
        assert not self._thread.is_alive(), "the load does not end"

    def count(self, condition: Callable[[Record], bool], since: float = 0) -> int:
        """The number of requests since a time that meet a condition."""
        with self._lock:
            return sum(1 for record in self.records if record.sent >= since and condition(record))

    def normal_since(self) -> float | None:
        """The time since which every request has succeeded; None if that is less than a second ago."""
        now = time.monotonic()
        with self._lock:
            bad = [record.sent for record in self.records if not record.is_successful]
            bad += [sent for _, sent in self._waiting.values() if now - sent > 0.5]
            last_bad = max(bad, default=0)
            firsts = []
            for kind in self.kinds:
                good = sorted(r.sent for r in self.records if r.kind is kind and r.is_successful and r.sent > last_bad)
                if len(good) < 3 or now - good[0] < 1:
                    return None
                firsts.append(good[0])
        return max(firsts)

    def report(self) -> str:
        """One line per kind with the counts of outcomes."""
        lines = []
        for kind in self.kinds:
            mine = [record for record in self.records if record.kind is kind]
            outcomes = collections.Counter(record.fault or record.status for record in mine)
            slowest = max((record.took for record in mine), default=0)
            lines.append(f"{kind.name}: {len(mine)} requests, slowest {slowest:.2f} s, {dict(outcomes)}")
        return "\n".join(lines)

    async def _run(self) -> None:
        tasks: set[asyncio.Task] = set()
        await asyncio.gather(*(self._repeat(kind, tasks) for kind in self.kinds))
        await asyncio.gather(*tasks)

    async def _repeat(self, kind: Kind, tasks: set[asyncio.Task]) -> None:
        due = time.monotonic()
        while not self._ended.is_set():
            task = asyncio.create_task(self._send(kind))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            due = max(due + 1 / kind.rate, time.monotonic() - 1)
            await asyncio.sleep(max(0, due - time.monotonic()))

    async def _send(self, kind: Kind) -> None:
        request, note = kind.make()
        sent = time.monotonic()
        key = id(asyncio.current_task())
        with self._lock:
            self._waiting[key] = (kind, sent)
        status, headers, fault = None, {}, ""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                response = await self._exchange(request)
            status, headers = parse(response)
        except TimeoutError:
            fault = f"no response within {TIMEOUT_SECONDS} s"
        except (OSError, ValueError) as error:
            fault = f"{type(error).__name__}: {error}"
        record = Record(kind, note, sent, time.monotonic() - sent, status, headers, fault)
        with self._lock:
            del self._waiting[key]
            self.records.append(record)

    async def _exchange(self, request: bytes) -> bytes:
        """Sends a request over a new connection and returns the whole response."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        response = b""
        try:
            writer.write(request)
            while piece := await reader.read(65536):
                response += piece
        except ConnectionError:
            # The received bytes may be a complete response; parsing determines that.
            if not response:
                raise
        finally:
            writer.close()
        return response


def parse(response: bytes) -> tuple[int, dict[str, str]]:
    """The status and headers of a complete response; `ValueError` if a part is missing."""
    head, separator, body = response.partition(b"\r\n\r\n")
    if not separator:
        raise ValueError("closed before a response" if not response else "closed in the middle of a response")
    lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in lines[1:])
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    if "content-length" in headers and len(body) != int(headers["content-length"]):
        raise ValueError("closed in the middle of a response")
    if headers.get("transfer-encoding") == "chunked" and not body.endswith(b"0\r\n\r\n"):
        raise ValueError("closed in the middle of a response")
    return int(lines[0].split()[1]), headers
