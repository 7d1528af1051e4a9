"""What a frozen program puts right before anything else runs: it was started by a bootloader, not by Python."""

import io
import multiprocessing
import os
import sys

LIBRARY_PATH = "LD_LIBRARY_PATH"
_OURS_ALONE = ("QT_PLUGIN_PATH", "QML2_IMPORT_PATH")
"""Set by the bootloader's hooks. Our Qt needs them as it starts (in a folder with letters beyond ASCII it finds its plugins by
nothing else); another program's Qt must not find ours."""


def prepare() -> None:
    """Make this process like one that was started from source. Ends it where it was started to be a worker of another."""
    multiprocessing.freeze_support()
    free_environment(os.environ)
    for name in ("stdin", "stdout", "stderr"):  # a windowed program on Windows has none
        if getattr(sys, name) is None:
            setattr(sys, name, io.TextIOWrapper(io.FileIO(os.devnull, "r" if name == "stdin" else "w"), encoding="utf-8"))


def free_environment(environment: "os._Environ[str] | dict[str, str]") -> None:
    """Take out what would lead programs that we start (a file manager, a browser) to our own libraries."""
    original = environment.pop(f"{LIBRARY_PATH}_ORIG", None)
    if original is not None:
        environment[LIBRARY_PATH] = original
    else:
        environment.pop(LIBRARY_PATH, None)


def forget_qt(environment: "os._Environ[str] | dict[str, str]") -> None:
    """Take out what led our Qt to its plugins, once it has started."""
    for name in _OURS_ALONE:
        environment.pop(name, None)
