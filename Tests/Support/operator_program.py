"""The commands for operators, with the settings of a container, and at a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess

from site_under_test import PASSWORD, TIMEOUT_SECONDS, binary, wait_until

SETTINGS = {
    "PATH": os.environ["PATH"],
    "SECRET_KEY": "kX1vV0mUqk6J2m3m1m9Zb7yQw5d8Rk4TtYpLs0Ae",
    "ARGON2_MEMORY_KIB": "8192",
    "ARGON2_ITERATIONS": "1",
}


class Operator:
    """Runs the program with the settings of the API's container, with the serving role."""

    def __init__(self, url: str):
        self.program = binary("AuthAPI")
        self.settings = SETTINGS | {"DATABASE_URL": url.replace("//yoshikosan@", "//yoshikosan_api@", 1)}
        migrating = self.settings | {"MIGRATION_DATABASE_URL": url}
        subprocess.run([self.program, "migrate", "up"], env=migrating, check=True, capture_output=True)

    def run(self, *arguments: str, password: str | None = None, status: int = 0, **settings: str):
        """Runs one command; returns its standard output and error."""
        done = subprocess.run(
            [self.program, *arguments],
            env=self.settings | settings,
            input=f"{password}\n" if password else "",
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout, done.stderr

    def create(self, email: str, name: str = "Aiko Tanaka") -> dict:
        """Creates a user."""
        return json.loads(self.run("user", "create", email, "--name", name, "--json", password=PASSWORD)[0])


def at_terminal(
    operator: Operator, arguments: list[str], *lines: str, when_asked=lambda: None
) -> tuple[int, str]:
    """Runs a command at a terminal and types replies to its questions; returns its status and output."""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(operator.program, [operator.program, *arguments], operator.settings)
    seen, has_ended = "", False

    def read() -> None:
        nonlocal seen, has_ended
        if has_ended or not select.select([terminal], [], [], 0)[0]:
            return
        try:
            more = os.read(terminal, 4096).decode()
        except OSError:
            more = ""
        seen += more
        has_ended = not more

    def shown() -> str:
        return seen

    def asks() -> bool:
        read()
        return has_ended or seen.endswith(": ")

    def ends() -> bool:
        read()
        return has_ended

    try:
        for line in lines:
            wait_until(asks, f"{arguments} asks", details=shown)
            when_asked()
            seen += "|"
            os.write(terminal, line.encode())
        wait_until(ends, f"{arguments} ends", details=shown)
    finally:
        # Ends the command if it still runs.
        os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seen
