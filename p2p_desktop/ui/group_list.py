"""Groups with their counts, one below the other: what a check found, to choose from."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.plain_words import count
from p2p_desktop.ui.theme import RADIUS_CONTROL, SPACE_M, SPACE_S, TEXT_ICON

_ROW, _LINE = 38, 13  # pixels
_SIDE = 10  # pixels left and right of a row


class Group(NamedTuple):
    """`number` None: it has no count."""

    key: str
    title: str
    icon: str
    token: str
    number: int | None


class GroupList(QListWidget):
    chosen = Signal(str)  # a group's key, by the person or by `choose`

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train_groups")
        self.setAccessibleName(self.tr("What was found"))
        self.setItemDelegate(_GroupPainter(look, self))
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.currentItemChanged.connect(self._on_current_changed)
        look.theme.changed.connect(self.viewport().update)
        look.icons.ready.connect(self.viewport().update)

    def show_groups(self, parts: Sequence[Sequence[Group]]) -> None:
        """A line is between the parts. The chosen group stays so, if it is still there."""
        kept = self.choice
        self.blockSignals(True)
        self.clear()
        for number, part in enumerate(filter(None, parts)):
            if number:
                line = QListWidgetItem(self)
                line.setFlags(Qt.ItemFlag.NoItemFlags)
            for group in part:
                item = QListWidgetItem(group.title, self)
                item.setData(Qt.ItemDataRole.UserRole, group)
                words = group.title if group.number is None else f"{group.title}, {count(group.number)}"
                item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
                item.setToolTip(group.title)
        self.blockSignals(False)
        if kept:
            self.choose(kept)

    @property
    def choice(self) -> str:
        item = self.currentItem()
        group: Group | None = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        return group.key if group is not None else ""

    def choose(self, key: str) -> None:
        """Nothing happens where there is no such group."""
        for row in range(self.count()):
            group: Group | None = self.item(row).data(Qt.ItemDataRole.UserRole)
            if group is not None and group.key == key:
                self.setCurrentRow(row)

    def _on_current_changed(self, current: QListWidgetItem | None, _: QListWidgetItem | None) -> None:
        if current is not None and self.choice:
            self.chosen.emit(self.choice)


class _GroupPainter(QStyledItemDelegate):
    def __init__(self, look: Look, parent: GroupList) -> None:
        super().__init__(parent)
        self._look, self._list = look, parent

    def sizeHint(self, _: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        is_line = index.data(Qt.ItemDataRole.UserRole) is None
        return QSize(self._list.viewport().width(), _LINE if is_line else _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        group: Group | None = index.data(Qt.ItemDataRole.UserRole)
        theme = self._look.theme
        row: QRect = option.rect.adjusted(_SIDE, 0, -_SIDE, 0)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if group is None:
            painter.fillRect(QRect(row.left(), row.center().y(), row.width(), 1), theme.color("border"))
            painter.restore()
            return
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if is_selected or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("selected" if is_selected else "hover"))
            painter.drawRoundedRect(row, RADIUS_CONTROL, RADIUS_CONTROL)
        if is_selected:
            bar = QRectF(row.left(), row.top() + SPACE_S, 3, row.height() - 2 * SPACE_S)
            painter.fillRect(bar, theme.color("accent_text"))
        sign = QRectF(row.left() + SPACE_M, row.center().y() - TEXT_ICON / 2 + 1, TEXT_ICON, TEXT_ICON)
        self._look.icons.paint(painter, sign, group.icon, theme.color(group.token))
        words = row.adjusted(2 * SPACE_M + TEXT_ICON, 0, -SPACE_M, 0)
        if group.number is not None:
            painter.setFont(theme.font("body"))
            painter.setPen(theme.color("muted"))
            number = count(group.number)
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, number)
            words.adjust(0, 0, -painter.fontMetrics().horizontalAdvance(number) - SPACE_S, 0)
        painter.setFont(theme.font("body", QFont.Weight.DemiBold if is_selected else QFont.Weight.Normal))
        painter.setPen(theme.color("text"))
        title = painter.fontMetrics().elidedText(group.title, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, title)
        painter.restore()
