"""The one place where numbers become a picture of Qt. It copies: a QImage over a buffer that is gone shows garbage."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage, QPixmap

if TYPE_CHECKING:  # NumPy is imported with the engine, after the first paint
    import numpy as np
    from numpy.typing import NDArray


def to_qimage(rgb: "NDArray[np.uint8]") -> QImage:
    """Make a picture of uint8 [H, W, 3] RGB, which may be a crop of something larger. Called in the GUI thread."""
    height, width = rgb.shape[:2]
    data = rgb.tobytes()
    return QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888).convertToFormat(QImage.Format.Format_RGB32)


def to_pixmap(rgb: "NDArray[np.uint8]", device_pixel_ratio: float) -> QPixmap:
    """As `to_qimage`, ready to be painted: so many of its pixels are one at 100 %."""
    pixmap = QPixmap.fromImage(to_qimage(rgb))
    pixmap.setDevicePixelRatio(device_pixel_ratio)
    return pixmap


def drawn_image(width: int, height: int, draw: Callable[["NDArray[np.uint8]"], None]) -> QImage:
    """Make a picture by letting `draw` fill its memory, uint8 [height, width, 4] BGRA, which it must not keep.

    Called in the GUI thread.
    """
    import numpy as np  # only once there is something to draw: see above

    image = QImage(width, height, QImage.Format.Format_RGB32)
    draw(np.frombuffer(image.bits(), np.uint8).reshape(height, width, 4))
    return image
