"""The steps of a wizard in its header: numbers, ticks on what is done, and the way back."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import RADIUS_CONTROL, SPACE_S, TEXT_ICON

_DISC = 24
_LINE = 32  # pixels between two steps, where there is room
_HEIGHT = 36


class StepTrail(QWidget):
    chosen = Signal(int)  # the index of a step that is done

    def __init__(self, look: Look, titles: Sequence[tuple[str, str]], parent: QWidget) -> None:
        """`titles`: (key, words) of each step."""
        super().__init__(parent)
        self._look = look
        self._current = 0
        self._buttons: list[_Step] = []
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for number, (key, words) in enumerate(titles, start=1):
            button = _Step(look, number, words, self)
            button.setObjectName(f"train_step_{key}")
            button.clicked.connect(self._on_clicked)
            self._buttons.append(button)
            if number > 1:
                layout.addWidget(_Line(look, self))
            layout.addWidget(button)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.show_step(0)

    def show_step(self, current: int) -> None:
        """Which one is in front; all before it are done."""
        self._current = current
        total = len(self._buttons)
        for index, button in enumerate(self._buttons):
            button.set_state(index < current, index == current)
            words = self.tr("Step {n} of {all}: {title}").format(n=index + 1, all=total, title=button.text())
            state = self.tr("done") if index < current else self.tr("now") if index == current else self.tr("to come")
            button.setAccessibleName(f"{words}, {state}")
            if index < current:
                button.setToolTip(self.tr("Goes back to it; nothing that you chose is lost"))
            else:
                button.setToolTip("" if index == current else self.tr("Comes after the steps before it"))

    def show_words(self, on: bool) -> None:
        """Whether there is room for the words of every step; the one in front keeps its own."""
        for button in self._buttons:
            button.show_words(on)

    def width_with_words(self) -> int:
        return sum(button.full_width() for button in self._buttons) + _LINE * (len(self._buttons) - 1)

    def _on_clicked(self) -> None:
        button = self.sender()
        if isinstance(button, _Step) and (index := self._buttons.index(button)) < self._current:
            self.chosen.emit(index)


class _Step(QAbstractButton):
    def __init__(self, look: Look, number: int, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._number = look, number
        self._is_done, self._is_current, self._has_words = False, False, True
        self.setText(words)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look.icons.ready.connect(self.update)
        look.theme.changed.connect(self.update)

    def set_state(self, is_done: bool, is_current: bool) -> None:
        self._is_done, self._is_current = is_done, is_current
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_done else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if is_done else Qt.CursorShape.ArrowCursor)
        self.updateGeometry()
        self.update()

    def show_words(self, on: bool) -> None:
        self._has_words = on
        self.updateGeometry()
        self.update()

    def full_width(self) -> int:
        return _DISC + SPACE_S + QFontMetrics(self._font()).horizontalAdvance(self.text()) + 2 * SPACE_S

    def sizeHint(self) -> QSize:
        width = self.full_width() if self._has_words or self._is_current else _DISC + 2 * SPACE_S
        return QSize(width, max(_HEIGHT, QFontMetrics(self._font()).height()))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._look.theme
        if self._is_done and self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("hover"))
            painter.drawRoundedRect(QRectF(self.rect()), RADIUS_CONTROL, RADIUS_CONTROL)
        disc = QRectF(SPACE_S, (self.height() - _DISC) / 2, _DISC, _DISC)
        self._paint_disc(painter, disc)
        if self._has_words or self._is_current:
            painter.setFont(self._font())
            painter.setPen(theme.color("text" if self._is_done or self._is_current else "muted"))
            room = QRectF(disc.right() + SPACE_S, 0, self.width(), self.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, self.text())

    def _paint_disc(self, painter: QPainter, disc: QRectF) -> None:
        theme = self._look.theme
        if self._is_done:
            painter.setPen(QPen(theme.color("outline"), 1) if theme.high_contrast else Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("selected"))
            painter.drawEllipse(disc)
            tick = QRectF(0, 0, TEXT_ICON, TEXT_ICON)
            tick.moveCenter(disc.center())
            self._look.icons.paint(painter, tick, "check", theme.color("accent_text"))
            return
        painter.setPen(Qt.PenStyle.NoPen if self._is_current else QPen(theme.color("outline"), 1.5))
        painter.setBrush(theme.color("accent") if self._is_current else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(disc if self._is_current else disc.adjusted(0.75, 0.75, -0.75, -0.75))
        painter.setFont(theme.font("small", QFont.Weight.DemiBold))
        painter.setPen(theme.color("on_accent" if self._is_current else "muted"))
        painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, str(self._number))

    def _font(self) -> QFont:
        return self._look.theme.font("body", QFont.Weight.Medium)


class _Line(QWidget):
    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.setMinimumWidth(SPACE_S)
        self.setMaximumWidth(_LINE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        return QSize(_LINE, _HEIGHT)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QPen(self._look.theme.color("outline"), 1))
        middle = self.height() / 2
        painter.drawLine(QPointF(0, middle), QPointF(self.width(), middle))
