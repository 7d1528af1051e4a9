"""The train wizard to be driven as a person would, with a small step of the tests' own between Pictures and Settings."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from p2p_desktop.paths import resources
from p2p_desktop.runs.run_draft import RunDraft
from p2p_desktop.ui.focus_ring import FocusRing
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.train_wizard import StepPlan, TrainWizard
from p2p_desktop.ui.wizard_step import WizardStep
from p2p_desktop.ui.wizard_steps import wizard_steps

PATIENCE_MS = 60_000


class CountingStep(WizardStep):
    """A small step of the test's own: wants its button pressed, and counts how often it is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entered: list[tuple[str, Path | None]] = []
        self.button = QPushButton("Looks good", self)
        self.button.setObjectName("looks_good")
        self.button.setCheckable(True)
        self.button.toggled.connect(self.changed)
        QVBoxLayout(self).addWidget(self.button)

    def enter(self, draft: RunDraft) -> None:
        self.entered.append((draft.task, draft.data))

    def leave(self, draft: RunDraft) -> None:
        draft.changes["seed"] = "7"

    def why_not(self) -> str:
        return "" if self.button.isChecked() else "Look at the pairs."

    def words(self) -> tuple[str, str]:
        return "Checking", "All pairs will be used."


class Hands:
    """The wizard, and the hands on it."""

    def __init__(
        self,
        qtbot,
        look,
        tmp_path: Path,
        draft: RunDraft | None = None,
        check: Callable[[QWidget], WizardStep] = CountingStep,
    ) -> None:
        self.qtbot, self.runs = qtbot, tmp_path / "runs"
        self.shelf = ModelShelf(resources() / "models", tmp_path / "models", tmp_path / "removed")
        plans = wizard_steps(look, self.shelf, resources(), self.runs)
        plans = [plan for plan in plans if plan.key != "check"]
        plans.insert(2, StepPlan("check", "Check", check))
        self.wizard = TrainWizard(look, plans, self.runs, draft=draft)
        self.ring = FocusRing(look, self.wizard)
        self.made: list[Path] = []
        self.cancelled: list[bool] = []
        self.wizard.run_made.connect(self.made.append)
        self.wizard.cancelled.connect(self._on_cancelled)
        self.wizard.resize(1124, 740)
        self.wizard.show()

    def _on_cancelled(self) -> None:
        self.cancelled.append(True)

    def find(self, name: str, kind: type = QWidget):
        found = self.wizard.findChild(kind, name)
        assert found is not None, f"there is no {name}"
        return found

    def click(self, name: str) -> None:
        button = self.find(name, QAbstractButton)
        assert button.isVisible(), f"{name} is not to be seen"
        assert button.isEnabled(), f"{name} cannot be pressed"
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def type(self, name: str, text: str) -> None:
        field = self.find(name, QLineEdit)
        field.setFocus()
        field.selectAll()
        QTest.keyClick(field, Qt.Key.Key_Delete)
        QTest.keyClicks(field, text)

    def text(self, name: str) -> str:
        return self.find(name, QLabel).text()

    def wait(self, condition) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)

    @property
    def can_go_on(self) -> bool:
        return self.find("train_next", QPushButton).isEnabled()

    @property
    def current(self) -> str:
        index = self.wizard._index
        return self.wizard._plans[index].key

    def go_to_pictures(self, task: str = "pairs") -> None:
        self.click(f"train_task_{task}")
        self.click("train_next")

    def go_to_settings(self, data: Path, task: str = "pairs") -> None:
        self.go_to_pictures(task)
        self.wizard.take_drop([data])
        self.wait(lambda: self.can_go_on)
        self.click("train_next")
        self.click("looks_good")
        self.click("train_next")
        assert self.current == "settings"

    def close(self) -> None:
        until = QDeadlineTimer(PATIENCE_MS)
        if isValid(self.wizard):  # one that has retired goes by itself
            self.wizard.close_down(until)
            self.wizard.close()
            self.wizard.deleteLater()
        self.shelf.close(until)
        QApplication.processEvents()
