"""Before and after in one picture, drawn: the left half of one, the right half of the other, a line between."""

from PySide6.QtCore import QCoreApplication, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import SPACE_L, SPACE_M, SPACE_S

_LINE = 2
_HANDLE_RADIUS = 15.0
_CHEVRON, _CHEVRON_GAP = 4.0, 4.5


def before_word() -> str:
    return QCoreApplication.translate("Halves", "Before")


def after_word() -> str:
    return QCoreApplication.translate("Halves", "After")


def paint_halves(
    painter: QPainter, box: QRect, before: QPixmap, after: QPixmap, look: Look, *, labels: bool = False, handle: bool = False
) -> QRect:
    """Fit both into `box` at their aspect, centred; return where they lie."""
    size = before.deviceIndependentSize().scaled(box.size().toSizeF(), Qt.AspectRatioMode.KeepAspectRatio).toSize()
    left, top = box.left() + (box.width() - size.width()) // 2, box.top() + (box.height() - size.height()) // 2
    place = QRect(left, top, size.width(), size.height())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    middle = place.width() // 2
    for pixmap, start, width in ((before, 0, middle), (after, middle, place.width() - middle)):
        scale = pixmap.width() / max(1, place.width())
        source = QRectF(start * scale, 0, width * scale, pixmap.height())
        painter.drawPixmap(QRectF(place.left() + start, place.top(), width, place.height()), pixmap, source)
    x = place.left() + middle
    painter.fillRect(QRect(x - _LINE // 2 - 1, place.top(), _LINE + 2, place.height()), _faint(look))
    painter.fillRect(QRect(x - _LINE // 2, place.top(), _LINE, place.height()), look.theme.color("on_plate"))
    if handle:
        paint_handle(painter, QPointF(x, place.center().y()), look)
    if labels and place.width() >= 2 * plate_width(look) + 2 * SPACE_S + SPACE_L:  # else they would touch, and hide the picture
        paint_plate(painter, QPointF(place.left() + SPACE_S, place.top() + SPACE_S), before_word(), look)
        paint_plate(painter, QPointF(place.right() - SPACE_S + 1, place.top() + SPACE_S), after_word(), look, from_right=True)
    return place


def paint_handle(painter: QPainter, centre: QPointF, look: Look) -> None:
    """A white disc with two chevrons, readable on any picture."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(_faint(look), 1))
    painter.setBrush(look.theme.color("on_plate"))
    painter.drawEllipse(centre, _HANDLE_RADIUS, _HANDLE_RADIUS)
    chevrons = QPainterPath()
    for side in (-1, 1):
        tip = QPointF(centre.x() + side * (_CHEVRON_GAP + _CHEVRON), centre.y())
        chevrons.moveTo(tip.x() - side * _CHEVRON, tip.y() - _CHEVRON)
        chevrons.lineTo(tip)
        chevrons.lineTo(tip.x() - side * _CHEVRON, tip.y() + _CHEVRON)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(look.theme.color("plate"), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.drawPath(chevrons)
    painter.restore()


def paint_plate(painter: QPainter, corner: QPointF, text: str, look: Look, *, from_right: bool = False) -> None:
    """Words on a dark plate, its upper left (or right) corner at `corner`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(_plate_font(look))
    metrics = painter.fontMetrics()
    width, height = metrics.horizontalAdvance(text) + 2 * SPACE_S, metrics.height() + 6
    plate = QRectF(corner.x() - (width if from_right else 0), corner.y(), width, height)
    _paint_ground(painter, plate, look)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def paint_sentence(painter: QPainter, room: QRectF, text: str, look: Look) -> None:
    """Words on a dark plate at the lower centre of `room`, in as many lines as they need."""
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    most = room.adjusted(SPACE_M, 0, -SPACE_M, 0)
    words = QFontMetricsF(_plate_font(look)).boundingRect(most, int(flags), text)
    plate = QRectF(0, 0, words.width() + 2 * SPACE_S, words.height() + 6)
    plate.moveCenter(room.center())
    plate.moveBottom(room.bottom())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint_ground(painter, plate, look)
    painter.setFont(_plate_font(look))
    painter.drawText(plate, int(flags), text)
    painter.restore()


def plate_width(look: Look, text: str = "") -> float:
    """How wide the plate of a text is; of the longer of the two usual words, if none is given."""
    metrics = QFontMetricsF(_plate_font(look))
    return max(metrics.horizontalAdvance(words) for words in ([text] if text else [before_word(), after_word()])) + 2 * SPACE_S


def _paint_ground(painter: QPainter, plate: QRectF, look: Look) -> None:
    """Paint the plate itself, and take up the pen of its words."""
    painter.setPen(Qt.PenStyle.NoPen)
    colour = look.theme.color("plate")
    colour.setAlphaF(0.82)
    painter.setBrush(colour)
    painter.drawRoundedRect(plate, 4, 4)
    painter.setPen(look.theme.color("on_plate"))


def _plate_font(look: Look) -> QFont:
    return look.theme.font("body", look.theme.font("title").weight())


def _faint(look: Look) -> QColor:
    colour = look.theme.color("on_plate_edge")
    colour.setAlphaF(0.35)
    return colour
