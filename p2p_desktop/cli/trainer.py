"""What the commands that run the trainer share: asking it, signals passed on to it, its last words, absolute paths."""

import contextlib
import json as json_module
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from rich.progress import Progress, TaskID

from p2p_desktop.child import json_lines, start, trainer_command
from p2p_desktop.cli.output import make_progress, print_json
from p2p_desktop.cli.stopping import Interrupted
from p2p_desktop.runs.last_words import last_words as end_of_log
from p2p_desktop.runs.run_folder import TrainerError
from training.contract.protocol import LOG

Hear = Callable[[dict[str, Any], Progress, TaskID], None]  # Any: JSON of an event

LOG_TAIL_LINES = 5


def ask_trainer(mode: str, request: dict[str, Any], json: bool, hear: Hear) -> None:  # Any: JSON
    """Run a mode of the trainer that answers on stdout; `hear` gets every event. `json`: print them, too.

    Raises TrainerError with what it says went wrong, Interrupted.
    """
    children: list[subprocess.Popen[bytes]] = []
    failure = ""
    with (
        tempfile.TemporaryDirectory() as folder,
        passing_signals_on(lambda: end_stdin(children), lambda: kill(children)) as received,
        make_progress(not json) as progress,
    ):
        path, log = Path(folder) / f"{mode}.json", Path(folder) / LOG
        path.write_text(json_module.dumps(request), encoding="utf-8")
        with log.open("ab") as stderr:
            child = start(trainer_command(mode, path, "--stop-with-parent"), stdin=subprocess.PIPE, stderr=stderr)
        with child:
            children.append(child)
            if received:  # before there was a child to tell
                end_stdin(children)
            bar = progress.add_task(mode, total=None)
            for event in json_lines(child):
                if json:
                    print_json(event)
                if event.get("type") == "failed":
                    failure = str(event["message"])
                hear(event, progress, bar)
        code = child.returncode
        words = last_words(log)
    if failure:
        raise TrainerError(failure)
    if received:
        raise Interrupted(received[0])
    if code != 0:
        raise TrainerError(f"The trainer ended unexpectedly with code {code}. Its last words: {words}")


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
        lines = end_of_log(log).splitlines()
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
