"""The right side of the step Check: while the check runs, when it failed, and one group of what it found."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.notes import Note
from p2p_desktop.ui.pair_cards import PairCards
from p2p_desktop.ui.plain_words import count, sentences
from p2p_desktop.ui.theme import SPACE_L, SPACE_M, SPACE_S, SPACE_XL, SPACE_XS, SPACE_XXL
from p2p_desktop.ui.widgets import SlimProgress

_BESIDE = 760  # pixels from which on the verbs have room beside the title
_BAR_WIDTH = 420
_VERBS = ("put_right", "use", "leave_out", "undo")


class WaitPage(QWidget):
    """How far the check is."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title, self._line = QLabel(self.tr("Checking the pictures"), self), QLabel(self)
        title.setProperty("role", "title")
        self._line.setObjectName("train_check_line")
        self._line.setProperty("role", "muted")
        self._bar = SlimProgress(look, self)
        self._bar.setObjectName("train_check_progress")
        self._bar.setAccessibleName(self.tr("How far the check is"))
        self._bar.setMaximumWidth(_BAR_WIDTH)
        what = QLabel(
            self.tr("Each picture is read once: damaged ones, copies, and pairs that do not lie over each other show up."), self
        )
        what.setProperty("role", "muted")
        what.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XXL, SPACE_XL, SPACE_XXL, SPACE_XL)
        layout.setSpacing(SPACE_S)
        layout.addWidget(title)
        layout.addWidget(what)
        layout.addSpacing(SPACE_L)
        layout.addWidget(self._bar)
        layout.addWidget(self._line)
        layout.addStretch(1)

    def show_progress(self, done: int, total: int) -> None:
        """`total` 0: it is not known yet."""
        self._bar.set_fraction(done / total if total else None)
        words = self.tr("{done} of {total}").format(done=count(done), total=count(total))
        self._line.setText(words if total else self.tr("Getting ready"))


class FailedPage(QWidget):
    """Why there was no check, and another try."""

    again_asked = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._note = Note(look, "error", self, closable=False)
        again = QPushButton(self.tr("Try again"), self)
        again.setObjectName("train_check_again")
        again.setToolTip(self.tr("Looks through the folder anew"))
        again.clicked.connect(self.again_asked)
        look.icons.set_on(again, "arrows-clockwise")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XXL, SPACE_XL, SPACE_XXL, SPACE_XL)
        layout.setSpacing(SPACE_M)
        layout.addWidget(self._note)
        layout.addWidget(again, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addStretch(1)

    def say(self, sentence: str) -> None:
        self._note.say(*sentences(sentence))


class GroupPage(QWidget):
    """One group: what it is and means, what can be done about all of it, and its pairs."""

    verb_asked = Signal(str)  # for all that are set aside, or decided
    drawing_asked = Signal()

    def __init__(self, look: Look, cards: PairCards, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._meaning = QLabel(self), QLabel(self)
        self._title.setObjectName("train_group_title")
        self._title.setProperty("role", "title")
        self._meaning.setObjectName("train_group_meaning")
        self._meaning.setProperty("role", "muted")
        for label in (self._title, self._meaning):
            label.setWordWrap(True)
        self._of_all = Note(look, "warning", self, closable=False)
        self._of_all.setObjectName("train_of_all")
        self._drawing = QLabel(self)
        self._drawing.setObjectName("train_drawing")
        self._drawing.setProperty("role", "muted")
        self._drawing.setWordWrap(True)
        self._drawing.hide()
        self._verbs = {verb: QPushButton(self) for verb in _VERBS}
        self._draw = QPushButton(self.tr("Draw again"), self)
        self._draw.setObjectName("train_draw_again")
        self._draw.setToolTip(self.tr("Other parts of the pictures, mirrored and varied anew"))
        self._draw.clicked.connect(self.drawing_asked)
        self._draw.hide()
        look.icons.set_on(self._draw, "arrows-clockwise")
        look.icons.set_on(self._verbs["put_right"], "magic-wand")
        words = QVBoxLayout()
        words.setSpacing(SPACE_XS)
        words.addWidget(self._title)
        words.addWidget(self._meaning)
        buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        buttons.setSpacing(SPACE_S)
        for verb, button in self._verbs.items():
            self._prepare(verb, button)
            buttons.addWidget(button)
        buttons.addWidget(self._draw)
        buttons.addStretch(1)
        self._head = QBoxLayout(QBoxLayout.Direction.TopToBottom)  # until there is room for more
        self._head.setSpacing(SPACE_M)
        self._head.addLayout(words, 1)
        self._head.addLayout(buttons)
        inner = QVBoxLayout()
        inner.setContentsMargins(SPACE_XXL, 0, SPACE_XXL, 0)
        inner.setSpacing(SPACE_M)
        inner.addLayout(self._head)
        inner.addWidget(self._of_all)
        inner.addWidget(self._drawing)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACE_XL, 0, 0)
        layout.setSpacing(SPACE_L)
        layout.addLayout(inner)
        layout.addWidget(cards, 1)

    def say(self, title: str, meaning: str) -> None:
        self._title.setText(title)
        self._meaning.setText(meaning)

    def say_of_all(self, found: Sequence[str]) -> None:
        """Sentences about all pairs together, which are said above every group."""
        if not found:
            self._of_all.clear()
            return
        self._of_all.say(found[0], " ".join(found[1:]))

    def wait_for_drawing(self, words: str) -> None:
        """What is to be read while pairs are being drawn, or why they cannot be; "" for nothing."""
        self._drawing.setText(words)
        self._drawing.setVisible(bool(words))

    def offer(self, *, put_right: Sequence[str], decide: int, undo: int, draw: bool) -> None:
        """What can be done about all: `put_right` is how it is called for each that can be, the rest are numbers of pairs."""
        mirrors_only = bool(put_right) and set(put_right) == {self.tr("Mirror B")}
        self._verbs["put_right"].setText(self.tr("Mirror all") if mirrors_only else self.tr("Line up all"))
        shown = {"put_right": len(put_right) > 1, "use": decide > 1, "leave_out": decide > 1, "undo": undo > 1}
        for verb, button in self._verbs.items():
            button.setVisible(shown[verb])
        self._draw.setVisible(draw)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_broad = self.width() >= _BESIDE
        self._head.setDirection(QBoxLayout.Direction.LeftToRight if is_broad else QBoxLayout.Direction.TopToBottom)

    def _prepare(self, verb: str, button: QPushButton) -> None:
        texts = {
            "put_right": (
                self.tr("Line up all"),
                self.tr("Moves or mirrors B where it is certain how; the files stay as they are"),
            ),
            "use": (self.tr("Use all anyway"), self.tr("Uses these as they are")),
            "leave_out": (self.tr("Leave all out"), self.tr("None of these is used; the files stay where they are")),
            "undo": (self.tr("Undo all"), self.tr("Takes back what was decided in this group")),
        }
        words, tip = texts[verb]
        button.setText(words)
        button.setToolTip(tip)
        button.setObjectName(f"train_all_{verb}")
        button.setProperty("verb", verb)
        button.hide()  # until there is something to do
        button.clicked.connect(self._on_verb)

    def _on_verb(self) -> None:
        self.verb_asked.emit(self.sender().property("verb"))
