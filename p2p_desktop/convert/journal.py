"""What was made from what: remembered over runs, and shared by runs that work at the same time (SQLite).

`outputs` holds what was made. `claims` holds what a job is making: without a digest from when it begins, with one from when
the file is complete under a temporary name. Who finds the claim of a job that was killed looks at the file: with the noted
digest it is an output, otherwise the claim is forgotten.
"""

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b, file_digest
from pathlib import Path
from types import TracebackType
from typing import Literal

from p2p_desktop.owner import Owner
from training.contract.errors import P2PError

log = logging.getLogger(__name__)

SCHEMA_VERSION = 1
_APPLICATION_ID = 0x50325044  # "P2PD": tells our file from another program's
_DIGEST_BYTES = 16  # enough to tell files apart that nobody forges
_BUSY_TIMEOUT_S = 60  # other runs hold the journal for milliseconds; a sleeping disk needs seconds
# Paths are blobs: a name on Linux may be bytes that are no text, which SQLite's TEXT refuses.
_WORK = (
    "target BLOB PRIMARY KEY, wished BLOB NOT NULL, source BLOB NOT NULL, source_size INTEGER NOT NULL,"
    " source_mtime_ns INTEGER NOT NULL, model TEXT NOT NULL, settings TEXT NOT NULL, digest TEXT"
)
_SCHEMA = (
    f"CREATE TABLE outputs ({_WORK}, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL)",
    "CREATE INDEX outputs_by_wish ON outputs (wished)",
    f"CREATE TABLE claims ({_WORK}, owner TEXT NOT NULL, noted REAL NOT NULL)",
)
_CLAIMS = "SELECT target, digest, owner, noted FROM claims WHERE "
_OUTPUTS = "SELECT target, digest, size, mtime_ns FROM outputs WHERE "
_FULFIL = (
    "INSERT OR REPLACE INTO outputs SELECT target, wished, source, source_size, source_mtime_ns, model, settings, digest, ?, ?"
    " FROM claims WHERE target = ?"
)
_SAME_WORK = "wished = ? AND source = ? AND source_size = ? AND source_mtime_ns = ? AND model = ? AND settings = ?"


class JournalError(P2PError):
    """The journal cannot be read or written, so that nothing may be converted: a killed run could not go on."""


@dataclass(frozen=True, slots=True)
class Work:
    """What makes two conversions the same: the same picture to the same place, with the same model and settings."""

    source: Path
    size: int
    mtime_ns: int
    model: str
    settings: str
    wished: Path

    def columns(self) -> tuple[bytes, bytes, int, int, str, str]:
        """Return what `_SAME_WORK` compares, in its order."""
        return os.fsencode(self.wished), os.fsencode(self.source), self.size, self.mtime_ns, self.model, self.settings


@dataclass(frozen=True, slots=True)
class Claim:
    """What became of the wish to make an output.

    ours: `target` is to be made now, by nobody else. made: `target` was made by an earlier run, and is unchanged.
    busy: another run is making it. taken: every name that was offered is in another run's hands.
    """

    state: Literal["ours", "made", "busy", "taken"]
    target: Path | None = None


@dataclass(frozen=True, slots=True)
class _ClaimRow:
    target: bytes
    digest: str | None  # None until the file is complete
    owner: str
    noted: float

    @property
    def path(self) -> Path:
        return Path(os.fsdecode(self.target))


@dataclass(frozen=True, slots=True)
class _OutputRow:
    target: bytes
    digest: str
    size: int
    mtime_ns: int

    @property
    def path(self) -> Path:
        return Path(os.fsdecode(self.target))


