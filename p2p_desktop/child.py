"""Starts the trainer, or one of our own commands, as a child process, from source or frozen, and yields its JSON lines.

What is started detached lives on when this program ends, however it ends.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import training

log = logging.getLogger(__name__)

CONSOLE_NAME = "p2p-desktop-console"
"""The frozen program's console executable, beside the window's: on Windows the latter has no stdout."""

_TEMPORARY_VARIABLES = ("TMPDIR", "TEMP", "TMP")


def trainer_command(mode: str, config: Path, *options: str) -> list[str]:
    """The command line that runs the trainer in `mode`."""
    tail = [mode, "--config", str(config), *options]
    if is_frozen():
        return [str(_frozen_console()), "trainer", *tail]
    return [sys.executable, "-P", "-u", "-m", "training", *tail]


def own_command(*words: str) -> list[str]:
    """The command line of one of our own commands."""
    if is_frozen():
        return [str(_frozen_console()), *words]
    return [sys.executable, "-P", "-u", "-m", "p2p_desktop", *words]


def is_frozen() -> bool:
    return bool(getattr(sys, "frozen", False))


def _frozen_console() -> Path:
    executable = Path(sys.executable)
    console = executable.with_name(CONSOLE_NAME + executable.suffix)
    return console if console.exists() else executable


def start(
    command: Sequence[str],
    *,
    stdin: int | None = subprocess.DEVNULL,
    stderr: IO[bytes] | int | None = None,
    temporary: Path | None = None,
    environment: Mapping[str, str | None] | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a child without a window, in a session of its own: Ctrl+C in a terminal reaches only us. Raises OSError.

    `temporary`: the folder for its temporary files, instead of the system's: one that is killed leaves them behind.
    `environment`: variables that it has different from ours; None: not at all.
    """
    log.debug("Starting %s", command)
    changes = dict.fromkeys(_TEMPORARY_VARIABLES, str(temporary)) if temporary is not None else {}
    variables = _environment() | changes | dict(environment or {})
    return subprocess.Popen(
        command,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={name: value for name, value in variables.items() if value is not None},
        start_new_session=sys.platform != "win32",
        creationflags=_OF_ITS_OWN,
    )


def start_detached(command: Sequence[str], stderr: Path) -> "subprocess.Popen[bytes]":
    """Start a child that outlives us. What it says goes nowhere, its errors to the end of the file `stderr`. Raises OSError.

    Whoever started it polls it while both live, so that what ends is buried; `let_go` says that nobody will any more.
    """
    log.debug("Starting detached %s", command)
    with stderr.open("ab") as words:
        try:
            return _start_detached(command, words, _OF_ITS_OWN | _OUT_OF_JOB)
        except PermissionError:  # Windows: this program is in a job that lets nobody out
            if not _OUT_OF_JOB:
                raise
            return _start_detached(command, words, _OF_ITS_OWN)


def let_go(process: "subprocess.Popen[bytes]") -> None:
    """Leave a detached child to itself: the object may go, the process lives on."""
    if process.poll() is None:
        _left_behind.append(process)  # one that is collected while its process lives complains, and is kept by Python anyway


_OF_ITS_OWN: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
_OUT_OF_JOB: int = getattr(subprocess, "CREATE_BREAKAWAY_FROM_JOB", 0)
"""Windows ends a job's processes with the job, as some terminals and launchers want it."""

_left_behind: "list[subprocess.Popen[bytes]]" = []


def _start_detached(command: Sequence[str], stderr: IO[bytes], flags: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        env=_environment(),
        start_new_session=sys.platform != "win32",
        creationflags=flags,
    )


def _environment() -> dict[str, str]:
    """Ours, with the folder that our packages lie in: -P keeps the child from finding them in a checkout by itself."""
    if is_frozen():
        return dict(os.environ)
    roots = [str(Path(training.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, roots))}


def json_lines(process: "subprocess.Popen[bytes]") -> Iterator[dict[str, Any]]:  # Any: JSON
    """The child's stdout as JSON objects, until it ends. Lines that are none are logged and left out."""
    if process.stdout is None:
        raise ValueError("the child's stdout is not a pipe")
    for line in process.stdout:
        text = line.decode("utf-8", errors="replace").strip()
        try:
            data = json.loads(text)
        except ValueError:
            log.debug("Not JSON from %s: %s", process.args, text)
            continue
        if isinstance(data, dict):
            yield data
