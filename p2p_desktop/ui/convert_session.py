"""What happens on Convert, without widgets: what was dropped, what waits, what runs, how far it is.

The page shows this and passes on what the person asks for. The engine's rooms import OpenCV and are imported when they are first
needed: the window's first paint does not wait for them.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from p2p_desktop.ui.queue_model import QueueModel, Row
from p2p_desktop.ui.wishes import Wishes
from p2p_desktop.workers.conversion import Conversion, Outcome
from p2p_desktop.workers.task_thread import TaskThread
from training.contract.errors import P2PError
from training.contract.progress import Report, Token

if TYPE_CHECKING:
    from p2p_desktop.convert.request import Part, Request
    from p2p_desktop.convert.unfinished import Unfinished

log = logging.getLogger(__name__)

Phase = Literal["empty", "ready", "working", "done"]
_MOST_BATCHES = 3  # of rows, taken at once: some milliseconds each
_TICK_MS = 500  # how often progress is told: numbers that change more often cannot be read


@dataclass(slots=True)
class Work:
    """What was done since the list began, over every stop and every retry."""

    converted: int = 0
    num_bytes: int = 0  # written
    seconds: float = 0.0  # without pauses


@dataclass(frozen=True, slots=True)
class _Begun:
    """A conversion that was started: how, where to, and which rows it is to bring to an end."""

    wishes: Wishes
    parts: "tuple[Part, ...]"
    covered: list[Row]


@dataclass(frozen=True, slots=True)
class _Resumed:
    """What a crash had ended."""

    request: "Request"
    before: frozenset[Path]
    """Pictures that were in the list already when it was asked to go on: no part of it."""

    def covers(self, path: Path) -> bool:
        return path not in self.before and (self.request.only is None or path in self.request.only)

    def was_done(self, path: Path) -> bool:
        """Whether it lies in the same folders but was not asked for any more."""
        return path not in self.before and not self.covers(path)


class ConvertSession(QObject):
    """Owns the queue's content, the listing of what was dropped, and the conversion.

    Phases: empty; ready (rows wait); working; done (a conversion has ended and its results are shown).
    """

    phase_changed = Signal(str)
    progressed = Signal()  # numbers to be shown again
    looked = Signal()  # a walk over what was dropped has ended
    outputs_known = Signal(list)  # of Path: where results go if nobody chooses a folder
    refused = Signal(str)  # a sentence: nothing could be begun
    ended = Signal(object)  # Outcome
    files_changed = Signal(list)  # of Path: written, or about to be read again
    resumed = Signal()  # what a crash had ended goes on, and has a note of its own again

    def __init__(
        self,
        queue: QueueModel,
        conversion: Conversion,
        request_for: "Callable[[Wishes, tuple[Part, ...], frozenset[Path] | None], Request]",
        word_for: Callable[[Wishes], str],
        parent: QObject | None = None,
    ) -> None:
        """`request_for` adds what the settings say; `word_for` names results: "sharp". Both are called in the GUI thread."""
        super().__init__(parent)
        self.queue, self.conversion = queue, conversion
        self.wishes = Wishes()
        self.outcome: Outcome | None = None
        self.ignored = 0
        self.raw: dict[str, int] = {}
        self._request_for, self._word_for = request_for, word_for
        self._sources: dict[Path, None] = {}  # in the order in which they came
        self._own_parts: list[Part] = []  # with output folders that hold whatever is wished: examples, and what is gone on with
        self._begun: _Begun | None = None  # the conversion that runs, or whose results are shown
        self._waiting_drops: list[list[Path]] = []
        self._listing: TaskThread | None = None
        self._measuring: TaskThread | None = None
        self._locating: TaskThread | None = None
        self._errands: list[_Errand] = []  # whose thread still runs
        self._beside: tuple[Part, ...] = ()
        self._phase: Phase = "empty"
        self._resumed: _Resumed | None = None
        self._is_partial = False  # rows were removed, or tried before: only what waits is asked for
        self._starts_when_listed = False
        self._starts_when_located = False
        self._start_only: Sequence[Path] | None = None  # what is then converted; None: all that waits
        self._tells_resumed = False
        self._num_found = 0  # pictures, by the walk that is under way
        self.keep_awake = True  # whether the computer is, while a conversion runs
        self._came_meanwhile = False  # rows that wait since the conversion began
        self.work = Work()
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self.progressed)
        conversion.told.connect(self._on_told)
        conversion.ended.connect(self._on_ended)
        conversion.state_changed.connect(self._on_state_changed)
        queue.counts_changed.connect(self._on_counts_changed)

    @property
    def phase(self) -> Phase:
        return self._phase

    @property
    def is_looking(self) -> bool:
        """Tell whether dropped folders are being walked."""
        return self._listing is not None

    @property
    def output_folders(self) -> list[Path]:
        """Where results go, or went."""
        shows_begun = self._begun is not None and self._phase in ("working", "done")
        parts = self._begun.parts if self._begun is not None and shows_begun else self._parts()
        return list(dict.fromkeys(part.out for part in parts))

    @property
    def made_with(self) -> Wishes:
        """How the pictures are, or were, made: what is wished meanwhile is for the next time."""
        return self._begun.wishes if self._begun is not None and self._phase in ("working", "done") else self.wishes

    def add(self, sources: Sequence[Path], *, output: Path | None = None) -> None:
        """List pictures and folders. They wait until `start`; while a conversion runs, they follow it.

        `output`: where their results go, whatever the wishes say.
        """
        new = list(dict.fromkeys(sources))
        if not new:
            return
        self._sources |= dict.fromkeys(new)  # dropped again: something may be new in it
        if output is not None:
            from p2p_desktop.convert.request import Part

            self._own_parts.append(Part(tuple(new), output))
        self._waiting_drops.append(new)
        self._came_meanwhile = self.conversion.is_busy
        self._list_next()

    def become(self, wishes: Wishes) -> None:
        """Wish something else for the next conversion. What was made otherwise waits again."""
        changed_place = (wishes.model, wishes.output) != (self.wishes.model, self.wishes.output)
        self.wishes = wishes
        if self._phase == "done" and self._begun is not None and wishes != self._begun.wishes:
            self.queue.wait_again()
            self._is_partial = False
            self._enter("ready")
        if changed_place:
            self._locate()

    def start(self, only: Sequence[Path] | None = None) -> bool:
        """Convert what waits, or of that these pictures `only`. False if nothing was begun, nor will be in a moment."""
        if self.conversion.is_busy or self.is_looking or not self.queue.counts["waiting"]:
            return False
        if self._locating is not None and self._resumed is None:  # where results go is being looked up
            self._starts_when_located, self._start_only = True, only
            return True
        waiting = self.queue.rows("waiting")
        if only is not None:
            wanted = frozenset(only)
            waiting = [row for row in waiting if row.path in wanted]
        resumed = self._resumed
        if resumed is not None:
            waiting = [row for row in waiting if resumed.covers(row.path)]
            request, asks_all = resumed.request, resumed.request.only is None
        else:
            asks_all = only is None and not self._is_partial
            try:
                request = self._request_for(self.wishes, self._parts(), None)
            except P2PError as error:  # the model was removed
                self.refused.emit(str(error))
                return False
        if not waiting:
            return False
        self._resumed = None

        def make_request() -> "Request":
            """Called in the worker thread."""
            return request if asks_all else replace(request, only=frozenset(row.path for row in waiting))

        self._is_partial = True  # from now on, only what waits
        self._came_meanwhile = False
        if self._phase == "ready":
            self.work = Work()
        self._begun = _Begun(self.wishes, request.parts, waiting)
        self._tells_resumed = resumed is not None
        self.outcome = None
        self.conversion.start(make_request, len(waiting), keep_awake=self.keep_awake)
        self._enter("working")
        self._tick.start()
        self.progressed.emit()
        return True

    def stop(self, *, offer_again: bool = False) -> None:
        """Stop within a picture, and begin nothing of what came meanwhile."""
        self._starts_when_listed = self._starts_when_located = self._came_meanwhile = False
        if self.conversion.is_busy:
            self.conversion.stop(offer_again=offer_again)
        elif self._phase == "working":  # it had ended, and waited for the list
            self._finish(self.outcome or Outcome(None, stopped=True, problem="", worked_s=0.0))

    def resume_unfinished(self, unfinished: "Unfinished") -> None:
        """Go on with a conversion that a crash ended: list its sources, then start it as it was."""
        request = unfinished.request
        self._resumed = _Resumed(request, frozenset(self.queue.all_paths()))
        self._starts_when_listed = True
        self._own_parts = [*self._own_parts, *request.parts]
        sources = list(dict.fromkeys(source for part in request.parts for source in part.sources))
        self._sources |= dict.fromkeys(sources)
        self._waiting_drops.append(sources)
        self._list_next()

    def retry(self, paths: Sequence[Path]) -> None:
        """Let these wait again, and convert them and no others."""
        self._is_partial = True
        self.queue.wait_again(paths)
        self.queue.forget_sizes(paths)
        self.files_changed.emit(list(paths))
        self._came_meanwhile = self.conversion.is_busy
        if not self.conversion.is_busy:
            self.start(only=paths)

    def remove(self, paths: Sequence[Path]) -> None:
        """Take rows off the list. Files stay."""
        self._is_partial = True
        self.queue.remove(paths)
        if not len(self.queue):
            self.clear()

    def clear(self) -> None:
        """Forget everything that was dropped. Not while a conversion runs."""
        if self.conversion.is_busy:
            return
        self._waiting_drops.clear()
        for thread in self._errands:
            thread.cancel()
        self._sources.clear()
        self._own_parts = []
        self._beside = ()
        self._starts_when_listed = self._starts_when_located = False
        self._begun = None
        self.ignored, self.raw = 0, {}
        self._is_partial, self._resumed, self.outcome = False, None, None
        self.queue.clear()
        self._enter("empty")

    def close(self) -> None:
        """End every thread: for a program that ends."""
        self.stop(offer_again=True)
        for thread in self._errands:
            thread.cancel()
            thread.wait()
        self.conversion.wait(10_000)

    def _parts(self) -> "tuple[Part, ...]":
        from p2p_desktop.convert.request import Part

        if self.wishes.output:
            others = self._others()
            return (*((Part(others, Path(self.wishes.output)),) if others else ()), *self._own_parts)
        return (*self._beside, *self._own_parts)

    def _others(self) -> tuple[Path, ...]:
        """The sources whose results go where the wishes say."""
        owned = {source for part in self._own_parts for source in part.sources}
        return tuple(source for source in self._sources if source not in owned)

    # --- what was dropped

    def _list_next(self) -> None:
        if self._listing is not None or not self._waiting_drops:
            return
        sources, recurse = self._waiting_drops.pop(0), self.wishes.recurse
        out = Path(self.wishes.output) if self.wishes.output else None

        def work(report: Report[Any], token: Token) -> Any:  # Any: what convert.plan tells and gives
            from p2p_desktop.convert.plan import list_pictures

            return list_pictures(sources, recurse=recurse, out=out, report=report, token=token)

        self._num_found = 0
        self._listing = self._thread(work, "listing", self._on_listed, self._on_listing_arrived)
        if self._phase == "empty":
            self._enter("ready")
        self._locate()
        self._listing.start()
        self.progressed.emit()

    def _on_listing_arrived(self) -> None:
        if self._listing is not None and not self._listing.token.cancelled:  # else the list was cleared meanwhile
            batches = self._listing.take()
            self._num_found += sum(map(len, batches))
            self.queue.take_listing(batches)
            self.progressed.emit()

    def _on_listed(self, listing: Any) -> None:  # Any: convert.plan.Listing; None if it was cancelled or failed
        self._on_listing_arrived()
        self._listing = None
        if listing is not None and not self._num_found and len(self.queue):
            self.refused.emit(self.tr("There is no picture in what was dropped."))
        if listing is not None:
            self.ignored += listing.ignored
            for kind, number in listing.raw.items():
                self.raw[kind] = self.raw.get(kind, 0) + number
        if self._waiting_drops:
            self._list_next()
            return
        if self._resumed is not None and self._resumed.request.only is not None:
            self.queue.remove([row.path for row in self.queue.rows("waiting") if self._resumed.was_done(row.path)])
        self._measure()
        starts, self._starts_when_listed = self._starts_when_listed, False
        if not len(self.queue):
            self._say_nothing_found()
            self.clear()
        elif starts and not self.start():
            self._after_a_start_that_failed()
        self.looked.emit()
        self.progressed.emit()

    def _after_a_start_that_failed(self) -> None:
        if self._resumed is not None:
            self._resumed = None
            self.refused.emit(self.tr("Nothing of what was begun can be found. Is its drive connected? The offer comes again."))
        if self._phase == "working" and not self.conversion.is_busy:
            self._finish(self.outcome or Outcome(None, stopped=True, problem="", worked_s=0.0))

    def _say_nothing_found(self) -> None:
        if self.raw:
            from p2p_desktop.convert.plan import raw_sentence

            self.refused.emit(raw_sentence(self.raw))
        elif self._sources:
            self.refused.emit(self.tr("There is no picture in what was dropped."))

    def _measure(self) -> None:
        """Read the sizes of the pictures, from their headers."""
        rows = self.queue.unmeasured()
        if not rows or self._measuring is not None:
            return

        def work(report: Report[Any], token: Token) -> None:  # Any: what convert.looking tells
            from p2p_desktop.convert.looking import measure

            measure((row.path for row in rows), report=report, token=token)

        self._measuring = self._thread(work, "measuring", self._on_measured, self._on_measuring_arrived)
        self._measuring.start(TaskThread.Priority.LowPriority)

    def _on_measuring_arrived(self) -> None:
        if self._measuring is not None and not self._measuring.token.cancelled:
            self.queue.take_listing(self._measuring.take())

    def _on_measured(self, _: object) -> None:
        self._on_measuring_arrived()
        self._measuring = None
        self._measure()  # what came meanwhile
        self.progressed.emit()

    def _locate(self) -> None:
        """Find out where results go if nobody chooses a folder: a look at the disk."""
        sources = list(self._others())
        word = self._word_for(self.wishes)

        def work(_: Report[Any], token: Token) -> "tuple[Part, ...]":  # Any: nothing is reported
            from p2p_desktop.convert.destinations import beside

            token.check()
            return beside(sources, word)

        self._locating = self._thread(work, "locating", self._on_located)
        self._locating.start()

    def _on_located(self, parts: "tuple[Part, ...] | None") -> None:
        if self.sender() is not self._locating:
            return  # an older question
        self._locating = None
        if parts is not None:
            self._beside = parts
            self.outputs_known.emit(self.output_folders)
        starts, self._starts_when_located = self._starts_when_located, False
        if starts:
            self.start(self._start_only)

    # --- what runs

    def _on_told(self, events: list[Any]) -> None:  # Any: events of convert.events
        from p2p_desktop.convert.events import PictureDone

        if self._tells_resumed:  # the conversion has told something, so its own note is written
            self._tells_resumed = False
            self.resumed.emit()
        self.files_changed.emit([event.output for event in events if isinstance(event, PictureDone) and event.output is not None])
        for event in events:
            if isinstance(event, PictureDone):
                self.work.num_bytes += event.num_bytes
                if event.state == "converted":
                    self.work.converted += 1
                    if self.conversion.pace is not None:
                        row = self.queue.row_of(event.source)
                        self.conversion.pace.converted(row.megapixels if row is not None and row.height else 1.0)
        self.queue.take_events(events)

    def _on_state_changed(self, state: str) -> None:
        if state == "stopping":
            self._came_meanwhile = False
        self.progressed.emit()

    def _on_ended(self, outcome: Outcome) -> None:
        self._tick.stop()
        self.work.seconds += outcome.worked_s
        self.queue.nothing_works()
        self.outcome = outcome
        if not outcome.stopped and not outcome.problem:
            if self._begun is not None:
                # It lies among the results of an earlier conversion, or is not there any more.
                self.queue.fail_waiting(
                    self._begun.covered,
                    self.tr("It was not among the pictures any more when the folder was converted. Drop it by itself."),
                )
            if self._came_meanwhile:  # dropped, or asked to be tried again, while it ran
                self._starts_when_listed = self.is_looking
                if self.is_looking or self.start():
                    return
        self._finish(outcome)

    def _finish(self, outcome: Outcome) -> None:
        tried = self.queue.counts["done"] + self.queue.counts["skipped"] + self.queue.counts["failed"]
        self._enter("done" if tried else "ready")
        self.ended.emit(outcome)
        self.progressed.emit()

    def _on_counts_changed(self) -> None:
        if not self.conversion.is_busy:
            self.progressed.emit()

    def _enter(self, phase: Phase) -> None:
        if phase != self._phase:
            self._phase = phase
            self.phase_changed.emit(phase)

    def _thread(
        self,
        work: Callable[[Report[Any], Token], Any],
        name: str,
        on_end: Callable[[Any], None],
        on_arrived: Callable[[], None] | None = None,
    ) -> TaskThread:  # Any: each work has events and a result of its own
        """`on_end` gets what the work returned, or None however else it ended."""
        thread = _Errand(work, name, self, most_waiting=_MOST_BATCHES)
        thread.over.connect(on_end)
        if on_arrived is not None:
            thread.arrived.connect(on_arrived)
        thread.finished.connect(self._on_errand_finished)
        self._errands.append(thread)
        return thread

    def _on_errand_finished(self) -> None:
        thread = self.sender()
        if isinstance(thread, _Errand) and thread in self._errands:
            self._errands.remove(thread)
            thread.deleteLater()


class _Errand(TaskThread):
    """A small work whose failure means no more than that its answer is missing; the log says why."""

    over = Signal(object)

    def __init__(
        self, work: Callable[[Report[Any], Token], Any], name: str, parent: QObject, *, most_waiting: int
    ) -> None:  # Any: as above
        super().__init__(work, name, parent, most_waiting=most_waiting)
        self.succeeded.connect(self.over)
        self.failed.connect(self._on_not_succeeded)
        self.cancelled.connect(self._on_not_succeeded)

    def _on_not_succeeded(self) -> None:
        self.over.emit(None)
