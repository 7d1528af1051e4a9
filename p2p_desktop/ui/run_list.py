"""The runs there are, a row each: picture, name, how it stands, best result, when."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QDeadlineTimer,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QFont, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from p2p_desktop.ui import glance_words, run_words
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.notes import BadgeKind
from p2p_desktop.ui.plain_words import wrapped
from p2p_desktop.ui.theme import RADIUS_CARD, RADIUS_THUMBNAIL, SPACE_L, SPACE_M, SPACE_S, SPACE_XL, SPACE_XS, TEXT_ICON
from p2p_desktop.ui.thumbnail_source import ThumbnailSource

if TYPE_CHECKING:
    from p2p_desktop.runs.run_glance import RunGlance

Index = QModelIndex | QPersistentModelIndex

_ROW, _GAP = 76, SPACE_S
_PICTURE = QSize(80, 56)
_PARTS = 3  # input, result and target lie side by side in a sample
_DOTS = 28
_BAR = 3
_MOST_KEPT = 300


class RunList(QListView):
    open_asked = Signal(Path)
    remove_asked = Signal(Path)
    menu_asked = Signal(Path, QPoint)  # a run, and where on the screen

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = ThumbnailSource(_PARTS * _PICTURE.width(), _MOST_KEPT, self)
        self._rows = _Rows(self)
        self.setObjectName("train_runs")
        self.setProperty("role", "cards")
        self.setAccessibleName(self.tr("Training runs"))
        self.setModel(self._rows)
        self.setItemDelegate(_RowPainter(look, self._thumbnails, self))
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.setViewportMargins(SPACE_XL, SPACE_L, SPACE_XL, 0)
        self.activated.connect(self._on_activated)
        self._thumbnails.arrived.connect(self._on_thumbnail)
        self._thumbnails.get_ready()
        look.theme.changed.connect(self.viewport().update)
        look.icons.ready.connect(self.viewport().update)

    @property
    def selected(self) -> "RunGlance | None":
        index = self.currentIndex()
        return index.data(Qt.ItemDataRole.UserRole) if index.isValid() else None

    def show_runs(self, glances: "Sequence[RunGlance]") -> None:
        """Show these; the one that is selected stays so, if it is among them, and nothing moves below the person's eyes."""
        kept = self.selected
        self._rows.show(list(glances))
        place = self._rows.place_of(kept.folder) if kept is not None else None
        if place is None and glances:
            place = 0
        if place is not None and place != self.currentIndex().row():
            self.setCurrentIndex(self._rows.index(place, 0))

    def close_down(self, until: QDeadlineTimer) -> None:
        self._thumbnails.close(until)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and dots_of(row_of(self.visualRect(index))).contains(event.position().toPoint()):
            self.menu_asked.emit(index.data(Qt.ItemDataRole.UserRole).folder, event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and not dots_of(row_of(self.visualRect(index))).contains(event.position().toPoint()):
            super().mouseDoubleClickEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        index = self.indexAt(event.pos()) if by_mouse else self.currentIndex()
        if index.isValid():
            dots = self.viewport().mapToGlobal(dots_of(row_of(self.visualRect(index))).center())
            self.menu_asked.emit(index.data(Qt.ItemDataRole.UserRole).folder, event.globalPos() if by_mouse else dots)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        glance = self.selected
        if glance is not None and event.key() == Qt.Key.Key_Delete:
            self.remove_asked.emit(glance.folder)
        else:
            super().keyPressEvent(event)

    def _on_activated(self, index: QModelIndex) -> None:
        self.open_asked.emit(index.data(Qt.ItemDataRole.UserRole).folder)

    def _on_thumbnail(self, _: Path) -> None:
        self.viewport().update()


class _Rows(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._glances: list[RunGlance] = []

    def show(self, glances: "list[RunGlance]") -> None:
        same = [glance.folder for glance in glances] == [glance.folder for glance in self._glances]
        if same:
            self._glances = glances
            if glances:
                self.dataChanged.emit(self.index(0, 0), self.index(len(glances) - 1, 0))
            return
        self.beginResetModel()
        self._glances = glances
        self.endResetModel()

    def place_of(self, folder: Path) -> int | None:
        return next((place for place, glance in enumerate(self._glances) if glance.folder == folder), None)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._glances)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # Any: Qt's variant
        if not index.isValid():
            return None
        glance = self._glances[index.row()]
        match role:
            case Qt.ItemDataRole.UserRole:
                return glance
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(
                    filter(None, [glance.name, run_words.standing_words(glance.standing)[0], *glance_words.facts(glance)])
                )
            case Qt.ItemDataRole.ToolTipRole:
                return wrapped(glance.name, ". ".join(glance_words.facts(glance)), str(glance.folder))
        return None


class _RowPainter(QStyledItemDelegate):
    def __init__(self, look: Look, thumbnails: ThumbnailSource, parent: RunList) -> None:
        super().__init__(parent)
        self._look, self._thumbnails = look, thumbnails

    def sizeHint(self, option: QStyleOptionViewItem, _: Index) -> QSize:
        return QSize(option.rect.width(), _ROW + _GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        glance: RunGlance = index.data(Qt.ItemDataRole.UserRole)
        theme, row = self._look.theme, row_of(option.rect)
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        is_hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(row).adjusted(1, 1, -1, -1), RADIUS_CARD, RADIUS_CARD)
        painter.fillPath(shape, theme.color("hover" if is_hovered and not is_selected else "surface"))
        painter.setPen(QPen(theme.color("accent_text"), 2) if is_selected else QPen(theme.color("border"), 1))
        painter.drawPath(shape)
        picture = QRect(QPoint(row.left() + SPACE_M, row.top() + (_ROW - _PICTURE.height()) // 2), _PICTURE)
        self._paint_picture(painter, picture, glance)
        words = QRect(picture.right() + SPACE_L, row.top(), row.right() - picture.right() - SPACE_L - _DOTS - SPACE_L, _ROW)
        self._paint_words(painter, words, glance)
        dots = self._look.icons.pixmap("dots-three-vertical", "muted", TEXT_ICON, painter.device().devicePixelRatioF())
        painter.drawPixmap(dots_of(row).center() - QPoint(TEXT_ICON // 2, TEXT_ICON // 2), dots)
        painter.restore()

    def _paint_picture(self, painter: QPainter, place: QRect, glance: "RunGlance") -> None:
        painter.save()
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(place), RADIUS_THUMBNAIL, RADIUS_THUMBNAIL)
        painter.setClipPath(shape)
        painter.fillRect(place, self._look.theme.color("pressed"))
        ratio = painter.device().devicePixelRatioF()
        strip = self._thumbnails.pixmap(glance.picture, ratio) if glance.picture is not None else None
        if strip is None:
            icon = self._look.icons.pixmap("chart-line-up", "muted", 24, ratio)
            painter.drawPixmap(place.center() - QPoint(11, 11), icon)
        else:
            width = strip.width() / _PARTS
            result = QRectF(width, 0, width, strip.height())
            size = result.size().scaled(place.size().toSizeF(), Qt.AspectRatioMode.KeepAspectRatioByExpanding)
            target = QRectF(0, 0, size.width(), size.height())
            target.moveCenter(QRectF(place).center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(target, strip, result)
        painter.restore()

    def _paint_words(self, painter: QPainter, place: QRect, glance: "RunGlance") -> None:
        theme = self._look.theme
        painter.setFont(theme.font("small"))
        date = run_words.clock_words(glance.changed, time.time()) if glance.changed else ""
        date_width = painter.fontMetrics().horizontalAdvance(date)
        first = QRect(place.left(), place.top() + SPACE_M, place.width(), 24)
        painter.setPen(theme.color("muted"))
        painter.drawText(first, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, date)
        painter.setFont(theme.font("body", QFont.Weight.DemiBold))
        painter.setPen(theme.color("text"))
        badge, kind = run_words.standing_words(glance.standing)
        badge_width = painter.fontMetrics().horizontalAdvance(badge) + 2 * SPACE_S
        room = place.width() - badge_width - date_width - 3 * SPACE_S
        name = painter.fontMetrics().elidedText(glance.name, Qt.TextElideMode.ElideRight, max(room, 0))
        painter.drawText(first, Qt.AlignmentFlag.AlignVCenter, name)
        beside = first.left() + painter.fontMetrics().horizontalAdvance(name) + SPACE_S
        self._paint_badge(painter, QRect(beside, first.top() + 3, badge_width, 18), badge, kind)
        second = first.translated(0, 24)
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("error" if glance.problem else "muted"))
        facts = " \u00b7 ".join(glance_words.facts(glance))
        painter.drawText(
            second,
            Qt.AlignmentFlag.AlignVCenter,
            painter.fontMetrics().elidedText(facts, Qt.TextElideMode.ElideRight, second.width()),
        )
        if glance.is_held and glance.steps > 0:
            self._paint_progress(painter, QRect(place.left(), second.bottom() + SPACE_XS, place.width(), _BAR), glance)

    def _paint_progress(self, painter: QPainter, place: QRect, glance: "RunGlance") -> None:
        done = min(1.0, glance.step / glance.steps)
        painter.setPen(Qt.PenStyle.NoPen)
        for width, token in ((place.width(), "track"), (round(place.width() * done), "accent_text")):
            painter.setBrush(self._look.theme.color(token))
            painter.drawRoundedRect(QRect(place.left(), place.top(), width, place.height()), 1.5, 1.5)

    def _paint_badge(self, painter: QPainter, place: QRect, text: str, kind: BadgeKind) -> None:
        theme = self._look.theme
        fill, ink = {
            "plain": ("pressed", "text"),
            "accent": ("selected", "accent_text"),
            "success": ("success_note", "success"),
            "warning": ("warning_note", "warning"),
            "error": ("error_note", "error"),
        }[kind]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(fill))
        painter.drawRoundedRect(place, RADIUS_THUMBNAIL, RADIUS_THUMBNAIL)
        painter.setPen(theme.color(ink))
        painter.setFont(theme.font("badge", QFont.Weight.DemiBold))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


def row_of(cell: QRect) -> QRect:
    """Where the row's card lies in its cell."""
    return cell.adjusted(0, 0, 0, -_GAP)


def dots_of(row: QRect) -> QRect:
    """Where the three dots of a row are."""
    return QRect(row.right() - _DOTS - SPACE_S, row.top() + (row.height() - _DOTS) // 2, _DOTS, _DOTS)
