"""How curves are told apart, and the box beside the cursor that says their values."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import RADIUS_CONTROL, SPACE_M, SPACE_S

_DASHES: tuple[list[float], ...] = ([], [5.0, 2.0], [1.5, 1.5], [5.0, 1.5, 1.5, 1.5])
"""Solid, dash, dots, dash-dot, in widths of the line: no curve is known by its colour alone."""
_WIDTH = 2.0  # pixels of a smoothed line
_SAMPLE = 20  # pixels of line beside its name
_GAP = 10  # pixels between cursor and box


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One line of the read-out."""

    index: int
    """The curve's place among the theme's; -1: words without a curve."""
    title: str
    words: str
    value: float | None = None
    """Where its mark stands; None: it has none."""


def curve_pen(look: Look, index: int, *, raw: bool = False) -> QPen:
    """The pen of a curve by its place. `raw`: one pixel, solid."""
    tokens = look.theme.tokens
    pen = QPen(QColor(tokens.plots[index % len(tokens.plots)]), 1.0 if raw else _WIDTH)
    pen.setCosmetic(True)
    dashes = _DASHES[index % len(_DASHES)]
    if dashes and not raw:
        pen.setDashPattern(dashes)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def paint_read_out(painter: QPainter, look: Look, room: QRectF, x: float, rows: Sequence[ReadRow], avoid: QRectF) -> None:
    """Draw the box beside `x`, on the right where there is room, at the top of `room`, or below `avoid` where that lies there."""
    if not rows:
        return
    theme = look.theme
    names, figures = theme.font("small", QFont.Weight.Medium), theme.font("small", QFont.Weight.Medium)
    metrics = QFontMetricsF(names)
    name_width = max(metrics.horizontalAdvance(row.title) for row in rows)
    figure_width = max(metrics.horizontalAdvance(row.words) for row in rows)
    sample = _SAMPLE + SPACE_S if any(row.index >= 0 for row in rows) else 0
    height = metrics.height() + 4
    box = QRectF(0, room.top() + 2, sample + name_width + SPACE_M + figure_width + 2 * SPACE_S, len(rows) * height + SPACE_S)
    box.moveLeft(x + _GAP if x + _GAP + box.width() <= room.right() or x - room.left() < box.width() else x - _GAP - box.width())
    if box.intersects(avoid):
        box.moveTop(avoid.bottom() + 2)
    painter.setPen(QPen(theme.color("border"), 1))
    painter.setBrush(theme.color("surface"))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_CONTROL, RADIUS_CONTROL)
    for number, row in enumerate(rows):
        line = QRectF(box.left() + SPACE_S, box.top() + SPACE_S / 2 + number * height, box.width() - 2 * SPACE_S, height)
        if row.index >= 0:
            painter.setPen(curve_pen(look, row.index))
            painter.drawLine(QPointF(line.left(), line.center().y()), QPointF(line.left() + _SAMPLE, line.center().y()))
        painter.setPen(theme.color("text"))
        painter.setFont(names)
        painter.drawText(line.adjusted(sample, 0, 0, 0), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, row.title)
        painter.setFont(figures)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, row.words)
