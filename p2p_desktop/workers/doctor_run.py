"""The doctor, run as a child: what it finds, and what it found last."""

import json
import logging
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from p2p_desktop import child
from p2p_desktop.workers.task_thread import TaskThread
from training.contract.progress import Cancelled, Report, Token

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Examination:
    """One run of the doctor. findings: as `doctor --json` prints them."""

    findings: tuple[dict[str, Any], ...]  # Any: JSON
    when: float  # Unix seconds
    seconds: float

    @property
    def worst_first(self) -> list[dict[str, Any]]:  # Any: JSON
        order = {"failed": 0, "warning": 1, "ok": 2}
        return sorted(self.findings, key=lambda finding: order.get(finding.get("state", "ok"), 2))


class DoctorRun(QObject):
    started = Signal()
    finished = Signal(object)  # Examination
    failed = Signal(str)  # a sentence

    def __init__(self, cache: Path, parent: QObject | None = None, *, command: Sequence[str] | None = None) -> None:
        """`cache`: folder of the last result. `command` stands in for the child."""
        super().__init__(parent)
        self._path = cache / "doctor.json"
        self._command = list(command or child.own_command("doctor", "--json"))
        self._thread: TaskThread | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._thread is not None

    def last(self) -> Examination | None:
        """What was found the last time; a file of a few kilobytes."""
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            return Examination(tuple(data["findings"]), float(data["when"]), float(data["seconds"]))
        except (OSError, KeyError, TypeError, ValueError):
            return None

    def start(self) -> None:
        if self._thread is not None:
            return
        self._thread = TaskThread(self._examine, "doctor", self)
        self._thread.succeeded.connect(self._on_succeeded)
        self._thread.failed.connect(self._on_failed)
        self._thread.finished.connect(self._on_finished)
        self._thread.start()
        self.started.emit()

    def close(self) -> None:
        """End the child and the thread."""
        if self._thread is not None:
            self._thread.cancel()
            process = self._process
            if process is not None:
                process.kill()
            self._thread.wait()

    def _examine(self, _: Report[Any], token: Token) -> Examination:  # Any: nothing is reported
        """Called in the worker thread."""
        began, when = time.monotonic(), time.time()
        process = self._process = child.start(self._command, stderr=subprocess.DEVNULL)
        try:
            findings = tuple(line for line in child.json_lines(process) if line.get("type") == "finding")
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
            self._process = None
        if token.cancelled:
            raise Cancelled
        if not findings:
            raise OSError(f"the doctor said nothing, and ended with {process.returncode}")
        examination = Examination(findings, when, time.monotonic() - began)
        self._keep(examination)
        return examination

    def _keep(self, examination: Examination) -> None:
        data = {"findings": examination.findings, "when": examination.when, "seconds": examination.seconds}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(data), encoding="utf-8")
        except OSError as error:
            log.warning("what the doctor found could not be kept: %s", error)

    def _on_succeeded(self, examination: Examination) -> None:
        self.finished.emit(examination)

    def _on_failed(self, _: Exception) -> None:
        self.failed.emit(self.tr("This computer could not be checked. The log says why."))

    def _on_finished(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.deleteLater()
