"""Icons in the colours of the theme, sharp at every scaling: Phosphor's outlines from its font, loaded after the first paint."""

import importlib.util
import json
import logging
from functools import cache
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QIconEngine, QPainter, QPainterPath, QPixmap, QRawFont, QTransform
from PySide6.QtWidgets import QAbstractButton, QPushButton

from p2p_desktop.ui.theme import TEXT_ICON, Theme

log = logging.getLogger(__name__)

_EM: Final = 256.0  # units a glyph is kept in; any number does, it is scaled when drawn
_GAP: Final = 4  # pixels right of an icon, beside the 4 that Qt leaves between it and words: they stand too near without


class Icons(QObject):
    """Phosphor's icons by name ("folder-open", "check-circle-fill"). Empty until `load`, then everywhere at once."""

    ready = Signal()  # the outlines are there: paint again what took a pixmap

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._font: QRawFont | None = None
        self._codes: dict[str, str] = {}
        self._outlines: dict[str, QPainterPath] = {}
        self._pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}
        self._worn: WeakKeyDictionary[QAbstractButton | QAction, tuple[str, str]] = WeakKeyDictionary()
        theme.changed.connect(self._on_theme_changed)

    @property
    def is_ready(self) -> bool:
        return self._font is not None

    def load(self) -> None:
        """Read the outlines, which takes about 20 ms; a second call does nothing.

        Only the font of the package qtawesome is used: importing the package would read a dozen fonts (0.3 s).
        """
        if self._font is not None:
            return
        found = _font_and_codes()
        if found is None:
            log.warning("the icon font of qtawesome is missing: buttons have no icons")
            return
        self._font, self._codes = found
        self._wear()
        self.ready.emit()

    def set_on(self, wearer: QAbstractButton | QAction, name: str, token: str = "text", size: int = TEXT_ICON) -> None:
        """Let a button or action wear an icon, now or as soon as there are any, in the theme's colours from then on."""
        self._worn[wearer] = (name, token)
        if isinstance(wearer, QPushButton):
            wearer.setIconSize(QSize(size + _GAP, size))
        elif isinstance(wearer, QAbstractButton):
            wearer.setIconSize(QSize(size, size))
        if self.is_ready:
            self._put_on(wearer, name, token)

    def icon(self, name: str, token: str = "text", *, checked_token: str = "") -> QIcon:
        """Return an icon that is drawn anew at every size and scaling; an empty one before `ready`.

        `checked_token`: the colour on a checked button; "": the same.
        """
        outline = self._outline(name)
        if outline is None:
            return QIcon()
        colors = {
            "": self._theme.color(token),
            "checked": self._theme.color(checked_token or token),
            "disabled": self._theme.color("disabled"),
        }
        return QIcon(_OutlineEngine(outline, colors))

    def pixmap(self, name: str, token: str = "text", size: int = TEXT_ICON, device_pixel_ratio: float = 1.0) -> QPixmap:
        """Return `size` x `size` pixels at 100 %, in the colour of a token; a null pixmap before `ready`."""
        key = (name, token, size, device_pixel_ratio)
        kept = self._pixmaps.get(key)
        if kept is not None:
            return kept
        outline = self._outline(name)
        if outline is None:
            return QPixmap()
        pixmap = _pixmap_of(outline, self._theme.color(token), QSize(size, size), device_pixel_ratio)
        self._pixmaps[key] = pixmap
        return pixmap

    def paint(self, painter: QPainter, place: QRectF, name: str, color: QColor) -> None:
        """Draw an icon into a square; nothing before `ready`."""
        outline = self._outline(name)
        if outline is not None:
            _paint_outline(painter, outline, place, color)

    def _outline(self, name: str) -> QPainterPath | None:
        """Return a glyph in a square of `_EM` units, or None before `ready`."""
        if self._font is None:
            return None
        name = name.removeprefix("ph.")
        if name not in self._outlines:
            if name not in self._codes:
                raise ValueError(f"Phosphor has no icon called {name}")
            glyphs = self._font.glyphIndexesForString(self._codes[name])
            path = self._font.pathForGlyph(glyphs[0])
            # The glyphs of this font stand on the base line and fill the square above it.
            self._outlines[name] = QTransform.fromTranslate(0, _EM).map(path)
        return self._outlines[name]

    def _wear(self) -> None:
        for wearer, (name, token) in list(self._worn.items()):
            try:
                self._put_on(wearer, name, token)
            except RuntimeError:  # Qt has deleted the button, Python has not yet
                self._worn.pop(wearer, None)

    def _put_on(self, wearer: QAbstractButton | QAction, name: str, token: str) -> None:
        marked = token == "text" and wearer.property("role") == "icon"
        mark = "on_accent" if self._theme.high_contrast else "accent_text"  # high contrast fills what is checked
        wearer.setIcon(self.icon(name, token, checked_token=mark if marked else ""))

    def _on_theme_changed(self) -> None:
        self._pixmaps.clear()
        if self.is_ready:
            self._wear()


