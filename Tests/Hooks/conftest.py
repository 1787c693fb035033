"""A copy of this project in a separate git repository, with the tools of the hooks."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The copies use the installed tools.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


class Repository:
    """One copy, and the git commands on it."""

    def __init__(self, path: Path, home: Path):
        self.path = path
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "MAKE"))}
        self.environment = inherited | {
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "PRE_COMMIT_HOME": os.environ.get("PRE_COMMIT_HOME") or str(CACHE / "pre-commit"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Aiko Tanaka",
            "GIT_AUTHOR_EMAIL": "aiko@example.com",
            "GIT_COMMITTER_NAME": "Aiko Tanaka",
            "GIT_COMMITTER_EMAIL": "aiko@example.com",
            "PRE_COMMIT_COLOR": "never",
        }

    def run(self, *command: str | Path, **environment: str) -> subprocess.CompletedProcess:
        """Runs a program in the copy, with standard output and error together. The first run may install tools."""
        return subprocess.run(
            command, cwd=self.path, env=self.environment | environment, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
        )

    def git(self, *arguments: str) -> str:
        """Runs git, which must succeed."""
        done = self.run("git", *arguments)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def write(self, path: str, content: str | bytes) -> None:
        """Writes a file; one that begins with #! can be run."""
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        if file.read_bytes().startswith(b"#!"):
            file.chmod(0o755)

    def read(self, path: str) -> str:
        """The content of a file in the work tree."""
        return (self.path / path).read_text()

    def hook(self, name: str, *files: str, stage: str = "manual", **environment: str) -> subprocess.CompletedProcess:
        """Runs one hook on some files."""
        command = [".build/hooks/bin/pre-commit", "run", name, "--hook-stage", stage, "--files", *files]
        return self.run(*command, **environment)

    def restore(self) -> None:
        """Restores the initial state."""
        self.git("checkout", "--quiet", "--force", "-B", "main", "begin")
        self.git("clean", "--quiet", "--force", "-dx")
        shutil.rmtree(self.path / ".git/hooks", ignore_errors=True)
        (self.path / ".build").mkdir()
        (self.path / ".build/hooks").symlink_to(ROOT / ".build/hooks")


@pytest.fixture(scope="session")
def clone(tmp_path_factory) -> Repository:
    """The files of this project as they are now, committed."""
    path = tmp_path_factory.mktemp("project") / "clone"
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(lambda name: (ROOT / name).exists(), listing.splitlines()):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, path / name)
    repository = Repository(path, tmp_path_factory.mktemp("home"))
    repository.git("init", "--quiet", "--initial-branch=main")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message=Begin")
    repository.git("tag", "begin")
    return repository


@pytest.fixture
def repository(clone) -> Repository:
    """The copy in its initial state."""
    clone.restore()
    return clone


@pytest.fixture
def hooked(repository) -> Repository:
    """A copy in which git runs the hooks."""
    done = repository.run("make", "install-hooks")
    assert done.returncode == 0, done.stdout
    return repository
