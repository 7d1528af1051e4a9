"""Thumbnails, made in the background for what is being painted and nothing else."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDeadlineTimer, QObject, Signal
from PySide6.QtGui import QPixmap

from p2p_desktop.ui.pixels import to_qimage
from p2p_desktop.workers.task_thread import TaskThread
from training.contract.progress import Report, Token

_MOST_ASKED = 200  # the newest wins: what was scrolled past is not worth making
_MOST_FAILED = 5000  # paths known to have no thumbnail


class ThumbnailSource(QObject):
    arrived = Signal(Path)  # also where there is none to be had

    def __init__(self, longest: int, most_kept: int, parent: QObject | None = None) -> None:
        """`longest`: pixels of the longer side at 100 %. `most_kept`: thumbnails, the least recently seen go first."""
        super().__init__(parent)
        self._longest, self._most_kept = longest, most_kept
        self._made: OrderedDict[Path, QPixmap] = OrderedDict()
        self._failed: OrderedDict[Path, None] = OrderedDict()
        self._asked: OrderedDict[Path, float] = OrderedDict()  # path and device pixel ratio; the last is the newest
        self._thread: TaskThread | None = None
        self._is_ready = self._is_closed = False

    def get_ready(self) -> None:
        """Begin to work: the window's first paint is over."""
        self._is_ready = True
        self._work_on()

    def pixmap(self, path: Path, device_pixel_ratio: float) -> QPixmap | None:
        """Return a thumbnail, or None and have it made; `arrived` tells when."""
        if path in self._made:
            self._made.move_to_end(path)
            return self._made[path]
        if path not in self._failed and not self._is_closed:
            self._asked[path] = device_pixel_ratio
            self._asked.move_to_end(path)
            if len(self._asked) > _MOST_ASKED:
                self._asked.popitem(last=False)
            self._work_on()
        return None

    def has_failed(self, path: Path) -> bool:
        """Tell whether it is known that this file gives no thumbnail."""
        return path in self._failed

    def forget(self, path: Path) -> None:
        """The file may have changed."""
        self._made.pop(path, None)
        self._failed.pop(path, None)

    def forget_all(self) -> None:
        """Any file may have changed."""
        self._made.clear()
        self._failed.clear()

    def close(self, until: QDeadlineTimer) -> None:
        """End. Blocks until the picture that is being read is read, or `until` then."""
        self._is_closed = True
        self._asked.clear()
        if self._thread is not None:
            self._thread.cancel()
            self._thread.wait(until)
            self._thread = None

    def _work_on(self) -> None:
        if self._thread is not None or not self._asked or not self._is_ready or self._is_closed:
            return
        asked, longest = self._asked, self._longest

        def work(report: Report[Any], token: Token) -> None:  # Any: path, pixels and ratio
            from p2p_desktop.convert.looking import read_thumbnail  # imports OpenCV

            while True:
                token.check()
                try:
                    path, ratio = asked.popitem()  # the newest
                except KeyError:
                    return
                report((path, read_thumbnail(path, round(longest * ratio)), ratio))

        self._thread = TaskThread(work, "thumbnails", self)
        self._thread.arrived.connect(self._on_arrived)
        self._thread.finished.connect(self._on_finished)
        self._thread.start(TaskThread.Priority.LowPriority)

    def _on_arrived(self) -> None:
        if self._thread is None:
            return
        for path, rgb, ratio in self._thread.take():
            if rgb is None:
                self._failed[path] = None
                if len(self._failed) > _MOST_FAILED:
                    self._failed.popitem(last=False)
            else:
                pixmap = QPixmap.fromImage(to_qimage(rgb))
                pixmap.setDevicePixelRatio(ratio)
                self._made[path] = pixmap
                if len(self._made) > self._most_kept:
                    self._made.popitem(last=False)
            self.arrived.emit(path)

    def _on_finished(self) -> None:
        self._on_arrived()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.deleteLater()
        self._work_on()
