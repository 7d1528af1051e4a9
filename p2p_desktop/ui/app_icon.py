"""The program's icon, drawn: a picture that is blurred on the left of a line and sharp on its right."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPixmap

from p2p_desktop.ui.tokens import DARK, LIGHT

_SIZES = (16, 24, 32, 48, 64, 128, 256)


def app_icon() -> QIcon:
    icon = QIcon()
    for side in _SIZES:
        icon.addPixmap(icon_pixmap(side))
    return icon


def icon_pixmap(side: int) -> QPixmap:
    """The icon drawn for a square of `side` pixels."""
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    unit = side / 16
    ground = QPainterPath()
    ground.addRoundedRect(QRectF(unit, unit, 14 * unit, 14 * unit), 3 * unit, 3 * unit)
    painter.setClipPath(ground)
    painter.fillRect(QRectF(0, 0, 8 * unit, side), QColor(DARK.track))
    painter.fillRect(QRectF(8 * unit, 0, 8 * unit, side), QColor(LIGHT.accent))
    for left, token in ((0.0, LIGHT.outline), (8 * unit, LIGHT.on_accent)):
        painter.save()
        painter.setClipRect(QRectF(left, 0, 8 * unit, side), Qt.ClipOperation.IntersectClip)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(token))
        hill = QPainterPath()
        hill.moveTo(0, 15 * unit)
        hill.lineTo(6 * unit, 7 * unit)
        hill.lineTo(9 * unit, 10.5 * unit)
        hill.lineTo(11 * unit, 8.5 * unit)
        hill.lineTo(16 * unit, 15 * unit)
        painter.drawPath(hill)
        painter.drawEllipse(QRectF(10.5 * unit, 3.5 * unit, 2.5 * unit, 2.5 * unit))
        painter.restore()
    painter.fillRect(QRectF(7.5 * unit, 0, unit, side), QColor(LIGHT.on_accent))
    painter.end()
    return pixmap
