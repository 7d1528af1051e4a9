"""The settings while the window is open: one owner, who writes them and tells everybody."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDeadlineTimer, QObject, QTimer, Signal

from p2p_desktop.settings import Settings
from p2p_desktop.workers.task_thread import TaskThread
from training.contract.progress import Report, Token

log = logging.getLogger(__name__)

_QUIET_MS = 400  # a slider that is dragged is written once


class SettingsBox(QObject):
    changed = Signal(object)  # Settings
    not_written = Signal(str)  # a sentence

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        """`problem` says what is wrong with the file, "" if nothing is."""
        super().__init__(parent)
        self._path = path
        self.value, self.problem = Settings.read_and_tell(path)
        self._written = self.value  # or about to be: what the last writer was given
        self._writer: TaskThread | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_QUIET_MS)
        self._timer.timeout.connect(self._on_quiet)

    def change(self, **keys: Any) -> None:  # Any: as the fields of Settings
        """Set some values. They hold at once, and are written a moment later. A value out of its range counts as the default."""
        settings = replace(self.value, **keys)
        if settings != self.value:
            self.value = settings
            self._timer.start()
            self.changed.emit(settings)

    def flush(self, until: QDeadlineTimer) -> None:
        """Write now what is not written yet: only for a program that ends, for it waits for the disk, `until` then."""
        self._timer.stop()
        if self._writer is not None and self._writer.wait(until):
            self._writer = None
        if self.value != self._written:
            self._on_quiet()
            if self._writer is not None:
                self._writer.wait(until)

    def _on_quiet(self) -> None:
        if self._writer is not None:  # the next one comes when it has ended
            return
        settings, path = self.value, self._path

        def work(_: Report[Any], __: Token) -> None:  # Any: nothing is reported
            settings.write(path)  # its folder may lie on a slow disk of the network

        self._written = settings
        self._writer = TaskThread(work, "settings", self)
        self._writer.failed.connect(self._tell)
        self._writer.finished.connect(self._on_finished)
        self._writer.start()

    def _on_finished(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.deleteLater()
        if self.value != self._written and not self._timer.isActive():
            self._timer.start()

    def _tell(self, error: Exception) -> None:
        log.warning("The settings could not be written to %s: %s", self._path, error)
        reason = error.strerror if isinstance(error, OSError) else str(error)
        self.not_written.emit(
            self.tr("The settings could not be saved: {reason}. They hold until the window is closed.").format(reason=reason)
        )
