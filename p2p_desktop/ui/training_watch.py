"""What the window knows of trainings whatever page is in front: which are under way, which have finished, what closing means."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDeadlineTimer, QObject, Signal
from PySide6.QtWidgets import QWidget

from p2p_desktop.paths import UserPaths
from p2p_desktop.runs.known_runs import KnownRuns
from p2p_desktop.runs.run_glance import RunGlance
from p2p_desktop.runs.run_register import RunRegister
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.plain_words import count
from p2p_desktop.ui.remembered import Remembered
from p2p_desktop.ui.run_menus import BEST, LATEST
from p2p_desktop.ui.settings_box import SettingsBox
from p2p_desktop.ui.training_questions import ask_what_becomes
from p2p_desktop.workers.errands import Errands
from p2p_desktop.workers.runs_watch import RunsWatch
from training.contract.protocol import MODELS, write_order

log = logging.getLogger(__name__)

_OWN = "own_runs"
_MOST_KEPT = 500  # runs; the oldest are forgotten


class TrainingWatch(QObject):
    progressed = Signal(object)  # how far those under way are, 0 to 1; None: none is
    landed = Signal(str)  # the name of a model that has finished learning, and is in Models now
    not_landed = Signal(str, str)  # a sentence, and why
    broke_off = Signal(Path, str)  # a run of this computer that was trained until now, and a sentence

    def __init__(
        self, paths: UserPaths, settings: SettingsBox, shelf: ModelShelf, remembered: Remembered, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._paths, self._settings, self._shelf, self._remembered = paths, settings, shelf, remembered
        self._folder = Path()
        self._is_closed = False
        self.runs = RunsWatch(self._known(), self)
        self._tried: set[tuple[Path, str]] = set()
        self._errands = Errands(self)
        self._trained: frozenset[Path] = frozenset()  # here, at the last look
        self.runs.changed.connect(self._on_changed)

    @property
    def words(self) -> str:
        """What is being trained on this computer; "" if nothing is."""
        here = self.runs.training_here
        if not here:
            return ""
        if len(here) > 1:
            return self.tr("Training {n} models, goes on when this window is closed").format(n=len(here))
        return self.tr("Training \u201c{name}\u201d, goes on when this window is closed").format(name=here[0].name)

    def start(self) -> None:
        self.runs.start()

    def follow_settings(self) -> None:
        """Models and runs may be kept elsewhere by now."""
        if self._paths.runs_in(self._settings.value.models_folder) != self._folder:
            self.runs.know(self._known())

    def may_close(self, parent: QWidget) -> bool:
        """Ask what becomes of trainings on this computer when the window closes; those that shall stop are told to."""
        here = self.runs.training_here
        if not here or self._is_closed:
            return True
        answer = ask_what_becomes([glance.name for glance in here], parent)
        if answer == "stop":
            folders = [glance.folder for glance in here]
            self._errands.run(lambda _, __: _stop_all(folders), "telling trainers to stop", _nothing)
        return answer != "stay"

    def close(self, until: QDeadlineTimer) -> None:
        """End. Blocks until what was told to stop has been told, or `until` then."""
        self._is_closed = True
        self._errands.close(until)
        self.runs.close(until)

    def _known(self) -> KnownRuns:
        self._folder = self._paths.runs_in(self._settings.value.models_folder)
        return KnownRuns(self._folder, RunRegister(self._paths.known_runs), self._paths.removed)

    def _on_changed(self) -> None:
        here = self.runs.training_here
        self._tell_what_broke_off()
        shares = [glance.step / glance.steps for glance in here if glance.steps > 0]
        self.progressed.emit(min(shares) if shares else 0.0 if here else None)
        for glance in self.runs.glances:
            if glance.standing == "finished":
                self._land(glance)

    def _tell_what_broke_off(self) -> None:
        """Whoever looks at another page would not see it."""
        before, self._trained = self._trained, frozenset(glance.folder for glance in self.runs.training_here)
        for glance in self.runs.glances:
            if glance.folder in before - self._trained and glance.standing in ("failed", "died"):
                self.broke_off.emit(glance.folder, self._why(glance))

    def _why(self, glance: RunGlance) -> str:
        if glance.standing == "failed":
            words = self.tr("The training of \u201c{name}\u201d has failed at step {step}.")
        else:
            words = self.tr("The training of \u201c{name}\u201d has ended without a word at step {step}.")
        return words.format(name=glance.name, step=count(glance.step))

    def remember(self, run: Path) -> None:
        """A run that this window made: its model goes into Models when it has finished, wherever the run lies."""
        self._keep(run, "")

    def _land(self, glance: RunGlance) -> None:
        """Put the model of a finished run of ours into Models, once: whoever removes it there does not want it back."""
        when = repr(glance.changed)
        if self._own().get(str(glance.folder), when) == when or (glance.folder, when) in self._tried:
            return
        self._tried.add((glance.folder, when))
        model = glance.folder / MODELS / (BEST if glance.best is not None else LATEST)
        self._shelf.put(model, partial(self._on_put, glance.folder, when))

    def _on_put(self, run: Path, when: str, name: str, problem: str) -> None:
        if not name:  # tried again at the next start
            self.not_landed.emit(
                self.tr("{run} has finished, but its model could not be put into Models.").format(run=run.name), problem
            )
            return
        self._keep(run, when)
        self.landed.emit(name)

    def _own(self) -> dict[str, str]:
        """The runs that this window made, and when the model that landed was finished; "" before."""
        kept: Any = self._remembered.value(_OWN)  # Any: JSON
        return {run: when for run, when in kept.items() if isinstance(when, str)} if isinstance(kept, dict) else {}

    def _keep(self, run: Path, when: str) -> None:
        self._remembered.keep(**{_OWN: dict(list((self._own() | {str(run): when}).items())[-_MOST_KEPT:])})
        self._remembered.save()  # a window that is killed must not forget it


def _stop_all(runs: Sequence[Path]) -> None:
    for run in runs:
        try:
            write_order(run, "stop")
        except OSError as error:  # a full disk takes no orders; it goes on, and nothing is lost
            log.warning("%s could not be told to stop: %s", run, error)


def _nothing(_: None) -> None:
    """Nobody is left to be told."""
