"""While files are dragged over a page that is not empty: where they will go."""

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from p2p_desktop.ui.halves import paint_plate, plate_width
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import RADIUS_DROP_AREA, SPACE_S, SPACE_XXXL

_WIDTH = 3


class DropHint(QWidget):
    """Lies over its parent, and lets everything through to it."""

    def __init__(self, look: Look, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._words, self._page = look, words, parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        parent.installEventFilter(self)
        self.hide()

    @property
    def words(self) -> str:
        """What it says."""
        return self._words

    def say(self, words: str) -> None:
        """Say something else."""
        self._words = words
        self.update()

    def show_over(self, on: bool) -> None:
        self.setGeometry(self._page.rect())
        self.setVisible(on)
        if on:
            self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible() and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return False

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._look.theme.color("accent_text"), _WIDTH))
        room = QRectF(self.rect()).adjusted(SPACE_S, SPACE_S, -SPACE_S, -SPACE_S)
        painter.drawRoundedRect(room, RADIUS_DROP_AREA, RADIUS_DROP_AREA)
        right = self.width() / 2 + plate_width(self._look, self._words) / 2
        paint_plate(painter, QPointF(right, self.height() / 2 - SPACE_XXXL), self._words, self._look, from_right=True)
