"""The three recipes of a task by the time they take, as cards."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QGridLayout, QLabel, QVBoxLayout, QWidget

from p2p_desktop.ui.choice_card import ChoiceCard, let_tab_reach
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.plain_words import count
from p2p_desktop.ui.theme import BUTTON_ICON, SPACE_L, SPACE_M, SPACE_XS

PRESETS = ("quick", "balanced", "thorough")
_LEAST_CHARACTERS = 24  # of a card's width
_ICONS = {"quick": "lightning", "balanced": "circle-half", "thorough": "moon"}


class PresetCards(QWidget):
    chosen = Signal(str)  # by the person

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._columns = 0
        self._group = QButtonGroup(self)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACE_M)
        words = {
            "quick": (self.tr("Quick look"), self.tr("Shows whether the pictures can teach anything. Not for use.")),
            "balanced": (self.tr("Balanced"), self.tr("Good results for most tasks, and a fair test of your pictures.")),
            "thorough": (self.tr("Thorough"), self.tr("For the final model.")),
        }
        self._cards = {key: _PresetCard(look, key, *words[key], self) for key in PRESETS}
        for card in self._cards.values():
            self._group.addButton(card)
        let_tab_reach(list(self._cards.values()))
        self._group.buttonToggled.connect(self._on_toggled)
        self._arrange(len(PRESETS))

    @property
    def choice(self) -> str:
        card = self._group.checkedButton()
        return card.key if isinstance(card, _PresetCard) else ""

    def choose(self, key: str) -> None:
        """Show this one as chosen. Emits nothing."""
        was = self._group.blockSignals(True)
        self._cards[key].setChecked(True)
        self._group.blockSignals(was)

    def say(self, key: str, steps: int | None, time: str) -> None:
        """`steps` None where the settings are wrong; `time` "" where it was not measured."""
        self._cards[key].say(steps, time)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        least = QFontMetrics(self._look.theme.font("body")).averageCharWidth() * _LEAST_CHARACTERS
        self._arrange(len(PRESETS) if self.width() >= len(PRESETS) * least else 1)

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for column in range(len(PRESETS)):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        for index, card in enumerate(self._cards.values()):
            self._grid.addWidget(card, index // columns, index % columns)

    def _on_toggled(self, button: QAbstractButton, on: bool) -> None:
        if on and isinstance(button, _PresetCard):
            self.chosen.emit(button.key)


class _PresetCard(ChoiceCard):
    def __init__(self, look: Look, key: str, title: str, meaning: str, parent: QWidget) -> None:
        super().__init__(look, parent)
        self.key, self._title, self._meaning = key, title, meaning
        self.setObjectName(f"train_preset_{key}")
        self.setAccessibleName(title)
        self.setToolTip(self.tr("Times are measured on this computer, with real steps"))
        self._sign, self._time, self._words = QLabel(self), QLabel(self), QLabel(self)
        name = QLabel(title, self)
        name.setProperty("role", "section")
        self._time.setObjectName(f"train_preset_{key}_time")
        self._time.setProperty("role", "label")
        self._words.setProperty("role", "small")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_L, SPACE_L, SPACE_L, SPACE_L)
        layout.setSpacing(SPACE_XS)
        for label in (self._sign, name, self._time, self._words):
            label.setWordWrap(label is not self._sign)
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            layout.addWidget(label)
        layout.addStretch(1)
        self.toggled.connect(self._on_look_changed)
        look.icons.ready.connect(self._on_look_changed)
        look.theme.changed.connect(self._on_look_changed)
        self._on_look_changed()

    def say(self, steps: int | None, time: str) -> None:
        self._time.setText(time or "\u2013")
        number = self.tr("{n} steps.").format(n=count(steps)) if steps is not None else ""
        self._words.setText(f"{number} {self._meaning}".strip())
        self.setAccessibleDescription(". ".join(filter(None, [time, self._words.text()])))

    def _on_look_changed(self) -> None:
        token = "accent_text" if self.isChecked() else "text"
        self._sign.setPixmap(self._look.icons.pixmap(_ICONS[self.key], token, BUTTON_ICON, self.devicePixelRatioF()))
