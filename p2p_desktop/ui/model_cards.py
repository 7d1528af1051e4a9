"""The models as cards: before and after, name, what it does, one honest number."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from p2p_desktop.ui import model_words
from p2p_desktop.ui.halves import after_word, before_word, paint_halves, paint_plate
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.plain_words import size, wrapped
from p2p_desktop.ui.theme import RADIUS_CARD, RADIUS_THUMBNAIL, SPACE_L, SPACE_M, SPACE_S, SPACE_XL, TEXT_ICON

if TYPE_CHECKING:  # it imports NumPy; the first paint does not wait for it
    from p2p_desktop.models.library import Model
    from training.contract.model_file import ModelCard

Index = QModelIndex | QPersistentModelIndex
_LEAST_WIDTH, _PICTURE_HEIGHT, _WORDS_HEIGHT = 250, 157, 93
_GAP = SPACE_L
_GAIN_MARGINS = 2 * SPACE_M + TEXT_ICON + SPACE_S  # pixels of a card beside the words of its gain
_THIRD_LINE = 53  # pixels below the first line of words
_MENU = 28  # pixels of the three dots


class ModelCards(QListView):
    model_selected = Signal(object)  # Model, or None
    use_asked = Signal(str)
    measure_asked = Signal(str)
    rename_asked = Signal(str)
    remove_asked = Signal(str)
    menu_asked = Signal(str, QPoint)  # a model's name, and where on the screen

    def __init__(self, look: Look, shelf: ModelShelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards = _Cards(shelf, self)
        self.setObjectName("model_cards")
        self.setProperty("role", "cards")
        self.setAccessibleName(self.tr("Models"))
        self.setModel(self._cards)
        self._painter = _CardPainter(look, shelf, self)
        self.setItemDelegate(self._painter)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setDragEnabled(False)
        self.setMouseTracking(True)
        self.setViewportMargins(SPACE_XL - _GAP // 2, SPACE_XL - _GAP // 2, 0, 0)
        self.activated.connect(self._on_activated)
        look.theme.changed.connect(self._on_theme_changed)
        look.icons.ready.connect(self.viewport().update)

    @property
    def selected(self) -> "Model | None":
        index = self.currentIndex()
        return index.data(Qt.ItemDataRole.UserRole) if index.isValid() else None

    def show_models(self, models: "list[Model]") -> None:
        """Show these; the one that is selected stays so, if it is among them."""
        kept, scrolled = self.selected, self.verticalScrollBar().value()
        self._cards.show(models)
        self._arrange()
        self.select(kept.name if kept is not None else models[0].name if models else "")
        if kept is not None and self._cards.place_of(kept.name) is not None:  # nothing moves below the person's eyes
            self.executeDelayedItemsLayout()
            self.verticalScrollBar().setValue(scrolled)

    def shows(self, name: str) -> bool:
        """Tell whether there is a card of this model."""
        return self._cards.place_of(name) is not None

    def select(self, name: str) -> None:
        place = self._cards.place_of(name)
        if place is None and self._cards.rowCount():
            place = 0
        if place is None:
            self.model_selected.emit(None)
            return
        self.setCurrentIndex(self._cards.index(place, 0))
        self.scrollTo(self.currentIndex())

    def currentChanged(self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex) -> None:
        super().currentChanged(current, previous)
        self.model_selected.emit(current.data(Qt.ItemDataRole.UserRole) if current.isValid() else None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        with_dots, with_offer = self._model_with_dots_at(point), self._model_with_offer_at(point)
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and with_dots is not None:
            self.menu_asked.emit(with_dots.name, event.globalPosition().toPoint())
        elif event.button() == Qt.MouseButton.LeftButton and with_offer is not None:
            self.measure_asked.emit(with_offer.name)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        is_link = self._model_with_offer_at(event.position().toPoint()) is not None
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if is_link else Qt.CursorShape.ArrowCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        if self._model_with_dots_at(point) is None and self._model_with_offer_at(point) is None:  # these two are not for use
            super().mouseDoubleClickEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        index = self.indexAt(event.pos()) if by_mouse else self.currentIndex()
        if not index.isValid():
            return
        dots = menu_place(card_of(self.visualRect(index))).center()
        where = event.globalPos() if by_mouse else self.viewport().mapToGlobal(dots)
        self.menu_asked.emit(index.data(Qt.ItemDataRole.UserRole).name, where)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        model = self.selected
        if model is not None and event.key() == Qt.Key.Key_F2:
            self.rename_asked.emit(model.name)
        elif model is not None and event.key() == Qt.Key.Key_Delete:
            self.remove_asked.emit(model.name)
        else:
            super().keyPressEvent(event)

    def _arrange(self) -> None:
        """As many columns as the words of any card have room in, and as the scroll bar leaves whether it is there or not."""
        margins = self.viewportMargins()
        bar = self.verticalScrollBar().sizeHint().width()
        room = self.contentsRect().width() - margins.left() - margins.right() - bar - SPACE_S
        columns = max(1, room // (self._painter.least_width() + _GAP))
        size = QSize(room // columns, _PICTURE_HEIGHT + _WORDS_HEIGHT + _GAP)
        if size != self.gridSize():
            self.setGridSize(size)

    def _on_theme_changed(self) -> None:
        self._arrange()
        self.viewport().update()

    def _model_with_dots_at(self, point: QPoint) -> "Model | None":
        index = self.indexAt(point)
        hit = index.isValid() and menu_place(card_of(self.visualRect(index))).contains(point)
        return index.data(Qt.ItemDataRole.UserRole) if hit else None

    def _model_with_offer_at(self, point: QPoint) -> "Model | None":
        """The model whose card offers to measure it there."""
        index = self.indexAt(point)
        model: Model | None = index.data(Qt.ItemDataRole.UserRole) if index.isValid() else None
        offers = model is not None and self._painter.offer_place(card_of(self.visualRect(index)), model).contains(point)
        return model if offers else None

    def _on_activated(self, index: QModelIndex) -> None:
        model: Model = index.data(Qt.ItemDataRole.UserRole)
        if model.card is not None:
            self.use_asked.emit(model.name)


class _Cards(QAbstractListModel):
    def __init__(self, shelf: ModelShelf, parent: QWidget) -> None:
        super().__init__(parent)
        self._shelf = shelf
        self._models: list[Model] = []

    def show(self, models: "list[Model]") -> None:
        self.beginResetModel()
        self._models = models
        self.endResetModel()

    def place_of(self, name: str) -> int | None:
        return next((place for place, model in enumerate(self._models) if model.name == name), None)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._models)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # Any: Qt's variant
        if not index.isValid():
            return None
        model = self._models[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return model
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            said = model.problem if model.card is None else self._gain(model, model.card)
            return f"{model_words.title(model)}, {model_words.origin(model)}, {said}"
        if role == Qt.ItemDataRole.ToolTipRole:
            title = model_words.title(model)
            if model.card is None:
                return wrapped(title, model.problem)
            explained = model_words.gain_explained(model.card, self._shelf.measured(model))
            return wrapped(title, model_words.does(model.card), f"{self._gain(model, model.card)}. {explained}")
        return None

    def _gain(self, model: "Model", card: "ModelCard") -> str:
        return model_words.gain(model_words.with_measured(card, self._shelf.measured(model)))[0]


class _CardPainter(QStyledItemDelegate):
    def __init__(self, look: Look, shelf: ModelShelf, parent: ModelCards) -> None:
        super().__init__(parent)
        self._look, self._shelf, self._cards = look, shelf, parent

    def least_width(self) -> int:
        """How wide a card has to be for what it may say of how good a model is: whatever is shown, the columns stay."""
        widest = max(map(QFontMetrics(self._gain_font()).horizontalAdvance, model_words.long_gains()))
        return max(_LEAST_WIDTH, widest + 1 + _GAIN_MARGINS)

    def sizeHint(self, _: QStyleOptionViewItem, __: Index) -> QSize:
        return self._cards.gridSize()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model: Model = index.data(Qt.ItemDataRole.UserRole)
        theme = self._look.theme
        card = card_of(option.rect)
        state = option.state
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(card), RADIUS_CARD, RADIUS_CARD)
        painter.fillPath(shape, theme.color("hover" if state & QStyle.StateFlag.State_MouseOver and not is_selected else "surface"))
        painter.save()
        painter.setClipPath(shape)
        painter.setClipRect(QRect(card.left(), card.top(), card.width(), _PICTURE_HEIGHT), Qt.ClipOperation.IntersectClip)
        self._paint_picture(painter, QRect(card.left(), card.top(), card.width(), _PICTURE_HEIGHT), model, is_selected)
        painter.restore()
        painter.setPen(QPen(theme.color("accent_text"), 2) if is_selected else QPen(theme.color("border"), 1))
        painter.drawPath(shape)
        words = QRect(card.left() + SPACE_M, card.top() + _PICTURE_HEIGHT + SPACE_S, card.width() - 2 * SPACE_M, 24)
        self._paint_words(painter, words, model)
        painter.restore()

    def _paint_picture(self, painter: QPainter, box: QRect, model: "Model", with_labels: bool) -> None:
        theme = self._look.theme
        halves = self._shelf.preview(model)
        if halves is None:
            painter.fillRect(box, theme.color("pressed"))
            name, token = ("warning-circle", "error") if model.problem else ("image", "muted")
            icon = self._look.icons.pixmap(name, token, 32, painter.device().devicePixelRatioF())
            painter.drawPixmap(box.center() - QPoint(16, 16), icon)
            return
        before, after = (QPixmap.fromImage(half) for half in halves)
        paint_halves(painter, filled(box, before), before, after, self._look)
        if with_labels:
            paint_plate(painter, (box.topLeft() + QPoint(10, 10)).toPointF(), before_word(), self._look)
            paint_plate(painter, (box.topRight() + QPoint(-10, 10)).toPointF(), after_word(), self._look, from_right=True)

    def _paint_words(self, painter: QPainter, line: QRect, model: "Model") -> None:
        theme = self._look.theme
        ratio = painter.device().devicePixelRatioF()
        font = theme.font("body", theme.font("title").weight())
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        metrics = painter.fontMetrics()
        badge = model_words.origin(model)
        badge_width = metrics.horizontalAdvance(badge) + 10
        room = line.width() - badge_width - _MENU - SPACE_S
        title = metrics.elidedText(model_words.title(model), Qt.TextElideMode.ElideRight, room)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, title)
        beside = line.left() + metrics.horizontalAdvance(title) + 10
        self._paint_badge(painter, QRect(beside, line.top() + 3, badge_width, 18), badge, model)
        card = QRect(line.left() - SPACE_M, line.top() - SPACE_S - _PICTURE_HEIGHT, line.width() + 2 * SPACE_M, 1)
        dots = menu_place(card)
        icon = self._look.icons.pixmap("dots-three-vertical", "muted", TEXT_ICON, ratio)
        painter.drawPixmap(dots.center() - QPoint(TEXT_ICON // 2, TEXT_ICON // 2), icon)
        painter.setFont(theme.font("body"))
        painter.setPen(theme.color("muted"))
        second = line.translated(0, 26)
        if model.card is None:
            painter.setPen(theme.color("error"))
            painter.drawText(second.adjusted(0, 0, 0, 26), Qt.TextFlag.TextWordWrap, model.problem)
            return
        megabytes = size(model.num_bytes)
        painter.drawText(second, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, megabytes)
        room = second.width() - painter.fontMetrics().horizontalAdvance(megabytes) - SPACE_S
        does = painter.fontMetrics().elidedText(model_words.does(model.card), Qt.TextElideMode.ElideRight, room)
        painter.drawText(second, Qt.AlignmentFlag.AlignVCenter, does)
        third = line.translated(0, _THIRD_LINE)
        said, kind = model_words.gain(model_words.with_measured(model.card, self._shelf.measured(model)))
        name = {"success": "trend-up", "warning": "trend-down", "muted": "question"}[kind]
        icon = self._look.icons.pixmap(name, kind, TEXT_ICON, ratio)
        painter.drawPixmap(third.left(), third.center().y() - TEXT_ICON // 2 + 1, icon)
        painter.setPen(theme.color(kind))
        painter.setFont(self._gain_font())
        beside_sign = room_for_gain(card)
        said = painter.fontMetrics().elidedText(said, Qt.TextElideMode.ElideRight, beside_sign.width())
        painter.drawText(beside_sign, Qt.AlignmentFlag.AlignVCenter, said)
        offer = self.offer_place(card, model)
        if not offer.isEmpty():
            painter.setPen(theme.color("accent_text"))
            painter.drawText(offer, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, _offer())

    def offer_place(self, card: QRect, model: "Model") -> QRect:
        """Where a card offers to measure its model; empty where there is a number already, or the model is damaged."""
        if model.card is None or model_words.is_measured(model_words.with_measured(model.card, self._shelf.measured(model))):
            return QRect()
        room = room_for_gain(card)
        width = QFontMetrics(self._gain_font()).horizontalAdvance(_offer()) + 1
        return QRect(room.right() - width + 1, room.top(), width, room.height())

    def _gain_font(self) -> QFont:
        return self._look.theme.font("body", QFont.Weight.Medium)

    def _paint_badge(self, painter: QPainter, place: QRect, text: str, model: "Model") -> None:
        theme = self._look.theme
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("pressed" if model.origin == "shipped" else "selected"))
        painter.drawRoundedRect(place, RADIUS_THUMBNAIL, RADIUS_THUMBNAIL)
        painter.setPen(theme.color("text" if model.origin == "shipped" else "accent_text"))
        painter.setFont(theme.font("badge", theme.font("title").weight()))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()


def card_of(cell: QRect) -> QRect:
    """Where the card lies in its cell of the grid."""
    half = _GAP // 2
    return cell.adjusted(half, half, -half, -half)


def room_for_gain(card: QRect) -> QRect:
    """Where a card says how good its model is, beside the sign."""
    left, top = card.left() + SPACE_M + TEXT_ICON + SPACE_S, card.top() + _PICTURE_HEIGHT + SPACE_S + _THIRD_LINE
    return QRect(left, top, card.width() - _GAIN_MARGINS, 24)


def _offer() -> str:
    return QCoreApplication.translate("ModelCards", "Measure")


def menu_place(card: QRect) -> QRect:
    """Where the three dots of a card are."""
    return QRect(card.right() - _MENU - 4, card.top() + _PICTURE_HEIGHT + SPACE_S - 2, _MENU, _MENU)


def filled(box: QRect, picture: QPixmap) -> QRect:
    """The place of a picture that fills a box at its aspect, and is cut off by it."""
    scaled = picture.deviceIndependentSize().scaled(box.size().toSizeF(), Qt.AspectRatioMode.KeepAspectRatioByExpanding).toSize()
    place = QRect(QPoint(0, 0), scaled)
    place.moveCenter(box.center())
    return place