class Journal:
    """One job's view of the journal, for all of its threads. Closing it gives back what the job claimed and did not make.

    Every method raises JournalError if the disk does not let the journal be read and written.
    """

    def __init__(self, path: Path, owner: Owner) -> None:
        """Open the journal at `path`; make it, and its folder, if it is missing.

        One that is damaged, a newer program's or not a journal is moved aside, with a warning: its outputs are files in the
        way then, which are left alone.
        """
        self._path = path
        self._owner = str(owner)
        self._lock = threading.Lock()
        with _explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = _open(path)
        try:
            with self._transaction():
                for row in self._claims("TRUE"):
                    self._is_held(row)
        except JournalError:
            self._db.close()
            raise

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        try:
            with self._transaction():
                for row in self._claims("owner = ?", self._owner):
                    self._settle(row)
        except JournalError:
            if error is None:
                raise
            log.warning("the journal at %s could not be brought in order", self._path, exc_info=True)
        finally:
            self._db.close()

    def claim(self, work: Work, candidates: Iterable[Path], *, redo: bool) -> Claim:
        """Find what is known of `work`; else reserve the first of `candidates` that no run has claimed.

        `candidates` are asked for one by one, so that whoever gives them can look at the disk in that moment. With `redo`,
        what was made before does not count. A claim of this job for the same work gives way to the new one.
        """
        with self._transaction():
            for row in self._claims(_SAME_WORK, *work.columns()):
                if row.owner == self._owner:
                    self._forget(row)
                elif self._is_held(row):
                    return Claim("busy", row.path)
            for output in [] if redo else self._outputs(_SAME_WORK, *work.columns()):
                if self._is_unchanged(output):
                    return Claim("made", output.path)
            for target in candidates:
                if not any(self._is_held(row) for row in self._claims("target = ?", os.fsencode(target))):
                    self._db.execute(
                        "INSERT INTO claims (wished, source, source_size, source_mtime_ns, model, settings, target, owner, noted)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        (*work.columns(), os.fsencode(target), self._owner, time.time()),
                    )
                    return Claim("ours", target)
        return Claim("taken")

    def intend(self, target: Path, digest: str) -> None:
        """Note that a file with this digest is about to get its name."""
        with self._transaction():
            self._db.execute("UPDATE claims SET digest = ? WHERE target = ?", (digest, os.fsencode(target)))

    def finish(self, target: Path, size: int, mtime_ns: int) -> None:
        """Note that the file has its name."""
        with self._transaction():
            self._fulfil(os.fsencode(target), size, mtime_ns)

    def give_up(self, target: Path) -> None:
        """Take back a claim: the output cannot be made, or not under this name."""
        with self._transaction():
            self._db.execute("DELETE FROM claims WHERE target = ? AND owner = ?", (os.fsencode(target), self._owner))

    def made(self, path: Path, by: tuple[str, str]) -> bool:
        """Tell whether the file at `path` is a result `by` this model (its digest) and these settings, unchanged."""
        with self._transaction():
            rows = self._outputs("target = ? AND model = ? AND settings = ?", os.fsencode(path), *by)
            return any(self._is_unchanged(row) for row in rows)

    def results_of(self, source: Path, wished: Path) -> list[Path]:
        """Return what was made of a picture, by any model and settings, where `wished` was not free; unchanged files only."""
        with self._transaction():
            rows = self._outputs("wished = ? AND source = ?", os.fsencode(wished), os.fsencode(source))
            return [row.path for row in rows if self._is_unchanged(row)]

    def _claims(self, condition: str, *values: str | bytes | int) -> list[_ClaimRow]:
        return [_ClaimRow(*columns) for columns in self._db.execute(_CLAIMS + condition, values).fetchall()]

    def _outputs(self, condition: str, *values: str | bytes | int | None) -> list[_OutputRow]:
        return [_OutputRow(*columns) for columns in self._db.execute(_OUTPUTS + condition, values).fetchall()]

    def _is_held(self, row: _ClaimRow) -> bool:
        """Tell whether a claim's job may still be at work; settle the claim if not."""
        if Owner.parse(row.owner).lives(row.noted):
            return True
        self._settle(row)
        return False

    def _settle(self, row: _ClaimRow) -> None:
        """Decide by the file itself what has become of a claim whose job is over."""
        try:
            if row.digest is not None and row.digest == content_digest(row.path):
                status = row.path.stat()
                self._fulfil(row.target, status.st_size, status.st_mtime_ns)
                return
        except OSError:
            log.debug("%r was about to be made, and is not there", row.path)
        self._forget(row)

    def _fulfil(self, target: bytes, size: int, mtime_ns: int) -> None:
        self._db.execute(_FULFIL, (size, mtime_ns, target))
        self._db.execute("DELETE FROM claims WHERE target = ?", (target,))

    def _forget(self, row: _ClaimRow) -> None:
        self._db.execute("DELETE FROM claims WHERE target = ?", (row.target,))

    def _is_unchanged(self, row: _OutputRow) -> bool:
        """Tell whether the file is still what was written: by size and time, or else by its content."""
        try:
            status = row.path.stat()
            if status.st_size != row.size:
                return False
            if status.st_mtime_ns == row.mtime_ns:
                return True
            if content_digest(row.path) != row.digest:
                return False
        except OSError:
            return False
        # Copied, restored, or on a disk that keeps times to two seconds: the next run need not read it again.
        self._db.execute("UPDATE outputs SET mtime_ns = ? WHERE target = ?", (status.st_mtime_ns, row.target))
        return True

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        # IMMEDIATE: whoever reads here goes on to write, and two who both read first could not both write.
        with _explained(self._path), self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            yield


