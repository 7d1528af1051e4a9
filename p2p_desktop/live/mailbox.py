"""A place for one thing between two threads: the newest wins, so nothing ever queues up."""

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Thread-safe. Whoever puts never waits."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: T | None = None
        self._num_replaced = 0

    @property
    def num_replaced(self) -> int:
        """How many were put and never taken, as newer ones came."""
        return self._num_replaced

    @property
    def is_empty(self) -> bool:
        return self._item is None

    def put(self, item: T) -> bool:
        """Leave this one here, in place of an older one. True if there was none: whoever takes must be told then, and only then."""
        with self._changed:
            was_empty = self._item is None
            self._num_replaced += not was_empty
            self._item = item
            self._changed.notify()
        return was_empty

    def take(self, timeout_s: float = 0.0) -> T | None:
        """The newest, as soon as there is one; None if there is none until then."""
        with self._changed:
            if self._item is None and timeout_s > 0:
                self._changed.wait(timeout_s)
            item, self._item = self._item, None
        return item

    def clear(self) -> None:
        """Throw away what lies here: it counts as replaced."""
        with self._changed:
            self._num_replaced += self._item is not None
            self._item = None

    def wake(self) -> None:
        """Let whoever waits look at other things."""
        with self._changed:
            self._changed.notify_all()
