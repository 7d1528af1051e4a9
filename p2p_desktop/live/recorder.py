"""Frames recorded to a video that plays as long as it took, without slowing whoever gives them."""

import contextlib
import errno
import logging
import math
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from p2p_desktop.live.file_clock import FileClock
from p2p_desktop.live.fitting import check_frame, even_size, fitted
from p2p_desktop.live.frames import Rgb
from p2p_desktop.live.mp4_writer import Mp4Writer, RecordingError, VideoWriter, is_video
from p2p_desktop.live.room import LEAST_FREE_MB, Room, free_bytes, largest_file
from p2p_desktop.owner import Owner
from p2p_desktop.placing import place, place_numbered
from p2p_desktop.temporaries import sweep, temporary_path
from training.contract.encodings import Pixels

log = logging.getLogger(__name__)

MOST_WAITING = 3  # frames: one that is written late is better than one that is lost, but memory must stay flat
LOOK_S = 1.0  # between two looks at the free room
LATE_S = 1.0  # how late a frame may come after its time; until then its predecessor is not repeated in its place
POLL_S = 0.2
_NICE = 5  # a third of the share of a thread that is no nicer
ASLEEP_S = 30.0  # without a turn of the recorder's thread, although it had nothing to write: the computer slept
MOST_FPS = 240.0
_TRIAL_SIZE = 64, 64  # pixels: at the start, when no frame has told its size yet

