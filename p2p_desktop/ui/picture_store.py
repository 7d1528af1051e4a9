"""Pictures that are read in the background for what is being painted and nothing else, and kept while there is room."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QDeadlineTimer, QObject, Signal

from p2p_desktop.workers.task_thread import TaskThread
from training.contract.progress import Report, Token

Wish = TypeVar("Wish", bound=Hashable)
Made = TypeVar("Made")

_MOST_FAILED = 5000  # wishes that are known to be in vain


class PictureStore(QObject, Generic[Wish, Made]):
    """The newest wish is read first: what was scrolled past is not worth it. One thread, only while something is wished for."""

    arrived = Signal(object)  # a wish: it is there now, or known not to be, or must be asked for again

    def __init__(
        self,
        name: str,
        read: Callable[[Wish, float], Any],  # Any: what `make` takes
        make: Callable[[Any, float], Made],
        *,
        most_asked: int,
        most_kept: int,
        parent: QObject | None = None,
    ) -> None:
        """`read` gives what a wish is about, or None where that cannot be had; called in the thread `name`.

        It gets the wish and the device pixel ratio. `make` turns what it gives into what is painted, in this thread. Of what was
        made, the least recently seen goes first.
        """
        super().__init__(parent)
        self._name, self._read, self._make = name, read, make
        self._most_asked, self._most_kept = most_asked, most_kept
        self._made: OrderedDict[Wish, Made] = OrderedDict()
        self._failed: OrderedDict[Wish, None] = OrderedDict()
        self._asked: OrderedDict[Wish, float] = OrderedDict()  # with the device pixel ratio; the last is the newest
        self._pending: set[Wish] = set()  # asked for, and not arrived
        self._stale: set[Wish] = set()  # of these, whose file has changed since
        self._thread: TaskThread | None = None
        self._is_held = self._is_closed = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being read."""
        return self._thread is None

    def hold(self) -> None:
        """Read nothing until `get_ready`."""
        self._is_held = True

    def get_ready(self) -> None:
        """Begin to read what was asked for meanwhile."""
        self._is_held = False
        self._work_on()

    def get(self, wish: Wish, device_pixel_ratio: float) -> Made | None:
        """What is wished for, or None: it is being read, and `arrived` tells when it is there; or it cannot be had."""
        made = self._made.get(wish)
        if made is not None:
            self._made.move_to_end(wish)
            return made
        if wish not in self._failed and not self._is_closed:
            self._ask(wish, device_pixel_ratio)
        return None

    def has_failed(self, wish: Wish) -> bool:
        """Whether this is known to be in vain."""
        return wish in self._failed

    def forget(self, wish: Wish) -> None:
        """Its file may have changed."""
        self._made.pop(wish, None)
        self._failed.pop(wish, None)
        if wish in self._pending:
            self._stale.add(wish)

    def forget_where(self, which: Callable[[Wish], bool]) -> None:
        """The files of all these may have changed."""
        for wish in [one for one in (*self._made, *self._failed, *self._pending) if which(one)]:
            self.forget(wish)

    def forget_all(self) -> None:
        """Any file may have changed. What is still wanted is asked for again when it is painted."""
        self._asked.clear()
        self._made.clear()
        self._failed.clear()
        self._stale |= self._pending

    def close(self, until: QDeadlineTimer) -> None:
        """End. Blocks until the picture that is being read is read, or `until` then."""
        self._is_closed = True
        self._asked.clear()
        if self._thread is not None:
            self._thread.cancel()
            self._thread.wait(until)

    def _ask(self, wish: Wish, ratio: float) -> None:
        self._asked[wish] = ratio
        self._asked.move_to_end(wish)
        self._pending.add(wish)
        if len(self._asked) > self._most_asked:
            given_up, _ = self._asked.popitem(last=False)
            self._pending.discard(given_up)
            self._stale.discard(given_up)
        self._work_on()

    def _work_on(self) -> None:
        if self._thread is not None or not self._asked or self._is_held or self._is_closed:
            return
        asked, read = self._asked, self._read

        def work(report: Report[Any], token: Token) -> None:  # Any: a wish, what was read for it, and the ratio
            while True:
                token.check()
                try:
                    wish, ratio = asked.popitem()  # the newest
                except KeyError:
                    return
                report((wish, read(wish, ratio), ratio))

        self._thread = TaskThread(work, self._name, self)
        self._thread.arrived.connect(self._on_arrived)
        self._thread.finished.connect(self._on_finished)
        self._thread.start(TaskThread.Priority.LowPriority)

    def _on_arrived(self) -> None:
        if self._thread is None:
            return
        for wish, found, ratio in self._thread.take():
            if wish not in self._stale:
                self._keep(wish, found, ratio)
            self._stale.discard(wish)
            self._pending.discard(wish)
            self.arrived.emit(wish)  # also of a file as it was: whoever paints it asks again

    def _keep(self, wish: Wish, found: Any, ratio: float) -> None:  # Any: what was read
        if found is None:
            self._failed[wish] = None
            if len(self._failed) > _MOST_FAILED:
                self._failed.popitem(last=False)
            return
        self._made[wish] = self._make(found, ratio)
        if len(self._made) > self._most_kept:
            self._made.popitem(last=False)

    def _on_finished(self) -> None:
        self._on_arrived()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.deleteLater()
        self._work_on()
