"""A child process that gets so much time and no more; how it ended, and its last words."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from p2p_desktop.child import json_lines, start
from p2p_desktop.cli.trainer import last_words

Hear = Callable[[dict[str, Any]], None]  # Any: JSON of a line


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended."""

    code: int
    """Negative: the signal that ended it."""
    lines: tuple[dict[str, Any], ...]  # Any: JSON
    """What it printed."""
    words: str
    """The end of what it said on stderr, on one line; "none" if it was silent."""
    problem: str
    """Why it never came to an end of its own, as a sentence; empty if it did."""
    is_late: bool = False
    """Whether that was for want of time."""

    def lines_of(self, kind: str) -> list[dict[str, Any]]:  # Any: JSON
        return [line for line in self.lines if line.get("type") == kind]

    @property
    def complaint(self) -> str:
        """What it said that failed, and what is wrong with its ending, as sentences; empty if all is well."""
        told = [str(line.get("message")) for line in self.lines_of("failed")]
        if self.problem:
            told.append(f"{self.problem} Its last words: {self.words}")
        elif self.code:
            told.append(f"It ended with code {self.code}. Its last words: {self.words}")
        return " ".join(told)


def run_limited(
    command: Sequence[str],
    folder: Path,
    temporary: Path,
    environment: Mapping[str, str | None],
    limit_s: float,
    hear: Hear | None = None,
) -> Ended:
    """Run a child to its end, which is now if it takes longer than `limit_s` seconds; with all that it started.

    Both folders must exist: its stderr goes to `folder`, its temporary files to `temporary`. `environment`: see `child.start`.
    `hear` gets each line at once. A child that cannot be started has a problem, too.
    """
    said = folder / "stderr.txt"
    lines: list[dict[str, Any]] = []  # Any: JSON
    is_late = threading.Event()
    try:
        with said.open("wb") as stderr:
            process = start(command, stderr=stderr, temporary=temporary, environment=environment)
    except OSError as error:
        return Ended(0, (), "none", f"It could not be started: {error}.")

    def end_it() -> None:
        is_late.set()
        _kill_all(process)

    until = time.monotonic() + limit_s
    timer = threading.Timer(limit_s, end_it)
    timer.daemon = True
    timer.start()
    with process:
        try:
            for line in json_lines(process):
                lines.append(line)
                if hear is not None:
                    hear(line)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0, until - time.monotonic()))
            if process.poll() is None:  # it has said all, and does not go
                is_late.set()
        finally:  # in there: leaving `with` waits for it, whatever ends us
            timer.cancel()
            _kill_all(process)
    problem = f"It did not end within {limit_s:g} s." if is_late.is_set() else ""
    return Ended(process.returncode, tuple(lines), last_words(said), problem, is_late.is_set())


def _kill_all(process: "subprocess.Popen[bytes]") -> None:
    if process.returncode is not None:  # buried: its number may be another's by now
        return
    below: list[psutil.Process] = []
    with contextlib.suppress(psutil.Error):
        below = psutil.Process(process.pid).children(recursive=True)
    if sys.platform != "win32":  # whom it left behind is nobody's child, and may hold its stdout open
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    for one in below:
        with contextlib.suppress(psutil.Error):
            one.kill()
