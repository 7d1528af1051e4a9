"""What the commands that run the trainer share: signals passed on to it, its last words, absolute paths."""

import contextlib
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

LOG_TAIL_LINES = 5


@contextlib.contextmanager
def passing_signals_on(first: Callable[[], None], second: Callable[[], None]) -> Iterator[list[int]]:
    """While the block runs, the first SIGINT or SIGTERM calls `first`, every later one `second`. Gives those received."""
    received: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        (first if len(received) == 1 else second)()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_stdin(children: "Iterable[subprocess.Popen[bytes]]") -> None:
    """Tell children that were started with --stop-with-parent to stop."""
    for child in children:
        if child.stdin is not None:
            with contextlib.suppress(OSError):
                child.stdin.close()


def kill(children: "Iterable[subprocess.Popen[bytes]]") -> None:
    """End children at once."""
    for child in children:
        child.kill()


def last_words(log: Path) -> str:
    """The end of a trainer's log, on one line."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    return " ".join(lines[-LOG_TAIL_LINES:]) or "none"


def with_absolute_paths(event: dict[str, Any], run: Path) -> dict[str, Any]:  # Any: JSON
    """An event of a run, whose file names are relative to it, as it is printed."""
    changed = dict(event)
    for key in ("file", "model"):
        if isinstance(event.get(key), str):
            changed[key] = str(run / event[key])
    if isinstance(event.get("files"), list):
        changed["files"] = [str(run / name) for name in event["files"]]
    return changed
