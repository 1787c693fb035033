"""The built programs."""

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@functools.cache
def binaries() -> str:
    """A folder with the programs that were built before the tests.

    A test of `make dev` rebuilds one of them, and it cannot be started while the linker writes it.
    """
    command = ["swift", "build", "--package-path", ROOT, "--show-bin-path"]
    built = Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
    tests = ROOT / ".build/tests"
    tests.mkdir(exist_ok=True)
    folder = tempfile.mkdtemp(dir=tests)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in ("AuthAPI", "WebFrontend", "HeaderRecipe"):
        if (built / name).exists():
            os.link(built / name, Path(folder, name))
    return folder


def binary(name: str) -> str:
    """The path of a program."""
    return f"{binaries()}/{name}"
