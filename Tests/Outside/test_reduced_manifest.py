"""C11: With the manifests for the images, no change of our own targets recompiles a dependency."""

import json
import subprocess

import pytest
from site_under_test import ROOT

MANIFEST = (ROOT / "Package.swift").read_text()


def reduced(keep: str, manifest: str = MANIFEST) -> str:
    """The output of docker/reduce-manifest for a manifest."""
    command = ["awk", "-f", ROOT / "docker/reduce-manifest", f"keep={keep}", "-"]
    return subprocess.run(command, input=manifest, text=True, check=True, capture_output=True).stdout


def described(manifest: str, folder) -> dict:
    """A manifest, as parsed by the package manager."""
    (folder / "Package.swift").write_text(manifest)
    command = ["swift", "package", "--package-path", folder, "dump-package"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def products(package: dict, of: set[str]) -> set[tuple[str, str]]:
    """The products of other packages that some targets use."""
    return {
        tuple(dependency["product"][:2])
        for target in package["targets"]
        if target["name"] in of
        for dependency in target["dependencies"]
        if "product" in dependency
    }


def test_c11_the_reduced_manifest_keeps_all_dependencies_except_those_of_tests(tmp_path):
    whole, alone = described(MANIFEST, tmp_path), described(reduced(""), tmp_path)
    ours = {target["name"] for target in whole["targets"] if target["type"] != "test"}
    assert [target["name"] for target in alone["targets"]] == ["Dependencies"]
    assert products(alone, {"Dependencies"}) == products(whole, ours)
    assert alone["dependencies"] == whole["dependencies"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('    targets: [\n', '    targets: [\n        .target(name: "More", dependencies: ["Shared", logging]),\n'),
        ('"Shared", "CZlib",', '"Shared",'),
        ('.embedInCode("Migrations"), ', ""),
        ("hummingbirdCore, logging,", "logging, hummingbirdCore,"),
    ],
)
def test_c11_changes_of_our_targets_do_not_change_the_dependencies(old, new):
    changed = MANIFEST.replace(old, new, 1)
    assert changed != MANIFEST
    assert reduced("", changed) == reduced("")
    assert reduced("", MANIFEST.replace('exact: "1.8.2"', 'exact: "1.8.3"')) != reduced("")


@pytest.mark.parametrize(("program", "other"), [("AuthAPI", "WebFrontend"), ("WebFrontend", "AuthAPI")])
def test_c11_a_program_is_built_without_the_other_one(tmp_path, program, other):
    whole, part = described(MANIFEST, tmp_path), described(reduced(program), tmp_path)
    # Of all programs, including one for tests, only this one.
    names = {target["name"] for target in whole["targets"] if target["type"] not in ("test", "executable")} | {program}
    assert part["targets"] == [target for target in whole["targets"] if target["name"] in names]
    assert [product["name"] for product in part["products"]] == [program]
    start = f'name: "{other}",\n            dependencies: ['
    changed = MANIFEST.replace(start, f"{start} crypto,")
    assert changed != MANIFEST and reduced(program, changed) == reduced(program)
