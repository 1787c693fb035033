"""The names of the images, and a site from pulled images (W84)."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import bills
import containers
import pytest


def image_names(stack) -> dict[str, str]:
    """The image of each service."""
    services = json.loads(stack.compose("config", "--format", "json").stdout)["services"]
    return {name: service["image"] for name, service in services.items()}


def test_w84_images_are_named_after_the_project():
    """Two clones on one machine do not overwrite each other's images; with a registry and a release, names differ."""
    one, other = containers.Stack(), containers.Stack()
    for stack in (one, other):
        del stack.environment["IMAGE_NAME"]
        names = image_names(stack)
        servers = {name: f"{stack.project}-{name}:latest" for name in containers.IMAGES}
        api = dict.fromkeys(("secrets", "migrate"), servers["backend"])
        assert names == {**servers, **api, "postgres": containers.POSTGRES_IMAGE}
    one.environment |= {"IMAGE_PREFIX": "registry.example.com/team/", "TAG": "1.2.3", "IMAGE_NAME": "site"}
    assert image_names(one)["migrate"] == "registry.example.com/team/site-backend:1.2.3"
    assert image_names(one)["nginx"] == "registry.example.com/team/site-nginx:1.2.3"


@pytest.fixture
def clone(tmp_path) -> Path:
    """A git clone without changes."""
    folder = tmp_path / "clone"
    containers.copy_sources(folder)
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=x"]):
        identity = ["-c", "user.name=Aiko Tanaka", "-c", "user.email=aiko@example.com"]
        subprocess.run(["git", *identity, *command], cwd=folder, check=True)
    return folder


@pytest.mark.long
def test_w84_a_release_is_pushed_and_runs_without_the_sources(clone, registry, tmp_path):
    """compose.yml alone starts the site from the registry; the images have labels and bills of materials."""
    with containers.project(TAG="1.2.3", IMAGE_PREFIX=f"{registry}/") as one:
        one.root = clone
        (clone / "notes").write_text("not committed")
        assert "uncommitted changes" in one.run("make", "docker-release", check=False).stderr
        (clone / "notes").unlink()
        for wrong in ("TAG=", "TAG=latest", "TAG=a:b", "IMAGE_PREFIX=", f"IMAGE_PREFIX={registry}"):
            assert one.run("make", "docker-release", wrong, check=False).returncode != 0, wrong
        one.run("make", "docker-release")
        kinds = [*containers.IMAGES, "backup"]
        images = [f"{registry}/{containers.IMAGE_NAME}-{name}:1.2.3" for name in kinds]
        revision = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=clone, check=True, capture_output=True, text=True
        ).stdout.strip()
        for image in images:
            (found,) = containers.inspect(image)
            assert found["Config"]["Labels"]["org.opencontainers.image.revision"] == revision
        for name in kinds:
            assert bills.faults(clone / ".build/sbom" / name / "sbom.spdx.json") == []
        containers.docker("image", "rm", *images)

        elsewhere = Path(tempfile.mkdtemp(dir=tmp_path))
        shutil.copy(containers.ROOT / "compose.yml", elsewhere)
        one.root = elsewhere
        one.environment["COMPOSE_PROFILES"] = "backup"
        one.compose("pull", "--quiet", "backend", "frontend", "nginx", "backup")
        one.up()
        assert one.fetch("/api/auth/me", headers={"Cookie": one.register()}).status == 200

        # In a clone, a deployment pulls the images.
        one.root = clone
        before = one.containers("backend")
        containers.docker("image", "rm", "--force", images[1])
        one.run("make", "docker-deploy")
        assert not set(one.containers("backend")) & set(before)
        assert containers.inspect(images[1])[0]["RepoDigests"]
        wrong = one.run("make", "docker-deploy", "TAG=1.2.4", check=False)
        assert wrong.returncode != 0 and "could not be pulled" in wrong.stderr
        one.remove()
        containers.docker("image", "rm", "--force", *images)
