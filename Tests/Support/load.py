"""Continuous requests and their results."""

from __future__ import annotations

import collections
import contextlib
import threading
import time
from collections.abc import Callable


class Load:
    """Threads that each repeat one action until the block ends."""

    def __init__(self):
        self.outcomes: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
        self.slowest: dict[str, float] = collections.defaultdict(float)
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def repeat(self, name: str, action: Callable[[], object], pause: float = 0.01) -> None:
        """Repeats an action, which returns its outcome; an exception counts as an outcome with its name."""

        def work():
            while not self._ended.is_set():
                started = time.monotonic()
                try:
                    outcome = action()
                except Exception as error:  # every failure is counted
                    outcome = repr(error)
                with self._lock:
                    self.outcomes[name][outcome] += 1
                    self.slowest[name] = max(self.slowest[name], time.monotonic() - started)
                self._ended.wait(pause)

        self._threads.append(threading.Thread(target=work, daemon=True))

    def count(self, name: str, outcome: object) -> int:
        """The number of times an action had an outcome."""
        with self._lock:
            return self.outcomes[name][outcome]

    @contextlib.contextmanager
    def running(self):
        """Runs the threads for as long as the block lasts."""
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            for thread in self._threads:
                thread.join(60)

    def report(self) -> str:
        """One line per action."""
        lines = [
            f"{name}: {sum(outcomes.values())} requests, slowest {self.slowest[name]:.2f} s, {dict(outcomes)}"
            for name, outcomes in self.outcomes.items()
        ]
        return "\n".join(lines)
