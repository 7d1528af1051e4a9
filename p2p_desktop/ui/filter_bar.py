"""Which pictures of the list are shown: by state, with their numbers, and by a search."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLineEdit, QPushButton, QToolButton, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.queue_model import Filter, QueueModel
from p2p_desktop.ui.queue_row import Row
from p2p_desktop.ui.theme import FILTER_BAR_HEIGHT, SPACE_M, SPACE_S, SPACE_XS
from p2p_desktop.ui.widgets import FilterChip

_SEARCH_WIDTH = 200


class FilterBar(QFrame):
    filter_chosen = Signal(str)  # by the person or by `choose`
    search_ended = Signal()

    def __init__(self, look: Look, model: QueueModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queue = model
        self.setProperty("role", "bar")
        self.setFixedHeight(FILTER_BAR_HEIGHT)
        words: dict[Filter, str] = {
            "all": self.tr("All"),
            "waiting": self.tr("Waiting"),
            "done": self.tr("Done"),
            "failed": self.tr("Failed"),
        }
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE_S, 0, SPACE_M, 0)
        layout.setSpacing(SPACE_XS)
        self._group = QButtonGroup(self)
        self._chips: dict[str, FilterChip] = {}
        for key, text in words.items():
            chip = FilterChip(look, key, text, "warning-circle" if key == "failed" else "", self)
            chip.setObjectName(f"filter_{key}")
            chip.setToolTip(self.tr("Shows these pictures only") if key != "all" else self.tr("Shows every picture"))
            self._group.addButton(chip)
            self._chips[key] = chip
            layout.addWidget(chip)
        self._group.buttonClicked.connect(self._on_chip_clicked)
        layout.addStretch(1)
        self._field = _SearchField(self)
        self._field.setObjectName("queue_search")
        self._field.setPlaceholderText(self.tr("Search"))
        self._field.setAccessibleName(self.tr("Search the list"))
        self._field.setToolTip(self.tr("By name or folder; Escape ends the search"))
        self._field.setClearButtonEnabled(True)
        self._field.setFixedWidth(_SEARCH_WIDTH)
        self._field.textChanged.connect(self._on_search_changed)
        self._field.left.connect(self.close_search)
        self._field.hide()
        self._copy = QPushButton(self.tr("Copy list"), self)
        self._copy.setObjectName("copy_failed")
        self._copy.setProperty("role", "text")
        self._copy.setToolTip(self.tr("Copies the failed pictures and their reasons as text"))
        self._copy.clicked.connect(self._on_copy_clicked)
        look.icons.set_on(self._copy, "copy")
        self._copy.hide()
        self._open = QToolButton(self)
        self._open.setObjectName("queue_search_open")
        self._open.setProperty("role", "icon")
        self._open.setAccessibleName(self.tr("Search the list"))
        self._open.setToolTip(self.tr("By name or folder (Ctrl+F)"))
        self._open.clicked.connect(self.open_search)
        look.icons.set_on(self._open, "magnifying-glass")
        layout.addWidget(self._field)
        layout.addWidget(self._copy)
        layout.addWidget(self._open)
        model.counts_changed.connect(self._on_counts_changed)
        self._chips["all"].setChecked(True)
        self._on_counts_changed()

    def choose(self, which: Filter) -> None:
        self._chips[which].setChecked(True)
        self._queue.show_only(which)
        self._copy.setVisible(which == "failed")
        self.filter_chosen.emit(which)

    def let_through(self, row: Row) -> None:
        """Show a row of the list: what hides it is lifted, the filter first, then the search."""
        if not self._queue.index_of(row).isValid():
            self.choose("all")
        if not self._queue.index_of(row).isValid():
            self.close_search()

    def show_everything(self) -> None:
        """Take the filter and the search away."""
        self.choose("all")
        self.close_search()

    def open_search(self) -> None:
        self._open.hide()
        self._field.show()
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_search(self) -> None:
        self._field.clear()
        self._field.hide()
        self._open.show()

    def _on_chip_clicked(self, chip: FilterChip) -> None:
        self.choose(chip.key)  # type: ignore[arg-type]  # the chips hold nothing else

    def _on_search_changed(self, text: str) -> None:
        self._queue.search(text)
        if not text:
            self.search_ended.emit()

    def _on_counts_changed(self) -> None:
        counts = self._queue.counts
        self._chips["all"].set_count(len(self._queue))
        self._chips["waiting"].set_count(counts["waiting"] + counts["working"])
        self._chips["done"].set_count(counts["done"] + counts["skipped"])
        self._chips["failed"].set_count(counts["failed"])

    def _on_copy_clicked(self) -> None:
        lines = [f"{row.path}\t{row.why}" for row in self._queue.rows("failed")]
        QGuiApplication.clipboard().setText("\n".join(lines))


class _SearchField(QLineEdit):
    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
