"""Where log lines go: a rotating file in the user's log folder, and warnings to stderr."""

import logging
import logging.handlers
from pathlib import Path

MAX_BYTES = 1 << 20  # of one file; a conversion writes a handful of lines
NUM_OLD_FILES = 3
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def set_up_logging(folder: Path, verbose: bool = False) -> None:
    """Begin to log. A log folder that cannot be written costs the file, not the program."""
    root = logging.getLogger()
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.DEBUG if verbose else logging.WARNING)
    terminal.setFormatter(logging.Formatter(FORMAT if verbose else "%(message)s"))
    root.addHandler(terminal)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = logging.handlers.RotatingFileHandler(
            folder / "p2p-desktop.log", maxBytes=MAX_BYTES, backupCount=NUM_OLD_FILES, encoding="utf-8", errors="backslashreplace"
        )
    except OSError as error:
        root.warning("No log can be written to %s: %s", folder, error.strerror)
        return
    file.setFormatter(logging.Formatter(FORMAT))
    root.addHandler(file)
