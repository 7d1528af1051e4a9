"""A stand-in for pyvirtualcam and a driver below it."""

import importlib.machinery
import threading
from types import ModuleType

import numpy as np

from p2p_desktop.live.virtual_camera import LIBRARY
from tests.live.waiting import SOON_S


class Driver:
    """What the library does with a driver, as far as it is used: one camera of one size that takes RGB."""

    def __init__(self) -> None:
        self.opened: list[tuple[int, int, float]] = []
        self.sent: list[np.ndarray] = []
        self.num_closed = 0
        self.error: Exception | None = None
        self.ready = threading.Event()
        self.ready.set()

    def module(self) -> ModuleType:
        driver = self

        class Camera:
            device = "/dev/video7"

            def __init__(self, width: int, height: int, fps: float, *, fmt: str) -> None:
                if driver.error is not None:
                    raise driver.error
                assert fmt == "RGB"
                self._shape = height, width, 3
                driver.opened.append((width, height, fps))

            def send(self, frame: np.ndarray) -> None:
                assert driver.ready.wait(SOON_S)
                if driver.error is not None:
                    raise driver.error
                if frame.shape != self._shape or frame.dtype != np.uint8 or not frame.flags.c_contiguous:
                    raise ValueError("unexpected frame")
                driver.sent.append(frame.copy())

            def close(self) -> None:
                driver.num_closed += 1

        module = ModuleType(LIBRARY)
        module.__spec__ = importlib.machinery.ModuleSpec(LIBRARY, None)
        module.Camera = Camera
        module.PixelFormat = type("PixelFormat", (), {"RGB": "RGB"})
        return module
