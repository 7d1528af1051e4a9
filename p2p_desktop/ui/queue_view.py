"""The list of pictures: painted rows, keys, a menu, and words that can be clicked in the rows that failed."""

from pathlib import Path

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QAction, QContextMenuEvent, QFocusEvent, QGuiApplication, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QMenu, QTableView, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.queue_model import NAME, SIZE, STATE, TIME, QueueModel
from p2p_desktop.ui.queue_painter import QueuePainter
from p2p_desktop.ui.queue_row import Row
from p2p_desktop.ui.theme import HEADER_HEIGHT, ROW_HEIGHT
from p2p_desktop.ui.thumbnail_source import ThumbnailSource
from p2p_desktop.ui.widgets import is_animated

KEYS_OF_PICTURE = frozenset(
    {
        *(Qt.Key.Key_Space, Qt.Key.Key_Left, Qt.Key.Key_Right),
        *(Qt.Key.Key_0, Qt.Key.Key_1, Qt.Key.Key_F, Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus),
    }
)
"""What these do is done to the picture, though the keyboard is in the list."""
_RING_MS = 50  # between two pictures of what turns
_WIDTHS = {SIZE: 124, STATE: 250, TIME: 92}
_NARROW_WIDTHS = {SIZE: 105, STATE: 160, TIME: 70}
_FAILED_NAME_WIDTH = 236


