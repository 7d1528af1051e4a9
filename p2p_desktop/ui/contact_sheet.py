"""Results at a glance: before and after of each picture, as many side by side as there is room for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPalette, QPen, QResizeEvent
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from p2p_desktop.ui.halves import after_word, before_word, paint_plate
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import SPACE_L, SPACE_S
from p2p_desktop.ui.thumbnail_source import ThumbnailSource

MOST_SHOWN = 600  # results; the list below has all of them
_GAP = 10
_WIDTH = 250  # of a tile, at the least
_ASPECT = 0.655
_LINE = 2

Index = QModelIndex | QPersistentModelIndex
Result = tuple[Path, Path]  # source and output


class ContactSheet(QListView):
    picture_chosen = Signal(Path)  # the source

    def __init__(self, look: Look, thumbnails: ThumbnailSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._results = _Results(self)
        self.setObjectName("contact_sheet")
        self.setAccessibleName(self.tr("Results"))
        self.setModel(self._results)
        self.setItemDelegate(_ResultPainter(look, thumbnails, self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setDragEnabled(False)
        self.setViewportMargins(SPACE_L - _GAP // 2, SPACE_L - _GAP // 2, 0, 0)
        self.clicked.connect(self._on_chosen)
        self.activated.connect(self._on_chosen)
        thumbnails.arrived.connect(self._on_arrived)
        look.theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def show_results(self, results: Sequence[Result]) -> None:
        self._results.show(results[:MOST_SHOWN])
        self.scrollToTop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.viewport().width() - SPACE_L
        columns = max(1, room // _WIDTH)
        width = room // columns
        self.setGridSize(QSize(width, round((width - _GAP) * _ASPECT) + _GAP))

    def _on_chosen(self, index: QModelIndex) -> None:
        self.picture_chosen.emit(index.data(Qt.ItemDataRole.UserRole)[0])

    def _on_arrived(self, _: Path) -> None:
        if self.isVisible():
            self.viewport().update()

    def _on_theme_changed(self) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, self._look.theme.color("canvas"))
        self.setPalette(palette)
        self.setStyleSheet(f"QListView {{ background: {self._look.theme.tokens.canvas}; }}")


class _Results(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._results: list[Result] = []

    def show(self, results: Sequence[Result]) -> None:
        self.beginResetModel()
        self._results = list(results)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._results)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # Any: Qt's variant
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.UserRole:
            return self._results[index.row()]
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return self._results[index.row()][0].name
        return None


class _ResultPainter(QStyledItemDelegate):
    def __init__(self, look: Look, thumbnails: ThumbnailSource, parent: ContactSheet) -> None:
        super().__init__(parent)
        self._look, self._thumbnails, self._sheet = look, thumbnails, parent

    def sizeHint(self, _: QStyleOptionViewItem, __: Index) -> QSize:
        return self._sheet.gridSize()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        source, output = index.data(Qt.ItemDataRole.UserRole)
        theme = self._look.theme
        half_gap = _GAP // 2
        tile: QRect = option.rect.adjusted(half_gap, half_gap, -half_gap, -half_gap)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        ratio = painter.device().devicePixelRatioF()
        middle = tile.left() + tile.width() // 2
        halves = (
            (source, QRect(tile.left(), tile.top(), middle - tile.left(), tile.height())),
            (output, QRect(middle, tile.top(), tile.right() + 1 - middle, tile.height())),
        )
        for path, half in halves:
            pixmap = self._thumbnails.pixmap(path, ratio)
            if pixmap is None:
                painter.fillRect(half, theme.color("pressed"))
                continue
            # Both halves are cut out of one picture that fills the tile.
            whole = pixmap.size()
            scale = max(tile.width() / whole.width(), tile.height() / whole.height())
            shown = QRect(0, 0, round(half.width() / scale), round(half.height() / scale))
            left = (whole.width() - tile.width() / scale) / 2 + (half.left() - tile.left()) / scale
            shown.moveTopLeft(QPoint(round(left), round((whole.height() - tile.height() / scale) / 2)))
            painter.drawPixmap(half, pixmap, shown)
        edge = theme.color("on_plate_edge")
        edge.setAlphaF(0.35)
        painter.fillRect(QRect(middle - _LINE, tile.top(), 2 * _LINE, tile.height()), edge)
        painter.fillRect(QRect(middle - _LINE // 2, tile.top(), _LINE, tile.height()), theme.color("on_plate"))
        if index.row() == 0:
            paint_plate(painter, (tile.topLeft() + QPoint(SPACE_S, SPACE_S)).toPointF(), before_word(), self._look)
            paint_plate(
                painter, (tile.topRight() + QPoint(-SPACE_S, SPACE_S)).toPointF(), after_word(), self._look, from_right=True
            )
        state = option.state
        if state & QStyle.StateFlag.State_HasFocus or state & QStyle.StateFlag.State_MouseOver:
            self._frame(painter, tile, theme.color("accent_text"))
        painter.restore()

    @staticmethod
    def _frame(painter: QPainter, tile: QRect, colour: QColor) -> None:
        painter.setPen(QPen(colour, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(tile.adjusted(1, 1, -1, -1))
