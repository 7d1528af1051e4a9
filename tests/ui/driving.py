"""A window to be driven as a person would: the real one, offscreen, with a home of its own."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from shiboken6 import isValid

from p2p_desktop.paths import user_paths
from p2p_desktop.ui.errors import UncaughtErrors
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.main_window import MainWindow
from p2p_desktop.ui.settings_box import SettingsBox

Kind = TypeVar("Kind", bound=QWidget)
PATIENCE_MS = 60_000  # for what is sure to happen, on two slow cores


class Driver:
    """The window and the hands on it. Widgets are found by the names that docs/ui.md lists."""

    def __init__(self, qtbot, look: Look) -> None:
        self.qtbot = qtbot
        self.errors = UncaughtErrors()
        self.window = MainWindow(look, user_paths(), SettingsBox(user_paths().settings), self.errors)
        self.window.resize(1200, 800)  # what it has on most screens; the one of the offscreen platform is smaller
        self.window.painted.connect(self.window.get_ready)
        self.window.show()
        self.wait(lambda: self.window._shelf.is_read and self.window._probe.last is not None)

    def wait(self, condition: Callable[[], bool], timeout_ms: int = PATIENCE_MS) -> None:
        self.qtbot.waitUntil(condition, timeout=timeout_ms)

    def find(self, name: str, kind: type[Kind] = QWidget) -> Kind:
        found = self.window.findChild(kind, name)
        assert found is not None, f"there is no {name}"
        return found

    def click(self, name: str) -> None:
        button = self.find(name, QAbstractButton)
        assert button.isVisible(), f"{name} is not to be seen"
        assert button.isEnabled(), f"{name} cannot be pressed"
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def text(self, name: str) -> str:
        return self.find(name, QLabel).text()

    def drop(self, paths: Sequence[Path], *, data: QMimeData | None = None) -> None:
        """Drag files over the window and let go of them, as the window system tells it."""
        if data is None:
            data = QMimeData()
            data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        action, button, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(self.window, QDragEnterEvent(QPoint(300, 300), action, data, button, keys))
        QApplication.sendEvent(self.window, QDropEvent(QPointF(300, 300), action, data, button, keys))

    @property
    def counts(self) -> dict[str, int]:
        return self.window._session.queue.counts

    @property
    def phase(self) -> str:
        return self.window._session.phase

    def wait_listed(self, number: int) -> None:
        session = self.window._session
        self.wait(lambda: len(session.queue) == number and not session.intake.is_looking and session.errands.are_done)

    def convert(self) -> None:
        """Press Start, and wait for the end."""
        self.click("convert_start")
        self.wait(lambda: self.phase == "done")

    def close(self) -> None:
        self.window.close_down()
        self.wait(lambda: not self.window.convert.is_busy)  # else the window would ask, and a failed test wait for ever
        self.window.close()
        self.window.deleteLater()  # else every test has to style the windows of all tests before it
        QApplication.sendPostedEvents(self.window, QEvent.Type.DeferredDelete)
        assert not isValid(self.window)
