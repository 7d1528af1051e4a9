"""What is inside the frozen program: its files and the Python modules of its archive, each with where it was taken from."""

import json
from pathlib import Path
from typing import NamedTuple


class Content(NamedTuple):
    """A file of the frozen program. `path` is relative to the frozen folder; `source` is absolute."""

    path: Path
    source: Path


class Module(NamedTuple):
    """A Python module in the archive. `source` is not absolute for what has no file, as a namespace package has none."""

    name: str
    source: Path


def read_contents(file: Path) -> tuple[list[Content], list[Module]]:
    """Read the list that the freezing wrote. KeyError or ValueError if it is no such list."""
    data = json.loads(file.read_text(encoding="utf-8"))
    return (
        [Content(Path(entry["path"]), Path(entry["source"])) for entry in data["files"]],
        [Module(entry["name"], Path(entry["source"])) for entry in data["modules"]],
    )
