"""The settings while the window is open: one owner, who writes them and tells everybody."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from p2p_desktop.settings import Settings

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
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_QUIET_MS)
        self._timer.timeout.connect(self.flush)

    def change(self, **keys: Any) -> None:  # Any: as the fields of Settings
        """Set some values. They hold at once, and are written a moment later."""
        settings = replace(self.value, **keys)
        if settings != self.value:
            self.value = settings
            self._timer.start()
            self.changed.emit(settings)

    def flush(self) -> None:
        """Write now: a file of a few hundred bytes."""
        self._timer.stop()
        try:
            self.value.write(self._path)
        except OSError as error:
            log.warning("The settings could not be written to %s: %s", self._path, error)
            self.not_written.emit(
                self.tr("The settings could not be saved: {reason}. They hold until the window is closed.").format(
                    reason=error.strerror
                )
            )
