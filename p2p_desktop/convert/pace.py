"""How fast a conversion goes, and how long it will still take: measured, without the time that it was paused."""

import time
from collections import deque
from collections.abc import Callable
from itertools import pairwise

_WINDOW = 100  # pictures that the pace is measured over: old ones say little about now
_PATIENCE = 2.0  # times the longest wait for the end of a picture: beyond that, it is slower than what came before
_ENOUGH_S = 2.0  # of work, before anything is said; the first pictures come in a bunch


class Pace:
    """Told of every picture that was converted; tells pictures and megapixels a second, and the time left."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._began = now()
        self._paused_s = 0.0
        self._paused_since: float | None = None
        self._ends: deque[tuple[float, float]] = deque(maxlen=_WINDOW)  # seconds worked until then, megapixels

    @property
    def worked_s(self) -> float:
        """Seconds since the beginning, pauses left out."""
        now = self._now() if self._paused_since is None else self._paused_since
        return now - self._began - self._paused_s

    def pause(self) -> None:
        if self._paused_since is None:
            self._paused_since = self._now()

    def resume(self) -> None:
        if self._paused_since is not None:
            self._paused_s += self._now() - self._paused_since
            self._paused_since = None

    def converted(self, megapixels: float) -> None:
        self._ends.append((self.worked_s, megapixels))

    def rates(self) -> tuple[float, float] | None:
        """Return (pictures, megapixels) a second; None while it is too early to tell."""
        if not self._ends or self.worked_s < _ENOUGH_S:
            return None
        # A full window begins with the end of a picture that is not in it any more; until then, with the beginning.
        if len(self._ends) == _WINDOW:
            (since, _), *counted = self._ends
        else:
            since, counted = 0.0, list(self._ends)
        # What is under way counts when it ends: a large picture would pull the pace down, and let it jump. Only one that takes
        # longer than any before does pull, as it should.
        last = self._ends[-1][0]
        overdue_s = max(0.0, self.worked_s - last - _PATIENCE * self._longest_wait(since))
        seconds = max(last - since + overdue_s, 1e-3)
        return len(counted) / seconds, sum(megapixels for _, megapixels in counted) / seconds

    def seconds_left(self, megapixels: float, at_work: float = 0.0) -> float | None:
        """Return how long this much more takes at the present pace; None while it is too early to tell.

        `at_work`: what of it, in megapixels, is being worked on. As much of that as there was time for since the last end is done.
        """
        rates = self.rates()
        if rates is None or rates[1] <= 0:
            return None
        since_last_s = self.worked_s - self._ends[-1][0]
        return megapixels / rates[1] - min(since_last_s, at_work / rates[1])

    def _longest_wait(self, since: float) -> float:
        """The most seconds between two ends."""
        ends = [since, *(seconds for seconds, _ in self._ends)]
        return max(later - earlier for earlier, later in pairwise(ends))
