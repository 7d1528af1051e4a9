"""Starts the trainer, or one of our own commands, as a child process, from source or frozen, and yields its JSON lines."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
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
) -> "subprocess.Popen[bytes]":
    """Start a child without a window, in a session of its own: Ctrl+C in a terminal reaches only us. Raises OSError.

    `temporary`: the folder for its temporary files, instead of the system's: one that is killed leaves them behind.
    """
    log.debug("Starting %s", command)
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return subprocess.Popen(
        command,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=_environment() | (dict.fromkeys(_TEMPORARY_VARIABLES, str(temporary)) if temporary is not None else {}),
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
