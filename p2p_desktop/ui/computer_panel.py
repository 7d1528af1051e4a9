"""The panel beside the settings: what the doctor found on this computer, and a report of it."""

import time
from typing import Any

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from p2p_desktop.paths import UserPaths
from p2p_desktop.ui.errors import UncaughtErrors
from p2p_desktop.ui.findings_view import FindingsView
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.report import make_report
from p2p_desktop.ui.theme import SETTINGS_PANEL_WIDTH, SPACE_L, SPACE_M, SPACE_S, SPACE_XS, SPACE_XXL
from p2p_desktop.workers.device_probe import DeviceProbe
from p2p_desktop.workers.doctor_run import DoctorRun, Examination, worst_first

_COPIED_MS = 3000  # how long the button says that it was done


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
        """Shows what was found the last time; if that is nothing, this computer is examined at once."""
        super().__init__(parent)
        self._look, self._doctor, self._probe, self._paths, self._errors = look, doctor, probe, paths, errors
        self._examination: Examination | None = doctor.last()
        self._so_far: list[dict[str, Any]] = []  # Any: JSON
        self.setObjectName("settings_computer")
        self.setProperty("role", "panel")
        self.setFixedWidth(SETTINGS_PANEL_WIDTH)
        self._when = QLabel(self)
        self._when.setObjectName("settings_checked")
        self._when.setWordWrap(True)
        self._findings = FindingsView(look, self)
        self._findings.setObjectName("settings_findings")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._scrolled(), 1)
        layout.addLayout(self._buttons())
        self._copied = QTimer(self)
        self._copied.setSingleShot(True)
        self._copied.setInterval(_COPIED_MS)
        self._copied.timeout.connect(self._on_copied_shown)
        doctor.started.connect(self._on_started)
        doctor.finding.connect(self._on_finding)
        doctor.finished.connect(self._on_finished)
        doctor.failed.connect(self._on_failed)
        doctor.cancelled.connect(self._on_cancelled)
        if self._examination is None:
            doctor.start()
        self._show()

    def report(self) -> str:
        """What to send to whoever helps. Without the name of the home folder."""
        findings = self._examination.worst_first if self._examination is not None else worst_first(self._so_far)
        return make_report(findings, self._errors.reports, self._paths.logs / "p2p-desktop.log")

    def _scrolled(self) -> QScrollArea:
        inner = QWidget(self)
        title = QLabel(self.tr("This computer"), inner)
        title.setProperty("role", "section")
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(SPACE_XXL, SPACE_XXL + 2, SPACE_XXL, SPACE_M)
        layout.setSpacing(SPACE_XS)
        layout.addWidget(title)
        layout.addWidget(self._when)
        layout.addSpacing(SPACE_M)
        layout.addWidget(self._findings)
        layout.addStretch(1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        return area

    def _buttons(self) -> QVBoxLayout:
        self._check = QPushButton(self.tr("Check again"), self)
        self._check.setObjectName("settings_check")
        self._check.setToolTip(self.tr("Takes some seconds. The window can be used meanwhile."))
        self._check.clicked.connect(self._on_check)
        self._look.icons.set_on(self._check, "arrow-clockwise")
        self._test = QPushButton(self.tr("Test everything"), self)
        self._test.setObjectName("settings_test")
        self._test.setToolTip(
            self.tr("Tries models, window, training and Live, too. Takes about a minute, and leaves nothing behind.")
        )
        self._test.clicked.connect(self._on_test)
        self._look.icons.set_on(self._test, "checks")
        self._copy = QPushButton(self.tr("Copy report"), self)
        self._copy.setObjectName("settings_copy_report")
        self._copy.setToolTip(self.tr("As text, for whoever helps you. Your home folder is not named in it."))
        self._copy.clicked.connect(self._on_copy)
        self._look.icons.set_on(self._copy, "copy")
        log = QPushButton(self.tr("Open the log folder"), self)
        log.setObjectName("settings_log_folder")
        log.setProperty("role", "text")
        log.setToolTip(str(self._paths.logs))
        log.clicked.connect(self._on_open_logs)
        self._look.icons.set_on(log, "folder-open")
        pair = QHBoxLayout()
        pair.setSpacing(SPACE_S)
        pair.addWidget(self._check, 1)
        pair.addWidget(self._test, 1)
        other = QHBoxLayout()
        other.setSpacing(SPACE_S)
        other.addWidget(self._copy, 1)
        other.addWidget(log, 1)
        buttons = QVBoxLayout()
        buttons.setContentsMargins(SPACE_XXL, SPACE_S, SPACE_XXL, SPACE_L)
        buttons.setSpacing(SPACE_S)
        buttons.addLayout(pair)
        buttons.addLayout(other)
        return buttons

    def _show(self) -> None:
        busy = self._doctor.is_running
        self._check.setEnabled(not busy)
        self._test.setEnabled(not busy)
        if busy and self._doctor.is_thorough:
            known = str(self._so_far[-1].get("title", "")) if self._so_far else ""
            self._say(self.tr("Testing everything... {known}").format(known=known).rstrip())
        elif busy:
            self._say(self.tr("Checking this computer..."))
        elif self._examination is not None:
            self._say(self._when_words(self._examination))
        else:
            self._say(self.tr("This computer was not checked yet."))
        if self._examination is not None:
            self._findings.show_findings(self._examination.worst_first)
        else:
            self._findings.show_findings(worst_first(self._so_far))

    def _say(self, words: str, role: str = "small") -> None:
        self._when.setText(words)
        if self._when.property("role") != role:
            self._when.setProperty("role", role)
            self._when.style().unpolish(self._when)
            self._when.style().polish(self._when)

    def _when_words(self, examination: Examination) -> str:
        when = time.localtime(examination.when)
        words = {"time": time.strftime("%H:%M", when), "seconds": max(1, round(examination.seconds))}
        if when[:3] == time.localtime()[:3]:
            return self.tr("Checked today at {time}, in {seconds} s").format(**words)
        return self.tr("Checked on {day} at {time}, in {seconds} s").format(day=time.strftime("%Y-%m-%d", when), **words)

    def _on_check(self) -> None:
        self._doctor.start()
        self._probe.ask(again=True)

    def _on_test(self) -> None:
        self._doctor.start(thorough=True)

    def _on_started(self) -> None:
        self._so_far = []
        self._show()

    def _on_finding(self, finding: dict[str, Any]) -> None:  # Any: JSON
        self._so_far.append(finding)
        self._show()

    def _on_finished(self, examination: Examination) -> None:
        self._examination = examination
        self._show()

    def _on_failed(self, sentence: str) -> None:
        self._show()
        self._say(sentence, "error")

    def _on_cancelled(self) -> None:
        self._show()

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.report())
        self._copy.setText(self.tr("Copied"))
        self._copied.start()

    def _on_copied_shown(self) -> None:
        self._copy.setText(self.tr("Copy report"))

    def _on_open_logs(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._paths.logs)))
