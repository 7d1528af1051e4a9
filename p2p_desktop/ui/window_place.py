"""Where the window opens and how large: as it was left, or at its first size, and never larger than the screen."""

from PySide6.QtCore import QByteArray, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow, QStyle

_FIRST_SIZE, _LEAST_SIZE = QSize(1200, 800), QSize(900, 600)
_LEAST_POSSIBLE = QSize(760, 540)  # for screens that have less than that: below it, a narrow Convert does not fit
_LARGE = Qt.WindowState.WindowMaximized | Qt.WindowState.WindowFullScreen


def place_window(window: QMainWindow, remembered: str) -> None:
    """Bring a window that was not shown yet to its place. remembered: what `saveGeometry` gave, in Base64; "" for a first time."""
    geometry = QByteArray.fromBase64(QByteArray(remembered.encode("ascii", "replace")))
    is_restored = bool(remembered) and window.restoreGeometry(geometry)  # brings back what lies off all screens
    if not is_restored:
        window.resize(_FIRST_SIZE)
    room = _room(window)
    window.setMinimumSize(_LEAST_SIZE.boundedTo(room.size().expandedTo(_LEAST_POSSIBLE)))
    size = window.size().boundedTo(room.size())
    if size != window.size() and not window.windowState() & _LARGE:
        window.resize(size)
        if is_restored:
            window.move(_within(room, QRect(window.pos(), window.size())))


def _room(window: QMainWindow) -> QRect:
    """What the window's screen has for it, below its title."""
    middle = window.geometry().center()
    screen = QGuiApplication.screenAt(middle) or window.screen()
    title = window.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight)  # as Qt reckons while the real one is not known
    return screen.availableGeometry().adjusted(0, 0, 0, -title)


def _within(room: QRect, place: QRect) -> QPoint:
    """The upper left corner that lets a place lie in `room`, or begin at its corner if it is larger."""
    return QPoint(
        max(room.left(), min(place.left(), room.right() + 1 - place.width())),
        max(room.top(), min(place.top(), room.bottom() + 1 - place.height())),
    )
