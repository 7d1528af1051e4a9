"""Convert: drop pictures, look, start. Puts the parts of the page together; each part knows only itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QFileDialog, QFrame, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from p2p_desktop.ui import convert_words, model_words
from p2p_desktop.ui.action_bar import ActionBar
from p2p_desktop.ui.contact_sheet import MOST_SHOWN, ContactSheet
from p2p_desktop.ui.convert_panel import ConvertPanel
from p2p_desktop.ui.convert_session import ConvertSession
from p2p_desktop.ui.drop_hint import DropHint
from p2p_desktop.ui.empty_state import EmptyState
from p2p_desktop.ui.filter_bar import FilterBar
from p2p_desktop.ui.folding_panel import FoldingPanel
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.picture_pane import PicturePane
from p2p_desktop.ui.queue_model import Row
from p2p_desktop.ui.queue_view import QueueView
from p2p_desktop.ui.show_file import show_file
from p2p_desktop.ui.summary_bar import SummaryBar
from p2p_desktop.ui.thumbnail_source import ThumbnailSource
from p2p_desktop.ui.widgets import Note
from p2p_desktop.ui.wishes import Wishes
from p2p_desktop.ui.working_model import WorkingModel
from p2p_desktop.workers.conversion import Outcome

if TYPE_CHECKING:
    from p2p_desktop.convert.unfinished import Unfinished

_THUMBNAIL, _MOST_THUMBNAILS = 72, 600
_RESULT, _MOST_RESULTS = 300, 160
_MOST_NAMED = 3  # folders, where something is offered
_EMPTY, _LIST = 0, 1
_COMPARE, _RESULTS = 0, 1
_SPLIT = (4300, 2450)  # of the picture and the list at first


class ConvertPage(QWidget):
    status_changed = Signal(str)  # what runs now, for the status line
    progressed = Signal(object)  # 0 to 1 while something runs, or None
    finished = Signal(str, str)  # headline and sentence, for a notification
    surround_chosen = Signal(str)
    forgotten = Signal(object)  # Unfinished: gone on with, or not wanted any more

    def __init__(
        self,
        look: Look,
        shelf: ModelShelf,
        session: ConvertSession,
        model: WorkingModel,
        examples: Path,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._shelf, self._session, self._model = shelf, session, model
        self._examples = sorted(examples.glob("*.jpg"))
        self._next: dict[str, object] = {}  # wishes of the person for when the conversion that runs has ended
        self._later: dict[str, object] = {}  # wishes of the settings for when its results are not shown any more
        self._gone = ("", "")  # a chosen model that is no longer there, and the one that stands in for it
        self._thumbnails = ThumbnailSource(_THUMBNAIL, _MOST_THUMBNAILS, self)
        self._results = ThumbnailSource(_RESULT, _MOST_RESULTS, self)
        self._build(look)
        self._connect()
        self._add_shortcuts()
        self._show_phase()

    # --- what the window asks for

    @property
    def is_busy(self) -> bool:
        return self._session.conversion.is_busy

    def get_ready(self) -> None:
        """The first paint is over: heavy work may begin."""
        self._thumbnails.get_ready()
        self._results.get_ready()

    def add(self, paths: Sequence[Path]) -> None:
        """Take pictures and folders that were dropped or chosen."""
        if paths:
            self._session.add(paths)

    def offer(self, unfinished: "Unfinished") -> None:
        """Ask whether a conversion that a crash ended shall go on."""
        names = list(dict.fromkeys(_folder_name(source) for part in unfinished.request.parts for source in part.sources))
        folders = ", ".join(names[:_MOST_NAMED])
        if len(names) > _MOST_NAMED:
            folders = self.tr("{folders} and {n} more").format(folders=folders, n=len(names) - _MOST_NAMED)
        self._unfinished = unfinished
        self._note.clear()
        self._note.set_kind("info")
        self._note.say(
            self.tr("A conversion of {pictures} did not come to its end.").format(
                pictures=convert_words.pictures(unfinished.num_pictures)
            ),
            self.tr("{folders}: what is done is kept, and is not done again.").format(folders=folders),
        )
        self._note.add_button(self.tr("Go on"), "recovery_go_on").clicked.connect(self._on_go_on)
        self._note.add_button(self.tr("Forget it"), "recovery_forget").clicked.connect(self._on_forget)

    def highlight_drop(self, on: bool) -> None:
        """Show that what is being dragged can be dropped."""
        is_empty = self._session.phase == "empty"
        self._empty.highlight(on and is_empty)
        self._hint.show_over(on and not is_empty)

    def use_model(self, name: str) -> None:
        """Choose a model: for the next conversion, while one runs."""
        if self.is_busy:
            self._next["model"] = name
        else:
            self._panel.change(model=name)

    def set_surround(self, name: str) -> None:
        self._picture.view.set_surround(name)

    def offer_devices(self, devices: Sequence[tuple[str, str]]) -> None:
        self._panel.offer_devices(devices)

    def wish(self, **keys: object) -> None:
        """Change what the panel says: the settings have changed. What is under way, or was just made, stays as it is."""
        if self._session.phase in ("working", "done"):
            self._later |= keys
        else:
            self._panel.change(**keys)

    def set_narrow(self, on: bool) -> None:
        self._folding.set_narrow(on)
        self._queue.set_narrow(on)
        self._picture.set_narrow(on)

    def say(self, kind: str, text: str, detail: str = "") -> None:
        """Show a sentence above the page."""
        self._note.clear()
        self._note.set_kind(kind)  # type: ignore[arg-type]  # one of Note's kinds
        self._note.say(text, detail)

    def close_down(self) -> None:
        """End every thread: the program ends."""
        self._picture.close_down()
        self._session.close()
        self._thumbnails.close()
        self._results.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._picture.view.flip()  # no shortcut: it would take the space bar away from buttons and switches
        else:
            super().keyPressEvent(event)

    # --- building

    def _build(self, look: Look) -> None:
        self._note = Note(look, "info", self)
        self._empty = EmptyState(look, self._thumbnails, self._examples, self)
        self._picture = PicturePane(look, self._session.queue, self._session.conversion, self)
        self._summary = SummaryBar(look, self)
        self._sheet = ContactSheet(look, self._results, self)
        self._filter = FilterBar(look, self._session.queue, self)
        self._queue = QueueView(look, self._session.queue, self._thumbnails, self)
        self._panel = ConvertPanel(look, self._shelf, self)
        self._folding = FoldingPanel(look, self._panel, self.tr("Settings of the conversion"), self)
        self._upper = QStackedWidget(self)
        self._upper.addWidget(self._picture)
        self._upper.addWidget(_column(self._summary, self._sheet))
        splitter = QSplitter(Qt.Orientation.Vertical, self)
        splitter.setHandleWidth(1)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._upper)
        splitter.addWidget(_column(self._filter, self._queue))
        splitter.setSizes(list(_SPLIT))
        splitter.setStretchFactor(0, 7)
        splitter.setStretchFactor(1, 4)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(splitter)
        self._hint = DropHint(look, self.tr("Drop to add to the list"), self._pages)
        self._bar = ActionBar(look, self)
        self._clear = self._bar.add_button(self.tr("Clear the list"), "convert_clear", role="text")
        self._clear.setToolTip(self.tr("Takes the pictures off this list. Files stay."))
        self._back = self._bar.add_button(self.tr("All results"), "convert_results", icon="squares-four", role="text")
        self._back.setToolTip(self.tr("Shows the results side by side again"))
        self._back.hide()
        self._retry = self._bar.add_button("", "convert_retry", icon="arrow-clockwise")
        self._retry.setToolTip(self.tr("Only the pictures that failed"))
        self._pause = self._bar.add_button(self.tr("Pause"), "convert_pause", icon="pause")
        self._pause.setToolTip(self.tr("Leaves the computer to other programs until you go on (Ctrl+P)"))
        self._stop = self._bar.add_button(self.tr("Stop"), "convert_stop", icon="stop")
        self._stop.setToolTip(self.tr("What is done is kept (Ctrl+.)"))
        self._open = self._bar.add_button(self.tr("Open folder"), "convert_open", icon="folder-open", role="primary")
        self._open.setToolTip(self.tr("Shows the results in the system's file manager"))
        self._start = self._bar.add_button(self.tr("Start"), "convert_start", icon="play-fill", role="primary")
        self._start.setToolTip(self.tr("Ctrl+Return"))
        middle = QHBoxLayout()
        middle.setSpacing(0)
        left = QVBoxLayout()
        left.setSpacing(0)
        self._note_frame = QFrame(self)
        self._note_frame.setProperty("role", "page")
        note_layout = QVBoxLayout(self._note_frame)
        note_layout.setContentsMargins(12, 8, 12, 8)
        note_layout.addWidget(self._note)
        self._note_frame.hide()
        left.addWidget(self._note_frame)
        left.addWidget(self._pages, 1)
        middle.addLayout(left, 1)
        middle.addWidget(self._folding)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(middle, 1)
        layout.addWidget(self._bar)

    def _connect(self) -> None:
        session, queue = self._session, self._session.queue
        session.phase_changed.connect(self._show_phase)
        session.progressed.connect(self._show_numbers)
        session.looked.connect(self._on_looked)
        session.outputs_known.connect(self._panel.show_outputs)
        session.refused.connect(self._on_refused)
        session.ended.connect(self._on_ended)
        session.files_changed.connect(self._on_files_changed)
        session.resumed.connect(self._on_resumed)
        session.conversion.state_changed.connect(self._on_state_changed)
        queue.counts_changed.connect(self._on_counts_changed)
        self._empty.folder_asked.connect(self.choose_folder)
        self._empty.pictures_asked.connect(self.choose_pictures)
        self._empty.examples_asked.connect(self._on_examples_asked)
        self._panel.changed.connect(self._on_wishes_changed)
        self._panel.strength_moved.connect(self._picture.view.set_strength)
        self._shelf.changed.connect(self._on_shelf_changed)
        self._shelf.renamed.connect(self._on_model_renamed)
        self._shelf.added.connect(self._on_model_added)
        self._queue.picture_selected.connect(self._on_picture_selected)
        self._queue.retry_asked.connect(self._session.retry)
        self._queue.remove_asked.connect(self._on_remove_asked)
        self._queue.show_file_asked.connect(show_file)
        self._queue.open_asked.connect(self._on_open_asked)
        self._sheet.picture_chosen.connect(self._on_result_chosen)
        self._picture.surround_chosen.connect(self.surround_chosen)
        self._picture.computed.connect(self._on_computed)
        self._picture.failed.connect(self._on_preview_failed)
        self._note.shown.connect(self._note_frame.setVisible)
        self._start.clicked.connect(self.start)
        self._pause.clicked.connect(self.pause_or_go_on)
        self._stop.clicked.connect(self.stop)
        self._retry.clicked.connect(self._on_retry_all)
        self._clear.clicked.connect(self._on_clear)
        self._open.clicked.connect(self._on_open_folder)
        self._back.clicked.connect(self._show_results)

    def _add_shortcuts(self) -> None:
        for key, act in (
            ("Ctrl+O", self.choose_pictures),
            ("Ctrl+Shift+O", self.choose_folder),
            ("Ctrl+Return", self.start),
            ("Ctrl+P", self.pause_or_go_on),
            ("Ctrl+.", self.stop),
            ("Ctrl+F", self._filter.open_search),
        ):
            shortcut = QShortcut(QKeySequence(key), self)  # wherever the keyboard is, while this page is to be seen
            shortcut.activated.connect(act)

    # --- what the person does

    def choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Choose folder"), _pictures_folder())
        if folder:
            self.add([Path(folder)])

    def choose_pictures(self) -> None:
        files, _ = QFileDialog.getOpenFileNames(self, self.tr("Choose pictures"), _pictures_folder())
        self.add([Path(file) for file in files])

    def start(self) -> None:
        self._panel.commit()
        if self._start.isVisible() and self._start.isEnabled():
            self._session.start()

    def pause_or_go_on(self) -> None:
        conversion = self._session.conversion
        if conversion.state == "paused":
            conversion.resume()
        else:
            conversion.pause()

    def stop(self, *, offer_again: bool = False) -> None:
        self._session.stop(offer_again=offer_again)

    def _on_examples_asked(self) -> None:
        word = self._model.result_word(self._panel.wishes)
        output = Path(_pictures_folder()) / self.tr("P2P Desktop examples {word}").format(word=word)
        self._session.add([self._examples[0].parent], output=output)

    def _on_wishes_changed(self, wishes: Wishes) -> None:
        was_done, row = self._session.phase == "done", self._picture.row
        self._session.become(wishes)
        self._show_model()
        if was_done and self._session.phase == "ready" and row is not None:
            self._show_row(row)  # its result was made otherwise
        self._show_numbers()

    def _on_remove_asked(self, paths: list[Path]) -> None:
        if not self.is_busy or self._session.phase != "working":
            self._session.remove(paths)

    def _on_retry_all(self) -> None:
        self._session.retry(self._session.queue.paths("failed"))

    def _on_clear(self) -> None:
        self._session.clear()
        self._picture.clear()
        self._filter.choose("all")

    def _on_open_folder(self) -> None:
        folders = self._session.output_folders
        there = next((folder for folder in folders if folder.is_dir()), None)
        if there is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(there)))
        else:
            self.say("warning", self.tr("The folder of the results is not there any more. Was it moved or renamed?"))

    def _on_open_asked(self, path: Path) -> None:
        row = self._session.queue.row_of(path)
        if row is not None:
            self._show_row(row)

    def _on_result_chosen(self, source: Path) -> None:
        row = self._session.queue.row_of(source)
        if row is not None:
            self._queue.select(row)
            self._show_row(row)
            self._queue.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_picture_selected(self, row: Row | None) -> None:
        if row is not None:
            self._show_row(row)

    def _on_go_on(self) -> None:
        self._note.clear()
        self._panel.change(**_wishes_of(self._unfinished, self._shelf))
        self._session.resume_unfinished(self._unfinished)

    def _on_resumed(self) -> None:
        self.forgotten.emit(self._unfinished)  # not before: a crash, or a drive that is away, must not lose the offer

    def _on_forget(self) -> None:
        self._note.clear()
        self.forgotten.emit(self._unfinished)

    # --- what is shown

    def _show_row(self, row: Row) -> None:
        """Show a picture: with its result if there is one; as it would become if nothing runs."""
        self._upper.setCurrentIndex(_COMPARE)
        self._back.setVisible(self._session.phase == "done" and self._has_results())
        self._picture.choose_model(None if self.is_busy else self._model.load(self._panel.wishes))
        self._picture.show_row(row, self._panel.wishes.strength)

    def _on_computed(self, seconds: float, megapixels: float) -> None:
        if self._model.speed(self._panel.wishes) is None:
            self._model.note_speed(self._panel.wishes, megapixels / seconds)
            self._show_numbers()

    def _on_preview_failed(self, sentence: str) -> None:
        self.say("error", sentence)

    def _show_model(self) -> None:
        model = self._model.model(self._panel.wishes)
        if model is not None and model.card is not None:
            self._empty.promise(model_words.promise(model.card))
            self._empty.show_example(*(self._shelf.preview(model) or (None, None)))
        if not self.is_busy:
            self._picture.choose_model(self._model.load(self._panel.wishes))

    def _on_shelf_changed(self) -> None:
        if self._session.phase in ("working", "done"):  # what is shown was made with it; another one stands in afterwards
            return
        names = [model.name for model in self._shelf.models if model.card is not None]
        if names and self._panel.wishes.model not in names:
            stand_in = "deblur" if "deblur" in names else names[0]
            self._gone = (self._panel.wishes.model, stand_in)
            self._panel.change(model=stand_in)
        self._show_model()

    def _on_model_renamed(self, name: str, new_name: str) -> None:
        """Told after the model went by its old name, and another one stood in for it."""
        if self._gone == (name, self._panel.wishes.model) or self._panel.wishes.model == name:
            self.wish(model=new_name)

    def _on_model_added(self, name: str) -> None:
        """Removing it is undone: it is what the person had chosen."""
        if self._gone == (name, self._panel.wishes.model):
            self._panel.change(model=name)

    def _on_files_changed(self, paths: list[Path]) -> None:
        """What small pictures show of these is of before."""
        for path in paths:
            self._thumbnails.forget(path)
            self._results.forget(path)

    def _on_looked(self) -> None:
        """What was dropped is listed: show the first of it."""
        first = self._queue.model().index(0, 0)
        if self._picture.row is None and first.isValid() and not self.is_busy:
            self._queue.select(first.data(Qt.ItemDataRole.UserRole))
            self._queue.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_refused(self, sentence: str) -> None:
        self.say("warning", sentence)

    def _on_counts_changed(self) -> None:
        if self._upper.currentIndex() == _COMPARE:
            self._picture.show_output()

    def _on_state_changed(self, state: str) -> None:
        if state == "running":
            self._picture.choose_model(None)  # its memory and its cores belong to the conversion now
        self._show_numbers()

    def _on_ended(self, outcome: Outcome) -> None:
        queue, pace = self._session.queue, self._session.conversion.pace
        rates = pace.rates() if pace else None
        if rates is not None and rates[1] > 0:
            self._model.note_speed(self._session.made_with, rates[1])
        kind, headline, sentence = convert_words.headline(queue, outcome)
        self._summary.show_summary(kind, headline, sentence, convert_words.figures(self._session.work))
        self._picture.choose_model(self._model.load(self._panel.wishes))
        self._sheet.show_results(
            [(row.path, row.output) for row in (queue.rows("done") + queue.rows("skipped"))[:MOST_SHOWN] if row.output is not None]
        )
        if queue.counts["failed"]:
            self._filter.choose("failed")
        if self._session.phase == "done":
            self._show_results()
        else:
            self.say("error" if outcome.problem else "info", headline, sentence)
        self.finished.emit(headline, sentence)
        wanted, self._next = self._next, {}
        if wanted:
            self._panel.change(**wanted)

    def _show_results(self) -> None:
        self._upper.setCurrentIndex(_RESULTS)
        if self._back.hasFocus():
            self._sheet.setFocus(Qt.FocusReason.OtherFocusReason)
        self._back.hide()

    def _has_results(self) -> bool:
        return self._session.outcome is not None

    def _show_phase(self) -> None:
        phase = self._session.phase
        self._pages.setCurrentIndex(_EMPTY if phase == "empty" else _LIST)
        if phase in ("empty", "ready"):
            later, self._later = self._later, {}
            if later:
                self._panel.change(**later)
            self._on_shelf_changed()
            self._upper.setCurrentIndex(_COMPARE)
            self._panel.unlock()
            self._folding.set_title(self.tr("Settings of the conversion"))
        elif phase == "working":
            self._note.clear()
            self._filter.choose("all")
            self._upper.setCurrentIndex(_COMPARE)
            self._panel.lock(self._facts())
            model = self._model.model(self._panel.wishes)
            name = model_words.title(model) if model is not None else self._panel.wishes.model
            self._folding.set_title(self.tr("This conversion: {model}").format(model=name))
        else:
            self._panel.unlock()
            self._folding.set_title(self.tr("Settings of the conversion"))
        if phase == "empty":
            self._picture.forget()
        self._show_numbers()

    def _facts(self) -> list[tuple[str, str]]:
        wishes = self._session.made_with
        folders = self._session.output_folders
        output = folders[0].name if len(folders) == 1 else self.tr("{n} folders").format(n=len(folders))
        return [
            (self.tr("Strength"), self.tr("{percent} %").format(percent=round(wishes.strength * 100))),
            (self.tr("Output"), output),
            (self.tr("Format"), self._panel.format_words(wishes.format)),
            (self.tr("Device"), self._panel.device_words()),
            (self.tr("Details"), self.tr("Kept: EXIF, colour profile") if wishes.keep_metadata else self.tr("Left out")),
        ]

    def _show_numbers(self) -> None:
        held = QApplication.focusWidget()
        self._show_verbs_and_facts()
        is_lost = held is not None and self._bar.isAncestorOf(held) and not (held.isVisible() and held.isEnabled())
        if is_lost and self._session.phase != "empty":
            self._queue.setFocus(Qt.FocusReason.OtherFocusReason)  # Qt would give the keyboard to whatever comes next

    def _show_verbs_and_facts(self) -> None:
        session, queue = self._session, self._session.queue
        state, phase = session.conversion.state, session.phase
        working = phase == "working"
        failed = queue.counts["failed"]
        self._clear.setVisible(phase in ("ready", "done"))
        self._queue.may_remove = not working
        self._pause.setVisible(working)
        self._stop.setVisible(working)
        self._pause.setEnabled(state != "stopping")
        self._stop.setEnabled(state != "stopping")
        self._pause.setText(self.tr("Go on") if state == "paused" else self.tr("Pause"))
        self._retry.setVisible(phase == "done" and failed > 0)
        self._retry.setText(self.tr("Retry {n} failed").format(n=f"{failed:,}"))
        waits = queue.counts["waiting"] > 0
        self._open.setVisible(phase == "done" and not waits and queue.counts["done"] + queue.counts["skipped"] > 0)
        self._start.setVisible(phase in ("empty", "ready") or (phase == "done" and waits))
        self._start.setEnabled(waits and not session.is_looking and self._model.model(self._panel.wishes) is not None)
        fraction = None
        if working:
            fraction = queue.ended_fraction()
            self._bar.show_progress(convert_words.progress(queue, session.conversion), convert_words.failed(failed), fraction)
            self.status_changed.emit(self._status_words())
        else:
            self._bar.say(*self._outlook())
            if phase == "done":
                self._open.setToolTip("\n".join(str(folder) for folder in session.output_folders))
            self.status_changed.emit("")
        self.progressed.emit(fraction)

    def _status_words(self) -> str:
        model = self._model.model(self._session.made_with)
        name = model_words.title(model) if model is not None else self._session.made_with.model
        return self.tr("Converting {pictures} with {model}").format(
            pictures=convert_words.pictures(len(self._session.queue)), model=name
        )

    def _outlook(self) -> tuple[str, str]:
        """What Start will do, or what has been done."""
        session, queue = self._session, self._session.queue
        if session.is_looking:
            return self.tr("Looking: {pictures} so far").format(pictures=convert_words.pictures(len(queue))), ""
        if session.phase == "empty":
            return self.tr("No pictures yet"), self.tr("Add pictures to see how long they will take.")
        if session.phase == "done" and not queue.counts["waiting"]:
            folders = session.output_folders
            return (
                str(Path(*folders[0].parts[-2:]))
                if len(folders) == 1
                else self.tr("Results are in {n} folders").format(n=len(folders))
            ), ""
        waiting = convert_words.pictures(queue.counts["waiting"])
        passed_over = convert_words.passed_over(session.ignored, session.raw)
        expected = convert_words.expectation(queue, self._model.speed(self._panel.wishes)) if queue.counts["waiting"] else ""
        return waiting, " ".join(filter(None, (expected, passed_over)))


def _column(upper: QWidget, lower: QWidget) -> QWidget:
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(upper)
    layout.addWidget(lower, 1)
    return column


def _folder_name(source: Path) -> str:
    """A dropped folder's name, or that of the folder which a dropped picture lies in."""
    return source.parent.name if source.suffix else source.name


def _pictures_folder() -> str:
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation) or str(Path.home())


def _wishes_of(unfinished: "Unfinished", shelf: ModelShelf) -> dict[str, object]:
    """Say in the panel's words how an interrupted conversion was made."""
    request = unfinished.request
    settings = request.settings
    wishes: dict[str, object] = {
        "format": settings.format,
        "strength": settings.strength,
        "quality": settings.quality,
        "existing": settings.existing,
        "recurse": settings.recurse,
        "keep_metadata": settings.keep_metadata,
        "device": request.device,
    }
    if shelf.find(request.model.stem) is not None:
        wishes["model"] = request.model.stem
    return wishes