def digest(data: bytes) -> str:
    """Return what a file's content is recognised by."""
    return blake2b(data, digest_size=_DIGEST_BYTES).hexdigest()


def content_digest(path: Path) -> str:
    """Return the `digest` of what is in a file. OSError passes through."""
    with path.open("rb") as file:
        return file_digest(file, lambda: blake2b(digest_size=_DIGEST_BYTES)).hexdigest()


def _open(path: Path) -> sqlite3.Connection:
    try:
        return _connect(path)
    except _UnusableError as error:
        aside = _move_aside(path)
        log.warning("the journal at %s %s; it was moved to %s and a new one begun", path, error, aside)
        return _connect(path)


class _UnusableError(Exception):
    """A file is no journal that this program can use."""


def _connect(path: Path) -> sqlite3.Connection:
    """Return a connection to a journal that is whole and of our version."""
    db = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        _prepare(db)
    except sqlite3.OperationalError:  # the disk's fault, not the file's
        db.close()
        raise
    except (sqlite3.DatabaseError, _UnusableError) as error:
        db.close()
        raise _UnusableError(str(error) if isinstance(error, _UnusableError) else f"is damaged ({error})") from error
    return db


def _prepare(db: sqlite3.Connection) -> None:
    with db:
        db.execute("BEGIN IMMEDIATE")
        if db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
            for statement in _SCHEMA:
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        if db.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
            raise _UnusableError("is another program's file")
        if db.execute("PRAGMA user_version").fetchone()[0] > SCHEMA_VERSION:
            raise _UnusableError("was written by a newer version of this program")
        if (verdict := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise _UnusableError(f"is damaged ({verdict})")
    # Readers and a writer do not wait for each other, and a commit does not wait for the disk: after a power cut the last
    # notes may be missing, never the journal. An output without its note is a file in the way, which is left alone.
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")


def _move_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.name}.{time.strftime('%Y%m%d-%H%M%S')}.unusable")
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{path}{ending}").replace(f"{aside}{ending}")
    return aside


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the disk complain of into a sentence."""
    try:
        yield
    except sqlite3.ProgrammingError:  # our own mistake
        raise
    except (sqlite3.Error, OSError) as error:
        raise JournalError(
            f"The journal of conversions, {path}, cannot be used: {error}. It must lie on a disk that can be written to and is"
            " not full. What was finished is kept; run the same conversion again."
        ) from error
