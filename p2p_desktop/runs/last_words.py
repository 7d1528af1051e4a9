"""What a trainer said last: the end of its log, as text that can be shown."""

import unicodedata
from pathlib import Path

_MOST_BYTES = 1 << 14
_MOST_LINES = 12
_MOST_CHARACTERS = 300  # of one line


def last_words(log: Path, since: int = 0) -> str:
    """The last lines of a log, without control characters; "" where there are none. `since`: bytes to leave out.

    Raises OSError.
    """
    try:
        with log.open("rb") as file:
            end = file.seek(0, 2)
            start = max(min(since, end), end - _MOST_BYTES)
            file.seek(start)
            data = file.read(_MOST_BYTES)
    except FileNotFoundError:
        return ""
    if start > since:  # in the middle of a line
        data = data[data.find(b"\n") + 1 :]
    lines = (_clean(line) for line in data.decode("utf-8", errors="replace").splitlines())
    return "\n".join([line for line in lines if line][-_MOST_LINES:])


def log_state(log: Path) -> tuple[int, float]:
    """Length of a log in bytes and its last change in Unix seconds; zeros where there is none. Raises OSError."""
    try:
        found = log.stat()
    except FileNotFoundError:
        return 0, 0.0
    return found.st_size, found.st_mtime


def _clean(line: str) -> str:
    shown = "".join(" " if char == "\t" else char for char in line if char == "\t" or unicodedata.category(char)[0] != "C")
    return shown.rstrip()[:_MOST_CHARACTERS]
