"""OpenCV's way to devices, files and streams: kept quiet, and behind a protocol, since few computers that test have a camera."""

import os
from collections.abc import Callable
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from p2p_desktop.live.frames import Rgb
from p2p_desktop.live.quiet_opencv import keep_quiet

MOST_FPS = 240.0  # what promises more is no rate but an unset field
USUAL_FPS = 25.0

keep_quiet()
# Read when a backend is first used, hence set on import. Without the first, cameras take half a minute to open on Windows; the
# second, as OpenCV asks for permission in the main thread only, and macOS asks anyway.
os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
os.environ.setdefault("OPENCV_AVFOUNDATION_SKIP_AUTH", "1")


class Capture(Protocol):
    """What is used of `cv2.VideoCapture`. One thread at a time."""

    def isOpened(self) -> bool: ...  # noqa: N802

    def get(self, prop: int, /) -> float: ...

    def set(self, prop: int, value: float, /) -> bool: ...

    def grab(self) -> bool: ...

    def retrieve(self) -> tuple[bool, NDArray[np.uint8] | NDArray[np.uint16] | None]: ...

    def release(self) -> None: ...


OpenCapture = Callable[[str | int, int, list[int]], Capture]
"""Opens an index, path or address with one of OpenCV's backends and its settings, as `cv2.VideoCapture` does."""


def open_capture(what: str | int, backend: int, settings: list[int]) -> Capture:
    capture: Capture = cv2.VideoCapture(what, backend, settings)
    return capture


def retrieved(capture: Capture) -> Rgb | None:
    """The frame that was grabbed last: uint8 [H, W, 3] RGB of its own; None where it cannot be decoded."""
    try:
        ok, picture = capture.retrieve()
    except cv2.error:
        return None
    if not ok or picture is None or not picture.size:
        return None
    if picture.dtype == np.uint16:  # infrared and depth cameras
        picture = (picture >> 8).astype(np.uint8)
    is_grey = picture.ndim == 2 or picture.shape[2] == 1
    rgb: Rgb = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB if is_grey else cv2.COLOR_BGR2RGB)
    return rgb


def promised_rate(capture: Capture) -> float:
    """Frames a second; 0 where nothing sensible was promised."""
    rate = capture.get(cv2.CAP_PROP_FPS)
    return rate if 0 < rate <= MOST_FPS else 0.0
