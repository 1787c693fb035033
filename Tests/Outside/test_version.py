"""The version is defined in Sources/Shared/Version.swift; everything that shows it agrees."""

import re
import subprocess

import pytest
from site_under_test import ROOT, binary, fetch

VERSION = re.search(r'static let current = "(.*)"', (ROOT / "Sources/Shared/Version.swift").read_text())[1]


@pytest.mark.parametrize("program", ["AuthAPI", "WebFrontend"])
def test_the_programs_print_the_version(program):
    """M6"""
    done = subprocess.run([binary(program), "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == VERSION


def test_both_servers_report_the_version(site):
    """E6"""
    for port, path in ((site.api_port, "/health"), (site.frontend_port, "/health/ready")):
        assert fetch(port, path).json()["version"] == VERSION


def test_the_description_of_the_api_contains_the_version(site):
    """A15"""
    assert site.fetch("/openapi.json").json()["info"]["version"] == VERSION


def test_the_labels_of_the_images_contain_the_version():
    """C1: the default of the build argument, which `docker compose up` uses; a label cannot be read from a file."""
    dockerfile = (ROOT / "docker/Dockerfile").read_text()
    assert re.findall(r"^ARG VERSION=(.*)$", dockerfile, re.MULTILINE) == [VERSION] * 3
    assert dockerfile.count('org.opencontainers.image.version="${VERSION}"') == 3
    assert "VERSION:" not in (ROOT / "compose.yml").read_text()
