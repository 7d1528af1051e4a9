"""Thumbnails of both pictures of a pair, made in the background for the cards being painted and no others."""

from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QDeadlineTimer, QObject, Signal
from PySide6.QtGui import QPixmap

from p2p_desktop.ui.picture_store import PictureStore
from p2p_desktop.ui.pixels import to_pixmap
from training.contract.corrections import Correction
from training.contract.errors import PictureError

_MOST_ASKED = 60
_MOST_KEPT = 600  # pairs of 180 pixels: some 60 MB


class Wanted(NamedTuple):
    """A pair as it is to be seen."""

    files: tuple[Path, ...]
    is_strip: bool
    correction: Correction | None


class PairThumbnails(QObject):
    arrived = Signal()  # one is there, or cannot be had

    def __init__(self, longest: int, parent: QObject | None = None) -> None:
        """`longest`: pixels of the longer side at 100 %."""
        super().__init__(parent)

        def read(wanted: Wanted, ratio: float) -> list[Any]:  # Any: NumPy arrays
            from p2p_desktop.runs.pair_pictures import small_pair  # imports OpenCV

            try:
                return small_pair(wanted.files, wanted.is_strip, wanted.correction, round(longest * ratio))
            except (PictureError, OSError, MemoryError):
                return []

        def make(pictures: list[Any], ratio: float) -> tuple[QPixmap, ...]:  # Any: as above
            return tuple(to_pixmap(rgb, ratio) for rgb in pictures)

        self._store: PictureStore[Wanted, tuple[QPixmap, ...]] = PictureStore(
            "thumbnails of pairs", read, make, most_asked=_MOST_ASKED, most_kept=_MOST_KEPT, parent=self
        )
        self._store.arrived.connect(self._on_arrived)

    def pixmaps(self, wanted: Wanted, device_pixel_ratio: float) -> tuple[QPixmap, ...] | None:
        """One or two pictures, none where they cannot be read; or None, and `arrived` tells when they are made."""
        return self._store.get(wanted, device_pixel_ratio)

    def forget_all(self) -> None:
        """Any file may have changed."""
        self._store.forget_all()

    def close(self, until: QDeadlineTimer) -> None:
        """End. Blocks until the pair that is being read is read, or `until` then."""
        self._store.close(until)

    def _on_arrived(self, _: Wanted) -> None:
        self.arrived.emit()
