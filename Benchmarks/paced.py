"""Load at a fixed rate, independent of the server: each request is sent when it is due, on any free connection."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable


class Results:
    """The outcomes of the requests of one kind."""

    def __init__(self, name: str):
        self.name = name
        self.sent = 0
        self.seconds: dict[str, list[float]] = {}
        self.finished: list[tuple[float, str]] = []
        self.without_retry_after = 0

    def add(self, outcome: str, seconds: float) -> None:
        """Adds the outcome of one request."""
        self.seconds.setdefault(outcome, []).append(seconds)
        self.finished.append((time.monotonic(), outcome))

    def count(self, outcome: str) -> int:
        """The number of requests with an outcome."""
        return len(self.seconds.get(outcome, ()))

    @property
    def counts(self) -> Counter[str]:
        """The counts of all outcomes."""
        return Counter({outcome: len(times) for outcome, times in self.seconds.items()})

    def milliseconds(self, outcome: str, percent: float) -> float:
        """A percentile of the times of the requests with an outcome."""
        times = sorted(self.seconds.get(outcome, ()))
        return times[min(len(times) - 1, int(len(times) * percent / 100))] * 1000 if times else float("nan")


class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self):
        self.received = b""
        self.done: asyncio.Future[bytes] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        head, blank, body = self.received.partition(b"\r\n\r\n")
        if not blank:
            return
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if len(body) >= length:
            self.received = b""
            if self.done and not self.done.done():
                self.done.set_result(head)

    def connection_lost(self, error):
        if self.done and not self.done.done():
            self.done.set_exception(error or ConnectionError("closed"))

    async def send(self, request: bytes) -> bytes:
        """Sends a request and returns the head of the response."""
        self.done = asyncio.get_running_loop().create_future()
        if self.transport.is_closing():
            raise ConnectionError("closed")
        self.transport.write(request)
        return await self.done


class Paced:
    """Sends requests of one kind at a fixed rate."""

    def __init__(self, name: str, port: int, rate: float, request: Callable[[int], bytes], timeout: float = 10):
        self.port, self.rate, self.request, self.timeout = port, rate, request, timeout
        self.results = Results(name)
        self._idle: list[_Connection] = []
        self._under_way: set[asyncio.Task] = set()

    async def run(self, seconds: float) -> Results:
        """Sends requests for that time, then waits for the last responses."""
        begun, number = time.monotonic(), 0
        while (due := number / self.rate) < seconds:
            wait = begun + due - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            task = asyncio.create_task(self._one(number))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            number += 1
        await asyncio.gather(*self._under_way)
        for connection in self._idle:
            connection.transport.close()
        return self.results

    async def _one(self, number: int) -> None:
        self.results.sent += 1
        begun = time.monotonic()
        connection = None
        try:
            async with asyncio.timeout(self.timeout):
                connection = await self._connection()
                head = await connection.send(self.request(number))
            outcome = head[9:12].decode()
            if outcome in ("429", "503") and b"\r\nretry-after:" not in head.lower():
                self.results.without_retry_after += 1
            if b"\r\nconnection: close" in head.lower():
                connection.transport.close()
            else:
                self._idle.append(connection)
        except TimeoutError:
            outcome = "no response"
            if connection:
                connection.transport.abort()
        except OSError:
            outcome = "broken"
        self.results.add(outcome, time.monotonic() - begun)

    async def _connection(self) -> _Connection:
        while self._idle:
            if not (connection := self._idle.pop()).transport.is_closing():
                return connection
        return (await asyncio.get_running_loop().create_connection(_Connection, "127.0.0.1", self.port))[1]


def get(path: str, *headers: str) -> Callable[[int], bytes]:
    """GET requests, each with the next of the headers."""
    texts = [
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{header}{chr(13) + chr(10) if header else ''}\r\n".encode()
        for header in headers or [""]
    ]
    return lambda number: texts[number % len(texts)]


def post(path: str, body: Callable[[int], str]) -> Callable[[int], bytes]:
    """POST requests with JSON bodies."""

    def request(number: int) -> bytes:
        text = body(number).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        return f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text

    return request
