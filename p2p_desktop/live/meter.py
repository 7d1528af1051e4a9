"""Measured, not promised: frames a second in and out, what was dropped, and how old a frame is when it is seen."""

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np

from p2p_desktop.live.frames import Shown

RATE_WINDOW_S = 2.0  # long enough to be calm, short enough to show a change at once
MOST_DELAYS = 1_000  # frames that percentiles are taken over: some 30 seconds of a camera
_STALLED = 3.0  # intervals without a frame, after which the rate falls
_LOST_OF_GRIP = 1e-9


class Rate:
    """Events a second over the last moments."""

    def __init__(self, window_s: float = RATE_WINDOW_S) -> None:
        self._window_s = window_s
        self._stamps: deque[float] = deque()

    def note(self, at: float) -> None:
        """`at`: seconds of a clock that never goes back."""
        self._stamps.append(at)
        while self._stamps[0] < at - self._window_s:
            self._stamps.popleft()

    def value(self, now: float) -> float:
        """0 where fewer than two came within the window."""
        stamps = [stamp for stamp in self._stamps if stamp >= now - self._window_s]
        if len(stamps) < 2:
            return 0.0
        interval = (stamps[-1] - stamps[0]) / (len(stamps) - 1)
        since = now - stamps[-1]
        if since > _STALLED * interval:
            return (len(stamps) - 1) / (now - stamps[0])
        return 1 / max(interval, _LOST_OF_GRIP)


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds are medians over the last frames unless their name says otherwise; 0 before the first."""

    fps_in: float
    fps_out: float
    frames_in: int
    frames_out: int
    dropped: int
    """Frames that came in and were not shown, as newer ones were there."""
    latency_ms_p50: float
    latency_ms_p95: float
    camera_ms: float
    """From the camera's giving it to its being taken up: decoding, and waiting for the model."""
    model_ms: float
    screen_ms: float


class Meter:
    """Thread-safe. All times are seconds of `time.monotonic()`."""

    def __init__(self, most_delays: int = MOST_DELAYS) -> None:
        """`most_delays`: of how many frames, the last ones, delays are remembered."""
        self._most_delays = most_delays
        self._is_held = False
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Begin to count anew: another camera, another model."""
        with self._lock:
            self._in, self._out = Rate(), Rate()
            self._num_in = self._num_out = 0
            self._first_out: float | None = None
            self._last_out = 0.0
            self._parts: deque[tuple[float, float, float]] = deque(maxlen=self._most_delays)

    def hold(self, on: bool) -> None:
        """Count nothing while nobody wants to see what comes, or count again."""
        self._is_held = on

    def came(self, at: float) -> None:
        """A frame came from the camera."""
        if self._is_held:
            return
        with self._lock:
            self._num_in += 1
            self._in.note(at)

    def was_shown(self, shown: Shown, at: float) -> None:
        """A result is on the screen, or wherever it was to go. A frozen frame that was made again is not counted."""
        if shown.is_held:
            return
        with self._lock:
            self._num_out += 1
            self._out.note(at)
            self._first_out = at if self._first_out is None else self._first_out
            self._last_out = at
            self._parts.append((shown.begun - shown.frame.captured, shown.model_seconds, at - shown.done))

    @property
    def overall_fps(self) -> float:
        """Frames out a second, from the first of them to the last; 0 for fewer than two."""
        with self._lock:
            if self._first_out is None or self._num_out < 2:
                return 0.0
            return (self._num_out - 1) / max(self._last_out - self._first_out, _LOST_OF_GRIP)

    def rate_in(self, now: float) -> float:
        """Frames a second from the camera over the last moments; 0 where too few came."""
        with self._lock:
            return self._in.value(now)

    def figures(self, now: float) -> Figures:
        with self._lock:
            parts = 1000 * np.array(self._parts, np.float64).reshape(-1, 3)
            rates = self._in.value(now), self._out.value(now)
            num_in, num_out = self._num_in, self._num_out
        if not len(parts):
            return Figures(*rates, num_in, num_out, num_in - num_out, 0.0, 0.0, 0.0, 0.0, 0.0)
        median, worst = np.percentile(parts.sum(1), (50, 95))
        camera, model, screen = np.median(parts, 0)
        dropped = max(0, num_in - num_out)
        return Figures(*rates, num_in, num_out, dropped, float(median), float(worst), float(camera), float(model), float(screen))
