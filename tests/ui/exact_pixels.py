"""Started by a test with the scale of a screen: at 1:1, one pixel of the picture must be one of the screen."""

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from p2p_desktop.convert.pyramid import Pyramid
from p2p_desktop.ui.compare_view import CompareView
from p2p_desktop.ui.icons import Icons
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import Theme


def main() -> None:
    app = QApplication([])
    theme = Theme(app, "light")
    view = CompareView(Look(theme, Icons(theme)))
    view.resize(403, 301)  # odd, so that its middle lies between pixels
    view.show()
    ratio = view.devicePixelRatioF()
    if ratio == 1.0:
        raise SystemExit("the scale was not taken up")
    rng = np.random.default_rng(0)
    for height, width in ((151, 203), (100, 77), (900, 1200)):
        pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
        view.show_before(Pyramid.of(pixels))
        view.zoom_actual()
        image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        screen = rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3)
        place = view._port.place(view.rect())
        left, top = round(place.left() * ratio), round(place.top() * ratio)
        below = 60  # of the labels
        y, x = max(top, 0) + below, max(left, 0)
        seen = screen[y : top + height, x : left + width]
        if not (seen == pixels[y - top :, x - left :][: seen.shape[0], : seen.shape[1]]).all() or seen.size < 3000:
            raise SystemExit(f"{width} x {height} is not exact at a scale of {ratio}")


if __name__ == "__main__":
    main()
