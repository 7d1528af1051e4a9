"""Which held-out picture is looked at, and the numbers of all of them at the step that is shown."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from p2p_desktop.ui import run_words
from p2p_desktop.ui.flow_layout import FlowLayout
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_words import meaning
from p2p_desktop.ui.plain_words import count
from p2p_desktop.ui.sample_source import SampleSource
from p2p_desktop.ui.theme import RADIUS_THUMBNAIL, SPACE_L, SPACE_M, SPACE_S
from training.contract.protocol import Validation

_THUMB = 76  # pixels
_RING = 3


class HeldOutPanel(QWidget):
    picture_chosen = Signal(int)  # by the person: its place

    def __init__(self, look: Look, source: SampleSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._source = look, source
        self._thumbs: list[_Thumb] = []
        self._shown: tuple[object, ...] = ()
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self.picture_chosen)
        title, self._number = QLabel(self.tr("Held-out pictures"), self), QLabel(self)
        title.setProperty("role", "label")
        self._number.setProperty("role", "muted")
        self._number.setObjectName("train_held_out_number")
        self._number.setToolTip(
            self.tr("The run measures itself on pictures that it does not learn from, and draws the first of them")
        )
        head = QHBoxLayout()
        head.setSpacing(SPACE_S)
        head.addWidget(title)
        head.addWidget(self._number)
        head.addStretch(1)
        self._row = FlowLayout(SPACE_S)
        choice = QVBoxLayout()
        choice.setSpacing(SPACE_S)
        choice.addLayout(head)
        choice.addLayout(self._row)
        self._figures = QWidget(self)
        self._figures.setObjectName("train_figures")
        self._flow = FlowLayout(SPACE_L)
        self._gain = FlowLayout(SPACE_L)
        figures = QVBoxLayout(self._figures)
        figures.setContentsMargins(0, 0, 0, 0)
        figures.setSpacing(SPACE_S)
        figures.addLayout(self._gain)
        figures.addLayout(self._flow)
        self._layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(SPACE_M)
        self._layout.addLayout(choice)
        self._facts = QLabel(self)
        self._facts.setObjectName("train_more_facts")
        self._facts.setProperty("role", "muted")
        self._facts.setWordWrap(True)
        self._facts.hide()
        self._layout.addWidget(self._figures)
        self._layout.addWidget(self._facts)
        self._layout.addStretch(1)

    def lay_beside(self, on: bool) -> None:
        """Numbers beside the pictures, where the panel is wide and low."""
        way = QBoxLayout.Direction.LeftToRight if on else QBoxLayout.Direction.TopToBottom
        self._layout.setDirection(way)

    def show_facts(self, facts: Sequence[str]) -> None:
        """What else is known of the run, below the numbers."""
        self._facts.setText("  \u00b7  ".join(facts))
        self._facts.setVisible(bool(facts))

    def show_pictures(self, files: Sequence[Path], chosen: int, num_held_out: int) -> None:
        """Offer the pictures of a sample; those of which the run draws none are only counted."""
        while len(self._thumbs) > len(files):
            thumb = self._thumbs.pop()
            self._group.removeButton(thumb)
            self._row.removeWidget(thumb)
            thumb.deleteLater()
        while len(self._thumbs) < len(files):
            thumb = _Thumb(self._look, self._source, len(self._thumbs), self)
            self._group.addButton(thumb, len(self._thumbs))
            self._thumbs.append(thumb)
            self._row.addWidget(thumb)
            thumb.show()
        for number, (thumb, path) in enumerate(zip(self._thumbs, files, strict=True)):
            thumb.show_file(path)
            if number == chosen and not thumb.isChecked():
                thumb.setChecked(True)
        self._number.setText(self.tr("{n} of {all}").format(n=len(files), all=count(num_held_out)) if num_held_out else "")

    def show_numbers(self, found: Validation | None, metrics: Sequence[str], telling: str) -> None:
        """Show a measurement. `telling`: the number that is held against doing nothing."""
        gain = run_words.gain(telling, found.metrics, found.identity) if found is not None else None
        cells = [(run_words.metric_value(key, found.metrics.get(key)), key) for key in metrics] if found is not None else []
        if (shown := (tuple(cells), gain)) == self._shown:
            return
        self._shown = shown
        for layout in (self._flow, self._gain):
            _empty(layout)
        if gain is not None:
            self._gain.addWidget(_figure(gain.figure, gain.words, meaning(telling), gain.kind))
        for figure, key in cells:
            self._flow.addWidget(_figure(figure, run_words.metric_title(key), meaning(key), ""))
        said = [f"{run_words.metric_title(key)} {figure}" for figure, key in cells]
        said += [f"{gain.figure} {gain.words}"] if gain is not None else []
        self._figures.setAccessibleName(", ".join(said) or self.tr("Not measured yet"))


class _Thumb(QRadioButton):
    """The target of one held-out picture; arrow keys move between them, as between radio buttons."""

    def __init__(self, look: Look, source: SampleSource, number: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._source = look, source
        self._path: Path | None = None
        self.setObjectName(f"train_picture_{number + 1}")
        self.setAccessibleName(self.tr("Held-out picture {n}").format(n=number + 1))
        self.setToolTip(self.tr("Shows this picture above the film"))
        self.setProperty("focus_radius", RADIUS_THUMBNAIL)
        self.setFixedSize(_THUMB, _THUMB)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.toggled.connect(self._on_toggled)
        look.theme.changed.connect(self.update)
        source.arrived.connect(self._on_arrived)

    def show_file(self, path: Path) -> None:
        if path != self._path:
            self._path = path
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(_THUMB, _THUMB)

    def hitButton(self, place: QPoint) -> bool:
        return self.rect().contains(place)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        theme = self._look.theme
        inner = QRectF(self.rect()).adjusted(_RING, _RING, -_RING, -_RING)
        pixmap = self._source.frame(self._path, "target", round(_THUMB * 1.5 * self.devicePixelRatioF())) if self._path else None
        if pixmap is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("pressed"))
            painter.drawRoundedRect(inner, RADIUS_THUMBNAIL, RADIUS_THUMBNAIL)
        else:
            side = min(pixmap.width(), pixmap.height())
            middle = QRectF((pixmap.width() - side) / 2, (pixmap.height() - side) / 2, side, side)
            painter.drawPixmap(inner, pixmap, middle)
        if self.isChecked():
            painter.setPen(QPen(theme.color("accent_text"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS_THUMBNAIL, RADIUS_THUMBNAIL)

    def _on_toggled(self, on: bool) -> None:
        # One tab stop for all of them, as for segments.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if on else Qt.FocusPolicy.ClickFocus)

    def _on_arrived(self, path: Path) -> None:
        if path == self._path:
            self.update()


def _figure(figure: str, words: str, what: str, kind: str) -> QWidget:
    """A number with its name below."""
    cell = QWidget()
    layout = QVBoxLayout(cell)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    number, name = QLabel(figure), QLabel(words)
    number.setProperty("role", "figure" if kind else "summary")
    if kind:
        number.setProperty("kind", kind)
    name.setProperty("role", "small")
    for label in (number, name):
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setToolTip(what)
        layout.addWidget(label)
    return cell


def _empty(layout: QLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
