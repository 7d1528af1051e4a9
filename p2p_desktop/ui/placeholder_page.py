"""A place that this version does not have yet: says so, and what can be done meanwhile."""

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import SPACE_L, SPACE_M

_TEXT_WIDTH = 460
_ICON = 48


def live_page(look: Look, parent: QWidget) -> QWidget:
    sentence = _tr(
        "A later version shows your camera, translated as you watch. Until then, Convert translates pictures and folders."
    )
    return PlaceholderPage(look, "video-camera", _tr("Live is not there yet"), sentence, parent)


class PlaceholderPage(QFrame):
    def __init__(self, look: Look, icon: str, title: str, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._name = look, icon
        self.setProperty("role", "page")
        self._icon = QLabel(self)
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        headline, words = QLabel(title, self), QLabel(sentence, self)
        headline.setProperty("role", "title")
        words.setProperty("role", "muted")
        words.setWordWrap(True)
        words.setFixedWidth(_TEXT_WIDTH)
        words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        words.setAccessibleName(sentence)
        for label in (headline, words):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        for widget, space in ((self._icon, SPACE_L), (headline, SPACE_M)):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
            layout.addSpacing(space)
        line = QHBoxLayout()  # between stretches: with an alignment, words that wrap would get the height of one line
        line.addStretch(1)
        line.addWidget(words)
        line.addStretch(1)
        layout.addLayout(line)
        layout.addStretch(3)
        look.icons.ready.connect(self._on_look_changed)
        look.theme.changed.connect(self._on_look_changed)
        self._on_look_changed()

    def _on_look_changed(self) -> None:
        self._icon.setPixmap(self._look.icons.pixmap(self._name, "muted", _ICON, self.devicePixelRatioF()))


def _tr(text: str) -> str:
    return QCoreApplication.translate("PlaceholderPage", text)
