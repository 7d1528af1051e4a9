"""One held-out picture through the time of a run: a frame a sample, empty ones for steps to come, and a bar to move along.

Left and Right: the sample before, the next. Home: the first. End: the latest, which is followed from then on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from p2p_desktop.runs.curves import linear_ticks
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.plain_words import count
from p2p_desktop.ui.sample_source import SampleSource
from p2p_desktop.ui.theme import RADIUS_THUMBNAIL, SPACE_S, SPACE_XS

_FRAME_WIDTH, _MOST_WIDTH, _FRAME_HEIGHT = 64, 92, 53  # pixels
_HANDLE, _BAR = 7.0, 4.0  # pixels: radius of the handle, height of the bar
_RING = 2.0
_LABEL_ROOM = 12.0  # widths of a digit that a label keeps free round it


@dataclass(frozen=True, slots=True)
class Frame:
    """What was drawn at a step: the file of the chosen picture."""

    step: int
    path: Path


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the strip, for the steps beyond `low` up to `high`."""

    low: float
    high: float
    frame: Frame | None


class FilmStrip(QWidget):
    moved = Signal(int)  # by the person, to the step of a sample
    latest_asked = Signal()  # the person wants to follow again

    def __init__(self, look: Look, source: SampleSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._source = look, source
        self._frames: list[Frame] = []
        self._slots: list[Slot] = []
        self._steps, self._step, self._every = 0, 0, 0
        self._cursor: int | None = None
        self.setObjectName("train_film")
        self.setAccessibleName(self.tr("This picture through time"))
        self.setToolTip(self.tr("Left and Right: one picture on. Home: the first. End: the latest."))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.theme.changed.connect(self.update)
        source.arrived.connect(self._on_arrived)

    def show_frames(self, frames: Sequence[Frame], *, step: int, steps: int, every: int) -> None:
        """Show these samples, their steps rising. `step` of `steps` are done; `every` so many a sample is drawn; 0: unknown."""
        now = (list(frames), step, steps, every)
        if now != (self._frames, self._step, self._steps, self._every):
            self._frames, self._step, self._steps, self._every = now
            self._lay()

    def set_cursor(self, step: int | None) -> None:
        if step != self._cursor:
            self._cursor = step
            self._describe()
            self.update()

    @property
    def slots(self) -> list[Slot]:
        """What is to be seen, from left to right."""
        return self._slots

    @property
    def chosen(self) -> Frame | None:
        """What the cursor stands at: the latest sample up to it, or the first."""
        if self._cursor is None:
            return None
        before = [frame for frame in self._frames if frame.step <= self._cursor]
        return before[-1] if before else next(iter(self._frames), None)

    def sizeHint(self) -> QSize:
        label = QFontMetricsF(self._look.theme.font("small")).height()
        return QSize(6 * _FRAME_WIDTH, round(_FRAME_HEIGHT + SPACE_S + 2 * _HANDLE + SPACE_XS + label + 2 * _RING))

    def minimumSizeHint(self) -> QSize:
        return QSize(3 * _FRAME_WIDTH, self.sizeHint().height())

    # --- where things lie

    def _lay(self) -> None:
        self._slots = slots_of(self._frames, self._steps, self._every, self._most_slots())
        self._describe()
        self.update()

    def _most_slots(self) -> int:
        return max(1, int((self.width() - 2 * _RING + SPACE_XS) // (_FRAME_WIDTH + SPACE_XS)))

    def _places(self) -> list[QRectF]:
        num = len(self._slots)
        if not num:
            return []
        room = (self.width() - 2 * _RING + SPACE_XS) / num
        width = min(room - SPACE_XS, _MOST_WIDTH)
        return [QRectF(_RING + (number + 1) * room - SPACE_XS - width, _RING, width, _FRAME_HEIGHT) for number in range(num)]

    def _bar_y(self) -> float:
        return 2 * _RING + _FRAME_HEIGHT + SPACE_S + _HANDLE

    def _x_of(self, step: float) -> float:
        inner = self.width() - 2 * _HANDLE
        return _HANDLE + (step / self._steps if self._steps else 0.0) * inner

    def resizeEvent(self, _: object) -> None:
        self._lay()

    # --- painting

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        chosen = self.chosen
        for slot, place in zip(self._slots, self._places(), strict=True):
            self._paint_slot(painter, slot, place, chosen)
        self._paint_bar(painter)

    def _paint_slot(self, painter: QPainter, slot: Slot, place: QRectF, chosen: Frame | None) -> None:
        theme = self._look.theme
        if slot.frame is None:
            pen = QPen(theme.color("outline" if theme.high_contrast else "track"), 1)
            if slot.high > self._step or not self._steps:  # to come
                pen.setDashPattern([3, 3])
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_THUMBNAIL, RADIUS_THUMBNAIL)
            return
        pixmap = self._source.frame(slot.frame.path, "result", round(_FRAME_HEIGHT * 1.6 * self.devicePixelRatioF()))
        painter.save()
        if pixmap is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("pressed"))
            painter.drawRoundedRect(place, RADIUS_THUMBNAIL, RADIUS_THUMBNAIL)
            if self._source.is_missing(slot.frame.path):
                icon = QRectF(0, 0, 16, 16)
                icon.moveCenter(place.center())
                self._look.icons.paint(painter, icon, "prohibit", theme.color("muted"))
        else:
            painter.drawPixmap(place, pixmap, _filling(pixmap, place))
        painter.restore()
        if self._stands_for(slot, chosen):
            painter.setPen(QPen(theme.color("accent_text"), _RING))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(
                place.adjusted(-_RING / 2, -_RING / 2, _RING / 2, _RING / 2), RADIUS_THUMBNAIL, RADIUS_THUMBNAIL
            )

    def _stands_for(self, slot: Slot, chosen: Frame | None) -> bool:
        return chosen is not None and (slot.frame == chosen or slot.low < chosen.step <= slot.high)

    def _paint_bar(self, painter: QPainter) -> None:
        theme, y = self._look.theme, self._bar_y()
        done = self._x_of(self._cursor if self._cursor is not None else self._step)
        rest = QPen(theme.color("track"), 2)
        rest.setDashPattern([1, 2])
        painter.setPen(rest)
        painter.drawLine(QPointF(self._x_of(self._step), y), QPointF(self.width() - _HANDLE, y))
        for until, token in ((self._x_of(self._step), "track"), (done, "accent_text")):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color(token))
            painter.drawRoundedRect(QRectF(0, y - _BAR / 2, max(0.0, until), _BAR), _BAR / 2, _BAR / 2)
        if self._cursor is not None:
            painter.setPen(QPen(theme.color("accent_text"), _RING))
            painter.setBrush(theme.color("surface"))
            painter.drawEllipse(QPointF(done, y), _HANDLE - _RING / 2, _HANDLE - _RING / 2)
        self._paint_labels(painter, done)

    def _paint_labels(self, painter: QPainter, handle: float) -> None:
        """Round steps, and the one that the handle stands at, for which the others make room."""
        theme = self._look.theme
        usual, strong = theme.font("small"), theme.font("small", QFont.Weight.DemiBold)
        metrics = QFontMetricsF(strong)
        taken = QRectF()
        if self._cursor is not None:
            taken = self._label_place(metrics, count(self._cursor), handle)
            painter.setFont(strong)
            painter.setPen(theme.color("text"))
            painter.drawText(taken, Qt.AlignmentFlag.AlignCenter, count(self._cursor))
        painter.setFont(usual)
        painter.setPen(theme.color("muted"))
        most = int(self.width() / (_LABEL_ROOM * metrics.horizontalAdvance("0")))
        inner = [round(tick) for tick in linear_ticks(0, self._steps, min(4, max(2, most)))]
        for step in dict.fromkeys([0, self._steps, *inner]):
            place = self._label_place(metrics, count(step), self._x_of(step))
            if not place.adjusted(-SPACE_S, 0, SPACE_S, 0).intersects(taken) and self._steps:
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, count(step))
                taken = taken.united(place) if step == self._steps and taken.isNull() else taken

    def _label_place(self, metrics: QFontMetricsF, words: str, x: float) -> QRectF:
        width = metrics.horizontalAdvance(words) + 2
        left = min(max(0.0, x - width / 2), self.width() - width)
        return QRectF(left, self._bar_y() + _HANDLE + SPACE_XS, width, metrics.height())

    # --- what the person does

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._point_at(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._point_at(event.position(), by_bar=True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        chosen = self.chosen
        place = self._frames.index(chosen) if chosen is not None else -1
        match event.key():
            case Qt.Key.Key_Left if place > 0:
                self._go_to(self._frames[place - 1])
            case Qt.Key.Key_Right if 0 <= place < len(self._frames) - 1:
                self._go_to(self._frames[place + 1])
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                pass  # at an end: nothing else shall take the key
            case Qt.Key.Key_Home if self._frames:
                self._go_to(self._frames[0])
            case Qt.Key.Key_End if self._frames:
                self.latest_asked.emit()
            case _:
                super().keyPressEvent(event)

    def _point_at(self, point: QPointF, *, by_bar: bool = False) -> None:
        if not self._frames:
            return
        if not by_bar and point.y() < _FRAME_HEIGHT + 2 * _RING:
            for slot, place in zip(self._slots, self._places(), strict=True):
                if slot.frame is not None and place.contains(point):
                    self._go_to(slot.frame)
                    return
        step = (point.x() - _HANDLE) / max(1.0, self.width() - 2 * _HANDLE) * self._steps
        self._go_to(min(self._frames, key=lambda frame: abs(frame.step - step)))

    def _go_to(self, frame: Frame) -> None:
        if frame.step != self._cursor:
            self.moved.emit(frame.step)

    def _describe(self) -> None:
        chosen = self.chosen
        if chosen is None:
            words = self.tr("No picture yet")
        else:
            words = self.tr("Picture of step {step}, {n} of {all}").format(
                step=count(chosen.step), n=self._frames.index(chosen) + 1, all=len(self._frames)
            )
        self.setAccessibleDescription(words)

    def _on_arrived(self, _: Path) -> None:
        self.update()


def slots_of(frames: Sequence[Frame], steps: int, every: int, most: int) -> list[Slot]:
    """Divide a run's steps into places of one size, `most` or as many as there will be samples; in each, its latest sample."""
    steps = max(steps, frames[-1].step if frames else 0)
    if steps <= 0:
        return [Slot(0, 0, None) for _ in range(most)]
    expected = -(-steps // every) if 0 < every <= steps else most
    num = max(1, min(most, expected))
    slots = []
    for number in range(num):
        low, high = steps * number / num, steps * (number + 1) / num
        inside = [frame for frame in frames if low < frame.step <= high or (number == 0 and frame.step == 0)]
        slots.append(Slot(low, high, inside[-1] if inside else None))
    return slots


def _filling(pixmap: QPixmap, place: QRectF) -> QRectF:
    """The middle part of a picture that fills a place without being squashed."""
    scale = min(pixmap.width() / place.width(), pixmap.height() / place.height())
    width, height = place.width() * scale, place.height() * scale
    return QRectF((pixmap.width() - width) / 2, (pixmap.height() - height) / 2, width, height)
