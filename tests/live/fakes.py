"""Small stand-ins for Live's neighbours: a network that adds a number, a camera that sends what it is given."""

import threading
import time
from collections.abc import Iterable, Iterator

import numpy as np

from p2p_desktop.live.camera import CameraError, VideoEnded
from p2p_desktop.live.frames import Frame
from tests.models_for_tests import small_card
from training.contract.spec import unet

SPEC = unet(3, 3, 3, width=4, norm="none", bias="all", output="residual", dropout="none")
PATIENCE_S = 20.0


class AddingTranslator:
    """Makes every frame brighter by some grey levels. Waits for `gate` before each, and keeps the device busy for `seconds`."""

    device, runtime = "cpu", "none"

    def __init__(self, levels: float, seconds: float = 0.0) -> None:
        self.card = small_card("adding", SPEC)
        self.gate = threading.Event()
        self.gate.set()
        self.is_closed = False
        self.num_frames = 0
        self._levels, self._seconds = levels, seconds

    def frame_values(self, values, statistics_K=None):
        assert not self.is_closed, "a closed model was used"
        assert self.gate.wait(PATIENCE_S)
        if self._seconds:
            time.sleep(self._seconds)
        self.num_frames += 1
        return (values + np.float32(self._levels / 127.5)).astype(np.float32), None

    def close(self):
        self.is_closed = True


class ListedCamera:
    """Sends frames from a list; None stands for a moment without one. Then it raises `ending`, or sends nothing any more."""

    def __init__(self, pictures: Iterable[np.ndarray | None], ending: Exception | None = None, rate: float = 0.0) -> None:
        self._pictures: Iterator[np.ndarray | None] = iter(pictures)
        self._ending, self.rate = ending, rate
        self.num_closed = 0

    def read(self, timeout_s):
        try:
            rgb = next(self._pictures)
        except StopIteration:
            if self._ending is not None:
                raise self._ending from None
            time.sleep(min(timeout_s, 0.01))
            return None
        if rgb is None:
            time.sleep(min(timeout_s, 0.001))
            return None
        return Frame(rgb, time.monotonic())

    def close(self):
        self.num_closed += 1


LOST = CameraError("The stream has ended. It is tried again.", may_return=True)
GONE = CameraError("There is no camera here. Connect one, then try again.")
OVER = VideoEnded()


def grey_frame(level: int, height: int = 40, width: int = 60) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def until(condition, what="it", seconds=PATIENCE_S):
    """Wait for a condition that other threads make true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.002)
