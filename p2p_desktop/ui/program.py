"""The application: Qt's, which is told by events what macOS opens with it. Other systems name that on the command line."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication


class Program(QApplication):
    files_opened = Signal(list)  # of Path: all that came together, in the event loop, which waits for the window

    def __init__(self, words: Sequence[str]) -> None:
        """`words`: of the command line, the program's name first."""
        super().__init__(list(words))
        self._opened: list[Path] = []
        self._all_came = QTimer(self)  # there is an event for each file, and files that were chosen together belong together
        self._all_came.setSingleShot(True)
        self._all_came.timeout.connect(self._on_all_came)

    def event(self, event: QEvent) -> bool:
        if not isinstance(event, QFileOpenEvent) or not event.file():  # an address on the internet has no file
            return super().event(event)
        self._opened.append(Path(event.file()))
        self._all_came.start(0)
        return True

    def _on_all_came(self) -> None:
        paths, self._opened = self._opened, []
        self.files_opened.emit(paths)
