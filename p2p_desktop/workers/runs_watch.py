"""The list of runs, looked at every few seconds in a thread; and runs removed to the bin and brought back."""

import logging
import socket
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDeadlineTimer, QObject, QTimer, Signal

from p2p_desktop.runs.known_runs import KnownRuns
from p2p_desktop.runs.run_folder import TrainerError
from p2p_desktop.runs.run_glance import RunGlance
from p2p_desktop.workers.errands import Errands
from training.contract.progress import Report, Token

log = logging.getLogger(__name__)

_EVERY_MS = 3000


class RunsWatch(QObject):
    """Knows the runs as of a few seconds ago. What the disk is slow to tell comes later."""

    changed = Signal()  # `glances` are others
    removed = Signal(Path, Path)  # a run's folder, and where it is now
    restored = Signal(Path)
    failed = Signal(str)  # a sentence

    def __init__(self, known: KnownRuns, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.glances: list[RunGlance] = []
        """Those that somebody trains first, then the latest."""
        self.is_read = False
        """Whether there was a look."""
        self.begun: Callable[[], Collection[Path]] = tuple
        """Gives the runs whose trainers are being started here: they hold nothing yet."""
        self._known = known
        self._errands = Errands(self)
        self._is_looking = self._is_asked_again = False
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.look)

    @property
    def training(self) -> list[RunGlance]:
        """The runs that a process has now, or will have in a moment."""
        begun = self.begun()
        return [glance for glance in self.glances if glance.is_held or glance.folder in begun]

    @property
    def training_here(self) -> list[RunGlance]:
        """Those of this computer."""
        return [glance for glance in self.training if glance.host in ("", socket.gethostname())]

    def training_beside(self, device: str) -> list[RunGlance]:
        """The runs that have `device` of this computer now; "auto" may be any."""
        wanted = _with_number(device)
        here = self.training_here
        return [glance for glance in here if "auto" in (device, glance.device) or _with_number(glance.device) == wanted]

    def start(self) -> None:
        """Look now and every few seconds."""
        self._timer.start()
        self.look()

    def know(self, known: KnownRuns) -> None:
        """Look at other folders from now on: the settings have changed."""
        self._known = known
        self.look()

    def look(self) -> None:
        """Look as soon as can be: after a run was made, say."""
        if self._is_looking:
            self._is_asked_again = True
            return
        self._is_looking = True
        known = self._known

        def work(_: Report[Any], __: Token) -> list[RunGlance]:  # Any: nothing is reported
            return known.runs()

        self._errands.run(work, "looking at the runs", self._on_seen)

    def note(self, run: Path) -> None:
        """List a run that was just made or opened, wherever it lies, and still when the folder of runs is another one."""
        known = self._known

        def work(_: Report[Any], __: Token) -> None:  # Any: nothing is reported
            known.register.add(run)

        self._errands.run(work, "noting a run", self._on_noted)

    def remove(self, run: Path) -> None:
        """Move a run to the removed things; `removed` says where, `failed` why not."""
        if run in self.begun():
            self.failed.emit(self.tr("This run is being trained. Stop it first."))
            return
        known = self._known

        def work(_: Report[Any], __: Token) -> tuple[Path, Path] | str:  # Any: nothing is reported
            try:
                return run, known.remove(run)
            except TrainerError as error:
                return str(error)

        self._errands.run(work, "removing a run", self._on_removed)

    def restore(self, moved: Path, run: Path) -> None:
        """Bring back what was removed from `run` and lies in `moved`."""
        known = self._known

        def work(_: Report[Any], __: Token) -> Path | str:  # Any: nothing is reported
            try:
                return known.restore(moved, run)
            except TrainerError as error:
                return str(error)

        self._errands.run(work, "bringing a run back", self._on_restored)

    def close(self, until: QDeadlineTimer) -> None:
        """Look no more: only for a program that ends."""
        self._timer.stop()
        self._errands.close(until)

    def _on_seen(self, glances: list[RunGlance] | None) -> None:
        self._is_looking = False
        if glances is not None and (glances != self.glances or not self.is_read):
            self.glances, self.is_read = glances, True
            self.changed.emit()
        if self._is_asked_again:
            self._is_asked_again = False
            self.look()

    def _on_noted(self, _: None) -> None:
        self.look()

    def _on_removed(self, answer: tuple[Path, Path] | str | None) -> None:
        if isinstance(answer, tuple):
            self.removed.emit(*answer)
        else:
            self.failed.emit(answer or self.tr("The run could not be removed. The log says what happened."))
        self.look()

    def _on_restored(self, answer: Path | str | None) -> None:
        if isinstance(answer, Path):
            self.restored.emit(answer)
        else:
            self.failed.emit(answer or self.tr("The run could not be brought back. The log says what happened."))
        self.look()


def _with_number(device: str) -> str:
    """A graphics card without a number is the first."""
    return "cuda:0" if device == "cuda" else device
