"""A card that is one of several choices: a frame, a mark that says whether it is the one, and whatever it holds."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import RADIUS_CARD, SPACE_M, TEXT_ICON

_MARK = TEXT_ICON + 2


class ChoiceCard(QAbstractButton):
    """To the keyboard a radio button: in a QButtonGroup, arrow keys move between the cards, and Tab stops at the chosen one."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.setCheckable(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setProperty("focus_radius", RADIUS_CARD)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._mark = _Mark(look, self)
        self.toggled.connect(self._on_toggled)
        look.theme.changed.connect(self.update)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        layout = self.layout()
        return layout.totalHeightForWidth(width) if layout is not None else -1

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._mark.move(self.width() - SPACE_M - self._mark.width(), SPACE_M)
        self._mark.raise_()  # above what the card holds

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, chosen = self._look.theme, self.isChecked()
        over = self.underMouse() and self.isEnabled() and not chosen
        width = 2.0 if chosen or theme.high_contrast else 1.0
        painter.setPen(QPen(theme.color("accent_text" if chosen else "outline" if over else "border"), width))
        painter.setBrush(theme.color("surface"))
        half = width / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(half, half, -half, -half), RADIUS_CARD, RADIUS_CARD)

    def _on_toggled(self, on: bool) -> None:
        group = self.group()
        for card in group.buttons() if on and group is not None else [self]:
            card.setFocusPolicy(Qt.FocusPolicy.StrongFocus if card.isChecked() else Qt.FocusPolicy.ClickFocus)
        self._mark.update()
        self.update()


class _Mark(QWidget):
    """Filled and ticked on the chosen card; readable on pictures, too."""

    def __init__(self, look: Look, card: QAbstractButton) -> None:
        super().__init__(card)
        self._look, self._card = look, card
        self.setFixedSize(_MARK, _MARK)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, place = self._look.theme, QRectF(self.rect())
        if not self._card.isChecked():
            painter.setPen(QPen(theme.color("outline"), 1.25))
            painter.setBrush(theme.color("surface"))
            painter.drawEllipse(place.adjusted(1, 1, -1, -1))
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent"))
        painter.drawEllipse(place)
        pen = QPen(theme.color("on_accent"), 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        tick = ((0.28, 0.53), (0.44, 0.68), (0.73, 0.36))
        painter.drawPolyline([QPointF(place.x() + x * place.width(), place.y() + y * place.height()) for x, y in tick])


def let_tab_reach(cards: "list[ChoiceCard]") -> None:
    """Where none is chosen yet, Tab stops at the first of them."""
    if cards and not any(card.isChecked() for card in cards):
        cards[0].setFocusPolicy(Qt.FocusPolicy.StrongFocus)
