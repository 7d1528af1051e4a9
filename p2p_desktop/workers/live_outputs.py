"""Where Live's results go besides the screen: snapshots, a recording, a camera for other programs. Disks are asked in threads."""

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QDeadlineTimer, QObject, Signal

from p2p_desktop.workers.errands import Errands
from training.contract.errors import P2PError
from training.contract.progress import Report, Token

if TYPE_CHECKING:  # these import OpenCV; the first paint must not wait for it
    from collections.abc import Mapping

    from p2p_desktop.live.frames import Rgb
    from p2p_desktop.live.recorder import Recorded, Recorder
    from p2p_desktop.live.virtual_camera import VirtualCamera
    from training.contract.encodings import Pixels

log = logging.getLogger(__name__)

RECORDED_FPS = (10.0, 12.0, 15.0, 20.0, 24.0, 30.0)
"""Rates that a file may have. What comes faster or slower is left out or repeated, so that it plays in true time."""
_ROOM = 0.93  # of a rate: 23.5 measured frames a second are 24


class LiveOutputs(QObject):
    snapshot_saved = Signal(Path)
    recording_begun = Signal(Path)
    recording_ended = Signal(object)  # live.recorder.Recorded
    virtual_camera_failed = Signal(str)  # a sentence: there is none any more
    failed = Signal(str)  # a sentence

    _told = Signal(object)  # from the threads of recorder and virtual camera to this one

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._errands = Errands(self)
        self._recorder: Recorder | None = None
        self._newborn: Recorder | None = None  # has begun, and is not told of yet
        self._camera: VirtualCamera | None = None
        self._wants_camera = self._is_closing_camera = False
        self._is_starting = self._stops_at_once = False
        self._told.connect(self._on_told)

    @property
    def is_recording(self) -> bool:
        return self._recorder is not None or self._is_starting

    @property
    def recorded_seconds(self) -> float:
        return self._recorder.seconds if self._recorder is not None else 0.0

    @property
    def recording_dropped(self) -> int:
        """Frames that the recording has lost so far."""
        return self._recorder.dropped if self._recorder is not None else 0

    def put(self, rgb: "Rgb") -> None:
        """Take a translated frame, uint8 [H, W, 3]. Called in the thread that made it; returns at once."""
        recorder, camera = self._recorder, self._camera
        if recorder is not None:
            recorder.put(rgb, time.monotonic())
        if camera is not None:
            camera.put(rgb)

    def snapshot(self, pixels: "Pixels", folder: Path, name: str, about: "Mapping[str, str]") -> None:
        """Save a result as PNG, with what made it in its metadata."""

        def work(_: Report[Any], __: Token) -> Path | P2PError:  # Any: nothing is reported
            from p2p_desktop.live.snapshot import save_snapshot

            try:
                folder.mkdir(parents=True, exist_ok=True)
                return save_snapshot(pixels, folder, name=name, about=about)
            except P2PError as error:
                return error
            except OSError as error:
                return P2PError(_tr_unwritable(self, folder, error))

        self._errands.run(work, "saving a snapshot", self._on_snapshot)

    def record(self, target: Path, fps: float) -> None:
        """Begin to record; a number is added to a name that is taken. `fps`: as measured, so that few frames are written twice."""
        if self.is_recording:
            return
        self._is_starting, self._stops_at_once = True, False
        rate = next((rate for rate in RECORDED_FPS if rate >= fps * _ROOM), RECORDED_FPS[-1])

        def work(_: Report[Any], __: Token) -> "Recorder | P2PError":  # Any: nothing is reported
            from p2p_desktop.live.recorder import Recorder

            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                recorder = Recorder(target, fps=rate, ended=self._told.emit)
            except P2PError as error:
                return error
            except OSError as error:
                return P2PError(_tr_unwritable(self, target.parent, error))
            self._newborn = recorder  # at once: all may end before this thread is heard
            return recorder

        self._errands.run(work, "beginning to record", self._on_recorder)

    def stop_recording(self) -> None:
        """End the recording, at once or as soon as it has begun; `recording_ended` tells when the file is whole."""
        self._stops_at_once = True
        if self._recorder is not None:
            self._recorder.end()

    def offer_camera(self, on: bool) -> None:
        """Begin or end to be a camera for other programs. A driver may have but one: it is opened again once it is closed."""
        self._wants_camera = on
        camera = self._camera
        if not on and camera is not None:
            self._camera, self._is_closing_camera = None, True
            self._errands.run(lambda _, __: camera.close(), "closing the virtual camera", self._on_camera_closed)
        elif on and camera is None and not self._is_closing_camera:
            from p2p_desktop.live.virtual_camera import VirtualCamera

            self._camera = VirtualCamera(failed=self._told.emit)

    def close(self, until: QDeadlineTimer) -> None:
        """End all, and keep what was recorded: only for a program that ends."""
        recorder, camera = self._recorder, self._camera
        self._recorder = self._camera = None
        if recorder is not None:
            recorder.end()
        if camera is not None:
            camera.close()
        self._errands.close(until)
        for begun in filter(None, (recorder, self._newborn)):
            begun.end()
            if not begun.wait(max(0, until.remainingTime()) / 1000):
                log.warning("A recording was not finished in time, as its disk does not answer")

    def _on_snapshot(self, saved: Path | P2PError | None) -> None:
        if isinstance(saved, Path):
            self.snapshot_saved.emit(saved)
        else:
            self.failed.emit(str(saved) if saved is not None else self.tr("The snapshot could not be saved. The log says why."))

    def _on_recorder(self, begun: "Recorder | P2PError | None") -> None:
        self._is_starting, self._newborn = False, None
        if begun is None or isinstance(begun, P2PError):
            self.failed.emit(str(begun) if begun is not None else self.tr("Nothing can be recorded. The log says why."))
        elif not begun.is_over:
            self._recorder = begun
            self.recording_begun.emit(begun.target)
            if self._stops_at_once:
                begun.end()

    def _on_camera_closed(self, _: object) -> None:
        self._is_closing_camera = False
        if self._wants_camera:
            self.offer_camera(True)

    def _on_told(self, told: "Recorded | P2PError | str") -> None:
        if isinstance(told, str):
            if self._camera is not None and self._camera.problem:  # else it is told of one that is closed by now
                self._camera, self._wants_camera = None, False
                self.virtual_camera_failed.emit(told)
            return
        self._recorder = None
        if isinstance(told, P2PError):
            self.failed.emit(str(told))
        else:
            self.recording_ended.emit(told)


def _tr_unwritable(owner: QObject, folder: Path, error: OSError) -> str:
    said = owner.tr("Nothing can be saved in {folder}: {reason}. Choose another folder under Recording and snapshots.")
    return said.format(folder=folder, reason=error.strerror or error)
