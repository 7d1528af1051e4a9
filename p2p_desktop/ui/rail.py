"""The five places of the program, at the left edge of the window."""

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QVBoxLayout, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.rail_icons import Place, paint_rail_icon
from p2p_desktop.ui.theme import NARROW_RAIL_WIDTH, RADIUS_CARD, RAIL_ICON, RAIL_WIDTH, SPACE_S, SPACE_XS

PLACES: tuple[Place, ...] = ("convert", "live", "train", "models", "settings")
_BUTTON_HEIGHT = 60
_BAR_WIDTH, _PROGRESS_WIDTH, _PROGRESS_HEIGHT = 3, 28, 3


class Rail(QFrame):
    chosen = Signal(str)  # a place, by the person

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "rail")
        self.setAccessibleName(self.tr("Places"))
        words = {
            "convert": self.tr("Convert"),
            "live": self.tr("Live"),
            "train": self.tr("Train"),
            "models": self.tr("Models"),
            "settings": self.tr("Settings"),
        }
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACE_S + 2, 0, SPACE_S + 2)
        layout.setSpacing(SPACE_XS)
        self._buttons: dict[str, RailButton] = {}
        for number, place in enumerate(PLACES, start=1):
            if place == "settings":
                layout.addStretch(1)
            button = RailButton(look, place, words[place], self)
            button.setToolTip(f"Ctrl+{number}")
            button.clicked.connect(self._on_clicked)
            self._buttons[place] = button
            layout.addWidget(button)
        self.set_narrow(False)
        self.select("convert")

    def button(self, place: str) -> QAbstractButton:
        return self._buttons[place]

    def select(self, place: str) -> None:
        """Show this place as the one in front. Emits nothing."""
        for name, button in self._buttons.items():
            button.setChecked(name == place)

    def show_progress(self, place: str, fraction: float | None) -> None:
        """A small bar under the word of a place that works in the background; None: it does not."""
        self._buttons[place].show_progress(fraction)

    def set_narrow(self, on: bool) -> None:
        """A little narrower, for small windows."""
        self.setFixedWidth(NARROW_RAIL_WIDTH if on else RAIL_WIDTH)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        here = next((number for number, place in enumerate(PLACES) if self._buttons[place].hasFocus()), None)
        if step and here is not None:
            place = PLACES[(here + step) % len(PLACES)]
            reason = Qt.FocusReason.TabFocusReason if step > 0 else Qt.FocusReason.BacktabFocusReason
            self._buttons[place].setFocus(reason)
        else:
            super().keyPressEvent(event)

    def _on_clicked(self) -> None:
        button = self.sender()
        if isinstance(button, RailButton):
            self.select(button.place)
            self.chosen.emit(button.place)


class RailButton(QAbstractButton):
    def __init__(self, look: Look, place: Place, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self.place = look, place
        self._fraction: float | None = None
        self.setText(words)
        self.setObjectName(f"rail_{place}")
        self.setAccessibleName(words)
        self.setCheckable(True)
        self.setFixedHeight(_BUTTON_HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("focus_radius", RADIUS_CARD)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        look.theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(RAIL_WIDTH, _BUTTON_HEIGHT)

    def show_progress(self, fraction: float | None) -> None:
        self._fraction = fraction
        percent = "" if fraction is None else self.tr("{percent} per cent done").format(percent=round(fraction * 100))
        self.setAccessibleDescription(percent)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            event.ignore()  # the rail knows who is next
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._look.theme
        box = QRectF(self.rect()).adjusted(SPACE_S, 0, -SPACE_S, -2)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.isChecked() or self.underMouse():
            over = "surface" if theme.is_dark else "pressed"  # hover itself is too near to the rail to be seen
            painter.setBrush(theme.color("selected" if self.isChecked() else over))
            painter.drawRoundedRect(box, RADIUS_CARD, RADIUS_CARD)
        if self.isChecked():
            painter.setBrush(theme.color("accent_text"))
            painter.drawRoundedRect(QRectF(2, box.top() + 18, _BAR_WIDTH, box.height() - 36), 1.5, 1.5)
        if theme.high_contrast and self.isChecked():
            painter.setPen(QPen(theme.color("accent_text"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), RADIUS_CARD, RADIUS_CARD)
        colour = theme.color("accent_text" if self.isChecked() else "text" if self.underMouse() else "muted")
        middle = box.center().x()
        corner = QPoint(round(middle - RAIL_ICON / 2), round(box.top() + 9))
        paint_rail_icon(
            painter, self.place, corner, colour, theme.color("selected" if self.isChecked() else "rail"), self.isChecked()
        )
        painter.setFont(theme.font("badge", theme.font("title").weight() if self.isChecked() else None))
        painter.setPen(colour)
        words = QRectF(0, box.top() + 9 + RAIL_ICON + 3, self.width(), 16)
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, self.text())
        if self._fraction is not None:
            self._paint_progress(painter, middle, box.bottom() - 5)

    def _paint_progress(self, painter: QPainter, middle: float, y: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        left = middle - _PROGRESS_WIDTH / 2
        for width, token in ((_PROGRESS_WIDTH, "track"), (_PROGRESS_WIDTH * (self._fraction or 0.0), "accent_text")):
            painter.setBrush(self._look.theme.color(token))
            painter.drawRoundedRect(QRectF(left, y, width, _PROGRESS_HEIGHT), 1.5, 1.5)
