"""One of our own commands as a child, watched from the window: at most one at a time, told about, and ended."""

from typing import Any

from PySide6.QtCore import QDeadlineTimer, QObject, Signal

from p2p_desktop.workers.child_lines import ChildLines
from p2p_desktop.workers.task_thread import TaskThread, Work


class ChildRun(QObject):
    """What runs of every command share. Exactly one of `finished`, `failed` and `cancelled` tells how one ended."""

    finished = Signal(object)  # what the work returned
    failed = Signal(str)  # a sentence
    cancelled = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: TaskThread | None = None
        self._lines = ChildLines()

    @property
    def is_running(self) -> bool:
        return self._thread is not None

    def cancel(self) -> None:
        """End the child; what it had told is forgotten."""
        if self._thread is not None:
            self._thread.cancel()
            self._lines.kill()

    def close(self, until: QDeadlineTimer) -> None:
        """End the child and the thread: only for a program that ends."""
        self.cancel()
        if self._thread is not None:
            self._thread.wait(until)

    def _begin(self, work: Work, name: str, lines: ChildLines) -> None:
        """Run `work`, which reads `lines`, in a thread."""
        self._lines = lines
        self._thread = TaskThread(work, name, self)
        self._thread.arrived.connect(self._on_arrived)
        self._thread.succeeded.connect(self._on_succeeded)
        self._thread.failed.connect(self._on_failed)
        self._thread.cancelled.connect(self._on_cancelled)
        self._thread.start()

    def _tell(self, reported: Any) -> None:  # Any: each work reports its own
        """Pass on what the work reported."""
        raise NotImplementedError

    def _sentence(self, error: Exception) -> str:
        """Say why there is no result."""
        raise NotImplementedError

    def _on_arrived(self) -> None:
        if self._thread is not None:
            for reported in self._thread.take():
                self._tell(reported)

    def _on_succeeded(self, result: object) -> None:
        self._on_arrived()  # what was told last
        self._end()
        self.finished.emit(result)

    def _on_failed(self, error: Exception) -> None:
        self._end()
        self.failed.emit(self._sentence(error))

    def _on_cancelled(self) -> None:
        self._end()
        self.cancelled.emit()

    def _end(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.wait()  # it has said its last word, and is only leaving
            thread.deleteLater()
