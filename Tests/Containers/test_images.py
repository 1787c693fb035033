"""The properties of the images (C1 to C5)."""

import json
import re
import subprocess
from pathlib import Path

import bills
import containers
import pytest

IMAGES = {"backend": containers.BACKEND_IMAGE, "frontend": containers.FRONTEND_IMAGE}
PROGRAMS = {"backend": "AuthAPI", "frontend": "WebFrontend"}


def files(image: str) -> list[str]:
    """Every path in an image."""
    container = containers.docker("create", image, "never-run")
    try:
        export = subprocess.Popen(["docker", "export", container], stdout=subprocess.PIPE)
        listing = subprocess.run(["tar", "-t"], stdin=export.stdout, capture_output=True, text=True, check=True)
        export.wait()
        return listing.stdout.splitlines()
    finally:
        containers.docker("rm", container)


@pytest.mark.parametrize(("name", "megabytes"), [("backend", 85), ("frontend", 110)])
def test_images_are_within_their_size_limits(name, megabytes):
    """C2"""
    (image,) = containers.inspect(IMAGES[name])
    assert image["Size"] <= megabytes * 1_000_000


@pytest.mark.parametrize("name", IMAGES)
def test_images_contain_no_shell_compiler_or_source(name):
    """C1: No shell, sources or build tools."""
    paths = files(IMAGES[name])
    assert f"usr/local/bin/{PROGRAMS[name]}" in paths
    unwanted = re.compile(
        r"(^|/)(sh|bash|dash|busybox|apt|apt-get|dpkg|swift|swiftc|clang|gcc|ld|git|make|curl|wget)$"
        r"|\.(swift|swiftmodule|o|a|h)$|(^|/)\.(build|git|env)(/|$)|Package\.|(^|/)(runtime|build)/"
    )
    assert [path for path in paths if unwanted.search(path)] == []


@pytest.mark.parametrize("name", IMAGES)
def test_images_have_an_unprivileged_user_and_a_health_check(name):
    """C3, C5: An unprivileged numeric user, and the program as entry point and health check."""
    (image,) = containers.inspect(IMAGES[name])
    config = image["Config"]
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == [PROGRAMS[name]]
    assert config["Cmd"] == ["serve"]
    assert config["Healthcheck"]["Test"] == ["CMD", PROGRAMS[name], "healthcheck"]


@pytest.mark.parametrize("name", IMAGES)
def test_images_have_labels_with_origin_and_version(name):
    """C1: The origin of an image; its version is that of the program."""
    (image,) = containers.inspect(IMAGES[name])
    labels = {
        key.removeprefix("org.opencontainers.image."): value for key, value in image["Config"]["Labels"].items()
    }
    assert labels["title"] and labels["revision"] and labels["source"].startswith("https://") and labels["licenses"]
    version = containers.docker("run", "--rm", "--network=none", IMAGES[name], "--version")
    assert labels["version"] == version


@pytest.mark.parametrize("name", IMAGES)
def test_every_library_is_present_and_needed(name):
    """C1: The loader finds every shared library, and all added ones are used."""
    # Its name depends on the machine's architecture.
    loader = next(path for path in files(IMAGES[name]) if re.search(r"(^|/)ld-linux[^/]*\.so\.\d+$", path))
    command = [f"--entrypoint=/{loader}", IMAGES[name], "--list", f"/usr/local/bin/{PROGRAMS[name]}"]
    listing = containers.docker("run", "--rm", "--network=none", *command)
    assert "not found" not in listing
    used = set(re.findall(r"=> /\S*/(\S+)", listing))
    base = {path.rsplit("/", 1)[-1] for path in files("gcr.io/distroless/cc-debian12:nonroot")}
    libraries = (path.rsplit("/", 1)[-1] for path in files(IMAGES[name]) if re.search(r"\.so(\.\d+)*$", path))
    assert set(libraries) - base <= used


@pytest.mark.parametrize("name", IMAGES)
def test_images_have_a_complete_bill_of_materials(name, tmp_path):
    """C1: Each image has a complete bill of materials, and every license."""
    container = containers.docker("create", IMAGES[name])
    try:
        containers.docker("cp", f"{container}:/{bills.FOLDER}/.", str(tmp_path))
    finally:
        containers.docker("rm", container)
    bill = tmp_path / "sbom.spdx.json"
    assert bills.faults(bill) == []
    packages = bills.packages(bill)
    assert packages[PROGRAMS[name]] == containers.docker("run", "--rm", "--network=none", IMAGES[name], "--version")
    manifest = (Path(__file__).resolve().parents[2] / "Package.swift").read_text()
    for package, version in re.findall(r'/([\w-]+)", exact: "([^"]+)"', manifest):
        assert packages.get(package, version) == version
    linked = bills.relations(bill, "STATIC_LINK")
    assert {"hummingbird", "swift-nio", "swift-runtime"} <= linked
    assert ("jwt-kit" in linked, "swift-mustache" in linked) == (name == "backend", name == "frontend")
    listing = files(IMAGES[name])
    assert {"backend": "libpq5", "frontend": "zlib1g"}[name] in packages
    text = (tmp_path / "THIRD-PARTY.txt").read_text()
    for package in set(packages) - {PROGRAMS[name], f"yoshikosan image of {PROGRAMS[name]}"}:
        assert re.search(rf"^    {re.escape(package)} ", text, re.MULTILINE), package
    for package in bills.relations(bill, "CONTAINS") - {PROGRAMS[name]}:
        assert any(path.startswith(f"usr/share/doc/{package}") for path in listing), package


@pytest.mark.parametrize("name", IMAGES)
def test_history_and_environment_contain_no_secret(name):
    """E3: The image contains no secret."""
    (image,) = containers.inspect(IMAGES[name])
    history = containers.docker("history", "--no-trunc", "--format", "{{json .}}", IMAGES[name])
    for text in [*map(json.dumps, image["Config"]["Env"]), *history.splitlines()]:
        assert not re.search(r"SECRET_KEY|PASSWORD|DATABASE_URL|BEGIN [A-Z ]*PRIVATE KEY", text), text
