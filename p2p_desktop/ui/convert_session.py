"""What happens on Convert, without widgets: what was dropped, what waits, what runs, how far it is.

The page shows this and passes on what the person asks for. The engine's rooms import OpenCV and are imported when they are first
needed: the window's first paint does not wait for them.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QDeadlineTimer, QObject, QTimer, Signal

from p2p_desktop.ui.intake import Drop, Intake
from p2p_desktop.ui.made_results import MadeResults
from p2p_desktop.ui.queue_model import QueueModel
from p2p_desktop.ui.queue_row import Row
from p2p_desktop.ui.result_places import ResultPlaces
from p2p_desktop.ui.wishes import Wishes
from p2p_desktop.workers.conversion import Conversion, Outcome
from p2p_desktop.workers.errands import Errands
from training.contract.errors import P2PError

if TYPE_CHECKING:
    from p2p_desktop.convert.events import PictureDone
    from p2p_desktop.convert.request import Part, Request
    from p2p_desktop.convert.unfinished import Unfinished

log = logging.getLogger(__name__)

Phase = Literal["empty", "ready", "working", "done"]
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
    folders: list[Path]
    covered: set[Row]
    left_out: set[Row]
    """Rows that wait, and will after it."""


@dataclass(frozen=True, slots=True)
class _Resumed:
    """What a crash had ended, and what of it was found again."""

    request: "Request"
    drop: Drop


class ConvertSession(QObject):
    """Owns the queue's content, the listing of what was dropped, and the conversion.

    Phases: empty; ready (rows wait); working; done (a conversion has ended and its results are shown).
    """

    phase_changed = Signal(str)
    progressed = Signal()  # numbers to be shown again
    looked = Signal()  # a walk over what was dropped has ended
    refused = Signal(str)  # a sentence: nothing could be begun
    model_missed = Signal(str)  # the same, because the chosen model is not there
    ended = Signal(object)  # Outcome
    outputs_written = Signal(list)  # of Path
    rows_renewed = Signal(list)  # of Row: their files are about to be read again
    resumed = Signal()  # what a crash had ended goes on, and has a note of its own again
    not_resumed = Signal()  # nothing of it was found

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
        self.errands = Errands(self)
        self.intake = Intake(queue, self.errands, conversion.journal, self)
        self.places = ResultPlaces(self.errands, word_for, self)
        self._request_for = request_for
        self._begun: _Begun | None = None  # the conversion that runs, or whose results are shown
        self._phase: Phase = "empty"
        self._resumed: _Resumed | None = None
        self._is_partial = False  # rows were removed, or tried before: only what waits is asked for
        self._has_gaps = False  # rows were removed
        self._starts_when_listed = False
        self._tells_resumed = False
        self.keep_awake = True  # whether the computer is, while a conversion runs
        self._came_meanwhile = False  # rows that wait since the conversion began
        self.work = Work()
        self._results = MadeResults(queue)
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self.progressed)
        conversion.told.connect(self._on_told)
        conversion.ended.connect(self._on_ended)
        conversion.state_changed.connect(self._on_state_changed)
        queue.counts_changed.connect(self._on_counts_changed)
        self.intake.progressed.connect(self.progressed)
        self.intake.listed.connect(self._on_listed)
        self.intake.refused.connect(self.refused)

    @property
    def phase(self) -> Phase:
        return self._phase

    @property
    def output_folders(self) -> list[Path]:
        """Where results go, or went."""
        return self._begun.folders if self._begun is not None and self._shows_begun else self.places.folders_of(self.places.parts)

    @property
    def made_with(self) -> Wishes:
        """How the pictures are, or were, made: what is wished meanwhile is for the next time."""
        return self._begun.wishes if self._begun is not None and self._shows_begun else self.wishes

    @property
    def is_outdated(self) -> bool:
        """Tell whether results that are shown were made otherwise than is wished now."""
        return self._phase == "done" and self._results.differ_from(self.wishes)

    def is_as_wished(self, row: Row) -> bool:
        """Tell whether a picture's result, if it has one, was made as is wished now."""
        return row.made_with is None or row.made_with.make_the_same(self.wishes)

    def num_made_otherwise(self) -> int:
        """How many results were made otherwise than the last ones."""
        return self._results.num_otherwise(self.made_with)

    # --- how far it is

    @property
    def num_ended(self) -> int:
        return sum(self.queue.counts[state] for state in ("done", "skipped", "failed"))

    @property
    def num_in_all(self) -> int:
        """Pictures in the list, but for those that what runs leaves waiting."""
        return len(self.queue) - self._num_left_out

    @property
    def fraction(self) -> float | None:
        """How much has come to its end, 0 to 1; None if nothing is to."""
        return self.num_ended / self.num_in_all if self.num_in_all else None

    @property
    def first_ahead(self) -> Row | None:
        """The first picture of what runs that is in work or waits."""
        left_out = self._begun.left_out if self._begun is not None else set()
        ahead = (*self.queue.rows_at_work(), *self.queue.rows("waiting"))
        return next((row for row in ahead if row not in left_out), None)

    def megapixels_left(self) -> float:
        """Of what waits and is not left out; a picture whose size is not known counts as much as the others on average."""
        tally, mean = self.queue.tally, self.queue.mean_megapixels() or 1.0
        left_out = self._begun.left_out if self._begun is not None and self._phase == "working" else ()
        put_off = sum(row.megapixels if row.height else mean for row in left_out)
        return max(0.0, tally.megapixels_ahead + tally.num_ahead_unmeasured * mean - put_off)

    def megapixels_at_work(self) -> float:
        """The same of what is being worked on now."""
        mean = self.queue.mean_megapixels() or 1.0
        return sum(row.megapixels if row.height else mean for row in self.queue.rows_at_work())

    @property
    def _num_left_out(self) -> int:
        return len(self._begun.left_out) if self._begun is not None and self._phase == "working" else 0

    @property
    def _shows_begun(self) -> bool:
        return self._phase in ("working", "done")

    def add(self, sources: Sequence[Path], *, output: Path | None = None) -> None:
        """List pictures and folders. They wait until `start`; while a conversion runs, they follow it.

        `output`: where their results go, whatever the wishes say.
        """
        new = list(dict.fromkeys(sources))
        if not new:
            return
        if output is None:
            self.places.add(new)
        else:
            from p2p_desktop.convert.request import Part

            self.places.add(new, [Part(tuple(new), output)])
        self._came_meanwhile = self.conversion.is_busy
        self._list(new)

    def become(self, wishes: Wishes) -> None:
        """Wish something else for the next conversion. What is done stays as it is until it is asked for again."""
        self.wishes = wishes
        self.places.follow(wishes)

    def start(self, only: Collection[Row] | None = None) -> bool:
        """Convert what waits, or of that these rows `only`. False if nothing was begun, nor will be in a moment."""
        if self.conversion.is_busy or self.intake.is_looking or not self.queue.counts["waiting"]:
            return False
        if self._resumed is not None:
            return self._start_resumed(self._resumed)
        if self.places.is_looking:
            self.places.when_known(partial(self._start_when_known, only))
            return True
        waiting = self.queue.rows("waiting")
        if only is not None:
            wanted = frozenset(only)
            waiting = [row for row in waiting if row in wanted]
        try:
            request = self._request_for(self.wishes, self.places.parts, None)
        except P2PError as error:  # the model was removed
            self.model_missed.emit(str(error))
            return False
        return self._begin(request, waiting, asks_all=only is None and not self._is_partial)

    def _has_model(self) -> bool:
        """Whether a conversion could be asked for; says so if not."""
        try:
            self._request_for(self.wishes, (), None)
        except P2PError as error:
            self.model_missed.emit(str(error))
            return False
        return True

    def _start_when_known(self, only: Collection[Row] | None) -> None:
        if not self.start(only):
            self._after_a_start_that_failed()

    def start_again(self) -> None:
        """Convert everything once more, as is wished now."""
        if self.conversion.is_busy or self.intake.is_looking:
            return
        if self.places.is_looking:
            self.places.when_known(self.start_again)
            return
        is_partial, work = self._is_partial, self.work
        self._results.wait_again()
        self._is_partial, self.work = self._has_gaps, Work()
        if not self.start():
            self._is_partial, self.work = is_partial, work
            self._results.take_back()

    def _start_resumed(self, resumed: _Resumed) -> bool:
        waiting = [row for row in resumed.drop.found if row.state == "waiting"]
        if not self._begin(resumed.request, waiting, asks_all=resumed.request.only is None):
            return False
        self._resumed, self._tells_resumed = None, True
        return True

    def _begin(self, request: "Request", waiting: list[Row], *, asks_all: bool) -> bool:
        """`asks_all`: the rows are all that the request's sources hold, so that they need not be named."""
        if not waiting:
            return False

        def make_request() -> "Request":
            """Called in the worker thread. Pictures are named, too, where a source is gone: each of its own is told of then."""
            if asks_all and all(source.exists() for part in request.parts for source in part.sources):
                return request
            return replace(request, only=frozenset(row.path for row in waiting))

        self._is_partial = True  # from now on, only what waits
        self._came_meanwhile = self._tells_resumed = False
        if self._phase == "ready":
            self.work = Work()
        covered = set(waiting)
        left_out = set() if len(covered) == self.queue.counts["waiting"] else {*self.queue.rows("waiting")} - covered
        self._begun = _Begun(self.wishes, self.places.folders_of(request.parts), covered, left_out)
        self.outcome = None
        self.conversion.start(make_request, len(waiting), keep_awake=self.keep_awake)
        self._enter("working")
        self._tick.start()
        self.progressed.emit()
        return True

    def stop(self, *, offer_again: bool = False) -> None:
        """Stop within a picture, and begin nothing of what came meanwhile."""
        self._starts_when_listed = self._came_meanwhile = False
        self.places.when_known(None)
        if self.conversion.is_busy:
            self.conversion.stop(offer_again=offer_again)
        elif self._phase == "working":  # it had ended, and waited for the list
            self._finish(self.outcome or Outcome(None, stopped=True, problem="", worked_s=0.0))

    def resume_unfinished(self, unfinished: "Unfinished") -> None:
        """Go on with a conversion that a crash ended: list its sources, then start it as it was."""
        request = unfinished.request
        self._starts_when_listed = True
        sources = list(dict.fromkeys(source for part in request.parts for source in part.sources))
        self.places.add(sources, request.parts)
        self._resumed = _Resumed(request, self._list(sources, request.only))

    def retry(self, rows: Sequence[Row]) -> None:
        """Let these wait again, and convert them and no others; if that cannot be, they stay as they are."""
        if not self.conversion.is_busy and not self._has_model():
            return
        self._is_partial = True
        self.queue.wait_again(rows)
        self.queue.forget_sizes(rows)
        self.intake.measure()
        self.rows_renewed.emit(list(rows))
        self._came_meanwhile = self.conversion.is_busy
        if not self.conversion.is_busy:
            self.start(only=rows)
        elif self._begun is not None:
            self._begun.covered.difference_update(rows)  # it has been at them already: they are for the next one

    def remove(self, rows: Sequence[Row]) -> None:
        """Take rows off the list. Files stay."""
        self._is_partial = self._has_gaps = True
        self.queue.remove(rows)
        self._results.survey()
        if not len(self.queue):
            self.clear()

    def clear(self) -> None:
        """Forget everything that was dropped. Not while a conversion runs."""
        if self.conversion.is_busy:
            return
        self.errands.cancel()
        self.intake.forget()
        self.places.forget()
        self._starts_when_listed = False
        self._begun = self._resumed = self.outcome = None
        self._results.forget()
        self._is_partial = self._has_gaps = False
        self.queue.clear()
        self._enter("empty")

    def close(self, until: QDeadlineTimer) -> None:
        """End every thread: for a program that ends. What waits for a disk that does not answer is left behind after `until`."""
        self.stop(offer_again=True)
        self.errands.close(until)
        self.conversion.wait(until)

    # --- what was dropped

    def _list(self, sources: Sequence[Path], only: frozenset[Path] | None = None) -> Drop:
        out = Path(self.wishes.output) if self.wishes.output else None
        drop = Drop(sources, self.wishes.recurse, out, only)
        if self._phase == "empty":
            self._enter("ready")
        self.intake.add(drop)
        return drop

    def _on_listed(self) -> None:
        starts, self._starts_when_listed = self._starts_when_listed, False
        if starts and not self.start():
            self._after_a_start_that_failed()
        if not len(self.queue):
            self.clear()
        self.looked.emit()

    def _after_a_start_that_failed(self) -> None:
        resumed, self._resumed = self._resumed, None
        if resumed is not None:
            self.places.disown(resumed.request.parts)
            self.not_resumed.emit()
        if self._phase == "working" and not self.conversion.is_busy:
            self._finish(self.outcome or Outcome(None, stopped=True, problem="", worked_s=0.0))

    # --- what runs

    def _on_told(self, events: list[Any]) -> None:  # Any: events of convert.events
        from p2p_desktop.convert.events import PictureDone

        if self._tells_resumed:  # the conversion has told something, so its own note is written
            self._tells_resumed = False
            self.resumed.emit()
        self.outputs_written.emit([event.output for event in events if isinstance(event, PictureDone) and event.output is not None])
        self.queue.take_events(events)
        for event in events:
            if isinstance(event, PictureDone):
                self._note_result(event)

    def _note_result(self, event: "PictureDone") -> None:
        row = self.queue.row_of(event.source)
        self.work.num_bytes += event.num_bytes
        if event.state == "converted":
            self.work.converted += 1
            if self.conversion.pace is not None:
                self.conversion.pace.converted(row.megapixels if row is not None and row.height else 1.0)
        if event.state != "failed" and row is not None and self._begun is not None:
            self._results.note(row, self._begun.wishes)

    def _on_state_changed(self, state: str) -> None:
        if state == "stopping":
            self._came_meanwhile = False
        self.progressed.emit()

    def _on_ended(self, outcome: Outcome) -> None:
        self._tick.stop()
        self.work.seconds += outcome.worked_s
        self.queue.nothing_works()
        self.outcome = outcome
        self._results.take_back()
        if not outcome.stopped and not outcome.problem:
            if self._begun is not None:
                # It lies among the results of an earlier conversion, or is not there any more.
                self.queue.fail_waiting(
                    self._begun.covered,
                    self.tr("It was not among the pictures any more when the folder was converted. Drop it by itself."),
                )
            if self._came_meanwhile:  # dropped, or asked to be tried again, while it ran
                self._starts_when_listed = self.intake.is_looking
                if self.intake.is_looking or self.start():
                    return
        self._finish(outcome)

    def _finish(self, outcome: Outcome) -> None:
        self._enter("done" if self.num_ended else "ready")
        self.ended.emit(outcome)
        self.progressed.emit()

    def _on_counts_changed(self) -> None:
        if not self.conversion.is_busy:
            self.progressed.emit()

    def _enter(self, phase: Phase) -> None:
        if phase != self._phase:
            self._phase = phase
            self.phase_changed.emit(phase)
