"""What a training begins with: nothing, or the weights of a model that the person has."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDeadlineTimer, QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from p2p_desktop.ui import model_words
from p2p_desktop.ui.complaint import Complaint
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.settings_form import leave_wheel_to_page
from p2p_desktop.ui.theme import SPACE_S, SPACE_XS
from p2p_desktop.workers.errands import Errands
from training.contract.config import recommended
from training.contract.errors import P2PError
from training.contract.model_file import read_card
from training.contract.progress import Report, Token

_NOTHING = Path()
_FIELD_WIDTH = 320


class StartFrom(QWidget):
    """A model is read in a thread, and held against the task: until that is done, `why_not` says so."""

    changed = Signal()

    def __init__(self, look: Look, shelf: ModelShelf, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._shelf = look, shelf
        self._wish = _Wish("")
        self._chosen, self._problem, self._is_asking = _NOTHING, "", False
        self._errands = Errands(self)
        label, hint = QLabel(self.tr("Start from"), self), QLabel(self)
        label.setProperty("role", "section")
        hint.setText(self.tr("A model that can do something like it learns faster and needs fewer pictures. Its network is kept."))
        hint.setProperty("role", "small")
        hint.setWordWrap(True)
        self._models = QComboBox(self)
        self._models.setObjectName("train_start_from")
        self._models.setAccessibleName(label.text())
        self._models.setToolTip(self.tr("A model of yours learns on; or begin with an empty network"))
        self._models.setMinimumWidth(_FIELD_WIDTH)
        self._models.activated.connect(self._on_activated)
        leave_wheel_to_page(self._models)
        label.setBuddy(self._models)
        choose = QPushButton(self.tr("Choose a model file"), self)
        choose.setObjectName("train_start_choose")
        choose.setToolTip(self.tr("A .safetensors file that is not in Models"))
        choose.clicked.connect(self._on_choose)
        look.icons.set_on(choose, "folder-open")
        self._complaint = Complaint(look, "train_start_problem", self._models, self)
        line = QHBoxLayout()
        line.setSpacing(SPACE_S)
        line.addWidget(self._models)
        line.addWidget(choose)
        line.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_XS)
        layout.addWidget(label)
        layout.addWidget(hint)
        layout.addSpacing(SPACE_XS)
        layout.addLayout(line)
        layout.addWidget(self._complaint)
        shelf.changed.connect(self._show_models)
        self._show_models()

    @property
    def model(self) -> Path | None:
        """The file whose weights are the start; None: an empty network."""
        return None if self._chosen == _NOTHING else self._chosen

    def choose(self, model: Path | None) -> None:
        """Start from this file, or from nothing."""
        self._chosen = model or _NOTHING
        self._show_models()
        self._ask()

    def use_task(self, task: str, encoding_in: str = "", encoding_out: str = "") -> None:
        """What is to be learned, and encodings that are not the task's: whether the model can be its start is found out anew."""
        wish = _Wish(task, encoding_in, encoding_out)
        if wish != self._wish:
            self._wish = wish
            self._ask()

    def why_not(self) -> str:
        if self._problem:
            return self._problem
        return self.tr("The model to start from is being read.") if self._is_asking else ""

    def close_down(self, until: QDeadlineTimer) -> None:
        self._errands.close(until)

    def _ask(self) -> None:
        model, wish = self.model, self._wish
        self._problem, self._is_asking = "", model is not None and bool(wish.task)
        self._complaint.say(self._problem)
        self.changed.emit()
        if model is None or not wish.task:
            return

        def work(_: Report[Any], __: Token) -> tuple[Path, _Wish, str]:  # Any: nothing is reported
            return model, wish, _problem_with(model, wish)

        self._errands.run(work, "reading a model to start from", self._on_read)

    def _on_read(self, answer: "tuple[Path, _Wish, str] | None") -> None:
        if answer is not None and answer[:2] != (self._chosen, self._wish):
            return  # another one was chosen since
        self._is_asking = False
        self._problem = answer[2] if answer is not None else self.tr("The model could not be read. The log says why.")
        self._complaint.say(self._problem)
        self.changed.emit()

    def _show_models(self) -> None:
        with QSignalBlocker(self._models):
            self._models.clear()
            self._models.addItem(self.tr("An empty network"), _NOTHING)
            for model in self._shelf.models:
                if model.card is not None:
                    words = f"{model_words.title(model)}: {model_words.does(model.card)}"
                    self._models.addItem(words, model.path)
            paths = [self._models.itemData(index) for index in range(self._models.count())]
            if self._chosen not in paths:
                self._models.addItem(self._chosen.name, self._chosen)
                paths.append(self._chosen)
            self._models.setCurrentIndex(paths.index(self._chosen))

    def _on_activated(self, index: int) -> None:
        self._chosen = self._models.itemData(index)
        self._ask()

    def _on_choose(self) -> None:
        kinds = self.tr("Model files (*.safetensors)")
        file, _ = QFileDialog.getOpenFileName(self, self.tr("Choose a model file"), "", kinds)
        if file:
            self.choose(Path(file))


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is to be learned; an encoding is empty where it is the task's."""

    task: str
    encoding_in: str = ""
    encoding_out: str = ""


def _problem_with(model: Path, wish: _Wish) -> str:
    """Why a model cannot be the start of what is to be learned; "" if it can. Called in a worker thread."""
    try:
        network = read_card(model).generator
        recipe = recommended(wish.task, Path(), encoding_in=wish.encoding_in, encoding_out=wish.encoding_out)
        size = -(-max(recipe.crop_size, network.multiple) // network.multiple) * network.multiple  # settings can be changed later
        recipe.changed({"init_model": str(model), "crop_size": str(size), "load_size": "0"}, network)
    except P2PError as error:
        return str(error)
    return ""
