"""The page of a run, and what a person does with it."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QMenu, QWidget

from p2p_desktop.runs.run_state import RunState
from p2p_desktop.ui.run_page import RunPage
from tests.ui.run_stand_ins import Control, Follower

PATIENCE_MS = 20_000
VERBS = ("train_preview", "train_pause", "train_resume", "train_stop", "train_go_on", "train_use")


class Hands:
    """One page for all tests, over a stand-in that follows another run in each, and what a person does with it."""

    def __init__(self, look) -> None:
        self.follower, self.control = Follower(None, RunState(), "new"), Control()
        self.page = RunPage(look, self.follower, self.control)
        self.view = self.page.view
        self.qtbot = None

    def open(self, run, state, standing, size, *, is_described=True) -> None:
        """Follow this run from now on."""
        self.follower.follow(run, state, standing)
        self.control.waiting.clear()
        self.control.begun.clear()
        self.page.resize(*size)
        self.page.show()
        self.view.held_out.choose("psnr")
        self.view.losses._smooth.setValue(15)
        self.page.refresh()
        self.wait(lambda: self.drawn() and (self.page._config is not None or not is_described))

    def drawn(self) -> bool:
        return self.view.losses.num_read == len(self.follower.state.losses)

    def wait(self, condition) -> None:
        self.qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    def find(self, name, kind=QWidget):
        found = self.page.findChild(kind, name)
        assert found is not None, f"there is no {name}"
        return found

    def click(self, name) -> None:
        button = self.find(name, QAbstractButton)
        assert button.isVisible(), f"{name} is not to be seen"
        assert button.isEnabled(), f"{name} cannot be pressed"
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def text(self, name) -> str:
        return self.find(name, QLabel).text()

    def verbs(self) -> set[str]:
        return {name for name in VERBS if self.find(name).isVisible()}

    def choose(self, opener, menu_name, words) -> None:
        self.click(opener)
        menu = next(one for one in self.page.findChildren(QMenu, menu_name) if one.isVisible())
        action = next(action for action in menu.actions() if words in action.text())
        assert action.isEnabled()
        action.trigger()
        menu.close()

    def refresh(self) -> None:
        self.page.refresh()


def pixel(widget: QWidget, place: QPoint):
    return widget.grab().toImage().pixelColor(place)
