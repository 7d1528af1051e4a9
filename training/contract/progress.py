"""How long work is watched and interrupted: a `Token` that the work polls, and a `Report` that it calls.

Neither knows of Qt, threads or terminals, so the same function runs under the window, the command line and a test.
"""

import time
from typing import Protocol, TypeVar

Event_contra = TypeVar("Event_contra", contravariant=True)

PAUSE_POLL_SECONDS = 0.05


class Cancelled(Exception):
    """Raised by work that was told to stop. It is no error: everything finished so far is kept."""


class Report(Protocol[Event_contra]):
    """Receives facts about the work, in the thread that does it; must return quickly and not raise."""

    def __call__(self, event: Event_contra, /) -> None: ...


class Token:
    """A flag to cancel or pause work, set from any thread and polled by the work.

    A cancelled token stays cancelled. Cancelling wakes paused work.
    """

    # Plain flags, no threading.Event: that takes a lock, and a signal handler that cancels while its own thread holds the lock
    # would wait for itself.
    def __init__(self) -> None:
        self._cancelled = False
        self._paused = False

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    @property
    def paused(self) -> bool:
        return self._paused and not self._cancelled

    def cancel(self) -> None:
        """May be called in a signal handler."""
        self._cancelled = True

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    def check(self) -> None:
        """Wait while paused; raise `Cancelled` if the work is to stop."""
        while self.paused:
            time.sleep(PAUSE_POLL_SECONDS)
        if self._cancelled:
            raise Cancelled
