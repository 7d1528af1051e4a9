"""What was dropped on Convert: walked in the background, and put into the queue with its sizes as they become known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QThread, Signal

from p2p_desktop.ui.queue_model import QueueModel
from p2p_desktop.ui.queue_row import Row
from p2p_desktop.workers.errands import Errand, Errands
from training.contract.progress import Report, Token

if TYPE_CHECKING:  # it imports OpenCV; the first paint must not wait for it
    from p2p_desktop.convert.plan import Listing

_MOST_BATCHES = 3  # of rows, taken at once: some milliseconds each


@dataclass(slots=True, eq=False)
class Drop:
    """Pictures and folders that came at once."""

    sources: Sequence[Path]
    recurse: bool
    out: Path | None  # a folder that results go to: what lies in it is not looked at
    only: frozenset[Path] | None = None  # of what the sources hold; None: all of it
    found: list[Row] = field(default_factory=list)  # what it brought, and what of it was in the queue already


class Intake(QObject):
    """One walk at a time, in the order of the drops."""

    progressed = Signal()  # something to be shown has changed
    listed = Signal()  # every drop has been walked
    refused = Signal(str)  # a sentence: nothing came of a drop

    def __init__(self, queue: QueueModel, errands: Errands, journal: Callable[[], Path], parent: QObject | None = None) -> None:
        """`journal`: where conversions note what they make; asked for in the worker thread."""
        super().__init__(parent)
        self._queue, self._errands, self._journal = queue, errands, journal
        self.ignored = 0  # files that are no pictures
        self.earlier_results = 0  # pictures in folders that an earlier conversion made
        self.raw: dict[str, int] = {}  # camera RAW by kind
        self._waiting: list[Drop] = []
        self._walked: Drop | None = None
        self._listing: Errand | None = None
        self._measuring: Errand | None = None

    @property
    def is_looking(self) -> bool:
        """Tell whether dropped folders are being walked."""
        return self._listing is not None

    def add(self, drop: Drop) -> None:
        self._waiting.append(drop)
        self._walk_next()

    def forget(self) -> None:
        """Nothing was dropped."""
        self._waiting.clear()
        for errand in (self._listing, self._measuring):
            if errand is not None:
                errand.cancel()
        self.ignored, self.earlier_results, self.raw = 0, 0, {}

    def measure(self) -> None:
        """Read the sizes of the pictures that have none yet, from their headers."""
        rows = self._queue.unmeasured()
        if not rows or self._measuring is not None:
            return

        def work(report: Report[Any], token: Token) -> bool:  # Any: what convert.looking tells
            from p2p_desktop.convert.looking import measure

            measure((row.path for row in rows), report=report, token=token)
            return True

        self._measuring = self._errands.run(
            work,
            "measuring",
            self._on_measured,
            self._on_measuring_arrived,
            most_waiting=_MOST_BATCHES,
            priority=QThread.Priority.LowPriority,
        )

    def _walk_next(self) -> None:
        if self._listing is not None or not self._waiting:
            return
        drop = self._walked = self._waiting.pop(0)

        def work(report: Report[Any], token: Token) -> "Listing":  # Any: batches of convert.plan
            from p2p_desktop.convert.earlier_results import EarlierResults
            from p2p_desktop.convert.plan import list_pictures

            tell = report if drop.only is None else partial(_tell_wanted, drop.only, report)
            with EarlierResults(self._journal()) as results:
                return list_pictures(drop.sources, recurse=drop.recurse, out=drop.out, results=results, report=tell, token=token)

        self._listing = self._errands.run(work, "listing", self._on_listed, self._on_listing_arrived, most_waiting=_MOST_BATCHES)
        self.progressed.emit()

    def _on_listing_arrived(self) -> None:
        if self._listing is not None and self._walked is not None and not self._listing.token.cancelled:
            self._walked.found += self._queue.take_listing(self._listing.take())
            self.progressed.emit()

    def _on_listed(self, listing: "Listing | None") -> None:
        if self._listing is None or self._walked is None:
            return
        self._on_listing_arrived()
        was_cancelled, drop = self._listing.token.cancelled, self._walked
        self._listing = self._walked = None
        if not was_cancelled:
            self._tell(drop, listing)
        if self._waiting:
            self._walk_next()
            return
        self.measure()
        self.listed.emit()
        self.progressed.emit()

    def _tell(self, drop: Drop, listing: "Listing | None") -> None:
        if listing is None:
            self.refused.emit(self.tr("What was dropped could not be looked through. The log says why."))
            return
        self.ignored += listing.ignored
        self.earlier_results += listing.earlier_results
        for kind, number in listing.raw.items():
            self.raw[kind] = self.raw.get(kind, 0) + number
        if drop.found or drop.only is not None:
            return
        if listing.raw:
            from p2p_desktop.convert.plan import raw_sentence

            self.refused.emit(raw_sentence(listing.raw))
        elif listing.earlier_results:
            from p2p_desktop.convert.plan import results_sentence

            sentence = results_sentence(listing.earlier_results)
            self.refused.emit(sentence + " " + self.tr("Drop pictures themselves to convert them once more."))
        else:
            self.refused.emit(self.tr("There is no picture in what was dropped."))

    def _on_measuring_arrived(self) -> None:
        if self._measuring is not None and not self._measuring.token.cancelled:
            self._queue.take_listing(self._measuring.take())

    def _on_measured(self, is_done: bool | None) -> None:
        self._on_measuring_arrived()
        has_failed = not is_done and self._measuring is not None and not self._measuring.token.cancelled
        self._measuring = None
        if not has_failed:  # by itself it would only fail again
            self.measure()  # what came meanwhile
        self.progressed.emit()


def _tell_wanted(only: frozenset[Path], report: Report[Any], batch: Sequence[Any]) -> None:  # Any: batches of convert.plan
    """Pass on what is wanted of a batch, and what could not be looked at."""
    from p2p_desktop.convert.plan import FoundPicture

    wanted = tuple(one for one in batch if not isinstance(one, FoundPicture) or one.folder / one.name in only)
    if wanted:
        report(wanted)
