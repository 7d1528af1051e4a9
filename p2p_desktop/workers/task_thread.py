"""A plain function in a thread of its own, watched and cancelled from the window."""

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from PySide6.QtCore import QDeadlineTimer, QObject, QThread, Signal
from shiboken6 import isValid

from training.contract.errors import P2PError
from training.contract.progress import Cancelled, Report, Token

log = logging.getLogger(__name__)

_WAIT_S = 0.002

Work = Callable[[Report[Any], Token], Any]  # Any: each work has events and a result of its own


class TaskThread(QThread):
    """Runs `work(report, token)` once. Exactly one of `succeeded`, `failed` and `cancelled` tells how it ended, then `finished`.

    What the work reports waits in order until `take` is called; `arrived` says that something waits, once for however much
    it is, so that a thousand reports a second cannot flood the event loop. Where too much waits, the work does too. The last
    reports arrive before the end is told.
    """

    # Declared here, and not on an object moved to the thread: bound methods of receivers then run in the receivers' thread.
    arrived = Signal()
    succeeded = Signal(object)  # what the work returned
    failed = Signal(Exception)
    cancelled = Signal()

    def __init__(self, work: Work, name: str, parent: QObject | None = None, *, most_waiting: int = 256) -> None:
        """`name` is what debuggers and logs call the thread. `most_waiting`: reports, beyond which the work waits for `take`."""
        super().__init__(parent)
        self.setObjectName(name)
        self.token = Token()
        self._work: Work | None = work
        self._events: deque[Any] = deque()  # appended in one thread, taken in another; its ends are safe to use so
        self._told = False
        self._most_waiting = most_waiting
        _all.add(self)

    def take(self) -> list[Any]:
        """Return what was reported since the last call, oldest first."""
        self._told = False  # before emptying: what comes now is told again, at worst for nothing
        events = []
        while self._events:
            events.append(self._events.popleft())
        return events

    def cancel(self) -> None:
        """Ask the work to stop. It does so when it next looks at its token."""
        self.token.cancel()

    def run(self) -> None:
        """Called by Qt in the new thread."""
        work, self._work = self._work, None  # works know our owner, which knows us: a circle that Python may end in any thread
        if work is None:
            raise RuntimeError(f"{self.objectName()} runs once")
        try:
            result = work(self._report, self.token)
        except Cancelled:
            self.cancelled.emit()
        except P2PError as error:  # expected: a sentence for the person
            log.info("%s: %s", self.objectName(), error)
            self.failed.emit(error)
        except Exception as error:  # the boundary of the thread: nothing may get lost
            log.exception("%s failed", self.objectName())
            self.failed.emit(error)
        else:
            self.succeeded.emit(result)

    def _report(self, event: Any) -> None:
        self._events.append(event)
        if not self._told:
            self._told = True
            self.arrived.emit()
        while len(self._events) >= self._most_waiting and not self.token.cancelled:
            time.sleep(_WAIT_S)


_all: "WeakSet[TaskThread]" = WeakSet()


def have_all_ended(until: QDeadlineTimer) -> bool:
    """Wait for every thread there is: only for a program that ends. False if one still runs `until` then.

    Qt ends a program with a crash that takes down such a thread's object; one that waits for a disk cannot be ended.
    """
    return all(thread.wait(until) for thread in list(_all) if isValid(thread))
