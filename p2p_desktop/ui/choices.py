"""What one chooses with: segments, switches and filter chips."""

from collections.abc import Sequence

from PySide6.QtCore import Property, QPoint, QPropertyAnimation, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QWidget,
)

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.motion import is_animated
from p2p_desktop.ui.plain_words import count
from p2p_desktop.ui.theme import CONTROL_HEIGHT, PROGRESS_MS, RADIUS_CONTROL, SPACE_M, TEXT_ICON

_CHIP_RADIUS = 13
_RIM = 3  # pixels between the track of the segments and the chosen one


class SegmentedControl(QFrame):
    """One of a few, side by side: radio buttons to keyboards and screen readers, so arrow keys move between them."""

    chosen = Signal(str)  # the key, by the person

    def __init__(self, look: Look, segments: Sequence[tuple[str, str, str, str]], parent: QWidget | None = None) -> None:
        """`segments`: (key, words, icon or "", tooltip) each. The first is chosen."""
        super().__init__(parent)
        self._look = look
        self._buttons: dict[str, _Segment] = {}
        self._group = QButtonGroup(self)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(_RIM, _RIM, _RIM, _RIM)
        layout.setSpacing(2)
        for key, words, icon, tooltip in segments:
            button = _Segment(look, words, icon, self)
            button.setProperty("key", key)
            button.setToolTip(tooltip)
            self._buttons[key] = button
            self._group.addButton(button)
            layout.addWidget(button)
        self._group.buttonClicked.connect(self._on_clicked)
        look.theme.changed.connect(self.update)
        if self._buttons:
            next(iter(self._buttons.values())).setChecked(True)

    @property
    def choice(self) -> str:
        """The key of the chosen one."""
        button = self._group.checkedButton()
        return "" if button is None else str(button.property("key"))

    def choose(self, key: str) -> None:
        """Show this one as chosen. Emits nothing."""
        if key in self._buttons:
            self._buttons[key].setChecked(True)

    def segment(self, key: str) -> QAbstractButton:
        """Return the button of a key: to disable it, to name it, to press it."""
        return self._buttons[key]

    def set_words(self, key: str, words: str) -> None:
        self._buttons[key].setText(words)
        self._buttons[key].setAccessibleName(words)

    def show_icons(self, on: bool) -> None:
        """Icons instead of words, where there is no room. Segments without an icon keep their words."""
        for button in self._buttons.values():
            button.show_icon(on)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._look.theme
        painter.setPen(QPen(theme.color("outline"), 2) if theme.high_contrast else Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("pressed"))
        painter.drawRoundedRect(self.rect(), RADIUS_CONTROL, RADIUS_CONTROL)

    def _on_clicked(self, button: QAbstractButton) -> None:
        self.chosen.emit(str(button.property("key")))


