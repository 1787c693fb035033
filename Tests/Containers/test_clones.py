"""Two clones on one engine (W84)."""

import containers
import pytest

pytestmark = pytest.mark.long


def test_w84_two_clones_run_side_by_side(tmp_path):
    """Each has its own images, data, secrets and sessions; deleting one does not affect the other."""
    with containers.project(REVISION="first") as one, containers.project(REVISION="second") as other:
        for stack, name in ((one, "one"), (other, "other")):
            del stack.environment["IMAGE_NAME"]
            stack.root = tmp_path / name
            containers.copy_sources(stack.root)
            if stack is one:
                # As in a clone made with the umask 077, for the files that images copy as they are. The others would be
                # compiled again.
                for place in ("nginx.conf", "docker/nginx", "docker/backup", "scripts"):
                    for path in [stack.root / place, *(stack.root / place).rglob("*")]:
                        path.chmod(path.stat().st_mode & 0o700)
                stack.run("docker", "compose", "build", "backup")
                stack.run("docker", "run", "--rm", "--network=none", f"{stack.project}-backup", "is-due")
            stack.run("make", "docker-up")
        cookies = {stack.project: {"Cookie": stack.register()} for stack in (one, other)}
        for stack in (one, other):
            assert stack.fetch("/api/auth/me", headers=cookies.pop(stack.project)).status == 200
            (foreign,) = cookies.values()
            assert stack.fetch("/api/auth/me", headers=foreign).status == 401
            cookies[stack.project] = {"Cookie": stack.register()}

        images = {}
        for stack, revision in ((one, "first"), (other, "second")):
            for kind in containers.IMAGES:
                image = stack.container(kind)["Config"]["Image"]
                assert image == f"{stack.project}-{kind}:latest"
                (found,) = containers.inspect(image)
                assert found["Config"]["Labels"]["org.opencontainers.image.revision"] == revision
                assert stack.container(kind)["Image"] == found["Id"]
                images[image] = found["Id"]
        print(*(f"{image} {identifier}" for image, identifier in images.items()), sep="\n")
        assert len(set(images.values())) == 6
        assert one.secret("secret_key") != other.secret("secret_key")

        one.run("make", "docker-clean", "YES=1")
        left = containers.docker("image", "ls", "--format", "{{.Repository}}").splitlines()
        assert [name for name in left if name.startswith(f"{one.project}-")] == []
        assert other.fetch("/api/auth/me", headers=cookies[other.project]).status == 200
        other.run("make", "docker-clean", "YES=1")
