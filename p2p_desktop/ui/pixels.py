"""The one place where numbers become a picture of Qt. It copies: a QImage over a buffer that is gone shows garbage."""

from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

if TYPE_CHECKING:  # NumPy is imported with the engine, after the first paint
    import numpy as np
    from numpy.typing import NDArray


def to_qimage(rgb: "NDArray[np.uint8]") -> QImage:
    """Make a picture of uint8 [H, W, 3] RGB, which may be a crop of something larger. Called in the GUI thread."""
    height, width = rgb.shape[:2]
    data = rgb.tobytes()
    return QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888).convertToFormat(QImage.Format.Format_RGB32)
