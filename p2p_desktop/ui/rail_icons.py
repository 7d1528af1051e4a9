"""The icons of the five places, drawn as paths: the first paint needs no icon font."""

from math import cos, pi, sin
from typing import Literal

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

Place = Literal["convert", "live", "train", "models", "settings"]

_STROKE = 1.5  # pixels of a 24-pixel icon
_TEETH = 8
_WITH_OPENINGS = ("convert", "settings")  # details lie within the shape; elsewhere they are lines beside it


def paint_rail_icon(painter: QPainter, place: Place, corner: QPoint, colour: QColor, ground: QColor, filled: bool) -> None:
    """Paint 24 x 24 pixels at `corner`. `ground` is the colour behind: what a filled form leaves open shows it."""
    painter.save()
    painter.translate(corner)
    painter.setPen(_pen(colour))
    painter.setBrush(colour if filled else Qt.BrushStyle.NoBrush)
    shape, details = _SHAPES[place]()
    painter.drawPath(shape)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_pen(ground if filled and place in _WITH_OPENINGS else colour))
    painter.drawPath(details)
    painter.restore()


def _pen(colour: QColor) -> QPen:
    return QPen(colour, _STROKE, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def _lines(*points: tuple[float, float], closed: bool = False) -> QPainterPath:
    path = QPainterPath(QPointF(*points[0]))
    for point in points[1:]:
        path.lineTo(*point)
    if closed:
        path.closeSubpath()
    return path


def _picture() -> tuple[QPainterPath, QPainterPath]:
    shape, details = QPainterPath(), _lines((4.5, 17), (9, 11.5), (12.5, 15.5), (15, 13), (19.5, 17.5))
    shape.addRoundedRect(QRectF(3.5, 4, 17, 16), 1.5, 1.5)
    details.addEllipse(QPointF(15, 9), 1.2, 1.2)
    return shape, details


def _camera() -> tuple[QPainterPath, QPainterPath]:
    shape = QPainterPath()
    shape.addRoundedRect(QRectF(2.5, 6, 13.5, 12), 1.5, 1.5)
    shape.addPath(_lines((16, 10.5), (21.5, 7.5), (21.5, 16.5), (16, 13.5)))
    return shape, QPainterPath()


def _curve() -> tuple[QPainterPath, QPainterPath]:
    details = _lines((3.5, 4.5), (3.5, 19.5), (20.5, 19.5))
    details.addPath(_lines((6.5, 15), (10.5, 10.5), (13.5, 13.5), (19.5, 7.5)))
    details.addPath(_lines((15.5, 7.2), (19.8, 7.2), (19.8, 11.5)))
    return QPainterPath(), details


def _stack() -> tuple[QPainterPath, QPainterPath]:
    shape = _lines((12, 3.5), (20.5, 8.5), (12, 13.5), (3.5, 8.5), closed=True)
    details = _lines((3.5, 12.3), (12, 17.2), (20.5, 12.3))
    details.addPath(_lines((3.5, 16), (12, 21), (20.5, 16)))
    return shape, details


def _gear() -> tuple[QPainterPath, QPainterPath]:
    points = []
    for tooth in range(_TEETH):
        for offset, radius in ((-0.26, 7.4), (-0.17, 9.3), (0.17, 9.3), (0.26, 7.4)):
            angle = 2 * pi * (tooth + offset) / _TEETH
            points.append((12 + radius * cos(angle), 12 + radius * sin(angle)))
    details = QPainterPath()
    details.addEllipse(QPointF(12, 12), 3.2, 3.2)
    return _lines(*points, closed=True), details


_SHAPES = {"convert": _picture, "live": _camera, "train": _curve, "models": _stack, "settings": _gear}
