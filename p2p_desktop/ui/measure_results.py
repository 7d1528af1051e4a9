"""What measuring a model gave: a verdict, what to mind, a table, and a sheet of pictures."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from p2p_desktop.ui import measure_words
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.notes import Note
from p2p_desktop.ui.plain_words import wrapped
from p2p_desktop.ui.theme import BUTTON_ICON, SPACE_L, SPACE_M, SPACE_S, SPACE_XL, SPACE_XS, SPACE_XXL

if TYPE_CHECKING:  # NumPy; the first paint does not wait for it
    from p2p_desktop.workers.measure_run import Examined
    from training.contract.model_file import ModelCard

_MOST_WARNINGS = 4
_SHORT = 40  # letters that need no second line
_BEST = 14  # pixels of the sign beside the better number
_SIGNS = {"success": "trend-up", "warning": "trend-down", "muted": "question"}


class MeasureResults(QScrollArea):
    """Empty until something was measured."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._shown: tuple[ModelCard, Examined] | None = None
        self.setObjectName("measure_results")
        self.setAccessibleName(self.tr("Results"))
        self.setToolTip(self.tr("Numbers of the test pictures, and some of the pictures"))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        look.theme.changed.connect(self._rebuild)
        look.icons.ready.connect(self._rebuild)

    def show_results(self, card: "ModelCard", examined: "Examined") -> None:
        self._shown = card, examined
        self._rebuild()
        self.verticalScrollBar().setValue(0)

    def _rebuild(self) -> None:
        if self._shown is None:
            return
        card, examined = self._shown
        inner = QWidget()
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(SPACE_XL, SPACE_L, SPACE_XL, SPACE_XL)
        layout.setSpacing(SPACE_S)
        layout.addLayout(self._verdict(card, examined))
        layout.addWidget(_label(measure_words.summary(examined), "muted"))
        for sentence in measure_words.warnings(examined, _MOST_WARNINGS):
            note = Note(self._look, "warning", inner, closable=False)
            note.say(sentence)
            layout.addWidget(note)
        layout.addSpacing(SPACE_S)
        layout.addLayout(self._table(card, examined))
        if not examined.picture.isNull():
            layout.addSpacing(SPACE_M)
            layout.addWidget(_label(self.tr("Pictures"), "section"))
            words = _label(
                self.tr("From left to right: what the model got, what it made of it, the true picture. The worst come first."),
                "muted",
            )
            layout.addWidget(words)
            layout.addWidget(_Sheet(examined.picture, inner))
        layout.addStretch(1)
        self.setWidget(inner)  # deletes the one before

    def _verdict(self, card: "ModelCard", examined: "Examined") -> QHBoxLayout:
        said, kind = measure_words.verdict(card, examined)
        sign = QLabel()
        sign.setPixmap(self._look.icons.pixmap(_SIGNS[kind], kind, BUTTON_ICON, self.devicePixelRatioF()))
        words = _label(said, "summary")
        words.setObjectName("measure_verdict")
        line = QHBoxLayout()
        line.setSpacing(SPACE_S)
        line.addWidget(sign, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(words, 1)
        return line

    def _table(self, card: "ModelCard", examined: "Examined") -> QGridLayout:
        grid = QGridLayout()
        grid.setVerticalSpacing(SPACE_XS + 2)
        grid.setHorizontalSpacing(SPACE_XXL)
        grid.setColumnStretch(3, 1)
        for column, words in enumerate((self.tr("Held-out test"), self.tr("This model"), self.tr("Doing nothing"))):
            grid.addWidget(_label(words, "small"), 0, column, Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft)
        place = 1
        for section in measure_words.sections(card, examined):
            if section.title:
                grid.addWidget(_label(section.title, "label"), place, 0, Qt.AlignmentFlag.AlignBottom)
                grid.setRowMinimumHeight(place, SPACE_XXL)
            place += 1
            for row in section.rows:
                what = _label(row.what, "muted")
                cells = (what, self._number(row.own, row.better == "model"), self._number(row.nothing, row.better == "nothing"))
                for column, cell in enumerate(cells):
                    cell.setToolTip(wrapped(row.meaning))
                    cell.setAccessibleDescription(row.meaning)
                    grid.addWidget(cell, place, column)
                place += 1
        legend = QHBoxLayout()
        legend.setSpacing(SPACE_XS)
        legend.addWidget(self._star())
        legend.addWidget(
            _label(self.tr("nearer to the true pictures   \u2191 higher is better   \u2193 lower is better"), "small"), 1
        )
        grid.setRowMinimumHeight(place, SPACE_S)
        grid.addLayout(legend, place + 1, 0, 1, 4)
        return grid

    def _number(self, words: str, is_better: bool) -> QWidget:
        """A number with room for the sign of the better one before it, so that figures stay below each other."""
        cell = QWidget()
        layout = QHBoxLayout(cell)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_XS)
        layout.addStretch(1)
        if is_better:
            layout.addWidget(self._star())
        number = _label(words or "\u2013", "label" if is_better else "body")
        number.setAccessibleName(self.tr("{number}, the better one").format(number=words) if is_better else words)
        layout.addWidget(number)
        return cell

    def _star(self) -> QLabel:
        star = QLabel()
        star.setPixmap(self._look.icons.pixmap("star-fill", "success", _BEST, self.devicePixelRatioF()))
        star.setAccessibleName(self.tr("better"))
        return star


class _Sheet(QWidget):
    """The sheet as wide as there is room, never larger than it is."""

    def __init__(self, picture: QImage, parent: QWidget) -> None:
        super().__init__(parent)
        self._picture = QPixmap.fromImage(picture)
        self.setObjectName("measure_sheet")
        self.setAccessibleName(self.tr("Sheet of pictures"))
        self.setToolTip(self.tr("Each row says which picture it is, and its number beside that of doing nothing"))

    def sizeHint(self) -> QSize:
        return QSize(0, self._height(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setFixedHeight(self._height(self.width()))

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        width = min(self.width(), self._picture.width())
        painter.drawPixmap(QRectF(0, 0, width, self._height(width)), self._picture, QRectF(self._picture.rect()))

    def _height(self, width: int) -> int:
        width = min(width, self._picture.width())
        return max(1, round(self._picture.height() * width / self._picture.width()))


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(role in ("muted", "summary") and len(text) > _SHORT)
    return label