def _font_and_codes() -> tuple[QRawFont, dict[str, str]] | None:
    spec = importlib.util.find_spec("qtawesome")  # finds, and does not import
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "fonts"
    fonts, lists = sorted(folder.glob("phosphor-*.ttf")), sorted(folder.glob("phosphor-charmap-*.json"))
    if not fonts or not lists:
        return None
    font = QRawFont(str(fonts[-1]), _EM)
    if not font.isValid():
        return None
    codes = json.loads(lists[-1].read_text(encoding="utf-8"))
    return font, {name: chr(int(code, 16)) for name, code in codes.items()}


def _pixmap_of(outline: QPainterPath, color: QColor, size: QSize, ratio: float) -> QPixmap:
    pixmap = QPixmap(round(size.width() * ratio), round(size.height() * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    _paint_outline(painter, outline, QRectF(QPointF(0, 0), size.toSizeF()), color)
    painter.end()
    return pixmap


def _paint_outline(painter: QPainter, outline: QPainterPath, place: QRectF, color: QColor) -> None:
    side = min(place.width(), place.height())
    # At the left, not in the middle: what is broader has room for the gap before the words.
    corner = QPointF(place.left(), place.center().y() - side / 2)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(corner)
    painter.scale(side / _EM, side / _EM)
    painter.fillPath(outline, color)
    painter.restore()


@cache
def _asks_in_device_pixels() -> bool:
    """Tell how this Qt asks an engine for a scaled pixmap: early Qt 6 names device pixels, later ones pixels at 100 %."""
    asked: list[QSize] = []

    class Probe(QIconEngine):
        def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
            asked.append(size)
            return QPixmap(size)

        def clone(self) -> QIconEngine:
            return Probe()

    QIcon(Probe()).pixmap(QSize(1, 1), 2.0)
    return asked == [QSize(2, 2)]


class _OutlineEngine(QIconEngine):
    """An icon without pixels of its own."""

    def __init__(self, outline: QPainterPath, colors: dict[str, QColor]) -> None:
        """`colors`: of "", "checked" and "disabled"."""
        super().__init__()
        self._outline, self._colors = outline, colors

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        _paint_outline(painter, self._outline, QRectF(rect), self._color_in(mode, state))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return _pixmap_of(self._outline, self._color_in(mode, state), size, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        if _asks_in_device_pixels():
            size = QSize(round(size.width() / scale), round(size.height() / scale))
        return _pixmap_of(self._outline, self._color_in(mode, state), size, scale)

    def actualSize(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QSize:
        return size

    def clone(self) -> QIconEngine:
        return _OutlineEngine(self._outline, self._colors)

    def _color_in(self, mode: QIcon.Mode, state: QIcon.State) -> QColor:
        if mode == QIcon.Mode.Disabled:
            return self._colors["disabled"]
        return self._colors["checked" if state == QIcon.State.On else ""]
