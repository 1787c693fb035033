"""Bills of materials from docker/describe-image."""

from __future__ import annotations

import json
from pathlib import Path

from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

FOLDER = "usr/share/doc/yoshikosan"


def faults(path: Path) -> list[str]:
    """The faults found by the SPDX validator."""
    return [message.validation_message for message in validate_full_spdx_document(parse_file(str(path)))]


def packages(path: Path) -> dict[str, str]:
    """The versions of all components of a bill."""
    return {package["name"]: package["versionInfo"] for package in json.loads(path.read_text())["packages"]}


def relations(path: Path, kind: str) -> set[str]:
    """The names of the components in a relationship."""
    document = json.loads(path.read_text())
    names = {package["SPDXID"]: package["name"] for package in document["packages"]}
    return {
        names[relation["relatedSpdxElement"]]
        for relation in document["relationships"]
        if relation["relationshipType"] == kind
    }
