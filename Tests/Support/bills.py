"""Bills of materials, as docker/describe-image writes them."""

from __future__ import annotations

import json
from pathlib import Path

from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

FOLDER = "usr/share/doc/yoshikosan"


def faults(path: Path) -> list[str]:
    """What the validator of SPDX objects to."""
    return [message.validation_message for message in validate_full_spdx_document(parse_file(str(path)))]


def packages(path: Path) -> dict[str, str]:
    """The version of everything that a bill lists."""
    return {package["name"]: package["versionInfo"] for package in json.loads(path.read_text())["packages"]}


def relations(path: Path, kind: str) -> set[str]:
    """The names of what stands in a relation."""
    document = json.loads(path.read_text())
    names = {package["SPDXID"]: package["name"] for package in document["packages"]}
    return {
        names[relation["relatedSpdxElement"]]
        for relation in document["relationships"]
        if relation["relationshipType"] == kind
    }
