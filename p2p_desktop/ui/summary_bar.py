"""The headline of a conversion that has ended: how many, how long, how fast, how much."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import SPACE_M, SPACE_XXL

_HEIGHT = 84
_ICON = 32
_LONG = 60  # characters: shorter texts fit into a line
_KINDS = {
    "success": ("check-circle-fill", "success"),
    "warning": ("warning-fill", "warning"),
    "error": ("warning-circle-fill", "error"),
}


class SummaryBar(QFrame):
    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._kind = "success"
        self.setProperty("role", "page")
        self.setMinimumHeight(_HEIGHT)
        self._icon = QLabel(self)
        self._headline, self._detail = QLabel(self), QLabel(self)
        for label in (self._headline, self._detail):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)  # what went wrong is read to its end
        self._headline.setObjectName("summary_headline")
        self._headline.setProperty("role", "title")
        self._detail.setObjectName("summary_detail")
        self._detail.setProperty("role", "muted")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addWidget(self._headline)
        words.addWidget(self._detail)
        words.addStretch(1)
        self._figures = QHBoxLayout()
        self._figures.setSpacing(SPACE_XXL + 6)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE_XXL, 0, SPACE_XXL, 0)
        layout.setSpacing(SPACE_M + 8)
        layout.addWidget(self._icon)
        layout.addLayout(words, 1)
        layout.addLayout(self._figures)
        look.icons.ready.connect(self._on_look_changed)
        look.theme.changed.connect(self._on_look_changed)

    def show_summary(self, kind: str, headline: str, detail: str, figures: list[tuple[str, str]]) -> None:
        """`kind`: success, warning or error. `figures`: (number with its unit, what it is)."""
        self._kind = kind
        for label, text in ((self._headline, headline), (self._detail, detail)):
            label.setText(_breakable(text))
            label.setAccessibleName(text)
        self._detail.setVisible(bool(detail))
        while (item := self._figures.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for number, what in figures:
            self._figures.addWidget(_Figure(number, what, self))
        self._on_look_changed()

    def _on_look_changed(self) -> None:
        icon, token = _KINDS[self._kind]
        self._icon.setPixmap(self._look.icons.pixmap(icon, token, _ICON, self.devicePixelRatioF()))


def _breakable(text: str) -> str:
    """Paths may be broken after each folder."""
    return text.replace("/", "/\u200b").replace("\\", "\\\u200b") if len(text) > _LONG else text


class _Figure(QWidget):
    def __init__(self, number: str, what: str, parent: QWidget) -> None:
        super().__init__(parent)
        figure, words = QLabel(number, self), QLabel(what, self)
        figure.setProperty("role", "summary")
        words.setProperty("role", "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addStretch(1)
        for label in (figure, words):
            label.setAlignment(Qt.AlignmentFlag.AlignLeft)
            layout.addWidget(label)
        layout.addStretch(1)
