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

from p2p_desktop.ui.queue_model import QueueModel
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
        self._sources: list[Path] = []
        self._outputs: dict[Path, Path] = {}  # sources that have an output folder of their own whatever is wished: the examples
        self._waiting_drops: list[list[Path]] = []
        self._listing: TaskThread | None = None
        self._measuring: TaskThread | None = None
        self._locating: TaskThread | None = None
        self._errands: list[_Errand] = []  # whose thread still runs
        self._beside: tuple[Part, ...] = ()
        self._phase: Phase = "empty"
        self._resumed: Request | None = None
        self._is_partial = False  # rows were removed, or tried before: only what waits is asked for
        self._starts_when_listed = False
        self._done_with: Wishes | None = None
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
        return list(dict.fromkeys(part.out for part in self._parts()))

    def add(self, sources: Sequence[Path], *, output: Path | None = None) -> None:
        """List pictures and folders. They wait until `start`; while a conversion runs, they follow it.

        `output`: where their results go, whatever the wishes say.
        """
        new = list(dict.fromkeys(sources))
        if not new:
            return
        self._sources.extend(source for source in new if source not in self._sources)  # dropped again: something may be new in it
        if output is not None:
            self._outputs |= dict.fromkeys(new, output)
        self._waiting_drops.append(new)
        self._came_meanwhile = self.conversion.is_busy
        self._list_next()

    def become(self, wishes: Wishes) -> None:
        """Wish something else for the next conversion. What was made otherwise waits again."""
        changed_place = (wishes.model, wishes.output) != (self.wishes.model, self.wishes.output)
        self.wishes = wishes
        if self._phase == "done" and wishes != self._done_with:
            self.queue.wait_again()
            self._is_partial = False
            self._enter("ready")
        if changed_place:
            self._locate()

    def start(self) -> None:
        """Convert what waits."""
        if self.conversion.is_busy or self.is_looking or not self.queue.counts["waiting"]:
            return
        waiting = self.queue.rows("waiting") if self._is_partial else None
        if self._resumed is not None:
            request, self._resumed = self._resumed, None
        else:
            try:
                request = self._request_for(self.wishes, self._parts(), None)
            except P2PError as error:  # the model was removed
                self.refused.emit(str(error))
                return

        def make_request() -> "Request":
            """Called in the worker thread."""
            return request if waiting is None else replace(request, only=frozenset(row.path for row in waiting))

        self._is_partial = True  # from now on, only what waits
        self._came_meanwhile = False
        if self._phase == "ready":
            self.work = Work()
        self._done_with = self.wishes
        self.outcome = None
        self.conversion.start(make_request, self.queue.counts["waiting"], keep_awake=self.keep_awake)
        self._enter("working")
        self._tick.start()
        self.progressed.emit()

    def resume_unfinished(self, unfinished: "Unfinished") -> None:
        """Go on with a conversion that a crash ended: list its sources, then start it as it was."""
        self._resumed = unfinished.request
        self._starts_when_listed = True
        self.add([source for part in unfinished.request.parts for source in part.sources])

    def retry(self, paths: Sequence[Path]) -> None:
        """Let these wait again, and convert them."""
        self._is_partial = True
        self.queue.wait_again(paths)
        self._came_meanwhile = self.conversion.is_busy
        if not self.conversion.is_busy:
            self.start()

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
        self._outputs.clear()
        self._beside = ()
        self.ignored, self.raw = 0, {}
        self._is_partial, self._resumed, self.outcome = False, None, None
        self.queue.clear()
        self._enter("empty")

    def close(self) -> None:
        """End every thread: for a program that ends."""
        self.conversion.stop(offer_again=True)
        for thread in self._errands:
            thread.cancel()
            thread.wait()
        self.conversion.wait(10_000)

    def _parts(self) -> "tuple[Part, ...]":
        from p2p_desktop.convert.request import Part

        own = tuple(Part((source,), out) for source, out in self._outputs.items())
        if self.wishes.output:
            others = tuple(source for source in self._sources if source not in self._outputs)
            return (*((Part(others, Path(self.wishes.output)),) if others else ()), *own)
        return (*self._beside, *own)

    # --- what was dropped

    def _list_next(self) -> None:
        if self._listing is not None or not self._waiting_drops:
            return
        sources, recurse = self._waiting_drops.pop(0), self.wishes.recurse
        out = Path(self.wishes.output) if self.wishes.output else None

        def work(report: Report[Any], token: Token) -> Any:  # Any: what convert.plan tells and gives
            from p2p_desktop.convert.plan import list_pictures

            return list_pictures(sources, recurse=recurse, out=out, report=report, token=token)

        self._listing = self._thread(work, "listing", self._on_listed, self._on_listing_arrived)
        if self._phase == "empty":
            self._enter("ready")
        self._locate()
        self._listing.start()
        self.progressed.emit()

    def _on_listing_arrived(self) -> None:
        if self._listing is not None and not self._listing.token.cancelled:  # else the list was cleared meanwhile
            self.queue.take_listing(self._listing.take())
            self.progressed.emit()

    def _on_listed(self, listing: Any) -> None:  # Any: convert.plan.Listing; None if it was cancelled or failed
        self._on_listing_arrived()
        self._listing = None
        if listing is not None:
            self.ignored += listing.ignored
            for kind, number in listing.raw.items():
                self.raw[kind] = self.raw.get(kind, 0) + number
        if self._waiting_drops:
            self._list_next()
            return
        self._measure()
        if not len(self.queue):
            self._say_nothing_found()
            self.clear()
        elif self._starts_when_listed:
            self._starts_when_listed = False
            self.start()
        self.looked.emit()
        self.progressed.emit()

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
        sources = [source for source in self._sources if source not in self._outputs]
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

    # --- what runs

    def _on_told(self, events: list[Any]) -> None:  # Any: events of convert.events
        from p2p_desktop.convert.events import PictureDone

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
        if not outcome.stopped and not outcome.problem and self.queue.counts["waiting"]:
            if self._came_meanwhile:  # dropped, or asked to be tried again, while it ran
                self._starts_when_listed = self.is_looking
                self.start()
                return
            # It lies among the results of an earlier conversion, or is not there any more.
            self.queue.fail_waiting(
                self.tr("It was not among the pictures any more when the folder was converted. Drop it by itself.")
            )
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
