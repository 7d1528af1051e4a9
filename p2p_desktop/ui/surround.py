"""The colour round a picture, which changes how its own colours look: a choice by right click."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

SURROUND_TOKENS = {
    "theme": "canvas",
    "black": "surround_black",
    "dark": "surround_dark",
    "middle": "surround_middle",
    "light": "surround_light",
    "white": "surround_white",
}


class SurroundMenu(QMenu):
    """Deletes itself when it is closed."""

    chosen = Signal(str)  # a key of SURROUND_TOKENS

    def __init__(self, current: str, parent: QWidget) -> None:
        super().__init__(parent)
        group = QActionGroup(self)
        words = {
            "theme": self.tr("Surround like the window"),
            "black": self.tr("Black"),
            "dark": self.tr("Dark"),
            "middle": self.tr("Middle"),
            "light": self.tr("Light"),
            "white": self.tr("White"),
        }
        for name, text in words.items():
            action = QAction(text, self)
            action.setData(name)
            action.setCheckable(True)
            action.setChecked(name == current)
            group.addAction(action)
            self.addAction(action)
        self.triggered.connect(self._on_triggered)
        self.aboutToHide.connect(self.deleteLater)

    def _on_triggered(self, action: QAction) -> None:
        self.chosen.emit(action.data())
