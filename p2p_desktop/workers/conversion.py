"""The conversion that the window runs: the same function as the command line's, in a thread, watched, paused and stopped."""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QDeadlineTimer, QObject, Signal

from p2p_desktop.workers.preparing import convert_in_child
from p2p_desktop.workers.task_thread import TaskThread
from p2p_desktop.workers.wakefulness import kept_awake
from training.contract.errors import P2PError
from training.contract.progress import Cancelled, Report, Token
from training.contract.spec import Statistics

if TYPE_CHECKING:  # these import OpenCV; the first paint must not wait for it
    from p2p_desktop.convert.events import Summary
    from p2p_desktop.convert.pace import Pace
    from p2p_desktop.convert.request import Places, Request
    from p2p_desktop.convert.unfinished import UnfinishedJobs

log = logging.getLogger(__name__)

ConversionState = Literal["idle", "preparing", "running", "paused", "stopping"]


@dataclass(frozen=True, slots=True)
class Preparing:
    """A model is being made ready for this computer, which happens once."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The model is ready, pictures follow."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a conversion ended. Either a summary, or a sentence that says why it gave up, or both."""

    summary: "Summary | None"
    stopped: bool  # the person stopped it
    problem: str  # "" if nothing went wrong but single pictures
    worked_s: float  # without pauses
    unexpected: bool = False  # the problem is our own mistake: the log says more


class Conversion(QObject):
    """One conversion at a time. Buttons follow `state`, which follows the work and not the click."""

    state_changed = Signal(str)
    told = Signal(list)  # events of convert.events, in order
    ended = Signal(object)  # Outcome

    def __init__(self, places: "Callable[[], Places]", jobs: "Callable[[], UnfinishedJobs]", parent: QObject | None = None) -> None:
        """`places` and `jobs` are asked for in the worker thread when a conversion begins: they follow the settings."""
        super().__init__(parent)
        self._places, self._jobs = places, jobs
        self._thread: TaskThread | None = None
        self._state: ConversionState = "idle"
        self._summary: Summary | None = None
        self._offer_again = False
        self._has_begun = False  # the first picture is being worked on
        self.pace: Pace | None = None

    def journal(self) -> Path:
        """Return where it is noted what was made. Called in a worker thread."""
        return self._places().journal

    @property
    def state(self) -> ConversionState:
        return self._state

    @property
    def is_busy(self) -> bool:
        return self._state != "idle"

    def start(self, make_request: "Callable[[], Request]", num_pictures: int, *, keep_awake: bool) -> None:
        """Begin. `make_request` is called in the worker thread: 50,000 paths take a while. ValueError if one is under way."""
        if self.is_busy:
            raise ValueError("a conversion is under way")
        from p2p_desktop.convert.pace import Pace  # light, but not needed before

        self.pace, self._summary, self._offer_again = Pace(), None, False
        self.pace.pause()  # until the first picture: getting a model ready says nothing of how fast pictures are
        self._has_begun = False

        def work(report: Report[Any], token: Token) -> None:  # Any: events of convert.events, and the two above
            self._work(make_request(), num_pictures, keep_awake, report, token)

        self._thread = TaskThread(work, "conversion", self)
        self._thread.arrived.connect(self._on_arrived)
        self._thread.succeeded.connect(self._on_succeeded)
        self._thread.failed.connect(self._on_failed)
        self._thread.cancelled.connect(self._on_cancelled)
        self._enter("running")
        self._thread.start()

    def pause(self) -> None:
        """Begin no new picture and no new tile; what is computed already is still saved."""
        if self._thread is not None and self.pace is not None and self._state in ("running", "preparing"):
            self._thread.token.pause()
            self.pace.pause()
            self._enter("paused")

    def resume(self) -> None:
        if self._thread is not None and self.pace is not None and self._state == "paused":
            self._thread.token.resume()
            if self._has_begun:
                self.pace.resume()
            self._enter("running")

    def stop(self, *, offer_again: bool = False) -> None:
        """Stop within a picture; what is done stays. `offer_again`: the next start of the program offers to go on."""
        if self._thread is not None and self.is_busy:
            self._offer_again = offer_again
            self._thread.cancel()
            self._enter("stopping")

    def wait(self, until: QDeadlineTimer) -> bool:
        """Block until the work has ended: only for a program that ends. False if it has not by then."""
        return self._thread is None or self._thread.wait(until)

    def _work(self, request: "Request", num_pictures: int, keep_awake: bool, report: Report[Any], token: Token) -> None:
        """Called in the worker thread."""
        from p2p_desktop.convert.request import run_request  # imports OpenCV

        places, jobs = self._places(), self._jobs()

        def prepare(model: Path, statistics: Statistics, token: Token) -> None:
            if _computes_with_openvino(request):
                convert_in_child(model, statistics, places.cache, token, on_begin=lambda: report(Preparing()))
                report(Ready())

        note = jobs.begin(request, num_pictures)
        keeps_note = False
        try:
            with kept_awake() if keep_awake else nullcontext():
                run_request(request, places, report=report, token=token, prepare=prepare)
        except Cancelled:
            keeps_note = self._offer_again
            raise
        finally:
            if note is not None and not keeps_note:
                jobs.end(note)

    def _on_arrived(self) -> None:
        if self._thread is None:
            return
        events = self._thread.take()
        for event in events:
            if isinstance(event, Preparing) and self._state == "running":
                self._enter("preparing")
            elif isinstance(event, Ready) and self._state == "preparing":
                self._enter("running")
            elif not self._has_begun and _is_of_a_picture(event):
                self._has_begun = True
                if self.pace is not None and self._state != "paused":
                    self.pace.resume()
        self._note(events)
        self.told.emit(events)

    def _note(self, events: list[Any]) -> None:  # Any: events of convert.events
        from p2p_desktop.convert.events import Summary  # imported by the worker before it told anything

        for event in events:
            if isinstance(event, Summary):
                self._summary = event

    def _on_succeeded(self, _: object) -> None:
        self._end("")

    def _on_cancelled(self) -> None:
        self._end("", stopped=True)

    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, P2PError):
            self._end(str(error))
        else:
            self._end(self.tr("Something unexpected ended the conversion. What is done is kept."), unexpected=True)

    def _end(self, problem: str, *, stopped: bool = False, unexpected: bool = False) -> None:
        self._on_arrived()  # what was told last
        worked_s = self.pace.worked_s if self.pace else 0.0
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.wait()  # it has said its last word, and is only leaving
            thread.deleteLater()
        self._enter("idle")
        self.ended.emit(Outcome(self._summary, stopped, problem, worked_s, unexpected))

    def _enter(self, state: ConversionState) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)


def _is_of_a_picture(event: Any) -> bool:  # Any: an event of convert.events
    from p2p_desktop.convert.events import PictureBegun, PictureDone  # imported by the worker before it told anything

    return isinstance(event, PictureBegun | PictureDone)


def _computes_with_openvino(request: "Request") -> bool:
    from p2p_desktop.inference.device import choose_compute

    return choose_compute(request.device, request.runtime).runtime == "openvino"
