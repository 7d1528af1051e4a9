"""Words that are set off: notes that stay until they are settled, and badges."""

from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import BUTTON_ICON, SPACE_M, SPACE_S, SPACE_XS, TEXT_ICON

Kind = Literal["success", "warning", "error", "info"]
_KIND_ICONS: dict[Kind, tuple[str, str]] = {
    "success": ("check-circle-fill", "success"),
    "warning": ("warning", "warning"),
    "error": ("warning-circle-fill", "error"),
    "info": ("info", "accent_text"),
}


class Note(QFrame):
    """A sentence that stays until it is settled. Hidden while there is none."""

    shown = Signal(bool)

    def __init__(self, look: Look, kind: Kind, parent: QWidget | None = None, *, closable: bool = True) -> None:
        super().__init__(parent)
        self._look, self._kind = look, kind
        self.setObjectName("note")
        self._icon = QLabel(self)
        self._text, self._detail = QLabel(self), QLabel(self)
        self._text.setObjectName("note_text")
        for label in (self._text, self._detail):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setProperty("role", "note")
        self._detail.setProperty("role", "small")
        words = QVBoxLayout()
        words.setSpacing(2)
        margin = SPACE_XS if closable else 0  # what they lack beside a button once they are higher than it is
        words.setContentsMargins(0, margin, 0, margin)
        words.addWidget(self._text)
        words.addWidget(self._detail)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(SPACE_S)
        close = QToolButton(self)
        close.setObjectName("note_close")
        close.setProperty("role", "icon")
        close.setAccessibleName(self.tr("Close this note"))
        close.setToolTip(self.tr("Takes this note away"))
        close.clicked.connect(self.clear)
        close.setVisible(closable)
        look.icons.set_on(close, "x", size=TEXT_ICON)
        layout = QHBoxLayout(self)
        room = SPACE_XS if closable else SPACE_S + 2  # the button is higher than the words
        layout.setContentsMargins(SPACE_M, room, SPACE_S, room)
        layout.setSpacing(SPACE_M)
        layout.addWidget(self._icon)
        layout.addLayout(words, 1)
        layout.addLayout(self._buttons)
        layout.addWidget(close)
        look.icons.ready.connect(self._on_look_changed)
        look.theme.changed.connect(self._on_look_changed)
        self.set_kind(kind)
        self.hide()

    def set_kind(self, kind: Kind) -> None:
        """Change the colour and the icon."""
        self._kind = kind
        self.setProperty("note", kind)
        self.style().unpolish(self)
        self.style().polish(self)
        self._on_look_changed()

    def say(self, text: str, detail: str = "") -> None:
        """Show what happened, and below it what to do. Buttons of a note before stay until `clear`."""
        self._text.setText(text)
        self._detail.setText(detail)
        self._detail.setVisible(bool(detail))
        self.setAccessibleName(f"{text} {detail}".strip())
        self.show()
        self.shown.emit(True)

    def text(self) -> str:
        """What is said; "" while the note is hidden."""
        return "" if self.isHidden() else self._text.text()

    def clear(self) -> None:
        """Hide the note, and forget its buttons."""
        while (item := self._buttons.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.hide()
        self.shown.emit(False)

    def add_button(self, words: str, name: str) -> QPushButton:
        """Add what one can do about it. Connect `clicked` of what this returns."""
        button = QPushButton(words, self)
        button.setObjectName(name)
        self._buttons.addWidget(button)
        button.show()  # at once: layouts show what is added to them a moment later
        return button

    def _on_look_changed(self) -> None:
        icon, token = _KIND_ICONS[self._kind]
        self._icon.setPixmap(self._look.icons.pixmap(icon, token, BUTTON_ICON, self.devicePixelRatioF()))


BadgeKind = Literal["plain", "accent", "success", "warning", "error"]


class Badge(QLabel):
    """A word set off from the line it stands in."""

    def __init__(self, _: Look, kind: BadgeKind, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setProperty("badge", kind)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def say(self, text: str, kind: BadgeKind) -> None:
        """Show another word, in another colour."""
        self.setText(text)
        if self.property("badge") != kind:
            self.setProperty("badge", kind)
            self.style().unpolish(self)
            self.style().polish(self)
