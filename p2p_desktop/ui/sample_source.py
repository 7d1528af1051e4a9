"""What a run drew of its held-out pictures, read in the background: whole strips, and small frames of their results."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QDeadlineTimer, QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader, QPixmap

from p2p_desktop.ui.picture_store import PictureStore

Part = Literal["input", "result", "target"]
PARTS: tuple[Part, ...] = ("input", "result", "target")
"""As they stand in a strip, from left to right, of one width."""

_MOST_FRAMES, _MOST_STRIPS = 400, 12
_MOST_ASKED = 120
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
        self._strips, self._frames = self._store(_MOST_STRIPS), self._store(_MOST_FRAMES)
        self._missing: set[Path] = set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being read."""
        return self._strips.is_idle and self._frames.is_idle

    def strip(self, path: Path) -> QPixmap | None:
        """Return input, result and target side by side, or None and have it read; `arrived` tells when."""
        return self._strips.get(_Wish(path, None, 0), 1.0)

    def frame(self, path: Path, part: Part, height: int) -> QPixmap | None:
        """Return one part, not higher than so many pixels, or None and have it read."""
        return self._frames.get(_Wish(path, part, height), 1.0)

    def is_missing(self, path: Path) -> bool:
        """Whether it is known that the file cannot be read."""
        return path in self._missing

    def forget(self, path: Path | None = None) -> None:
        """The file may have been drawn anew; None: all may."""
        for store in (self._strips, self._frames):
            if path is None:
                store.forget_all()
            else:
                store.forget_where(lambda wish: wish.path == path)
        self._missing = set() if path is None else self._missing - {path}

    def close(self, until: QDeadlineTimer) -> None:
        """End. Blocks until the picture that is being read is read, or `until` then."""
        for store in (self._strips, self._frames):
            store.close(until)

    def _store(self, most_kept: int) -> "PictureStore[_Wish, QPixmap]":
        store: PictureStore[_Wish, QPixmap] = PictureStore(
            "sample pictures", _read, _pixmap, most_asked=_MOST_ASKED, most_kept=most_kept, parent=self
        )
        store.arrived.connect(self._on_arrived)
        return store

    def _on_arrived(self, wish: _Wish) -> None:
        if self._strips.has_failed(wish) or self._frames.has_failed(wish):
            self._missing.add(wish.path)
        self.arrived.emit(wish.path)


def part_of(image: QImage, part: Part) -> QImage:
    """One third of a strip."""
    width = image.width() // len(PARTS)
    return image.copy(PARTS.index(part) * width, 0, width, image.height())


def _read(wish: _Wish, _: float) -> QImage | None:
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


def _pixmap(image: QImage, _: float) -> QPixmap:
    return QPixmap.fromImage(image)
