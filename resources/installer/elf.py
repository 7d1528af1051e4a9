"""What a Linux library or executable asks of others, read by binutils, which the freezer needs anyway."""

import re
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Needs(NamedTuple):
    """Of one file; empty for one that is no ELF file."""

    libraries: frozenset[str]
    """Names of the libraries that it is linked with itself."""
    versions: frozenset[tuple[str, str]]
    """Symbol versions that these must have, as (library, version): ("libc.so.6", "GLIBC_2.34")."""


_NOTHING = Needs(frozenset(), frozenset())


@cache
def needs_of(file: Path) -> Needs:
    """Read the dynamic section of a file. Raises OSError where objdump is not installed."""
    with file.open("rb") as opened:
        if opened.read(4) != b"\x7fELF":
            return _NOTHING
    said = subprocess.run(["objdump", "-p", str(file)], capture_output=True, text=True, check=True).stdout
    libraries = frozenset(re.findall(r"^\s*NEEDED\s+(\S+)$", said, re.MULTILINE))
    versions, library = set(), ""
    for line in said.splitlines():
        heading = re.match(r"\s+required from (\S+):", line)
        if heading:
            library = heading[1]
        elif library and (version := re.match(r"\s+0x[0-9a-f]+ 0x[0-9a-f]+ \d+ (\S+)$", line)):
            versions.add((library, version[1]))
    return Needs(libraries, frozenset(versions))


def linked_with(files: Iterable[Path]) -> set[str]:
    """Names of all libraries that any of the files is linked with itself."""
    return {name for file in files for name in needs_of(file).libraries}
