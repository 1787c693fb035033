"""Fixtures of the fault tests; at the end, a table of the effects on clients."""

import contextlib
import os
import secrets
import subprocess
import tempfile
from pathlib import Path

import pytest
from fault_scene import Scene, api_settings, front
from fault_table import FaultTable
from postgres_server import OWNER, SERVING, postgres_server, template
from program import faults_binary

TABLE = pytest.StashKey[FaultTable]()


def pytest_configure(config):
    """One table per run."""
    config.stash[TABLE] = FaultTable()


def pytest_collection_modifyitems(config, items):
    """Skips slow tests when all tests run."""
    if os.environ.get("FAULTS") != "quick":
        return
    here = Path(__file__).parent
    slow = [item for item in items if item.path.parent == here and not item.get_closest_marker("quick")]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]


def pytest_terminal_summary(terminalreporter, config):
    """Prints the table and writes it to a file."""
    table = config.stash[TABLE]
    if file := table.write():
        terminalreporter.write_line(f"\n{table.text()}\nWritten to {file}")


@pytest.fixture(scope="session")
def data():
    """The data folder of a PostgreSQL with the migrated database."""

    def migrate(server):
        settings = api_settings(server.url(SERVING), server.url(OWNER), 1, secrets.token_urlsafe(48))
        subprocess.run([faults_binary("AuthAPI"), "migrate", "up"], check=True, env=settings, capture_output=True)

    with template(migrate) as folder:
        yield folder


@pytest.fixture
def postgres(data):
    """A running PostgreSQL with the migrated database."""
    with postgres_server(data) as server:
        server.start()
        yield server


@pytest.fixture
def scene(request):
    """The folder of a test's servers."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yoshikosan-faults-")))
        scene = Scene(request.config.stash[TABLE], folder, stack)
        yield scene


@pytest.fixture
def site(scene, postgres):
    """The API on that PostgreSQL, the frontend and nginx; returns nginx's port."""
    api = scene.api(postgres)
    frontend = scene.frontend(api.port)
    with front(api.port, frontend.port) as port:
        yield port
