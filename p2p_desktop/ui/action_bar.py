"""The bar at the bottom of a page: left, what will happen or how far it is; right, the verbs, always in the same spot."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import ACTION_BAR_HEIGHT, SPACE_L, SPACE_S, SPACE_XS
from p2p_desktop.ui.widgets import ElidedLabel, SlimProgress

_LEAST_WORDS = 100  # pixels
_ENOUGH_WORDS = 260  # pixels: longer words at the left are shortened before buttons are


class ActionBar(QFrame):
    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._giving_way: dict[QPushButton, str] = {}  # with their words
        self.setProperty("role", "action_bar")
        self.setMinimumHeight(ACTION_BAR_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)  # higher where type is large
        self._headline, self._detail = ElidedLabel(self), ElidedLabel(self)
        self._headline.setObjectName("action_headline")
        self._headline.setProperty("role", "label")
        self._detail.setObjectName("action_detail")
        self._detail.setProperty("role", "small")
        self._facts, self._failed = QLabel(self), QLabel(self)
        self._facts.setObjectName("action_facts")
        self._failed.setObjectName("action_failed")
        self._failed.setProperty("role", "error")
        self._failed_icon = QLabel(self)
        self._progress = SlimProgress(look, self)
        self._progress.setObjectName("action_progress")
        self._left = QStackedWidget(self)
        self._left.addWidget(self._words())
        self._left.addWidget(self._progress_words())
        self._left.setMinimumWidth(_LEAST_WORDS)  # else as wide as whatever was said last, and verbs would be cut off
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(SPACE_S)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE_L, 0, SPACE_L, 0)
        layout.setSpacing(SPACE_L * 2)
        layout.addWidget(self._left, 1)
        layout.addLayout(self._buttons)
        look.icons.ready.connect(self._on_look_changed)
        look.theme.changed.connect(self._on_look_changed)
        self._on_look_changed()

    def add_button(self, text: str, name: str, *, icon: str = "", role: str = "") -> QPushButton:
        """Add a verb at the right end."""
        button = QPushButton(text, self)
        button.setObjectName(name)
        if role:
            button.setProperty("role", role)
        if icon:
            self._look.icons.set_on(button, icon, token="on_accent" if role == "primary" else "text")
        self._buttons.addWidget(button)
        return button

    def give_way(self, *buttons: QPushButton) -> None:
        """Where there is no room for everything, these go without their words, the first one first. Each has an icon that tells."""
        for button in buttons:
            self._giving_way[button] = button.text()
            button.setAccessibleName(button.text())

    def give_way_as(self, button: QPushButton, words: str) -> None:
        """Other words for a button that gives way."""
        self._giving_way[button] = words
        button.setText(words)
        button.setAccessibleName(words)

    def make_room(self) -> None:
        """Give words of buttons and words at the left their room, as far as there is any."""
        for button, words in self._giving_way.items():
            button.setText(words)
        for button in self._giving_way:
            if not self._all_fits():
                button.setText("")

    def _all_fits(self) -> bool:
        shown = [button for button in self.findChildren(QPushButton) if not button.isHidden()]
        needed = sum(button.sizeHint().width() + SPACE_S for button in shown)
        said = min(_ENOUGH_WORDS, max(label.sizeHint().width() for label in (self._headline, self._detail)))
        return needed + max(_LEAST_WORDS, said) + 4 * SPACE_L <= self.width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.make_room()

    def say(self, headline: str, detail: str = "") -> None:
        """What will happen, or what has: a line and a smaller one below it."""
        self._headline.setText(headline)
        self._detail.setText(detail)
        self._detail.setVisible(bool(detail))
        self._left.setCurrentIndex(0)
        self.make_room()

    def show_progress(self, facts: Sequence[str], failed: str, fraction: float | None) -> None:
        """How far it is: the first fact is set off. `fraction` 0 to 1; None while it cannot be told."""
        first, *others = [_escaped(fact) for fact in facts]
        muted = self._look.theme.tokens.muted
        rest = "".join(f'<span style="color:{muted}">&nbsp; \u00b7 &nbsp;{fact}</span>' for fact in others)
        self._facts.setText(f"<b>{first}</b>{rest}")
        self._facts.setAccessibleName(", ".join(facts))
        self._failed.setText(failed)
        self._failed.setVisible(bool(failed))
        self._failed_icon.setVisible(bool(failed))
        self._progress.set_fraction(fraction)
        self._left.setCurrentIndex(1)

    def _words(self) -> QWidget:
        page = QWidget(self)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, SPACE_S, 0, SPACE_S)
        layout.setSpacing(2)
        layout.addStretch(1)
        layout.addWidget(self._headline)
        layout.addWidget(self._detail)
        layout.addStretch(1)
        return page

    def _progress_words(self) -> QWidget:
        page = QWidget(self)
        line = QHBoxLayout()
        line.setSpacing(SPACE_S)
        line.addWidget(self._facts)
        line.addSpacing(SPACE_S)
        line.addWidget(self._failed_icon)
        line.addWidget(self._failed)
        line.addStretch(1)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, SPACE_S, 0, SPACE_S)
        layout.setSpacing(SPACE_XS + 2)
        layout.addStretch(1)
        layout.addLayout(line)
        layout.addWidget(self._progress)
        layout.addStretch(1)
        self._facts.setTextFormat(Qt.TextFormat.RichText)
        return page

    def _on_look_changed(self) -> None:
        ratio = self.devicePixelRatioF()
        self._failed_icon.setPixmap(self._look.icons.pixmap("warning-circle-fill", "error", 16, ratio))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