Writers = Callable[[Path, float, tuple[int, int]], VideoWriter]
"""Opens a video file: path, frames a second, (height, width)."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """How a recording ended."""

    path: Path | None
    """None if no frame came: there is no file then."""
    seconds: float
    """How long it plays."""
    frames: int
    """In the file, repeated ones too."""
    dropped: int
    """Given and never written, as too many waited for the disk."""
    bytes: int
    why: str
    """A sentence, if it ended by itself or there is nothing to see; else empty."""


class _OutOfRoomError(Exception):
    """With the sentence for it."""


class Recorder:
    """One recording, from its creation to `stop`. Thread-safe. Writes in a thread of its own."""

    def __init__(
        self,
        target: Path,
        *,
        fps: float = 25.0,
        overwrite: bool = False,
        ended: Callable[[Recorded | RecordingError], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        free: Callable[[Path], int] = free_bytes,
        largest: Callable[[Path], int] = largest_file,
        open_writer: Writers = Mp4Writer,
    ) -> None:
        """Raises RecordingError if nothing can be recorded there. Takes as long as the disk does.

        target: ends in .mp4; without `overwrite`, a number is added to a name that is taken. ended: called once, in the
        recorder's thread, however it ends. clock: seconds, the one that frames are stamped by. free, largest: see `room`.
        """
        if not 1 <= fps <= MOST_FPS:
            raise ValueError(f"a video has 1 to {MOST_FPS:g} frames a second, not {fps}")
        self._target, self._fps, self._overwrite = target, fps, overwrite
        self._ended, self._clock = ended, clock
        self._open_writer = open_writer
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Pixels, float]] = deque()
        self._dropped = 0
        self._begun: float | None = None  # when the first frame was made, written or not
        self._stopped: float | None = None
        self._outcome: Recorded | RecordingError = RecordingError(
            f"The recording {target.name} broke off, and nothing of it was kept. Begin another one."
        )
        # Of the recorder's thread:
        self._writer: VideoWriter | None = None
        self._size = (0, 0)
        self._held: Rgb | None = None
        self._num_written = 0
        self._next_look = -math.inf
        self._idle_since = clock()
        self._room, self._temporary = self._reserved(free, largest)
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    @property
    def target(self) -> Path:
        """The name that was asked for; what it got at last tells `Recorded`."""
        return self._target

    @property
    def dropped(self) -> int:
        """Frames that were lost so far, as the disk or the computer was too slow."""
        return self._dropped

    @property
    def seconds(self) -> float:
        """How long what was written so far plays."""
        return self._num_written / self._fps

    @property
    def is_over(self) -> bool:
        """Whether the file is finished, by `stop` or by itself."""
        return not self._thread.is_alive()

    def put(self, rgb: Pixels, at: float) -> None:
        """Record a frame that was made at `at`. Never waits; ignored once the recording ends.

        rgb: uint8 [H, W, 1 or 3], which nobody writes to any more; ValueError for anything else. Fitted with black bars into
        the size of the first frame, whose odd sides are made even.
        """
        check_frame(rgb)
        with self._changed:
            if self._stopped is not None:
                return
            if self._begun is None:
                self._begun = at
            if len(self._waiting) == MOST_WAITING:
                self._waiting.popleft()
                self._dropped += 1
            self._waiting.append((rgb, at))
            self._changed.notify()

    def end(self) -> None:
        """Take no more frames, and let the recorder's thread finish the file. Does not wait."""
        with self._changed:
            if self._stopped is None:
                self._stopped = self._clock()
            self._changed.notify()

    def wait(self, seconds: float) -> bool:
        """Wait for the recorder's thread. Whether it has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def stop(self) -> Recorded:
        """End, wait for the file and tell how it went; the same again if called again. RecordingError if nothing could be kept."""
        self.end()
        self._thread.join()
        if isinstance(self._outcome, RecordingError):
            raise self._outcome
        return self._outcome

    def _reserved(self, free: Callable[[Path], int], largest: Callable[[Path], int]) -> tuple[Room, Path]:
        """Make the temporary file, so that whoever starts a recording is told at once why it cannot be."""
        folder = self._target.parent
        if self._target.suffix.lower() != ".mp4":
            raise RecordingError(f"Recordings are MP4 files, which {self._target.name} is not. Give it a name that ends in .mp4.")
        if not folder.is_dir():
            raise RecordingError(f"There is no folder {folder} to record to. Choose another one.")
        if self._overwrite and self._target.is_dir():
            raise RecordingError(f"{self._target} is a folder. Choose another name for the recording.")
        sweep(folder)
        temporary = temporary_path(folder, Owner.new(), ".mp4")
        try:
            room = Room(folder, free, largest)
            if room.is_full():
                raise RecordingError(
                    f"Less than {LEAST_FREE_MB} MB are free on the disk of {folder}. Free some space, or record to another one."
                )
            temporary.open("xb").close()
        except OSError as error:
            raise RecordingError(_unwritable(folder, error)) from error
        try:
            self._open_writer(temporary, self._fps, _TRIAL_SIZE).close()
        except RecordingError:
            temporary.unlink(missing_ok=True)
            raise
        return room, temporary

    def _work(self) -> None:
        _step_back()
        try:
            self._outcome = self._recorded()
        except RecordingError as error:
            log.info("The recording gave up: %s", error)  # whoever ends it says so
            self._outcome = error
        finally:
            self.end()  # whatever is put from now on has no one to write it
            self._waiting.clear()
            self._close()
            try:
                self._temporary.unlink(missing_ok=True)
            except OSError as error:  # swept by a later recording
                log.warning("%s remains: %s", self._temporary, error)
            if self._ended is not None:
                self._ended(self._outcome)

    def _recorded(self) -> Recorded:
        why = ""
        try:
            while self._next():
                self._look_at_room()
                self._idle_since = self._clock()
        except _OutOfRoomError as lack:
            why = str(lack)
        except RecordingError as error:
            if not self._num_written:
                raise
            why = str(error)
        self._close()
        if self._num_written:
            return self._placed(why)
        nothing = "Nothing was recorded, as no frame came. See that the camera runs, and record again."
        return Recorded(None, 0.0, 0, self._dropped, 0, why or nothing)

    def _next(self) -> bool:
        """Take the next frame, or see how time goes on without one. False once all is written."""
        with self._changed:
            if not self._waiting and self._stopped is None:
                self._changed.wait(POLL_S)
            self._leave_out_sleep()
            given = self._waiting.popleft() if self._waiting else None
            begun, stopped = self._begun, self._stopped
        if begun is None:
            return stopped is None
        clock = FileClock(begun, self._fps)
        if given is None:
            num_over = clock.num_over(self._clock() - LATE_S if stopped is None else stopped)
            self._repeat(num_over if stopped is None else max(1, num_over))
            return stopped is None
        rgb, at = given
        if self._held is None:
            self._size = even_size(rgb)
            self._writer = self._open_writer(self._temporary, self._fps, self._size)
            self._held = fitted(rgb, self._size)
        self._repeat(clock.num_over(at if stopped is None else min(at, stopped)))
        self._held = fitted(rgb, self._size)
        return True

    def _leave_out_sleep(self) -> None:
        """A night with the lid closed is no part of a recording: on some systems the clock goes on in it."""
        asleep = self._clock() - self._idle_since
        if asleep > ASLEEP_S and self._begun is not None and self._begun <= self._idle_since:
            self._begun += asleep

    def _repeat(self, num_frames: int) -> None:
        """Write the frame at hand until the file has so many."""
        while self._num_written < num_frames and self._writer is not None and self._held is not None:
            self._writer.write(self._held)
            self._num_written += 1
            self._look_at_room()

    def _look_at_room(self) -> None:
        now = self._clock()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_S
        why = self._room.why_to_end(self._temporary)
        if why:
            raise _OutOfRoomError(why)

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _placed(self, why: str) -> Recorded:
        """Look whether the file can be seen, and give it its name."""
        folder = self._target.parent
        if not is_video(self._temporary):
            raise RecordingError(
                f"The recording {self._target.name} could not be finished in {folder}. See that its drive is connected and "
                "has room, and record again."
            )
        try:
            with self._temporary.open("rb+") as file:
                os.fsync(file.fileno())  # a power cut must not leave the name with nothing in it
                size = os.fstat(file.fileno()).st_size
            path = self._named()
        except OSError as error:
            raise RecordingError(_unwritable(folder, error)) from error
        log.info("recorded %d frames to %s, %d dropped", self._num_written, path, self._dropped)
        return Recorded(path, self.seconds, self._num_written, self._dropped, size, why)

    def _named(self) -> Path:
        if self._overwrite:
            try:
                place(self._temporary, self._target, overwrite=True)
            except OSError as error:  # a player holds it, or it has become a folder: what was recorded is not lost for that
                log.warning("%s could not be replaced: %s", self._target, error)
            else:
                return self._target
        return place_numbered(self._temporary, self._target)


def _step_back() -> None:
    """Let other threads go before this one, where a system has priorities for threads: what is watched matters more."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def _unwritable(folder: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk of {folder} is full, so nothing can be recorded there. Free some space, or choose another folder."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"The folder {folder} cannot be written to. Choose another one for recordings."
    return f"Nothing can be recorded to {folder}: {error.strerror}. See that its drive is connected, or choose another folder."
