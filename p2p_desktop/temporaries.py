"""Files that are not finished yet: under names that say whose they are, so that what a killed run left can be told and removed."""

import logging
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from p2p_desktop.owner import Owner

log = logging.getLogger(__name__)

# FFmpeg goes by the suffix of the file that it writes: a video that is not finished ends like one that is.
_TEMPORARY = re.compile(r"\.p2p-([0-9a-f]{6}-[0-9a-f]+-[0-9a-f]+-[0-9a-f]{8})-[0-9a-f]{8}\.part(?:\.mp4)?")


@dataclass(frozen=True, slots=True)
class Temporary:
    """A complete file under a temporary name, with the size and time that it will keep in its place."""

    path: Path
    size: int
    mtime_ns: int


@contextmanager
def written(data: bytes, folder: Path, owner: Owner) -> Iterator[Temporary]:
    """Write `data` under a temporary name in `folder`, which is made if it is missing; on leaving, that name is gone.

    The name says whose it is, so that `sweep` can tell; it owes nothing to the picture's name, which may be 255 bytes long
    already. An output has the time of its making: it is a new file, and backups go by that time. When the picture was
    taken stands in its EXIF data.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = temporary_path(folder, owner)
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            # Without it, a power cut shortly after the picture got its name leaves that name with nothing in it (ext4 and
            # XFS write content later than names). It costs 0.4 ms for 100 KB on an SSD, in a thread that does not compute.
            os.fsync(file.fileno())
            status = os.fstat(file.fileno())
        yield Temporary(path, status.st_size, status.st_mtime_ns)
    finally:
        with suppress(FileNotFoundError):
            path.unlink()


def temporary_path(folder: Path, owner: Owner, suffix: Literal["", ".mp4"] = "") -> Path:
    """A name in `folder` that no other file has, for a file that `sweep` may remove once its owner is gone."""
    return folder / f".p2p-{owner}-{secrets.token_hex(4)}.part{suffix}"


def is_temporary(name: str) -> bool:
    """Tell whether a file of this name is something that some run has not finished."""
    return _TEMPORARY.fullmatch(name) is not None


def sweep(folder: Path) -> None:
    """Remove the temporary files in `folder` whose runs are dead. What cannot be read or removed stays."""
    try:
        found = [(entry, match) for entry in os.scandir(folder) if (match := _TEMPORARY.fullmatch(entry.name))]
    except OSError:
        return
    for entry, match in found:
        with suppress(OSError):
            if not Owner.parse(match[1]).lives(entry.stat(follow_symlinks=False).st_mtime):
                Path(entry.path).unlink()
                log.debug("removed %r, left by a run that was killed", entry.path)
