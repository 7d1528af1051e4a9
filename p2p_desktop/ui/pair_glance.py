"""A few of the pairs that were found, side by side: what goes in, and what should come out."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from p2p_desktop.ui.halves import paint_plate, plate_width
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import SPACE_L, SPACE_S, SPACE_XS

_SIDE = 132  # pixels of a picture's place, at most
_COLUMNS = 3
_GAP = 2

Shown = tuple[QImage, QImage | None]


class PairGlance(QWidget):
    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._pairs: list[tuple[QPixmap, QPixmap | None]] = []
        self._is_swapped = False
        self.setObjectName("train_pictures_glance")
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        look.theme.changed.connect(self.update)

    def show_pairs(self, pairs: Sequence[Shown], *, is_swapped: bool) -> None:
        """`is_swapped`: the second of each pair goes in."""
        self._pairs = [
            (QPixmap.fromImage(first), None if second is None else QPixmap.fromImage(second)) for first, second in pairs[:_COLUMNS]
        ]
        self._is_swapped = is_swapped
        self.setVisible(bool(pairs))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_COLUMNS * (2 * _SIDE + _GAP) + (_COLUMNS - 1) * SPACE_L, _SIDE)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._side(width)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        side, left = self._side(self.width()), 0
        for number, (first, second) in enumerate(self._pairs):
            if second is None:
                self._paint(painter, QRect(left, 0, side, side), first, "")
                left += side + SPACE_S
                continue
            entering, leaving = (second, first) if self._is_swapped else (first, second)
            named = number == 0
            self._paint(painter, QRect(left, 0, side, side), entering, self.tr("Goes in") if named else "")
            place = QRect(left + side + _GAP, 0, side, side)
            self._paint(painter, place, leaving, self.tr("Comes out") if named else "")
            left += 2 * side + _GAP + SPACE_L

    def _side(self, width: int) -> int:
        room = (width - (_COLUMNS - 1) * SPACE_L - _COLUMNS * _GAP) // (2 * _COLUMNS)
        return max(1, min(_SIDE, room))

    def _paint(self, painter: QPainter, place: QRect, picture: QPixmap, words: str) -> None:
        painter.fillRect(place, self._look.theme.color("canvas"))
        size = picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        inside = QRect(place.center().x() - size.width() // 2, place.center().y() - size.height() // 2, size.width(), size.height())
        painter.drawPixmap(inside & place, picture)
        if words and plate_width(self._look, words) + 2 * SPACE_XS <= place.width():
            painter.setClipRect(place)
            paint_plate(painter, QPointF(place.left() + SPACE_XS, place.top() + SPACE_XS), words, self._look)
            painter.setClipping(False)
