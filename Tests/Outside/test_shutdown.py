"""E7: After the stop signal, a server completes running requests, and exits within ten seconds."""

import contextlib
import http.client
import os
import secrets
import signal
import socket
import subprocess
import time

import pytest
from site_under_test import (
    TIMEOUT_SECONDS,
    binary,
    database,
    free_ports,
    kill_on_parent_exit,
    listens,
    psql,
    wait_until,
)


@contextlib.contextmanager
def server(name: str, port: int, **settings: str):
    """One of the two programs, listening."""
    environment = {"SECRET_KEY": secrets.token_urlsafe(48), **settings}
    process = subprocess.Popen(
        [*kill_on_parent_exit(), binary(name), "serve"], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: listens(port) or process.poll() is not None, f"{name} listens")
        assert process.poll() is None
        yield process
    finally:
        process.kill()
        process.wait()


def stop_in_the_middle(process, port: int, path: str, content_type: str, body: bytes) -> tuple[bytes, int]:
    """Stops the server after half a request, sends the rest, and returns the response and the exit status."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        # Sent together with a complete request, whose response shows that the server has read the partial one, too.
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n" + head.encode() + body[:1])
        first = http.client.HTTPResponse(connection)
        first.begin()
        first.read()
        assert first.status == 200
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        wait_until(lambda: not listens(port), "the server takes no more connections")
        connection.sendall(body[1:])
        response = connection.recv(65536)
    status = process.wait(TIMEOUT_SECONDS)
    assert time.monotonic() - started < 10
    return response, status


def test_e7_the_api_finishes_a_sign_in():
    """The connections to the database and the hashing threads stop only after the last request."""
    (port,) = free_ports(1)
    with database() as url, server("AuthAPI", port, API_HOST="127.0.0.1", API_PORT=str(port), DATABASE_URL=url) as api:
        ready = [binary("AuthAPI"), "healthcheck", "--url", f"http://127.0.0.1:{port}/health/ready"]
        wait_until(lambda: subprocess.run(ready, capture_output=True).returncode == 0, "the API is ready")
        body = b'{"email":"nobody@example.com","password":"Wrong-passw0rd"}'
        response, status = stop_in_the_middle(api, port, "/api/auth/login", "application/json", body)
    assert response.startswith(b"HTTP/1.1 401 ")
    assert status == 0


def test_e7_the_frontend_finishes_a_form():
    """The form gets a response, here 503, because there is no API."""
    port, nowhere = free_ports(2)
    settings = {"FRONTEND_HOST": "127.0.0.1", "FRONTEND_PORT": str(port), "API_URL": f"http://127.0.0.1:{nowhere}"}
    with server("WebFrontend", port, **settings) as frontend:
        body = b"email=ada%40example.com&password=Passw0rd"
        response, status = stop_in_the_middle(frontend, port, "/login", "application/x-www-form-urlencoded", body)
    assert response.startswith(b"HTTP/1.1 503 ")
    assert status == 0


@pytest.mark.parametrize("name", ["AuthAPI", "WebFrontend"])
def test_c5_a_health_check_without_a_server_fails(name):
    """Exit status 69: the checked server is unavailable."""
    (port,) = free_ports(1)
    check = subprocess.run([binary(name), "healthcheck", "--url", f"http://127.0.0.1:{port}/health/live"])
    assert check.returncode == 69


@contextlib.contextmanager
def unresponsive_host(full: bool):
    """A port without responses; with `full`, the system does not even accept connections."""
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0 if full else 100)
        address = listener.getsockname()
        for _ in range(4 if full else 0):
            client = sockets.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(address)
        yield f"postgresql://nobody@127.0.0.1:{address[1]}/nothing?sslmode=disable"


def stopped(command: list[str], ready, prefix=(), **settings: str) -> tuple[int, float, str]:
    """Starts a command, stops it once `ready`, and returns status, seconds, and output."""
    environment = {"SECRET_KEY": secrets.token_urlsafe(48), "DATABASE_CONNECT_TIMEOUT": "60", **settings}
    if prefix:
        environment["PATH"] = os.environ["PATH"] + ":/usr/sbin:/sbin"
    process = subprocess.Popen(
        [*kill_on_parent_exit(), *prefix, binary("AuthAPI"), *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_until(lambda: ready(process) or process.poll() is not None, "the command is under way")
        assert process.poll() is None, process.stdout.read()
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
        return process.returncode, time.monotonic() - started, output
    finally:
        process.kill()
        process.wait()


def connects(process) -> bool:
    """Whether the process has a connection other than those of its listener."""
    run = subprocess.run(["ss", "-Htnp", "state", "all"], capture_output=True, text=True)
    return any(
        f"pid={process.pid}," in line and ("SYN-SENT" in line or "ESTAB" in line) for line in run.stdout.splitlines()
    )


COMMANDS = [
    ["migrate", "up"],
    ["migrate", "status"],
    ["user", "list"],
    ["session", "list"],
    ["audit"],
    ["doctor"],
    ["secret", "rotate"],
]


@pytest.mark.parametrize("full", [False, True], ids=["silent", "unreachable"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_w11_commands_end_while_they_connect(command, full):
    """SIGTERM ends the command cleanly within ten seconds, even if the database host does not respond."""
    with unresponsive_host(full) as url:
        status, seconds, output = stopped(command, connects, DATABASE_URL=url)
    assert (status, seconds < 10) == (0, True), output


@pytest.mark.parametrize("full", [False, True], ids=["silent", "unreachable"])
@pytest.mark.parametrize("migrate", ["true", "false"])
def test_w11_the_server_ends_while_it_connects(full, migrate):
    """It ends both while it migrates at its start and while it waits for the schema."""
    (port,) = free_ports(1)
    settings = {"API_HOST": "127.0.0.1", "API_PORT": str(port), "MIGRATE_ON_START": migrate}
    with unresponsive_host(full) as url:
        status, seconds, output = stopped(
            ["serve"], lambda process: listens(port) and connects(process), DATABASE_URL=url, **settings
        )
    assert (status, seconds < 10) == (0, True), output


@contextlib.contextmanager
def migrations_locked(url: str):
    """Holds the migrators' lock; yields a function that returns the number of other connections."""
    statement = "select pg_advisory_lock(7233190226811034); select 'held';"
    holder = subprocess.Popen(
        ["psql", "--no-psqlrc", "-qAt", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        holder.stdin.write(statement + "\n")
        holder.stdin.flush()
        # An empty line is the result of the lock; no line means that psql has ended.
        assert [holder.stdout.readline() for _ in range(2)] == ["\n", "held\n"]
        # A migrator retries the lock, so it is detected by its connection.
        waiting = (
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            " and pid not in (select pid from pg_locks where locktype = 'advisory' and granted)"
        )
        yield lambda: int(psql(url, waiting))
    finally:
        holder.communicate()


@pytest.mark.parametrize("command", [["migrate", "up"], ["serve"]], ids=" ".join)
def test_w11_a_migration_ends_while_it_waits_for_its_lock(command):
    """It also disconnects, so that no session of the database waits for the lock any more."""
    (port,) = free_ports(1)
    settings = {"API_HOST": "127.0.0.1", "API_PORT": str(port)}
    with database() as url, migrations_locked(url) as waiting:
        status, seconds, output = stopped(command, lambda process: waiting() > 0, DATABASE_URL=url, **settings)
        wait_until(lambda: waiting() == 0, "no client is connected")
    assert (status, seconds < 10) == (0, True), output


def test_w11_the_server_ends_while_requests_wait_for_the_database():
    """Sign-ins wait for a lock when the server gets the stop signal."""
    (port,) = free_ports(1)
    settings = {"API_HOST": "127.0.0.1", "API_PORT": str(port), "LOGIN_LIMIT_NETWORK": "100000/60"}
    body = b'{"email":"nobody@example.com","password":"Wrong-passw0rd"}'
    head = "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(database())
        migrated = {"SECRET_KEY": secrets.token_urlsafe(48), "DATABASE_URL": url}
        subprocess.run([binary("AuthAPI"), "migrate", "up"], env=migrated, check=True, capture_output=True)
        holder = subprocess.Popen(
            ["psql", "--no-psqlrc", "-qAt", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        stack.callback(holder.communicate)
        holder.stdin.write("begin; lock table users, throttles in access exclusive mode; select 'held';\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == "held\n"

        def loaded(process) -> bool:
            if not listens(port):
                return False
            for _ in range(40):
                connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS))
                connection.sendall(head.encode() + body)
            # Each sign-in times out after two seconds; if none waits by then, 40 more follow.
            return int(psql(url, waiting)) > 0

        status, seconds, output = stopped(["serve"], loaded, DATABASE_URL=url, MIGRATE_ON_START="false", **settings)
    assert (status, seconds < 10) == (0, True), output


@pytest.mark.parametrize("command", [["migrate", "up"], ["serve"]], ids=" ".join)
def test_w11_a_second_signal_changes_nothing(command):
    """timeout(1) and some supervisors send it to the process and to its group."""
    (port,) = free_ports(1)
    settings = {"API_HOST": "127.0.0.1", "API_PORT": str(port)}

    def twice(process) -> bool:
        if waiting() == 0:
            return False
        process.send_signal(signal.SIGTERM)
        return True

    with database() as url, migrations_locked(url) as waiting:
        status, seconds, output = stopped(command, twice, DATABASE_URL=url, **settings)
    assert (status, seconds < 10) == (0, True), output


# A resolver that receives queries and does not respond. It creates files when it listens and when it is queried.
SILENT_RESOLVER = """
import pathlib, socket, sys
server = socket.socket(type=socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
pathlib.Path(sys.argv[1], "listens").touch()
while server.recv(512):
    pathlib.Path(sys.argv[1], "asked").touch()
"""

# Runs a command in a separate network namespace with that resolver.
WITH_SILENT_RESOLVER = """
ip link set lo up
mount --bind "$0/resolv.conf" /etc/resolv.conf
setpriv --pdeathsig KILL -- python3 -c "$1" "$0" </dev/null >/dev/null 2>&1 &
shift
while [ ! -e "$0/listens" ]; do sleep 0.1; done
exec "$@"
"""


@pytest.mark.parametrize("command", [["migrate", "up"], ["user", "list"], ["serve"]], ids=" ".join)
def test_w11_commands_end_while_a_name_is_looked_up(command, tmp_path):
    """The system's resolver cannot be interrupted; its thread is abandoned."""
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:5\n")
    namespace = ["unshare", "--user", "--map-root-user", "--net", "--mount", "sh", "-ec", WITH_SILENT_RESOLVER]
    status, seconds, output = stopped(
        command,
        lambda process: (tmp_path / "asked").exists(),
        [*namespace, tmp_path, SILENT_RESOLVER],
        DATABASE_URL="postgresql://nobody@database.example/nothing",
        API_HOST="127.0.0.1",
    )
    assert (status, seconds < 10) == (0, True), output
