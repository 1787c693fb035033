"""The messages of the servers to systemd (sd_notify(3)) in a unit with Type=notify."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess

import pytest
from site_under_test import TIMEOUT_SECONDS, binary, database, free_ports, kill_on_parent_exit, listens, wait_until


class Manager:
    """A socket like systemd's."""

    def __init__(self, address: str):
        self.messages: list[dict[str, str]] = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.setblocking(False)

    def receive(self) -> list[dict[str, str]]:
        """All messages so far."""
        with contextlib.suppress(BlockingIOError):
            while True:
                lines = self.socket.recv(4096).decode().split("\n")
                self.messages.append(dict(line.split("=", 1) for line in lines))
        return self.messages

    def was_notified(self, name: str) -> bool:
        """Whether a message has set a variable."""
        return any(message.get(name) == "1" for message in self.receive())


@contextlib.contextmanager
def running(program: str, address: str, **settings: str):
    """A server that reports to that socket."""
    manager = Manager(address)
    prefix = "API" if program == "AuthAPI" else "FRONTEND"
    [port] = free_ports(1)
    environment = {
        "SECRET_KEY": secrets.token_urlsafe(48), "NOTIFY_SOCKET": address, "API_URL": "http://127.0.0.1:9",
        f"{prefix}_HOST": "127.0.0.1", f"{prefix}_PORT": str(port), **settings,
    }  # fmt: skip
    process = subprocess.Popen(
        [*kill_on_parent_exit(), binary(program), "serve"], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield manager, process, port
    finally:
        process.kill()
        process.wait(TIMEOUT_SECONDS)
        manager.socket.close()


@pytest.fixture(params=["path", "abstract"])
def address(request, tmp_path) -> str:
    """A socket in the file system, and one in the abstract namespace."""
    return f"{tmp_path}/notify" if request.param == "path" else f"@yoshikosan-test-{secrets.token_hex(8)}"


def stop(process) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(TIMEOUT_SECONDS) == 0


def test_the_frontend_is_ready_when_it_listens(address):
    with running("WebFrontend", address) as (manager, process, port):
        wait_until(lambda: manager.was_notified("READY"), "READY=1")
        assert listens(port)
        assert manager.receive() == [{"READY": "1", "STATUS": "Ready"}]
        stop(process)
        assert manager.receive()[1:] == [{"STOPPING": "1", "STATUS": "Finishing requests"}]


def test_the_api_is_ready_when_it_listens_and_the_schema_is_current(address):
    with database() as url, running("AuthAPI", address, DATABASE_URL=url) as (manager, process, port):
        wait_until(lambda: manager.was_notified("READY"), "READY=1")
        assert listens(port)
        assert [message for message in manager.receive() if "READY" in message] == [{"READY": "1", "STATUS": "Ready"}]
        stop(process)
        assert manager.receive()[-1] == {"STOPPING": "1", "STATUS": "Finishing requests"}


def test_the_api_is_not_ready_before_another_process_has_migrated(tmp_path):
    """Until then, it listens, and its status names what it waits for, without the password."""
    with database() as url:
        settings = {"DATABASE_URL": url, "MIGRATE_ON_START": "false"}
        with running("AuthAPI", f"{tmp_path}/notify", **settings) as (manager, process, port):
            wait_until(manager.receive, "a status")
            assert manager.receive()[0].keys() == {"STATUS"}
            assert manager.receive()[0]["STATUS"].startswith("Waiting for the database: ")
            assert listens(port) and not manager.was_notified("READY")
            environment = {"SECRET_KEY": secrets.token_urlsafe(48), "DATABASE_URL": url, "PATH": os.environ["PATH"]}
            subprocess.run([binary("AuthAPI"), "migrate", "up"], env=environment, check=True, capture_output=True)
            wait_until(lambda: manager.was_notified("READY"), "READY=1")
            stop(process)


def test_a_status_contains_no_password(tmp_path):
    password = secrets.token_urlsafe(12)
    settings = {"DATABASE_URL": f"postgresql://user:{password}@127.0.0.1:9/nothing", "MIGRATE_ON_START": "false"}
    with running("AuthAPI", f"{tmp_path}/notify", **settings) as (manager, process, _):
        wait_until(manager.receive, "a status")
        assert password not in str(manager.receive()) and not manager.was_notified("READY")
        stop(process)
        assert manager.was_notified("STOPPING")
