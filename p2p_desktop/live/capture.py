"""The first stage of Live: opens a camera and leaves its newest frame for the next stage. Runs in a thread of its own."""

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from p2p_desktop.live.camera import Camera, CameraError
from p2p_desktop.live.frames import Frame
from p2p_desktop.live.mailbox import Mailbox
from p2p_desktop.live.meter import Meter
from training.contract.progress import Report, Token

log = logging.getLogger(__name__)

READ_S = 0.1  # at most so long until a wish to stop is seen
SILENT_S = 3.0  # without a frame, after which the person is told
WAITS_S = (0.5, 1.0, 2.0, 4.0)  # before a camera that may return is tried again; the last one for ever


@dataclass(frozen=True, slots=True)
class CameraOpened:
    camera: int
    rate: float
    """Frames a second as promised; 0 where nothing was."""


@dataclass(frozen=True, slots=True)
class SizeKnown:
    """The first frame came, or the first after a silence, or the size has changed."""

    camera: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CameraSilent:
    """It is open, and has sent nothing for a while. Told once for each silence."""

    camera: int
    seconds: float


@dataclass(frozen=True, slots=True)
class CameraLost:
    """It gives no more, and is tried again by itself until it does."""

    camera: int
    sentence: str


CaptureEvent = CameraOpened | SizeKnown | CameraSilent | CameraLost


class Capture:
    """Leaves each frame of a camera in a mailbox, under the number of its opening."""

    def __init__(
        self, opened: Callable[[], Camera], frames: Mailbox[Frame], meter: Meter, *, number: int = 1, retries: bool = True
    ) -> None:
        """`opened` opens the camera. `retries`: whether one that may return is opened again and again."""
        self._opened, self._frames, self._meter = opened, frames, meter
        self._number, self._retries = number, retries
        self._failures = 0  # since the last frame

    def run(self, report: Report[CaptureEvent], token: Token) -> None:
        """Until the camera is lost for good, or the token is cancelled; the camera is closed then.

        Raises VideoEnded after the last frame of a file; CameraError where nothing is tried again; Cancelled.
        """
        while True:
            token.check()
            try:
                self._read_all(report, token)
            except CameraError as error:
                if not (error.may_return and self._retries):
                    raise
                log.info("The camera is lost: %s", error)
                report(CameraLost(self._number, str(error)))
                wait(WAITS_S[min(self._failures, len(WAITS_S) - 1)], token)
                self._failures += 1

    def _read_all(self, report: Report[CaptureEvent], token: Token) -> None:
        with contextlib.closing(self._opened()) as camera:
            report(CameraOpened(self._number, camera.rate))
            size, last, is_silent = None, time.monotonic(), False
            while True:
                token.check()
                frame = camera.read(READ_S)
                now = time.monotonic()
                if frame is None:
                    if now - last > SILENT_S and not is_silent:
                        report(CameraSilent(self._number, now - last))
                        is_silent = True
                    continue
                self._meter.came(now)
                self._frames.put(replace(frame, camera=self._number))
                if frame.rgb.shape[:2] != size or is_silent:
                    size = frame.rgb.shape[:2]
                    report(SizeKnown(self._number, size[1], size[0]))
                self._failures, last, is_silent = 0, now, False


def wait(seconds: float, token: Token) -> None:
    """Do nothing, but hear when to stop. Raises Cancelled."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        token.check()
        time.sleep(min(left, READ_S))
