"""One model, measured on a folder of pictures: which pictures it takes, how far it is, the numbers and a sheet of pictures."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QDir, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from p2p_desktop.ui import measure_words, model_words
from p2p_desktop.ui.choose_files import choose_folder, pictures_folder
from p2p_desktop.ui.drops import can_be_answered, dropped, leave_drops_to_window
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.measure_results import MeasureResults
from p2p_desktop.ui.plain_words import duration
from p2p_desktop.ui.theme import SPACE_L, SPACE_M, SPACE_S, SPACE_XL
from p2p_desktop.ui.widgets import ElidedLabel, SlimProgress
from p2p_desktop.workers.measure_run import MeasureRun, save_sheet
from p2p_desktop.workers.task_thread import TaskThread
from training.contract.progress import Report, Token

if TYPE_CHECKING:  # NumPy; the first paint does not wait for it
    from p2p_desktop.models.library import Model
    from p2p_desktop.workers.measure_run import Examined
    from training.contract.model_file import ModelCard

_WIDTH = 620
_WITH_RESULTS = (860, 680)
_FRAME = 60  # pixels of a screen that the system's bars and the title take
_SOON_S = 3  # before that nobody can tell how long it will take


class MeasureDialog(QDialog):
    measured = Signal()  # there are new numbers of the model

    def __init__(self, look: Look, run: MeasureRun, model: "Model", card: "ModelCard", parent: QWidget | None = None) -> None:
        """`run` is ended, and taken down, with the dialog."""
        super().__init__(parent)
        self._look, self._run, self._model, self._card = look, run, model, card
        self._sheet, self._sheet_name = b"", ""
        self._began: tuple[float, int] | None = None  # when the first test pictures were done, and how many
        self._folder = Path()
        self._is_closing = False
        self.setObjectName("measure_dialog")
        self.setWindowTitle(self.tr("Measure {model}").format(model=model_words.title(model)))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptDrops(True)
        self._results = MeasureResults(look, self)
        self._results.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._asking())
        layout.addWidget(self._line())
        layout.addWidget(self._results, 1)
        layout.addStretch(0)
        layout.addWidget(self._bar())
        self.setMinimumWidth(_WIDTH)
        run.progressed.connect(self._on_progressed)
        run.finished.connect(self._on_finished)
        run.failed.connect(self._on_failed)
        run.cancelled.connect(self._on_cancelled)
        self._show()
        self.resize(_WIDTH, self.sizeHint().height())
        self._fit()
        self._field.setFocus()

    @property
    def model_name(self) -> str:
        return self._model.name

    def done(self, result: int) -> None:
        self._run.retire()
        super().done(result)

    def reject(self) -> None:
        """Escape ends what is being measured, and only then the dialog."""
        if self._run.is_running and not self._is_closing:
            self._on_cancel()
        else:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._is_closing = True
        super().closeEvent(event)  # by `reject`

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if can_be_answered(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if self._run.is_running:
            self._complain(self.tr("Wait for the end, or cancel, before you choose another folder."))
            return
        what = dropped(event.mimeData())
        if what.pictures:
            self._take(what.pictures[0])
        else:
            self._complain(what.refused or self.tr("Drop a folder of pictures here."))

    def _asking(self) -> QVBoxLayout:
        which, how = measure_words.wanted(self._card)
        words, more = self._explained = QLabel(which, self), QLabel(how, self)
        label = QLabel(self.tr("Folder of pictures"), self)
        words.setObjectName("measure_wanted")
        words.setProperty("role", "section")
        more.setObjectName("measure_how")
        more.setProperty("role", "muted")
        label.setProperty("role", "label")
        for one in (words, more):
            one.setWordWrap(True)
        self._field = QLineEdit(self)
        leave_drops_to_window(self._field)
        self._field.setObjectName("measure_folder")
        self._field.setAccessibleName(label.text())
        self._field.setPlaceholderText(self.tr("Drop a folder here, or choose one"))
        self._field.textChanged.connect(self._on_text_changed)
        label.setBuddy(self._field)
        self._choose = QPushButton(self.tr("Choose folder"), self)
        self._choose.setObjectName("measure_choose")
        self._choose.setAutoDefault(False)
        self._choose.clicked.connect(self._on_choose)
        self._look.icons.set_on(self._choose, "folder-open")
        self._problem = QLabel(self)
        self._problem.setObjectName("measure_problem")
        self._problem.setProperty("role", "error")
        self._problem.setTextFormat(Qt.TextFormat.PlainText)
        self._problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._problem.setWordWrap(True)
        self._problem.hide()
        line = QHBoxLayout()
        line.setSpacing(SPACE_S)
        line.addWidget(self._field, 1)
        line.addWidget(self._choose)
        layout = QVBoxLayout()
        layout.setContentsMargins(SPACE_XL, SPACE_L, SPACE_XL, SPACE_L)
        layout.setSpacing(SPACE_S)
        layout.addWidget(words)
        layout.addWidget(more)
        layout.addSpacing(SPACE_S)
        layout.addWidget(label)
        layout.addLayout(line)
        layout.addWidget(self._problem)
        return layout

    def _line(self) -> QFrame:
        self._separator = QFrame(self)
        self._separator.setProperty("role", "separator")
        self._separator.setFixedHeight(1)
        self._separator.hide()  # above results only: the bar below has a line of its own
        return self._separator

    def _bar(self) -> QFrame:
        bar = QFrame(self)
        bar.setProperty("role", "action_bar")
        self._facts, self._progress = ElidedLabel(bar), SlimProgress(self._look, bar)
        self._facts.setObjectName("measure_facts")
        self._facts.setProperty("role", "muted")
        self._progress.setObjectName("measure_progress")
        self._progress.setAccessibleName(self.tr("Test pictures measured"))
        self._save = QPushButton(self.tr("Save the sheet"), bar)
        self._save.setObjectName("measure_save")
        self._save.setAutoDefault(False)
        self._save.setToolTip(self.tr("Writes the pictures above into a PNG file"))
        self._save.clicked.connect(self._on_save)
        self._look.icons.set_on(self._save, "floppy-disk")
        self._stop = QPushButton(self.tr("Cancel"), bar)
        self._stop.setObjectName("measure_cancel")
        self._stop.setAutoDefault(False)
        self._stop.setToolTip(self.tr("Ends it at once, and forgets what was measured so far (Esc)"))
        self._stop.clicked.connect(self._on_cancel)
        self._measure = QPushButton(self.tr("Measure"), bar)
        self._measure.setObjectName("measure_start")
        self._measure.setProperty("role", "primary")
        self._measure.setDefault(True)
        self._measure.clicked.connect(self._on_measure)
        told = QVBoxLayout()
        told.setSpacing(SPACE_S - 2)
        told.addStretch(1)
        told.addWidget(self._facts)
        told.addWidget(self._progress)
        told.addStretch(1)
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(SPACE_XL, SPACE_M, SPACE_XL, SPACE_M)
        layout.setSpacing(SPACE_S)
        layout.addLayout(told, 1)
        layout.addSpacing(SPACE_S)
        layout.addWidget(self._save)
        layout.addWidget(self._stop)
        layout.addWidget(self._measure)
        return bar

    def _show(self) -> None:
        """Show what can be done now."""
        busy, folder = self._run.is_running, self._field.text().strip()
        self._progress.setVisible(busy)
        self._stop.setVisible(busy)
        self._measure.setVisible(not busy)
        self._measure.setEnabled(bool(folder))
        self._measure.setToolTip(
            self.tr("Takes a while; the window can be used meanwhile (Return)") if folder else self.tr("Choose a folder first")
        )
        self._save.setVisible(bool(self._sheet) and not busy)
        for widget in (self._field, self._choose):
            widget.setEnabled(not busy)
        wait = self.tr("It is being measured; cancel to choose another one")
        self._field.setToolTip(wait if busy else self.tr("Whole path of the folder; folders in it count, too"))
        self._choose.setToolTip(wait if busy else self.tr("Or drop one on this window"))

    def _take(self, folder: Path) -> None:
        self._field.setText(QDir.toNativeSeparators(str(folder)))
        self._measure.setFocus()

    def _on_choose(self) -> None:
        for folder in choose_folder(self):
            self._take(folder)

    def _on_text_changed(self, _: str) -> None:
        self._complain("")
        self._show()

    def _on_measure(self) -> None:
        try:
            self._folder = Path(self._field.text().strip()).expanduser()
        except RuntimeError:  # "~somebody", whom this computer does not know
            self._folder = Path(self._field.text().strip())
        if not self._folder.is_absolute():  # the folder that the program was started in means nothing to a person
            words = self.tr("This is a part of a path only. Type all of it, from {start} on, or choose a folder.")
            self._complain(words.format(start=Path.home().anchor))
            return
        self._complain("")
        self._began = None
        self._facts.setText(self.tr("Getting the model ready"))
        self._progress.set_fraction(None)
        self._run.start(self._model.path, self._folder)
        self._show()
        self._stop.setFocus()

    def _on_cancel(self) -> None:
        self._facts.setText(self.tr("Ending"))
        self._run.cancel()

    def _on_progressed(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self._began is None:
            self._began = now, done
        self._progress.set_fraction(done / total if total else None)
        began, first = self._began
        words = measure_words.progress(done, total)
        if first < done < total and now - began > _SOON_S:
            left = duration((now - began) / (done - first) * (total - done))
            words = self.tr("{progress}, {time} left").format(progress=words, time=left)
        self._facts.setText(words)

    def _on_finished(self, examined: "Examined") -> None:
        self._sheet = examined.sheet
        self._sheet_name = self.tr("{model} on {folder}").format(model=self._model.name, folder=self._folder.name)
        self._results.show_results(self._card, examined)
        if self._results.isHidden():
            self._grow()
        self._rest("")
        self._results.setFocus()  # arrow keys scroll
        self.measured.emit()

    def _grow(self) -> None:
        """Make room for what was hidden so far, as far as the screen has any."""
        for words in self._explained:  # they have been read, and their room is wanted
            words.hide()
        self._separator.show()
        self._results.show()
        room = self.screen().availableGeometry().size()
        self.resize(min(_WITH_RESULTS[0], room.width() - _FRAME), min(_WITH_RESULTS[1], room.height() - _FRAME))

    def _on_failed(self, sentence: str) -> None:
        self._rest("")
        self._complain(sentence)

    def _on_cancelled(self) -> None:
        self._rest(self.tr("Cancelled"))

    def _rest(self, words: str) -> None:
        self._facts.setText(words)
        self._show()
        self._field.setFocus()
        self._measure.setDefault(True)

    def _complain(self, sentence: str) -> None:
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        self._field.setAccessibleDescription(sentence)
        if self._field.property("invalid") != bool(sentence):
            self._field.setProperty("invalid", bool(sentence))
            self._field.style().unpolish(self._field)
            self._field.style().polish(self._field)
        self._fit()

    def _fit(self) -> None:
        """As high as the words want it, as long as there are no results."""
        layout = self.layout()
        if self._results.isHidden() and layout is not None:
            self.resize(self.width(), layout.totalHeightForWidth(self.width()))

    def _on_save(self) -> None:
        start = pictures_folder() / f"{self._sheet_name}.png"
        name, _ = QFileDialog.getSaveFileName(self, self.tr("Save the sheet"), str(start), self.tr("Pictures (*.png)"))
        if name:
            self.save_as(Path(name))

    def save_as(self, path: Path) -> None:
        """Write the sheet, which may have to wait for a disk."""
        path = path if path.suffix else path.with_suffix(".png")
        sheet = self._sheet

        def work(_: Report[Any], __: Token) -> Path:  # Any: nothing is reported
            save_sheet(sheet, path)
            return path

        thread = TaskThread(work, "saving a sheet", self.parent())  # which outlives this dialog
        thread.succeeded.connect(self._on_saved)
        thread.failed.connect(self._on_not_saved)
        thread.finished.connect(thread.deleteLater)
        thread.start()

    def _on_saved(self, path: Path) -> None:
        self._facts.setText(self.tr("Saved as {name}").format(name=path.name))

    def _on_not_saved(self, error: Exception) -> None:
        self._complain(str(error))
