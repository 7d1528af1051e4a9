"""Keeps a rate of frames by changing the working size in steps, without going to and fro."""

from collections import deque
from collections.abc import Sequence
from statistics import median

from p2p_desktop.live.sizes import nearest_step

FRAMES_LOOKED_AT = 8  # one that was held up by something else shall not change anything
SHARE_FOR_MODEL = 0.92  # of the time between two frames; the rest is for handing over
SHARE_TO_GROW = 0.75  # of that time which a larger size must be expected to take at most
PATIENCE_S = 2.0  # between growing and whatever was before it
RETRY_S = 30.0  # before a size that proved too slow is tried again
LEAST_GAIN = 0.12  # of a frame's time, that a smaller size must save: else its pictures are worse for nothing
_RATIO = 1.15  # how much more than its pixels say a larger size may take: caches


class HoldRate:
    """Chooses one of some working sizes by how long frames took. Times in seconds. Used by one thread."""

    def __init__(self) -> None:
        self._steps: tuple[int, ...] = ()
        self._index = 0
        self._seconds: deque[float] = deque(maxlen=FRAMES_LOOKED_AT)
        self._changed_at = 0.0
        self._too_slow: dict[int, float] = {}  # sizes, and when they proved to be
        self._left: tuple[int, float] | None = None  # the larger size that the last step down came from: its index, and its time
        self._stays_until = 0.0  # smaller sizes do not help

    def side(self, steps: Sequence[int], most: int) -> int:
        """The long side to work at: one of `steps` (small to large) up to `most`. Begins at the size nearest to the last one."""
        steps = tuple(step for step in steps if step <= most) or (most,)
        if steps != self._steps:
            side = self._steps[self._index] if self._steps else most
            self._steps, self._index = steps, nearest_step(steps, side)
            self.forget()
        return self._steps[self._index]

    def note(self, seconds: float, fps: float, now: float) -> None:
        """A frame took so long, while `fps` are wanted and the camera sends as many."""
        self._seconds.append(seconds)
        room = SHARE_FOR_MODEL / fps
        typical = median(self._seconds)
        if len(self._seconds) >= FRAMES_LOOKED_AT // 2 and typical > room:
            if self._left is not None and typical > (1 - LEAST_GAIN) * self._left[1]:
                self._stays_until = now + RETRY_S
                self._go_to(self._left[0], now)
                self._left = None
            elif self._index > 0 and now >= self._stays_until:
                self._too_slow[self._steps[self._index]] = now
                self._left = self._index, typical
                self._go_to(self._fitting(typical, room), now)
        elif len(self._seconds) == FRAMES_LOOKED_AT and now - self._changed_at > PATIENCE_S:
            larger = self._index + 1
            if larger < len(self._steps) and self._may_grow_to(larger, typical, room, now):
                self._left = None
                self._go_to(larger, now)

    def forget(self) -> None:
        """Another model, or another computer to run it on: what was measured says nothing any more."""
        self._seconds.clear()
        self._too_slow.clear()
        self._left, self._stays_until = None, 0.0

    def _fitting(self, typical: float, room: float) -> int:
        """The largest smaller step that should be fast enough: time goes with the pixels."""
        now = self._steps[self._index]
        fast_enough = [i for i in range(self._index) if typical * (self._steps[i] / now) ** 2 <= room]
        return fast_enough[-1] if fast_enough else 0

    def _may_grow_to(self, larger: int, typical: float, room: float, now: float) -> bool:
        step, current = self._steps[larger], self._steps[self._index]
        if now - self._too_slow.get(step, -RETRY_S) < RETRY_S:
            return False
        return typical * (step / current) ** 2 * _RATIO <= room * SHARE_TO_GROW / SHARE_FOR_MODEL

    def _go_to(self, index: int, now: float) -> None:
        self._index, self._changed_at = index, now
        self._seconds.clear()
