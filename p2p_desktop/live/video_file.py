"""A video file as a camera: its frames come at their time, and those that the reader is too late for are passed over."""

import logging
import math
import time
from pathlib import Path

import cv2

from p2p_desktop.live.camera import CameraError, VideoEnded
from p2p_desktop.live.frames import Frame
from p2p_desktop.live.opencv_capture import USUAL_FPS, Capture, open_capture, promised_rate, retrieved

log = logging.getLogger(__name__)

_LATEST_S = 1.0  # a reader that stayed away for longer goes on where it was
LONGEST_PASSING_S = 0.2
_MOST_FAILURES = 30  # in a row, frames that cannot be decoded
_WHOLE = 0.8  # of the promised length: counts and durations in files are estimates
_TEXT_AS_VIDEO = cv2.VideoWriter.fourcc(*"ansi")  # FFmpeg paints text files as a terminal would


class FileCamera:
    """A `Camera`. Rates that vary are played at their mean. Raises CameraError if the file holds no video."""

    def __init__(self, path: Path, *, loops: bool = True) -> None:
        self._path, self._loops = path, loops
        self._capture = _opened(path)
        promised = promised_rate(self._capture)
        self._rate = promised or USUAL_FPS
        self._num_promised = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self._num_grabbed = 0  # of this round
        self._began: float | None = None  # when frame 0 of the first round was due; None until a reader comes
        self._next = 0  # the frame to be grabbed next, counted through all rounds
        self._is_over = False
        self._was_warned = False

    @property
    def rate(self) -> float:
        return self._rate

    def read(self, timeout_s: float) -> Frame | None:
        if self._is_over:
            raise VideoEnded
        deadline = time.monotonic() + timeout_s
        for _ in range(_MOST_FAILURES):
            due = self._due(time.monotonic())
            wait_s = max(0.0, due - time.monotonic())
            if due > deadline:
                time.sleep(max(0.0, min(wait_s, deadline - time.monotonic())))
                return None
            time.sleep(wait_s)
            due = self._pass_over(due)
            self._grab()
            rgb = retrieved(self._capture)
            if rgb is not None:
                return Frame(rgb, due)
        raise CameraError(f"{self._path} is damaged: its pictures cannot be read. Choose another video.")

    def close(self) -> None:
        self._is_over = True
        self._capture.release()

    def _due(self, now: float) -> float:
        """When the next frame is to be shown; the clock is set anew for a reader that was long away."""
        interval = 1 / self._rate
        if self._began is None or now - (self._began + self._next * interval) > _LATEST_S:
            self._began = now - self._next * interval
        return self._began + self._next * interval

    def _pass_over(self, due: float) -> float:
        """Grab without converting while a later frame is due already. When the frame after those is due."""
        interval = 1 / self._rate
        now = time.monotonic()
        num_late = math.floor((now - due) / interval)
        for _ in range(num_late):
            if time.monotonic() > now + LONGEST_PASSING_S:
                self._began = None  # this computer decodes too slowly: rather slow motion than a picture a second
                return time.monotonic()
            self._grab()
        return due + num_late * interval

    def _grab(self) -> None:
        """Decode the next frame, from the beginning again where the file is over. Raises CameraError, VideoEnded."""
        if not self._capture.grab():
            self._end_round()
            if not self._begin_again():
                raise CameraError(f"{self._path} can no longer be read. Choose it again, or another video.")
        self._num_grabbed += 1
        self._next += 1

    def _end_round(self) -> None:
        if not self._num_grabbed:
            raise CameraError(f"{self._path} holds no pictures that can be read. Choose another video.")
        breaks_off = self._breaks_off()
        if breaks_off and not self._was_warned:
            self._was_warned = True
            log.warning("%s is damaged: %d of %d frames were read", self._path, self._num_grabbed, self._num_promised)
        if self._loops:
            if not self._path.exists():
                raise CameraError(f"{self._path} is no longer there. Choose another video.")
            return
        self._is_over = True
        if breaks_off:
            raise CameraError(f"{self._path} is damaged: it breaks off after {self._num_grabbed} pictures. Choose another video.")
        raise VideoEnded

    def _breaks_off(self) -> bool:
        """By its pictures and by its time, since files with varying rates promise a wrong number of pictures."""
        played_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        return self._num_grabbed < _WHOLE * self._num_promised and played_s < _WHOLE * self._num_promised / self._rate

    def _begin_again(self) -> bool:
        self._num_grabbed = 0
        if self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0) and self._capture.grab():
            return True
        self._capture.release()  # some kinds of file cannot be wound back
        self._capture = _opened(self._path)
        return self._capture.grab()


def _opened(path: Path) -> Capture:
    try:
        with path.open("rb") as file:
            is_empty = not file.read(1)
    except FileNotFoundError as error:
        raise CameraError(f"{path} is not there. Choose another video.") from error
    except IsADirectoryError as error:
        raise CameraError(f"{path} is a folder. Choose one video in it.") from error
    except OSError as error:
        raise CameraError(f"{path} cannot be read. See whether you may read it, and whether its disk is there.") from error
    if is_empty:
        raise CameraError(f"{path} is empty. Choose another video.")
    capture = open_capture(str(path.resolve()), cv2.CAP_FFMPEG, [])  # never taken for an address, as "concat:..." might be
    if not capture.isOpened() or capture.get(cv2.CAP_PROP_FOURCC) == _TEXT_AS_VIDEO:
        capture.release()
        raise CameraError(f"{path} is no video that this program can read, or it is damaged. Choose another, such as an MP4.")
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    return capture
