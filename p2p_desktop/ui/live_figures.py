"""How fast Live is: frames a second, with their last seconds as a curve; the delay with its parts. Painted, not measured, here."""

from collections import deque
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import ACTION_BAR_HEIGHT, SPACE_L, SPACE_M, SPACE_S

if TYPE_CHECKING:  # it imports NumPy; the first paint must not wait for it
    from p2p_desktop.live.meter import Figures

_CURVE_WIDTH, _CURVE_HEIGHT = 110.0, 22.0
_MOST_RATES = 56  # points of the curve: at four a second, the last 14 seconds
_BAR_WIDTH, _BAR_HEIGHT, _BAR_GAP = 290.0, 8.0, 2.0
_LEAST_BAR = 190.0
_LEAST_PART = 3.0  # pixels: a part that takes no time is to be seen all the same
_WORDS_EVERY = 8  # times that figures are shown: every two seconds
_NOTHING = "\u2013"


class LiveFigures(QWidget):
    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._figures: Figures | None = None
        self._num_shown = 0
        self._rates: deque[float] = deque(maxlen=_MOST_RATES)
        self.setObjectName("live_figures")
        self.setMinimumHeight(ACTION_BAR_HEIGHT - 2)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.theme.changed.connect(self.update)
        self.show_figures(None)

    def sizeHint(self) -> QSize:
        return QSize(760, ACTION_BAR_HEIGHT - 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(100, ACTION_BAR_HEIGHT - 2)

    def show_figures(self, figures: "Figures | None") -> None:
        """Of the last moments; None while nothing is watched."""
        self._figures = figures
        if figures is None or not figures.frames_out:
            self._rates.clear()
        else:
            self._rates.append(figures.fps_out)
        self._num_shown += 1
        if self._num_shown % _WORDS_EVERY == 1 or not self._rates:  # not as often as they change: screen readers would never end
            words = self._words()
            if words != self.accessibleName():
                self.setAccessibleName(words)
                self.setToolTip(words)
        self.update()

    def _words(self) -> str:
        figures = self._figures
        if figures is None or not figures.frames_out:
            return self.tr("Nothing is translated yet")
        return self.tr(
            "{out:.1f} frames a second of {came:.1f} that the camera sends; {dropped} left out so far, as newer ones were there. "
            "Delay {delay:.0f} ms from the camera to the screen, {worst:.0f} ms for the slowest in twenty: camera {camera:.0f}, "
            "model {model:.0f}, screen {screen:.0f}."
        ).format(
            out=figures.fps_out,
            came=figures.fps_in,
            dropped=f"{figures.dropped:,}",
            delay=figures.latency_ms_p50,
            worst=figures.latency_ms_p95,
            camera=figures.camera_ms,
            model=figures.model_ms,
            screen=figures.screen_ms,
        )

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        figures = self._figures if self._figures is not None and self._figures.frames_out else None
        x = self._paint_figure(painter, 0.0, f"{figures.fps_out:.1f}" if figures else _NOTHING, self.tr("frames a second"))
        delay = f"{figures.latency_ms_p50:.0f}" if figures else _NOTHING
        needed = x + SPACE_L + self._figure_width(delay, self.tr("ms delay"))
        if self.width() >= needed + _CURVE_WIDTH + SPACE_M + _LEAST_BAR:
            self._paint_curve(painter, QRectF(x + SPACE_M, (self.height() - _CURVE_HEIGHT) / 2, _CURVE_WIDTH, _CURVE_HEIGHT))
            x += SPACE_M + _CURVE_WIDTH
        painter.fillRect(QRectF(x + SPACE_L + 4, self.height() * 0.3, 1, self.height() * 0.4), self._look.theme.color("border"))
        x = self._paint_figure(painter, x + 2 * SPACE_L + 6, delay, self.tr("ms delay"))
        room = self.width() - x - SPACE_L
        if figures is not None and room >= _LEAST_BAR:
            self._paint_parts(painter, x + SPACE_L, min(room, _BAR_WIDTH), figures)

    def _figure_width(self, figure: str, words: str) -> float:
        theme = self._look.theme
        return (
            QFontMetricsF(theme.font("figure")).horizontalAdvance(figure)
            + SPACE_S
            + QFontMetricsF(theme.font("body")).horizontalAdvance(words)
            + 2 * SPACE_L
        )

    def _paint_figure(self, painter: QPainter, x: float, figure: str, words: str) -> float:
        """Return where it ends."""
        theme = self._look.theme
        font = theme.font("figure")
        metrics = QFontMetricsF(font)
        digits = "".join("0" if letter.isdigit() else letter for letter in figure)  # digits have one width: nothing jitters
        width = metrics.horizontalAdvance(digits)
        baseline = (self.height() + metrics.ascent() - metrics.descent()) / 2
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        painter.drawText(QRectF(x, 0, width + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, figure)
        painter.setFont(theme.font("body"))
        painter.setPen(theme.color("muted"))
        x += width + SPACE_S
        painter.drawText(int(x), int(baseline) - 2, words)
        return x + QFontMetricsF(theme.font("body")).horizontalAdvance(words)

    def _paint_curve(self, painter: QPainter, box: QRectF) -> None:
        if len(self._rates) < 2:
            return
        most = max(*self._rates, 1.0) * 1.15
        step = box.width() / (_MOST_RATES - 1)
        first = _MOST_RATES - len(self._rates)
        points = QPolygonF()
        for index, rate in enumerate(self._rates):
            points.append(QRectF(box.left() + (first + index) * step, box.bottom() - rate / most * box.height(), 0, 0).topLeft())
        painter.setPen(QPen(self._look.theme.color("accent_text"), 1.5))
        painter.drawPolyline(points)

    def _paint_parts(self, painter: QPainter, x: float, width: float, figures: "Figures") -> None:
        theme = self._look.theme
        font = theme.font("small")
        metrics = QFontMetricsF(font)
        parts = (
            (self.tr("camera"), figures.camera_ms, theme.tokens.plots[0]),
            (self.tr("model"), figures.model_ms, theme.tokens.plots[1]),
            (self.tr("screen"), figures.screen_ms, theme.tokens.plots[2]),
        )
        total = sum(value for _, value, _ in parts) or 1.0
        room = width - 2 * _BAR_GAP - len(parts) * _LEAST_PART
        top = self.height() / 2 - _BAR_HEIGHT - 3
        painter.setFont(font)
        words = [f"{name} {value:.0f}" for name, value, _ in parts]
        widths = [metrics.horizontalAdvance(text) for text in words]
        left, edge = x, x
        for index, (_, value, colour) in enumerate(parts):
            part = _LEAST_PART + room * value / total
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(QRectF(left, top, part, _BAR_HEIGHT), 2, 2)
            after = sum(widths[index:]) + SPACE_M * (len(parts) - 1 - index)
            at = max(edge, min(left, x + width - after))  # below its part as far as there is room for all words
            painter.setPen(theme.color("muted"))
            painter.drawText(int(at), int(top + _BAR_HEIGHT + 4 + metrics.ascent()), words[index])
            edge = at + widths[index] + SPACE_M
            left += part + _BAR_GAP
