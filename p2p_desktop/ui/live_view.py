"""The picture of Live: a compare view that tells when a frame is really on the screen."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QPaintEvent

from p2p_desktop.ui.compare_view import CompareView


class LiveView(CompareView):
    painted = Signal()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.painted.emit()
