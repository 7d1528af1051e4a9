"""Why a value cannot be used, below the field it is about; the field gets the frame of an error."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import SPACE_S, TEXT_ICON


class Complaint(QWidget):
    """Hidden while there is nothing to say."""

    def __init__(self, look: Look, name: str, field: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._field = look, field
        self._sign, self._words = QLabel(self), QLabel(self)
        self._words.setObjectName(name)
        self._words.setProperty("role", "error")
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_S)
        layout.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._words, 1)
        look.icons.ready.connect(self._on_look_changed)
        look.theme.changed.connect(self._on_look_changed)
        self._on_look_changed()
        self.hide()

    @property
    def text(self) -> str:
        """What is wrong; "" while nothing is."""
        return self._words.text()

    def say(self, sentence: str) -> None:
        """Say what is wrong; "" takes it away."""
        if sentence == self._words.text():
            return
        self._words.setText(sentence)
        self.setVisible(bool(sentence))
        self._field.setAccessibleDescription(sentence)
        if self._field.property("invalid") != bool(sentence):
            self._field.setProperty("invalid", bool(sentence))
            self._field.style().unpolish(self._field)
            self._field.style().polish(self._field)

    def _on_look_changed(self) -> None:
        self._sign.setPixmap(self._look.icons.pixmap("warning-circle-fill", "error", TEXT_ICON, self.devicePixelRatioF()))
