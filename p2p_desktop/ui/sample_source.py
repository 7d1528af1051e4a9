"""What a run drew of its held-out pictures, read in the background: whole strips, and small frames of their results."""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QDeadlineTimer, QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader, QPixmap

from p2p_desktop.workers.task_thread import TaskThread
from training.contract.progress import Report, Token

Part = Literal["input", "result", "target"]
PARTS: tuple[Part, ...] = ("input", "result", "target")
"""As they stand in a strip, from left to right, of one width."""

_MOST_FRAMES, _MOST_STRIPS = 400, 12
_MOST_ASKED = 120  # the newest wins: what was passed by is not worth reading
_MOST_PIXELS = 64_000_000  # of a strip: more is none that a trainer draws, and takes too much memory


@dataclass(frozen=True, slots=True)
class _Wish:
    path: Path
    part: Part | None
    """None: all three."""
    height: int
    """Pixels of the screen at most; 0: as it is."""


class SampleSource(QObject):
    arrived = Signal(Path)  # something of this file is there now, or is known not to be

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._made: dict[bool, OrderedDict[_Wish, QPixmap]] = {True: OrderedDict(), False: OrderedDict()}
        self._failed: set[_Wish] = set()
        self._asked: OrderedDict[_Wish, int] = OrderedDict()  # with the age of the files
        self._thread: TaskThread | None = None
        self._is_closed = False
        self._age = 0
        """Of the files: what was read of older ones is dropped."""

    def strip(self, path: Path) -> QPixmap | None:
        """Return input, result and target side by side, or None and have it read; `arrived` tells when."""
        return self._get(_Wish(path, None, 0))

    def frame(self, path: Path, part: Part, height: int) -> QPixmap | None:
        """Return one part, not higher than so many pixels, or None and have it read."""
        return self._get(_Wish(path, part, height))

    def is_missing(self, path: Path) -> bool:
        """Whether it is known that the file cannot be read."""
        return any(wish.path == path for wish in self._failed)

    def forget(self, path: Path | None = None) -> None:
        """The file may have been drawn anew; None: all may."""
        self._age += 1
        for made in self._made.values():
            for wish in [one for one in made if path is None or one.path == path]:
                del made[wish]
        self._asked.clear()  # what is still wanted is asked for again when it is painted
        self._failed = {one for one in self._failed if path is not None and one.path != path}

    def close(self, until: QDeadlineTimer) -> None:
        """End. Blocks until the picture that is being read is read, or `until` then."""
        self._is_closed = True
        self._asked.clear()
        if self._thread is not None:
            self._thread.cancel()
            self._thread.wait(until)
            self._thread = None

    def _get(self, wish: _Wish) -> QPixmap | None:
        kept = self._made[wish.part is None]
        if wish in kept:
            kept.move_to_end(wish)
            return kept[wish]
        if wish not in self._failed and not self._is_closed:
            self._asked[wish] = self._age
            self._asked.move_to_end(wish)
            if len(self._asked) > _MOST_ASKED:
                self._asked.popitem(last=False)
            self._work_on()
        return None

    def _work_on(self) -> None:
        if self._thread is not None or not self._asked or self._is_closed:
            return
        asked = self._asked

        def work(report: Report[Any], token: Token) -> None:  # Any: a wish, its picture or None, and the age
            while True:
                token.check()
                try:
                    wish, age = asked.popitem()  # the newest
                except KeyError:
                    return
                report((wish, _read(wish), age))

        self._thread = TaskThread(work, "sample pictures", self)
        self._thread.arrived.connect(self._on_arrived)
        self._thread.finished.connect(self._on_finished)
        self._thread.start(TaskThread.Priority.LowPriority)

    def _on_arrived(self) -> None:
        if self._thread is None:
            return
        for wish, image, age in self._thread.take():
            if image is None and age == self._age:
                self._failed.add(wish)
            elif image is not None and age == self._age:
                self._keep(wish, QPixmap.fromImage(image))
            self.arrived.emit(wish.path)  # also of a file as it was: whoever paints it asks again

    def _keep(self, wish: _Wish, pixmap: QPixmap) -> None:
        kept = self._made[wish.part is None]
        kept[wish] = pixmap
        if len(kept) > (_MOST_STRIPS if wish.part is None else _MOST_FRAMES):
            kept.popitem(last=False)

    def _on_finished(self) -> None:
        self._on_arrived()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.deleteLater()
        self._work_on()


def part_of(image: QImage, part: Part) -> QImage:
    """One third of a strip."""
    width = image.width() // len(PARTS)
    return image.copy(PARTS.index(part) * width, 0, width, image.height())


def _read(wish: _Wish) -> QImage | None:
    """Called in the worker thread. None for a file that is gone, or is no picture."""
    reader = QImageReader(str(wish.path))
    size = reader.size()
    if size.isValid() and size.width() * size.height() > _MOST_PIXELS:
        return None
    image = reader.read()
    if image.isNull() or image.width() < len(PARTS):
        return None
    if wish.part is not None:
        image = part_of(image, wish.part)
    if 0 < wish.height < image.height():
        wanted = QSize(max(1, image.width() * wish.height // image.height()), wish.height)
        image = image.scaled(wanted, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
    return image.convertToFormat(QImage.Format.Format_RGB32)
