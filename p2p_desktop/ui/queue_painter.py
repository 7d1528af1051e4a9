"""How a row of the list looks."""

import time
from typing import Literal

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.plain_words import sentences
from p2p_desktop.ui.queue_model import NAME, SIZE, STATE, TIME, QueueModel
from p2p_desktop.ui.queue_row import Row
from p2p_desktop.ui.theme import (
    RADIUS_THUMBNAIL,
    RING_TURN_MS,
    ROW_HEIGHT,
    SPACE_M,
    SPACE_S,
    TEXT_ICON,
    THUMBNAIL_HEIGHT,
    THUMBNAIL_WIDTH,
    Role,
)
from p2p_desktop.ui.thumbnail_source import ThumbnailSource

Link = Literal["retry", "show_file"]
_Line = tuple[Role, int, str, str, int]  # role and weight of the type, the text, its colour, pixels from the top of the row
_LEFT = 14
_BAR = 3
_STATES = {
    "waiting": ("clock", "muted"),
    "working": ("", "accent_text"),
    "done": ("check-circle-fill", "success"),
    "skipped": ("skip-forward", "muted"),
    "failed": ("warning-circle-fill", "error"),
}
_LINK_GAP = 28


class QueuePainter(QStyledItemDelegate):
    def __init__(self, look: Look, thumbnails: ThumbnailSource, parent: QTableView) -> None:
        super().__init__(parent)
        self._look, self._thumbnails = look, thumbnails
        self._hovered, self._pointer = -1, QPoint(-1, -1)
        self._angle = 0.0

    def set_hovered(self, row: int, pointer: QPoint) -> None:
        """Where the pointer is, in pixels of the viewport."""
        self._hovered, self._pointer = row, pointer

    def turn(self) -> None:
        """Turn the ring of what is working."""
        self._angle = time.monotonic() * 1000 / RING_TURN_MS % 1.0 * 360

    def link_at(self, point: QPoint, row_rect: QRect, row: Row | None) -> Link | None:
        """Return what a click there would do, in a row of the failed ones."""
        if row is None or row.state != "failed" or not self._shows_failures():
            return None
        places = self._link_places(row_rect)
        return next((link for link, place in places.items() if place.contains(point)), None)

    def sizeHint(self, _: QStyleOptionViewItem, __: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        row: Row = index.data(Qt.ItemDataRole.UserRole)
        theme = self._look.theme
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box: QRect = option.rect
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        ground = "selected" if is_selected else "hover" if index.row() == self._hovered else "surface"
        painter.fillRect(box, theme.color(ground))
        painter.fillRect(QRect(box.left(), box.bottom(), box.width(), 1), theme.color("border"))
        if is_selected and index.column() == NAME:
            painter.fillRect(QRect(box.left(), box.top(), _BAR, box.height()), theme.color("accent_text"))
        if index.column() == NAME:
            self._paint_name(painter, box, row)
        elif self._shows_failures():
            self._paint_failure(painter, box, row)
        elif index.column() == SIZE:
            self._paint_text(painter, box, row.size_words(), "muted", numbers=True)
        elif index.column() == STATE:
            self._paint_state(painter, box, row)
        elif row.state == "failed":
            self._paint_reason(painter, box, row)
        elif index.column() == TIME:
            right = box.adjusted(0, 0, -SPACE_M - 10, 0)
            self._paint_text(painter, right, index.data() or "", "muted", numbers=True, side=Qt.AlignmentFlag.AlignRight)
        painter.restore()

    def _paint_name(self, painter: QPainter, box: QRect, row: Row) -> None:
        theme = self._look.theme
        top = box.top() + (ROW_HEIGHT - 1 - THUMBNAIL_HEIGHT) // 2
        self._paint_thumbnail(painter, QRect(box.left() + _LEFT, top, THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT), row)
        left = box.left() + _LEFT + THUMBNAIL_WIDTH + SPACE_M
        width = box.right() - SPACE_M - left
        lines: tuple[_Line, ...] = (("body", 500, row.name, "text", 3), ("small", 400, row.label, "muted", 22))
        for role, weight, text, colour, y in lines:
            font = theme.font(role)
            font.setWeight(font.Weight(weight))
            painter.setFont(font)
            painter.setPen(theme.color(colour))
            words = painter.fontMetrics().elidedText(text.replace("\n", " "), Qt.TextElideMode.ElideMiddle, width)
            painter.drawText(QRect(left, box.top() + y, width, 19), Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_thumbnail(self, painter: QPainter, place: QRect, row: Row) -> None:
        theme = self._look.theme
        ratio = painter.device().devicePixelRatioF()
        pixmap = None if row.state == "failed" and not row.height else self._thumbnails.pixmap(row.path, ratio)
        corners = QPainterPath()
        corners.addRoundedRect(QRectF(place), RADIUS_THUMBNAIL, RADIUS_THUMBNAIL)
        if pixmap is None:
            painter.fillPath(corners, theme.color("pressed"))
            icon = self._look.icons.pixmap("image", "muted", TEXT_ICON, ratio)
            painter.drawPixmap(place.center() - QPoint(TEXT_ICON // 2 - 1, TEXT_ICON // 2 - 1), icon)
            return
        painter.save()
        painter.setClipPath(corners)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        # The middle of the picture in the thumbnail's shape.
        whole = pixmap.size()
        scale = min(whole.width() / place.width(), whole.height() / place.height())
        shown = QRectF(0, 0, place.width() * scale, place.height() * scale)
        shown.moveCenter(QRectF(pixmap.rect()).center())
        painter.drawPixmap(QRectF(place), pixmap, shown)
        painter.restore()

    def _paint_state(self, painter: QPainter, box: QRect, row: Row) -> None:
        icon, colour = _STATES[row.state]
        y = box.top() + (ROW_HEIGHT - 1 - TEXT_ICON) // 2
        if icon:
            painter.drawPixmap(
                QPoint(box.left(), y), self._look.icons.pixmap(icon, colour, TEXT_ICON, painter.device().devicePixelRatioF())
            )
        else:
            self._paint_ring(painter, QRectF(box.left() + 1.5, y + 1.5, TEXT_ICON - 3, TEXT_ICON - 3))
        words = box.adjusted(TEXT_ICON + SPACE_S, 0, 0, 0)
        if row.state == "failed":
            self._paint_reason(painter, words, row)
        else:
            self._paint_text(painter, words, self._queue().state_words(row.state), colour, weight=500)

    def _paint_reason(self, painter: QPainter, box: QRect, row: Row) -> None:
        """The reason takes the place of state and time: each of the two cells shows its part of one line."""
        view = self._view()
        left = view.columnViewportPosition(STATE) + TEXT_ICON + SPACE_S
        painter.setClipRect(box)
        whole = QRect(left, box.top(), view.viewport().width() - SPACE_M - left, box.height())
        self._paint_text(painter, whole, first_sentence(row.why), "error", weight=500)

    def _paint_ring(self, painter: QPainter, place: QRectF) -> None:
        theme = self._look.theme
        painter.setPen(QPen(theme.color("track"), 2))
        painter.drawEllipse(place)
        painter.setPen(QPen(theme.color("accent_text"), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawArc(place, round((90 - self._angle) * 16), -100 * 16)

    def _paint_failure(self, painter: QPainter, box: QRect, row: Row) -> None:
        theme = self._look.theme
        ratio = painter.device().devicePixelRatioF()
        icon = self._look.icons.pixmap("warning-circle-fill", "error", TEXT_ICON, ratio)
        painter.drawPixmap(QPoint(box.left(), box.top() + (ROW_HEIGHT - 1 - TEXT_ICON) // 2), icon)
        links = self._link_places(box)
        left = box.left() + TEXT_ICON + SPACE_S
        width = links["retry"].left() - SPACE_M - left
        what, then = sentences(row.why)
        rest = ""
        font = theme.font("body")
        font.setWeight(font.Weight.Medium)
        if QFontMetrics(font).horizontalAdvance(what) > width:  # then it takes both lines; the tool tip tells what to do
            what, rest = broken(what, QFontMetrics(font), width)
        lines: tuple[_Line, ...] = (
            ("body", 500, what, "text", 3),
            ("body", 500, rest, "text", 22) if rest else ("small", 400, then, "muted", 22),
        )
        for role, weight, text, colour, y in lines:
            font = theme.font(role)
            font.setWeight(font.Weight(weight))
            painter.setFont(font)
            painter.setPen(theme.color(colour))
            middle = y if then or rest else 12
            words = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)
            painter.drawText(QRect(left, box.top() + middle, width, 19), Qt.AlignmentFlag.AlignVCenter, words)
        for link, place in links.items():
            font = theme.font("body")
            font.setWeight(font.Weight.Medium)
            font.setUnderline(place.contains(self._pointer))
            painter.setFont(font)
            painter.setPen(theme.color("accent_text"))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self._link_words()[link])

    def _paint_text(
        self,
        painter: QPainter,
        box: QRect,
        text: str,
        colour: str,
        *,
        weight: int = 400,
        numbers: bool = False,
        side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:
        font = self._look.theme.font("body")
        font.setWeight(font.Weight(weight))
        painter.setFont(font)
        painter.setPen(self._look.theme.color(colour))
        mode = Qt.TextElideMode.ElideNone if numbers else Qt.TextElideMode.ElideRight
        words = painter.fontMetrics().elidedText(text, mode, box.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | side, words)

    def _link_places(self, row_rect: QRect) -> dict[Link, QRect]:
        metrics = self._view().fontMetrics()
        places: dict[Link, QRect] = {}
        right = row_rect.right() - SPACE_M - 8
        for link in ("show_file", "retry"):
            width = metrics.horizontalAdvance(self._link_words()[link]) + 4
            places[link] = QRect(right - width, row_rect.top() + 10, width, ROW_HEIGHT - 20)
            right -= width + _LINK_GAP
        return places

    def _link_words(self) -> dict[Link, str]:
        return {"retry": self.tr("Retry"), "show_file": self.tr("Show file")}

    def _shows_failures(self) -> bool:
        return self._queue().filter == "failed"

    def _view(self) -> QTableView:
        view = self.parent()
        if not isinstance(view, QTableView):
            raise TypeError("a painter belongs to its view")
        return view

    def _queue(self) -> QueueModel:
        model = self._view().model()
        if not isinstance(model, QueueModel):
            raise TypeError("the view shows no queue")
        return model


def first_sentence(reason: str) -> str:
    return sentences(reason)[0]


def broken(text: str, metrics: QFontMetrics, width: int) -> tuple[str, str]:
    """Part a text between words so that the first part fits into a width, in pixels; nothing is parted where no word fits."""
    words = text.split(" ")
    fitting = max((n for n in range(1, len(words)) if metrics.horizontalAdvance(" ".join(words[:n])) <= width), default=len(words))
    return " ".join(words[:fitting]), " ".join(words[fitting:])
