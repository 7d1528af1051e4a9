"""Small widgets that the pages share; those one chooses with and those that tell something are handed on from their files."""

from PySide6.QtCore import Property, QEasingCurve, QEvent, QPropertyAnimation, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from p2p_desktop.ui.choices import FilterChip, SegmentedControl, Switch
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.motion import is_animated
from p2p_desktop.ui.notes import Badge, Kind, Note
from p2p_desktop.ui.theme import PROGRESS_MS

__all__ = ["Badge", "ElidedLabel", "FilterChip", "Kind", "Note", "SegmentedControl", "SlimProgress", "Switch", "is_animated"]


class ElidedLabel(QLabel):
    """Shortens in the middle what has no room, and shows all of it as a tooltip then."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._full = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:
        if text != self._full:
            self._full = text
            self.setAccessibleName(text)
            self.updateGeometry()
            self._elide()

    def text(self) -> str:
        """All of it, whatever is shown."""
        return self._full

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(self._full) + 2, metrics.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, QFontMetrics(self.font()).height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._elide()

    def _elide(self) -> None:
        shown = QFontMetrics(self.font()).elidedText(self._full.replace("\n", " "), Qt.TextElideMode.ElideMiddle, self.width())
        if shown != super().text():
            super().setText(shown)
        self.setToolTip(self._full if shown != self._full else "")


class SlimProgress(QWidget):
    """A thin bar. Without a fraction, only its track."""

    _HEIGHT = 5

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._shown, self._fraction = 0.0, 0.0
        self._motion = QPropertyAnimation(self, b"shown", self)
        self._motion.setDuration(PROGRESS_MS)
        self._motion.setEasingCurve(QEasingCurve.Type.OutCubic)
        self.setFixedHeight(self._HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.theme.changed.connect(self.update)

    @property
    def fraction(self) -> float:
        """What was set last, 0 to 1."""
        return self._fraction

    def set_fraction(self, fraction: float | None) -> None:
        """0 to 1; None while it cannot be told."""
        self._fraction = min(1.0, max(0.0, fraction or 0.0))
        percent = "" if fraction is None else self.tr("{percent} per cent").format(percent=round(self._fraction * 100))
        self.setAccessibleDescription(percent)
        self._motion.stop()
        if self.isVisible() and is_animated(self) and self._fraction > self._shown:
            self._motion.setStartValue(self._shown)
            self._motion.setEndValue(self._fraction)
            self._motion.start()
        else:
            self._set_shown(self._fraction)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        radius = self.height() / 2
        for width, token in ((float(self.width()), "track"), (self.width() * self._shown, "accent_text")):
            if width > 0:
                painter.setBrush(self._look.theme.color(token))
                painter.drawRoundedRect(QRectF(0, 0, width, self.height()), radius, radius)

    def _get_shown(self) -> float:
        return self._shown

    def _set_shown(self, fraction: float) -> None:
        self._shown = fraction
        self.update()

    shown = Property(float, _get_shown, _set_shown)
