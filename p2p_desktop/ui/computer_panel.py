"""What the doctor found on this computer, the worst first, each with what to do."""

import platform
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from p2p_desktop.paths import UserPaths
from p2p_desktop.ui.errors import UncaughtErrors
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.plain_words import exact_duration
from p2p_desktop.ui.theme import SETTINGS_PANEL_WIDTH, SPACE_L, SPACE_M, SPACE_S, SPACE_XXL
from p2p_desktop.workers.device_probe import DeviceProbe
from p2p_desktop.workers.doctor_run import DoctorRun, Examination
from training.contract.version import __version__

_LAST_LOG_BYTES = 64 << 10
_LAST_LOG_LINES = 40
_KINDS = {
    "ok": ("check-circle-fill", "success"),
    "warning": ("warning-fill", "warning"),
    "failed": ("warning-circle-fill", "error"),
}


class ComputerPanel(QFrame):
    def __init__(
        self,
        look: Look,
        doctor: DoctorRun,
        probe: DeviceProbe,
        paths: UserPaths,
        errors: UncaughtErrors,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look, self._doctor, self._probe, self._paths, self._errors = look, doctor, probe, paths, errors
        self._examination: Examination | None = doctor.last()
        self.setProperty("role", "panel")
        self.setFixedWidth(SETTINGS_PANEL_WIDTH)
        title = QLabel(self.tr("This computer"), self)
        title.setProperty("role", "section")
        self._when = QLabel(self)
        self._when.setObjectName("settings_checked")
        self._when.setProperty("role", "muted")
        self._findings = QVBoxLayout()
        self._findings.setSpacing(SPACE_M + 2)
        inner = QWidget(self)
        inside = QVBoxLayout(inner)
        inside.setContentsMargins(SPACE_XXL, SPACE_XXL + 2, SPACE_XXL, SPACE_M)
        inside.setSpacing(SPACE_S)
        inside.addWidget(title)
        inside.addWidget(self._when)
        inside.addSpacing(SPACE_M)
        inside.addLayout(self._findings)
        inside.addStretch(1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        self._check = QPushButton(self.tr("Check again"), self)
        self._check.setObjectName("settings_check")
        self._check.setToolTip(self.tr("Takes some seconds. The window can be used meanwhile."))
        self._check.clicked.connect(self._on_check)
        look.icons.set_on(self._check, "arrow-clockwise")
        self._copy = QPushButton(self.tr("Copy report"), self)
        self._copy.setObjectName("settings_copy_report")
        self._copy.setToolTip(self.tr("As text, for whoever helps you; without names of your folders"))
        self._copy.clicked.connect(self._on_copy)
        look.icons.set_on(self._copy, "copy")
        log = QPushButton(self.tr("Open the log folder"), self)
        log.setObjectName("settings_log_folder")
        log.setProperty("role", "text")
        log.setToolTip(str(paths.logs))
        log.clicked.connect(self._on_open_logs)
        look.icons.set_on(log, "folder-open")
        pair = QHBoxLayout()
        pair.setSpacing(SPACE_S)
        pair.addWidget(self._check)
        pair.addWidget(self._copy)
        buttons = QVBoxLayout()
        buttons.setContentsMargins(SPACE_XXL, SPACE_S, SPACE_XXL, SPACE_L)
        buttons.addLayout(pair)
        buttons.addWidget(log, 0, Qt.AlignmentFlag.AlignHCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area, 1)
        layout.addLayout(buttons)
        doctor.started.connect(self._on_started)
        doctor.finished.connect(self._on_finished)
        doctor.failed.connect(self._on_failed)
        look.theme.changed.connect(self._show)
        look.icons.ready.connect(self._show)
        if self._examination is None and not doctor.is_running:
            doctor.start()
        self._show()

    def report(self) -> str:
        """What to send to whoever helps: versions, findings, the last lines of the log. Without the name of the home folder."""
        lines = [f"P2P Desktop {__version__}, Python {platform.python_version()}, {platform.platform()}"]
        if self._examination is not None:
            lines += [f"{one.get('state', '')}: {_title(one)}. {_words(one)}" for one in self._examination.worst_first]
        lines += ["", *self._errors.reports[-3:], "", *_last_lines(self._paths.logs / "p2p-desktop.log")]
        text = "\n".join(lines)
        home = str(Path.home())
        return text.replace(home, "~") if len(home) > 1 else text

    def _show(self) -> None:
        while (item := self._findings.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if self._doctor.is_running:
            self._when.setText(self.tr("Checking this computer..."))
        elif self._examination is not None:
            self._when.setText(self._when_words(self._examination))
        if self._examination is not None:
            for finding in self._examination.worst_first:
                self._findings.addWidget(self._finding(finding))

    def _finding(self, finding: dict[str, Any]) -> QWidget:  # Any: JSON
        row = QWidget(self)
        icon, token = _KINDS.get(finding.get("state", "ok"), _KINDS["ok"])
        sign, title, words = QLabel(row), QLabel(_title(finding), row), QLabel(_words(finding), row)
        sign.setPixmap(self._look.icons.pixmap(icon, token, 18, self.devicePixelRatioF()))
        sign.setAlignment(Qt.AlignmentFlag.AlignTop)
        state_words = {"ok": self.tr("Good"), "warning": self.tr("Warning")}
        sign.setAccessibleName(state_words.get(finding.get("state", ""), self.tr("Failed")))
        title.setProperty("role", "label")
        title.setWordWrap(True)
        words.setProperty("role", "small")
        words.setWordWrap(True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout()
        column.setSpacing(1)
        column.addWidget(title)
        if words.text():
            column.addWidget(words)
        else:
            words.hide()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_M)
        layout.addWidget(sign)
        layout.addLayout(column, 1)
        return row

    def _when_words(self, examination: Examination) -> str:
        when = time.localtime(examination.when)
        day = self.tr("today") if when[:3] == time.localtime()[:3] else time.strftime("%Y-%m-%d", when)
        return self.tr("Checked {day} at {time}, in {seconds}").format(
            day=day, time=time.strftime("%H:%M", when), seconds=exact_duration(round(examination.seconds))
        )

    def _on_check(self) -> None:
        self._doctor.start()
        self._probe.ask(again=True)

    def _on_started(self) -> None:
        self._check.setEnabled(False)
        self._show()

    def _on_finished(self, examination: Examination) -> None:
        self._examination = examination
        self._check.setEnabled(True)
        self._show()
        self._when.setText(self._when_words(examination))

    def _on_failed(self, sentence: str) -> None:
        self._check.setEnabled(True)
        self._show()
        self._when.setText(sentence)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.report())
        self._copy.setText(self.tr("Copied"))

    def _on_open_logs(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._paths.logs)))


def _title(finding: dict[str, Any]) -> str:  # Any: JSON
    return str(finding.get("title") or finding.get("subject", ""))


def _words(finding: dict[str, Any]) -> str:  # Any: JSON
    return " ".join(filter(None, (str(finding.get("message", "")), str(finding.get("remedy", "")))))


def _last_lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LAST_LOG_BYTES))
            return file.read().decode("utf-8", errors="replace").splitlines()[-_LAST_LOG_LINES:]
    except OSError:
        return []
