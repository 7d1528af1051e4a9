"""Which camera Live watches, and how that stands: without widgets, so that the page only shows it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QDeadlineTimer, QObject, QTimer, Signal

from p2p_desktop.live.sources import Device, Format, VideoFile
from p2p_desktop.ui.live_sources import LiveSources
from p2p_desktop.ui.remembered import Remembered
from p2p_desktop.workers.cameras_watch import CamerasWatch, Known
from p2p_desktop.workers.live_session import LiveSession

if TYPE_CHECKING:
    from p2p_desktop.live.sources import Source

Standing = Literal["closed", "looking", "opening", "watched", "silent", "lost", "failed"]
"""In this order: nobody looks; which cameras there are is not known yet; it is being opened; it sends; it is open and silent;
it was lost and is tried again by itself; it was lost, and the person must do something."""

_ASKED_FPS = 30.0  # frames a second; what most cameras manage at every size

_PATIENCE_MS = 1500  # for the list of cameras


class LiveCamera(QObject):
    opened = Signal()  # another camera is watched from now on, or the same one anew
    listed = Signal()  # other cameras are there
    changed = Signal()  # standing, trouble or size

    def __init__(
        self, session: LiveSession, clip: Path, remembered: Remembered, parent: QObject | None = None, *, known: Known | None = None
    ) -> None:
        """`clip`: what is watched where no camera is. `known`: see `CamerasWatch`."""
        super().__init__(parent)
        self._session = session
        self._watch = CamerasWatch(self, known=known)
        self._sources = LiveSources(clip, remembered)
        self.source: Source | None = None
        self.standing: Standing = "closed"
        self.trouble = ""
        """A sentence about a camera that does not send; "" where it does."""
        self.size = (0, 0)
        """Width and height of its frames, in pixels; zeros before the first."""
        self.wanted: tuple[int, int] | None = None
        """(width, height) in pixels that it is asked for; None for whatever it likes."""
        self._is_stand_in = False  # the clip, until it is known which cameras there are
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._on_patience_over)
        session.size_known.connect(self._on_size_known)
        session.camera_silent.connect(self._on_silent)
        session.camera_lost.connect(self._on_lost)
        session.camera_failed.connect(self._on_failed)
        self._watch.changed.connect(self._on_cameras_changed)

    @property
    def title(self) -> str:
        """Of the camera that is watched; "" for none."""
        return "" if self.source is None else self._sources.title(self.source)

    @property
    def choices(self) -> list[tuple[str, "Source"]]:
        """What can be watched, (title, source) each."""
        return self._sources.all(self.source)

    @property
    def is_device(self) -> bool:
        """Whether it can be asked for another size: files and streams are as they are."""
        return isinstance(self.source, Device)

    def begin(self) -> None:
        """Somebody looks: watch what was watched last, or the first camera there is."""
        self._become("looking")
        self._watch.watch(True)
        if self._watch.devices is not None:
            self._sources.devices = self._watch.devices
            self.open(self.source or self._sources.first())
        elif self.source is not None:  # it was chosen before anybody looked, as a video that was dropped
            self.open(self.source)
        else:
            self._patience.start()

    def end(self) -> None:
        """Nobody looks any more. The session is stopped by whoever calls."""
        self._watch.watch(False)
        self._patience.stop()
        self._become("closed")

    def open(self, source: "Source") -> None:
        """Watch this one, at once or as soon as somebody looks."""
        if source != self.source:
            self.wanted = None
        self.source = source
        self.size = (0, 0)
        self._is_stand_in = False
        self._sources.note(source)
        if self.standing == "closed":
            return
        self._patience.stop()
        self._become("opening")
        self._session.freeze(False)
        self._session.watch(source, None if self.wanted is None else Format(*self.wanted, fps=_ASKED_FPS))
        self.opened.emit()

    def open_again(self) -> None:
        """Look for cameras, and open this one once more."""
        self._watch.look()
        if self.source is not None and self.standing != "closed":
            self.open(self.source)

    def open_files(self, paths: Sequence[Path]) -> None:
        """Watch the first of these videos; the others are in the list."""
        for path in paths[1:]:
            self._sources.add(VideoFile(path))
        self.open(VideoFile(paths[0]))

    def open_clip(self) -> None:
        self.open(self._sources.clip)

    def ask_for(self, wanted: tuple[int, int] | None) -> None:
        """Ask the camera for frames of this (width, height) in pixels; None leaves it to the camera."""
        self.wanted = wanted
        if self.source is not None:
            self.open(self.source)

    def close(self, until: QDeadlineTimer) -> None:
        self._watch.close(until)

    def _become(self, standing: Standing, trouble: str = "") -> None:
        self.standing, self.trouble = standing, trouble
        self.changed.emit()

    def _on_patience_over(self) -> None:
        """Cameras take long to be told: meanwhile there is something to see."""
        if self.standing == "looking":
            self.open(self._sources.clip)
            self._is_stand_in = True

    def _on_cameras_changed(self) -> None:
        self._sources.devices = devices = self._watch.devices or ()
        if self.standing == "closed":
            return
        if self.source is None or (self._is_stand_in and devices):
            self.open(self._sources.first())
            return
        if isinstance(self.source, Device) and self.standing in ("failed", "lost"):
            back = self._sources.again(self.source)
            if back is not None and (self.standing == "failed" or back != self.source):
                self.source = back  # the same one, so what it is asked for stays
                self.open(back)
                return
        self.listed.emit()

    def _on_size_known(self, width: int, height: int) -> None:
        self.size = (width, height)
        self._become("watched")

    def _on_silent(self, _: float) -> None:
        sentence = self.tr("{camera} sends nothing. It is open, and its next frame will be shown.")
        self._become("silent", sentence.format(camera=self.title))

    def _on_lost(self, sentence: str) -> None:
        self._become("lost", sentence)

    def _on_failed(self, sentence: str) -> None:
        self._become("failed", sentence)
