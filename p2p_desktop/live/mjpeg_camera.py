"""MJPEG over HTTP as a camera. A thread receives; only the newest picture is decoded."""

import threading
import time
from http.client import HTTPException

import cv2
import numpy as np

from p2p_desktop.live.camera import CameraError
from p2p_desktop.live.frames import Frame, Rgb
from p2p_desktop.live.http_address import SILENCE_S, Answer
from p2p_desktop.live.mailbox import Mailbox
from p2p_desktop.live.mjpeg import BrokenStreamError, PartReader

_MOST_BAD = 10  # parts in a row that are no pictures
_CLOSING_S = 0.5


class MjpegCamera:
    """A `Camera`."""

    def __init__(self, answer: Answer, boundary: str, title: str) -> None:
        self._answer, self._title = answer, title
        self._reader = PartReader(boundary)
        self._newest: Mailbox[tuple[bytes, float]] = Mailbox()
        self._has_stopped = threading.Event()
        self._last = time.monotonic()
        self._num_bad = 0
        self._thread = threading.Thread(target=self._receive, name="stream", daemon=True)
        self._thread.start()

    @property
    def rate(self) -> float:
        return 0.0

    def read(self, timeout_s: float) -> Frame | None:
        deadline = time.monotonic() + timeout_s
        while True:
            received = self._newest.take(max(0.0, deadline - time.monotonic()))
            if received is None:
                self._complain()
                return None
            part, captured = received
            self._last = time.monotonic()
            rgb = _decoded(part)
            if rgb is not None:
                self._num_bad = 0
                return Frame(rgb, captured)
            self._num_bad += 1
            if self._num_bad >= _MOST_BAD:
                raise CameraError(
                    f"{self._title} sends pictures that cannot be read. See whether its address is that of an MJPEG stream.",
                    may_return=True,
                )

    def close(self) -> None:
        self._answer.stop()
        self._thread.join(_CLOSING_S)

    def _complain(self) -> None:
        if self._has_stopped.is_set():
            raise CameraError(f"The video from {self._title} has stopped. See whether it is still there.", may_return=True)
        if time.monotonic() - self._last > SILENCE_S:
            raise CameraError(f"Nothing comes from {self._title} any more. See whether it is still there.", may_return=True)

    def _receive(self) -> None:
        try:
            while data := self._answer.read():
                parts = self._reader.feed(data)
                captured = time.monotonic()
                for part in parts:
                    self._newest.put((part, captured))
        except (OSError, HTTPException, ValueError, BrokenStreamError):  # ValueError: it was closed between two reads
            pass  # why it stopped is all the same to who watches
        finally:
            self._answer.close()
            self._has_stopped.set()
            self._newest.wake()


def _decoded(part: bytes) -> Rgb | None:
    """None for what is no picture."""
    if not part.startswith(b"\xff\xd8") or b"\xff\xd9" not in part[-1024:]:
        return None  # the library would say it on stderr, and paint what is missing grey
    try:
        rgb: Rgb | None = cv2.imdecode(np.frombuffer(part, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error:
        return None
    return rgb
