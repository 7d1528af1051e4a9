"""What is seen of large pictures, drawn and kept until the view or the picture changes: a divider that moves costs two blits."""

from functools import partial
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QRect
from PySide6.QtGui import QPixmap

from p2p_desktop.ui.pixels import drawn_image

if TYPE_CHECKING:  # it imports OpenCV; the first paint must not wait for it
    from p2p_desktop.convert.pyramid import Pyramid

Half = Literal["before", "after"]


class DrawnParts:
    """One part of each half. Sizes are in pixels of the screen."""

    def __init__(self) -> None:
        self._kept: dict[Half, tuple[tuple[object, ...], QPixmap]] = {}

    def forget(self, half: Half) -> None:
        """Its picture is another one now, or has changed."""
        self._kept.pop(half, None)

    def pixmap(self, half: Half, picture: "Pyramid", part: QRect, scale: float) -> QPixmap:
        """Return `part` of the picture as large as `scale` makes it: pixels of the screen for one of its own."""
        key = (id(picture), scale, part.getRect())
        kept = self._kept.get(half)
        if kept is not None and kept[0] == key:
            return kept[1]
        if part.isEmpty():
            return QPixmap()
        draw = partial(picture.draw, scale=scale, left=part.left(), top=part.top())
        pixmap = QPixmap.fromImage(drawn_image(part.width(), part.height(), draw))
        self._kept[half] = (key, pixmap)
        return pixmap
