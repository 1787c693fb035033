"""The limits of the machine: PostgreSQL alone, and the password hash alone."""

from __future__ import annotations

import ctypes
import ctypes.util
import re
import secrets
import subprocess
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def seed(database: str) -> None:
    """Fills the tables that pgbench reads."""
    command = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-f", HERE / "pgbench/seed.sql", database]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def pgbench(database: str, clients: int, seconds: int) -> dict[str, float]:
    """Transactions per second of the statement behind `/api/auth/me`, prepared, and milliseconds of one on average."""
    script = f"--file={HERE / 'pgbench/me.sql'}"
    scale = ["--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2", f"--time={seconds}"]
    text = subprocess.run(["pgbench", *scale, script, database], check=True, capture_output=True, text=True).stdout

    def number(pattern: str) -> float:
        found = re.search(pattern, text)
        assert found, text
        return float(found[1])

    return {"rate": number(r"tps = ([\d.]+)"), "p50": number(r"latency average = ([\d.]+)"), "p99": float("nan")}


def argon2(threads: int, seconds: float, memory_kib: int = 19456, passes: int = 2) -> dict[str, float]:
    """Argon2id hashes per second of the same libargon2 in that many threads; ctypes holds no lock meanwhile."""
    library = ctypes.CDLL(ctypes.util.find_library("argon2") or "libargon2.so.1")
    password = b"Correct-Horse-7"
    times: list[float] = []
    lock, end = threading.Lock(), time.monotonic() + seconds

    def work() -> None:
        tag, salt, mine = ctypes.create_string_buffer(32), secrets.token_bytes(16), []
        while (begun := time.monotonic()) < end:
            status = library.argon2id_hash_raw(
                ctypes.c_uint32(passes), ctypes.c_uint32(memory_kib), ctypes.c_uint32(1), password,
                ctypes.c_size_t(len(password)), salt, ctypes.c_size_t(16), tag, ctypes.c_size_t(32),
            )  # fmt: skip
            assert status == 0, status
            mine.append(time.monotonic() - begun)
        with lock:
            times.extend(mine)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    begun = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    passed = time.monotonic() - begun
    times.sort()
    at = len(times) - 1
    return {"rate": len(times) / passed, "p50": times[at // 2] * 1000, "p99": times[at * 99 // 100] * 1000}
