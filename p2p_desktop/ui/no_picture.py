"""What stands in the middle of a picture's place when it cannot be shown: what happened, and what to do."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.plain_words import sentences
from p2p_desktop.ui.theme import BUTTON_ICON, SPACE_L, SPACE_M, SPACE_S, SPACE_XS

_WIDTH = 420


class NoPicture(QFrame):
    """Lies over the middle of `place`, whatever its colour is. Hidden while there is nothing to say."""

    def __init__(self, look: Look, place: QWidget) -> None:
        super().__init__(place)
        self._look, self._place = look, place
        self.setObjectName("no_picture")
        self.setProperty("role", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)  # the menu of the place is below it
        self._sign, self._what, self._advice = QLabel(self), QLabel(self), QLabel(self)
        self._what.setObjectName("no_picture_what")
        self._what.setProperty("role", "label")
        self._advice.setObjectName("no_picture_advice")
        self._advice.setProperty("role", "muted")
        words = QVBoxLayout()
        words.setSpacing(SPACE_XS)
        for label in (self._what, self._advice):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            words.addWidget(label)
        self._words, self._verbs = words, QHBoxLayout()
        self._layout = layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE_L, SPACE_L, SPACE_L, SPACE_L)
        layout.setSpacing(SPACE_M)
        layout.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        place.installEventFilter(self)
        look.icons.ready.connect(self._on_look_changed)
        look.theme.changed.connect(self._on_look_changed)
        self._on_look_changed()
        self.hide()

    def add_button(self, words: str, name: str) -> QPushButton:
        """Add what one can do about it. Connect `clicked` of what this returns."""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, False)
        if not self._verbs.count():
            self._verbs.setSpacing(SPACE_S)
            self._verbs.setContentsMargins(0, SPACE_S, 0, 0)
            self._verbs.addStretch(1)
            self._words.addLayout(self._verbs)
        button = QPushButton(words, self)
        button.setObjectName(name)
        self._verbs.insertWidget(self._verbs.count() - 1, button)
        return button

    def reason(self) -> str:
        """What is said; "" while nothing is."""
        return "" if self.isHidden() else f"{self._what.text()} {self._advice.text()}".strip()

    def say(self, reason: str) -> None:
        """Say why there is no picture; "" where there is one."""
        what, advice = sentences(reason)
        self._what.setText(what)
        self._advice.setText(advice)
        self._advice.setVisible(bool(advice))
        self.setVisible(bool(reason))
        if reason:
            self._place.setAccessibleDescription(reason)
            self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._place:
            self._arrange()
        return False

    def _arrange(self) -> None:
        width = min(_WIDTH, self._place.width() - 2 * SPACE_L)
        for label in (self._what, self._advice):
            label.ensurePolished()  # else it would be measured in another font than its own
        self._layout.invalidate()
        self.resize(width, self._layout.heightForWidth(width))
        self.move((self._place.width() - self.width()) // 2, (self._place.height() - self.height()) // 2)

    def _on_look_changed(self) -> None:
        icon = self._look.icons.pixmap("warning-circle-fill", "error", BUTTON_ICON, self.devicePixelRatioF())
        self._sign.setPixmap(icon)
