"""A run's folder as its trainer keeps it: the event log and the lock."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from training.contract.errors import CheckpointError
from training.contract.protocol import (
    EVENTS,
    HEARTBEAT_SECONDS,
    LOCK,
    Event,
    Step,
    event_line,
    own_lock,
    parse_event,
    read_lock,
    write_lock,
)

STEP_LINES_WAIT_SECONDS = 1.0


class EventLog:
    """Writes events as JSON lines to stdout and, for a run, to its `events.jsonl`. A closed stdout is ignored."""

    def __init__(self, run: Path | None, stdout: TextIO | None = None) -> None:
        self._file = (run / EVENTS).open("a", encoding="utf-8", newline="\n") if run else None
        self._stdout: TextIO | None = stdout or sys.stdout
        self._waiting: list[str] = []
        self._flushed = time.monotonic()

    def __call__(self, event: Event) -> None:
        self._waiting.append(event_line(event, time.time()))
        if not isinstance(event, Step) or time.monotonic() - self._flushed > STEP_LINES_WAIT_SECONDS:
            self.flush()

    def flush(self) -> None:
        text = "".join(self._waiting)
        self._waiting.clear()
        self._flushed = time.monotonic()
        if self._file:
            self._file.write(text)
            self._file.flush()
        if self._stdout:
            try:
                self._stdout.write(text)
                self._stdout.flush()
            except (OSError, ValueError):  # whoever read it has gone
                self._stdout = None

    def close(self) -> None:
        self.flush()
        if self._file:
            self._file.close()


def cut_events(run: Path, last_step: int) -> None:
    """Drop what was reported after `last_step`, and half a line at the end: a resumed run reports those steps again."""
    path = run / EVENTS
    if not path.exists():
        return
    kept = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        event = parse_event(line)
        step = getattr(event, "step", None)
        if event is None or (step is not None and step > last_step):
            continue
        kept.append(line + "\n")
    temporary = path.with_name(f".{EVENTS}.part")
    temporary.write_text("".join(kept), encoding="utf-8", newline="\n")
    temporary.replace(path)


@contextlib.contextmanager
def hold_lock(run: Path) -> Iterator[None]:
    """Be the run's only trainer while the block runs. Raises CheckpointError if another one lives."""
    mine = own_lock()
    _claim(run, mine.pid)
    write_lock(run, mine)
    done = threading.Event()

    def beat() -> None:
        while not done.wait(HEARTBEAT_SECONDS):
            with contextlib.suppress(OSError):  # a full disk must not end the run; the next beat may pass
                write_lock(run, replace(mine, heartbeat=time.time()))

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        (run / LOCK).unlink(missing_ok=True)


def _claim(run: Path, pid: int) -> None:
    """Take the lock file into being, or out of a dead trainer's hands. Creation is exclusive, so of two only one goes on."""
    for _ in range(2):
        try:
            os.close(os.open(run / LOCK, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            holder = read_lock(run)
            fresh = time.time() - (run / LOCK).stat().st_mtime < HEARTBEAT_SECONDS
            if (holder is not None and holder.alive and holder.pid != pid) or (holder is None and fresh):
                who = f"process {holder.pid} on {holder.host}" if holder else "another process"
                raise CheckpointError(f"The run {run} is already being trained by {who}. Stop that one first.") from None
            (run / LOCK).unlink(missing_ok=True)
        else:
            return
    raise CheckpointError(f"The run {run} is being started by another process at this moment.")
