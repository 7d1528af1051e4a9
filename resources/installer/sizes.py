"""How large the frozen program is, and by whom: printed in the log of every build, so that growth is seen."""

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from resources.installer.contents import LIBRARY, Content
from resources.installer.owners import PROGRAM, ROOT, Owner, find_owners

LARGE = 3_000_000  # bytes; a file above is named
MB = 1_000_000
SAMPLE = 256 * 1024  # bytes that are compressed of every STRIDE: a whole program would take minutes
STRIDE = 2 * 1024 * 1024
LEVEL = 6  # of zlib; an installer packs tighter, and all files together

_OF_MACOS = ("Frameworks", "Resources")

MODELS = "models"
SYSTEM = "system libraries"
ARCHIVE = "Python archive PYZ"
OURSELVES = "program itself"
UNKNOWN = "whose is not known"
GROUPS = {"python": "Python", "system": SYSTEM, "unknown": UNKNOWN}


class Size(NamedTuple):
    """What one owner takes. `packed` is an estimate; `large` has the files above LARGE bytes, the largest first."""

    name: str
    num_bytes: int
    packed: int
    num_files: int
    large: list[tuple[str, int]]


def measure(folder: Path, contents: Iterable[Content], search: list[str] | None = None, root: Path = ROOT) -> list[Size]:
    """Return the sizes of what lies in the frozen `folder`, the largest first. Every file counts once; links count nothing.

    search: the folders of installed distributions; those of `sys.path` if None. root: our checkout.
    """
    owned = find_owners(contents, search, root)
    owners = {content.path: owner for owner, files in owned.files.items() for content in files}
    groups: dict[str, list[tuple[str, int, int]]] = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink():
            path = file.relative_to(folder)
            entry = (path.as_posix(), file.stat().st_size, packed_size(file))
            groups.setdefault(_group(path, owners.get(_listed(path))), []).append(entry)
    sizes = [_size(name, entries) for name, entries in groups.items()]
    return sorted(sizes, key=lambda size: (-size.num_bytes, size.name))


def size_table(folder: Path, contents: Iterable[Content], search: list[str] | None = None, root: Path = ROOT) -> str:
    """Return `measure` as a table for people, in MB of 1000000 bytes."""
    sizes = measure(folder, contents, search, root)
    lines = [f"{'MB':>8}  {'packed':>8}  {'files':>6}  what"]
    for size in sizes:
        lines.append(_row(size.num_bytes, size.packed, size.num_files, size.name))
        lines += [f"{'':>8}  {'':>8}  {num_bytes / MB:>6.1f}    {path}" for path, num_bytes in size.large]
    num_bytes, packed, num_files = (sum(column) for column in zip((0, 0, 0), *(size[1:4] for size in sizes), strict=True))
    lines.append(_row(num_bytes, packed, num_files, "total"))
    lines.append(f"Packed is estimated: zlib {LEVEL} on {SAMPLE // 1024} KiB of every {STRIDE // 1024} KiB.")
    return "\n".join(lines) + "\n"


def packed_size(file: Path) -> int:
    """Estimate the bytes that `file` takes once it is compressed, by samples if it is longer than one."""
    num_bytes = file.stat().st_size
    read = packed = 0
    for sample in _samples(file, num_bytes):
        read += len(sample)
        packed += len(zlib.compress(sample, LEVEL))
    return round(num_bytes * packed / read) if read else 0


def _samples(file: Path, num_bytes: int) -> Iterator[bytes]:
    with file.open("rb") as stream:
        for start in range(0, num_bytes, STRIDE):
            stream.seek(start)
            yield stream.read(SAMPLE)


def _listed(path: Path) -> Path:
    """How the list of contents calls a file: an application for macOS has two folders where others have one."""
    return Path(LIBRARY, *path.parts[1:]) if path.parts[0] in _OF_MACOS else path


def _group(path: Path, owner: Owner | None) -> str:
    if len(path.parts) == 1 and owner in (PROGRAM, None) and path.suffix in ("", ".exe", ".pkg"):
        return ARCHIVE  # PyInstaller appends it to the executables
    if owner is None:
        return OURSELVES if len(path.parts) == 1 else UNKNOWN
    if owner == PROGRAM:
        return MODELS if "models" in path.parts else OURSELVES
    return GROUPS.get(owner.kind, owner.name)


def _size(name: str, entries: list[tuple[str, int, int]]) -> Size:
    large = sorted(((path, num_bytes) for path, num_bytes, _ in entries if num_bytes > LARGE), key=lambda entry: -entry[1])
    return Size(name, sum(entry[1] for entry in entries), sum(entry[2] for entry in entries), len(entries), large)


def _row(num_bytes: int, packed: int, num_files: int, name: str) -> str:
    return f"{num_bytes / MB:>8.1f}  {packed / MB:>8.1f}  {num_files:>6}  {name}"
