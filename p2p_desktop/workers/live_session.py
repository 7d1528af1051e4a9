"""Live for the window: a camera and a model, each in a thread; results through a mailbox, everything else by signals."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QDeadlineTimer, QObject, Signal

from p2p_desktop.workers.task_thread import TaskThread
from training.contract.errors import P2PError

if TYPE_CHECKING:  # these import OpenCV; the first paint must not wait for it
    from p2p_desktop.convert.pyramid import Pyramid
    from p2p_desktop.live.frames import Rgb, Shown
    from p2p_desktop.live.meter import Figures
    from p2p_desktop.live.sources import Format, Source
    from p2p_desktop.live.translating import Load
    from p2p_desktop.live.wishes import LiveWishes
    from training.contract.model_file import ModelCard

Opened = Callable[["Source", "Format | None"], Any]  # Any: live.camera.Camera
Tap = Callable[["Rgb"], None]


@dataclass(frozen=True, slots=True)
class OnScreen:
    """A result, ready to be drawn at any zoom."""

    shown: "Shown"
    before: "Pyramid"
    after: "Pyramid | None"
    """None where the frame was not translated."""


class LiveSession(QObject):
    """Made when Live is first seen. Every signal is about the camera and the model that were chosen last."""

    frame_ready = Signal()  # `take` gives it
    size_known = Signal(int, int)  # width and height of the frames, in pixels
    camera_silent = Signal(float)  # seconds without a frame
    camera_lost = Signal(str)  # why; it is tried again by itself
    camera_failed = Signal(str)  # why; it is not
    model_loading = Signal()
    model_ready = Signal(str, str)  # device and runtime
    model_failed = Signal(str)

    def __init__(self, parent: QObject | None = None, *, opened: Opened | None = None, tap: Tap | None = None) -> None:
        """`opened` opens a source, called in a worker thread.

        `tap` gets every translated frame as it looks, uint8 [H, W, 3], in the worker's thread; it returns at once and never raises.
        """
        super().__init__(parent)
        from p2p_desktop.live.mailbox import Mailbox
        from p2p_desktop.live.meter import Meter
        from p2p_desktop.live.translating import Translating

        self._opened, self._tap = opened or _open, tap
        self._frames = Mailbox[Any]()  # Any: of Frame
        self._results = Mailbox[OnScreen]()
        self.meter = Meter()
        self._translating = Translating(self._frames, self._results, self.meter, self._prepared)
        self._worker: TaskThread | None = None
        self._captures: dict[int, tuple[TaskThread, Source]] = {}
        self._number = 0  # of the opening of a camera
        self._model = 0
        self._next: tuple[Source, Format | None] | None = None  # waits until its camera is let go of
        self._is_closed = False

    @property
    def wishes(self) -> "LiveWishes":
        return self._translating.wishes

    @property
    def is_watching(self) -> bool:
        """Whether a camera is open, or being opened."""
        return self._number in self._captures or self._next is not None

    @property
    def is_released(self) -> bool:
        """Whether no camera is held any more."""
        return not self._captures

    def watch(self, source: "Source", wanted: "Format | None" = None) -> None:
        """Open this camera, and let go of the one before. What still comes from that one is shown no more."""
        if self._is_closed:
            return
        self._let_go()
        self.meter.reset()
        if any(source == old for _, old in self._captures.values()):
            self._next = source, wanted  # one camera cannot be opened twice
        else:
            self._begin(source, wanted)

    def stop(self) -> None:
        """Let go of camera and model: nobody looks any more."""
        self._let_go()
        self._model = self._translating.choose_model(None)
        self.freeze(False)
        self._frames.clear()
        self._results.clear()

    def choose_model(self, load: "Load | None") -> None:
        """Translate with what `load` gives, called in a worker thread; None: show the camera alone."""
        self._model = self._translating.choose_model(load)
        self.meter.reset()
        self._work()

    def wish(self, wishes: "LiveWishes") -> None:
        self._translating.wish(wishes)

    def freeze(self, on: bool) -> None:
        """Stay with the frame that was translated last, or go on."""
        self._translating.hold(on)
        self.meter.hold(on)

    def take(self) -> OnScreen | None:
        """The newest result of the chosen camera and model; None if there is none, or only of others."""
        newest = self._results.take()
        if newest is None or newest.shown.frame.camera != self._number or newest.shown.model not in (0, self._model):
            return None
        return newest

    def was_shown(self, shown: "Shown") -> None:
        """It is on the screen now."""
        self.meter.was_shown(shown, time.monotonic())

    def figures(self) -> "Figures":
        return self.meter.figures(time.monotonic())

    def close(self, until: QDeadlineTimer) -> None:
        """End every thread: only for a program that ends. One that waits for a device is left behind after `until`."""
        self._is_closed = True
        self._let_go()
        if self._worker is not None:
            self._worker.cancel()
            self._worker.wait(until)
        for thread, _ in list(self._captures.values()):
            thread.wait(until)

    def _prepared(self, shown: "Shown", card: "ModelCard | None") -> OnScreen:
        """Called in the worker's thread."""
        from p2p_desktop.convert.pyramid import Pyramid
        from p2p_desktop.live.screen import for_screen
        from training.contract.encodings import encoding_named

        after = None
        if shown.result is not None and card is not None:
            rgb = for_screen(shown.result, card.depth if encoding_named(card.encoding_out).is_depth else None)
            if self._tap is not None and not shown.is_held:
                self._tap(rgb)
            after = Pyramid.of(rgb)
        return OnScreen(shown, Pyramid.of(shown.frame.rgb), after)

    def _let_go(self) -> None:
        self._next = None
        self._number += 1
        self._translating.forget()
        for thread, _ in self._captures.values():
            thread.cancel()

    def _begin(self, source: "Source", wanted: "Format | None") -> None:
        from p2p_desktop.live.capture import Capture

        self._work()
        self._number += 1
        number, opened = self._number, self._opened
        capture = Capture(lambda: opened(source, wanted), self._frames, self.meter, number=number)
        thread = TaskThread(capture.run, "live capture", self)
        thread.arrived.connect(self._on_camera_told)
        thread.failed.connect(self._on_camera_failed)
        thread.finished.connect(self._on_capture_finished)
        self._captures[number] = thread, source
        thread.start()

    def _work(self) -> None:
        """Begin to translate, if that has not begun."""
        if self._worker is None and not self._is_closed:
            self._worker = TaskThread(self._translating.run, "live translating", self)
            self._worker.arrived.connect(self._on_translating_told)
            self._worker.failed.connect(self._on_worker_failed)
            self._worker.finished.connect(self._on_worker_finished)
            self._worker.start()

    def _number_of(self, thread: QObject | None) -> int:
        return next((number for number, (one, _) in self._captures.items() if one is thread), 0)

    def _on_camera_told(self) -> None:
        from p2p_desktop.live.capture import CameraLost, CameraOpened, CameraSilent, SizeKnown

        thread = self.sender()
        if not isinstance(thread, TaskThread):
            return
        for event in thread.take():
            if event.camera != self._number:
                continue
            match event:
                case CameraOpened():
                    pass  # its first frame says more
                case SizeKnown():
                    self.size_known.emit(event.width, event.height)
                case CameraSilent():
                    self.camera_silent.emit(event.seconds)
                case CameraLost():
                    self.camera_lost.emit(event.sentence)

    def _on_camera_failed(self, error: Exception) -> None:
        if self._number_of(self.sender()) != self._number:
            return
        self._number += 1  # what of its frames is still being translated comes too late
        sentence = self.tr("The camera cannot be watched. The log says why.")
        self.camera_failed.emit(str(error) if isinstance(error, P2PError) else sentence)

    def _on_capture_finished(self) -> None:
        thread = self.sender()
        self._captures.pop(self._number_of(thread), None)
        if isinstance(thread, TaskThread):
            thread.deleteLater()
        waiting = self._next
        if waiting is not None and not any(waiting[0] == source for _, source in self._captures.values()):
            self._next = None
            self._begin(*waiting)

    def _on_translating_told(self) -> None:
        from p2p_desktop.live.translating import ModelFailed, ModelLoading, ModelReady, ResultsWait

        if self._worker is None:
            return
        for event in self._worker.take():
            match event:
                case ResultsWait():
                    self.frame_ready.emit()
                case ModelLoading(model) if model == self._model:
                    self.model_loading.emit()
                case ModelReady() if event.model == self._model:
                    self.meter.reset()  # what came while it was loaded says nothing of it
                    self.model_ready.emit(event.device, event.runtime)
                case ModelFailed() if event.model == self._model:
                    self.model_failed.emit(event.sentence)

    def _on_worker_failed(self, _: Exception) -> None:
        self.model_failed.emit(self.tr("The model stopped working. Choose it again, or another one; the log says what happened."))

    def _on_worker_finished(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.deleteLater()


def _open(source: "Source", wanted: "Format | None") -> Any:  # Any: as above
    """Called in a worker thread."""
    from p2p_desktop.live.sources import open_source

    return open_source(source, wanted=wanted)
