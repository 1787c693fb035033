"""D7: PostgreSQL's data disk or WAL disk is full."""

import subprocess

import pytest
from fault_scene import front
from postgres_server import postgres_server
from site_under_test import wait_until
from small_disk import small_disk


@pytest.fixture
def disk():
    """Space for an empty database and a little more."""
    with small_disk(72) as disk:
        yield disk


@pytest.fixture
def full(data, disk):
    """A PostgreSQL on it, not yet started."""
    with postgres_server(data, disk) as server:
        yield server


@pytest.mark.quick
def test_d7_the_site_recovers_from_a_full_data_disk(scene, full, disk):
    """Registrations are rejected, sessions continue, and free space is enough to recover."""
    log = full.folder / "pg_wal"
    (full.seen / "pg_wal").rename(full.seen / "moved")
    subprocess.run(["cp", "-a", full.seen / "moved", log], check=True)
    (full.seen / "pg_wal").symlink_to(log)
    full.start()
    api = scene.api(full)
    with (
        front(api.port, scene.frontend(api.port).port) as port,
        scene.measured("Data disk full, then freed", port, full) as measure,
    ):
        disk.fill()
        measure.wait_until_rejected("register", 30)
        measure.wait_until_succeeded("me", 60)
        disk.free()
        measure.mark_fault_ended()
    assert not measure.rejected_count("me") and not measure.rejected_count("page")


def test_d7_the_site_recovers_from_a_full_wal_disk(scene, full, disk):
    """PostgreSQL stops; once there is free space and it is started, everything works."""
    full.start()
    api = scene.api(full)
    with (
        front(api.port, scene.frontend(api.port).port) as port,
        scene.measured("WAL disk full, then freed, PostgreSQL started", port, full) as measure,
    ):
        disk.fill()

        def has_stopped() -> bool:
            try:
                full.psql("select txid_current(), pg_switch_wal()")
            except subprocess.CalledProcessError:
                return True
            return False

        wait_until(has_stopped, "PostgreSQL stops for want of room")
        measure.wait_until_rejected("me", 60)
        measure.wait_until_succeeded("page")
        disk.free()
        if full.process.poll() is None:
            wait_until(
                lambda: full.accepts_connections() or full.process.poll() is not None, "PostgreSQL responds or ends"
            )
        if full.process.poll() is not None:
            full.start()
        measure.mark_fault_ended()
