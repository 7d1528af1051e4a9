"""MP4 files as OpenCV writes them, and whether one can be seen again. The only file of Live that makes videos."""

from pathlib import Path
from typing import Protocol

import cv2

from p2p_desktop.live.frames import Rgb
from p2p_desktop.live.quiet_opencv import keep_quiet
from training.contract.errors import P2PError

keep_quiet()

# MPEG-4 part 2: of what the headless OpenCV can write, the one that every player knows and that costs little.
_CODEC = "mp4v"


class RecordingError(P2PError):
    """A recording cannot begin, or nothing of it could be kept."""


class VideoWriter(Protocol):
    """An open video file. Used by one thread."""

    def write(self, rgb: Rgb) -> None:
        """Append a frame, uint8 [H, W, 3], of the size that the file was opened with. RecordingError if it is not taken."""
        ...

    def close(self) -> None:
        """Finish the file. May be called more than once."""
        ...


class Mp4Writer:
    """Whether the disk took it all is not known before the file is read again: see `is_video`."""

    def __init__(self, path: Path, fps: float, size: tuple[int, int]) -> None:
        """size: (height, width), both even. Raises RecordingError if the file cannot be opened."""
        height, width = size
        try:
            # Absolute, as FFmpeg takes what stands before a colon for a protocol.
            self._writer = cv2.VideoWriter(
                str(path.absolute()), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*_CODEC), fps, (width, height)
            )
            is_open = self._writer.isOpened()
        except (cv2.error, UnicodeEncodeError) as error:
            raise RecordingError(_not_opened(path.parent, size)) from error
        if not is_open:
            raise RecordingError(_not_opened(path.parent, size))

    def write(self, rgb: Rgb) -> None:
        try:
            self._writer.write(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        except cv2.error as error:
            raise RecordingError("A frame could not be added to the recording, which ended there. Begin another one.") from error

    def close(self) -> None:
        self._writer.release()


def is_video(path: Path) -> bool:
    """Whether a file can be opened as a video, and has a first frame."""
    capture = cv2.VideoCapture()
    try:
        return bool(capture.open(str(path.absolute()), cv2.CAP_FFMPEG) and capture.read()[0])
    except (cv2.error, UnicodeEncodeError):
        return False
    finally:
        capture.release()


def _not_opened(folder: Path, size: tuple[int, int]) -> str:
    height, width = size
    return f"A video of {width} x {height} pixels cannot be written to {folder}. Choose another folder, or a smaller picture."
