"""The computer stays awake while something is done that would otherwise stop with it."""

import time
from contextlib import AbstractContextManager
from typing import Any, cast

from PySide6.QtCore import QDeadlineTimer, QObject

from p2p_desktop.workers.errands import Errand, Errands
from training.contract.progress import Report, Token

_NAP_S = 0.1  # until it is noticed that the computer may sleep again


def kept_awake() -> AbstractContextManager[object]:
    """Keep the computer from sleeping. Where it cannot be told to, it may sleep: that is no reason to stop."""
    from wakepy import keep  # speaks with the system; only while something is done

    return cast("AbstractContextManager[object]", keep.running(on_fail="pass"))


class Wakefulness(QObject):
    """Keeps the computer awake while it is wanted, for work that is done elsewhere. The screen may go dark."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._errands = Errands(self)
        self._errand: Errand | None = None

    @property
    def is_wanted(self) -> bool:
        return self._errand is not None

    def want(self, awake: bool) -> None:
        """Keep the computer awake from now on, or let it sleep again."""
        if awake and self._errand is None:
            self._errand = self._errands.run(_stay_awake, "keeping awake", self._on_over)
        elif not awake and self._errand is not None:
            self._errand.cancel()
            self._errand = None

    def close(self, until: QDeadlineTimer) -> None:
        """Let it sleep: only for a program that ends."""
        self._errand = None
        self._errands.close(until)

    def _on_over(self, _: None) -> None:
        """Nothing follows from it; what went wrong is in the log."""


def _stay_awake(_: Report[Any], token: Token) -> None:  # Any: nothing is reported
    """Called in the worker thread: some systems keep awake for a thread, and while it lives."""
    with kept_awake():
        while not token.cancelled:
            time.sleep(_NAP_S)
