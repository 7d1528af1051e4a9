"""How long work is watched and interrupted: a `Token` that the work polls, and a `Report` that it calls.

Neither knows of Qt, threads or terminals, so the same function runs under the window, the command line and a test.
"""

import threading
from typing import Protocol, TypeVar

Event_contra = TypeVar("Event_contra", contravariant=True)


class Cancelled(Exception):
    """Raised by work that was told to stop. It is no error: everything finished so far is kept."""


class Report(Protocol[Event_contra]):
    """Receives facts about the work, in the thread that does it; must return quickly and not raise."""

    def __call__(self, event: Event_contra, /) -> None: ...


class Token:
    """A flag to cancel or pause work, set from any thread and polled by the work.

    A cancelled token stays cancelled. Cancelling wakes paused work.
    """

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._running = threading.Event()
        self._running.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    @property
    def paused(self) -> bool:
        return not self._running.is_set()

    def cancel(self) -> None:
        self._cancelled.set()
        self._running.set()

    def pause(self) -> None:
        if not self.cancelled:
            self._running.clear()

    def resume(self) -> None:
        self._running.set()

    def check(self) -> None:
        """Wait while paused; raise `Cancelled` if the work is to stop."""
        self._running.wait()
        if self.cancelled:
            raise Cancelled
