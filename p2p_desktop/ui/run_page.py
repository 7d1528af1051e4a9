"""The page of one training run, live or past: how it does, what it draws, its curves, and the verbs.

It reads what a follower has folded, a few times a second and only while it is to be seen, and orders through a control. It
computes nothing and blocks on nothing.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDeadlineTimer, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QStyle, QVBoxLayout, QWidget

from p2p_desktop.runs.run_process import HELD
from p2p_desktop.ui import run_words
from p2p_desktop.ui.followed_run import Control, Follower
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.notes import Kind
from p2p_desktop.ui.run_header import HeadFacts, RunHeader
from p2p_desktop.ui.run_menus import best_of, more_menu, use_menu
from p2p_desktop.ui.run_note import RunNote
from p2p_desktop.ui.run_view import RunView
from p2p_desktop.ui.show_file import FolderDoor
from p2p_desktop.ui.theme import SPACE_L, SPACE_M, SPACE_XL
from p2p_desktop.ui.widgets import Note
from p2p_desktop.workers.errands import Errands
from training.contract.errors import P2PError
from training.contract.protocol import CONFIG, Answered, OrderName

if TYPE_CHECKING:  # with the encodings, which import OpenCV
    from training.contract.config import TrainConfig

_REFRESH_MS = 100  # not more often, whatever the follower tells
_CLOCK_MS = 1000  # what says how long ago something was
_USUAL_HEIGHT, _USUAL_SIDE, _LEAST_SIDE, _MOST_SIDE = 772, 228, 110, 420  # pixels: of the page, and of its pictures


class RunPage(QWidget):
    use_asked = Signal(Path)  # a model file of the run, in Convert
    watch_asked = Signal(Path)  # as above, in Live
    go_on_asked = Signal()
    fine_tune_asked = Signal(Path, Path)  # the run, and a model file of it
    duplicate_asked = Signal(Path)  # the run
    compare_asked = Signal(Path, QPoint)  # the run, and where a menu of others opens
    models_asked = Signal(Path)  # the run: two of its models are to be compared
    remove_asked = Signal(Path)  # the run
    back_asked = Signal()

    def __init__(self, look: Look, follower: Follower, control: Control, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train_run")
        self._look, self._follower, self._control = look, follower, control
        self._run: Path | None = None
        self._shown: int | None = None  # the follower's times_followed then
        self._config: TrainConfig | None = None
        self._is_stopping = False  # a stop was answered
        self._uses_next = False  # the next snapshot is to be used
        self._is_out_of_reach = False  # when it was last looked at
        self._snapshot = Path()
        self._errands = Errands(self)
        self._door = FolderDoor(self._errands, self)
        self._build()
        self._timer, self._clock = QTimer(self), QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.refresh)
        self._clock.setInterval(_CLOCK_MS)
        self._clock.timeout.connect(self._show_told)
        self._connect()

    # --- what is shown

    def refresh(self) -> None:
        """Show what the follower knows now."""
        if not self.isVisible():
            return
        self._keep_up()
        self._keep_in_reach()
        self._show_told()
        if not self._is_known:
            self.view.say_unread(self._why_unread())
        else:  # an old run is read in parts: drawn after each, it would stop the window again and again
            self.view.show_run(self._follower.state, self._follower.standing)

    def show_health(self, code: str, numbers: Mapping[str, float], message: str = "") -> None:
        """Say this of the run: a code and its numbers, as health_words takes them. `message`: the trainer's own sentence."""
        self._note.tell(code, numbers, message)
        self._timer.start(0)

    def say(self, kind: Kind, sentence: str, detail: str = "") -> None:
        """Tell something until it is settled."""
        self._answer.clear()
        self._answer.set_kind(kind)
        self._answer.say(sentence, detail)

    def take_keyboard(self, reason: Qt.FocusReason) -> None:
        """Put the keyboard on the film."""
        self.view.take_keyboard(reason)

    def close_down(self, until: QDeadlineTimer) -> None:
        """End the threads: the program ends, or the page goes."""
        self._timer.stop()
        self._clock.stop()
        self.view.close_down(until)
        self._errands.close(until)

    # --- building

    def _build(self) -> None:
        self._head = RunHeader(self._look, self)
        self._note = RunNote(self._look, self)
        self._answer = Note(self._look, "info", self)
        self._answer.setObjectName("train_answer")
        self.view = RunView(self._look, self)
        content = QWidget()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(SPACE_XL, SPACE_M, SPACE_XL, SPACE_L)
        inside.setSpacing(SPACE_M)
        inside.addWidget(self._note)
        inside.addWidget(self._answer)
        inside.addWidget(self.view, 1)
        scroll = QScrollArea(self)
        scroll.setObjectName("train_scroll")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._head)
        layout.addWidget(scroll, 1)

    def _connect(self) -> None:
        self._follower.changed.connect(self._on_changed)
        self._follower.begun_anew.connect(self._on_begun_anew)
        self._follower.failed.connect(self._on_out_of_reach)
        self._control.answered.connect(self._on_answered)
        self._control.failed.connect(self._on_control_failed)
        self._control.waiting_changed.connect(self._on_changed)
        self._note.end_asked.connect(self._on_end)
        self._head.back_asked.connect(self.back_asked)
        self._head.order_asked.connect(self._on_order)
        self._head.go_on_asked.connect(self.go_on_asked)
        self._head.use_asked.connect(self._on_use)
        self._head.use_menu_asked.connect(self._on_use_menu)
        self._head.more_asked.connect(self._on_more)
        self.view.saved.connect(self._on_saved)
        self.view.not_saved.connect(self._on_failed)
        self._door.none_is_there.connect(self._on_no_folder)
        self._door.not_opened.connect(self._on_not_opened)

    # --- showing

    def _keep_up(self) -> None:
        if self._follower.times_followed != self._shown:
            self._begin()

    def _keep_in_reach(self) -> None:
        """What could not be read of a run while its drive was away is read once that is back."""
        was, self._is_out_of_reach = self._is_out_of_reach, bool(self._follower.problem)
        if was and not self._is_out_of_reach:
            self.view.read_again()
            if self._config is None:
                self._read_request()

    def _begin(self) -> None:
        """Another run is followed now, maybe in the folder of the last one."""
        self._run, self._config, self._shown = self._follower.run, None, self._follower.times_followed
        self._is_stopping = self._uses_next = self._is_out_of_reach = False
        self._answer.clear()
        self._note.forget()
        self.view.begin(self._run)
        self.view.describe(self._name(), None)
        self._read_request()

    def _read_request(self) -> None:
        run, shown = self._run, self._shown
        if run is not None:
            self._errands.run(lambda _, __: (shown, _request_of(run)), "reading a run's request", self._on_request)

    def _show_told(self) -> None:
        """Show what is said in words, which change with the clock, too."""
        state, standing = self._follower.state, self._follower.standing
        if standing not in HELD:
            self._is_stopping = False
        waiting = frozenset(self._control.waiting.values())
        if self._uses_next and "snapshot" not in waiting:
            self._uses_next = False
            self.say("warning", self.tr("The training ended before that model was saved, so Convert was not opened."))
        has_model = self._run is not None and best_of(self._run, state) is not None
        is_starting = self._run is not None and standing not in HELD and self._control.is_starting(self._run)
        self._head.show_run(
            HeadFacts(
                name=self._name(),
                state=state,
                standing=standing,
                is_known=self._is_known,
                is_out_of_reach=self._is_out_of_reach,
                waiting=waiting,
                is_stopping=self._is_stopping,
                is_starting=is_starting,
                has_model=has_model,
                memory_bytes=self._follower.memory_bytes,
                now=time.time(),
            )
        )
        if self._is_out_of_reach:
            self._note.say_out_of_reach(self._follower.problem)
            return
        self.view.show_more_facts(self._head.left_out)
        silent_for = self._follower.lock_seconds_old
        self._note.show_run(state, standing, run_words.telling_metric_of(state), self._follower.last_words, silent_for)

    @property
    def _is_known(self) -> bool:
        """Whether all that the run has told was read: before that, nothing can be said of how it stands."""
        return self._follower.is_caught_up

    def _why_unread(self) -> str:
        if self._is_out_of_reach:
            return self.tr("What the run has told is out of reach.")
        return self.tr("Reading what the run has told\u2026") if self._run is not None else ""

    def _name(self) -> str:
        if self._config is not None and self._config.name:
            return self._config.name
        return self._run.name if self._run is not None else ""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._clock.start()
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._clock.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side = _USUAL_SIDE + (self.height() - _USUAL_HEIGHT) // 2  # a low window shows the film without scrolling, too
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        self.view.make_room(self.width() - 2 * SPACE_XL - bar, min(_MOST_SIDE, max(_LEAST_SIDE, side)))

    # --- what is told

    def _on_changed(self) -> None:
        if not self._timer.isActive() and self.isVisible():
            self._timer.start(_REFRESH_MS)

    def _on_begun_anew(self) -> None:
        self._note.forget()
        self.view.forget()
        self.refresh()  # at once, where all is known already: the pictures shall not flicker

    def _on_out_of_reach(self, _: str) -> None:
        self.refresh()

    def _on_request(self, read: "tuple[int, TrainConfig | None] | None") -> None:
        if read is None or read[0] != self._shown:  # another run was opened while a slow disk was read
            return
        self._config = read[1]
        self.view.describe(self._name(), self._config)
        self.refresh()

    def _on_answered(self, told: Answered) -> None:
        if not told.ok:
            self._uses_next = self._uses_next and told.order != "snapshot"
            self.say("error", told.message)
        elif told.order == "stop":
            self._is_stopping = True
        elif told.order == "snapshot" and told.file and self._run is not None:
            self._on_snapshot(self._run / told.file, told.message)
        self.refresh()

    def _on_snapshot(self, path: Path, message: str) -> None:
        if self._uses_next:
            self._uses_next = False
            self._answer.clear()
            self.use_asked.emit(path)
            return
        self._snapshot = path
        self.say("success", message)
        self._answer.add_button(self.tr("Use it in Convert"), "train_use_snapshot").clicked.connect(self._on_use_snapshot)

    def _on_control_failed(self, run: Path, sentence: str) -> None:
        self._keep_up()
        if run == self._run:
            self._on_failed(sentence)

    def _on_failed(self, sentence: str) -> None:
        self._keep_up()  # before it is said: what is said of the last run goes
        self._uses_next = False
        self.say("error", sentence)
        self.refresh()

    def _on_saved(self, path: Path) -> None:
        self.say("success", self.tr("Saved as {name}.").format(name=path.name))

    def _on_no_folder(self) -> None:
        self.say("error", self.tr("The folder of this run is gone."))

    def _on_not_opened(self, folder: Path) -> None:
        self.say("info", self.tr("No program of this computer shows folders. It is here: {folder}").format(folder=folder))

    # --- what the person does

    def _on_order(self, name: OrderName) -> None:
        self._control.order(name)
        self._show_told()

    def _on_end(self) -> None:
        self._control.end_trainer()

    def _on_use(self) -> None:
        best = best_of(self._run, self._follower.state) if self._run is not None else None
        if best is not None:
            self.use_asked.emit(best)
        else:
            self._use_snapshot()

    def _use_snapshot(self) -> None:
        self._uses_next = True
        self.say("info", self.tr("A model is saved after this step; then Convert opens with it."))
        self._on_order("snapshot")

    def _on_use_snapshot(self) -> None:
        self._answer.clear()
        self.use_asked.emit(self._snapshot)

    def _on_use_menu(self, place: QPoint) -> None:
        if self._run is not None:
            menu = use_menu(self._run, self._follower.state, self._follower.standing, self)
            menu.triggered.connect(self._on_use_triggered)
            menu.popup(place)

    def _on_use_triggered(self, action: QAction) -> None:
        chosen = action.data()
        if chosen is None:
            self._use_snapshot()
            return
        place, path = chosen
        (self.watch_asked if place == "live" else self.use_asked).emit(path)

    def _on_more(self, place: QPoint) -> None:
        if self._run is not None:
            follower, away = self._follower, self._is_out_of_reach
            menu = more_menu(self._look, self._run, follower.state, follower.standing, self, is_out_of_reach=away)
            menu.triggered.connect(self._on_more_triggered)
            menu.popup(place)

    def _on_more_triggered(self, action: QAction) -> None:
        run = self._run
        if run is None:
            return
        match action.data():
            case "snapshot":
                self._on_order("snapshot")
            case "folder":
                self._door.show([run])
            case "duplicate":
                self.duplicate_asked.emit(run)
            case "fine_tune":
                best = best_of(run, self._follower.state)
                if best is not None:
                    self.fine_tune_asked.emit(run, best)
            case "compare":
                self.compare_asked.emit(run, self._head.menu_place)
            case "models":
                self.models_asked.emit(run)
            case "remove":
                self.remove_asked.emit(run)


def _request_of(run: Path) -> "TrainConfig | None":
    """Called in a worker thread. None where it cannot be read: the run is shown all the same."""
    from training.contract.config import TrainConfig

    try:
        return TrainConfig.from_json((run / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, P2PError):
        return None
