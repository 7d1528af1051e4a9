"""The picture of Live: a compare view that tells when a frame is really on the screen."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget

from p2p_desktop.ui.compare_view import CompareView
from p2p_desktop.ui.look import Look


class LiveView(CompareView):
    painted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._port.enlarges = True  # what small cameras send fills the room, too

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.painted.emit()
