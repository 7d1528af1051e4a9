"""A plot of curves over the steps of a run, with round ticks, a cursor and its read-out.

Lines come reduced to the width of the plot, and are drawn once, into a pixmap: a cursor that moves costs a blit and not the lines.

Why not pyqtgraph: reduced lines need no more than a painter; it takes half a second to import, which stops the window, and must not
be imported in another thread (it makes objects of Qt on the way: a crash). Its views were painted twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite, log10

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QWidget

from p2p_desktop.runs.curves import Floats, Points, linear_ticks, log_ticks, tick_words
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.plot_read_out import ReadRow, curve_pen, paint_read_out
from p2p_desktop.ui.theme import SPACE_S, SPACE_XS

__all__ = ["CurvePlot", "ReadRow"]

_DOT = 4.5  # pixels: radius of what marks a curve at the cursor
_STAR = 14  # pixels
_RAW_ALPHA = 0.28  # of the numbers as they came, behind what is smoothed
_TICK_ROOM_Y, _TICK_ROOM_X = 2.4, 9.0  # heights and widths of letters that a tick takes up
_KEY_PARTS = 100  # of the axis, one by each key
_FADED_LEVEL = 1.5  # pixels: the line of doing nothing


@dataclass(frozen=True, slots=True)
class _Level:
    value: float
    words: str


@dataclass(frozen=True, slots=True)
class _Star:
    step: int
    value: float
    words: str
    below: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    points: Points
    index: int
    raw: bool
    faded: bool
    band: bool


class CurvePlot(QWidget):
    """Shows lines with a name each. Steps are whole; values are as told, whatever the axis."""

    cursor_moved = Signal(int)  # by the person: a step
    resized = Signal()  # lines must be reduced anew

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.density = 1.0
        """Pixels of a picture that it is drawn into for one of the screen."""
        self._is_log = False
        self._steps, self._low, self._high = 1, 0.0, 1.0
        self._words: Callable[[float], str] = tick_words
        self._lines: dict[str, _Line] = {}
        self._drawn: QPixmap | None = None  # the lines
        self._cursor: int | None = None
        self._stops: list[int] = []
        self._rows: Sequence[ReadRow] = ()
        self._level: _Level | None = None
        self._star: _Star | None = None
        self._nothing = ""
        self._room = QRect(0, 0, 1, 1)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        look.theme.changed.connect(self._on_theme_changed)
        look.icons.ready.connect(self.update)
        self._place()

    # --- what is shown

    @property
    def num_columns(self) -> int:
        """Pixels of the screen that the lines have, from left to right."""
        return max(1, round(self._inner().width() * self.devicePixelRatioF() * self.density))

    @property
    def steps(self) -> int:
        """Where the axis ends."""
        return self._steps

    @property
    def is_log(self) -> bool:
        return self._is_log

    def set_steps(self, steps: int) -> None:
        """Let the axis reach from 0 to so many steps."""
        if steps != self._steps:
            self._steps = max(1, steps)
            self._apply_range()

    def set_values(self, low: float, high: float, *, log: bool, words: Callable[[float], str] = tick_words) -> None:
        """From where to where the other axis reaches; logarithms, if `log`. `words` say a tick."""
        if (low, high, log) != (self._low, self._high, self._is_log) or words is not self._words:
            self._low, self._high, self._is_log, self._words = low, high, log, words
            self._apply_range()

    def set_line(self, key: str, points: Points, index: int, *, raw: bool = False, faded: bool = False, band: bool = False) -> None:
        """Draw a line in the colour and dash of a curve's place in the theme. `raw`: one pixel, no dash, behind the others.

        `band`: fill what lies between two points of one place, where there are so many steps that no more could be seen: lines
        up and down cost ten times as much.
        """
        self._lines[key] = _Line(points, index, raw, faded, band and len(points[0]) % 2 == 0)
        self._redraw()

    def keep_lines(self, keys: set[str]) -> None:
        """Take away all other lines."""
        for key in set(self._lines) - keys:
            del self._lines[key]
            self._redraw()

    @property
    def lines(self) -> dict[str, Points]:
        """What is drawn, by its name."""
        return {key: line.points for key, line in self._lines.items()}

    def set_cursor(self, step: int | None, rows: Sequence[ReadRow]) -> None:
        """Stand at a step, and say what there is to read."""
        if (step, list(rows)) == (self._cursor, list(self._rows)):
            return
        self._cursor, self._rows = step, tuple(rows)
        said = ", ".join(f"{row.title} {row.words}" for row in rows)
        where = self.tr("Step {n}").format(n=f"{step:,}") if step is not None else ""
        self.setAccessibleDescription(": ".join(filter(None, (where, said))) or self._nothing)
        self.update()

    def set_stops(self, steps: Sequence[int]) -> None:
        """Where arrow keys and clicks halt; none: anywhere."""
        self._stops = list(steps)

    def set_level(self, value: float | None, words: str = "") -> None:
        """A dashed line across, with words."""
        level = _Level(value, words) if value is not None and isfinite(value) else None
        if level != self._level:
            self._level = level
            self.update()

    def set_star(self, step: int | None, value: float = 0.0, words: str = "", *, below: bool = False) -> None:
        """A star above a point of a curve, or below it, with words before it."""
        star = _Star(step, value, words, below) if step is not None and isfinite(value) else None
        if star != self._star:
            self._star = star
            self.update()

    def set_nothing(self, words: str) -> None:
        """What to say where there is no line yet; "" if there are some."""
        if words != self._nothing:
            self._nothing = words
            self.update()

    # --- painting

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._nothing:
            painter.setFont(self._look.theme.font("small"))
            painter.setPen(self._look.theme.color("muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._nothing)
            return
        self._paint_ground(painter)
        painter.drawPixmap(self._inner().topLeft(), self._pixmap())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_level(painter)
        starred = self._paint_star(painter)
        self._paint_cursor(painter, starred)

    def _paint_ground(self, painter: QPainter) -> None:
        theme, inner = self._look.theme, self._inner()
        painter.setFont(theme.font("badge"))
        metrics = QFontMetricsF(painter.font())
        for value in self._ticks_y():
            y = round(self._y_of(value)) + 0.5
            painter.setPen(QPen(theme.color("plot_grid"), 1))
            painter.drawLine(QPointF(inner.left(), y), QPointF(inner.right(), y))
            painter.setPen(theme.color("muted"))
            room = QRectF(0, y - metrics.height() / 2, inner.left() - SPACE_S, metrics.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._words(value))
        painter.setPen(theme.color("muted"))
        for value in self._ticks_x():
            words = tick_words(value)
            width = metrics.horizontalAdvance(words)
            x = min(self._x_of(value) - width / 2, self.width() - width)
            painter.drawText(QPointF(x, self.height() - metrics.descent() - 1), words)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _pixmap(self) -> QPixmap:
        """Draw the lines, if something has changed: raw ones first."""
        ratio = self.devicePixelRatioF() * self.density
        size = (self._inner().size().toSizeF() * ratio).toSize()
        if self._drawn is None or self._drawn.size() != size:
            self._drawn = QPixmap(size)
            self._drawn.setDevicePixelRatio(ratio)
            self._drawn.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._drawn)
            for line in sorted(self._lines.values(), key=lambda line: not line.raw):
                self._draw_line(painter, line)
            painter.end()
        return self._drawn

    def _draw_line(self, painter: QPainter, line: _Line) -> None:
        (x, y), inner = line.points, self._inner()
        if self._is_log:
            positive = y > 0
            x, y = x[positive], np.log10(y[positive])
        across = x * (inner.width() / self._steps)
        down = inner.height() - (y - self._low) * (inner.height() / (self._high - self._low))
        pen = curve_pen(self._look, line.index, raw=line.raw)
        if line.faded:
            colour = pen.color()
            colour.setAlphaF(_RAW_ALPHA)
            pen.setColor(colour)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not line.raw)
        if line.band:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(pen.color())
            painter.drawPolygon(_polygon(*_outline(across, down)))
        else:
            painter.setPen(pen)
            painter.drawPolyline(_polygon(across, down))

    def _redraw(self) -> None:
        self._drawn = None
        self.update()

    def _place(self) -> None:
        width, self._room = self._room.width(), self._measured()
        if self._room.width() != width:
            self.resized.emit()

    def _inner(self) -> QRect:
        """Where the lines lie."""
        return self._room

    def _measured(self) -> QRect:
        metrics = QFontMetricsF(self._look.theme.font("badge"))
        words = [self._words(value) for value in self._ticks(self.height() / (_TICK_ROOM_Y * metrics.height()))]
        left = max([metrics.horizontalAdvance(said) for said in words], default=0.0) + SPACE_S
        top, bottom = metrics.height() / 2 + 1, metrics.height() + SPACE_S
        right = metrics.horizontalAdvance("0") * 2
        return QRect(
            round(left), round(top), max(1, round(self.width() - left - right)), max(1, round(self.height() - top - bottom))
        )

    def _apply_range(self) -> None:
        self._place()
        self._redraw()

    def _ticks_y(self) -> list[float]:
        metrics = QFontMetricsF(self._look.theme.font("badge"))
        return self._ticks(self.height() / (_TICK_ROOM_Y * metrics.height()))

    def _ticks(self, most: float) -> list[float]:
        ticks = log_ticks if self._is_log else linear_ticks
        return ticks(self._low, self._high, max(2, int(most)))

    def _ticks_x(self) -> list[float]:
        room = _TICK_ROOM_X * QFontMetricsF(self._look.theme.font("badge")).horizontalAdvance("0")
        return linear_ticks(0, self._steps, max(2, int(self._inner().width() / room)))

    def _x_of(self, step: float) -> float:
        inner = self._inner()
        return inner.left() + step / self._steps * inner.width()

    def _y_of(self, value: float) -> float:
        inner = self._inner()
        place = log10(value) if self._is_log and value > 0 else self._low if self._is_log else value
        return inner.bottom() + 1 - (place - self._low) / (self._high - self._low) * inner.height()

    def _on_theme_changed(self) -> None:
        self._place()
        self._redraw()

    # --- what the person does

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._go_to_x(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go_to_x(event.position().x())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        at = self._cursor or 0
        match event.key():
            case Qt.Key.Key_Left:
                self._go_to(self._next_stop(at, -1))
            case Qt.Key.Key_Right:
                self._go_to(self._next_stop(at, 1))
            case Qt.Key.Key_Home:
                self._go_to(self._stops[0] if self._stops else 0)
            case Qt.Key.Key_End:
                self._go_to(self._stops[-1] if self._stops else self._steps)
            case _:
                super().keyPressEvent(event)

    def _next_stop(self, at: int, way: int) -> int:
        if not self._stops:
            return at + way * max(1, self._steps // _KEY_PARTS)
        beyond = [step for step in self._stops if (step - at) * way > 0]
        return (min(beyond) if way > 0 else max(beyond)) if beyond else at

    def _go_to_x(self, x: float) -> None:
        inner = self._inner()
        step = round((x - inner.left()) / inner.width() * self._steps)
        self._go_to(min(self._stops, key=lambda stop: abs(stop - step)) if self._stops else step)

    def _go_to(self, step: int) -> None:
        self.cursor_moved.emit(min(max(0, step), self._steps))

    def _paint_level(self, painter: QPainter) -> None:
        if self._level is None:
            return
        theme, inner, y = self._look.theme, self._inner(), self._y_of(self._level.value)
        pen = QPen(theme.color("muted"), _FADED_LEVEL)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.drawLine(QPointF(inner.left(), y), QPointF(inner.right(), y))
        painter.setFont(theme.font("badge"))
        height = QFontMetricsF(painter.font()).height()
        above = y - height - SPACE_XS >= inner.top()
        room = QRectF(inner.left(), y - height - 2 if above else y + 2, inner.width() - SPACE_XS, height)
        painter.setPen(theme.color("muted"))
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._level.words)

    def _paint_star(self, painter: QPainter) -> QRectF:
        """Return where star and words lie."""
        if self._star is None:
            return QRectF()
        theme, inner = self._look.theme, self._inner()
        x, y = self._x_of(self._star.step), self._y_of(self._star.value)
        place = QRectF(x - _STAR / 2, y - _STAR - SPACE_XS, _STAR, _STAR)
        if self._star.below:
            place.moveTop(min(y + SPACE_XS, inner.bottom() - _STAR))
        place.moveTop(max(place.top(), 0.0))
        self._look.icons.paint(painter, place, "star-fill", theme.color("warning"))
        painter.setFont(theme.font("badge"))
        metrics = QFontMetricsF(painter.font())
        width = metrics.horizontalAdvance(self._star.words)
        left = place.left() - SPACE_XS - width
        if left < inner.left():
            left = place.right() + SPACE_XS
        painter.setPen(theme.color("text"))
        words = QRectF(left, place.top(), width + 1, _STAR)
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, self._star.words)
        return place | words

    def _paint_cursor(self, painter: QPainter, starred: QRectF) -> None:
        if self._cursor is None:
            return
        theme, inner, x = self._look.theme, self._inner(), self._x_of(self._cursor)
        painter.setPen(QPen(theme.color("text"), 1))
        painter.drawLine(QPointF(x, 0), QPointF(x, inner.bottom()))
        for row in self._rows:
            if row.value is not None and isfinite(row.value) and (row.value > 0 or not self._is_log):
                painter.setPen(QPen(theme.color("text") if row.index < 0 else curve_pen(self._look, row.index).color(), 2))
                painter.setBrush(theme.color("surface"))
                painter.drawEllipse(QPointF(x, self._y_of(row.value)), _DOT, _DOT)
        paint_read_out(painter, self._look, QRectF(inner), x, self._rows, starred)


def _outline(across: Floats, down: Floats) -> Points:
    """Along the upper ends of pairs of points, and back along the lower ones, a pixel apart at least."""
    upper, lower = np.minimum(down[0::2], down[1::2]), np.maximum(down[0::2], down[1::2])
    lower = np.maximum(lower, upper + 1)
    return np.concatenate([across[0::2], across[::-2]]), np.concatenate([upper, lower[::-1]])


def _polygon(across: Floats, down: Floats) -> QPolygonF:
    return QPolygonF(list(map(QPointF, across.tolist(), down.tolist())))
