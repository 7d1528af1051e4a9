"""Live: a camera, translated while one watches. Puts the parts of the page together; each part knows only itself."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from p2p_desktop.live.wishes import LiveWishes
from p2p_desktop.settings import Settings
from p2p_desktop.ui import live_words
from p2p_desktop.ui.address_dialog import AddressDialog
from p2p_desktop.ui.drop_hint import DropHint
from p2p_desktop.ui.drops import Dropped, where_it_goes
from p2p_desktop.ui.folding_panel import FoldingPanel
from p2p_desktop.ui.live_bar import LiveBar
from p2p_desktop.ui.live_camera import LiveCamera
from p2p_desktop.ui.live_memory import LiveMemory
from p2p_desktop.ui.live_model import LiveModel
from p2p_desktop.ui.live_panel import LivePanel
from p2p_desktop.ui.live_saving import LiveSaving
from p2p_desktop.ui.live_top_bar import LiveTopBar
from p2p_desktop.ui.live_view import LiveView
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.no_picture import NoPicture
from p2p_desktop.ui.notes import Kind, Note
from p2p_desktop.ui.queue_view import KEYS_OF_PICTURE
from p2p_desktop.ui.remembered import Remembered
from p2p_desktop.ui.theme import SPACE_M, SPACE_S
from p2p_desktop.ui.working_model import WorkingModel
from p2p_desktop.workers.cameras_watch import Known
from p2p_desktop.workers.live_outputs import LiveOutputs
from p2p_desktop.workers.live_session import LiveSession, OnScreen, Opened

_FIGURES_EVERY_MS = 250


class LivePage(QWidget):
    """Watches while it is seen, and lets go of the camera when it is not."""

    status_changed = Signal(str)  # what runs now, for the status line; "" for nothing
    surround_chosen = Signal(str)
    full_screen_asked = Signal(bool)

    def __init__(
        self,
        look: Look,
        shelf: ModelShelf,
        working: WorkingModel,
        remembered: Remembered,
        clip: Path,
        parent: QWidget | None = None,
        *,
        known: Known | None = None,
        opened: Opened | None = None,
    ) -> None:
        """`clip`: what is watched where no camera is. `known`, `opened`: see `CamerasWatch` and `LiveSession`."""
        super().__init__(parent)
        self._look = look
        self._memory = LiveMemory(remembered)
        self._outputs = LiveOutputs(self)
        self._session = LiveSession(self, opened=opened, tap=self._outputs.put)
        self._camera = LiveCamera(self._session, clip, remembered, self, known=known)
        self._model = LiveModel(self._session, shelf, working, self)
        self._named = 0, ""  # the number and the title of the model whose name stands on the picture
        self._about = ""  # what the note is about: "model", or anything else
        self._current: OnScreen | None = None
        self._is_counted = True  # the current frame was seen
        self._is_frozen = self._is_full = False
        self._build(look, shelf, remembered)
        self._connect()
        self._add_shortcuts()
        self._restore()

    # --- what the window asks for

    @property
    def is_recording(self) -> bool:
        return self._outputs.is_recording

    def watch_files(self, paths: Sequence[Path]) -> None:
        """Watch the first of these videos, at once or as soon as the page is seen; the others are in the list."""
        self._camera.open_files(paths)

    def use_model(self, name: str) -> None:
        self._model.choose(name)

    def follow_settings(self, settings: Settings) -> None:
        """The surround at once; the model is loaded again if it shall compute otherwise."""
        self._view.set_surround(settings.surround)
        self._model.follow_settings(settings)

    def set_narrow(self, on: bool) -> None:
        self._folding.set_narrow(on)

    def highlight_drop(self, what: Dropped | None) -> None:
        """Show where what is being dragged will go; None: nothing is."""
        if what:
            self._hint.say(self.tr("Drop to watch it") if what.videos and not what.pictures else where_it_goes(what))
        self._hint.show_over(bool(what))

    def set_full_screen(self, on: bool) -> None:
        """Nothing but the picture and the verbs, or everything again: the window has become so."""
        self._is_full = on
        self._top.setVisible(not on)
        self._folding.setVisible(not on)
        if on:
            self._view.setFocus(Qt.FocusReason.OtherFocusReason)

    def say(self, kind: Kind, text: str, detail: str = "") -> None:
        self._about = ""
        self._note.set_kind(kind)
        self._note.say(text, detail)

    def close_down(self, until: QDeadlineTimer) -> None:
        """Let go of the camera, keep what was recorded, end every thread: the program ends."""
        self._keep()
        self._timer.stop()
        self._camera.close(until)
        self._session.close(until)
        self._outputs.close(until)
        self._saving.close(until)

    # --- of Qt

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous():
            self._begin()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():  # a window that is only minimised goes on, and records
            self._end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._is_full:
            self.full_screen_asked.emit(False)
        elif event.key() in KEYS_OF_PICTURE:
            self._view.keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    # --- building

    def _build(self, look: Look, shelf: ModelShelf, remembered: Remembered) -> None:
        self._view = LiveView(look, self)
        self._view.setObjectName("live_view")
        self._view.set_words(self.tr("Camera"), "")
        self._hint = DropHint(look, "", self._view)
        self._trouble = NoPicture(look, self._view)
        self._again = self._trouble.add_button(self.tr("Try again"), "live_retry")
        self._again.setToolTip(self.tr("Opens it once more (F5)"))
        self._instead = self._trouble.add_button(self.tr("Watch the example clip"), "live_use_clip")
        self._instead.setToolTip(self.tr("Half a minute of people in a room, which came with the program"))
        self._top = LiveTopBar(look, self._view, self)
        self._panel = LivePanel(look, shelf, self)
        self._folding = FoldingPanel(look, self._panel, self.tr("Model and settings"), self)
        self._bar = LiveBar(look, self)
        self._note = Note(look, "info", self)
        self._saving = LiveSaving(self._outputs, self._panel.outputs, remembered, self)
        self._notes = QWidget(self)
        notes = QVBoxLayout(self._notes)
        notes.setContentsMargins(SPACE_M, SPACE_S, SPACE_M, SPACE_S)
        notes.addWidget(self._note)
        self._notes.hide()
        left = QVBoxLayout()
        left.setSpacing(0)
        for widget, stretch in ((self._top, 0), (self._notes, 0), (self._view, 1)):
            left.addWidget(widget, stretch)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addLayout(left, 1)
        middle.addWidget(self._folding)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(middle, 1)
        layout.addWidget(self._bar)
        self._timer = QTimer(self)
        self._timer.setInterval(_FIGURES_EVERY_MS)
        self._top.before_in_order(self._view)

    def _connect(self) -> None:
        camera, model, top, bar, panel = self._camera, self._model, self._top, self._bar, self._panel
        self._session.frame_ready.connect(self._on_frame_ready)
        camera.opened.connect(self._on_camera_opened)
        camera.listed.connect(self._on_cameras_listed)
        camera.changed.connect(self._show_camera)
        model.changed.connect(self._show_model)
        model.failed.connect(self._on_model_failed)
        model.replaced.connect(self._on_model_replaced)
        self._timer.timeout.connect(self._show_figures)
        self._view.painted.connect(self._on_painted)
        self._view.surround_chosen.connect(self.surround_chosen)
        self._note.shown.connect(self._notes.setVisible)
        top.source_chosen.connect(camera.open)
        top.file_asked.connect(self._on_file_asked)
        top.address_asked.connect(self._on_address_asked)
        top.refresh_asked.connect(camera.open_again)
        top.full_screen_asked.connect(self.toggle_full_screen)
        self._again.clicked.connect(camera.open_again)
        self._instead.clicked.connect(camera.open_clip)
        bar.freeze.clicked.connect(self.freeze_or_go_on)
        bar.snapshot.clicked.connect(self.take_snapshot)
        bar.record.clicked.connect(self.record_or_stop)
        panel.changed.connect(self._on_wishes_changed)
        panel.model_chosen.connect(model.choose)
        panel.format_chosen.connect(camera.ask_for)
        self._saving.said.connect(self.say)
        self._saving.changed.connect(self._show_state)

    def _add_shortcuts(self) -> None:
        for key, act in (
            ("Ctrl+F", self.freeze_or_go_on),
            ("Ctrl+S", self.take_snapshot),
            ("Ctrl+R", self.record_or_stop),
            ("F5", self._camera.open_again),
            ("F11", self.toggle_full_screen),
        ):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.activated.connect(act)

    # --- coming and going

    def _begin(self) -> None:
        self._timer.start()
        self._on_cameras_listed()
        self._saving.begin()
        self._camera.begin()
        self._model.begin()

    def _end(self) -> None:
        """Nobody looks: the camera and the memory of the model are others' again."""
        self._saving.end()
        self._session.stop()
        self._camera.end()
        self._model.end()
        self._timer.stop()
        self._bar.show_figures(None)
        if self._is_full:
            self.full_screen_asked.emit(False)
        self._keep()

    def _restore(self) -> None:
        wishes, self._model.name, mode = self._memory.restored()
        self._panel.change(wishes)
        self._session.wish(wishes)
        self._top.choose_mode(mode)
        self._show_state()

    def _keep(self) -> None:
        self._memory.keep(self._panel.wishes, self._model.name, self._top.mode)

    # --- camera, model and frames

    def _on_camera_opened(self) -> None:
        self._saving.stop_recording()  # a file is of one camera
        self._forget_picture()  # nothing of one camera is seen under the name of another
        self._top.offer(self._camera.choices, self._camera.source)
        self._panel.offer_formats(self._camera.is_device, self._camera.wanted)
        self._panel.show_camera("", "")
        self._panel.show_used((0, 0))

    def _on_cameras_listed(self) -> None:
        self._top.offer(self._camera.choices, self._camera.source)

    def _show_camera(self) -> None:
        """How the camera stands."""
        if self._camera.standing in ("failed", "closed"):
            self._saving.stop_recording()
            self._forget_picture()
        self._trouble.say(self._camera.trouble)
        self._offer_sizes()
        self._show_words()

    def _show_model(self) -> None:
        self._panel.model.choose(self._model.name)
        if not self._model.is_failing:
            self._settle("model")
        self._offer_sizes()
        self._show_words()

    def _on_model_failed(self, sentence: str) -> None:
        self.say("warning", sentence)
        self._about = "model"

    def _on_model_replaced(self, gone: str, title: str) -> None:
        sentence = self.tr("The model {gone} is not there any more. {title} takes its place.")
        self.say("warning", sentence.format(gone=gone, title=title))

    def _settle(self, about: str) -> None:
        """What was said of this is over."""
        if self._about == about:
            self._note.clear()

    def _on_frame_ready(self) -> None:
        newest = self._session.take()
        if newest is None:
            return
        self._current, self._is_counted = newest, False
        if newest.after is not None:
            if self._named != (newest.shown.model, self._model.title):  # a name comes with the first frame of its model
                self._named = newest.shown.model, self._model.title
                self._view.set_words(self.tr("Camera"), self._model.title)
            self._panel.show_used(newest.shown.size)
        self._view.show_both(newest.before, newest.after, self._camera.title)
        self._show_state()

    def _on_painted(self) -> None:
        if self._current is not None and not self._is_counted:
            self._is_counted = True
            if self._current.after is not None:
                self._session.was_shown(self._current.shown)

    def _forget_picture(self) -> None:
        self._view.clear()
        self._current = None
        if self._is_frozen:
            self._is_frozen = False
            self._session.freeze(False)
        self._show_state()

    # --- what the person does

    def freeze_or_go_on(self) -> None:
        if self._current is not None:
            self._is_frozen = not self._is_frozen
            self._session.freeze(self._is_frozen)
            self._show_state()
            self._show_words()

    def take_snapshot(self) -> None:
        """Save what is shown, with what made it."""
        if self._current is not None and self._current.after is not None:
            self._saving.snapshot(self._current.shown, self._named[1], self._camera.title)

    def record_or_stop(self) -> None:
        if self._outputs.is_recording:
            self._saving.stop_recording()
        elif self._current is not None and self._current.after is not None and not self._is_frozen:
            figures = self._session.figures()
            self._saving.record(self._named[1], figures.fps_out or figures.fps_in)
        self._show_state()

    def toggle_full_screen(self) -> None:
        """Ask the window for all of the screen, or for its frame again; `set_full_screen` answers."""
        self.full_screen_asked.emit(not self._is_full)

    def _on_wishes_changed(self, wishes: LiveWishes) -> None:
        self._session.wish(wishes)
        self._keep()

    def _on_file_asked(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self, self.tr("Choose a video"), str(Path.home()))
        if file:
            self.watch_files([Path(file)])

    def _on_address_asked(self) -> None:
        dialog = AddressDialog(self._look, self)
        dialog.chosen.connect(self._camera.open)
        dialog.open()

    # --- words and figures

    def _offer_sizes(self) -> None:
        model, (width, height) = self._model.model, self._camera.size
        if model is None or model.card is None or not width:
            return
        from p2p_desktop.live.sizes import ladder, size_at  # OpenCV, which a camera that sends has imported

        sides = ladder(model.card.size_rule, width, height)
        self._panel.offer_sizes([(side, size_at(side, width, height)) for side in sides])

    def _show_figures(self) -> None:
        figures = self._session.figures()
        if not self._is_frozen:
            self._bar.show_figures(figures if self._session.is_watching else None)
        self._bar.show_recording(self._outputs.recorded_seconds if self._outputs.is_recording else None)
        width, height = self._camera.size
        if width:
            self._panel.show_delay(figures)
            words = live_words.camera_sends(width, height, figures.fps_in)
            self._panel.show_camera(words, live_words.size_words(width, height))
        self._tell_status()

    def _show_words(self) -> None:
        """What is being waited for, on the picture, and what runs, in the status line."""
        standing = self._camera.standing
        words = ""
        if standing == "looking":
            words = self.tr("Looking for cameras")
        elif standing == "opening":
            words = self.tr("Opening {camera}").format(camera=self._camera.title)
        elif standing == "lost":
            words = self.tr("Trying again by itself")
        elif standing in ("watched", "silent") and self._model.is_loading:
            words = self.tr("Getting {model} ready").format(model=self._model.title)
        elif self._is_frozen:
            words = self.tr("Frozen: model and settings still change this frame")
        self._view.set_waiting(words)
        self._tell_status()

    def _tell_status(self) -> None:
        words = ""
        if self._outputs.recorded_seconds:
            words = live_words.recording(self._outputs.recorded_seconds, self._outputs.recording_dropped)
        elif self._camera.standing in ("watched", "silent"):
            words = self.tr("Live with {model} from {camera}").format(model=self._model.title, camera=self._camera.title)
        self.status_changed.emit(words)

    def _show_state(self) -> None:
        self._bar.show_state(
            has_picture=self._current is not None,
            has_result=self._current is not None and self._current.after is not None,
            is_frozen=self._is_frozen,
            is_recording=self._outputs.is_recording,
        )
