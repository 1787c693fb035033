"""Clones in folders with unusual names (M1)."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from site_under_test import ROOT, psql


@pytest.mark.parametrize("name", ["Bob's clone", "日本, 語"])
def test_m1_the_development_postgres_starts_in_any_folder(name):
    """PostgreSQL parses commas and quotation marks in the path of its socket folder as syntax."""
    # Not tmp_path: in a long path, the socket is in another folder anyway.
    folder = Path(tempfile.mkdtemp())
    shutil.copytree(ROOT / "scripts", folder / name / "scripts")
    program = folder / name / "scripts/postgres"
    socket = folder

    def postgres(*arguments: str) -> str:
        return subprocess.run([program, *arguments], check=True, capture_output=True, text=True, timeout=120).stdout

    try:
        postgres("start", "own", "fsync=off")
        socket = Path(psql(postgres("url", "own").strip(), "SHOW unix_socket_directories"))
        assert socket.is_dir()
    finally:
        postgres("stop", "own")
        shutil.rmtree(folder)
        shutil.rmtree(socket, ignore_errors=True)
