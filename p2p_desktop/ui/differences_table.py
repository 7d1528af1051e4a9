"""What differs between two runs, in a table that follows them while they are trained."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QWidget

from p2p_desktop.ui.difference_words import Row
from p2p_desktop.ui.plain_words import wrapped
from p2p_desktop.ui.theme import SPACE_S, SPACE_XL

_HEIGHT = 180  # pixels


class DifferencesTable(QScrollArea):
    def __init__(self, names: tuple[str, str], parent: QWidget) -> None:
        """`names` of both runs, above their columns."""
        super().__init__(parent)
        self._names = names
        self._rows: Sequence[Row] | None = None
        self._labels: list[tuple[QLabel, QLabel, QLabel]] = []
        self.setObjectName("train_compare_settings")
        self.setAccessibleName(self.tr("What differs between the runs"))
        self.setWidgetResizable(True)
        self.setMaximumHeight(_HEIGHT)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Only what differs; a sentence, if nothing does."""
        if rows == self._rows:
            return
        if self._rows is None or [row.title for row in rows] != [row.title for row in self._rows]:
            self._build(rows)
        self._rows = rows
        for row, labels in zip(rows, self._labels, strict=True):
            for label, words in zip(labels, (row.title, row.first, row.second), strict=True):
                if label.text() != words:  # what is selected to be copied stays
                    label.setText(words)
            labels[0].setToolTip(wrapped(row.effect))

    def _build(self, rows: Sequence[Row]) -> None:
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACE_XL)
        grid.setVerticalSpacing(SPACE_S)
        self._labels = []
        if not rows:
            grid.addWidget(_label("muted", self.tr("Both runs have the same settings.")), 0, 0)
        else:
            for column, words in enumerate((self.tr("What differs"), *self._names)):
                grid.addWidget(_label("small", words), 0, column)
                grid.setColumnStretch(column, 1)
        for number in range(1, len(rows) + 1):
            labels = _label("muted"), _label("body"), _label("body")
            self._labels.append(labels)
            for column, label in enumerate(labels):
                grid.addWidget(label, number, column)
        grid.setRowStretch(len(rows) + 1, 1)
        place = self.verticalScrollBar().value()
        self.setWidget(inner)
        grid.activate()
        self.verticalScrollBar().setValue(place)


def _label(role: str, words: str = "") -> QLabel:
    label = QLabel(words)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
