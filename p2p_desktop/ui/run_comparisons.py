"""Comparisons of what training gave: two runs over each other, or two models of one run on a picture."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDeadlineTimer, QObject, QPoint, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from p2p_desktop.runs.comparison import different_facts, different_settings
from p2p_desktop.runs.run_glance import RunGlance
from p2p_desktop.runs.run_request import read_request
from p2p_desktop.runs.run_state import RunState
from p2p_desktop.ui.compare_checkpoints import CompareCheckpoints
from p2p_desktop.ui.compare_runs import ComparedRun, CompareRuns
from p2p_desktop.ui.difference_words import Row, fact_row, setting_row
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.run_menus import models_of
from p2p_desktop.ui.working_model import WorkingModel
from p2p_desktop.workers.errands import Errands
from p2p_desktop.workers.run_follower import RunFollower
from training.contract.config import TrainConfig
from training.contract.errors import P2PError
from training.contract.progress import Report, Token


class RunComparisons(QObject):
    failed = Signal(str)  # a sentence

    def __init__(self, look: Look, working: WorkingModel, errands: Errands, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._working, self._errands, self._page = look, working, errands, parent
        self._followers: list[RunFollower] = []  # kept: their threads may end later than a comparison

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
        """Read what was asked of both, and show them over each other."""

        def work(_: Report[Any], __: Token) -> "list[_Request] | str":  # Any: nothing is reported
            try:
                return [(run, read_request(run)) for run in (first, second)]
            except P2PError as error:
                return str(error)

        self._errands.run(work, "reading two requests", self._on_read)

    def compare_models(self, run: Path, state: RunState) -> None:
        """Show two models of a run on its held-out pictures, or on any other."""
        models = models_of(run, state)
        if len(models) < 2:
            self.failed.emit(self.tr("There is only one model of this run yet. Take a snapshot, and train on."))
            return
        strips = [run / name for name in (state.samples[-1].files if state.samples else [])]
        CompareCheckpoints(self._look, self._working.load_file, models, strips, self._errands, self._page).show()

    def close(self, until: QDeadlineTimer) -> None:
        """End the threads that follow runs: only for a program that ends."""
        for follower in self._followers:
            follower.close(until)

    def _on_other_chosen(self, action: QAction) -> None:
        self.compare_runs(*action.data())

    def _on_read(self, read: "list[_Request] | str | None") -> None:
        if not isinstance(read, list):
            self.failed.emit(read or self.tr("The runs could not be read. The log says what happened."))
            return
        (run, first), (other_run, second) = read
        one = ComparedRun(first.name or run.name, self._follow(run))
        other = ComparedRun(second.name or other_run.name, self._follow(other_run))
        settings = [setting_row(difference) for difference in different_settings(first, second)]
        CompareRuns(self._look, (one, other), partial(_rows, one, other, settings), self._errands, self._page).show()

    def _follow(self, run: Path) -> RunFollower:
        follower = next((follower for follower in self._followers if follower.run is None), None)
        if follower is None:
            follower = RunFollower(self)
            self._followers.append(follower)
        follower.follow(run)
        return follower


_Request = tuple[Path, TrainConfig]


def _rows(one: ComparedRun, other: ComparedRun, settings: Sequence[Row]) -> list[Row]:
    return [*(fact_row(difference) for difference in different_facts(one.state, other.state)), *settings]
