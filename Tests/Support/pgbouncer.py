"""A PgBouncer in front of the tests' PostgreSQL."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from postgres_server import unprivileged
from site_under_test import kill_on_parent_exit, wait_until

PROGRAM = "/usr/sbin/pgbouncer"


def accepts(path: Path) -> bool:
    """Whether something accepts connections on a Unix socket."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        return True
    return False


@contextlib.contextmanager
def pgbouncer(url: str, mode: str, **settings: str):
    """Runs a PgBouncer for the server of a connection string; yields a function that routes strings through it."""
    folder = Path(tempfile.mkdtemp(prefix="yoshikosan-pgbouncer-"))
    server = parse_qs(urlsplit(url).query)["host"][0]
    lines = {
        "listen_addr": "",
        "listen_port": "6432",
        "unix_socket_dir": str(folder),
        "pool_mode": mode,
        "auth_type": "trust",
        "auth_file": str(folder / "users"),
        "logfile": str(folder / "log"),
        "max_client_conn": "200",
        **settings,
    }
    text = "".join(f"{name} = {value}\n" for name, value in lines.items())
    (folder / "pgbouncer.ini").write_text(f"[databases]\n* = host={server}\n[pgbouncer]\n{text}")
    (folder / "users").write_text('"yoshikosan" ""\n"yoshikosan_api" ""\n')
    command = [*kill_on_parent_exit(), *unprivileged(), PROGRAM, "--quiet", folder / "pgbouncer.ini"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        # The socket file exists before PgBouncer accepts connections.
        wait_until(lambda: accepts(folder / ".s.PGSQL.6432") or process.poll() is not None, "PgBouncer listens")
        assert process.poll() is None, (folder / "log").read_text()

        def through(direct: str) -> str:
            parts = urlsplit(direct)
            return f"postgresql://{parts.username}@{parts.path}?host={folder}&port=6432"

        yield through
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
