"""One of the trainer's answering modes as a child: asked with a request, watched, ended."""

import json
import logging
import tempfile
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from p2p_desktop import child
from p2p_desktop.runs.run_folder import TrainerError
from p2p_desktop.workers.child_lines import ChildLines
from p2p_desktop.workers.child_run import ChildRun
from training.contract.errors import P2PError
from training.contract.progress import Report, Token

log = logging.getLogger(__name__)


class TrainerRun(ChildRun):
    """At most one request at a time. `finished` gives the data of the result, a dict."""

    progressed = Signal(int, int, str)  # done, total, what
    warned = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)

    def start(self, mode: str, request: dict[str, Any]) -> None:  # Any: JSON
        """Ask the trainer, unless it is answering."""
        if self._thread is not None:
            return
        lines = ChildLines()

        def work(report: Report[Any], token: Token) -> dict[str, Any]:  # Any: JSON
            return _ask(mode, request, lines, report, token)

        self._begin(work, f"trainer: {mode}", lines)

    def _tell(self, reported: Any) -> None:  # Any: an event as JSON
        if reported["type"] == "progress":
            self.progressed.emit(int(reported["done"]), int(reported["total"]), str(reported["what"]))
        else:
            self.warned.emit(str(reported["message"]))

    def _sentence(self, error: Exception) -> str:
        return str(error) if isinstance(error, P2PError) else self.tr("The trainer could not be asked. The log says why.")


def _ask(mode: str, request: dict[str, Any], lines: ChildLines, report: Report[Any], token: Token) -> dict[str, Any]:  # Any: JSON
    """Called in the worker thread. Raises TrainerError, OSError, Cancelled."""
    result: dict[str, Any] | None = None  # Any: JSON
    failure = ""
    with tempfile.TemporaryDirectory(prefix="p2p-trainer-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "request.json"
        path.write_text(json.dumps(request), encoding="ascii")
        for line in lines.read(child.trainer_command(mode, path), token, temporary=Path(folder)):
            match line.get("type"):
                case "progress" | "warning":
                    report(line)
                case "result":
                    result = line["data"]
                case "failed":
                    failure = str(line["message"])
    token.check()
    if result is None or failure:
        raise TrainerError(failure or f"The trainer ended with code {lines.exit_code} and said nothing.")
    return result
