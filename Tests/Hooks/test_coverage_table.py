"""M2: The minimum of `make test-coverage`, with fixed measurements."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/lib/coverage_table.py"


def table(floor: int, **files: tuple[int, int]) -> subprocess.CompletedProcess:
    """The table for files given as name=(lines reached, lines)."""
    summary = [
        {"filename": f"/x/Sources/{name}", "summary": {"lines": {"covered": reached, "count": count}}}
        for name, (reached, count) in files.items()
    ]
    document = json.dumps({"data": [{"files": summary}]})
    return subprocess.run([sys.executable, SCRIPT, str(floor)], input=document, capture_output=True, text=True)


def test_each_file_and_module_has_a_row():
    done = table(90, **{"Shared/A.swift": (9, 10), "AuthAPI/B.swift": (1, 1), "WebFrontend/C.swift": (0, 4)})
    assert done.returncode == 0, done.stderr
    rows = {line.split()[0]: line.split()[1:4] for line in done.stdout.splitlines() if line.endswith(("%", "*"))}
    assert rows["Sources/Shared/A.swift"] == ["9", "10", "90.00"]
    assert rows["AuthAPI"] == ["1", "1", "100.00"] and rows["WebFrontend"] == ["0", "4", "0.00"]
    assert rows["everything"] == ["10", "15", "66.67"]


def test_a_module_below_the_minimum_is_rejected():
    done = table(90, **{"Shared/A.swift": (899, 1000), "AuthAPI/B.swift": (1, 1)})
    assert done.returncode == 1 and "Shared is below 90 %" in done.stderr
    assert "Sources/Shared/A.swift" in done.stdout and "  *" in done.stdout


def test_wiring_files_are_not_counted():
    files = {"Shared/A.swift": (1, 1), "AuthAPI/B.swift": (1, 1), "AuthAPI/App.swift": (0, 500)}
    done = table(90, **files)
    assert done.returncode == 0 and "(wiring)" in done.stdout


def test_a_module_that_was_not_measured_is_rejected():
    assert table(90, **{"Shared/A.swift": (1, 1)}).returncode == 1
