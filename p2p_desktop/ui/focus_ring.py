"""A ring round what has the keyboard: after Tab or a shortcut, never after a click."""

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import RADIUS_CONTROL

_GAP, _WIDTH = 2, 2
_AROUND = _GAP + _WIDTH
_BY_KEYBOARD = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
_MOVED = (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Hide, QEvent.Type.Show, QEvent.Type.LayoutRequest)
_KEYS = (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)


class FocusRing(QWidget):
    """One for each window, above everything in it, and transparent for the mouse.

    A widget whose corners are not those of a control says so by its property `focus_radius` (pixels).
    """

    def __init__(self, look: Look, window: QWidget) -> None:
        super().__init__(window)
        self._look, self._over = look, window
        self._target: QWidget | None = None
        self._watched: list[QWidget] = []
        self._by_keyboard = False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        window.installEventFilter(self)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus_changed)
        look.theme.changed.connect(self.update)

    @property
    def target(self) -> QWidget | None:
        """What the ring is round; None while it is hidden."""
        return self._target

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Not of the whole program, which would run Python for every event there is: only of what has the focus, what it lies in,
        # and the window's handle, through which mouse and keys come before any widget sees them.
        kind = event.type()
        if kind == QEvent.Type.MouseButtonPress:
            self._by_keyboard = False
            self._follow(None)
        elif kind in _KEYS:
            self._by_keyboard = True
        elif kind == QEvent.Type.FocusOut and isinstance(event, QFocusEvent):
            if isinstance(watched, QWidget) and watched.isVisible() and watched.isEnabled():
                self._by_keyboard = event.reason() in _BY_KEYBOARD  # of the one that loses it, and so of the one that gets it
            # else Qt moves it on as if by Tab, because what was pressed is gone
        elif kind == QEvent.Type.Show and watched is self._over:
            handle = self.window().windowHandle()
            if handle is not None:
                handle.installEventFilter(self)  # a second time does nothing
        if kind in _MOVED and self._target is not None:
            self._place()
        return False

    def paintEvent(self, _: QPaintEvent) -> None:
        if self._target is None or not isValid(self._target):
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._look.theme.color("accent_text"), _WIDTH))
        half = _WIDTH / 2
        radius = min(self._radius() + _GAP, self.height() / 2 - half)
        # Where it lies in a scroll area it may be only partly in sight, and is drawn so.
        whole = self._around(self._target).translated(-self.pos())
        painter.drawRoundedRect(whole.toRectF().adjusted(half, half, -half, -half), radius, radius)

    def _on_focus_changed(self, _: QWidget | None, now: QWidget | None) -> None:
        for widget in self._watched:
            if isValid(widget):  # what was deleted with the focus in it cannot be asked any more
                widget.removeEventFilter(self)
        focused = now if now is not None and self._over.isAncestorOf(now) else None
        self._watched = _with_ancestors(focused, self._over)
        for widget in self._watched:
            widget.installEventFilter(self)
        self._follow(focused if self._by_keyboard else None)

    def _follow(self, target: QWidget | None) -> None:
        self._target = target
        self._place()

    def _place(self) -> None:
        if self._target is None or not isValid(self._target) or not self._target.isVisible():
            self.hide()
            return
        in_sight = self._over.rect()
        for widget in self._watched[1:]:
            in_sight &= self._around(widget)
        place = self._around(self._target) & in_sight
        if place.isEmpty():
            self.hide()
            return
        self.setGeometry(place)
        self.show()
        self.raise_()
        self.update()

    def _around(self, widget: QWidget) -> QRect:
        """In the window; what lies at its edge gets its ring on the inner side."""
        at = widget.mapTo(self._over, QPoint(0, 0))
        return QRect(at, widget.size()).adjusted(-_AROUND, -_AROUND, _AROUND, _AROUND) & self._over.rect()

    def _radius(self) -> float:
        radius = self._target.property("focus_radius") if self._target is not None else None
        return float(radius) if isinstance(radius, int | float) else RADIUS_CONTROL


def _with_ancestors(widget: QWidget | None, top: QWidget) -> list[QWidget]:
    widgets = []
    while widget is not None and widget is not top:
        widgets.append(widget)
        widget = widget.parentWidget()
    return widgets
