"""Thumbnails of pictures, made in the background for what is being painted and nothing else."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QDeadlineTimer, QObject, Signal
from PySide6.QtGui import QPixmap

from p2p_desktop.ui.picture_store import PictureStore
from p2p_desktop.ui.pixels import to_pixmap

_MOST_ASKED = 200


class ThumbnailSource(QObject):
    arrived = Signal(Path)  # also where there is none to be had

    def __init__(self, longest: int, most_kept: int, parent: QObject | None = None) -> None:
        """`longest`: pixels of the longer side at 100 %. `most_kept`: thumbnails, the least recently seen go first."""
        super().__init__(parent)

        def read(path: Path, ratio: float) -> Any:  # Any: a NumPy array, or None
            from p2p_desktop.convert.looking import read_thumbnail  # imports OpenCV

            return read_thumbnail(path, round(longest * ratio))

        self._store: PictureStore[Path, QPixmap] = PictureStore(
            "thumbnails", read, to_pixmap, most_asked=_MOST_ASKED, most_kept=most_kept, parent=self
        )
        self._store.hold()
        self._store.arrived.connect(self.arrived)

    def get_ready(self) -> None:
        """Begin to work: the window's first paint is over."""
        self._store.get_ready()

    def pixmap(self, path: Path, device_pixel_ratio: float) -> QPixmap | None:
        """Return a thumbnail, or None and have it made; `arrived` tells when."""
        return self._store.get(path, device_pixel_ratio)

    def has_failed(self, path: Path) -> bool:
        """Tell whether it is known that this file gives no thumbnail."""
        return self._store.has_failed(path)

    def forget(self, path: Path) -> None:
        """The file may have changed."""
        self._store.forget(path)

    def forget_all(self) -> None:
        """Any file may have changed."""
        self._store.forget_all()

    def close(self, until: QDeadlineTimer) -> None:
        """End. Blocks until the picture that is being read is read, or `until` then."""
        self._store.close(until)
