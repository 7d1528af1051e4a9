"""The trainer, asked something by the window: pairs checked, shown or made, time and memory estimated."""

import json
import logging
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QObject, Signal

from p2p_desktop import child
from p2p_desktop.runs.run_folder import TrainerError
from p2p_desktop.workers.child_lines import ChildLines
from p2p_desktop.workers.child_run import ChildRun
from training.contract.errors import P2PError
from training.contract.progress import Report, Token

log = logging.getLogger(__name__)

Mode = Literal["check-pairs", "show-pairs", "make-pairs", "estimate"]
"""What answers with one result and keeps nothing but what it is told to write."""

_LAST_WORDS = 2000  # bytes of what a child that crashed said last, for the log

Command = Callable[[str, Path], list[str]]


class TrainerRun(ChildRun):
    """One question at a time. `finished` gives the data of the trainer's result, a dict."""

    progressed = Signal(int, int, str)  # done, of how many, and what the trainer calls it
    warned = Signal(str)  # a sentence

    def __init__(self, parent: QObject | None = None, *, command: Command | None = None) -> None:
        """`command` stands in for the trainer: from the mode and the path of the request to a command line."""
        super().__init__(parent)
        self._command: Command = command or child.trainer_command

    def start(self, mode: Mode, request: Mapping[str, Any]) -> None:  # Any: JSON
        """Ask, unless something is being asked. request: what the mode's file holds (docs/events.md)."""
        if self._thread is not None:
            return
        command, lines, text = self._command, ChildLines(), json.dumps(request)

        def work(report: Report[Any], token: Token) -> dict[str, Any]:  # Any: the trainer's events, which are JSON
            return _answer(command, lines, mode, text, report, token)

        self._begin(work, mode, lines)

    def _tell(self, reported: Any) -> None:  # Any: an event, which is JSON
        if reported["type"] == "warning":
            self.warned.emit(str(reported.get("message", "")))
        else:
            self.progressed.emit(int(reported["done"]), int(reported["total"]), str(reported.get("what", "")))

    def _sentence(self, error: Exception) -> str:
        known = isinstance(error, P2PError)
        return str(error) if known else self.tr("The trainer did not answer. Try again; the log says what happened.")


def _answer(
    command: Command, lines: ChildLines, mode: Mode, text: str, report: Report[Any], token: Token
) -> dict[str, Any]:  # Any: events and a result, which are JSON
    """Called in the worker thread. Raises TrainerError with the trainer's sentence, OSError, Cancelled."""
    result: dict[str, Any] | None = None  # Any: JSON
    failure = ""
    with tempfile.TemporaryDirectory(prefix="p2p-ask-", ignore_cleanup_errors=True) as temporary:
        request, words = Path(temporary) / "request.json", Path(temporary) / "words"
        request.write_text(text, encoding="ascii")
        with words.open("wb") as stderr:
            for line in lines.read(command(mode, request), token, stderr=stderr, temporary=Path(temporary)):
                match line.get("type"):
                    case "progress" | "warning":
                        report(line)
                    case "result" if isinstance(line.get("data"), dict):
                        result = line["data"]
                    case "failed":
                        failure = str(line.get("message", ""))
        said = words.read_bytes()[-_LAST_WORDS:].decode("utf-8", errors="replace")
    token.check()
    if failure:
        raise TrainerError(failure)
    if result is None or lines.exit_code != 0:
        raise OSError(f"{mode} ended with {lines.exit_code} and no answer: {said}")
    return result
