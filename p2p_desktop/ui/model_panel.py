"""Everything about the selected model, and what can be done with it."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from p2p_desktop.ui import model_words
from p2p_desktop.ui.halves import paint_halves
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.plain_words import wrapped
from p2p_desktop.ui.theme import MODELS_PANEL_WIDTH, SPACE_L, SPACE_M, SPACE_S, SPACE_XL

if TYPE_CHECKING:  # it imports NumPy; the first paint does not wait for it
    from p2p_desktop.models.library import Model

_PICTURE_HEIGHT = 200


class ModelPanel(QFrame):
    use_asked = Signal(str)
    watch_asked = Signal(str)
    try_asked = Signal(str)
    measure_asked = Signal(str)
    rename_asked = Signal(str)
    remove_asked = Signal(str)

    def __init__(self, look: Look, shelf: ModelShelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._shelf = look, shelf
        self._model: Model | None = None
        self.setProperty("role", "panel")
        self.setFixedWidth(MODELS_PANEL_WIDTH)
        self._picture = _Picture(look, self)
        self._title, self._words = QLabel(self), QLabel(self)
        self._title.setObjectName("model_title")
        self._title.setProperty("role", "title")
        self._title.setWordWrap(True)
        self._words.setObjectName("model_words")
        self._words.setProperty("role", "muted")
        self._words.setWordWrap(True)
        for label in (self._title, self._words):
            label.setTextFormat(Qt.TextFormat.PlainText)  # a file's name, and what a file says of itself
        self._numbers, self._facts = QGridLayout(), QGridLayout()
        self._numbers.setVerticalSpacing(SPACE_S - 2)
        self._facts.setVerticalSpacing(SPACE_S)
        self._facts.setHorizontalSpacing(SPACE_L)
        self._facts.setColumnStretch(1, 1)
        self._numbers.setColumnStretch(0, 1)
        self._line = QFrame(self)
        self._line.setProperty("role", "separator")
        self._line.setFixedHeight(1)
        inner = QWidget(self)
        details = QVBoxLayout(inner)
        details.setContentsMargins(SPACE_XL, SPACE_L + 2, SPACE_XL, SPACE_M)
        details.setSpacing(SPACE_S)
        details.addWidget(self._picture)
        details.addSpacing(SPACE_S)
        details.addWidget(self._title)
        details.addWidget(self._words)
        details.addSpacing(SPACE_S)
        details.addLayout(self._numbers)
        details.addWidget(self._line)
        details.addSpacing(SPACE_S)
        details.addLayout(self._facts)
        details.addStretch(1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area, 1)
        layout.addLayout(self._buttons())

    def show_model(self, model: "Model | None") -> None:
        self._model = model
        _clear(self._numbers)
        _clear(self._facts)
        usable = model is not None and model.card is not None
        for button in (self._use, self._try, self._measure):
            button.setEnabled(usable)
        why = model.problem if model is not None else self.tr("Choose a model first")
        self._measure.setToolTip(self.tr("Says how good it is, on pictures of your own") if usable else why)
        if model is None:
            self._picture.show_halves(None)
            self._title.setText(self.tr("No model"))
            self._words.setText("")
            self._line.hide()
        else:
            self._picture.show_halves(self._shelf.preview(model))
            self._title.setText(model_words.title(model))
            self._words.setText(model_words.explains(model.card) if model.card is not None else model.problem)
            self._show_numbers(model)
            self._show_facts(model)
        is_own = model is not None and model.origin == "added"
        why_not = self.tr("It came with the program. Models that you add can be renamed and removed.")
        self._rename.setEnabled(is_own)
        self._rename.setToolTip(self.tr("F2") if is_own else why_not)
        self._remove.setEnabled(is_own)
        self._remove.setToolTip(self.tr("Its file is kept, and it can be brought back (Delete)") if is_own else why_not)

    def _buttons(self) -> QVBoxLayout:
        self._use = QPushButton(self.tr("Use in Convert"), self)
        self._use.setObjectName("models_use")
        self._use.setProperty("role", "primary")
        self._use.setToolTip(self.tr("Goes there with this model chosen (Return)"))
        self._look.icons.set_on(self._use, "arrow-right", token="on_accent")
        self._watch = QPushButton(self.tr("Use in Live"), self)
        self._watch.setObjectName("models_watch")
        self._watch.setToolTip(self.tr("Goes there with this model chosen: what the camera sees, translated"))
        self._look.icons.set_on(self._watch, "video-camera")
        self._try = QPushButton(self.tr("Try on a picture"), self)
        self._try.setObjectName("models_try")
        self._try.setToolTip(self.tr("Shows what it does to one picture. Nothing is written."))
        self._look.icons.set_on(self._try, "image")
        self._measure = QPushButton(self.tr("Measure"), self)
        self._measure.setObjectName("models_measure")
        self._look.icons.set_on(self._measure, "ruler")
        self._rename = QPushButton(self.tr("Rename"), self)
        self._rename.setObjectName("models_rename")
        self._rename.setProperty("role", "text")
        self._look.icons.set_on(self._rename, "pencil-simple")
        self._remove = QPushButton(self.tr("Remove"), self)
        self._remove.setObjectName("models_remove")
        self._remove.setProperty("role", "text")
        self._look.icons.set_on(self._remove, "trash")
        for button, signal in (
            (self._use, self.use_asked),
            (self._watch, self.watch_asked),
            (self._try, self.try_asked),
            (self._measure, self.measure_asked),
            (self._rename, self.rename_asked),
            (self._remove, self.remove_asked),
        ):
            button.clicked.connect(partial(self._ask, signal))
        pair = QHBoxLayout()
        pair.addWidget(self._rename)
        pair.addWidget(self._remove)
        layout = QVBoxLayout()
        layout.setContentsMargins(SPACE_XL, SPACE_S, SPACE_XL, SPACE_L)
        layout.setSpacing(SPACE_S + 2)
        layout.addWidget(self._use)
        layout.addWidget(self._watch)
        layout.addWidget(self._try)
        layout.addWidget(self._measure)
        layout.addLayout(pair)
        return layout

    def _ask(self, signal: SignalInstance) -> None:
        if self._model is not None:
            signal.emit(self._model.name)

    def _show_numbers(self, model: "Model") -> None:
        """Those that the model's file tells, then those that were measured here."""
        card, measured = model.card, self._shelf.measured(model)
        own = model_words.measurements(card) if card is not None else []
        here = []
        if card is not None and measured is not None:
            here = model_words.measurements(replace(card, metrics=measured.metrics, identity=measured.identity))
        self._line.setVisible(bool(own or here))
        place = self._add_numbers(0, self.tr("Held-out test"), own)
        if measured is not None and here:
            place = self._add_numbers(place, self.tr("Measured here"), here)
            knows = self.tr("It had learned from all of these pictures, so the numbers say little.") if measured.knew_all else ""
            where = _label(model_words.measured_on(measured), "small")
            where.setObjectName("model_measured")
            where.setToolTip(wrapped(measured.folder))
            for label in (where, _label(knows, "small")) if knows else (where,):
                label.setWordWrap(True)
                self._numbers.addWidget(label, place, 0, 1, 3)
                place += 1
        if own or here:
            hint = _label(self.tr("\u2191 higher is better   \u2193 lower is better"), "small")
            self._numbers.addWidget(hint, place, 0, 1, 3)

    def _add_numbers(self, head: int, title: str, rows: list[tuple[str, str, str, str]]) -> int:
        """From line `head` on; give the first line below them."""
        if not rows:
            return head
        for column, words in enumerate((title, self.tr("This model"), self.tr("Doing nothing"))):
            self._numbers.addWidget(_label(words, "small", column > 0), head, column)
        for line, (what, own, nothing, meaning) in enumerate(rows, start=head + 1):
            cells = _label(what, "muted"), _label(own, "label", right=True), _label(nothing, "muted", right=True)
            for column, cell in enumerate(cells):
                cell.setToolTip(wrapped(meaning))
                cell.setAccessibleDescription(meaning)
                self._numbers.addWidget(cell, line, column)
        return head + 1 + len(rows)

    def _show_facts(self, model: "Model") -> None:
        for line, (name, value) in enumerate(model_words.came_from(model)):
            words, what = _label(name, "muted"), _label(value, "body")
            words.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            what.setWordWrap(True)
            what.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._facts.addWidget(words, line, 0)
            self._facts.addWidget(what, line, 1)


class _Picture(QWidget):
    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._halves: tuple[QPixmap, QPixmap] | None = None
        self.setFixedHeight(_PICTURE_HEIGHT)
        look.theme.changed.connect(self.update)

    def show_halves(self, halves: object) -> None:
        self._halves = tuple(QPixmap.fromImage(half) for half in halves) if halves else None  # type: ignore[attr-defined,assignment]  # two QImages
        self.setVisible(self._halves is not None)
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        if self._halves is not None:
            painter = QPainter(self)
            paint_halves(painter, self.rect(), *self._halves, self._look, labels=True, handle=True)


def _label(text: str, role: str, right: bool = False) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if right:
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label


def _clear(layout: QGridLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
