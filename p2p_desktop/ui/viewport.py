"""Where a picture lies in a widget: how large, which part of it is seen, and how that changes when the person zooms and pans."""

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, QSizeF
from PySide6.QtWidgets import QWidget

from p2p_desktop.ui.theme import SPACE_L

_MARGIN = SPACE_L  # round a picture that fits
_MOST_ZOOM = 32.0
_LEAST_OF_FIT = 0.25  # the smallest zoom, as a part of the one that fits
_GAP = 2  # pixels between the panes of side by side


class Viewport:
    """Points and rectangles are in pixels of the widget unless said otherwise; a zoom of 1.0 is one pixel of the screen for one
    of the picture."""

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget
        self._picture = QSize(1, 1)
        self._centre = QPointF()  # of the view, in pixels of the picture
        self.side_by_side = False  # two panes show the same part
        self.zoom = 1.0
        self.fits = True  # whatever the size of the widget
        self.enlarges = False  # a picture that fits may be larger than it is

    @property
    def picture(self) -> QSize:
        """Its width and height, in its own pixels."""
        return self._picture

    @property
    def scale(self) -> float:
        """Pixels of the widget for one of the picture."""
        return self.zoom / self._widget.devicePixelRatioF()

    @property
    def panes(self) -> list[QRect]:
        """The parts of the widget that each show the picture."""
        width, height = self._widget.width(), self._widget.height()
        if self.side_by_side:
            half = (width - _GAP) // 2
            return [QRect(0, 0, half, height), QRect(width - half, 0, half, height)]
        return [QRect(0, 0, width, height)]

    def show(self, width: int, height: int) -> None:
        """A picture of this size is there now. The view stays where it was if the size is the same; call `fit` otherwise."""
        self._picture = QSize(width, height)

    def fit(self) -> None:
        """Show the whole picture, no larger than it is unless it `enlarges`."""
        self.fits = True
        self._centre = QPointF(self._picture.width() / 2, self._picture.height() / 2)
        self.zoom = self._fit_zoom()

    def zoom_to(self, zoom: float, fixed: QPointF) -> None:
        """Zoom, within limits, so that what lies under `fixed` stays there."""
        offset = fixed - QRectF(self._pane_at(fixed)).center()
        at = self._centre + offset / self.scale
        self.fits = False
        self.zoom = min(_MOST_ZOOM, max(self._fit_zoom() * _LEAST_OF_FIT, zoom))
        self._centre = at - offset / self.scale
        self.keep_in_sight()

    def pan(self, by: QPointF) -> None:
        self.fits = False
        self._centre -= by / self.scale
        self.keep_in_sight()

    def keep_in_sight(self) -> None:
        """Let no more of the canvas into view than round a picture that is smaller than it."""
        room = QSizeF(self.panes[0].size()) / self.scale
        x = _within(self._centre.x(), self._picture.width(), room.width())
        y = _within(self._centre.y(), self._picture.height(), room.height())
        self._centre = QPointF(x, y)

    def place(self, pane: QRect) -> QRectF:
        """Where the whole picture lies."""
        corner = QRectF(pane).center() - self._centre * self.scale
        # On whole pixels of the screen: at 1:1 a picture between two pixels would be blurred.
        ratio = self._widget.devicePixelRatioF()
        corner = QPointF(round(corner.x() * ratio) / ratio, round(corner.y() * ratio) / ratio)
        return QRectF(corner, QSizeF(self._picture) * self.scale)

    def seen(self, pane: QRect) -> QRectF:
        """Where the part of the picture that is in sight lies."""
        return self.place(pane).intersected(QRectF(pane))

    def visible_part(self) -> QRect:
        """What part of the picture is seen, in its own pixels."""
        pane = self.panes[0]
        corner = (QPointF(pane.topLeft()) - self.place(pane).topLeft()) / self.scale
        part = QRectF(corner, QSizeF(pane.size()) / self.scale).toAlignedRect()
        return part.intersected(QRect(QPoint(0, 0), self._picture))

    def on_screen(self, pane: QRect) -> tuple[QPoint, QRect]:
        """Return the picture's upper left corner, and the box of what is seen of it, in pixels of the screen."""
        ratio = self._widget.devicePixelRatioF()
        place = self.place(pane)
        corner = QPoint(round(place.left() * ratio), round(place.top() * ratio))
        whole = QRect(corner, QSize(max(1, round(place.width() * ratio)), max(1, round(place.height() * ratio))))
        room = QRectF(QPointF(pane.topLeft()) * ratio, QSizeF(pane.size()) * ratio).toAlignedRect()
        return corner, whole.intersected(room)

    def _pane_at(self, point: QPointF) -> QRect:
        panes = self.panes
        return next((pane for pane in panes if pane.contains(point.toPoint())), panes[0])

    def _fit_zoom(self) -> float:
        pane, size = self.panes[0], self._picture
        room = max(1, pane.width() - 2 * _MARGIN), max(1, pane.height() - 2 * _MARGIN)
        zoom = min(room[0] / size.width(), room[1] / size.height()) * self._widget.devicePixelRatioF()
        return zoom if self.enlarges else min(1.0, zoom)


def _within(centre: float, length: int, room: float) -> float:
    """Where the middle of the view may be along one side of the picture."""
    return length / 2 if length <= room else min(max(centre, room / 2), length - room / 2)
