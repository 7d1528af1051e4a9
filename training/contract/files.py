"""Files as sources: what is opened to be read must be one with content."""

import errno
import stat
from io import BufferedReader
from pathlib import Path


def open_to_read(path: Path) -> BufferedReader:
    """Open a file. OSError if that fails, and for pipes, sockets and devices: they may keep whoever opens them waiting for ever."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # a folder fails by itself, in the system's words
        raise OSError(errno.EINVAL, "it is a pipe, a socket or a device, not a file with content")
    return path.open("rb")
