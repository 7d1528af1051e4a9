"""Tells the desktop that something has ended, where the desktop can be told."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QSystemTrayIcon


class Notifications(QObject):
    """Without a tray there is still the mark on the window in the task bar, which is not ours to show."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tray: QSystemTrayIcon | None = None

    def show(self, headline: str, sentence: str) -> None:
        if not QSystemTrayIcon.isSystemTrayAvailable() or not QSystemTrayIcon.supportsMessages():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(QApplication.windowIcon(), self)
            self._tray.messageClicked.connect(self._on_clicked)
            self._tray.activated.connect(self._on_activated)
        self._tray.show()  # a message needs its icon; it goes when it was clicked or the window is in front again
        self._tray.showMessage(headline, sentence)

    def withdraw(self) -> None:
        """The window is in front again: what was told has been seen."""
        if self._tray is not None:
            self._tray.hide()

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason == QSystemTrayIcon.ActivationReason.Trigger:
            self._on_clicked()

    def _on_clicked(self) -> None:
        if self._tray is not None:
            self._tray.hide()
        for window in QApplication.topLevelWidgets():
            come = getattr(window, "come_to_front", None)
            if come is not None:
                come()
