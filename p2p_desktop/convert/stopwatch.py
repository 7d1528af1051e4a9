"""How long one picture was worked on: neither the queues between its stages nor a pause count."""

import time
from collections.abc import Callable
from types import TracebackType

from training.contract.progress import Token


class Stopwatch:
    """Runs while it is entered, by one thread at a time, and stands while a token that it minds waits."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._passed_s = 0.0
        self._since: float | None = None  # None while it stands

    @property
    def seconds(self) -> float:
        return self._passed_s + (0.0 if self._since is None else self._now() - self._since)

    def __enter__(self) -> None:
        self._since = self._now()

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._passed_s, self._since = self.seconds, None

    def minding(self, token: Token) -> Token:
        """Return a token that is told what `token` is; while its `check` waits, this watch stands."""
        return _MindedToken(self, token)


class _MindedToken(Token):
    def __init__(self, watch: Stopwatch, callers: Token) -> None:
        super().__init__()
        self._watch, self._callers = watch, callers

    @property
    def cancelled(self) -> bool:
        return self._callers.cancelled

    @property
    def paused(self) -> bool:
        return self._callers.paused

    def cancel(self) -> None:
        self._callers.cancel()

    def check(self) -> None:
        if not self.paused:
            self._callers.check()
            return
        self._watch.__exit__(None, None, None)
        try:
            self._callers.check()
        finally:
            self._watch.__enter__()
