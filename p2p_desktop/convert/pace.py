"""How fast a conversion goes, and how long it will still take: measured, without the time that it was paused."""

import time
from collections import deque
from collections.abc import Callable

_WINDOW = 100  # pictures that the pace is measured over: old ones say little about now
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
        # A picture that is long under way pulls the pace down, as it should.
        seconds = max(self.worked_s - since, 1e-3)
        return len(counted) / seconds, sum(megapixels for _, megapixels in counted) / seconds

    def seconds_left(self, megapixels: float) -> float | None:
        """Return how long this much more takes at the present pace; None while it is too early to tell."""
        rates = self.rates()
        return megapixels / rates[1] if rates and rates[1] > 0 else None
