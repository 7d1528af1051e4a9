"""Comparisons of what training gave: two runs over each other, or two models of one run on a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QPoint, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from p2p_desktop.runs.comparison import Difference, different_facts, different_settings
from p2p_desktop.runs.event_file import EventFile
from p2p_desktop.runs.run_folder import TrainerError
from p2p_desktop.runs.run_glance import RunGlance
from p2p_desktop.runs.run_request import read_request
from p2p_desktop.runs.run_state import RunState
from p2p_desktop.ui.compare_checkpoints import CompareCheckpoints
from p2p_desktop.ui.compare_runs import ComparedRun, CompareRuns
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.run_menus import models_of
from p2p_desktop.ui.working_model import WorkingModel
from p2p_desktop.workers.errands import Errands
from training.contract.config import TrainConfig
from training.contract.errors import P2PError
from training.contract.progress import Report, Token

_MOST_LETTERS = 120  # of a value, as of a network's list of filters


class RunComparisons(QObject):
    failed = Signal(str)  # a sentence

    def __init__(self, look: Look, working: WorkingModel, errands: Errands, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._working, self._errands, self._page = look, working, errands, parent

    def choose_other(self, run: Path, glances: Sequence[RunGlance], where: QPoint) -> None:
        """Offer the other runs in a menu, and compare the one that is chosen with `run`."""
        others = [glance for glance in glances if glance.folder != run and not glance.problem]
        menu = QMenu(self._page)
        menu.setObjectName("train_other_runs")
        if not others:
            menu.addAction(self.tr("There is no other run yet")).setEnabled(False)
        for other in others:
            action = menu.addAction(other.name)
            action.setToolTip(str(other.folder))
            action.setData((run, other.folder))
        menu.triggered.connect(self._on_other_chosen)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)

    def compare_runs(self, first: Path, second: Path) -> None:
        """Read both, and show them over each other."""

        def work(_: Report[Any], token: Token) -> "list[_Read] | str":  # Any: nothing is reported
            try:
                return [_read(run, token) for run in (first, second)]
            except P2PError as error:
                return str(error)

        self._errands.run(work, "reading two runs", self._on_read)

    def compare_models(self, run: Path, state: RunState) -> None:
        """Show two models of a run on its held-out pictures, or on any other."""
        models = models_of(run, state)
        if len(models) < 2:
            self.failed.emit(self.tr("There is only one model of this run yet. Take a snapshot, and train on."))
            return
        strips = [run / name for name in (state.samples[-1].files if state.samples else [])]
        CompareCheckpoints(self._look, self._working.load_file, models, strips, self._page).show()

    def _on_other_chosen(self, action: QAction) -> None:
        self.compare_runs(*action.data())

    def _on_read(self, read: "list[_Read] | str | None") -> None:
        if not isinstance(read, list):
            self.failed.emit(read or self.tr("The runs could not be read. The log says what happened."))
            return
        (first, one, name), (second, other, other_name) = read
        rows = [*different_facts(first, second), *different_settings(one, other)]
        runs = ComparedRun(name, first), ComparedRun(other_name, second)
        CompareRuns(self._look, runs, [_row(row) for row in rows], self._page).show()


_Read = tuple[RunState, TrainConfig, str]


def _read(run: Path, token: Token) -> _Read:
    """All that a run has told, its request, and its name. Called in a worker thread. Raises TrainerError, ConfigError."""
    config, state, events = read_request(run), RunState(), EventFile(run)
    while True:
        token.check()
        try:
            news = events.read()
        except OSError as error:
            raise TrainerError(f"What {run} told cannot be read: {error.strerror or error}.") from error
        if news.begins_anew:
            state.forget()
        for event, seconds in news.events:
            state.take(event, seconds)
        if news.is_all:
            return state, config, config.name or run.name


def _row(difference: Difference) -> tuple[str, str, str]:
    first, second = (_said(value, difference.unit) for value in (difference.first, difference.second))
    return difference.key, first, second


def _said(value: object, unit: str) -> str:
    if value is None or value == "":
        return _tr("not said")
    if isinstance(value, bool):
        return _tr("on") if value else _tr("off")
    words = f"{value:,}" if isinstance(value, int) else f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"{words[:_MOST_LETTERS]} {unit}".strip()


def _tr(text: str) -> str:
    return QCoreApplication.translate("RunComparisons", text)
