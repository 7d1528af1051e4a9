"""Small works beside the main one: walks, look-ups. One that fails only leaves its answer out."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QDeadlineTimer, QObject, QThread, Signal

from p2p_desktop.workers.task_thread import TaskThread, Work


class Errand(TaskThread):
    """A work of which only the answer counts; if it has none, the log says why."""

    over = Signal(object)  # what the work returned; None however else it ended
    left = Signal(object)  # the errand itself: its thread has ended, and `over` has been heard

    def __init__(self, work: Work, name: str, parent: QObject | None = None, *, most_waiting: int = 256) -> None:
        super().__init__(work, name, parent, most_waiting=most_waiting)
        self.succeeded.connect(self.over)
        self.failed.connect(self._on_not_succeeded)
        self.cancelled.connect(self._on_not_succeeded)
        self.finished.connect(self._on_finished)

    def _on_not_succeeded(self) -> None:
        self.over.emit(None)

    def _on_finished(self) -> None:
        self.left.emit(self)


class Errands(QObject):
    """Owns the threads of errands until they have ended."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: list[Errand] = []
        self._is_closed = False

    @property
    def are_done(self) -> bool:
        return not self._running

    def run(
        self,
        work: Work,
        name: str,
        on_end: Callable[[Any], None],
        on_arrived: Callable[[], None] | None = None,
        *,
        most_waiting: int = 256,
        priority: QThread.Priority = QThread.Priority.InheritPriority,
    ) -> Errand:  # Any: each work has events and a result of its own
        """Begin. `on_end` gets what the work returned, or None however else it ended; `on_arrived` says that it told something.

        After `close` nothing begins any more.
        """
        errand = Errand(work, name, self, most_waiting=most_waiting)
        if self._is_closed:  # an answer that came last asks for more: nobody would wait for that thread
            return errand
        errand.over.connect(on_end)
        if on_arrived is not None:
            errand.arrived.connect(on_arrived)
        errand.left.connect(self._on_left)
        self._running.append(errand)
        errand.start(priority)
        return errand

    def cancel(self) -> None:
        """Ask all of them to stop."""
        for errand in self._running:
            errand.cancel()

    def close(self, until: QDeadlineTimer) -> None:
        """End them: only for a program that ends. One that waits for a disk is left behind after `until`."""
        self._is_closed = True
        self.cancel()
        for errand in self._running:
            errand.wait(until)

    def _on_left(self, errand: Errand) -> None:
        self._running.remove(errand)
        errand.deleteLater()
