"""Train: the runs there are, a wizard for a new one, and the page of one run."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QDeadlineTimer, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from p2p_desktop.runs.run_draft import RunDraft
from p2p_desktop.runs.run_glance import is_run
from p2p_desktop.ui.drops import Dropped
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.notes import Kind
from p2p_desktop.ui.show_file import FolderDoor
from p2p_desktop.ui.train_home import TrainHome
from p2p_desktop.ui.train_wizard import TrainWizard, wizard_steps
from p2p_desktop.ui.training_questions import ask_beside
from p2p_desktop.workers.errands import Errands
from p2p_desktop.workers.run_control import RunControl
from p2p_desktop.workers.run_follower import RunFollower
from p2p_desktop.workers.runs_watch import RunsWatch
from training.contract.errors import P2PError
from training.contract.progress import Report, Token

if TYPE_CHECKING:
    from p2p_desktop.ui.run_page import RunPage

_EXAMPLE_TASK, _EXAMPLE_PRESET = "deblur", "quick"


class TrainPage(QWidget):
    use_asked = Signal(str)  # a model's name, in Convert

    def __init__(
        self, look: Look, shelf: ModelShelf, watch: RunsWatch, runs: Path, examples: Path, parent: QWidget | None = None
    ) -> None:
        """`runs`: folder where new runs are made. `examples`: a folder of photographs to try with."""
        super().__init__(parent)
        self._look, self._shelf, self._watch, self._runs, self._examples = look, shelf, watch, runs, examples
        self._errands = Errands(self)
        self._door = FolderDoor(self._errands, self)
        self._follower = RunFollower(self)
        self._control = RunControl(self._follower, self)
        self._wizard: TrainWizard | None = None
        self._run_page: RunPage | None = None
        self._is_narrow = False
        self._is_use_awaited = False
        self._home = TrainHome(look, self)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._home)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self._connect()
        self._on_runs_changed()
