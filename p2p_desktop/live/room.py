"""How much a recording may still grow: the free room of its disk, and the largest file that one can hold."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

LEAST_FREE_MB = 64  # a full disk would take the end of the file, without which none of it plays
MARGIN_MB = 64  # what the fastest recording adds between two looks, and the index at its end
_FAT_SYSTEMS = {"vfat", "msdos", "fat", "fat16", "fat32"}
_MOST_ON_FAT = (1 << 32) - 1  # bytes


def free_bytes(folder: Path) -> int:
    """OSError if the folder is gone."""
    usage = shutil.disk_usage(folder)
    return usage.free if usage.total else sys.maxsize  # some network drives do not tell


def largest_file(folder: Path) -> int:
    """Bytes of the largest file that the folder's file system holds, as memory cards have a limit that videos reach."""
    places = [folder.resolve(), *folder.resolve().parents]
    try:
        systems = {Path(part.mountpoint): part.fstype.lower() for part in psutil.disk_partitions(all=False)}
    except (OSError, psutil.Error):
        return sys.maxsize
    system = next((systems[place] for place in places if place in systems), "")
    return _MOST_ON_FAT if system in _FAT_SYSTEMS else sys.maxsize


class Room:
    """What is left for one file. Used by one thread at a time."""

    def __init__(self, folder: Path, free: Callable[[Path], int], largest: Callable[[Path], int]) -> None:
        """`free` and `largest`: as `free_bytes` and `largest_file`. OSError if the folder cannot be asked."""
        self._folder = folder
        self._free = free
        self._most_bytes = largest(folder) - (MARGIN_MB << 20)

    def is_full(self) -> bool:
        """Whether the disk has too little left to begin or go on. OSError if it cannot be asked."""
        return self._free(self._folder) < LEAST_FREE_MB << 20

    def why_to_end(self, path: Path) -> str:
        """Why the file at `path` must not grow further, in two sentences; empty while it may, or where nobody can tell."""
        try:
            if self.is_full():
                return (
                    f"The recording ended by itself: less than {LEAST_FREE_MB} MB are free on the disk of {self._folder}. "
                    "What was recorded until then is kept; free some space before the next."
                )
            if path.stat().st_size > self._most_bytes:
                return (
                    f"The recording ended by itself: the disk of {self._folder} holds no larger files. "
                    "What was recorded until then is kept; go on in a new recording."
                )
        except OSError:  # a drive that went away will be told when the file is looked at
            pass
        return ""
