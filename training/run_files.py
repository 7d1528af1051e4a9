"""A run's folder as its trainer keeps it: the event log, the lock, orders that came too early."""

import contextlib
import errno
import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from io import FileIO
from pathlib import Path
from typing import Any

from training.contract.errors import CheckpointError
from training.contract.protocol import (
    DEAD_AFTER_SECONDS,
    EVENTS,
    HEARTBEAT_SECONDS,
    LAST_EVENTS,
    LOCK,
    MODELS,
    Checkpointed,
    Event,
    Lock,
    event_line,
    own_lock,
    read_lock,
    waiting_orders,
    write_lock,
)

log = logging.getLogger(__name__)

EARLY_ORDER_SECONDS = 2.0
"""An order may be this much older than its trainer: process start times are known to a second, file times to two (FAT)."""


class EventLog:
    """Writes events as JSON lines to a run's `events.jsonl` and to `stdout`, a raw file. A closed stdout is ignored.

    Raises OSError where the run's file cannot be written; no half line is left in it then.
    """

    def __init__(self, run: Path | None, stdout: FileIO | None) -> None:
        self._file = _open_for_lines(run / EVENTS) if run else None
        self._stdout = stdout
        self.step = _last_step(run / EVENTS) if run else 0
        """The step that the run stands at, as far as its events say."""

    def __call__(self, event: Event) -> None:
        self.step = getattr(event, "step", self.step)
        line = event_line(event, time.time()).encode("ascii")
        if self._stdout:
            try:
                _write_whole(self._stdout, line)
            except (OSError, ValueError):  # whoever read it has gone
                self._stdout = None
        if self._file:
            end = os.fstat(self._file.fileno()).st_size
            try:
                _write_whole(self._file, line)
            except OSError:
                self._file.truncate(end)
                raise

    def close(self) -> None:
        if self._file:
            self._file.close()


def _open_for_lines(path: Path) -> FileIO:
    """Open for appending, without the half line that a killed trainer may have left."""
    file = path.open("ab+", buffering=0)
    file.seek(0)
    data = file.readall()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        file.truncate(whole)
    return file


def _write_whole(file: FileIO, data: bytes) -> None:
    while data:
        written = file.write(data)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        data = data[written:]


def _events(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:  # Any: JSON
    """(offset, event) of each whole line that is one, of whatever version."""
    offset = 0
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        for line in file:
            with contextlib.suppress(ValueError, RecursionError):
                data = json.loads(line)
                if isinstance(data, dict):
                    yield offset, data
            offset += len(line)


def _last_step(path: Path) -> int:
    return max((data["step"] for _, data in _events(path) if isinstance(data.get("step"), int)), default=0)


def cut_events(run: Path, step: int, told_bytes: int | None = None) -> bool:
    """Cut what was reported after the checkpoint of `step` (-1: all), for it will be reported again, and the end of the run.

    `told_bytes` is how long the events were when that checkpoint was written; None where it does not say. The event of the
    checkpoint itself is kept, and whether there is one is given. Readers see the file shrink; it stays the same file.
    """
    path = run / EVENTS
    endings = {cls.type for cls in LAST_EVENTS}
    has_its_own = False
    for offset, data in _events(path):
        number = data.get("step")
        is_after = told_bytes is None or offset >= told_bytes
        is_its_own = is_after and not has_its_own and (data.get("type"), number) == (Checkpointed.type, step)
        is_later = (isinstance(number, int) and number > step) if told_bytes is None else (is_after and not is_its_own)
        if is_later or data.get("type") in endings:
            os.truncate(path, offset)
            break
        has_its_own |= is_its_own
    return has_its_own


def kept_model(run: Path) -> str | None:
    """The best model of a run so far, else its latest, relative to the run; None before the first."""
    for name in ("best", "latest"):
        file = Path(MODELS) / f"{name}.safetensors"
        if (run / file).exists():
            return file.as_posix()
    return None


def drop_early_orders(run: Path, started: float) -> None:
    """Remove orders from before this trainer was started (Unix seconds): they were meant for one that has ended."""
    for path in waiting_orders(run):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < started - EARLY_ORDER_SECONDS:
                path.unlink()
                log.warning("Dropped the order %s, given before this trainer was started.", path.name)


@contextlib.contextmanager
def hold_lock(run: Path, lost: Callable[[], None]) -> Iterator[Lock]:
    """Be the run's only trainer while the block runs. Raises CheckpointError if another one lives, and OSError.

    `lost` is called in a thread when another trainer has taken the run over, as happens to one that slept for a minute.
    """
    mine = own_lock()
    _claim(run, mine)
    done = threading.Event()

    def beat() -> None:
        while not done.wait(HEARTBEAT_SECONDS):
            if not _is_held_by(run, mine):
                lost()
                return
            with contextlib.suppress(OSError):  # a full disk must not end the run; the next beat may pass
                write_lock(run, replace(mine, heartbeat=time.time()))

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield mine
    finally:
        done.set()
        thread.join()
        if _is_held_by(run, mine):
            with contextlib.suppress(OSError):
                (run / LOCK).unlink()


def _is_held_by(run: Path, mine: Lock) -> bool:
    """True also where the lock cannot be read at this moment."""
    holder = read_lock(run)
    return holder is None or (holder.pid, holder.host, holder.started) == (mine.pid, mine.host, mine.started)


def _claim(run: Path, mine: Lock) -> None:
    """Create the lock, or take it out of a dead trainer's hands. Of several that try at once, one goes on."""
    if _create(run / LOCK, json.dumps(asdict(mine))):
        return
    found = _content(run / LOCK)
    holder = read_lock(run)
    mine_by_number = holder is not None and (holder.pid, holder.host) == (mine.pid, mine.host)  # a number used again
    if holder is None and _age_seconds(run / LOCK) < HEARTBEAT_SECONDS:
        raise CheckpointError(f"The run {run} is being started by another process at this moment.")
    if holder is not None and holder.alive and not mine_by_number:
        raise CheckpointError(
            f"The run {run} is already being trained by process {holder.pid} on {holder.host}. Stop that one first."
        )
    # Whoever makes this file may replace this very lock, if it is still there.
    right = run / f".{LOCK}.{hashlib.sha256(found).hexdigest()[:16]}.part"
    if _age_seconds(right) > DEAD_AFTER_SECONDS:
        right.unlink(missing_ok=True)
    if not _create(right, ""):
        raise CheckpointError(f"The run {run} is being started by another process at this moment.")
    try:
        if _content(run / LOCK) != found:
            raise CheckpointError(f"The run {run} is being started by another process at this moment.")
        write_lock(run, mine)
    finally:
        right.unlink(missing_ok=True)


def _create(path: Path, text: str) -> bool:
    """Make a file that must not exist yet; False if it does."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def _content(path: Path) -> bytes:
    """What the file holds; nothing where it has gone meanwhile."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _age_seconds(path: Path) -> float:
    """Seconds since the file was written; 0 where there is none."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
