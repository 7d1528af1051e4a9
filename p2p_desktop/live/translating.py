"""The middle of Live: takes the newest frame, makes of it what is wished, leaves it for whoever shows it.

It runs in a thread of its own. Models are loaded in another thread meanwhile: frames go on, untranslated, and nothing of an old
model is shown under a new name.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import cv2

from p2p_desktop.inference.translator import Translator
from p2p_desktop.live.frame_translator import FrameTranslator, Made
from p2p_desktop.live.frames import Frame, Shown
from p2p_desktop.live.hold_rate import HoldRate
from p2p_desktop.live.mailbox import Mailbox
from p2p_desktop.live.meter import Meter
from p2p_desktop.live.sizes import chosen_side, ladder
from p2p_desktop.live.wishes import LiveWishes
from training.contract.errors import ModelError, P2PError
from training.contract.model_file import ModelCard
from training.contract.progress import Cancelled, Report, Token

log = logging.getLogger(__name__)

Prepared = TypeVar("Prepared")

_NO_MEMORY = "There is not enough memory for this model. Choose a smaller working size, or close other programs."
_UNEXPECTED = (RuntimeError, ValueError, OSError, cv2.error)  # of drivers, libraries, disks: the camera goes on without the model

LOOK_S = 0.05  # at most so long until a new wish is seen where no frame comes

Load = Callable[[Token], Translator]
"""Loads a model, with `follows`. Raises ModelError, ConfigError, MemoryError, Cancelled."""


@dataclass(frozen=True, slots=True)
class ModelLoading:
    model: int


@dataclass(frozen=True, slots=True)
class ModelReady:
    model: int
    device: str
    runtime: str


@dataclass(frozen=True, slots=True)
class ModelFailed:
    model: int
    sentence: str


@dataclass(frozen=True, slots=True)
class ResultsWait:
    """At least one result is in the mailbox. Not told again before it was taken."""


TranslatingEvent = ModelLoading | ModelReady | ModelFailed | ResultsWait


@dataclass(frozen=True, slots=True)
class _Choice:
    number: int
    load: Load | None


@dataclass(slots=True)
class _Loading:
    choice: _Choice
    token: Token
    future: "Future[FrameTranslator]"


class Translating(Generic[Prepared]):
    """Set from any thread what is wanted; `run` does it."""

    def __init__(
        self,
        frames: Mailbox[Frame],
        results: Mailbox[Prepared],
        meter: Meter,
        prepare: Callable[[Shown, ModelCard | None], Prepared],
    ) -> None:
        """`prepare` makes of every result what is left in `results`, in the thread of `run`; it must not raise.

        It is given the card of the model, too; None where the frame was not translated.
        """
        self._frames, self._results, self._meter, self._prepare = frames, results, meter, prepare
        self._wishes = LiveWishes()
        self._choice = _Choice(0, None)
        self._numbers = threading.Lock()
        self._is_held = self._forgets = False
        # All below is used by the thread of `run` alone.
        self._loaded: tuple[int, FrameTranslator] | None = None
        self._loading: _Loading | None = None
        self._failed = 0  # the number of a choice that could not be loaded, or failed at work: it is not tried again by itself
        self._too_large = 0, 0  # a model and a working size for which there was too little memory
        self._hold = HoldRate()
        self._last: Frame | None = None
        self._camera = 0
        self._made_of: tuple[int, LiveWishes, int] | None = None  # what the held frame was last made with: model, wishes, loaded

    @property
    def wishes(self) -> LiveWishes:
        return self._wishes

    def wish(self, wishes: LiveWishes) -> None:
        """From the next frame on; a held frame is made again."""
        self._wishes = wishes
        self._frames.wake()

    def choose_model(self, load: Load | None) -> int:
        """Translate with what `load` gives; None: frames only. The number tells its results from those of other models."""
        with self._numbers:
            number = self._choice.number + 1
            self._choice = _Choice(number, load)
        self._frames.wake()
        return number

    def hold(self, on: bool) -> None:
        """Stay with the frame that was taken up last, and make it again whenever something else is wished; or go on."""
        self._is_held = on
        self._frames.wake()

    def forget(self) -> None:
        """Another camera comes, or none: the frame that was taken up last is not held."""
        self._forgets = True
        self._frames.wake()

    def run(self, report: Report[TranslatingEvent], token: Token) -> None:
        """Until the token is cancelled. Closes the model that it loaded, and waits for one that is being loaded."""
        with ThreadPoolExecutor(1, thread_name_prefix="live-model") as loader:
            try:
                while not token.cancelled:
                    self._follow_choice(loader, report)
                    frame = self._next_frame()
                    if frame is not None:
                        self._make(frame, report)
            finally:
                self._drop_model()

    def _next_frame(self) -> Frame | None:
        """The newest; while one is held that one, if it has to be made again; None if there is nothing to do."""
        self._forget_last()
        wanted = (self._choice.number, self._wishes, self._loaded[0] if self._loaded else 0)
        if self._is_held and self._last is not None and wanted != self._made_of:
            self._made_of = wanted
            return self._last
        frame = self._frames.take(LOOK_S)  # held or not: the camera goes on, and what it sent is not wanted later
        self._forget_last()
        if self._is_held and self._last is not None:
            return None
        self._made_of = None
        self._last = frame or self._last
        return frame

    def _forget_last(self) -> None:
        if self._forgets:
            self._forgets, self._last = False, None

    def _make(self, frame: Frame, report: Report[TranslatingEvent]) -> None:
        begun, wishes = time.monotonic(), self._wishes
        if wishes.mirror:
            frame = replace(frame, rgb=cv2.flip(frame.rgb, 1))
        made = self._translated(frame, wishes, report)
        number = self._loaded[0] if self._loaded is not None and made is not None else 0
        done = time.monotonic()
        if made is not None and not self._is_held and wishes.hold_fps:
            fps_in = self._meter.rate_in(done)
            self._hold.note(done - begun, min(wishes.hold_fps, fps_in) if fps_in else wishes.hold_fps, done)
        size = (0, 0) if made is None else made.size
        shown = Shown(frame, made.pixels if made else None, number, size, begun, done, wishes, self._is_held)
        card = self._loaded[1].translator.card if self._loaded is not None and made is not None else None
        if self._results.put(self._prepare(shown, card)):
            report(ResultsWait())

    def _translated(self, frame: Frame, wishes: LiveWishes, report: Report[TranslatingEvent]) -> Made | None:
        """None without a model, or if it cannot: then that is told."""
        if self._loaded is None:
            return None
        number, translator = self._loaded
        if frame.camera != self._camera:
            translator.forget()
            self._camera = frame.camera
        side = self._side(frame, translator, wishes)
        if self._too_large == (number, side):
            return None
        blend = 0.0 if self._is_held else wishes.blend
        try:
            made = translator(frame.rgb, frame.captured, side=side, strength=wishes.strength, blend=blend)
        except MemoryError:
            self._too_large = number, side
            report(ModelFailed(number, _NO_MEMORY))
            return None
        except P2PError as error:
            self._fail(number, str(error), report)
            return None
        except _UNEXPECTED:
            log.exception("The model failed at work")
            self._fail(number, "The model stopped working. Choose it again, or another one; the log says what happened.", report)
            return None
        if self._too_large[0] == number:  # a smaller size does it
            self._too_large = 0, 0
            report(ModelReady(number, translator.translator.device, translator.translator.runtime))
        return made

    def _side(self, frame: Frame, translator: FrameTranslator, wishes: LiveWishes) -> int:
        height, width = frame.rgb.shape[:2]
        rule = translator.translator.card.size_rule
        most = chosen_side(rule, width, height, wishes.side)
        return self._hold.side(ladder(rule, width, height), most) if wishes.hold_fps else most

    def _follow_choice(self, loader: ThreadPoolExecutor, report: Report[TranslatingEvent]) -> None:
        """Begin to load what was chosen last, and take up what has been loaded."""
        choice = self._choice
        current = self._loading.choice.number if self._loading else self._loaded[0] if self._loaded else 0
        if choice.number != current and (self._loading is not None or self._loaded is not None):
            self._drop_model()
            current = 0
        if choice.number != current and choice.load is not None and self._failed != choice.number:
            token = Token()
            future = loader.submit(_load, choice.load, token)
            self._loading = _Loading(choice, token, future)
            report(ModelLoading(choice.number))
        if self._loading is not None and self._loading.future.done():
            loading, self._loading = self._loading, None
            self._take_up(loading, report)

    def _take_up(self, loading: _Loading, report: Report[TranslatingEvent]) -> None:
        number = loading.choice.number
        try:
            loaded = loading.future.result()
        except Cancelled:
            return
        except P2PError as error:
            self._fail(number, str(error), report)
            return
        except MemoryError:
            self._fail(number, _NO_MEMORY, report)
            return
        except _UNEXPECTED:
            log.exception("The model could not be loaded")
            self._fail(number, "The model could not be loaded. Choose another one; the log says what happened.", report)
            return
        self._loaded = number, loaded
        self._hold.forget()
        report(ModelReady(number, loaded.translator.device, loaded.translator.runtime))

    def _fail(self, number: int, sentence: str, report: Report[TranslatingEvent]) -> None:
        self._drop_model()
        self._failed = number
        report(ModelFailed(number, sentence))

    def _drop_model(self) -> None:
        if self._loaded is not None:
            self._loaded[1].close()
            self._loaded = None
        if self._loading is not None:
            self._loading.token.cancel()
            self._loading.future.add_done_callback(_close_unused)
            self._loading = None


def _load(load: Load, token: Token) -> FrameTranslator:
    """Called in the loader's thread, which may have been busy with models that nobody wants any more."""
    token.check()
    translator = load(token)
    try:
        token.check()
        return FrameTranslator(translator)
    except (ModelError, Cancelled):
        translator.close()
        raise


def _close_unused(future: "Future[FrameTranslator]") -> None:
    with contextlib.suppress(CancelledError, Cancelled, P2PError, MemoryError, *_UNEXPECTED):
        future.result().close()
