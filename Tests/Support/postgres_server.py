"""Separate PostgreSQL servers for tests that stop, kill, fill or replace one."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from processes import is_stopped
from site_under_test import TIMEOUT_SECONDS, wait_until
from small_disk import SmallDisk

OWNER, SERVING, DATABASE = "yoshikosan", "yoshikosan_api", "yoshikosan"


def programs() -> Path:
    """The folder of PostgreSQL's programs, of the newest installed version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if found:
        return found[-1]
    return Path(subprocess.run(["pg_config", "--bindir"], check=True, capture_output=True, text=True).stdout.strip())


def unprivileged() -> list[str]:
    """The prefix of PostgreSQL's commands: they refuse to run as root, so root uses another user ID."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    return ["unshare", "--user", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}"]


class PostgresServer:
    """One server with its socket, data and log in a folder; `disk` is a separate location of the data."""

    def __init__(self, folder: Path, disk: SmallDisk | None = None):
        self.folder = folder
        # The path of the data for its programs, and for the tests.
        self.data = (disk.folder if disk else folder) / "data"
        self.seen = (disk.seen if disk else folder) / "data"
        self.prefix = disk.prefix if disk else unprivileged()
        self.process: subprocess.Popen | None = None

    def run(self, program: str, *arguments) -> None:
        """Runs one of PostgreSQL's programs."""
        command = [*self.prefix, programs() / program, *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=5 * TIMEOUT_SECONDS, env=self._environment
        )
        assert done.returncode == 0, f"{program} failed: {done.stderr}"

    def url(self, role: str = OWNER, *others: PostgresServer, database: str = DATABASE) -> str:
        """The connection string; with other servers, one that finds the one that accepts writes."""
        hosts = ",".join(str(server.folder) for server in (self, *others))
        attributes = "&target_session_attrs=read-write" if others else ""
        return f"postgresql://{role}@/{database}?host={hosts}{attributes}"

    def psql(self, statement: str, role: str = OWNER) -> str:
        """Runs one statement and returns its output; `CalledProcessError` if the server does not respond."""
        command = ["psql", "--no-psqlrc", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url(role)]
        environment = self._environment | {"PGCONNECT_TIMEOUT": "5"}
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, env=environment
        )
        return done.stdout.strip()

    def accepts_connections(self) -> bool:
        """Whether it accepts connections."""
        command = [programs() / "pg_isready", "-q", "-h", self.folder, "-t", "2"]
        return subprocess.run(command, env=self._environment).returncode == 0

    def launch(self, *settings: str) -> None:
        """Starts it without waiting; settings are KEY=VALUE."""
        wait_until(lambda: not self.processes(), "the server before has ended")
        (self.seen / "postmaster.pid").unlink(missing_ok=True)
        options = ["listen_addresses=", f"unix_socket_directories={self.folder}", *settings]
        arguments = [part for option in options for part in ("-c", option)]
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                # QUIT ends it at once if this process dies.
                [*self.prefix, "setpriv", "--pdeathsig", "QUIT", programs() / "postgres", "-D", self.data, *arguments],
                stdout=log,
                stderr=log,
                env=self._environment,
            )

    def start(self, *settings: str) -> None:
        """Starts it and waits until it accepts connections."""
        self.launch(*settings)
        wait_until(
            lambda: self.accepts_connections() or self.process.poll() is not None,
            "PostgreSQL responds",
            2 * TIMEOUT_SECONDS,
        )
        assert self.process.poll() is None, f"PostgreSQL did not start:\n{self.log()}"

    def stop(self) -> None:
        """Stops it in the fast mode, which ends connections and loses nothing."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kills its main process like the kernel when memory is exhausted; its children detect that."""
        self._end(signal.SIGKILL)

    def lose_power(self) -> None:
        """Kills all of its processes at once."""
        assert self.process is not None
        for process in [self.process.pid, *self.processes()]:
            os.kill(process, signal.SIGKILL)
        self._end(signal.SIGKILL)

    def stop_sending(self) -> None:
        """Disconnects its standbys without notifying anyone."""
        for process in self.psql("select pid from pg_stat_replication").split():
            os.kill(int(process), signal.SIGSTOP)
            wait_until(lambda process=int(process): is_stopped(process), "the WAL sender is stopped")

    @contextlib.contextmanager
    def all_connections_taken(self):
        """Uses up all connections, including those for superusers; yields a function that runs a statement on one."""
        clients: list[subprocess.Popen] = []

        def run(client: subprocess.Popen, statement: str) -> bool:
            client.stdin.write(f"{statement};\nselect 'done';\n")
            client.stdin.flush()
            return client.stdout.readline() == "done\n"

        def connect() -> bool:
            command = ["psql", "--no-psqlrc", "-qAt", self.url()]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            client = subprocess.Popen(command, text=True, env=self._environment, **pipes)
            clients.append(client)
            try:
                return run(client, "set client_min_messages = error")
            except BrokenPipeError:
                return False

        try:
            while connect():
                pass
            yield lambda statement: run(clients[0], statement)
        finally:
            for client in clients:
                with contextlib.suppress(BrokenPipeError):
                    client.stdin.close()
                client.wait(TIMEOUT_SECONDS)
                client.stdout.close()

    def processes(self) -> list[int]:
        """Its processes, whose working directory is the data folder."""
        if not self.seen.exists():
            return []
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and (entry / "cwd").samefile(self.seen):
                    found.append(int(entry.name))
        return found

    def log(self) -> str:
        """The end of its log."""
        return "".join((self.folder / "log").read_text(errors="replace").splitlines(keepends=True)[-15:])

    def remove(self) -> None:
        """Ends all processes and deletes the folder."""

        def killed() -> bool:
            for process in self.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            return not self.processes()

        wait_until(killed, "every process of PostgreSQL has ended")
        if self.process:
            self.process.wait(TIMEOUT_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(TIMEOUT_SECONDS)
        wait_until(lambda: not self.processes(), "every process of PostgreSQL has ended")

    @property
    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LC_ALL": "C"}


@contextlib.contextmanager
def template(migrate):
    """The data of a server with a migrated database, as a template for others; `migrate` gets the server."""
    folder = Path(tempfile.mkdtemp(prefix="yoshikosan-pg-"))
    server = PostgresServer(folder)
    try:
        # Small WAL segments, so that copies and disks can be small.
        arguments = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--wal-segsize=1", f"--username={OWNER}"]
        server.run("initdb", "-D", server.data, *arguments)
        server.start("fsync=off")
        server.run("createdb", "-h", folder, "-U", OWNER, DATABASE)
        migrate(server)
        server.stop()
        yield server.data
    finally:
        server.remove()


@contextlib.contextmanager
def postgres_server(data: Path, disk: SmallDisk | None = None):
    """A server with a copy of the data, not yet started."""
    folder = Path(tempfile.mkdtemp(prefix="yoshikosan-pg-"))
    server = PostgresServer(folder, disk)
    try:
        shutil.copytree(data, server.seen)
        yield server
    finally:
        server.remove()


@contextlib.contextmanager
def standby_of(primary: PostgresServer):
    """A synchronous standby of the running primary; it is running and has caught up."""
    folder = Path(tempfile.mkdtemp(prefix="yoshikosan-pg-"))
    standby = PostgresServer(folder)
    try:
        source = f"host={primary.folder} user={OWNER} application_name=standby"
        standby.run("pg_basebackup", "-D", standby.data, "-d", source, "-R", "--checkpoint=fast", "-X", "stream")
        standby.start()
        primary.psql("alter system set synchronous_standby_names = 'standby'")
        primary.psql("select pg_reload_conf()")
        state = "select sync_state from pg_stat_replication"
        wait_until(lambda: primary.psql(state) == "sync", "the standby is in step")
        yield standby
    finally:
        standby.remove()
