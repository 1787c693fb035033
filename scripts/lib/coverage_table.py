"""Prints line coverage by file and module from llvm-cov's summary on standard input: coverage_table.py FLOOR

Fails if a module that has a floor is below it or was not measured.
"""

import json
import re
import sys

# Code that wires a program together is tested through HTTP, where coverage is not measured.
WIRING = re.compile(
    r"^Sources/(AuthAPI/(AuthAPI|App(\+\w+)?|Routes|Commands/\w+)|WebFrontend/(WebFrontend|BuildServer|Routes))\.swift$"
)
HAVE_A_FLOOR = ("Shared", "AuthAPI")


def share(lines: list[tuple[int, int]]) -> tuple[int, int, float]:
    """Lines reached, lines in all, and the share in percent."""
    reached, count = sum(line[0] for line in lines), sum(line[1] for line in lines)
    return reached, count, 100 * reached / count if count else 100.0


def row(name: str, lines: list[tuple[int, int]], mark: str = "") -> str:
    """One line of the table."""
    reached, count, percent = share(lines)
    return f"{name:<78} {reached:>6} {count:>6} {percent:>7.2f} %{mark}"


def main() -> int:
    floor = float(sys.argv[1])
    files = {}
    for file in json.load(sys.stdin)["data"][0]["files"]:
        found = re.search(r"/(Sources/.*)$", file["filename"])
        if found and file["summary"]["lines"]["count"]:
            lines = file["summary"]["lines"]
            files[found[1]] = (lines["covered"], lines["count"])
    modules: dict[str, list[tuple[int, int]]] = {}
    print(f"{'file':<78} {'lines':>6} {'of':>6} {'share':>9}")
    for path, lines in sorted(files.items()):
        wiring = bool(WIRING.match(path))
        print(row(path, [lines], "  (wiring)" if wiring else "  *" if share([lines])[2] < floor else ""))
        if not wiring:
            modules.setdefault(path.split("/")[1], []).append(lines)
    print("\nby module, without the wiring of the programs")
    below = []
    for module, lines in sorted(modules.items()):
        low = module in HAVE_A_FLOOR and share(lines)[2] < floor
        below += [module] if low else []
        print(row(module, lines, f"  below {floor:g} %" if low else ""))
    print(row("everything", list(files.values())))
    missing = [module for module in HAVE_A_FLOOR if module not in modules]
    for module in below + missing:
        print(f"coverage: {module} is below {floor:g} %: write tests for the files marked with *", file=sys.stderr)
    return int(bool(below or missing))


if __name__ == "__main__":
    sys.exit(main())
