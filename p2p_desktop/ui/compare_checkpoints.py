"""Two models of one run on one picture: a held-out one, or any that is dropped. The left half is of one, the right of the other."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRect, Qt, QTemporaryDir
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QImage, QImageWriter
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from p2p_desktop.ui.choose_files import choose_picture
from p2p_desktop.ui.compare_bar import CompareBar
from p2p_desktop.ui.compare_view import CompareView
from p2p_desktop.ui.drops import can_be_answered, dropped
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.no_picture import NoPicture
from p2p_desktop.ui.run_menus import RunModel
from p2p_desktop.ui.sample_source import part_of
from p2p_desktop.ui.theme import SPACE_M, SPACE_S
from p2p_desktop.workers.errands import Errands
from p2p_desktop.workers.preview_session import Load, PreviewSession
from training.contract.progress import Report, Token

if TYPE_CHECKING:  # it imports OpenCV
    from p2p_desktop.convert.pyramid import Pyramid

_SIZE = (940, 660)
_LEFT, _RIGHT = 0, 1


class CompareCheckpoints(QDialog):
    def __init__(
        self,
        look: Look,
        load: Callable[[Path], Load],
        models: Sequence[RunModel],
        strips: Sequence[Path],
        errands: Errands,
        parent: QWidget | None = None,
    ) -> None:
        """`models`: two at least. `strips`: what the run drew, input, result and target side by side; their inputs are offered.

        `errands` reads them, maybe until after this window is gone.
        """
        super().__init__(parent)
        self._load, self._models, self._strips, self._errands = load, list(models), list(strips), errands
        self._loads: dict[Path, Load] = {}
        self._folder = QTemporaryDir()
        self._path: Path | None = None
        self._done = [False, False]
        self._example = -1
        self._wish = 0  # grows with each picture that is asked for: one that arrives late is not shown
        self._is_reading = False
        self._right: tuple[Path | None, Pyramid] | None = None
        self.setObjectName("train_compare_models")
        self.setWindowTitle(self.tr("Compare two models of this run"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptDrops(True)
        self.resize(*_SIZE)
        self._view = CompareView(look, self)
        self._no_picture = NoPicture(look, self._view)
        self._bar = CompareBar(look, self._view, self)
        self._previews = [PreviewSession(self), PreviewSession(self)]
        self._choices = [self._choice(_LEFT), self._choice(_RIGHT)]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar)
        layout.addWidget(self._view, 1)
        layout.addLayout(self._below(look))
        self._connect()
        self._choices[_RIGHT].setCurrentIndex(min(1, len(self._models) - 1))
        for side in (_LEFT, _RIGHT):
            self._take_model(side)
        self._on_next()

    def try_on(self, path: Path, name: str = "") -> None:
        """Show what both models make of a picture."""
        self._wish += 1
        self._path, self._done = path, [False, False]
        self._no_picture.say("")
        self._bar.describe(name or path.name)
        for preview in self._previews:
            preview.show(path)

    def done(self, result: int) -> None:
        self._retire()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._retire()
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

    def _choice(self, side: int) -> QComboBox:
        choice = QComboBox(self)
        choice.setObjectName("train_compare_left" if side == _LEFT else "train_compare_right")
        words = self.tr("Model on the left") if side == _LEFT else self.tr("Model on the right")
        choice.setAccessibleName(words)
        choice.setToolTip(words)
        for model in self._models:
            choice.addItem(model.words, model.path)
        return choice

    def _below(self, look: Look) -> QHBoxLayout:
        choose, following = QPushButton(self.tr("Choose a picture"), self), QPushButton(self.tr("Next held-out picture"), self)
        choose.setObjectName("train_compare_choose")
        choose.setToolTip(self.tr("Or drop one on this window"))
        choose.clicked.connect(self._on_choose)
        look.icons.set_on(choose, "image")
        following.setObjectName("train_compare_next")
        following.setToolTip(self.tr("The pictures that the run measures itself on, as it draws them"))
        following.clicked.connect(self._on_next)
        following.setVisible(bool(self._strips))
        for button in (choose, following):
            button.setAutoDefault(False)
        left, right = QLabel(self.tr("Left"), self), QLabel(self.tr("Right"), self)
        line = QHBoxLayout()
        line.setContentsMargins(SPACE_M, SPACE_M, SPACE_M, SPACE_M)
        line.setSpacing(SPACE_S)
        for label, choice in ((left, self._choices[_LEFT]), (right, self._choices[_RIGHT])):
            label.setProperty("role", "muted")
            label.setBuddy(choice)
            line.addWidget(label)
            line.addWidget(choice, 1)
        line.addWidget(choose)
        line.addWidget(following)
        return line

    def _connect(self) -> None:
        self._choices[_LEFT].currentIndexChanged.connect(self._on_left_chosen)
        self._choices[_RIGHT].currentIndexChanged.connect(self._on_right_chosen)
        left, right = self._previews
        for preview in self._previews:
            self._view.visible_changed.connect(preview.set_visible)
            preview.loading.connect(self._on_loading)
            preview.failed.connect(self._on_failed)
        left.after_begun.connect(self._on_left_begun)
        left.patch_done.connect(self._view.before_changed)
        left.done.connect(self._on_left_done)
        right.after_begun.connect(self._on_right_begun)
        right.patch_done.connect(self._view.patch_arrived)
        right.done.connect(self._on_right_done)

    def _take_model(self, side: int) -> None:
        place = max(0, self._choices[side].currentIndex())
        if not self._models:
            return
        model = self._models[place]
        if model.path not in self._loads:
            self._loads[model.path] = self._load(model.path)
        self._done[side] = False
        self._previews[side].choose_model(self._loads[model.path])
        left, right = (self._models[max(0, choice.currentIndex())].short for choice in self._choices)
        self._view.set_words(left, right)

    def _on_left_chosen(self, _: int) -> None:
        self._take_model(_LEFT)

    def _on_right_chosen(self, _: int) -> None:
        self._take_model(_RIGHT)

    def _on_choose(self) -> None:
        path = choose_picture(self)
        if path is not None:
            self.try_on(path)

    def _on_next(self) -> None:
        """Take the input out of the next strip: a small file of its own, which goes with this window."""
        if self._is_reading:
            return
        self._is_reading = True
        wish, strips, first, folder = self._wish, self._strips, self._example + 1, Path(self._folder.path())

        def work(_: Report[Any], token: Token) -> tuple[int, int | None, Path]:  # Any: nothing is reported
            for place in (number % len(strips) for number in range(first, first + len(strips))):
                token.check()
                path = folder / f"{place + 1}.png"
                if _take_input(strips[place], path):
                    return wish, place, path
            return wish, None, folder

        self._errands.run(work, "reading a held-out picture", self._on_read)

    def _on_read(self, read: tuple[int, int | None, Path] | None) -> None:
        self._is_reading = False
        wish, place, path = read or (self._wish, None, Path())
        if wish != self._wish:
            return
        if place is None:
            self._no_picture.say(self.tr("There is no picture yet. Drop one here."))
        else:
            self._example = place
            self.try_on(path, self.tr("Held-out picture {n}").format(n=place + 1))

    def _on_left_begun(self, picture: "Pyramid") -> None:
        self._view.show_before(picture, self._path.name if self._path is not None else "")
        if self._right is not None and self._right[0] == self._path:
            self._view.show_after(self._right[1])
        self._tell()

    def _on_right_begun(self, picture: "Pyramid") -> None:
        self._right = (self._path, picture)
        if self._view.has_picture:
            self._view.show_after(picture)
        self._tell()

    def _on_left_done(self, _: float, __: float) -> None:
        self._done[_LEFT] = True
        self._view.before_changed(QRect(self._view.visible_part()))
        self._tell()

    def _on_right_done(self, _: float, __: float) -> None:
        self._done[_RIGHT] = True
        self._view.patch_arrived(QRect(self._view.visible_part()))
        self._tell()

    def _tell(self) -> None:
        self._view.set_waiting("" if all(self._done) else self.tr("Working on the part in view, then on the rest"))

    def _on_loading(self) -> None:
        self._view.set_waiting(self.tr("Getting the models ready"))

    def _on_failed(self, sentence: str) -> None:
        self._view.clear()
        self._no_picture.say(sentence)

    def _retire(self) -> None:
        for preview in self._previews:
            preview.retire()


def _take_input(strip: Path, path: Path) -> bool:
    """Write the input of a strip to a file, and give whether there was one. Called in a worker thread."""
    if path.is_file():  # it may be in front, and be read
        return True
    image = QImage(str(strip))
    return not image.isNull() and QImageWriter(str(path), b"PNG").write(part_of(image, "input"))
