"""Complete files get their names: at once, and without replacing what a stranger put there."""

import errno
import os
import sys
from pathlib import Path

# Where hard links do not exist (FAT, exFAT, some network shares), or one file may not have another.
_NO_LINKS = {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


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
