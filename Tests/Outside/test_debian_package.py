"""The Debian package that `make deb` builds, here from the tests' programs."""

import hashlib
import os
import re
import subprocess
from pathlib import Path

import pytest
from site_under_test import ROOT, binaries

# Unlike a release, the tests' programs use the Swift libraries of this machine.
OF_TEST_PROGRAMS = "custom-library-search-path"


def run(*command, **environment: str) -> str:
    """Runs a program; returns its output."""
    done = subprocess.run(command, env=os.environ | environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(folder) -> str:
    """Builds the package into a folder; returns its path."""
    settings = {"OUTPUT": str(folder), "COMPRESSION": "-Zgzip -z1", "SOURCE_DATE_EPOCH": "1700000000"}
    output = run("make", "deb", f"FROM={binaries()}", **settings)
    return output.splitlines()[-1]


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> str:
    return build(tmp_path_factory.mktemp("deb"))


@pytest.fixture(scope="module")
def contents(package) -> dict[str, tuple[str, str]]:
    """Mode and owner of everything in the package, by path."""
    lines = [line.split(None, 5) for line in run("dpkg-deb", "--contents", package).splitlines()]
    return {path.removeprefix("./"): (mode, owner) for mode, owner, _, _, _, path in lines}


def test_lintian_finds_nothing(package):
    run("lintian", "--allow-root", "--fail-on=error,warning", f"--suppress-tags={OF_TEST_PROGRAMS}", package)


def test_the_same_sources_give_the_same_package(package, tmp_path):
    again = build(tmp_path)
    assert len({hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in (package, again)}) == 1


def test_the_control_file_names_the_libraries(package):
    fields = dict(line.split(": ", 1) for line in run("dpkg-deb", "--field", package).splitlines() if ": " in line)
    version = run(f"{binaries()}/AuthAPI", "--version").strip()
    assert (fields["Package"], fields["Version"]) == ("yoshikosan", f"{version}-1")
    depends = {each.strip().split(" ")[0] for each in re.split(r"[,|]", fields["Depends"])}
    assert {"libpq5", "libargon2-1", "libcrypt1", "libc6", "nginx", "systemd"} <= depends


def test_everything_is_owned_by_root_and_writable_by_root_only(contents):
    assert {owner for _, owner in contents.values()} == {"root/root"}
    assert not [path for path, (mode, _) in contents.items() if mode[5] == "w" or mode[8] == "w" or "s" in mode.lower()]
    assert contents["etc/yoshikosan/database.env"][0] == "-rw-r-----"


def test_the_package_contains_every_unit_and_no_secret(contents, package):
    units = {path.name for path in (ROOT / "packaging/systemd").glob("*.service")} | {"yoshikosan.target"}
    assert {f"lib/systemd/system/{unit}" for unit in units} <= contents.keys()
    assert "lib/systemd/system/yoshikosan-.service.d/hardening.conf" in contents
    assert not [path for path in contents if "credentials" in path or path.endswith(".env.example")]
    # An upgrade keeps changes of an administrator to these files.
    listed = set((ROOT / "packaging/debian/conffiles").read_text().split())
    assert listed == {f"/{path}" for path in contents if path.startswith("etc/") and not path.endswith("/")}


def test_nginx_accepts_the_configuration_of_its_unit(package, tmp_path):
    """The script of the unit writes the configuration, from the package's files in another folder."""
    run("dpkg-deb", "--extract", package, str(tmp_path / "root"))
    state = tmp_path / "state"
    state.mkdir()
    program = tmp_path / "nginx-configuration"
    text = (tmp_path / "root/usr/lib/yoshikosan/nginx-configuration").read_text()
    program.write_text(text.replace("files=/usr", f"files={tmp_path}/root/usr"))
    unit = (ROOT / "packaging/systemd/yoshikosan-nginx.service").read_text()
    settings = dict(each.split("=", 1) for each in re.search("^Environment=(.*)$", unit, re.M)[1].split())
    run("sh", str(program), RUNTIME_DIRECTORY=str(state), **settings)
    assert (state / "local/listen.conf").read_text().startswith("listen 127.0.0.1:6666 default_server;\n")
    assert (
        'access_log "syslog:server=unix:/dev/log,nohostname,tag=yoshikosan_nginx" json;'
        in (state / "local/http.conf").read_text().splitlines()
    )
    path = f"{os.environ['PATH']}:/usr/sbin"
    run("nginx", "-t", "-q", "-e", "stderr", "-c", str(state / "nginx.conf"), PATH=path)


def test_the_tls_example_equals_the_one_in_the_documentation():
    [block] = re.findall(r"```nginx\n(.*?)```", (ROOT / "docs/reverse-proxy.md").read_text(), re.S)
    _, text = (ROOT / "packaging/nginx-tls.conf").read_text().split("\n\n", 1)
    assert text == block


@pytest.mark.parametrize("folder", ["/nonexistent", "Tests"])
def test_a_folder_without_the_programs_is_rejected(folder, tmp_path):
    done = subprocess.run(
        ["make", "deb", f"FROM={folder}"], cwd=ROOT, env=os.environ | {"OUTPUT": str(tmp_path)}, capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode != 0 and f"{folder} contains no program AuthAPI" in done.stderr
    assert not list(tmp_path.iterdir())
