"""The folder of a new run, made in a thread: its disk may be slow. What nobody wants any more is removed again."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDeadlineTimer, QObject, Signal

from p2p_desktop.runs.new_run import create_named_run
from p2p_desktop.runs.run_draft import RunDraft
from p2p_desktop.workers.task_thread import TaskThread, Work
from training.contract.progress import Report, Token
from training.contract.protocol import CONFIG

log = logging.getLogger(__name__)


class RunMaker(QObject):
    """One folder at a time."""

    made = Signal(Path)
    failed = Signal(Exception)
    ended = Signal()  # nothing is being made or removed any more

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: TaskThread | None = None

    @property
    def is_busy(self) -> bool:
        return self._thread is not None

    def make(self, draft: RunDraft, runs: Path) -> None:
        """Make a folder below `runs`, unless one is being made."""
        if self._thread is not None:
            return

        def work(_: Report[Any], __: Token) -> Path:  # Any: nothing is reported
            task = draft.task_spec
            name = draft.name.strip() or (task.title if task is not None else "")
            return create_named_run(draft.config(), runs, name)

        self._begin(work, "making a run", self._on_made)

    def discard(self, run: Path) -> None:
        """Remove a folder that was made, and nothing that anybody else put into it."""
        self._begin(lambda _, __: _remove(run), "removing a run that was not begun", self._on_removed)

    def give_up(self) -> None:
        """Do not tell of what is being made, and remove it once it is there."""
        if self._thread is not None:
            self._thread.cancel()

    def close(self, until: QDeadlineTimer) -> None:
        """Wait for the disk, `until` then: only for a program that ends."""
        if self._thread is not None:
            self._thread.wait(until)

    def _begin(self, work: Work, name: str, on_success: Callable[[Any], None]) -> None:  # Any: each work has a result of its own
        self._thread = TaskThread(work, name, self)
        self._thread.succeeded.connect(on_success)
        self._thread.failed.connect(self._on_failed)
        self._thread.start()

    def _on_made(self, run: Path) -> None:
        if self._end():
            self.discard(run)
        else:
            self.made.emit(run)
            self.ended.emit()

    def _on_removed(self, _: object) -> None:
        self._end()
        self.ended.emit()

    def _on_failed(self, error: Exception) -> None:
        if not self._end():
            self.failed.emit(error)
        self.ended.emit()

    def _end(self) -> bool:
        """Whether it was given up."""
        thread, self._thread = self._thread, None
        if thread is None:
            return False
        thread.wait()  # it has said its last word, and is only leaving
        thread.deleteLater()
        return thread.token.cancelled


def _remove(run: Path) -> None:
    """Called in the worker thread."""
    try:
        (run / CONFIG).unlink(missing_ok=True)
        run.rmdir()
    except OSError as error:
        log.warning("%s, which is not wanted any more, stays: %s", run, error)
