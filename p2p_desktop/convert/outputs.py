"""Outputs as files: which names are one and the same, and what it means for a job when one cannot be written."""

import errno
import os
import unicodedata
from pathlib import Path

from p2p_desktop.owner import Owner
from p2p_desktop.temporaries import written
from training.contract.errors import P2PError


class TargetError(P2PError):
    """Nothing more can be written to the output folder, so that the job ends. What was finished is kept."""


def name_key(path: Path) -> str:
    """Return a text that is equal for two paths which some file system takes for one: case and accents folded."""
    return unicodedata.normalize("NFC", str(path)).casefold()


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
