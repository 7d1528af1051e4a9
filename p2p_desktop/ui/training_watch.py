"""What the window knows of trainings whatever page is in front: which are under way, which have finished, what closing means."""

import logging
import socket
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
from p2p_desktop.ui.remembered import Remembered
from p2p_desktop.ui.run_menus import BEST, LATEST
from p2p_desktop.ui.settings_box import SettingsBox
from p2p_desktop.ui.training_questions import ask_what_becomes
from p2p_desktop.workers.runs_watch import RunsWatch
from training.contract.protocol import MODELS, write_order

log = logging.getLogger(__name__)

_OWN = "own_runs"
_MOST_KEPT = 500  # runs; the oldest are forgotten


class TrainingWatch(QObject):
    progressed = Signal(object)  # how far those under way are, 0 to 1; None: none is
    landed = Signal(str)  # the name of a model that has finished learning, and is in Models now
    not_landed = Signal(str, str)  # a sentence, and why

    def __init__(
        self, paths: UserPaths, settings: SettingsBox, shelf: ModelShelf, remembered: Remembered, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._paths, self._settings, self._shelf, self._remembered = paths, settings, shelf, remembered
        self._folder = Path()
        self._is_closed = False
        self.runs = RunsWatch(self._known(), self)
        self._tried: set[tuple[Path, str]] = set()
        self.runs.changed.connect(self._on_changed)

    @property
    def words(self) -> str:
        """What is being trained on this computer; "" if nothing is."""
        here = self._here()
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
        here = self._here()
        if not here or self._is_closed:
            return True
        answer = ask_what_becomes([glance.name for glance in here], parent)
        if answer == "stop":
            for glance in here:
                try:
                    write_order(glance.folder, "stop")
                except OSError as error:  # a full disk takes no orders; it goes on, and nothing is lost
                    log.warning("%s could not be told to stop: %s", glance.folder, error)
        return answer != "stay"

    def close(self, until: QDeadlineTimer) -> None:
        self._is_closed = True
        self.runs.close(until)

    def _known(self) -> KnownRuns:
        self._folder = self._paths.runs_in(self._settings.value.models_folder)
        return KnownRuns(self._folder, RunRegister(self._paths.known_runs), self._paths.removed)

    def _here(self) -> list[RunGlance]:
        host = socket.gethostname()
        return [glance for glance in self.runs.training if glance.host == host]

    def _on_changed(self) -> None:
        here = self._here()
        shares = [glance.step / glance.steps for glance in here if glance.steps > 0]
        self.progressed.emit(min(shares) if shares else 0.0 if here else None)
        for glance in self.runs.glances:
            if glance.standing == "finished":
                self._land(glance)

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