class _Segment(QRadioButton):
    def __init__(self, look: Look, words: str, icon: str, parent: QWidget) -> None:
        super().__init__(words, parent)
        self._look, self._icon, self._shows_icon = look, icon, False
        self.setAccessibleName(words)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedHeight(CONTROL_HEIGHT - 2 * _RIM)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.toggled.connect(self._on_toggled)
        look.icons.ready.connect(self.update)

    def _on_toggled(self, on: bool) -> None:
        # One tab stop for all segments. Qt does this for radio buttons too, but only after the first of them had the focus.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if on else Qt.FocusPolicy.ClickFocus)

    def show_icon(self, on: bool) -> None:
        self._shows_icon = on and bool(self._icon)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        if self._shows_icon:
            return QSize(CONTROL_HEIGHT, CONTROL_HEIGHT - 2 * _RIM)
        widest = QFontMetrics(self._look.theme.font("body", QFont.Weight.DemiBold)).horizontalAdvance(self.text())
        return QSize(widest + 2 * SPACE_M - 4, CONTROL_HEIGHT - 2 * _RIM)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, place: QPoint) -> bool:
        return self.rect().contains(place)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, chosen = self._look.theme, self.isChecked()
        over = self.underMouse() and self.isEnabled()
        if chosen or over:
            strong = theme.high_contrast and chosen
            edge, ground = ("accent", "accent") if strong else ("border", "control")
            painter.setPen(QPen(theme.color(edge), 1) if chosen else Qt.PenStyle.NoPen)
            painter.setBrush(theme.color(ground if chosen else "hover"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_CONTROL - 2, RADIUS_CONTROL - 2)
        if not self.isEnabled():
            token = "disabled"
        elif chosen:
            token = "on_accent" if theme.high_contrast else "text"
        else:
            token = "text" if over else "muted"
        if self._shows_icon:
            square = QRectF(0, 0, TEXT_ICON, TEXT_ICON)
            square.moveCenter(QRectF(self.rect()).center())
            marked = chosen and self.isEnabled() and not theme.high_contrast
            self._look.icons.paint(painter, square, self._icon, theme.color("accent_text" if marked else token))
            return
        painter.setFont(theme.font("body", QFont.Weight.DemiBold if chosen else QFont.Weight.Medium))
        painter.setPen(theme.color(token))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


class Switch(QCheckBox):
    """A check box drawn as a switch. Its words are a label of their own, which calls it its buddy."""

    _WIDTH, _HEIGHT = 34, 18

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._place = 0.0  # of the knob: 0 off, 1 on
        self._motion = QPropertyAnimation(self, b"place", self)
        self._motion.setDuration(PROGRESS_MS)
        self.setFixedSize(self._WIDTH + 2, self._HEIGHT + 2)
        self.setProperty("focus_radius", self._HEIGHT / 2 + 1)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.toggled.connect(self._on_toggled)
        look.theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return self.size()

    def hitButton(self, place: QPoint) -> bool:
        return self.rect().contains(place)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._look.theme
        box = QRectF(1, 1, self._WIDTH, self._HEIGHT)
        on = self.isChecked()
        over = self.underMouse()
        edge = "outline" if self.isEnabled() else "disabled"
        painter.setPen(Qt.PenStyle.NoPen if on else QPen(theme.color(edge), 1.5))
        if not self.isEnabled():
            ground = "track" if on else "window"
        elif on:
            ground = "accent_hover" if over else "accent"
        else:
            ground = "hover" if over else "control"
        painter.setBrush(theme.color(ground))
        inner = box if on else box.adjusted(0.75, 0.75, -0.75, -0.75)
        painter.drawRoundedRect(inner, inner.height() / 2, inner.height() / 2)
        radius = self._HEIGHT / 2 - 3
        x = box.left() + 3 + radius + self._place * (box.width() - 6 - 2 * radius)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("on_accent" if on else edge))
        painter.drawEllipse(QRectF(x - radius, box.center().y() - radius, 2 * radius, 2 * radius))

    def settle(self) -> None:
        """Show what is checked at once: it was set by the program, whose signals may have been blocked."""
        self._motion.stop()
        self._set_place(float(self.isChecked()))

    def _get_place(self) -> float:
        return self._place

    def _set_place(self, place: float) -> None:
        self._place = place
        self.update()

    place = Property(float, _get_place, _set_place)

    def _on_toggled(self, on: bool) -> None:
        self._motion.stop()
        if self.isVisible() and is_animated(self):
            self._motion.setStartValue(self._place)
            self._motion.setEndValue(float(on))
            self._motion.start()
        else:
            self._set_place(float(on))


class FilterChip(QPushButton):
    """A filter with the number of what passes it."""

    def __init__(self, look: Look, key: str, words: str, icon: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key = key
        self._look, self._words = look, words
        self.setProperty("role", "chip")
        self.setProperty("focus_radius", _CHIP_RADIUS)
        self.setCheckable(True)
        if icon:
            look.icons.set_on(self, icon, token="error", size=TEXT_ICON)
        self.set_count(0)

    def sizeHint(self) -> QSize:
        # The style asks the font of the moment; a chip must not change its width when it is chosen and grows bolder.
        hint, font = super().sizeHint(), self._look.theme.font("body", QFont.Weight.DemiBold)
        bolder = QFontMetrics(font).horizontalAdvance(self.text()) - QFontMetrics(self.font()).horizontalAdvance(self.text())
        return QSize(hint.width() + max(0, bolder), hint.height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def set_count(self, number: int) -> None:
        words = count(number)
        self.setText(f"{self._words}  {words}")
        self.setAccessibleName(f"{self._words}: {words}")
