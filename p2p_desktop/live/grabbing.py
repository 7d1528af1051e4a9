"""A thread that takes every frame as it comes and keeps the newest, since OpenCV may wait for a frame as long as it likes."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2

from p2p_desktop.live.camera import CameraError, VideoEnded
from p2p_desktop.live.frames import Frame
from p2p_desktop.live.mailbox import Mailbox
from p2p_desktop.live.opencv_capture import Capture, promised_rate, retrieved

log = logging.getLogger(__name__)

SILENCE_S = 5.0  # without a frame: slow cameras take three until the first
_CLOSING_S = 0.5  # waited for the thread, so that whoever opens the same camera next finds it free
_MOST_FAILURES = 3  # in a row: a driver that hiccups goes on
_FAILURE_PAUSE_S = 0.05
_MOST_OFF_S = 10.0  # a frame that is due so much earlier or later has no sensible time, or is of another beginning


@dataclass(frozen=True, slots=True)
class Words:
    """Whole sentences for what can happen to a camera. Each is asked for when it happens, in any thread."""

    slow: Callable[[], CameraError]
    """It cannot be opened in time."""
    silent: Callable[[], CameraError]
    """It gives no pictures (any more), but is there."""
    gone: Callable[[], CameraError | VideoEnded]
    """It gives no more."""


class GrabbedCamera:
    """A `Camera` around a capture. `read` and `close` return in time even while OpenCV waits for a driver or network."""

    def __init__(self, open_it: Callable[[], Capture], words: Words, *, open_s: float, is_paced: bool = False) -> None:
        """`open_it` is called in the thread, and raises CameraError if it cannot.

        open_s: seconds until it counts as too slow. `is_paced`: whether frames wait for their time, as a server that has the
        whole video sends them faster. Raises CameraError.
        """
        self._open_it, self._words, self._is_paced = open_it, words, is_paced
        self._newest: Mailbox[Frame] = Mailbox()
        self._is_open, self._is_closing = threading.Event(), threading.Event()
        self._problem: CameraError | VideoEnded | None = None
        self._rate = 0.0
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()
        if not self._is_open.wait(open_s):
            self._is_closing.set()
            raise self._words.slow()
        if self._problem is not None:
            raise self._problem
        self._last = time.monotonic()

    @property
    def rate(self) -> float:
        return self._rate

    def read(self, timeout_s: float) -> Frame | None:
        frame = self._newest.take(timeout_s)
        if frame is not None:
            self._last = time.monotonic()
            return frame
        if self._problem is not None:
            raise self._problem
        if time.monotonic() - self._last > SILENCE_S:
            raise self._words.silent()
        return None

    def close(self) -> None:
        self._is_closing.set()
        self._thread.join(_CLOSING_S)

    def _run(self) -> None:
        try:
            capture = self._open_it()
            self._rate = promised_rate(capture)
        except CameraError as error:
            self._problem = error
            return
        except cv2.error as error:
            log.warning("OpenCV failed to open a camera in %s", error.func)  # its message may repeat an address
            self._problem = self._words.silent()
            return
        finally:
            self._is_open.set()
        try:
            self._grab_all(capture)
        except cv2.error as error:
            log.warning("OpenCV failed at a camera in %s", error.func)
        finally:
            capture.release()
        self._problem = self._words.gone()
        self._newest.wake()

    def _grab_all(self, capture: Capture) -> None:
        num_failures = 0
        due = _Due()
        while not self._is_closing.is_set() and num_failures < _MOST_FAILURES:
            if not capture.grab():
                num_failures += 1
                self._is_closing.wait(_FAILURE_PAUSE_S)
                continue
            num_failures = 0
            captured = time.monotonic()
            if self._is_paced:
                self._is_closing.wait(due.wait_s(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, captured))
                captured = time.monotonic()
            rgb = retrieved(capture)
            if rgb is not None:
                self._newest.put(Frame(rgb, captured))


class _Due:
    """When a frame is to be shown, by the time that its stream gives it."""

    def __init__(self) -> None:
        self._began: float | None = None

    def wait_s(self, position_s: float, now: float) -> float:
        """Seconds to wait; none for a frame that is late, as after a halt of the network."""
        if self._began is None or abs(self._began + position_s - now) > _MOST_OFF_S:
            self._began = now - position_s
        return max(0.0, self._began + position_s - now)
