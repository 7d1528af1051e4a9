"""Reading cameras in tests: until something happens, with a deadline."""

import time
from collections.abc import Callable

from p2p_desktop.live.camera import Camera
from p2p_desktop.live.frames import Frame

PATIENCE_S = 20.0  # on two slow cores


def next_frame(camera: Camera) -> Frame:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        frame = camera.read(0.2)
        if frame is not None:
            return frame
    raise AssertionError("no frame came")


def frames_for(camera: Camera, seconds: float) -> list[Frame]:
    frames = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        frame = camera.read(0.05)
        if frame is not None:
            frames.append(frame)
    return frames


def read_until(camera: Camera, is_enough: Callable[[Frame], bool]) -> Frame:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        frame = next_frame(camera)
        if is_enough(frame):
            return frame
    raise AssertionError("the frame that was waited for did not come")


def read_on(camera: Camera) -> None:
    """Until it raises what it raises."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        camera.read(0.2)
    raise AssertionError("it went on and on")
