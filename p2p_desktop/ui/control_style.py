"""Draws what a style sheet cannot draw without picture files: combo boxes, number fields, check boxes and radio buttons."""

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import (
    QProxyStyle,
    QStyle,
    QStyleOption,
    QStyleOptionComboBox,
    QStyleOptionComplex,
    QStyleOptionSpinBox,
    QWidget,
)

from p2p_desktop.ui.tokens import LIGHT, Tokens

_HEIGHT = 32  # of a control
_RADIUS = 6.0
_ARROW_ROOM, _PADDING = 28, 10

_Box = QStyle.PrimitiveElement.PE_IndicatorCheckBox
_Dot = QStyle.PrimitiveElement.PE_IndicatorRadioButton
_Arrows = {
    QStyle.PrimitiveElement.PE_IndicatorArrowDown: 0,
    QStyle.PrimitiveElement.PE_IndicatorArrowLeft: 90,
    QStyle.PrimitiveElement.PE_IndicatorArrowUp: 180,
    QStyle.PrimitiveElement.PE_IndicatorArrowRight: 270,
    QStyle.PrimitiveElement.PE_IndicatorSpinDown: 0,
    QStyle.PrimitiveElement.PE_IndicatorSpinUp: 180,
}


class ControlStyle(QProxyStyle):
    """Fusion, but for the controls named above. `tokens` and `outline_width` are set by the theme before it repaints.

    Python runs for every call that is overridden here, so metrics, which are asked for all the time, are in the style sheet.
    """

    def __init__(self) -> None:
        super().__init__("Fusion")
        self.tokens: Tokens = LIGHT
        self.outline_width = 1  # pixels; 2 where the system asks for high contrast

    def drawPrimitive(
        self, element: QStyle.PrimitiveElement, option: QStyleOption, painter: QPainter, widget: QWidget | None = None
    ) -> None:
        if element == _Box:
            self._draw_box(option, painter)
        elif element == _Dot:
            self._draw_dot(option, painter)
        elif element in _Arrows:
            self._draw_chevron(painter, QRectF(option.rect), _Arrows[element], bool(option.state & QStyle.StateFlag.State_Enabled))
        else:
            super().drawPrimitive(element, option, painter, widget)

    def drawComplexControl(
        self, control: QStyle.ComplexControl, option: QStyleOptionComplex, painter: QPainter, widget: QWidget | None = None
    ) -> None:
        if control == QStyle.ComplexControl.CC_ComboBox and isinstance(option, QStyleOptionComboBox):
            self._draw_combo(option, painter)
        elif control == QStyle.ComplexControl.CC_SpinBox and isinstance(option, QStyleOptionSpinBox):
            self._draw_number(option, painter, invalid=widget is not None and bool(widget.property("invalid")))
        else:
            super().drawComplexControl(control, option, painter, widget)

    def subControlRect(
        self,
        control: QStyle.ComplexControl,
        option: QStyleOptionComplex,
        part: QStyle.SubControl,
        widget: QWidget | None = None,
    ) -> QRect:
        if control == QStyle.ComplexControl.CC_ComboBox:
            rect = QRect(option.rect)
            if part == QStyle.SubControl.SC_ComboBoxEditField:
                inner = rect.adjusted(_PADDING, 2, -_ARROW_ROOM, -2)
                return self.visualRect(option.direction, rect, inner)
            if part == QStyle.SubControl.SC_ComboBoxArrow:
                arrow = QRect(rect.right() - _ARROW_ROOM + 1, rect.top(), _ARROW_ROOM, rect.height())
                return self.visualRect(option.direction, rect, arrow)
        if control == QStyle.ComplexControl.CC_SpinBox:
            if part == QStyle.SubControl.SC_SpinBoxEditField:
                return option.rect.adjusted(_PADDING, 2, -_PADDING, -2)
            if part in (QStyle.SubControl.SC_SpinBoxUp, QStyle.SubControl.SC_SpinBoxDown):
                return QRect()  # arrow keys and the wheel do it
        return super().subControlRect(control, option, part, widget)  # type: ignore[arg-type]  # the stub forgets None

    def sizeFromContents(
        self, kind: QStyle.ContentsType, option: QStyleOption, size: QSize, widget: QWidget | None = None
    ) -> QSize:
        if kind == QStyle.ContentsType.CT_ComboBox:
            return QSize(size.width() + _PADDING + _ARROW_ROOM + 4, max(_HEIGHT, size.height() + 6))
        if kind == QStyle.ContentsType.CT_SpinBox:
            return QSize(size.width() + 2 * _PADDING, max(_HEIGHT, size.height() + 6))
        return super().sizeFromContents(kind, option, size, widget)  # type: ignore[arg-type]  # as above

    def _draw_combo(self, option: QStyleOptionComboBox, painter: QPainter) -> None:
        enabled, over, down = _states(option)
        ground = self.tokens.pressed if down else self.tokens.hover if over and enabled else self.tokens.control
        self._draw_frame(painter, QRectF(option.rect), _RADIUS, ground, self.tokens.outline if enabled else self.tokens.border)
        arrow = self.subControlRect(QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxArrow)
        self._draw_chevron(painter, QRectF(arrow), 0, enabled)

    def _draw_number(self, option: QStyleOptionSpinBox, painter: QPainter, *, invalid: bool) -> None:
        enabled, over, _ = _states(option)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        ground = self.tokens.hover if over and enabled and not focused else self.tokens.control
        edge = self.tokens.error if invalid else self.tokens.outline if enabled else self.tokens.border
        self._draw_frame(painter, QRectF(option.rect), _RADIUS, ground, edge, 2 if invalid else self.outline_width)

    def _draw_box(self, option: QStyleOption, painter: QPainter) -> None:
        enabled, over, _ = _states(option)
        square = QRectF(option.rect)
        checked = bool(option.state & QStyle.StateFlag.State_On)
        partly = bool(option.state & QStyle.StateFlag.State_NoChange)
        if not checked and not partly:
            edge = self.tokens.outline if enabled else self.tokens.border
            self._draw_frame(painter, square, 4, self.tokens.hover if over and enabled else self.tokens.control, edge)
            return
        fill = self._fill(enabled, over)
        self._draw_frame(painter, square, 4, fill, fill)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(_pen(self.tokens.on_accent if enabled else self.tokens.disabled, 1.8))
        x, y, side = square.x(), square.y(), square.width()
        points = ((0.25, 0.52), (0.43, 0.70), (0.76, 0.32)) if checked else ((0.27, 0.5), (0.73, 0.5))
        painter.drawPolyline(QPolygonF([QPointF(x + u * side, y + v * side) for u, v in points]))
        painter.restore()

    def _draw_dot(self, option: QStyleOption, painter: QPainter) -> None:
        enabled, over, _ = _states(option)
        square = QRectF(option.rect)
        on = bool(option.state & QStyle.StateFlag.State_On)
        fill = self._fill(enabled, over) if on else self.tokens.control
        self._draw_frame(painter, square, square.width() / 2, fill, fill if on else self.tokens.outline)
        if on:
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self.tokens.on_accent))
            painter.drawEllipse(square.center(), square.width() * 0.2, square.width() * 0.2)
            painter.restore()

    def _fill(self, enabled: bool, over: bool) -> str:
        return (self.tokens.accent_hover if over else self.tokens.accent) if enabled else self.tokens.track

    def _draw_frame(
        self, painter: QPainter, place: QRectF, radius: float, ground: str, edge: str, width: int | None = None
    ) -> None:
        width = width or self.outline_width
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(edge), width))
        painter.setBrush(QColor(ground))
        half = width / 2
        painter.drawRoundedRect(place.adjusted(half, half, -half, -half), radius, radius)
        painter.restore()

    def _draw_chevron(self, painter: QPainter, place: QRectF, turned: int, enabled: bool) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(_pen(self.tokens.muted if enabled else self.tokens.disabled, 1.2))
        painter.translate(place.center())
        painter.rotate(turned)
        wide = min(3.0, place.width() / 2 - 1, place.height() / 2)
        painter.drawPolyline(QPolygonF([QPointF(-wide, -wide / 2), QPointF(0, wide / 2), QPointF(wide, -wide / 2)]))
        painter.restore()


def _states(option: QStyleOption) -> tuple[bool, bool, bool]:
    state, flag = option.state, QStyle.StateFlag
    return bool(state & flag.State_Enabled), bool(state & flag.State_MouseOver), bool(state & flag.State_Sunken)


def _pen(color: str, width: float) -> QPen:
    return QPen(QColor(color), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
