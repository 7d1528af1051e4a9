"""Complete files get their names: at once, and without replacing what a stranger put there: taken names are numbered."""

import errno
import os
import sys
from pathlib import Path

# Where hard links do not exist (FAT, exFAT, some network shares), or one file may not have another.
_NO_LINKS = {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


# The longest file name that ext4, APFS and NTFS all take, in bytes of the file system's encoding.
LONGEST_NAME_BYTES = 255


def place(temporary: Path, target: Path, *, overwrite: bool) -> None:
    """Give a complete file its name, at once: whoever looks sees all of it or nothing.

    Its temporary name may remain, for whoever made it to remove. FileExistsError if something has that name and `overwrite` is
    off, even if it appeared a moment ago.
    """
    if overwrite:
        temporary.replace(target)
    elif sys.platform == "win32":
        temporary.rename(target)  # refuses to replace, on Windows alone
    else:
        try:
            # The one way to name a file that fails where the name is taken.
            os.link(temporary, target, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # A stranger's file would have to appear between these two calls; claims keep our own runs apart.
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
            temporary.rename(target)


def numbered(path: Path, number: int) -> Path:
    """Return `path` with `-number` after its stem (from 2 on; 1 is the plain name), within `LONGEST_NAME_BYTES`."""
    return path.with_name(ended(path.stem, path.suffix if number == 1 else f"-{number}{path.suffix}"))


def ended(stem: str, ending: str) -> str:
    """Return a name within `LONGEST_NAME_BYTES`. Too long a stem is shortened between two characters, never within one."""
    while stem and len(os.fsencode(stem + ending)) > LONGEST_NAME_BYTES:
        stem = stem[:-1]
    return stem + ending


def place_numbered(temporary: Path, target: Path) -> Path:
    """Give a complete file its name, or that name with the first number that is free, and return it. OSError if that fails."""
    number = 1
    while True:
        free = numbered(target, number)
        try:
            place(temporary, free, overwrite=False)
        except FileExistsError:
            number += 1
        else:
            return free
