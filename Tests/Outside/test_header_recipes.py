"""The programs in docs/protect-your-application.md that read the headers, run unchanged."""

import contextlib
import os
import re
import subprocess

import pytest
from site_under_test import ROOT, TIMEOUT_SECONDS, binaries, fetch, free_ports, kill_on_parent_exit, listens, wait_until

PAGE = ROOT / "docs/protect-your-application.md"
# For each language of a code block: the name of the file, and the command, with {file} and {port}.
PROGRAMS = {
    "python": ("app.py", [str(ROOT / ".build/python/bin/python"), "{file}"]),
    "js": ("app.mjs", ["node", "{file}"]),
    "go": ("app.go", ["go", "run", "{file}"]),
    "php": ("app.php", ["php", "-S", "127.0.0.1:{port}", "{file}"]),
    # This program is compiled with the tests, from a copy of the block.
    "swift": ("main.swift", ["{binaries}/HeaderRecipe"]),
}
NAMES = {
    "山田 太郎": "%E5%B1%B1%E7%94%B0%20%E5%A4%AA%E9%83%8E",
    "مريم": "%D9%85%D8%B1%D9%8A%D9%85",
    "Zoë 🦊 100%+1": "Zo%C3%AB%20%F0%9F%A6%8A%20100%25%2B1",
}


@contextlib.contextmanager
def program(language: str, folder):
    """The program on a free port."""
    [text] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), flags=re.M | re.S)
    name, command = PROGRAMS[language]
    [port] = free_ports(1)
    file = folder / name
    file.write_text(text.replace("4000", str(port)))
    words = [word.format(file=file, port=port, binaries=binaries()) for word in command]
    if language == "swift":
        assert text == (ROOT / "Tests/HeaderRecipe/main.swift").read_text()
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GOFLAGS": "-mod=mod", "GOTELEMETRY": "off"}
    environment["PORT"] = str(port)
    # The standard library is compiled once, not for each run.
    environment["GOCACHE"] = str(ROOT / ".build/tests/go")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*kill_on_parent_exit(), *words],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_until(lambda: listens(port) or process.poll() is not None, f"the {language} program", 10 * TIMEOUT_SECONDS)
        assert process.poll() is None, (folder / "log").read_text()
        yield port
    finally:
        # `go run` starts the program as a child.
        os.killpg(process.pid, 15)
        process.wait(TIMEOUT_SECONDS)


@pytest.mark.parametrize("language", PROGRAMS)
def test_app13_the_program_reads_the_user_from_the_headers(language, tmp_path):
    with program(language, tmp_path) as port:
        for headers in ({}, {"Remote-User": ""}, {"Remote-Name": "x"}):
            assert fetch(port, "/", headers=headers).status == 401
        for name, encoded in NAMES.items():
            response = fetch(port, "/", headers={"Remote-User": "0b9c", "Remote-Name": encoded})
            assert (response.status, response.body.decode()) == (200, f"0b9c {name}\n")
