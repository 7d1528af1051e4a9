"""What the window knows of trainings whatever page is in front: which are under way, which have finished, what closing means."""

import logging
import socket
from math import isfinite
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
from p2p_desktop.ui.settings_box import SettingsBox
from p2p_desktop.ui.training_questions import ask_what_becomes
from p2p_desktop.workers.runs_watch import RunsWatch
from training.contract.protocol import MODELS, write_order

log = logging.getLogger(__name__)

_LANDED = "landed"
_MODELS = ("best", "latest")  # the first that there is: the best by the held-out pictures, where there are some


class TrainingWatch(QObject):
    progressed = Signal(object)  # how far those under way are, 0 to 1; None: none is
    landed = Signal(str)  # the name of a model that has finished learning, and is in Models now

    def __init__(
        self, paths: UserPaths, settings: SettingsBox, shelf: ModelShelf, remembered: Remembered, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._paths, self._settings, self._shelf, self._remembered = paths, settings, shelf, remembered
        self._folder = Path()
        self._is_closed = False
        self.runs = RunsWatch(self._known(), self)
        self._landing: list[str] = []  # names that the shelf is about to tell
        self.runs.changed.connect(self._on_changed)
        shelf.added.connect(self._on_added)

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
        known = self._known()
        if known.folder != self._folder:
            self._folder = known.folder
            self.runs.know(known)

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
        self.progressed.emit(min(shares) if shares and all(map(isfinite, shares)) else 0.0 if here else None)
        for glance in self.runs.glances:
            if glance.standing == "finished" and glance.folder.parent == self._folder:  # others are their owners' to add
                self._land(glance)

    def _land(self, glance: RunGlance) -> None:
        """Put the model of a finished run into Models, once: whoever removes it there does not want it back."""
        landed: Any = self._remembered.value(_LANDED)  # Any: JSON
        when = repr(glance.changed)
        known = dict(landed) if isinstance(landed, dict) else {}
        if known.get(str(glance.folder)) == when:
            return
        model = next((path for name in _MODELS if (path := glance.folder / MODELS / f"{name}.safetensors").exists()), None)
        if model is None:
            return
        known[str(glance.folder)] = when
        self._remembered.keep(**{_LANDED: {folder: then for folder, then in known.items() if Path(folder).parent == self._folder}})
        self._landing.append(glance.name)
        self._shelf.add([model])

    def _on_added(self, name: str) -> None:
        for wanted in self._landing:
            if name.startswith(wanted):  # with a number, where the name was taken
                self._landing.remove(wanted)
                self.landed.emit(name)
                return
