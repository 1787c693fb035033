"""A6, A17: The servers' clock jumps while they run."""

import mmap
import struct
import subprocess
from pathlib import Path

import pytest
from fault_scene import front
from site_under_test import PASSWORD, ROOT, fetch

HOUR, DAY = 3600, 86400


class Clock:
    """The clock of the programs that run with its settings."""

    def __init__(self, library: Path, file: Path):
        self.settings = {"LD_PRELOAD": str(library), "CLOCK_FILE": str(file)}
        file.write_bytes(bytes(8))
        with file.open("r+b") as opened:
            self._ahead = mmap.mmap(opened.fileno(), 8)

    def jump(self, seconds: int) -> None:
        """Sets its offset from the real clock."""
        self._ahead[:] = struct.pack("=q", seconds)


@pytest.fixture
def clock(tmp_path):
    """A clock that can jump."""
    library = tmp_path / "jumping_clock.so"
    source = ROOT / "Tests/Support/jumping_clock.c"
    # Swift's C compiler.
    subprocess.run(["clang", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source], check=True)
    return Clock(library, tmp_path / "clock")


@pytest.fixture
def api(scene, postgres, clock):
    """An API with that clock."""
    return scene.api(postgres, LOGIN_LIMIT_ACCOUNT="10/600", LOGIN_LIMIT_NETWORK="100/600", **clock.settings)


@pytest.mark.quick
def test_a_clock_jump_of_an_hour_signs_no_user_out(scene, postgres, api, clock):
    """A17: A jump forwards, or back to before the sessions started, signs no user out and locks no user out."""
    with (
        front(api.port, scene.frontend(api.port).port) as port,
        scene.measured("Clock jumps one hour ahead, then two back", port, postgres) as measure,
    ):
        clock.jump(HOUR)
        measure.wait_until_succeeded("register", 20)
        _, cookie = scene.register(api.port)
        clock.jump(-HOUR)
        measure.wait_until_succeeded("register", 20)
        assert fetch(api.port, "/api/auth/me", headers={"Cookie": cookie}).status == 200
    assert not any(measure.rejected_count(kind) for kind in ("me", "page", "login", "register"))


@pytest.mark.quick
def test_a6_sessions_end_by_the_clock(scene, api, clock):
    """Eight days ahead, a session has expired, and sign-in works; with the correct clock, both sessions are live."""
    email, first = scene.register(api.port)
    me = {"path": "/api/auth/me", "headers": {"Cookie": first}}
    clock.jump(8 * DAY)
    assert fetch(api.port, **me).status == 401
    response = fetch(api.port, "/api/auth/login", "POST", body={"email": email, "password": PASSWORD})
    assert response.status == 200
    second = response.headers["Set-Cookie"].split(";")[0]
    clock.jump(0)
    assert fetch(api.port, **me).status == 200
    assert fetch(api.port, "/api/auth/me", headers={"Cookie": second}).status == 200
