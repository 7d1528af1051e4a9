"""The chosen model with its small before and after; a click shows the others."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QIcon, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QAbstractButton, QMenu, QSizePolicy, QStyle, QWidget

from p2p_desktop.ui import model_words
from p2p_desktop.ui.halves import paint_halves
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.theme import RADIUS_CONTROL, RADIUS_THUMBNAIL, SPACE_M, SPACE_S, TEXT_ICON

if TYPE_CHECKING:  # it imports OpenCV; the first paint must not wait for it
    from p2p_desktop.models.library import Model

_HEIGHT, _PICTURE = 74, 56


class ModelChooser(QAbstractButton):
    chosen = Signal(str)  # the model's name, when the person chose it

    def __init__(self, look: Look, shelf: ModelShelf | None, parent: QWidget | None = None, *, name: str = "convert_model") -> None:
        """`shelf` None: only shows a model, as `show_model` says. `name`: of the widget where one chooses."""
        super().__init__(parent)
        self._look, self._shelf = look, shelf
        self._name, self._title, self._does = "", self.tr("Getting ready"), ""
        self._picture = QPixmap()
        self.setObjectName(name if shelf else "conversion_model")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        look.theme.changed.connect(self.update)
        self.setAccessibleName(self._title)
        if shelf is None:
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.setEnabled(False)
        else:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setToolTip(self.tr("What is done to the pictures. Models has more about each."))
            self.clicked.connect(self._on_clicked)
            shelf.changed.connect(self._on_shelf_changed)

    def sizeHint(self) -> QSize:
        return QSize(240, _HEIGHT)

    def choose(self, name: str) -> None:
        """Show the model of this name. Emits nothing."""
        self._name = name
        if self._shelf is not None:
            self.show_model(self._shelf, name)

    def show_model(self, shelf: ModelShelf, name: str) -> None:
        model = shelf.find(name) if name else None
        if model is None or model.card is None:
            self._title, self._does, self._picture = (self.tr("No model"), "", QPixmap()) if name else (self._title, "", QPixmap())
        else:
            self._title, self._does = model_words.title(model), model_words.does(model.card)
            self._picture = thumbnail(self._look, shelf, model, _PICTURE, self.devicePixelRatioF())
        self.setAccessibleName(self.tr("Model: {title}. {does}").format(title=self._title, does=self._does))
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._look.theme
        margin = SPACE_S if self._shelf is not None else 0
        if self._shelf is not None:
            over = "pressed" if self.isDown() else "hover" if self.underMouse() else "control"
            painter.setPen(QPen(theme.color("outline"), 1))
            painter.setBrush(theme.color(over))
            painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_CONTROL, RADIUS_CONTROL)
        top = (self.height() - _PICTURE) // 2
        if self._picture.isNull():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("pressed"))
            painter.drawRoundedRect(margin, top, _PICTURE, _PICTURE, RADIUS_THUMBNAIL, RADIUS_THUMBNAIL)
        else:
            painter.drawPixmap(margin, top, self._picture)
        left = margin + _PICTURE + SPACE_M
        right = self.width() - (margin + TEXT_ICON + 2 if self._shelf is not None else 0)
        for text, colour, line in ((self._title, "text", 0), (self._does, "muted", 1)):
            font = theme.font("body", theme.font("title").weight() if line == 0 else None)
            painter.setFont(font)
            metrics = painter.fontMetrics()
            y = self.height() // 2 - (metrics.height() if line == 0 else -2)
            painter.setPen(theme.color(colour))
            words = metrics.elidedText(text, Qt.TextElideMode.ElideRight, right - left)
            painter.drawText(QRect(left, y, right - left, metrics.height()), Qt.AlignmentFlag.AlignVCenter, words)
        if self._shelf is not None:
            icon = self._look.icons.pixmap("caret-down", "muted", TEXT_ICON, self.devicePixelRatioF())
            painter.drawPixmap(QPoint(self.width() - margin - TEXT_ICON, (self.height() - TEXT_ICON) // 2), icon)

    def _on_clicked(self) -> None:
        if self._shelf is None:
            return
        menu = QMenu(self)
        menu.setObjectName(f"{self.objectName()}_menu")
        menu.setMinimumWidth(self.width())
        group = QActionGroup(menu)
        for model in self._shelf.models:
            if model.card is None:
                continue
            action = QAction(_literal(f"{model_words.title(model)}   {model_words.does(model.card)}"), menu)
            action.setData(model.name)
            action.setCheckable(True)
            action.setChecked(model.name == self._name)
            picture = thumbnail(self._look, self._shelf, model, self.style().pixelMetric(QStyle.PixelMetric.PM_LargeIconSize), 2.0)
            if not picture.isNull():
                action.setIcon(QIcon(picture))
            group.addAction(action)
            menu.addAction(action)
        menu.triggered.connect(self._on_triggered)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))

    def _on_triggered(self, action: QAction) -> None:
        self.chosen.emit(action.data())

    def _on_shelf_changed(self) -> None:
        self.choose(self._name)


def thumbnail(look: Look, shelf: ModelShelf, model: "Model", side: int, ratio: float) -> QPixmap:
    """A square before and after of a model with round corners; null where the model has none."""
    halves = shelf.preview(model)
    if halves is None:
        return QPixmap()
    pixmap = QPixmap(QSize(side, side) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    round_corners = QPainterPath()
    round_corners.addRoundedRect(0, 0, side, side, RADIUS_THUMBNAIL, RADIUS_THUMBNAIL)
    painter.setClipPath(round_corners)
    before, after = (_square(QPixmap.fromImage(half)) for half in halves)
    paint_halves(painter, QRect(0, 0, side, side), before, after, look)
    painter.end()
    return pixmap


def _literal(words: str) -> str:
    """For a menu, where one "&" marks a key."""
    return words.replace("&", "&&")


def _square(pixmap: QPixmap) -> QPixmap:
    side = min(pixmap.width(), pixmap.height())
    return pixmap.copy((pixmap.width() - side) // 2, (pixmap.height() - side) // 2, side, side)
