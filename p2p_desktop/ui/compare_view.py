"""Before and after, under one view: a divider between them, side by side, or one of them; zoomed and moved together.

Wheel: zoom towards the pointer; a touchpad pans with two fingers, and zooms with Ctrl or a pinch. Drag: pan, or the divider near
its line. Keys: Left and Right move the divider (Shift: finer), Ctrl and an arrow key pan, space flips between before and after and
back, + - zoom, 1 is 1:1, 0 or F fits.

The divider stays where it is on the screen while the picture moves below it: it is in sight at every zoom.
"""

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from p2p_desktop.ui.drawn_parts import DrawnParts
from p2p_desktop.ui.halves import after_word, before_word, paint_handle, paint_plate, paint_sentence, plate_width
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.surround import SURROUND_TOKENS, SurroundMenu
from p2p_desktop.ui.theme import SPACE_L, SPACE_M, SPACE_S
from p2p_desktop.ui.viewport import Viewport

if TYPE_CHECKING:
    from p2p_desktop.convert.pyramid import Pyramid

Mode = Literal["divider", "side_by_side", "result"]

_STEP = 1.25  # of one notch of the wheel
_GRAB = 14  # pixels beside the divider's line that take hold of it
_KEY_STEP, _FINE_KEY_STEP = 0.05, 0.005  # of the width of what is seen
_PAN_STEP = 0.1  # of the pane, by one key
_ARROWS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class CompareView(QWidget):
    zoom_changed = Signal(float)  # 1.0: one pixel of the picture is one of the screen
    visible_changed = Signal(QRect)  # in pixels of the picture
    surround_chosen = Signal(str)
    flipped = Signal(bool)  # whether only one of the two is shown, against the mode

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._before: Pyramid | None = None
        self._after: Pyramid | None = None
        self._mode: Mode = "divider"
        self._strength = 1.0
        self._divider = 0.5  # of the width of what is seen of the picture
        self._flip: Literal["", "before", "after"] = ""
        self._port = Viewport(self)
        self._surround = "theme"
        self._waiting = ""
        self._name = ""
        self._words: tuple[str, str] | None = None
        self._drag: tuple[str, QPointF] | None = None  # what, and from where: the last place, or how far beside the divider's line
        self._drawn = DrawnParts()
        self.setObjectName("compare_view")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        look.theme.changed.connect(self.update)
        self._describe()

    # --- what is shown

    def show_before(self, picture: "Pyramid", name: str = "") -> None:
        """Show a source; its result follows. The view stays where it is if the size is the same, and fits otherwise."""
        keeps = self._before is not None and self._port.picture == QSize(picture.width, picture.height)
        self._before, self._after, self._name = picture, None, name
        self._port.show(picture.width, picture.height)
        self._drawn = DrawnParts()
        if not keeps:
            self._flip = ""
            self.zoom_fit()
        self._describe()
        self.update()
        self._tell_visible()

    def show_after(self, picture: "Pyramid | None") -> None:
        self._after = picture
        self._drawn.forget("after")
        self._describe()
        self.update()

    def show_both(self, before: "Pyramid", after: "Pyramid | None", name: str) -> None:
        """Show the next frame of a video: the view stays as it is unless its size is another one."""
        keeps = self._before is not None and self._port.picture == QSize(before.width, before.height)
        self._before, self._after = before, after
        self._drawn = DrawnParts()
        self._port.show(before.width, before.height)
        if not keeps or name != self._name:
            self._name = name
            self._describe()
        if not keeps:
            self.zoom_fit()
        self.update()

    def patch_arrived(self, place: QRect) -> None:
        """A part of the result has changed."""
        if place.intersects(self.visible_part()):
            self._drawn.forget("after")
            self.update()

    def before_changed(self, place: QRect) -> None:
        """A part of what stands on the left has changed, where that is a result, too."""
        if place.intersects(self.visible_part()):
            self._drawn.forget("before")
            self.update()

    def set_words(self, left: str, right: str) -> None:
        """What the two are called on the picture, where they are no before and after."""
        self._words = left, right
        self._describe()
        self.update()

    def clear(self) -> None:
        self._before = self._after = None
        self._name, self._waiting = "", ""
        self._drawn = DrawnParts()
        self._port.zoom = 1.0
        self._on_zoomed()

    @property
    def has_picture(self) -> bool:
        return self._before is not None

    @property
    def has_result(self) -> bool:
        return self._after is not None

    @property
    def mode(self) -> Mode:
        return self._mode

    def set_mode(self, mode: Mode) -> None:
        self._mode, self._flip = mode, ""
        self._port.side_by_side = mode == "side_by_side"
        if self._port.fits:
            self.zoom_fit()
        self.update()
        self._tell_visible()

    def set_strength(self, strength: float) -> None:
        """Mix the result with the source, 0 to 1, without computing it again."""
        self._strength = strength
        self.update()

    def set_waiting(self, text: str) -> None:
        """What is being waited for; "" if nothing is."""
        self._waiting = text
        self._describe()
        self.update()

    def set_surround(self, name: str) -> None:
        """The colour round the picture: theme, black, dark, middle, light or white."""
        self._surround = name if name in SURROUND_TOKENS else "theme"
        self.update()

    @property
    def divider(self) -> float:
        """Where the divider is, as a part of the width of what is seen of the picture."""
        return self._divider

    def set_divider(self, place: float) -> None:
        self._divider = min(1.0, max(0.0, place))
        self.update()

    # --- the view

    @property
    def zoom(self) -> float:
        return self._port.zoom

    def zoom_fit(self) -> None:
        self._port.fit()
        self._on_zoomed()

    def zoom_actual(self) -> None:
        """One pixel of the picture is one pixel of the screen."""
        self.zoom_to(1.0, QPointF(self._port.panes[0].center()))

    def zoom_to(self, zoom: float, fixed: QPointF) -> None:
        """Zoom so that what lies under `fixed`, in pixels of this widget, stays there."""
        if self._before is not None:
            self._port.zoom_to(zoom, fixed)
            self._on_zoomed()

    def visible_part(self) -> QRect:
        """What part of the picture is seen, in its pixels."""
        return self._port.visible_part() if self._before is not None else QRect()

    def _on_zoomed(self) -> None:
        self.zoom_changed.emit(self._port.zoom)
        self._describe()
        self._on_moved()

    def _on_moved(self) -> None:
        self.update()
        self._tell_visible()

    def _tell_visible(self) -> None:
        if self._before is not None:
            self.visible_changed.emit(self.visible_part())

    def _divider_x(self) -> float:
        seen = self._port.seen(self._port.panes[0])
        return seen.left() + self._divider * seen.width()

    # --- painting

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.theme.color(SURROUND_TOKENS[self._surround]))
        if self._before is None:
            self._paint_waiting(painter)
            return
        panes = self._port.panes
        if self._mode == "side_by_side" and not self._flip:
            self._paint_one(painter, panes[0], "before")
            self._paint_one(painter, panes[1], "after" if self._after is not None else "before")
            gap = panes[1].left() - panes[0].right() - 1
            painter.fillRect(panes[0].right() + 1, 0, gap, self.height(), self._look.theme.color("on_plate"))
            self._paint_labels(painter, self._port.seen(panes[0]), before=True, after=False)
            if self._after is not None:
                self._paint_labels(painter, self._port.seen(panes[1]), before=False, after=True)
        elif self._mode == "divider" and not self._flip and self._after is not None:
            self._paint_divided(painter, panes[0])
        else:
            which = self._flip or ("after" if self._mode == "result" else "before")
            if self._after is None:
                which = "before"
            for pane in panes:
                self._paint_one(painter, pane, which)
                self._paint_labels(painter, self._port.seen(pane), before=which == "before", after=which == "after")
        self._paint_waiting(painter)

    def _paint_divided(self, painter: QPainter, pane: QRect) -> None:
        seen, x = self._port.seen(pane), self._divider_x()
        painter.save()
        painter.setClipRect(QRectF(0, 0, x, self.height()))
        self._paint_one(painter, pane, "before")
        painter.setClipRect(QRectF(x, 0, self.width() - x, self.height()))
        self._paint_one(painter, pane, "after")
        painter.restore()
        edge, line = self._look.theme.color("on_plate_edge"), self._look.theme.color("on_plate")
        edge.setAlphaF(0.45)
        painter.fillRect(QRectF(x - 2, seen.top(), 4, seen.height()), edge)
        painter.fillRect(QRectF(x - 1, seen.top(), 2, seen.height()), line)
        paint_handle(painter, QPointF(x, seen.center().y()), self._look)
        room = max(plate_width(self._look, words) for words in self._words or ("",)) + 2 * SPACE_S
        self._paint_labels(painter, seen, before=x - seen.left() > room, after=seen.right() - x > room)

    def _paint_one(self, painter: QPainter, pane: QRect, which: str) -> None:
        before, after = self._before, self._after
        if before is None:
            return
        painter.save()
        painter.setClipRect(pane, Qt.ClipOperation.IntersectClip)
        # From here on in pixels of the screen: with a scale of 1.25, pixels of the widget begin between them.
        ratio = self.devicePixelRatioF()
        painter.scale(1 / ratio, 1 / ratio)
        corner, box = self._port.on_screen(pane)
        part = box.translated(-corner)
        if which == "before" or self._strength < 1.0 or after is None:
            painter.drawPixmap(box.topLeft(), self._drawn.pixmap("before", before, part, self._port.zoom))
        if which == "after" and after is not None:
            painter.setOpacity(self._strength)
            # A result of another size lies over its source all the same.
            scale = self._port.zoom * before.width / after.width
            painter.drawPixmap(box.topLeft(), self._drawn.pixmap("after", after, part, scale))
        painter.restore()

    def _paint_labels(self, painter: QPainter, seen: QRectF, *, before: bool, after: bool) -> None:
        left, right = self._words or (before_word(), after_word())
        if (
            seen.width() < max(plate_width(self._look, words) for words in (left, right)) + 2 * SPACE_M
            or seen.height() < 4 * SPACE_M
        ):
            return
        if before:
            paint_plate(painter, seen.topLeft() + QPointF(SPACE_S + 2, SPACE_S + 2), left, self._look)
        if after:
            paint_plate(painter, seen.topRight() + QPointF(-SPACE_S - 2, SPACE_S + 2), right, self._look, from_right=True)

    def _paint_waiting(self, painter: QPainter) -> None:
        if self._waiting:
            paint_sentence(painter, QRectF(self.rect()).adjusted(0, 0, 0, -2 * SPACE_L), self._waiting, self._look)

    def _describe(self) -> None:
        name = self._name or self.tr("no picture")
        if self._words is None:
            self.setAccessibleName(self.tr("Before and after of {name}").format(name=name))
        else:
            words = self.tr("{left} and {right}, of {name}")
            self.setAccessibleName(words.format(left=self._words[0], right=self._words[1], name=name))
        zoom = self.tr("Zoom {percent} per cent").format(percent=round(self._port.zoom * 100)) if self._before is not None else ""
        self.setAccessibleDescription(". ".join(filter(None, (zoom, self._waiting))))

    # --- what the person does

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._port.fits:
            self.zoom_fit()
        else:
            self._port.keep_in_sight()
            self._on_moved()

    def wheelEvent(self, event: QWheelEvent) -> None:
        pixels = event.pixelDelta()
        is_touchpad = not pixels.isNull() and event.phase() != Qt.ScrollPhase.NoScrollPhase
        if is_touchpad and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._pan(QPointF(pixels))
        elif event.angleDelta().y():
            self.zoom_to(self._port.zoom * _STEP ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange and self._port.fits:  # the window was moved to another screen
            self.zoom_fit()
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_to(self._port.zoom * (1 + event.value()), event.position())
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton) and self._before is not None:
            on_divider = event.button() == Qt.MouseButton.LeftButton and self._is_on_divider(event.position())
            beside = QPointF(event.position().x() - self._divider_x(), 0)
            self._drag = ("divider", beside) if on_divider else ("pan", event.position())
            self._show_cursor(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is None:
            self._show_cursor(event.position())
            return
        what, last = self._drag
        if what == "divider":
            seen = self._port.seen(self._port.panes[0])
            self.set_divider((event.position().x() - last.x() - seen.left()) / max(1.0, seen.width()))
        else:
            self._pan(event.position() - last)
            self._drag = ("pan", event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = None
        self._show_cursor(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._is_on_divider(event.position()):
            self.set_divider(0.5)
        elif self._port.fits:
            self.zoom_to(1.0, event.position())
        else:
            self.zoom_fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        step = _FINE_KEY_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else _KEY_STEP
        middle = QPointF(self._port.panes[0].center())
        if key in _ARROWS and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            across, down = _ARROWS[key]
            self._pan(QPointF(-across * self._port.panes[0].width(), -down * self.height()) * _PAN_STEP)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.set_divider(self._divider + (step if key == Qt.Key.Key_Right else -step))
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.flip()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_to(self._port.zoom * _STEP, middle)
        elif key == Qt.Key.Key_Minus:
            self.zoom_to(self._port.zoom / _STEP, middle)
        elif key == Qt.Key.Key_1:
            self.zoom_actual()
        elif key in (Qt.Key.Key_0, Qt.Key.Key_F):
            self.zoom_fit()
        else:
            super().keyPressEvent(event)

    def flip(self) -> None:
        """Show only the one of the two that was not, at the same view: after, before, and as it was again."""
        if self._after is None:
            return
        if self._mode == "result":
            self._flip = "" if self._flip else "before"
        else:
            self._flip = {"": "after", "after": "before", "before": ""}[self._flip]  # type: ignore[assignment]  # one of the three
        self.flipped.emit(bool(self._flip))
        self.update()

    @property
    def flip_state(self) -> str:
        """Which of the two alone is shown against the mode: "before", "after", or "" for neither."""
        return self._flip

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = SurroundMenu(self._surround, self)
        menu.chosen.connect(self._on_surround_chosen)
        menu.popup(event.globalPos())

    def _on_surround_chosen(self, name: str) -> None:
        self.set_surround(name)
        self.surround_chosen.emit(name)

    def _pan(self, by: QPointF) -> None:
        if self._before is not None:
            self._port.pan(by)
            self._on_moved()

    def _is_on_divider(self, point: QPointF) -> bool:
        if self._mode != "divider" or self._after is None or self._flip:
            return False
        return abs(point.x() - self._divider_x()) <= _GRAB

    def _show_cursor(self, point: QPointF) -> None:
        if self._drag is not None and self._drag[0] == "pan":
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._is_on_divider(point):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        else:
            self.unsetCursor()
