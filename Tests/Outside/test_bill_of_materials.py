"""The output of docker/describe-image for the programs of this build."""

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import bills
import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = Path("/usr/lib") / sysconfig.get_config_var("MULTIARCH")


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The files added to a base image with one package: the API and a library that it needs."""
    base, tree = tmp_path_factory.mktemp("base"), tmp_path_factory.mktemp("tree")
    status = base / "var/lib/dpkg/status.d"
    status.mkdir(parents=True)
    (status / "netbase").write_text("Package: netbase\nVersion: 1:6.4~x+1\nArchitecture: all\n")
    (status / "netbase.md5sums").write_text("Package: none\n")
    (base / "usr/share/doc/netbase").mkdir(parents=True)
    (base / "usr/share/doc/netbase/copyright").write_text('Copyright \\ "quoted"\n\ttext\n')
    (tree / "usr/local/bin").mkdir(parents=True)
    (tree / "usr/local/bin/AuthAPI").symlink_to(binaries() / "AuthAPI")
    (tree / LIBRARIES.relative_to("/")).mkdir(parents=True)
    shutil.copy(LIBRARIES / "libpq.so.5", tree / LIBRARIES.relative_to("/"))
    done = describe(base, tree)
    assert done.returncode == 0, done.stderr
    return tree


def binaries() -> Path:
    """The folder of the build."""
    command = ["swift", "build", "--show-bin-path"]
    return Path(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip())


def describe(base: Path, tree: Path) -> subprocess.CompletedProcess:
    """Runs the command of the Dockerfile."""
    command = [ROOT / "docker/describe-image", "AuthAPI", binaries(), base, tree]
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)


def test_the_bill_is_valid_and_lists_what_was_linked(image):
    """Packages that were resolved but not linked are left out; versions are those of Package.swift."""
    path = image / bills.FOLDER / "sbom.spdx.json"
    assert bills.faults(path) == []
    packages = bills.packages(path)
    manifest = (ROOT / "Package.swift").read_text()
    linked = bills.relations(path, "STATIC_LINK")
    assert {"hummingbird", "jwt-kit", "swift-nio", "swift-nio-ssl", "swift-runtime"} <= linked
    assert "swift-mustache" not in packages
    for name, version in re.findall(r'/([\w-]+)", exact: "([^"]+)"', manifest):
        assert packages.get(name, version) == version
    assert packages["netbase"] == "1:6.4~x+1"
    assert {"netbase", "libpq5"} <= bills.relations(path, "CONTAINS")
    version = re.search(r'current = "(.*)"', (ROOT / "Sources/Shared/Version.swift").read_text())[1]
    assert packages["AuthAPI"] == version
    assert '"created": "2023-11-14T22:13:20Z"' in path.read_text()


def test_the_image_contains_every_license(image):
    """Those of linked packages in the list, those of Debian's packages as copyright files."""
    text = (image / bills.FOLDER / "THIRD-PARTY.txt").read_text()
    for name, version in bills.packages(image / bills.FOLDER / "sbom.spdx.json").items():
        if name != "yoshikosan image of AuthAPI" and name != "AuthAPI":
            assert re.search(rf"^    {re.escape(name)} +{re.escape(version)}", text, re.MULTILINE), name
    assert text.count("TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION") >= 1
    assert "License of" in text and "jwt-kit" in text and "Notices of swift-crypto" in text
    assert "PostgreSQL" in (image / "usr/share/doc/libpq5/copyright").read_text()
    assert (image / bills.FOLDER / "copyright").read_text() == (ROOT / "LICENSE").read_text()


def test_a_library_of_no_package_ends_the_build(image, tmp_path):
    """The build fails, because the bill must list every file of the image."""
    tree = tmp_path / "tree"
    shutil.copytree(image, tree, symlinks=True)
    (tree / "usr/lib/libhomemade.so.1").write_bytes(b"")
    done = describe(tmp_path, tree)
    assert done.returncode != 0 and "libhomemade.so.1 belongs to no Debian package" in done.stderr
