"""Thumbnails of both pictures of a pair, made in the background for the cards being painted and no others."""

from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QDeadlineTimer, QObject, Signal
from PySide6.QtGui import QPixmap

from p2p_desktop.ui.pixels import to_qimage
from p2p_desktop.workers.task_thread import TaskThread
from training.contract.corrections import Correction
from training.contract.errors import PictureError
from training.contract.progress import Report, Token

_MOST_ASKED = 60  # the newest wins: what was scrolled past is not worth making
_MOST_KEPT = 600  # pairs of 180 pixels: some 60 MB


class Wanted(NamedTuple):
    """A pair as it is to be seen."""

    files: tuple[Path, ...]
    is_strip: bool
    correction: Correction | None


class PairThumbnails(QObject):
    arrived = Signal()  # some are there, or cannot be had

    def __init__(self, longest: int, parent: QObject | None = None) -> None:
        """`longest`: pixels of the longer side at 100 %."""
        super().__init__(parent)
        self._longest = longest
        self._made: OrderedDict[Wanted, tuple[QPixmap, ...]] = OrderedDict()  # none of what cannot be read
        self._asked: OrderedDict[Wanted, float] = OrderedDict()  # with the device pixel ratio; the last is the newest
        self._thread: TaskThread | None = None
        self._is_closed = False

    def pixmaps(self, wanted: Wanted, device_pixel_ratio: float) -> tuple[QPixmap, ...] | None:
        """One or two pictures, none where they cannot be read; or None, and `arrived` tells when they are made."""
        made = self._made.get(wanted)
        if made is not None:
            self._made.move_to_end(wanted)
            return made
        if not self._is_closed:
            self._asked[wanted] = device_pixel_ratio
            self._asked.move_to_end(wanted)
            if len(self._asked) > _MOST_ASKED:
                self._asked.popitem(last=False)
            self._work_on()
        return None

    def forget_all(self) -> None:
        """Any file may have changed."""
        self._asked.clear()
        self._made.clear()

    def close(self, until: QDeadlineTimer) -> None:
        """End. Blocks until the pair that is being read is read, or `until` then."""
        self._is_closed = True
        self._asked.clear()
        if self._thread is not None:
            self._thread.cancel()
            self._thread.wait(until)

    def _work_on(self) -> None:
        if self._thread is not None or not self._asked or self._is_closed:
            return
        asked, longest = self._asked, self._longest

        def work(report: Report[Any], token: Token) -> None:  # Any: what was wanted, pixels and the ratio
            from p2p_desktop.runs.pair_pictures import small_pair  # imports OpenCV

            while True:
                token.check()
                try:
                    wanted, ratio = asked.popitem()  # the newest
                except KeyError:
                    return
                try:
                    pictures = small_pair(wanted.files, wanted.is_strip, wanted.correction, round(longest * ratio))
                except (PictureError, OSError, MemoryError):
                    pictures = []
                report((wanted, pictures, ratio))

        self._thread = TaskThread(work, "thumbnails of pairs", self)
        self._thread.arrived.connect(self._on_arrived)
        self._thread.finished.connect(self._on_finished)
        self._thread.start(TaskThread.Priority.LowPriority)

    def _on_arrived(self) -> None:
        if self._thread is None:
            return
        for wanted, pictures, ratio in self._thread.take():
            self._made[wanted] = tuple(_pixmap(rgb, ratio) for rgb in pictures)
            if len(self._made) > _MOST_KEPT:
                self._made.popitem(last=False)
        self.arrived.emit()

    def _on_finished(self) -> None:
        self._on_arrived()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.deleteLater()
        self._work_on()


def _pixmap(rgb: Any, ratio: float) -> QPixmap:  # Any: a NumPy array
    pixmap = QPixmap.fromImage(to_qimage(rgb))
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
