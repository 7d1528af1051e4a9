"""True time in a video file whose frames all last equally long."""

import math


class FileClock:
    """Which frames of a file with a constant rate are over. Frame n stands for the time around `begun + n / fps`."""

    def __init__(self, begun: float, fps: float) -> None:
        self._begun = begun
        self._fps = fps

    def num_over(self, at: float) -> int:
        """How many frames of the file are settled at `at`, in seconds of the clock of `begun`.

        Borders lie half a frame away from the times at which a camera of the same rate sends: its jitter repeats none.
        """
        return max(0, math.ceil((at - self._begun) * self._fps - 0.5))
