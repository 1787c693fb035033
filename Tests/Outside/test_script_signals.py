"""Signals to the programs in scripts/, at any point."""

import signal
import subprocess

import pytest
from site_under_test import ROOT, wait_until

# The state of a program when the signal arrives.
WORK = {
    # Bash is about to run the second of two substitutions.
    "between two substitutions": 'value="$(touch waiting; sleep 0.5)$(echo hi)"',
    "in a substitution": 'value="$(touch waiting; sleep 0.5)"',
    "in a program": "touch waiting; sleep 0.5",
    "waiting": "sleep 60 & touch waiting; wait $!",
}


@pytest.mark.parametrize("work", WORK)
@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_script_exits_when_it_receives_a_signal(work, which, tmp_path):
    program = tmp_path / "program"
    program.write_text(
        f"source {ROOT}/scripts/lib/common.sh\n"
        "trap 'printf ended; kill $(jobs -p) 2>/dev/null || true' EXIT\nexit_on_signals\n"
        f"while :; do {WORK[work]}; done\n"
    )
    process = subprocess.Popen(
        # In the background, tests may start with SIGINT or SIGHUP ignored, and Bash cannot trap a signal that was
        # ignored when it started.
        ["env", "--default-signal=INT,HUP", "bash", str(program)],
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        wait_until(lambda: (tmp_path / "waiting").exists(), "the program is at work")
        process.send_signal(which)
        output = process.communicate(timeout=30)
        assert (process.returncode, *output) == (128 + which, "ended", "")
    finally:
        process.kill()
