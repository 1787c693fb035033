"""Reads just enough YAML to find the names of the hooks."""

import re
from pathlib import Path


def identifiers(path: Path) -> list[str]:
    """The `id` of every hook."""
    return re.findall(r"^ *- id: (\S+)$", path.read_text(), re.MULTILINE)
