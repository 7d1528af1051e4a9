"""Live: a camera, translated while one watches. Puts the parts of the page together; each part knows only itself."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDeadlineTimer, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from p2p_desktop.live.wishes import LiveWishes
from p2p_desktop.settings import Settings
from p2p_desktop.ui import live_words, model_words
from p2p_desktop.ui.address_dialog import AddressDialog
from p2p_desktop.ui.folding_panel import FoldingPanel
from p2p_desktop.ui.live_bar import LiveBar
from p2p_desktop.ui.live_panel import HELD_FPS, LivePanel
from p2p_desktop.ui.live_saving import LiveSaving
from p2p_desktop.ui.live_sources import LiveSources
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
from p2p_desktop.workers.cameras_watch import CamerasWatch, Known
from p2p_desktop.workers.live_outputs import LiveOutputs
from p2p_desktop.workers.live_session import LiveSession, OnScreen, Opened

if TYPE_CHECKING:
    from p2p_desktop.live.sources import Source

_FIGURES_EVERY_MS = 250
_PREFERRED = "deblur"  # at first


class LivePage(QWidget):
    """Watches while it is seen, and lets go of the camera when it is not."""

    status_changed = Signal(str)  # what runs now, for the status line; "" for nothing
    surround_chosen = Signal(str)
    full_screen_asked = Signal(bool)

    def __init__(
        self,
        look: Look,
        shelf: ModelShelf,
        model: WorkingModel,
        remembered: Remembered,
        clip: Path,
        parent: QWidget | None = None,
        *,
        known: Known | None = None,
        opened: Opened | None = None,
    ) -> None:
        """`clip`: what is watched where no camera is. `known`, `opened`: see `CamerasWatch` and `LiveSession`."""
        super().__init__(parent)
        self._look, self._shelf, self._model, self._remembered = look, shelf, model, remembered
        self._sources = LiveSources(clip, remembered)
        self._watch = CamerasWatch(self, known=known)
        self._outputs = LiveOutputs(self)
        self._session = LiveSession(self, opened=opened, tap=self._outputs.put)
        self._source: Source | None = None
        self._wanted: tuple[int, int] | None = None  # what a camera is asked for
        self._name = ""  # of the chosen model
        self._loaded: Path | None = None  # the file of the model that is loaded, or being loaded
        self._computing: tuple[object, ...] = ()  # the settings that a loaded model depends on
        self._named = 0  # the number of the model whose name stands on the picture
        self._frame_size = (0, 0)
        self._current: OnScreen | None = None
        self._is_counted = True  # the current frame was seen
        self._is_frozen = self._is_opening = self._is_loading = self._is_full = False
        self._lost_at: float | None = None  # when the camera was lost that is tried again; seconds of the clock of frames
        self._build(look)
        self._connect()
        self._add_shortcuts()
        self._restore()

    # --- what the window asks for

    @property
    def is_recording(self) -> bool:
        return self._outputs.is_recording

    def watch_file(self, path: Path) -> None:
        """Watch a video that was dropped or chosen."""
        from p2p_desktop.live.sources import VideoFile

        self._open(VideoFile(path))

    def use_model(self, name: str) -> None:
        self._choose_model(name)

    def follow_settings(self, settings: Settings) -> None:
        """The surround at once; the model is loaded again if it shall compute otherwise."""
        self._view.set_surround(settings.surround)
        computing = (settings.device, settings.runtime, settings.threads, settings.memory_mb)
        if computing != self._computing:
            self._computing = computing
            self._load_model()

    def set_narrow(self, on: bool) -> None:
        self._folding.set_narrow(on)

    def leave_full_screen(self) -> None:
        """The window has its other parts again."""
        self._show_full(False)

    def say(self, kind: Kind, text: str, detail: str = "") -> None:
        self._note.set_kind(kind)
        self._note.say(text, detail)

    def close_down(self, until: QDeadlineTimer) -> None:
        """Let go of the camera, keep what was recorded, end every thread: the program ends."""
        self._keep()
        self._timer.stop()
        self._watch.close(until)
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
            self._on_full_screen()
        elif event.key() in KEYS_OF_PICTURE:
            self._view.keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    # --- building

    def _build(self, look: Look) -> None:
        self._view = LiveView(look, self)
        self._view.setObjectName("live_view")
        self._trouble = NoPicture(look, self._view)
        self._again = self._trouble.add_button(self.tr("Try again"), "live_retry")
        self._again.setToolTip(self.tr("Opens it once more (F5)"))
        self._instead = self._trouble.add_button(self.tr("Watch the example clip"), "live_use_clip")
        self._instead.setToolTip(self.tr("Half a minute of people in a room, which came with the program"))
        self._top = LiveTopBar(look, self._view, self)
        self._panel = LivePanel(look, self._shelf, self)
        self._folding = FoldingPanel(look, self._panel, self.tr("Model and settings"), self)
        self._bar = LiveBar(look, self)
        self._note = Note(look, "info", self)
        self._saving = LiveSaving(self._outputs, self._panel.outputs, self._remembered, self)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(self._top)
        notes = QVBoxLayout()
        notes.setContentsMargins(SPACE_M, SPACE_S, SPACE_M, SPACE_S)
        notes.addWidget(self._note)
        self._notes = QWidget(self)
        self._notes.setLayout(notes)
        self._notes.hide()
        left.addWidget(self._notes)
        left.addWidget(self._view, 1)
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

    def _connect(self) -> None:
        session = self._session
        session.frame_ready.connect(self._on_frame_ready)
        session.size_known.connect(self._on_size_known)
        session.camera_silent.connect(self._on_camera_silent)
        session.camera_lost.connect(self._on_camera_lost)
        session.camera_failed.connect(self._on_camera_failed)
        session.model_loading.connect(self._on_model_loading)
        session.model_ready.connect(self._on_model_ready)
        session.model_failed.connect(self._on_model_failed)
        self._watch.changed.connect(self._on_cameras_changed)
        self._timer.timeout.connect(self._show_figures)
        self._view.painted.connect(self._on_painted)
        self._view.surround_chosen.connect(self.surround_chosen)
        self._note.shown.connect(self._notes.setVisible)
        top, bar, panel = self._top, self._bar, self._panel
        top.source_chosen.connect(self._open)
        top.file_asked.connect(self._on_file_asked)
        top.address_asked.connect(self._on_address_asked)
        top.refresh_asked.connect(self.open_again)
        top.full_screen_asked.connect(self._on_full_screen)
        self._again.clicked.connect(self.open_again)
        self._instead.clicked.connect(self._on_clip_asked)
        bar.freeze.clicked.connect(self.freeze_or_go_on)
        bar.snapshot.clicked.connect(self.take_snapshot)
        bar.record.clicked.connect(self.record_or_stop)
        panel.changed.connect(self._on_wishes_changed)
        panel.model_chosen.connect(self._choose_model)
        panel.format_chosen.connect(self._on_format_chosen)
        self._saving.said.connect(self._on_saving_said)
        self._saving.changed.connect(self._show_state)
        self._shelf.changed.connect(self._on_shelf_changed)

    def _add_shortcuts(self) -> None:
        for key, act in (
            ("Ctrl+F", self.freeze_or_go_on),
            ("Ctrl+S", self.take_snapshot),
            ("Ctrl+R", self.record_or_stop),
            ("F5", self.open_again),
            ("F11", self._on_full_screen),
        ):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.activated.connect(act)

    # --- coming and going

    def _begin(self) -> None:
        self._timer.start()
        self._saving.begin()
        self._watch.watch(True)
        if self._watch.devices is not None:
            self._sources.devices = self._watch.devices
            self._open(self._source or self._sources.first())
        else:
            self._view.set_waiting(self.tr("Looking for cameras"))
        if not self._name:
            self._choose_model(self._first_model())
        else:
            self._load_model()

    def _end(self) -> None:
        """Nobody looks: the camera and the memory of the model are others' again."""
        self._saving.end()
        self._session.stop()
        self._loaded = None
        self._is_frozen = False
        self._timer.stop()
        self._watch.watch(False)
        self._current = None
        self._view.clear()
        self._trouble.say("")
        self._bar.show_figures(None)
        self._show_state()
        if self._is_full:
            self._on_full_screen()
        self._keep()
        self.status_changed.emit("")

    def _restore(self) -> None:
        kept = self._remembered.value("live")
        kept = kept if isinstance(kept, dict) else {}
        wishes = LiveWishes(hold_fps=float(HELD_FPS))
        try:
            wishes = LiveWishes(
                side=int(kept.get("side", 0)),
                hold_fps=float(kept.get("hold_fps", HELD_FPS)),
                mirror=kept.get("mirror") is True,
                blend=float(kept.get("blend", 0.0)),
            )
        except Exception:  # noqa: BLE001  whatever stands in that file: it is only remembered
            wishes = LiveWishes(hold_fps=float(HELD_FPS))
        self._panel.change(wishes)
        self._session.wish(wishes)
        self._name = str(kept.get("model", ""))
        mode = kept.get("mode")
        if isinstance(mode, str):
            self._top.choose_mode(mode)
        self._show_state()

    def _keep(self) -> None:
        wishes = self._panel.wishes
        self._remembered.keep(
            live={
                "model": self._name,
                "mode": self._top.mode,
                "side": wishes.side,
                "hold_fps": wishes.hold_fps,
                "mirror": wishes.mirror,
                "blend": wishes.blend,
            }
        )

    # --- the camera

    def open_again(self) -> None:
        """Look for cameras, and open this one once more."""
        self._watch.look()
        if self._source is not None and self.isVisible():
            self._open(self._source)

    def _open(self, source: "Source") -> None:
        from p2p_desktop.live.sources import Device, Format

        if source != self._source:
            self._wanted = None
            self._view.clear()  # nothing of one camera is seen under the name of another
            self._current = None
        self._source = source
        self._sources.note(source)
        self._frame_size = (0, 0)
        self._is_frozen = False
        self._session.freeze(False)
        self._trouble.say("")
        self._top.offer(self._sources.all(), source)
        self._panel.offer_formats(isinstance(source, Device))
        self._panel.show_camera("", "")
        self._panel.show_used((0, 0))
        self._is_opening, self._lost_at = True, None
        self._view.set_waiting(self._waiting_words())
        wanted = Format(*self._wanted, fps=30.0) if self._wanted is not None else None
        self._session.watch(source, wanted)
        self._show_state()
        self._tell_status()

    def _on_cameras_changed(self) -> None:
        from p2p_desktop.live.sources import Device

        self._sources.devices = devices = self._watch.devices or ()
        if not self.isVisible():
            return
        if self._source is None:
            self._open(self._sources.first())
        elif isinstance(self._source, Device) and self._trouble.reason() and self._source in devices:
            self._open(self._source)  # it is back
        else:
            self._top.offer(self._sources.all(), self._source)

    def _on_size_known(self, width: int, height: int) -> None:
        self._frame_size = (width, height)
        self._is_opening, self._lost_at = False, None
        self._trouble.say("")
        self._view.set_waiting(self._waiting_words())
        self._offer_sizes()

    def _on_camera_silent(self, _: float) -> None:
        if self._source is not None:
            sentence = self.tr("{camera} sends nothing. It is open, and its next frame will be shown.")
            self._trouble.say(sentence.format(camera=self._sources.title(self._source)))

    def _on_camera_lost(self, sentence: str) -> None:
        self._is_opening, self._lost_at = False, time.monotonic()
        self._view.set_waiting(self._waiting_words())
        self._trouble.say(sentence)

    def _on_camera_failed(self, sentence: str) -> None:
        self._is_opening, self._lost_at = False, None
        self._view.clear()
        self._current = None
        self._trouble.say(sentence)
        self._show_state()
        self._tell_status()

    def _on_clip_asked(self) -> None:
        self._open(self._sources.clip)

    def _on_file_asked(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self, self.tr("Choose a video"), str(Path.home()))
        if file:
            self.watch_file(Path(file))

    def _on_address_asked(self) -> None:
        dialog = AddressDialog(self._look, self)
        dialog.chosen.connect(self._open)
        dialog.open()

    def _on_format_chosen(self, wanted: tuple[int, int] | None) -> None:
        self._wanted = wanted
        if self._source is not None:
            self._open(self._source)

    # --- the model

    def _first_model(self) -> str:
        names = [model.name for model in self._shelf.models if model.card is not None]
        return _PREFERRED if _PREFERRED in names else names[0] if names else ""

    def _choose_model(self, name: str) -> None:
        self._name = name
        self._panel.model.choose(name)
        self._load_model()

    def _load_model(self) -> None:
        """Load the chosen model unless that is under way, or done."""
        model = self._shelf.find(self._name)
        if model is None or model.card is None or not self.isVisible():
            return
        self._panel.model.choose(self._name)
        self._loaded = model.path
        self._note.clear()
        self._session.choose_model(self._model.load_live(self._name))
        self._is_loading = True
        self._view.set_waiting(self._waiting_words())
        self._offer_sizes()
        self._tell_status()

    def _on_shelf_changed(self) -> None:
        model = self._shelf.find(self._name)
        if model is None or model.card is None:
            first = self._first_model()
            if first:
                self._choose_model(first)
        elif self._loaded != model.path:
            self._load_model()

    def _on_model_loading(self) -> None:
        self._is_loading = True
        self._view.set_waiting(self._waiting_words())

    def _on_model_ready(self, _: str, __: str) -> None:
        self._is_loading = False
        self._view.set_waiting(self._waiting_words())

    def _on_model_failed(self, sentence: str) -> None:
        self._is_loading = False
        self._view.set_waiting(self._waiting_words())
        self.say("warning", sentence)

    def _offer_sizes(self) -> None:
        model = self._shelf.find(self._name)
        if model is None or model.card is None or not all(self._frame_size):
            return
        from p2p_desktop.live.sizes import ladder, size_at

        width, height = self._frame_size
        sides = ladder(model.card.size_rule, width, height)
        self._panel.offer_sizes([(side, size_at(side, width, height)) for side in sides])

    # --- frames

    def _on_frame_ready(self) -> None:
        newest = self._session.take()
        if newest is None or self._source is None:
            return
        self._current, self._is_counted = newest, False
        if newest.after is not None and self._named != newest.shown.model:  # the name comes with the first frame of its model
            self._named = newest.shown.model
            self._view.set_words(self.tr("Camera"), self._model_title())
        self._view.show_both(newest.before, newest.after, self._sources.title(self._source))
        if newest.after is not None:
            self._panel.show_used(newest.shown.size)
        if self._trouble.reason() and (self._lost_at is None or newest.shown.frame.captured > self._lost_at):
            self._lost_at = None
            self._trouble.say("")
            self._view.set_waiting(self._waiting_words())
        self._show_state()

    def _on_painted(self) -> None:
        if self._current is not None and not self._is_counted:
            self._is_counted = True
            if self._current.after is not None:
                self._session.was_shown(self._current.shown)

    def _show_figures(self) -> None:
        figures = self._session.figures()
        if not self._is_frozen:
            self._bar.show_figures(figures if self._session.is_watching else None)
        width, height = self._frame_size
        if width:
            words = live_words.camera_sends(width, height, figures.fps_in)
            self._panel.show_camera(words, live_words.size_words(width, height))
        self._tell_status()

    # --- what the person does

    def freeze_or_go_on(self) -> None:
        if self._current is None:
            return
        self._is_frozen = not self._is_frozen
        self._session.freeze(self._is_frozen)
        self._view.set_waiting(self._waiting_words())
        self._show_state()

    def take_snapshot(self) -> None:
        """Save what is shown, with what made it."""
        if self._current is not None and self._current.shown.result is not None and self._source is not None:
            self._saving.snapshot(self._current.shown, self._model_title(), self._sources.title(self._source))

    def record_or_stop(self) -> None:
        if self._outputs.is_recording:
            self._saving.stop_recording()
        elif self._current is not None and self._current.after is not None:
            self._saving.record(self._model_title(), self._session.figures().fps_out)
        self._show_state()

    def _on_wishes_changed(self, wishes: LiveWishes) -> None:
        self._session.wish(wishes)
        self._keep()

    def _on_full_screen(self) -> None:
        self._show_full(not self._is_full)
        self.full_screen_asked.emit(self._is_full)

    def _show_full(self, on: bool) -> None:
        self._is_full = on
        self._top.setVisible(not on)
        self._folding.setVisible(not on)
        if on:
            self._view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_saving_said(self, kind: Kind, text: str, detail: str) -> None:
        self.say(kind, text, detail)

    # --- words

    def _model_title(self) -> str:
        model = self._shelf.find(self._name)
        return model_words.title(model) if model is not None else self._name

    def _waiting_words(self) -> str:
        if self._is_opening and self._source is not None:
            return self.tr("Opening {camera}").format(camera=self._sources.title(self._source))
        if self._lost_at is not None:
            return self.tr("Trying again by itself")
        if self._is_loading and self._name:
            return self.tr("Getting {model} ready").format(model=self._model_title())
        if self._is_frozen:
            return self.tr("Frozen: model and settings still change this frame")
        return ""

    def _show_state(self) -> None:
        self._bar.show_state(
            has_picture=self._current is not None,
            has_result=self._current is not None and self._current.shown.result is not None,
            is_frozen=self._is_frozen,
            is_recording=self._outputs.is_recording,
        )

    def _tell_status(self) -> None:
        if not self.isVisible() or self._source is None or not self._session.is_watching:
            self.status_changed.emit("")
            return
        if self._outputs.recorded_seconds:
            words = live_words.recording(self._outputs.recorded_seconds, self._outputs.recording_dropped)
        else:
            words = self.tr("Live with {model} from {camera}").format(
                model=self._model_title(), camera=self._sources.title(self._source)
            )
        self.status_changed.emit(words)
