"""The stages of Live for whoever has no window: camera and model in threads of their own, results in the caller's."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from p2p_desktop.inference.translator import Translator
from p2p_desktop.live.camera import Camera, CameraError, VideoEnded
from p2p_desktop.live.capture import CameraLost, Capture, CaptureEvent
from p2p_desktop.live.frames import Frame, Shown
from p2p_desktop.live.mailbox import Mailbox
from p2p_desktop.live.meter import Figures, Meter
from p2p_desktop.live.translating import ModelFailed, Translating, TranslatingEvent
from p2p_desktop.live.wishes import LiveWishes
from training.contract.errors import ModelError, P2PError
from training.contract.model_file import ModelCard
from training.contract.progress import Cancelled, Report, Token

LOOK_S = 0.05  # at most so long until a wish to stop is seen
MOST_DELAYS = 200_000  # frames, in some 30 MB: hours of them
PATIENCE_S = 10.0  # that a camera which may return is waited for


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
    """The sentence about a camera that was lost; empty if all ended as it should."""


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

    `translator`: loaded with `follows`; it is closed at the end. `opened` opens the camera; one that is lost is tried again for
    `PATIENCE_S`. A camera that gives nothing at all raises its CameraError. Stops, as if it had ended, when the token is cancelled.
    Raises ModelError where the model cannot translate frames.
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
        self._ending: Exception | None = None  # how the camera ended, if it did
        self._lost: tuple[str, float] | None = None  # the sentence, and since when
        self._failed = ""  # of the model
        self._last: Shown | None = None

    def run(self, frames: int | None, token: Token) -> LiveSummary:
        stop_camera, stop_model = Token(), Token()
        model = threading.Thread(target=self._translating.run, args=(self._on_translating, stop_model), name="live-translating")
        camera = threading.Thread(target=self._run_capture, args=(stop_camera,), name="live-capture")
        translator = self._translator
        self._translating.choose_model(lambda _: translator)
        model.start()
        camera.start()
        try:
            count = 0
            while (frames is None or count < frames) and not token.cancelled and not self._is_over(camera):
                count += self._show_next(LOOK_S)
            if self._ending is not None and not token.cancelled:
                self._finish(model, stop_model, frames, count)
        finally:
            stop_camera.cancel()
            stop_model.cancel()
            model.join()
        return self._summary()

    def _finish(self, model: threading.Thread, stop_model: Token, frames: int | None, count: int) -> None:
        """The camera has ended: what it gave last is still to come."""
        while not self._frames.is_empty and model.is_alive():
            count += self._show_next(LOOK_S)
        stop_model.cancel()  # after the frame that it is at
        model.join()
        if frames is None or count < frames:
            self._show_next(0)

    def _show_next(self, timeout_s: float) -> bool:
        shown = self._results.take(timeout_s)
        if shown is None or shown.result is None:
            return False
        self._show(shown)
        self._meter.was_shown(shown, time.monotonic())
        self._last, self._lost = shown, None
        return True

    def _is_over(self, camera: threading.Thread) -> bool:
        if self._failed:
            raise ModelError(self._failed)
        gave_up = self._lost is not None and time.monotonic() - self._lost[1] > PATIENCE_S
        return not camera.is_alive() or gave_up

    def _run_capture(self, token: Token) -> None:
        try:
            self._capture.run(self._on_capture, token)
        except (P2PError, VideoEnded) as ending:
            self._ending = ending
        except Cancelled:
            pass

    def _on_capture(self, event: CaptureEvent) -> None:
        """Called in the camera's thread."""
        if isinstance(event, CameraLost) and self._lost is None:
            self._lost = event.sentence, time.monotonic()
        self._report(event)

    def _on_translating(self, event: TranslatingEvent) -> None:
        """Called in the model's thread."""
        if isinstance(event, ModelFailed):
            self._failed = event.sentence

    def _summary(self) -> LiveSummary:
        lost = str(self._ending) if isinstance(self._ending, CameraError) else self._lost[0] if self._lost else ""
        if self._last is None and lost:
            raise CameraError(lost)
        size = (0, 0) if self._last is None else self._last.size
        figures = self._meter.figures(time.monotonic())
        return LiveSummary(figures, self._meter.overall_fps, size, self._translator.device, self._translator.runtime, lost)


def _as_it_is(shown: Shown, _: ModelCard | None) -> Shown:
    return shown
