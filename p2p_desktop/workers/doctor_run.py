"""The doctor, run as a child: what it finds, and what it found last."""

import json
import logging
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from p2p_desktop import child
from p2p_desktop.workers.child_lines import ChildLines
from p2p_desktop.workers.child_run import ChildRun
from training.contract.progress import Report, Token

log = logging.getLogger(__name__)

_USUAL_CODES = (0, 1, 3)  # of the doctor; anything else is a crash half-way
_OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen"}  # the window that is tested must not come up beside the one that asks
_ORDER = {"failed": 0, "warning": 1, "ok": 2}
_FOR_REPORTS = ("program", "packages")  # subjects that interest whoever helps; last, if they are well


@dataclass(frozen=True, slots=True)
class Examination:
    """One run of the doctor. findings: as `doctor --json` prints them."""

    findings: tuple[dict[str, Any], ...]  # Any: JSON
    when: float  # Unix seconds
    seconds: float

    @property
    def worst_first(self) -> list[dict[str, Any]]:  # Any: JSON
        return worst_first(self.findings)


def worst_first(findings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:  # Any: JSON
    """The same findings: what fails, then warnings, then what is well; each in the doctor's order, versions last."""

    def rank(finding: dict[str, Any]) -> tuple[int, bool]:  # Any: JSON
        return _ORDER.get(finding.get("state", "ok"), _ORDER["ok"]), finding.get("subject") in _FOR_REPORTS

    return sorted(findings, key=rank)


class DoctorRun(ChildRun):
    """One examination at a time. `finished` gives an Examination."""

    started = Signal()
    finding = Signal(object)  # one finding, as soon as it is known

    def __init__(self, cache: Path, parent: QObject | None = None, *, command: Sequence[str] | None = None) -> None:
        """`cache`: folder of the last result. `command` stands in for the child."""
        super().__init__(parent)
        self._path = cache / "doctor.json"
        self._command = list(command or child.own_command("doctor", "--json"))
        self.is_thorough = False
        """Whether the examination that runs, or ran last, is a self-test as well."""

    def last(self) -> Examination | None:
        """What was found the last time; a file of a few kilobytes."""
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            findings = tuple(finding for finding in data["findings"] if isinstance(finding, dict))
            return Examination(findings, float(data["when"]), float(data["seconds"]))
        except (OSError, KeyError, TypeError, ValueError):
            return None

    def start(self, *, thorough: bool = False) -> None:
        """Examine, unless that is under way. `thorough`: also try every part of the program, which takes a minute."""
        if self._thread is not None:
            return
        self.is_thorough = thorough
        command, lines, path = [*self._command, *(["--self-test"] if thorough else [])], ChildLines(), self._path

        def work(report: Report[Any], token: Token) -> Examination:  # Any: findings, which are JSON
            # What the doctor cannot remove when it is ended.
            with tempfile.TemporaryDirectory(prefix="p2p-doctor-", ignore_cleanup_errors=True) as temporary:
                examination = _examine(command, lines, Path(temporary), report, token)
            _keep(examination, path)
            return examination

        self._begin(work, "doctor", lines)
        self.started.emit()

    def _tell(self, reported: Any) -> None:  # Any: a finding, which is JSON
        self.finding.emit(reported)

    def _sentence(self, _: Exception) -> str:
        return self.tr("This computer could not be checked. Try again; the log says what happened.")


def _examine(
    command: Sequence[str], lines: ChildLines, temporary: Path, report: Report[Any], token: Token
) -> Examination:  # Any: findings, which are JSON
    """Called in the worker thread. Raises OSError, Cancelled."""
    began, when = time.monotonic(), time.time()
    findings = []
    for line in lines.read(command, token, temporary=temporary, environment=_OFFSCREEN):
        if line.get("type") == "finding":
            findings.append(line)
            report(line)
    if not findings or lines.exit_code not in _USUAL_CODES:
        raise OSError(f"the doctor ended with {lines.exit_code} after {len(findings)} findings")
    return Examination(tuple(findings), when, time.monotonic() - began)


def _keep(examination: Examination, path: Path) -> None:
    """Called in the worker thread."""
    data = {"findings": examination.findings, "when": examination.when, "seconds": examination.seconds}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".part")
        temporary.write_text(json.dumps(data), encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        log.warning("what the doctor found could not be kept: %s", error)
