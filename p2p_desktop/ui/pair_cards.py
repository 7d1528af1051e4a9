"""Pairs as cards: A and B, what is off as a plate, the name, and what can be done about it.

Keys: the arrows move between cards, Return compares, L lines up or mirrors back, U uses anyway, Delete leaves out, Backspace takes
a decision back.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
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
from PySide6.QtWidgets import QListView, QMenu, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from p2p_desktop.runs.checked_pairs import Found
from p2p_desktop.ui.halves import paint_plate
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_cards import filled
from p2p_desktop.ui.pair_thumbnails import PairThumbnails, Wanted
from p2p_desktop.ui.plain_words import wrapped
from p2p_desktop.ui.theme import RADIUS_CARD, RADIUS_THUMBNAIL, SPACE_L, SPACE_M, SPACE_S, SPACE_XS, SPACE_XXL, TEXT_ICON

Index = QModelIndex | QPersistentModelIndex
Verb = Literal["put_right", "use", "leave_out", "undo"]
_KEYS: dict[int, Verb] = {
    Qt.Key.Key_L: "put_right",
    Qt.Key.Key_U: "use",
    Qt.Key.Key_Delete: "leave_out",
    Qt.Key.Key_Backspace: "undo",
}
_LEAST_WIDTH = 254  # of a card, without the gap
_PAD, _BETWEEN, _GAP = 10, 4, SPACE_L
_LINE = 24  # pixels of a line of words
PICTURE_SIDE = 180  # pixels of the longer side of a thumbnail: more than any card shows


class CardWords(NamedTuple):
    """What a card says of its pair, as it stands now."""

    name: str
    wanted: Wanted
    plate: str
    detail: str
    """Below the name; "" for nothing."""
    state: tuple[str, str, str]
    """(words, icon, token) of what was decided, empty for nothing."""
    verbs: tuple[tuple[Verb, str], ...]
    message: str


class PairCards(QListView):
    verb_asked = Signal(str, object)  # a Verb, and the Found that it is about
    pair_opened = Signal(object)  # Found

    def __init__(
        self, look: Look, thumbnails: PairThumbnails, words: Callable[[Found], CardWords], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._words = words
        self._rows = _Rows(words, self)
        self._pressed: tuple[Found, Verb | None] | None = None
        self.setObjectName("train_pairs")
        self.setProperty("role", "cards")
        self.setAccessibleName(self.tr("Pairs of this group"))
        self.setModel(self._rows)
        self._painter = _CardPainter(look, thumbnails, words, self)
        self.setItemDelegate(self._painter)
        # Flowing from left to right, and not in the mode of icons, whose layout takes seconds for ten thousand.
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setDragEnabled(False)
        self.setMouseTracking(True)
        self.setViewportMargins(SPACE_XXL, 0, 0, 0)
        thumbnails.arrived.connect(self.viewport().update)
        look.theme.changed.connect(self._arrange)
        look.icons.ready.connect(self.viewport().update)

    def show_pairs(self, found: Sequence[Found], labels: tuple[str, str]) -> None:
        """Cards of one group, which are all alike. `labels`: of the two pictures."""
        words = self._words(found[0]) if found else None
        self._painter.labels = labels
        self._painter.with_detail, self._painter.with_verbs = bool(words and words.detail), bool(words and words.verbs)
        self._rows.show(found)
        self._arrange()
        self.scrollToTop()
        if found:
            self.setCurrentIndex(self._rows.index(0, 0))

    def refresh(self) -> None:
        """Something was decided."""
        self.viewport().update()

    @property
    def shown(self) -> Sequence[Found]:
        return self._rows.found

    def select(self, found: Found) -> None:
        """Go to the card of a pair, if it is among those that are shown."""
        if found in self._rows.found:
            index = self._rows.index(self._rows.found.index(found), 0)
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def verb_place(self, index: QModelIndex, verb: Verb) -> QRect:
        """Where a card offers to do it, in the viewport; empty where it does not."""
        card = _card_of(self.visualRect(index))
        words = self._words(self._found(index))
        return next((place for one, place in self._painter.verb_places(card, words) if one == verb), QRect())

    # --- what the person does

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if index.isValid() and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.pair_opened.emit(self._found(index))
        elif index.isValid() and event.key() in _KEYS and not event.modifiers():
            self._ask(_KEYS[event.key()], self._found(index))
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self._pressed = self._hit(event.position().toPoint()) if event.button() == Qt.MouseButton.LeftButton else None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        pressed, self._pressed = self._pressed, None
        if pressed is None or self._hit(event.position().toPoint()) != pressed:
            return
        found, verb = pressed
        if verb is None:
            self.pair_opened.emit(found)
        else:
            self._ask(verb, found)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        hand = self._hit(event.position().toPoint()) is not None
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        index = self.indexAt(event.pos()) if by_mouse else self.currentIndex()
        if not index.isValid():
            return
        found = self._found(index)
        menu = QMenu(self)
        menu.setObjectName("train_pair_menu")
        compare = menu.addAction(self.tr("Compare"))
        actions = {menu.addAction(words): verb for verb, words in self._words(found).verbs}
        where = event.globalPos() if by_mouse else self.viewport().mapToGlobal(self.visualRect(index).center())
        chosen = menu.exec(where)
        menu.deleteLater()
        if chosen is compare:
            self.pair_opened.emit(found)
        elif chosen in actions:
            self._ask(actions[chosen], found)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _ask(self, verb: Verb, found: Found) -> None:
        if verb in dict(self._words(found).verbs):
            self.verb_asked.emit(verb, found)

    def _hit(self, point: QPoint) -> tuple[Found, Verb | None] | None:
        """The pair at a point, and what is offered there; None beside the cards."""
        index = self.indexAt(point)
        if not index.isValid() or not _card_of(self.visualRect(index)).contains(point):
            return None
        found, card = self._found(index), _card_of(self.visualRect(index))
        places = self._painter.verb_places(card, self._words(found))
        verb = next((one for one, place in places if place.contains(point)), None)
        return found, verb

    def _found(self, index: Index) -> Found:
        found: Found = index.data(Qt.ItemDataRole.UserRole)
        return found

    def _arrange(self) -> None:
        """As many columns as have room, whether the scroll bar is there or not."""
        bar = max(self.verticalScrollBar().sizeHint().width(), self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent))
        room = (
            self.contentsRect().width() - SPACE_XXL - bar - SPACE_S
        )  # of which Qt keeps the bar's free, whether it is there or not
        columns = max(1, room // (_LEAST_WIDTH + _GAP))
        width = room // columns
        size = QSize(width, self._painter.height(width - _GAP) + _GAP)
        if size != self.gridSize():
            self.setGridSize(size)
        self.viewport().update()


class _Rows(QAbstractListModel):
    def __init__(self, words: Callable[[Found], CardWords], parent: QWidget) -> None:
        super().__init__(parent)
        self._words = words
        self.found: Sequence[Found] = ()

    def show(self, found: Sequence[Found]) -> None:
        self.beginResetModel()
        self.found = found
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.found)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # Any: Qt's variant
        if not index.isValid():
            return None
        found = self.found[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return found
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            words = self._words(found)
            return ", ".join(filter(None, (words.name, words.plate, words.state[0])))
        if role == Qt.ItemDataRole.ToolTipRole:
            words = self._words(found)
            return wrapped(words.name, words.message, self._keys(words))
        return None

    def _keys(self, words: CardWords) -> str:
        keys = {"put_right": "L", "use": "U", "leave_out": self.tr("Delete"), "undo": self.tr("Backspace")}
        return ", ".join([self.tr("Compare (Return)"), *(f"{text} ({keys[verb]})" for verb, text in words.verbs)])


class _CardPainter(QStyledItemDelegate):
    def __init__(self, look: Look, thumbnails: PairThumbnails, words: Callable[[Found], CardWords], parent: PairCards) -> None:
        super().__init__(parent)
        self._look, self._thumbnails, self._words, self._cards = look, thumbnails, words, parent
        self.labels = ("", "")
        self.with_detail, self.with_verbs = False, True
        theme = look.theme  # fonts stay as they are when it changes
        self._name_font, self._detail_font = theme.font("body", QFont.Weight.DemiBold), theme.font("small")
        self._verb_font = theme.font("body", QFont.Weight.Medium)
        self._verb_metrics = QFontMetrics(self._verb_font)

    def height(self, width: int) -> int:
        return _PAD + _picture_height(width) + SPACE_XS + _LINE * (1 + self.with_detail + self.with_verbs) + SPACE_S

    def sizeHint(self, _: QStyleOptionViewItem, __: Index) -> QSize:
        return self._cards.gridSize()

    def verb_places(self, card: QRect, words: CardWords) -> list[tuple[Verb, QRect]]:
        """What a card offers, from left to right, and where."""
        if not self.with_verbs:
            return []
        top, right = card.bottom() + 1 - SPACE_S - _LINE, card.right() + 1 - SPACE_M
        places: list[tuple[Verb, QRect]] = []
        for verb, text in reversed(words.verbs):
            width = self._verb_metrics.horizontalAdvance(text) + 1
            places.insert(0, (verb, QRect(right - width, top, width, _LINE)))
            right -= width + SPACE_L
        return places

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        found: Found = index.data(Qt.ItemDataRole.UserRole)
        words, theme = self._words(found), self._look.theme
        card, state = _card_of(option.rect), option.state
        is_current = bool(state & QStyle.StateFlag.State_Selected) and self._cards.hasFocus()
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(card).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_CARD, RADIUS_CARD)
        painter.fillPath(shape, theme.color("hover" if state & QStyle.StateFlag.State_MouseOver else "surface"))
        painter.setPen(QPen(theme.color("accent_text"), 2) if is_current else QPen(theme.color("border"), 1))
        painter.drawPath(shape)
        pictures = QRect(card.left() + _PAD, card.top() + _PAD, card.width() - 2 * _PAD, _picture_height(card.width()))
        self._paint_pictures(painter, pictures, words)
        if self.with_detail:
            painter.setFont(self._detail_font)
            painter.setPen(theme.color("muted"))
            line = QRect(card.left() + SPACE_M, pictures.bottom() + 1 + SPACE_XS + _LINE - 2, card.width() - 2 * SPACE_M, _LINE)
            said = painter.fontMetrics().elidedText(words.detail, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, said)
        self._paint_name(
            painter, QRect(card.left() + SPACE_M, pictures.bottom() + 1 + SPACE_XS, card.width() - 2 * SPACE_M, _LINE), words
        )
        painter.setFont(self._verb_font)
        painter.setPen(theme.color("accent_text"))
        texts = dict(words.verbs)
        for verb, place in self.verb_places(card, words):
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, texts[verb])
        painter.restore()

    def _paint_pictures(self, painter: QPainter, box: QRect, words: CardWords) -> None:
        theme = self._look.theme
        pixmaps = self._thumbnails.pixmaps(words.wanted, painter.device().devicePixelRatioF())
        are_two = len(words.wanted.files) > 1 or words.wanted.is_strip
        width = (box.width() - _BETWEEN) // 2 if are_two else box.width()
        boxes = [QRect(box.left(), box.top(), width, box.height())]
        if are_two:
            boxes.append(QRect(box.right() + 1 - width, box.top(), width, box.height()))
        if pixmaps is not None and len(pixmaps) < len(boxes):
            pixmaps = ()  # a damaged one
        for number, place in enumerate(boxes):
            painter.save()
            clip = QPainterPath()
            clip.addRoundedRect(QRectF(place), RADIUS_THUMBNAIL, RADIUS_THUMBNAIL)
            painter.setClipPath(clip)
            if pixmaps:
                painter.drawPixmap(_shown(place, pixmaps[number], whole=not are_two), pixmaps[number])
            else:
                painter.fillRect(place, theme.color("pressed"))
                if pixmaps is not None:
                    icon = QRectF(0, 0, 2 * TEXT_ICON, 2 * TEXT_ICON)
                    icon.moveCenter(QRectF(place).center())
                    self._look.icons.paint(painter, icon, "warning-circle", theme.color("muted"))
            painter.restore()
            if are_two and self.labels[number]:
                corner = QPointF(place.left() + SPACE_XS + 2, place.top() + SPACE_XS + 2)
                paint_plate(painter, corner, self.labels[number], self._look)
        if words.plate:
            corner = QPointF(boxes[-1].right() - SPACE_XS - 1, boxes[-1].bottom() - SPACE_XS - 2 * SPACE_M - 1)
            paint_plate(painter, corner, words.plate, self._look, from_right=True)

    def _paint_name(self, painter: QPainter, line: QRect, words: CardWords) -> None:
        theme = self._look.theme
        state, icon, token = words.state
        room = line.width()
        if state:
            painter.setFont(self._verb_font)
            width = painter.fontMetrics().horizontalAdvance(state) + 1
            place = QRect(line.right() + 1 - width, line.top(), width, line.height())
            painter.setPen(theme.color(token))
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, state)
            sign = QRectF(place.left() - TEXT_ICON - SPACE_XS, line.center().y() - TEXT_ICON / 2 + 1, TEXT_ICON, TEXT_ICON)
            self._look.icons.paint(painter, sign, icon, theme.color(token))
            room -= width + TEXT_ICON + SPACE_XS + SPACE_S
        painter.setFont(self._name_font)
        painter.setPen(theme.color("text"))
        name = painter.fontMetrics().elidedText(words.name, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, name)


def _card_of(cell: QRect) -> QRect:
    return cell.adjusted(0, 0, -_GAP, -_GAP)


def _picture_height(card_width: int) -> int:
    """Squares, side by side; not higher where there is room for one broad card only."""
    return min((card_width - 2 * _PAD - _BETWEEN) // 2, PICTURE_SIDE)


def _shown(place: QRect, pixmap: QPixmap, *, whole: bool) -> QRect:
    """Where a picture lies: it fills its place and is cut off by it, or is seen whole."""
    if not whole:
        return filled(place, pixmap)
    size = pixmap.deviceIndependentSize().scaled(place.size().toSizeF(), Qt.AspectRatioMode.KeepAspectRatio).toSize()
    shown = QRect(QPoint(0, 0), size)
    shown.moveCenter(place.center())
    return shown