class QueueView(QTableView):
    picture_selected = Signal(object)  # Row, or None
    picture_clicked = Signal(object)  # Row: also if it was selected before
    retry_asked = Signal(list)  # of Row
    remove_asked = Signal(list)  # of Row
    show_file_asked = Signal(Path)
    open_asked = Signal(Path)

    def __init__(self, look: Look, model: QueueModel, thumbnails: ThumbnailSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queue = model
        self._is_narrow = False
        self.may_remove = True  # rows; not while they are being converted
        self.setObjectName("queue")
        self.setAccessibleName(self.tr("Pictures"))
        self.setModel(model)
        self._painter = QueuePainter(look, thumbnails, self)
        self.setItemDelegate(self._painter)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragDropMode(QAbstractItemView.DragDropMode.NoDragDrop)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(ROW_HEIGHT)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        columns = self.horizontalHeader()
        columns.setFixedHeight(HEADER_HEIGHT)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        columns.setHighlightSections(False)
        columns.setSectionsClickable(True)
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        columns.sectionClicked.connect(self._on_header_clicked)
        self._order: tuple[int, Qt.SortOrder] | None = None
        self._ring = QTimer(self)
        self._ring.setInterval(_RING_MS)
        self._ring.timeout.connect(self._on_ring_turned)
        self.clicked.connect(self._on_clicked)
        model.counts_changed.connect(self._on_counts_changed)
        model.layoutChanged.connect(self._arrange)
        thumbnails.arrived.connect(self._on_thumbnail_arrived)
        look.theme.changed.connect(self._on_look_changed)
        look.icons.ready.connect(self._on_look_changed)

    @property
    def selected(self) -> list[Row]:
        """The selected rows, from top to bottom."""
        rows = self.selectionModel().selectedRows(NAME)
        return [index.data(Qt.ItemDataRole.UserRole) for index in sorted(rows, key=QModelIndex.row)]

    @property
    def current(self) -> Row | None:
        """The row that the keyboard is at."""
        index = self.currentIndex()
        return index.data(Qt.ItemDataRole.UserRole) if index.isValid() else None

    @property
    def first(self) -> Row | None:
        """The row at the top."""
        return self._row(self._queue.index(0, NAME))

    def select(self, row: Row) -> None:
        """Make a row the current one, and bring it into sight."""
        index = self._queue.index_of(row)
        if index.isValid():
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.selectionModel().setCurrentIndex(index, flags)
            self.scrollTo(index)

    def set_narrow(self, on: bool) -> None:
        self._is_narrow = on
        self.horizontalHeader().setVisible(not on)
        self._arrange()

    # --- of Qt

    def currentChanged(self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex) -> None:
        super().currentChanged(current, previous)
        self.picture_selected.emit(current.data(Qt.ItemDataRole.UserRole) if current.isValid() else None)

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self.viewport().update()  # the bar at the left is painted in one cell for the whole row

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keyboard comes to where it was, which may be nowhere: Qt would make the first row current, and so show it."""
        if self.currentIndex().isValid():
            super().focusInEvent(event)
        else:
            QFrame.focusInEvent(self, event)
            self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.may_remove:
            self.remove_asked.emit(self.selected)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current is not None and not event.modifiers():
            self._act_on(self.current)
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and not event.modifiers() and self._queue.rowCount():
            last = self._queue.rowCount() - 1 if event.key() == Qt.Key.Key_End else 0  # Qt goes to the first and last column
            self.setCurrentIndex(self._queue.index(last, NAME))
        elif event.key() in KEYS_OF_PICTURE and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()  # the page hands it to the picture
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self._click_link(event.position().toPoint()):
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        index = self.indexAt(event.position().toPoint())
        self._painter.set_hovered(index.row() if index.isValid() else -1, event.position().toPoint())
        over_link = self._painter.link_at(event.position().toPoint(), self._row_rect(index), self._row(index)) is not None
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if over_link else Qt.CursorShape.ArrowCursor)
        self.viewport().update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._painter.set_hovered(-1, QPoint(-1, -1))
        self.viewport().update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        row = self._row(self.indexAt(event.position().toPoint()))
        if row is not None:
            self._act_on(row)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        selected = self.selected
        if not selected:
            return
        menu = QMenu(self)
        menu.setObjectName("queue_menu")
        if any(row.state == "failed" for row in selected):
            menu.addAction(self.tr("Retry")).setData("retry")
        menu.addAction(self.tr("Show file")).setData("show_file")
        if selected[0].output is not None:
            menu.addAction(self.tr("Show result")).setData("show_result")
        if any(row.reason for row in selected):
            menu.addAction(self.tr("Copy the reason")).setData("copy")
        menu.addSeparator()
        remove = menu.addAction(
            self.tr("Remove from the list") if self.may_remove else self.tr("Remove from the list, after the end")
        )
        remove.setData("remove")
        remove.setEnabled(self.may_remove)
        menu.triggered.connect(self._on_menu_triggered)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(event.globalPos())

    # --- inside

    def _act_on(self, row: Row) -> None:
        if row.state == "failed":
            self.retry_asked.emit([row])
        else:
            self.open_asked.emit(row.path)

    def _on_menu_triggered(self, action: QAction) -> None:
        selected = self.selected
        match action.data():
            case "retry":
                self.retry_asked.emit([row for row in selected if row.state == "failed"])
            case "show_file":
                self.show_file_asked.emit(selected[0].path)
            case "show_result" if selected[0].output is not None:
                self.show_file_asked.emit(selected[0].output)
            case "copy":
                QGuiApplication.clipboard().setText("\n".join(f"{row.path}: {row.why}" for row in selected if row.reason))
            case "remove":
                self.remove_asked.emit(selected)

    def _click_link(self, point: QPoint) -> bool:
        index = self.indexAt(point)
        row = self._row(index)
        link = self._painter.link_at(point, self._row_rect(index), row)
        if link is None or row is None:
            return False
        if link == "retry":
            self.retry_asked.emit([row])
        else:
            self.show_file_asked.emit(row.path)
        return True

    def _row(self, index: QModelIndex) -> Row | None:
        return index.data(Qt.ItemDataRole.UserRole) if index.isValid() else None

    def _row_rect(self, index: QModelIndex) -> QRect:
        if not index.isValid():
            return QRect()
        return QRect(0, self.rowViewportPosition(index.row()), self.viewport().width(), ROW_HEIGHT)

    def _arrange(self) -> None:
        widths = _NARROW_WIDTHS if self._is_narrow else _WIDTHS
        room = self.viewport().width()
        if self._queue.filter == "failed":
            name = min(_FAILED_NAME_WIDTH, room // 3)
            widths = {SIZE: room - name, STATE: 0, TIME: 0}
        for column, width in widths.items():
            self.setColumnWidth(column, width)
            self.setColumnHidden(column, width == 0)
        self.setColumnWidth(NAME, max(120, room - sum(widths.values())))

    def _on_clicked(self, index: QModelIndex) -> None:
        self.picture_clicked.emit(self._row(index))

    def _on_header_clicked(self, column: int) -> None:
        ascending, descending = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
        if self._order is None or self._order[0] != column:
            self._order = (column, ascending)
        elif self._order[1] == ascending:
            self._order = (column, descending)
        else:
            self._order = None
        header = self.horizontalHeader()
        header.setSortIndicatorShown(self._order is not None)
        if self._order is None:
            self._queue.sort(-1)
        else:
            header.setSortIndicator(*self._order)
            self._queue.sort(*self._order)

    def _on_counts_changed(self) -> None:
        if self._queue.counts["working"] and is_animated(self):
            self._ring.start()
        else:
            self._ring.stop()

    def _on_ring_turned(self) -> None:
        if self.isVisible():
            self._painter.turn()
            for row in self._queue.rows_at_work():
                self.viewport().update(self._row_rect(self._queue.index_of(row)))

    def _on_thumbnail_arrived(self, path: Path) -> None:
        row = self._queue.row_of(path)
        if row is not None:
            self.viewport().update(self._row_rect(self._queue.index_of(row)))

    def _on_look_changed(self) -> None:
        self.viewport().update()
