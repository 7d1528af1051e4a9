"""The steps of the train wizard, in their order."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from p2p_desktop.ui.check_step import CheckStep
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.pictures_step import PicturesStep
from p2p_desktop.ui.settings_step import SettingsStep
from p2p_desktop.ui.task_step import TaskStep
from p2p_desktop.ui.train_wizard import StepPlan
from p2p_desktop.ui.wizard_step import WizardStep


def wizard_steps(look: Look, shelf: ModelShelf, resources: Path, runs: Path) -> list[StepPlan]:
    """`resources`: what comes with the program. `runs`: the folder of runs."""

    def task(parent: QWidget) -> WizardStep:
        return TaskStep(look, shelf, resources / "tasks", parent)

    def pictures(parent: QWidget) -> WizardStep:
        return PicturesStep(look, parent)

    def check(parent: QWidget) -> WizardStep:
        return CheckStep(look, parent)

    def settings(parent: QWidget) -> WizardStep:
        return SettingsStep(look, runs, parent)

    return [
        StepPlan("task", _tr("Task"), task),
        StepPlan("pictures", _tr("Pictures"), pictures),
        StepPlan("check", _tr("Check"), check),
        StepPlan("settings", _tr("Settings"), settings),
    ]


def _tr(text: str) -> str:
    return QCoreApplication.translate("WizardSteps", text)
