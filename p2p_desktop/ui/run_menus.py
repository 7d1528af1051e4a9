"""The menus of a run's page: which of its models to use, and what is done more rarely."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMenu, QWidget

from p2p_desktop.runs.run_process import HELD, Standing
from p2p_desktop.runs.run_state import RunState
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.plain_words import count
from training.contract.protocol import MODELS

BEST, LATEST = "best.safetensors", "latest.safetensors"
_MOST_SNAPSHOTS = 6


@dataclass(frozen=True, slots=True)
class RunModel:
    """A model file of a run, and what it is called."""

    path: Path
    words: str
    short: str
    """For where there is little room."""


def models_of(run: Path, state: RunState) -> list[RunModel]:
    """The models that a run has told of: the best, the latest, then snapshots, the newest first."""
    found = []
    if state.best is not None:
        found.append(
            RunModel(run / MODELS / BEST, _tr("The best so far, step {n}").format(n=count(state.best.step)), _at(state.best.step))
        )
    if state.checkpoint is not None:
        found.append(
            RunModel(
                run / MODELS / LATEST,
                _tr("The latest saved, step {n}").format(n=count(state.checkpoint.step)),
                _at(state.checkpoint.step),
            )
        )
    snapshots = [told for told in state.answers.values() if told.order == "snapshot" and told.ok and told.file]
    for told in reversed(snapshots):
        step = _step_in(told.file or "")
        words = _tr("Snapshot of step {n}").format(n=count(step)) if step is not None else (told.file or "")
        if not any(model.path == run / (told.file or "") for model in found):
            found.append(RunModel(run / (told.file or ""), words, _at(step) if step is not None else words))
    return found


def best_of(run: Path, state: RunState) -> Path | None:
    """The model that is meant where nobody says which; None while there is none."""
    models = models_of(run, state)
    return models[0].path if models else None


def use_menu(run: Path, state: RunState, standing: Standing, parent: QWidget) -> QMenu:
    """Actions hold (place, path): "convert" or "live", and a model; None: a snapshot is to be taken of the present step."""
    menu = QMenu(parent)
    menu.setObjectName("train_use_menu")
    menu.setToolTipsVisible(True)
    models = models_of(run, state)
    for place, words in (("convert", _tr("In Convert: {model}")), ("live", _tr("In Live: {model}"))):
        for model in models[: 2 + (_MOST_SNAPSHOTS if place == "convert" else 0)]:
            menu.addAction(words.format(model=model.words[:1].lower() + model.words[1:])).setData((place, model.path))
        if models and place == "convert":
            menu.addSeparator()
    if standing in HELD:
        menu.addSeparator()
        action = menu.addAction(_tr("In Convert: a snapshot of this very step"))
        action.setToolTip(_tr("Saves a model after this step, and keeps it beside the others"))
    menu.aboutToHide.connect(menu.deleteLater)
    return menu


def more_menu(
    look: Look, run: Path, state: RunState, standing: Standing, parent: QWidget, *, is_out_of_reach: bool = False
) -> QMenu:
    """Actions hold a word each: snapshot, folder, duplicate, compare, models, fine_tune, remove."""
    menu = QMenu(parent)
    menu.setObjectName("train_more_menu")
    menu.setToolTipsVisible(True)
    held, models = standing in HELD, models_of(run, state)
    no_model = _tr("There is no model yet: it was not trained long enough to save one")
    rows = (
        ("snapshot", "camera", _tr("Take a snapshot model"), "" if held else _tr("Nobody trains it: its latest model is saved")),
        ("folder", "folder-open", _tr("Open the folder"), ""),
        ("", "", "", ""),
        ("duplicate", "copy", _tr("Duplicate settings"), ""),
        ("fine_tune", "sliders-horizontal", _tr("Fine-tune from its model"), "" if models else no_model),
        ("", "", "", ""),
        ("compare", "chart-line", _tr("Compare with another run"), ""),
        ("models", "square-half", _tr("Compare two of its models"), "" if len(models) > 1 else _tr("It has not two models yet")),
        ("", "", "", ""),
        ("remove", "trash", _tr("Move to the bin"), _tr("Stop it first") if held else ""),
    )
    for key, icon, words, why_not in rows:
        if not key:
            menu.addSeparator()
            continue
        action = menu.addAction(words)
        action.setData(key)
        why_not = _tr("Its folder is out of reach") if is_out_of_reach else why_not
        action.setEnabled(not why_not)
        action.setToolTip(why_not)
        look.icons.set_on(action, icon)
    menu.aboutToHide.connect(menu.deleteLater)
    return menu


def _at(step: int) -> str:
    return _tr("Step {n}").format(n=count(step))


def _step_in(file: str) -> int | None:
    digits = Path(file).stem.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else None


def _tr(text: str) -> str:
    return QCoreApplication.translate("RunMenus", text)
