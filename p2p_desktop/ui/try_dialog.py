"""One picture through one model, to look at. Nothing is written."""

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from p2p_desktop.ui import model_words
from p2p_desktop.ui.choose_files import choose_picture
from p2p_desktop.ui.compare_bar import CompareBar
from p2p_desktop.ui.compare_view import CompareView
from p2p_desktop.ui.drops import can_be_answered, dropped
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.no_picture import NoPicture
from p2p_desktop.ui.theme import SPACE_M, SPACE_S
from p2p_desktop.ui.wishes import Wishes
from p2p_desktop.ui.working_model import WorkingModel
from p2p_desktop.workers.preview_session import PreviewSession

if TYPE_CHECKING:
    from p2p_desktop.convert.pyramid import Pyramid
    from p2p_desktop.models.library import Model

_SIZE = (900, 640)


class TryDialog(QDialog):
    use_asked = Signal(str)

    def __init__(self, look: Look, working: WorkingModel, model: "Model", examples: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._path: Path | None = None
        self.setObjectName("try_dialog")
        self.setWindowTitle(self.tr("Try {model}").format(model=model_words.title(model)))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptDrops(True)
        self.resize(*_SIZE)
        self._view = CompareView(look, self)
        self._no_picture = NoPicture(look, self._view)
        self._bar = CompareBar(look, self._view, self)
        self._preview = PreviewSession(self)
        choose, use = QPushButton(self.tr("Choose a picture"), self), QPushButton(self.tr("Use in Convert"), self)
        choose.setObjectName("try_choose")
        choose.setToolTip(self.tr("Or drop one on this window"))
        choose.clicked.connect(self._on_choose)
        look.icons.set_on(choose, "image")
        example = QPushButton(self.tr("Next example"), self)
        example.setObjectName("try_example")
        example.setToolTip(self.tr("The pictures that came with the program, one after the other"))
        example.clicked.connect(self._on_example)
        use.setObjectName("try_use")
        use.setProperty("role", "primary")
        use.setToolTip(self.tr("Goes to Convert with this model chosen"))
        use.clicked.connect(self._on_use)
        look.icons.set_on(use, "arrow-right", token="on_accent")
        buttons = QHBoxLayout()
        buttons.setContentsMargins(SPACE_M, SPACE_M, SPACE_M, SPACE_M)
        buttons.setSpacing(SPACE_S)
        buttons.addWidget(choose)
        buttons.addWidget(example)
        buttons.addStretch(1)
        buttons.addWidget(use)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar)
        layout.addWidget(self._view, 1)
        layout.addLayout(buttons)
        self._view.visible_changed.connect(self._preview.set_visible)
        self._preview.before_ready.connect(self._on_before_ready)
        self._preview.loading.connect(self._on_loading)
        self._preview.after_begun.connect(self._on_after_begun)
        self._preview.patch_done.connect(self._view.patch_arrived)
        self._preview.done.connect(self._on_done)
        self._preview.failed.connect(self._on_failed)
        self._preview.choose_model(working.load(Wishes(model=model.name)))
        self._examples = deque(sorted(examples.glob("*.jpg")))
        example.setVisible(len(self._examples) > 1)
        self._on_example()

    @property
    def model_name(self) -> str:
        return self._model.name

    def try_on(self, path: Path) -> None:
        """Show this picture and what the model makes of it."""
        self._path = path
        self._no_picture.say("")
        self._bar.describe(path.name)
        self._preview.show(path)

    def done(self, result: int) -> None:
        self._preview.retire()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._preview.retire()
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if can_be_answered(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        what = dropped(event.mimeData())
        if what.pictures:
            self.try_on(what.pictures[0])
        elif what.refused:
            self._view.set_waiting(what.refused)

    def _on_choose(self) -> None:
        path = choose_picture(self)
        if path is not None:
            self.try_on(path)

    def _on_example(self) -> None:
        if self._examples:
            self.try_on(self._examples[0])
            self._examples.rotate(-1)

    def _on_use(self) -> None:
        self.use_asked.emit(self._model.name)
        self.close()

    def _on_before_ready(self, picture: "Pyramid") -> None:
        self._view.show_before(picture, self._path.name if self._path is not None else "")
        self._bar.describe(self._path.name if self._path is not None else "", f"{picture.width} \u00d7 {picture.height}")

    def _on_loading(self) -> None:
        self._view.set_waiting(self.tr("Getting the model ready"))

    def _on_after_begun(self, picture: "Pyramid") -> None:
        self._view.set_waiting(self.tr("Working on the part in view, then on the rest"))
        self._view.show_after(picture)

    def _on_done(self, _: float, __: float) -> None:
        self._view.set_waiting("")
        self._view.patch_arrived(self._view.visible_part())

    def _on_failed(self, sentence: str) -> None:
        self._view.clear()
        self._no_picture.say(sentence)
