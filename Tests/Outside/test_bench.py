"""The benchmarks' PostgreSQL."""

import os
import subprocess

from site_under_test import ROOT

# A stand-in for AuthAPI, which prints what other users of this machine can access, and ends the benchmark.
PROGRAM = """#!/bin/bash
{
    PGPASSWORD= psql -w -XAtc 'select 1' "$DATABASE_URL" 2>&1
    PGPASSWORD=wrong psql -w -XAtc 'select 1' "$DATABASE_URL" 2>&1
    psql -w -XAtc "select 'password accepted'" "$DATABASE_URL" 2>&1
    grep -alF -f <(printf '%s' "$PGPASSWORD") /proc/[0-9]*/cmdline | grep -c .
    stat -c %a "$(dirname "$POSTGRES_PID_FILE")/.."
} >"$FOUND"
exit 1
"""


def test_w90_the_database_of_a_benchmark_requires_its_password(tmp_path):
    """The server listens on TCP, as in production. No command line shows the password; the socket is private."""
    program, found = tmp_path / "AuthAPI", tmp_path / "found"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    done = subprocess.run(
        [ROOT / "scripts/bench"], env=environment | {"BENCH_BINARIES": str(tmp_path), "FOUND": str(found)},
        capture_output=True, text=True, timeout=600,
    )
    assert found.exists(), done.stderr
    without, wrong, right, seen, mode = found.read_text().splitlines()
    assert "no password supplied" in without
    assert "password authentication failed" in wrong
    assert (right, seen, mode) == ("password accepted", "0", "700")
