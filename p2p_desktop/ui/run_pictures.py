"""Input, result and target of one held-out picture, large and side by side, and what each is below it."""

from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.plain_words import count
from p2p_desktop.ui.sample_source import PARTS, SampleSource
from p2p_desktop.ui.theme import SPACE_S, SPACE_XL

_GAP = 10  # pixels between two pictures
_LEAST_SIDE, _USUAL_SIDE, _MOST_SIDE = 84, 228, 640  # pixels


class RunPictures(QWidget):
    """Shows a strip as large as there is room; pictures keep their corners, and nothing is drawn on them."""

    def __init__(self, look: Look, source: SampleSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._source = look, source
        self._path: Path | None = None
        self._step: int | None = None
        self._nothing = ""
        self._side = _USUAL_SIDE
        self.setObjectName("train_pictures")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        look.theme.changed.connect(self.update)
        look.icons.ready.connect(self.update)
        source.arrived.connect(self._on_arrived)
        self.show_strip(None, None)

    def show_strip(self, path: Path | None, step: int | None, nothing: str = "") -> None:
        """Show what was drawn at a step. `nothing`: a sentence instead, where there is no file."""
        self._path, self._step, self._nothing = path, step, nothing
        words = self.tr("Input, result and target, at step {n}").format(n=count(step)) if step is not None else nothing
        self.setAccessibleName(words or self.tr("Input, result and target"))
        self.update()

    def prefer_side(self, side: int) -> None:
        """How high the pictures would like to be, in pixels."""
        if side != self._side:
            self._side = side
            self.updateGeometry()

    @property
    def preferred_side(self) -> int:
        return self._side

    def sizeHint(self) -> QSize:
        return self._size_of(self._side)

    def minimumSizeHint(self) -> QSize:
        return self._size_of(_LEAST_SIDE)

    def _size_of(self, side: int) -> QSize:
        return QSize(3 * side + 2 * _GAP, round(side + self._label_height()))

    def _label_height(self) -> float:
        return QFontMetricsF(self._look.theme.font("body")).height() + SPACE_S

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        strip = self._source.strip(self._path) if self._path is not None else None
        width = (self.width() - (len(PARTS) - 1) * _GAP) / len(PARTS)
        height = min(self.height() - self._label_height(), _MOST_SIDE)
        if strip is None:
            self._paint_nothing(painter, min(width, height))
            return
        part_width = strip.width() / len(PARTS)
        scale = min(width / part_width, height / strip.height())
        shown = QSize(round(part_width * scale), round(strip.height() * scale))
        for number, words in enumerate((self.tr("Input"), self.tr("Result"), self.tr("Target"))):
            place = QRectF(number * (shown.width() + _GAP), 0, shown.width(), shown.height())
            painter.drawPixmap(place, strip, QRectF(number * part_width, 0, part_width, strip.height()))
            self._paint_label(painter, place, words, self._when() if number == 1 else "")

    def _paint_nothing(self, painter: QPainter, side: float) -> None:
        """An empty frame, and why it is."""
        theme = self._look.theme
        whole = QRectF(0, 0, 3 * side + 2 * _GAP, side).adjusted(0.5, 0.5, -0.5, -0.5)
        pen = QPen(theme.color("track"), 1)
        pen.setDashPattern([3, 3])
        painter.setPen(pen)
        painter.drawRect(whole)
        is_missing = self._path is not None and self._source.is_missing(self._path)
        words = self.tr("The picture file of this step is gone.") if is_missing else self._nothing
        if words:
            painter.setFont(theme.font("body"))
            painter.setPen(theme.color("muted"))
            room = whole.adjusted(SPACE_XL, 0, -SPACE_XL, 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, words)

    def _paint_label(self, painter: QPainter, place: QRectF, words: str, more: str) -> None:
        theme = self._look.theme
        strong, usual = theme.font("body", QFont.Weight.DemiBold), theme.font("small")
        room = QRectF(place.left(), place.bottom() + SPACE_S / 2, place.width(), self._label_height() - SPACE_S / 2)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(strong)
        painter.setPen(theme.color("text"))
        painter.drawText(room, flags, words)
        width = QFontMetricsF(strong).horizontalAdvance(words) + SPACE_S
        if more and width + QFontMetricsF(usual).horizontalAdvance(more) <= room.width():
            painter.setFont(usual)
            painter.setPen(theme.color("muted"))
            painter.drawText(room.adjusted(width, 0, 0, 0), flags, more)

    def _when(self) -> str:
        return self.tr("at step {n}").format(n=count(self._step)) if self._step is not None else ""

    def _on_arrived(self, path: Path) -> None:
        if path == self._path:
            self.update()
