"""Outputs as files: what they are called, how they come into being all at once, and what a killed run left of them."""

import errno
import logging
import os
import re
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from p2p_desktop.convert.owner import Owner
from training.contract.errors import P2PError

log = logging.getLogger(__name__)

# The longest file name that ext4, APFS and NTFS all take, in bytes of the file system's encoding.
LONGEST_NAME_BYTES = 255

_TEMPORARY = re.compile(r"\.p2p-([0-9a-f]{6}-[0-9a-f]+-[0-9a-f]+-[0-9a-f]{8})-[0-9a-f]{8}\.part")


class TargetError(P2PError):
    """Nothing more can be written to the output folder, so that the job ends. What was finished is kept."""


def name_key(path: Path) -> str:
    """Return a text that is equal for two paths which some file system takes for one: case and accents folded."""
    return unicodedata.normalize("NFC", str(path)).casefold()


def numbered(path: Path, number: int) -> Path:
    """Return `path` with `-number` after its stem (from 2 on; 1 is the plain name), within `LONGEST_NAME_BYTES`."""
    return path.with_name(ended(path.stem, path.suffix if number == 1 else f"-{number}{path.suffix}"))


def ended(stem: str, ending: str) -> str:
    """Return a name within `LONGEST_NAME_BYTES`. Too long a stem is shortened between two characters, never within one."""
    while stem and len(os.fsencode(stem + ending)) > LONGEST_NAME_BYTES:
        stem = stem[:-1]
    return stem + ending


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
    path = folder / f".p2p-{owner}-{secrets.token_hex(4)}.part"
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


def is_temporary(name: str) -> bool:
    """Tell whether a file of this name is a picture that some run has not finished."""
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


def check_writable(out: Path, owner: Owner) -> None:
    """Make the folder `out` and write a byte to it and remove it. TargetError, with a sentence, if that fails."""
    try:
        with written(b"\0", out, owner):
            pass
    except OSError as error:
        raise target_error(out, error) from error


def ends_the_job(error: OSError, out: Path, owner: Owner) -> bool:
    """Tell whether after this failure no further picture can be written either."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS}:
        return True
    if error.errno in {errno.EACCES, errno.EPERM, errno.ENODEV, errno.ENXIO, errno.EIO, errno.ESTALE}:
        try:
            check_writable(out, owner)
        except TargetError:
            return True
    return False


def target_error(out: Path, error: OSError) -> TargetError:
    """Put into a sentence why nothing can be written to `out`."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return TargetError(
            f"The disk of {out} is full. What was finished is kept: free some space and run the same conversion again."
        )
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return TargetError(f"The folder {out} cannot be written to ({error.strerror}). Choose another output folder.")
    if error.errno in {errno.EEXIST, errno.ENOTDIR}:
        in_the_way = next((path for path in (out, *out.parents) if os.path.lexists(path) and not path.is_dir()), out)
        what = "is a file, not a folder" if in_the_way == out else f"cannot be made: {in_the_way} is a file, not a folder"
        return TargetError(f"{out} {what}. Choose another output folder.")
    return TargetError(f"Nothing can be written to {out}: {error.strerror}.")
