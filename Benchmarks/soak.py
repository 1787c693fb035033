"""Measures the memory of the servers over ten minutes at full load, as a table and a plot.

soak.py BINARIES DATABASE_URL REPORT. /me, sign-ins, registrations and pages are requested continuously, each as fast as
8 connections allow. The plot is written beside the report, as SVG. Setting from the environment: BENCH_MINUTES (10).
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from statistics import mean

import machine
import servers
from servers import TestUsers
from wrk import Wrk

MINUTES = float(os.environ.get("BENCH_MINUTES") or 10)
USERS = 64
COLORS = {"AuthAPI": "#0b6bcb", "WebFrontend": "#c4570a"}


def plot(samples: list[tuple[float, dict[str, float]]]) -> str:
    """The samples as SVG, readable on a light and on a dark page."""
    width, height, left, bottom, top = 720, 280, 48, 36, 16
    end = max(when for when, _ in samples)
    most = max(size for _, sizes in samples for size in sizes.values())
    step = 20 if most > 60 else 10
    ceiling = (int(most / step) + 1) * step

    def x(when: float) -> float:
        return left + when / end * (width - left - 110)

    def y(size: float) -> float:
        return height - bottom - size / ceiling * (height - bottom - top)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#777">',
        "<title>Resident memory at full load</title>",
    ]
    for size in range(0, ceiling + 1, step):
        parts.append(f'<path d="M{left} {y(size):.1f}H{width - 110}" stroke="#8884" fill="none"/>')
        parts.append(f'<text x="{left - 6}" y="{y(size) + 4:.1f}" text-anchor="end">{size}</text>')
    for minute in range(int(end / 60) + 1):
        parts.append(f'<text x="{x(minute * 60):.1f}" y="{height - 16}" text-anchor="middle">{minute}</text>')
    parts.append(f'<text x="{left}" y="{height - 2}">minutes</text><text x="{left}" y="12">MB</text>')
    for name, color in COLORS.items():
        points = " ".join(f"{x(when):.1f},{y(sizes[name]):.1f}" for when, sizes in samples)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
        last = samples[-1][1][name]
        parts.append(f'<text x="{width - 104}" y="{y(last) + 4:.1f}" fill="{color}">{name} {last:.0f}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    """Measures and writes the report and the plot."""
    binaries, database, report = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    api = servers.api(binaries, database)
    frontend = servers.frontend(binaries, api.base)
    try:
        users, seconds = TestUsers(api, "/api/auth", USERS), int(MINUTES * 60)
        with tempfile.NamedTemporaryFile("w") as headers:
            headers.write("\n".join(users.headers) + "\n")
            headers.flush()
            with machine.MemoryWatch({"AuthAPI": api.pid, "WebFrontend": frontend.pid}, 2) as watch:
                auth = f"{api.base}/api/auth"
                loads = {
                    "GET /api/auth/me": Wrk(f"{auth}/me", 8, seconds, "get.lua", HEADERS_FILE=headers.name),
                    "POST /api/auth/login": Wrk(
                        f"{auth}/login", 8, seconds, "post.lua", BODY=users.login_body, COUNT=str(USERS)
                    ),
                    "POST /api/auth/register": Wrk(
                        f"{auth}/register", 8, seconds, "post.lua", BODY=TestUsers.registration_body()
                    ),
                    "GET /login": Wrk(f"{frontend.base}/login", 8, seconds),
                }
                results = {name: load.result() for name, load in loads.items()}
    finally:
        frontend.stop()
        api.stop()
    lines = ["| load | succeeded | errors | p50 ms | p99 ms |", "|---|---:|---:|---:|---:|"]
    for name, result in results.items():
        figures = f"{result['requests']:,} | {result['errors']} | {result['p50']:.1f} | {result['p99']:.1f}"
        lines.append(f"| {name} | {figures} |")
    lines += ["", "| memory, MB | minute 1–2 | last minute | at most |", "|---|---:|---:|---:|"]
    for name in COLORS:
        early = mean(sizes[name] for when, sizes in watch.samples if 60 <= when < 120 or seconds < 120)
        late = mean(sizes[name] for when, sizes in watch.samples if when >= seconds - 60)
        lines.append(f"| {name} | {early:.1f} | {late:.1f} | {watch.peak(name):.1f} |")
    text = "\n".join(lines) + "\n"
    report.write_text(text)
    report.with_suffix(".svg").write_text(plot(watch.samples))
    print(text)


if __name__ == "__main__":
    main()
