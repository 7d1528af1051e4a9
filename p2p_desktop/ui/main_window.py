"""The window: rail, pages, status line; what is dropped anywhere finds its place."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QDeadlineTimer, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QKeySequence,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from p2p_desktop.paths import UserPaths, resources
from p2p_desktop.ui.convert_page import ConvertPage
from p2p_desktop.ui.convert_session import ConvertSession
from p2p_desktop.ui.drop_desk import DropDesk
from p2p_desktop.ui.drops import Dropped, at_a_glance, can_be_answered, dropped, sorted_by_name
from p2p_desktop.ui.errors import UncaughtErrors
from p2p_desktop.ui.focus_ring import FocusRing
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.notes import Kind, Note
from p2p_desktop.ui.notifications import Notifications
from p2p_desktop.ui.question import ask_stop_and_close
from p2p_desktop.ui.queue_model import QueueModel
from p2p_desktop.ui.rail import PLACES, Rail
from p2p_desktop.ui.remembered import Remembered
from p2p_desktop.ui.settings_box import SettingsBox
from p2p_desktop.ui.status_line import StatusLine
from p2p_desktop.ui.theme import NARROW_WINDOW
from p2p_desktop.ui.window_place import place_window
from p2p_desktop.ui.working_model import WorkingModel
from p2p_desktop.workers.conversion import Conversion
from p2p_desktop.workers.device_probe import DeviceProbe, Found
from p2p_desktop.workers.doctor_run import DoctorRun
from p2p_desktop.workers.task_thread import TaskThread, have_all_ended
from training.contract.progress import Report, Token

if TYPE_CHECKING:  # with the trainer's config, which imports OpenCV
    from p2p_desktop.ui.training_watch import TrainingWatch

log = logging.getLogger(__name__)

_LAST_MS = 10_000  # for what still runs when the window is closed; nobody sees it any more


class MainWindow(QMainWindow):
    painted = Signal()  # once: the first paint is over

    def __init__(self, look: Look, paths: UserPaths, settings: SettingsBox, errors: UncaughtErrors) -> None:
        super().__init__()
        self._look, self._paths, self._settings, self._errors = look, paths, settings, errors
        self._remembered = Remembered(paths.window)
        self._threads: list[TaskThread] = []
        self._converting = self._watching = ""  # what Convert and Live do, in words
        self._awaited = ""  # the place to go to when what it needs is imported
        self._is_ready = self._is_full = False
        self.setObjectName("main_window")
        self.setWindowTitle(self.tr("P2P Desktop"))
        self.setAcceptDrops(True)
        self._shelf = ModelShelf(resources() / "models", self._added_models(), paths.removed, self, measured=paths.measured)
        self._model = WorkingModel(self._shelf, settings, paths, self._remembered, self)
        self._probe = DeviceProbe(paths.cache, self)
        self._doctor = DoctorRun(paths.cache, self)
        self._notifications = Notifications(self)
        self._training: TrainingWatch | None = None  # once what it needs is imported
        conversion = Conversion(self._model.places, self._model.jobs, self)
        self._session = ConvertSession(QueueModel(), conversion, self._model.request, self._model.result_word, self)
        self._desk = DropDesk(self, self._shelf, self)
        self._rail = Rail(look, self)
        self._status = StatusLine(look, self)
        self._pages = QStackedWidget(self)
        self.convert = ConvertPage(look, self._shelf, self._session, self._model, resources() / "examples", self)
        self._makers: dict[str, Callable[[], QWidget]] = {
            "live": self._live_page,
            "train": self._train_page,
            "models": self._models_page,
            "settings": self._settings_page,
        }
        self._made: dict[str, QWidget] = {"convert": self.convert}
        self._pages.addWidget(self.convert)
        self._getting_ready = QLabel(self.tr("Getting ready"), self._pages)
        self._getting_ready.setProperty("role", "muted")
        self._getting_ready.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages.addWidget(self._getting_ready)
        self._lay_out()
        self._ring = FocusRing(look, self)
        self._connect()
        place_window(self, self._remembered.text("geometry"))
        self._on_settings_changed(settings.value)

    # --- what the program asks for

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Take files and folders of the command line or of a second start."""
        self._desk.take(sorted_by_name([str(path) for path in paths]))

    def come_to_front(self) -> None:
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def get_ready(self) -> None:
        """After the first paint: icons, models, the device, and what a crash left unfinished. Nothing here blocks."""
        self._run("getting ready", _import_what_is_needed, self._on_imported)

    def go_to(self, place: str, reason: Qt.FocusReason = Qt.FocusReason.OtherFocusReason) -> None:
        """Bring a place to the front, and the keyboard to what is selected there; it is built when it is first seen."""
        self._rail.select(place)
        self._awaited = "" if self._is_ready or place in self._made else place
        if self._awaited:  # what it is built of is being imported, which would stop the window
            self._pages.setCurrentWidget(self._getting_ready)
            return
        page = self.built(place)
        self._pages.setCurrentWidget(page)
        take_keyboard = getattr(page, "take_keyboard", None)
        if take_keyboard is not None:
            take_keyboard(reason)

    def page(self, place: str) -> QWidget:
        """The page of a place, built if need be."""
        if place not in self._made:
            self.go_to(place)
        page: QWidget = self.built(place)
        return page

    def built(self, place: str) -> Any:  # Any: classes of pages are imported late
        """The page of a place, which may not have been seen yet."""
        if place not in self._made:
            self._made[place] = page = self._makers[place]()
            self._pages.addWidget(page)
            self._set_narrow_page(page)
        return self._made[place]

    @property
    def has_icons(self) -> bool:
        """Whether the font of the icons was found; known once the window is ready."""
        return self._look.icons.is_ready

    @property
    def is_ready(self) -> bool:
        """Whether what every page needs is imported."""
        return self._is_ready

    def is_in_front(self, place: str) -> bool:
        return self._made.get(place) is self._pages.currentWidget()

    # --- of Qt

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange and self._is_full and not self.isFullScreen():
            self._show_full(False)  # by the window system

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._rail.set_narrow(self.width() < NARROW_WINDOW)
        for page in self._made.values():
            self._set_narrow_page(page)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if can_be_answered(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._highlight_drop(at_a_glance(event.mimeData()))

    def dragLeaveEvent(self, _: QDragLeaveEvent) -> None:
        self._highlight_drop(None)

    def dropEvent(self, event: QDropEvent) -> None:
        self._highlight_drop(None)
        event.setDropAction(Qt.DropAction.CopyAction)  # never a move: the sources stay where they are
        event.accept()
        self._desk.take(dropped(event.mimeData()))

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.convert.is_busy and not ask_stop_and_close(self._look, self._session.queue, self):
            event.ignore()
            return
        if self._training is not None and not self._training.may_close(self):
            event.ignore()
            return
        self.hide()  # what ends may take a moment: nobody shall look at a window that stands still
        self.close_down()
        event.accept()

    def close_down(self) -> None:
        """End every thread, keep what is to be kept. What a conversion has not done yet is offered at the next start.

        A thread that waits for a disk which does not answer is left behind after some seconds; the program must then end
        without taking its objects down.
        """
        until = QDeadlineTimer(_LAST_MS)
        self.convert.stop(offer_again=True)
        self._remembered.keep(
            geometry=bytes(self.saveGeometry().toBase64().data()).decode("ascii"), model=self._session.wishes.model
        )
        self._remembered.save()
        for thread in self._threads:
            thread.cancel()
        self._desk.close(until)
        self._doctor.close(until)
        self._probe.close(until)
        for page in self._made.values():
            close = getattr(page, "close_down", None)
            if close is not None:
                close(until)
        if self._training is not None:
            self._training.close(until)
        self._shelf.close(until)
        self._settings.flush(until)
        have_all_ended(until)

    # --- building

    def _lay_out(self) -> None:
        centre = _Centre(self)
        centre.painted.connect(self.painted)
        inner = QHBoxLayout()
        inner.setSpacing(0)
        inner.addWidget(self._rail)
        inner.addWidget(self._pages, 1)
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._notice = Note(self._look, "info", centre)
        layout.addWidget(self._notice)
        layout.addLayout(inner, 1)
        layout.addWidget(self._status)
        self.setCentralWidget(centre)

    def _training_watch(self) -> "TrainingWatch":
        if self._training is None:
            from p2p_desktop.ui.training_watch import TrainingWatch

            self._training = TrainingWatch(self._paths, self._settings, self._shelf, self._remembered, self)
            self._training.progressed.connect(self._on_training_progressed)
            self._training.landed.connect(self._on_model_landed)
            self._training.not_landed.connect(self._on_model_not_landed)
            self._training.broke_off.connect(self._on_training_broke_off)
        return self._training

    def _train_page(self) -> QWidget:
        from p2p_desktop.ui.train_page import TrainPage  # as below

        watch, runs = self._training_watch(), self._paths.runs_in(self._settings.value.models_folder)
        page = TrainPage(self._look, self._shelf, self._model, watch.runs, runs, resources(), self)
        page.keep_awake(self._settings.value.keep_awake)
        page.use_asked.connect(self._on_use_asked)
        page.watch_asked.connect(self._on_watch_asked)
        page.made.connect(watch.remember)
        return page

    def _live_page(self) -> QWidget:
        from p2p_desktop.ui.live_page import LivePage  # as above

        page = LivePage(self._look, self._shelf, self._model, self._remembered, resources() / "clips" / "people.mp4", self)
        page.follow_settings(self._settings.value)
        page.status_changed.connect(self._on_live_status_changed)
        page.surround_chosen.connect(self._on_surround_chosen)
        page.full_screen_asked.connect(self._on_full_screen_asked)
        return page

    def _models_page(self) -> QWidget:
        from p2p_desktop.ui.models_page import ModelsPage  # built when it is first seen: the first paint does not wait for it

        page = ModelsPage(self._look, self._shelf, self._model, resources() / "examples", self)
        page.use_asked.connect(self._on_use_asked)
        page.watch_asked.connect(self._on_watch_asked)
        return page

    def _settings_page(self) -> QWidget:
        from p2p_desktop.ui.settings_page import SettingsPage  # as above

        return SettingsPage(self._look, self._settings, self._probe, self._doctor, self._paths, self._errors, self)

    def _connect(self) -> None:
        self._rail.chosen.connect(self._on_place_chosen)
        for number, place in enumerate(PLACES, start=1):
            shortcut = QShortcut(QKeySequence(f"Ctrl+{number}"), self)
            shortcut.activated.connect(partial(self.go_to, place, Qt.FocusReason.ShortcutFocusReason))
        paste = QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), self.convert)
        paste.activated.connect(self._desk.paste)
        self._status.warning_clicked.connect(self._on_warning_clicked)
        self.convert.status_changed.connect(self._on_status_changed)
        self.convert.progressed.connect(self._on_convert_progressed)
        self.convert.finished.connect(self._on_finished)
        QGuiApplication.instance().focusWindowChanged.connect(self._on_focus_window_changed)  # type: ignore[union-attr]  # there is one, as there is a window
        self.convert.forgotten.connect(self._on_unfinished_settled)
        self.convert.surround_chosen.connect(self._on_surround_chosen)
        self._settings.changed.connect(self._on_settings_changed)
        self._settings.not_written.connect(self._on_sentence)
        self._shelf.failed.connect(self._on_shelf_failed)
        self._shelf.changed.connect(self._on_shelf_changed)
        self._probe.found.connect(self._on_device_found)
        self._errors.happened.connect(self._on_error)

    def _set_narrow_page(self, page: QWidget) -> None:
        set_narrow = getattr(page, "set_narrow", None)
        if set_narrow is not None:
            set_narrow(self.width() < NARROW_WINDOW)

    def _added_models(self) -> Path:
        return self._paths.models_in(self._settings.value.models_folder)

    # --- getting ready

    def _on_imported(self, _: object) -> None:
        self._is_ready = True
        self._look.icons.load()
        self.convert.get_ready()
        self._shelf.refresh()
        self._probe.ask()
        self._training_watch().start()
        self._run("looking for unfinished work", self._find_unfinished, self._on_unfinished_found)
        if self._awaited:
            self.go_to(self._awaited)
        if self._settings.problem:
            self.convert.say("warning", self._settings.problem)

    def _find_unfinished(self, _: Report[Any], __: Token) -> Any:  # Any: convert.unfinished.Unfinished, or None
        found = self._model.jobs().abandoned()
        for older in found[1:]:  # only the last one is worth an offer
            self._model.jobs().end(older.path)
        return found[0] if found else None

    def _on_unfinished_found(self, unfinished: Any) -> None:  # Any: as above
        if unfinished is not None:
            self.convert.offer(unfinished)

    def _on_unfinished_settled(self, unfinished: Any) -> None:  # Any: as above
        self._model.jobs().end(unfinished.path)

    def _run(
        self, name: str, work: Callable[[Report[Any], Token], Any], on_success: Callable[[Any], None]
    ) -> None:  # Any: each its own
        thread = TaskThread(work, name, self)
        self._threads.append(thread)
        thread.succeeded.connect(on_success)
        thread.failed.connect(self._on_task_failed)
        thread.finished.connect(self._on_task_finished)
        thread.start()

    def _on_task_failed(self, error: Exception) -> None:
        self._say("error", str(error))

    def _on_task_finished(self) -> None:
        thread = self.sender()
        if isinstance(thread, TaskThread) and thread in self._threads:
            self._threads.remove(thread)
            thread.deleteLater()

    # --- what happens

    def _highlight_drop(self, what: Dropped | None) -> None:
        """On the page in front, if it has words for it; None: nothing is dragged any more."""
        for page in self._made.values():
            highlight = getattr(page, "highlight_drop", None)
            if highlight is not None:
                highlight(what if page is self._pages.currentWidget() else None)

    def _on_model_not_landed(self, sentence: str, why: str) -> None:
        self._say("warning", sentence, why)

    def _on_place_chosen(self, place: str) -> None:
        by_keyboard = self._ring.target is not None  # a click takes the ring away
        self.go_to(place, Qt.FocusReason.ShortcutFocusReason if by_keyboard else Qt.FocusReason.OtherFocusReason)

    def _on_use_asked(self, name: str) -> None:
        self.convert.use_model(name)
        self.go_to("convert")

    def _on_watch_asked(self, name: str) -> None:
        self.built("live").use_model(name)  # first: else it would load another one before
        self.go_to("live")

    def _on_status_changed(self, text: str) -> None:
        self._converting = text
        self._say_what_runs()

    def _on_live_status_changed(self, text: str) -> None:
        self._watching = text
        self._say_what_runs()

    def _on_full_screen_asked(self, on: bool) -> None:
        full = Qt.WindowState.WindowFullScreen
        self.setWindowState(self.windowState() | full if on else self.windowState() & ~full)
        self._show_full(on)

    def _show_full(self, on: bool) -> None:
        """Nothing but the picture and the verbs of Live, or everything again."""
        self._is_full = on
        for part in (self._rail, self._status):
            part.setVisible(not on)
        self.built("live").set_full_screen(on)

    def _say_what_runs(self) -> None:
        training = self._training.words if self._training is not None else ""
        self._status.say(self._converting or self._watching or training or self.tr("Ready"))

    def _on_training_progressed(self, fraction: float | None) -> None:
        self._rail.show_progress("train", fraction)
        self._say_what_runs()

    def _on_model_landed(self, name: str) -> None:
        self._say("success", self.tr("{name} has finished learning, and is in Models now.").format(name=name))
        if not self.isActiveWindow():
            QApplication.alert(self)
            self._notifications.show(self.tr("Training finished"), self.tr("{name} is in Models now.").format(name=name))

    def _on_training_broke_off(self, run: Path, sentence: str) -> None:
        if getattr(self._pages.currentWidget(), "shown_run", None) != run:  # else its page says it by itself
            self._say("error", sentence, self.tr("Train has the run, what is saved of it, and Go on."))
        if not self.isActiveWindow():
            QApplication.alert(self)
            self._notifications.show(self.tr("Training ended early"), sentence)

    def _on_convert_progressed(self, fraction: float | None) -> None:
        self._rail.show_progress("convert", fraction)
        title = self.tr("P2P Desktop")
        self.setWindowTitle(title if fraction is None else f"{round(fraction * 100)} % \u00b7 {title}")

    def _on_finished(self, headline: str, sentence: str) -> None:
        if not self.isActiveWindow():
            QApplication.alert(self)
            self._notifications.show(headline, sentence)

    def _on_focus_window_changed(self) -> None:
        if self.isActiveWindow():
            self._notifications.withdraw()

    def _on_device_found(self, found: Found) -> None:
        self._model.compute_on(found.device, found.runtime)
        self.convert.offer_devices(found.choices)
        self._show_device()

    def _show_device(self) -> None:
        found, settings = self._probe.last, self._settings.value
        if found is None:
            return
        if settings.device == "cpu":  # the person's own choice: nothing to warn of
            found = Found("cpu", "torch" if settings.runtime == "torch" else "openvino")
        self._status.show_device(found.words)
        self._status.show_warning(found.unused_gpu_reason)

    def _on_warning_clicked(self) -> None:
        self.go_to("settings")

    def _on_settings_changed(self, settings: Any) -> None:  # Any: Settings, through a signal
        self._look.theme.follow(settings.theme)
        self._shelf.use_folder(self._added_models())
        self.convert.set_surround(settings.surround)
        previous, self._followed = getattr(self, "_followed", None), settings
        wishes = {"output": settings.output, "keep_metadata": settings.keep_metadata, "device": settings.device}
        changed = {key: value for key, value in wishes.items() if previous is None or value != getattr(previous, key)}
        if changed:
            self.convert.wish(**changed)
        self._session.keep_awake = settings.keep_awake
        if "live" in self._made:
            self.built("live").follow_settings(settings)
        if self._training is not None:
            self._training.follow_settings()
        if "train" in self._made:
            page = self.built("train")
            page.keep_awake(settings.keep_awake)
            page.use_folder(self._paths.runs_in(settings.models_folder))
        self._show_device()

    def _on_surround_chosen(self, name: str) -> None:
        self._settings.change(surround=name)

    def _on_shelf_changed(self) -> None:
        remembered = self._remembered.text("model")
        if remembered and not self._session.wishes.model and self._shelf.find(remembered) is not None:
            self.convert.use_model(remembered)

    def _on_shelf_failed(self, sentence: str) -> None:
        if self._made.get("models") is not self._pages.currentWidget():  # Models says it by itself
            self._say("error", sentence)

    def _on_sentence(self, sentence: str) -> None:
        self._say("warning", sentence)

    def _say(self, kind: Kind, text: str, detail: str = "") -> None:
        """Tell a sentence where it is seen: on Convert in its own place, on other pages above them."""
        if self._pages.currentWidget() is self.convert:
            self.convert.say(kind, text, detail)
        else:
            self._notice.set_kind(kind)
            self._notice.say(text, detail)

    def _on_error(self, line: str) -> None:
        log.debug("shown to the person: %s", line)
        self._say(
            "error",
            self.tr("Something unexpected went wrong. What was done is kept, and you can go on."),
            self.tr("Settings has a report to copy. It says: {line}").format(line=line),
        )


class _Centre(QWidget):
    """What fills the window; tells when it was painted for the first time."""

    painted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._was_painted = False

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self.painted.emit)  # once this paint is on the screen


def _import_what_is_needed(_: Report[Any], __: Token) -> None:  # Any: nothing is reported
    """Import what every page needs soon, so that no first click waits for it: OpenCV and NumPy take half a second."""
    import p2p_desktop.convert.preview
    import p2p_desktop.convert.request
    import p2p_desktop.convert.unfinished
    import p2p_desktop.live.capture
    import p2p_desktop.live.translating
    import p2p_desktop.workers.runs_watch  # noqa: F401  imported so that it is there later
