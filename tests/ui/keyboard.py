"""A person without a mouse: what cannot be reached with Tab and the arrow keys does not exist."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QWidget

from tests.ui.driving import Driver

_MOST_STOPS = 120  # on any page


class Keyboard:
    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        driver.window.activateWindow()
        driver.wait(lambda: QApplication.activeWindow() is not None)

    @property
    def place(self) -> str:
        """The name of what has the keyboard."""
        return self._focused().objectName()

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self._focused(), key, modifier)

    def tab_to(self, name: str) -> None:
        stops = [self.place]
        while self.place != name:
            assert len(stops) < _MOST_STOPS, f"{name} is not reached with Tab, which stops at {stops}"
            self.press(Qt.Key.Key_Tab)
            stops.append(self.place)

    def push(self, name: str) -> None:
        """Go to a button that can be pressed, and press it."""
        button = self.driver.find(name)
        self.driver.wait(lambda: button.isVisible() and button.isEnabled())
        self.tab_to(name)
        self.press(Qt.Key.Key_Space)

    def write(self, name: str, text: str) -> None:
        """Go to a field, and put text in the place of what it holds."""
        self.tab_to(name)
        self.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(self._focused(), text)

    def answer_file_dialog(self, path: str) -> None:
        """Type a path into the dialog that is about to open, and confirm it. Does nothing while there is none: poll it."""
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QFileDialog):
            field = dialog.findChild(QLineEdit, "fileNameEdit")
            field.setText(path)
            QTest.keyClick(field, Qt.Key.Key_Return)

    def _focused(self) -> QWidget:
        return QApplication.focusWidget() or self.driver.window
