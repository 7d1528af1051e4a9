"""Which files are results of earlier conversions: whoever walks folders asks here, so that a list and a conversion agree."""

import logging
import os
import sqlite3
import stat
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from p2p_desktop.convert.journal import content_digest

log = logging.getLogger(__name__)

MOST_ASKED_AT_ONCE = 500  # names; SQLite takes 32,766 values a question, older ones 999
_BUSY_TIMEOUT_S = 60  # as the journal's
_FAT_TIME_NS = 2_000_000_000  # FAT keeps even seconds only, which shows once its disk was away
# A result whose job has not noted the end of it, because it lives or was killed, is known by the digest that it noted before.
_QUESTION = (
    "SELECT target, source, digest, size, mtime_ns FROM outputs WHERE target IN ({marks})"
    " UNION ALL SELECT target, source, digest, NULL, NULL FROM claims WHERE digest IS NOT NULL AND target IN ({marks})"
)


class KnowsResults(Protocol):
    """Tells which pictures of a folder are results, and so no sources."""

    def among(self, folder: Path, names: Sequence[str], root: Path) -> set[str]:
        """Return those of `names` in `folder` that are results of what lies below `root`; at most `MOST_ASKED_AT_ONCE`."""


class EarlierResults:
    """The journal, read only. If it cannot be read, nothing is known, and the log says why: that is no reason not to walk."""

    def __init__(self, journal: Path) -> None:
        """`journal` may be missing: nothing was converted yet."""
        self._path = journal
        self._db: sqlite3.Connection | None = None
        if journal.is_file():
            try:
                self._db = sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", timeout=_BUSY_TIMEOUT_S, uri=True)
            except sqlite3.Error as error:
                self._give_up(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        if self._db is not None:
            self._db.close()

    def among(self, folder: Path, names: Sequence[str], root: Path) -> set[str]:
        """Return those of `names` in `folder` that a conversion made of what lies below `root`, and nobody changed.

        Results of pictures that lie elsewhere are sources like any other: a folder of them may be converted further.
        """
        if self._db is None or not names:
            return set()
        places = {os.fsencode(folder / name): name for name in names}
        if (real := Path(os.path.realpath(folder))) != folder:  # it was written to under another name
            places |= {os.fsencode(real / name): name for name in names}
        found: set[str] = set()
        targets = list(places)
        for start in range(0, len(targets), MOST_ASKED_AT_ONCE):
            asked = targets[start : start + MOST_ASKED_AT_ONCE]
            try:
                rows = self._db.execute(_QUESTION.format(marks=", ".join("?" * len(asked))), asked * 2).fetchall()
            except sqlite3.Error as error:
                self._give_up(error)
                return found
            found.update(
                places[target]
                for target, source, *noted in rows
                if _lies_below(os.fsdecode(source), root) and _is_unchanged(os.fsdecode(target), *noted)
            )
        return found

    def _give_up(self, error: sqlite3.Error) -> None:
        log.warning("the journal at %s does not tell which files are results: %s", self._path, error)
        if self._db is not None:
            self._db.close()
            self._db = None


def _lies_below(source: str, root: Path) -> bool:
    path = Path(source)
    return path.is_relative_to(root) or Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def _is_unchanged(path: str, digest: str, size: int | None, mtime_ns: int | None) -> bool:
    """Tell whether the file is what was written. `size` and `mtime_ns`: as they were then; None if only the content is known."""
    try:
        status = os.stat(path)  # noqa: PTH116  of a path that is text: a folder may hold 50,000 results
        if not stat.S_ISREG(status.st_mode) or (size is not None and status.st_size != size):
            return False
        if mtime_ns is not None and _is_same_time(status.st_mtime_ns, mtime_ns):
            return True
        return content_digest(Path(path)) == digest
    except OSError:
        return False


def _is_same_time(found_ns: int, noted_ns: int) -> bool:
    return found_ns == noted_ns or (found_ns % _FAT_TIME_NS == 0 and abs(found_ns - noted_ns) < _FAT_TIME_NS)
