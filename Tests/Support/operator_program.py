"""The API's program as an operator runs it: with the settings of a container, and at a terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess

from site_under_test import PASSWORD, binary, wait_until

SETTINGS = {
    "PATH": os.environ["PATH"],
    "SECRET_KEY": "kX1vV0mUqk6J2m3m1m9Zb7yQw5d8Rk4TtYpLs0Ae",
    "ARGON2_MEMORY_KIB": "8192",
    "ARGON2_ITERATIONS": "1",
}


class Operator:
    """Runs the program with the settings that a container of the API has: those of the role that serves."""

    def __init__(self, url: str):
        self.program = binary("AuthAPI")
        self.settings = SETTINGS | {"DATABASE_URL": url.replace("//yoshikosan@", "//yoshikosan_api@", 1)}
        migrating = self.settings | {"MIGRATION_DATABASE_URL": url}
        subprocess.run([self.program, "migrate", "up"], env=migrating, check=True, capture_output=True)

    def run(self, *arguments: str, password: str | None = None, status: int = 0, **settings: str):
        """Runs one command; answers with what it printed on both channels."""
        done = subprocess.run(
            [self.program, *arguments],
            env=self.settings | settings,
            input=f"{password}\n" if password else "",
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout, done.stderr

    def create(self, email: str, name: str = "Aiko Tanaka") -> dict:
        """Makes a user."""
        return json.loads(self.run("user", "create", email, "--name", name, "--json", password=PASSWORD)[0])


def at_terminal(operator: Operator, arguments: list[str], *lines: str) -> tuple[int, str]:
    """Runs a command at a terminal, answering each of its questions; gives the status and all that was to be seen."""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(operator.program, [operator.program, *arguments], operator.settings)
    seen = ""

    def asked() -> bool:
        nonlocal seen
        try:
            seen += os.read(terminal, 4096).decode()
        except OSError:
            return True
        return seen.endswith(": ")

    for line in lines:
        wait_until(asked, "it asks")
        seen += "|"
        os.write(terminal, line.encode())
    while True:
        try:
            more = os.read(terminal, 4096).decode()
        except OSError:
            break
        if not more:
            break
        seen += more
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seen
