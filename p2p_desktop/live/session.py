"""The stages of Live for whoever has no window: camera and model in threads of their own, results in the caller's."""

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from p2p_desktop.inference.translator import Translator
from p2p_desktop.live.camera import Camera, CameraError, VideoEnded
from p2p_desktop.live.capture import CameraLost, Capture, CaptureEvent
from p2p_desktop.live.frames import Frame, Shown
from p2p_desktop.live.mailbox import Mailbox
from p2p_desktop.live.meter import Figures, Meter
from p2p_desktop.live.translating import ModelFailed, ModelReady, Translating, TranslatingEvent
from p2p_desktop.live.wishes import LiveWishes
from training.contract.errors import ModelError, P2PError
from training.contract.model_file import ModelCard
from training.contract.progress import Cancelled, Report, Token

LOOK_S = 0.05  # at most so long until a wish to stop is seen
MOST_DELAYS = 200_000  # frames, in some 30 MB: hours of them
PATIENCE_S = 10.0  # that a camera which may return is waited for
CLOSING_S = 1.0  # that a camera is given at the end to be closed in


@dataclass(frozen=True, slots=True)
class LiveSummary:
    figures: Figures
    """Of the whole time, not of the last moments."""
    fps: float
    """Frames out a second, from the first to the last; 0 for fewer than two."""
    size: tuple[int, int]
    """(width, height) in pixels at which the model worked last; (0, 0) if no frame came."""
    device: str
    runtime: str
    lost: str
    """The sentence about a camera that was lost; empty if all ended as it should, as with the last frame that was wanted."""


def watch(
    opened: Callable[[], Camera],
    translator: Translator,
    wishes: LiveWishes,
    *,
    show: Callable[[Shown], None],
    frames: int | None = None,
    report: Report[CaptureEvent],
    token: Token,
) -> LiveSummary:
    """Translate a camera's frames, the newest always, and hand each to `show` until `frames` were, or the camera ends.

    `translator`: loaded with `follows`; it is closed at the end. `opened` opens the camera, in a thread of its own, and not before
    the model is known to take frames; one that is lost is tried again for `PATIENCE_S`. `show` and `report` are called in the
    caller's thread; what they raise ends all. A camera that gives nothing at all raises its CameraError. Stops, as if it had ended,
    when the token is cancelled. Raises ModelError where the model cannot translate frames.
    """
    return _Watch(opened, translator, wishes, show, report).run(frames, token)


class _Watch:
    def __init__(
        self,
        opened: Callable[[], Camera],
        translator: Translator,
        wishes: LiveWishes,
        show: Callable[[Shown], None],
        report: Report[CaptureEvent],
    ) -> None:
        self._show, self._report = show, report
        self._frames, self._results = Mailbox[Frame](), Mailbox[Shown]()
        self._meter = Meter(MOST_DELAYS)
        self._capture = Capture(opened, self._frames, self._meter)
        self._translating = Translating(self._frames, self._results, self._meter, _as_it_is)
        self._translating.wish(wishes)
        self._translator = translator
        self._is_ready = threading.Event()
        self._failed = ""  # of the model
        self._events: SimpleQueue[tuple[CaptureEvent, float]] = SimpleQueue()  # of the camera, and when they happened
        self._ending: Exception | None = None  # how the camera ended, if it did
        self._lost: tuple[str, float] | None = None  # the sentence, and since when
        self._num_shown = 0
        self._last: Shown | None = None

    def run(self, frames: int | None, token: Token) -> LiveSummary:
        stop_camera, stop_model = Token(), Token()
        translator = self._translator
        self._translating.choose_model(lambda _: translator)
        # Nobody waits at the end for a camera that takes long to open.
        camera = threading.Thread(target=self._run_capture, args=(stop_camera,), name="live-capture", daemon=True)
        with ThreadPoolExecutor(1, thread_name_prefix="live-translating") as threads:
            model = threads.submit(self._translating.run, self._on_translating, stop_model)
            try:
                while not self._is_ready.wait(LOOK_S):  # else the first frames would be wasted
                    self._check(model)
                camera.start()
                self._show_all(camera, model, frames, token)
                if self._ending is not None and not token.cancelled:
                    self._show_rest(model, stop_model, frames)
            finally:
                stop_camera.cancel()
                stop_model.cancel()
                if camera.is_alive():
                    camera.join(CLOSING_S)
        self._check(model)
        self._tell()
        return self._summary(is_enough=self._num_shown == frames, is_cancelled=token.cancelled)

    def _show_all(self, camera: threading.Thread, model: "Future[None]", frames: int | None, token: Token) -> None:
        while self._num_shown != frames and not token.cancelled and camera.is_alive():
            self._show_next(LOOK_S)
            self._tell()
            self._check(model)
            if self._lost is not None and time.monotonic() - self._lost[1] > PATIENCE_S:
                return

    def _show_rest(self, model: "Future[None]", stop_model: Token, frames: int | None) -> None:
        """The camera has ended: what it gave last is still to come."""
        while self._num_shown != frames and not model.done():
            if self._frames.is_empty:
                stop_model.cancel()  # after the frame that it is at
            self._show_next(LOOK_S)
        if self._num_shown != frames:
            self._show_next(0)

    def _show_next(self, timeout_s: float) -> None:
        shown = self._results.take(timeout_s)
        if shown is None or shown.result is None:
            return
        self._show(shown)
        self._meter.was_shown(shown, time.monotonic())
        self._num_shown += 1
        self._last = shown
        if self._lost is not None and shown.frame.captured > self._lost[1]:
            self._lost = None

    def _tell(self) -> None:
        """What the camera did meanwhile: told in the caller's thread, where what goes wrong in telling ends all."""
        with contextlib.suppress(Empty):
            while True:
                event, at = self._events.get_nowait()
                if isinstance(event, CameraLost) and self._lost is None:
                    self._lost = event.sentence, at
                self._report(event)

    def _check(self, model: "Future[None]") -> None:
        """Raises ModelError where the model failed, and whatever its thread was not prepared for."""
        if self._failed:
            raise ModelError(self._failed)
        if model.done():
            model.result()

    def _run_capture(self, token: Token) -> None:
        try:
            self._capture.run(lambda event: self._events.put((event, time.monotonic())), token)
        except (P2PError, VideoEnded) as ending:
            self._ending = ending
        except Cancelled:
            pass

    def _on_translating(self, event: TranslatingEvent) -> None:
        """Called in the model's thread."""
        if isinstance(event, ModelReady):
            self._is_ready.set()
        elif isinstance(event, ModelFailed):
            self._failed = event.sentence

    def _summary(self, *, is_enough: bool, is_cancelled: bool) -> LiveSummary:
        lost = str(self._ending) if isinstance(self._ending, CameraError) else self._lost[0] if self._lost else ""
        if self._last is None and lost and not is_cancelled:
            raise CameraError(lost)
        size = (0, 0) if self._last is None else self._last.size
        return LiveSummary(
            figures=self._meter.figures(time.monotonic()),
            fps=self._meter.overall_fps,
            size=size,
            device=self._translator.device,
            runtime=self._translator.runtime,
            lost="" if is_enough else lost,
        )


def _as_it_is(shown: Shown, _: ModelCard | None) -> Shown:
    return shown
