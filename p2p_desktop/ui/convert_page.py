"""Convert: drop pictures, look, start. Puts the parts of the page together; each part knows only itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDeadlineTimer, Qt, QTime, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from p2p_desktop.ui import convert_words, model_words
from p2p_desktop.ui.choose_files import choose_folder, choose_pictures, pictures_folder
from p2p_desktop.ui.convert_bar import ConvertBar
from p2p_desktop.ui.convert_notes import ConvertNotes
from p2p_desktop.ui.convert_panel import ConvertPanel
from p2p_desktop.ui.convert_session import ConvertSession
from p2p_desktop.ui.convert_stage import ConvertStage
from p2p_desktop.ui.drop_hint import DropHint
from p2p_desktop.ui.drops import Dropped, where_it_goes
from p2p_desktop.ui.empty_state import EmptyState
from p2p_desktop.ui.filter_bar import FilterBar
from p2p_desktop.ui.folding_panel import FoldingPanel
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.notes import Kind
from p2p_desktop.ui.nothing_listed import NothingListed
from p2p_desktop.ui.queue_row import Row
from p2p_desktop.ui.queue_view import KEYS_OF_PICTURE, QueueView
from p2p_desktop.ui.show_file import FolderDoor
from p2p_desktop.ui.stand_in import StandIn
from p2p_desktop.ui.thumbnail_source import ThumbnailSource
from p2p_desktop.ui.wishes import Wishes
from p2p_desktop.ui.working_model import WorkingModel
from p2p_desktop.workers.conversion import Outcome

if TYPE_CHECKING:
    from p2p_desktop.convert.unfinished import Unfinished

_THUMBNAIL, _MOST_THUMBNAILS = 72, 600
_EMPTY, _LIST = 0, 1
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
        self._ended = ""  # when, and how, a conversion last did
        self._next: dict[str, object] = {}  # wishes for when the conversion that runs has ended
        self._door = FolderDoor(session.errands, self)
        self._thumbnails = ThumbnailSource(_THUMBNAIL, _MOST_THUMBNAILS, self)
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
        self._stage.thumbnails.get_ready()

    def add(self, paths: Sequence[Path]) -> None:
        """Take pictures and folders that were dropped or chosen."""
        if paths:
            self._notes.settle()
            self._session.add(paths)

    def offer(self, unfinished: "Unfinished") -> None:
        """Ask whether a conversion that a crash ended shall go on."""
        self._notes.offer(unfinished)

    def highlight_drop(self, what: Dropped | None) -> None:
        """Show that what is being dragged can be dropped; None: nothing is."""
        on, is_empty = bool(what), self._session.phase == "empty"
        if what:
            elsewhere = where_it_goes(what)
            self._hint.say(self.tr("Drop to add to the list") if what.pictures else elsewhere)
        self._empty.highlight(on and is_empty)
        self._hint.show_over(on and not is_empty)

    def use_model(self, name: str) -> None:
        """Choose a model: for the next conversion, while one runs."""
        self.wish(model=name)

    def set_surround(self, name: str) -> None:
        self._picture.view.set_surround(name)

    def offer_devices(self, devices: Sequence[tuple[str, str]]) -> None:
        self._panel.offer_devices(devices)

    def wish(self, **keys: object) -> None:
        """Change what the panel says: the settings have changed. What is under way stays as it is."""
        if self.is_busy:
            self._next |= keys
        else:
            self._panel.change(**keys)

    def set_narrow(self, on: bool) -> None:
        self._folding.set_narrow(on)
        self._queue.set_narrow(on)
        self._picture.set_narrow(on)

    def say(self, kind: Kind, text: str, detail: str = "") -> None:
        """Show a sentence above the page."""
        self._notes.say(kind, text, detail)

    def close_down(self, until: QDeadlineTimer) -> None:
        """End every thread, as far as that is possible `until` then: the program ends."""
        self._session.close(until)
        self._panel.close_down(until)
        self._stage.close_down(until)
        self._thumbnails.close(until)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in KEYS_OF_PICTURE and self._session.phase != "empty" and self._stage.shows_picture:
            self._picture.view.keyPressEvent(event)  # no shortcuts: they would take the keys away from fields and buttons
        else:
            super().keyPressEvent(event)

    # --- building

    def _build(self, look: Look) -> None:
        self._empty = EmptyState(look, self._thumbnails, self._examples, self)
        self._stage = ConvertStage(look, self._session, self)
        self._picture = self._stage.picture
        self._filter = FilterBar(look, self._session.queue, self)
        self._queue = QueueView(look, self._session.queue, self._thumbnails, self)
        self._nothing = NothingListed(self._session.queue, self._queue)
        self._panel = ConvertPanel(look, self._shelf, self)
        self._stand_in = StandIn(self._shelf, self._panel, self)
        self._notes = ConvertNotes(look, self._session, self._panel, self._shelf, self)
        self._folding = FoldingPanel(look, self._panel, self.tr("Settings of the conversion"), self)
        splitter = QSplitter(Qt.Orientation.Vertical, self)
        splitter.setHandleWidth(1)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._stage)
        splitter.addWidget(_column(self._filter, self._queue))
        splitter.setSizes(list(_SPLIT))
        splitter.setStretchFactor(0, 7)
        splitter.setStretchFactor(1, 4)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(splitter)
        self._hint = DropHint(look, self.tr("Drop to add to the list"), self._pages)
        self._bar = ConvertBar(look, self._session, self)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(self._notes)
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
        session.places.known.connect(self._panel.show_outputs)
        session.ended.connect(self._on_ended)
        session.outputs_written.connect(self._on_outputs_written)
        session.rows_renewed.connect(self._on_rows_renewed)
        session.conversion.state_changed.connect(self._on_state_changed)
        queue.counts_changed.connect(self._on_counts_changed)
        self._empty.folder_asked.connect(self.choose_folder)
        self._empty.pictures_asked.connect(self.choose_pictures)
        self._empty.examples_asked.connect(self._on_examples_asked)
        self._panel.changed.connect(self._on_wishes_changed)
        self._panel.strength_moved.connect(self._picture.view.set_strength)
        self._shelf.changed.connect(self._on_shelf_changed)
        self._stand_in.wanted.connect(self.use_model)
        self._stand_in.replaced.connect(self._on_model_replaced)
        self._filter.search_ended.connect(self._keep_selected)
        self._nothing.everything_asked.connect(self._on_everything_asked)
        self._queue.picture_selected.connect(self._on_picture_selected)
        self._queue.picture_clicked.connect(self._on_picture_clicked)
        self._queue.retry_asked.connect(self._session.retry)
        self._queue.remove_asked.connect(self._on_remove_asked)
        self._queue.show_file_asked.connect(self._door.show_file)
        self._queue.open_asked.connect(self._on_open_asked)
        self._stage.result_chosen.connect(self._on_result_chosen)
        self._picture.surround_chosen.connect(self.surround_chosen)
        self._picture.computed.connect(self._on_computed)
        self._picture.failed.connect(self._on_preview_failed)
        self._notes.forgotten.connect(self.forgotten)
        self._door.none_is_there.connect(self._on_no_folder)
        self._door.not_opened.connect(self._on_not_opened)
        bar = self._bar
        bar.start.clicked.connect(self.start)
        bar.again.clicked.connect(self.start_again)
        bar.pause.clicked.connect(self.pause_or_go_on)
        bar.stop.clicked.connect(self.stop)
        bar.retry.clicked.connect(self._on_retry_all)
        bar.clear.clicked.connect(self._on_clear)
        bar.open.clicked.connect(self._on_open_folder)
        bar.back.clicked.connect(self._show_results)
        bar.keyboard_lost.connect(self._on_keyboard_lost)

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
        self.add(choose_folder(self))

    def choose_pictures(self) -> None:
        self.add(choose_pictures(self))

    def start(self) -> None:
        if not self._can_place_results():
            return
        bar = self._bar
        for button, act in ((bar.start, self._session.start), (bar.again, self._session.start_again)):
            if button.isVisible() and button.isEnabled():
                act()
                return

    def start_again(self) -> None:
        if self._can_place_results():
            self._session.start_again()

    def _can_place_results(self) -> bool:
        """Take the output folder as it is typed; where that is none, say so."""
        why_not = self._panel.commit()
        if why_not:
            self._notes.say("warning", self.tr("Output folder: {why}").format(why=why_not), about="output")
        return not why_not

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
        output = pictures_folder() / self.tr("P2P Desktop examples {word}").format(word=word)
        self._session.add([self._examples[0].parent], output=output)

    def _on_wishes_changed(self, wishes: Wishes) -> None:
        was_outdated = self._session.is_outdated
        self._notes.settle("output")
        if wishes.model != self._session.wishes.model:
            for subject in ("model", "no model", "picture"):
                self._notes.settle(subject)
        self._session.become(wishes)
        self._show_model()
        is_outdated = self._session.is_outdated
        if (was_outdated or is_outdated) and self._stage.shows_picture and self._picture.row is not None:
            self._show_row(self._picture.row)  # as it would become, or the file again
        self._show_numbers()

    def _on_remove_asked(self, rows: list[Row]) -> None:
        if self._session.phase != "working":
            self._session.remove(rows)

    def _on_retry_all(self) -> None:
        self._session.retry(self._session.queue.rows("failed"))

    def _on_clear(self) -> None:
        self._session.clear()
        self._notes.settle()
        self._picture.clear()
        self._filter.choose("all")

    def _on_open_folder(self) -> None:
        self._door.show(self._session.output_folders)

    def _on_no_folder(self) -> None:
        self.say("warning", self.tr("The folder of the results is not there any more. Was it moved or renamed?"))

    def _on_not_opened(self, folder: Path) -> None:
        self.say("warning", self.tr("No program on this computer shows folders. This one is {path}").format(path=folder))

    def _on_open_asked(self, path: Path) -> None:
        row = self._session.queue.row_of(path)
        if row is not None:
            self._show_row(row)

    def _on_result_chosen(self, source: Path) -> None:
        row = self._session.queue.row_of(source)
        if row is not None:
            self._filter.let_through(row)  # else Qt would take the first row in sight, and that would be shown
            self._queue.select(row)
            self._show_row(row)
            self._queue.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_picture_selected(self, row: Row | None) -> None:
        is_shown = self._stage.shows_picture and row is self._picture.row  # it was hidden, and is selected anew
        if row is not None and not is_shown:
            self._show_row(row)

    def _on_picture_clicked(self, row: Row | None) -> None:
        if row is not None and not self._stage.shows_picture:
            self._show_row(row)

    def _on_everything_asked(self) -> None:
        self._queue.setFocus(Qt.FocusReason.OtherFocusReason)  # the button that has it goes
        self._filter.show_everything()

    # --- what is shown

    def _keep_selected(self) -> None:
        """More is listed than before: what is selected is in sight, and what is looked at is selected, though it was hidden."""
        if self._queue.selected:
            self._queue.scrollTo(self._queue.currentIndex())
        elif self._stage.shows_picture and self._picture.row is not None:
            self._queue.select(self._picture.row)

    def _show_row(self, row: Row) -> None:
        """Show a picture: with its result if there is one; as it would become if nothing runs."""
        self._notes.settle("picture")
        self._stage.show_picture()
        self._bar.offer_results(self._session.phase == "done" and self._session.outcome is not None)
        self._picture.choose_model(None if self.is_busy else self._model.load(self._panel.wishes))
        self._picture.show_row(row, self._panel.wishes.strength, with_result=self._session.is_as_wished(row))

    def _on_computed(self, seconds: float, megapixels: float) -> None:
        if self._model.speed(self._panel.wishes) is None:
            self._model.note_speed(self._panel.wishes, megapixels / seconds)
            self._show_numbers()

    def _on_preview_failed(self, sentence: str) -> None:
        self._notes.say("error", sentence, about="picture")

    def _on_model_replaced(self, gone: str, stand_in: str) -> None:
        model = self._shelf.find(stand_in)
        chosen = model_words.title(model) if model is not None else stand_in
        words = self.tr("The model {gone} is not there any more. {chosen} is chosen instead.").format(gone=gone, chosen=chosen)
        self._notes.say("warning", words, about="model")

    def _show_model(self) -> None:
        model = self._model.model(self._panel.wishes)
        if model is not None and model.card is not None:
            self._empty.promise(model_words.promise(model.card))
            self._empty.show_example(*(self._shelf.preview(model) or (None, None)))
        if not self.is_busy:
            self._picture.choose_model(self._model.load(self._panel.wishes))

    def _on_shelf_changed(self) -> None:
        if self._model.model(self._panel.wishes) is not None:
            self._notes.settle("no model")  # it is there again
        self._follow_shelf()
        self._show_numbers()  # and whether anything can be begun

    def _follow_shelf(self) -> None:
        phase, waits = self._session.phase, self._session.queue.counts["waiting"] > 0
        if phase == "working" or (phase == "done" and not waits):  # what is shown was made with it
            return
        self._stand_in.check()
        self._show_model()

    def _on_outputs_written(self, paths: list[Path]) -> None:
        """What small pictures show of these is of before."""
        for path in paths:
            self._thumbnails.forget(path)
            self._stage.thumbnails.forget(path)

    def _on_rows_renewed(self, rows: list[Row]) -> None:
        if len(rows) > _MOST_THUMBNAILS:  # whatever is in sight is made again
            self._thumbnails.forget_all()
            self._stage.thumbnails.forget_all()
        else:
            self._on_outputs_written([row.path for row in rows])

    def _on_looked(self) -> None:
        """What was dropped is listed: show the first of it."""
        self._follow_shelf()
        if self.is_busy:
            return
        came_after = self._session.phase == "done" and self._session.queue.counts["waiting"] > 0
        if came_after:  # what came shall be seen, and not the end of what was before
            self._filter.choose("all")
        first = self._session.queue.rows("waiting")[0] if came_after else self._queue.first
        if first is not None and (came_after or self._picture.row is None):
            self._queue.select(first)
            self._queue.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_counts_changed(self) -> None:
        row = self._picture.row
        if self._stage.shows_picture and row is not None and self._session.is_as_wished(row):
            self._picture.show_output()

    def _on_state_changed(self, state: str) -> None:
        if state == "running":
            self._picture.choose_model(None)  # its memory and its cores belong to the conversion now
        self._show_numbers()

    def _on_ended(self, outcome: Outcome) -> None:
        pace = self._session.conversion.pace
        rates = pace.rates() if pace else None
        if rates is not None and rates[1] > 0:
            self._model.note_speed(self._session.made_with, rates[1])
        self._picture.choose_model(self._model.load(self._panel.wishes))
        self._ended = convert_words.ended(self._session, outcome, QTime.currentTime())
        _, headline, sentence = self._stage.sum_up(outcome)
        if self._session.queue.counts["failed"]:
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
        self._stage.show_results(take_keyboard=self._bar.back.hasFocus())
        self._bar.offer_results(False)

    def _show_phase(self) -> None:
        phase = self._session.phase
        self._pages.setCurrentIndex(_EMPTY if phase == "empty" else _LIST)
        if phase in ("empty", "ready"):
            self._follow_shelf()
            self._stage.show_picture()
            self._panel.unlock()
            self._folding.set_title(self.tr("Settings of the conversion"))
        elif phase == "working":
            self._filter.choose("all")
            self._stage.show_picture()
            self._keep_selected()
            if self._picture.row is None and (first := self._session.first_ahead) is not None:
                self._queue.select(first)
            self._bar.offer_results(False)
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
        wishes, is_working = self._panel.wishes, self._session.phase == "working"
        self._queue.may_remove = not is_working
        self._bar.refresh(has_model=self._model.model(wishes) is not None, speed=self._model.speed(wishes))
        self.status_changed.emit(self._status_words())
        self.progressed.emit(self._session.fraction if is_working else None)

    def _on_keyboard_lost(self) -> None:
        self._queue.setFocus(Qt.FocusReason.OtherFocusReason)  # Qt would give it to whatever comes next

    def _status_words(self) -> str:
        """What runs, or how the last thing that ran has ended; "" if nothing did."""
        if self._session.phase != "working":
            return self._ended if self._session.phase == "done" else ""
        model = self._model.model(self._session.made_with)
        name = model_words.title(model) if model is not None else self._session.made_with.model
        is_paused = self._session.conversion.state == "paused"
        words = self.tr("Paused: {pictures} with {model}") if is_paused else self.tr("Converting {pictures} with {model}")
        return words.format(pictures=convert_words.pictures(len(self._session.queue)), model=name)


def _column(upper: QWidget, lower: QWidget) -> QWidget:
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(upper)
    layout.addWidget(lower, 1)
    return column
