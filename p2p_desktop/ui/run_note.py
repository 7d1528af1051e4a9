"""How a run does, in a note: one sentence; why it is said, and a trainer's last words, for who asks."""

from collections.abc import Mapping
from typing import NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from p2p_desktop.runs.run_process import Standing
from p2p_desktop.runs.run_state import RunState
from p2p_desktop.ui.health_words import HealthSaid, health_words, numbers_of
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import SPACE_S
from p2p_desktop.ui.widgets import Note
from training.contract.protocol import Failed

_LINES = 7  # of a trainer's last words that are in sight at once
_SECONDS, _A_MINUTE_S, _LATER_SECONDS = 5, 60, 30  # silence is told in whole ones of these: who reads it aloud shall get to its end


class _Verb(NamedTuple):
    """A button of the note."""

    words: str
    name: str
    tooltip: str


class RunNote(QWidget):
    """Hidden while there is nothing to say."""

    end_asked = Signal()  # a trainer that does not answer shall be ended

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._told: tuple[str, Mapping[str, float], str] | None = None
        self._can_end = self._why_is_shown = False
        self._shown: tuple[object, ...] = ()
        self._said: HealthSaid | None = None
        self._verbs: list[_Verb] = []  # that the note has
        self._message = ""
        self._note = Note(look, "info", self, closable=False)
        self._note.setObjectName("train_health")
        self._words = QPlainTextEdit(self)
        self._words.setObjectName("train_last_words")
        self._words.setAccessibleName(self.tr("Last words of the trainer"))
        self._words.setReadOnly(True)
        self._words.setTabChangesFocus(True)
        self._words.hide()
        self._words.setFixedHeight(_LINES * self._words.fontMetrics().lineSpacing() + 2 * SPACE_S)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_S)
        layout.addWidget(self._note)
        layout.addWidget(self._words)
        self.hide()

    def text(self) -> str:
        """What is said; "" for nothing."""
        return "" if self.isHidden() else self._note.text()

    def tell(self, code: str, numbers: Mapping[str, float], message: str) -> None:
        """Say this of the run from now on: what whoever watches its health has found. `message`: the trainer's own sentence."""
        self._told = (code, dict(numbers), message)

    def forget(self) -> None:
        """It is another run, or begins anew."""
        self._told = None

    def say_out_of_reach(self, problem: str) -> None:
        """Say why nothing can be said of the run, until `show_run`."""
        self._can_end = False
        self.show()
        self._take(HealthSaid("error", problem, ""), "", "")

    def show_run(self, state: RunState, standing: Standing, metric: str, last_words: str, silent_for: float | None) -> None:
        """`metric`: the held-out number that tells. `silent_for`: seconds since the trainer's last sign; None: unknown."""
        code, numbers, message = self._told or ("", {}, "")
        if self._told is None or standing in ("paused", "silent"):  # what stands now goes before how it did
            code, numbers = _by_standing(state, standing, metric, silent_for)
        said = health_words(code, numbers, metric)
        if standing != "failed":
            message = ""
        elif isinstance(state.ending, Failed):
            message = message or state.ending.message
        self._can_end = standing == "silent"
        self.setVisible(said is not None)
        if said is not None:
            self._take(said, message, last_words)

    def _take(self, said: HealthSaid, message: str, last_words: str) -> None:
        if (now := (said, message, last_words)) == self._shown:
            return
        is_new = self._said is None or said.text.split(".")[0][:12] != self._said.text.split(".")[0][:12]
        self._shown, self._said, self._message = now, said, message
        if (words := last_words.strip()) != self._words.toPlainText():  # else where it is read would be lost
            self._words.setPlainText(words)
        if is_new:
            self._words.hide()
        self._show(with_why=not is_new and self._why_is_shown)

    def _show(self, *, with_why: bool) -> None:
        said = self._said
        if said is None:
            return
        self._why_is_shown = with_why
        verbs = self._verbs_of(said, with_why=with_why)
        if verbs != self._verbs:
            self._offer(verbs)
        self._note.set_kind(said.kind)
        self._note.say(said.text, " ".join(filter(None, (self._message, said.why if with_why else ""))))

    def _verbs_of(self, said: HealthSaid, *, with_why: bool) -> list[_Verb]:
        verbs = []
        if said.why:
            words = self.tr("Less") if with_why else self.tr("Why?")
            verbs.append(_Verb(words, "train_why", self.tr("What this rests on")))
        if self._can_end:
            tooltip = self.tr("Ends its process; the run can go on from what is saved")
            verbs.append(_Verb(self.tr("End it"), "train_end", tooltip))
        if self._words.toPlainText():
            verbs.append(_Verb(self.tr("Details"), "train_details", self.tr("The last lines that the trainer wrote")))
        return verbs

    def _offer(self, verbs: list[_Verb]) -> None:
        """Put other buttons there. Only where they are others: whoever presses one of the old ones just now presses nothing."""
        focused = self.focusWidget()
        name = focused.objectName() if focused is not None and focused.hasFocus() else ""
        self._note.clear()
        self._verbs = verbs
        slots = {"train_why": self._on_why, "train_end": self.end_asked, "train_details": self._on_details}
        for verb in verbs:
            self._link(verb).clicked.connect(slots[verb.name])
        if name and (again := self._note.findChild(QPushButton, name)) is not None:
            again.setFocus()

    def _link(self, verb: _Verb) -> QPushButton:
        for old in self._note.findChildren(QPushButton, verb.name):  # until Qt has deleted it
            old.setObjectName("")
        button = self._note.add_button(verb.words, verb.name)
        button.setProperty("role", "link")
        button.style().unpolish(button)
        button.style().polish(button)
        button.setToolTip(verb.tooltip)
        button.setAccessibleName(verb.words)
        return button

    def _on_why(self) -> None:
        self._show(with_why=not self._why_is_shown)

    def _on_details(self) -> None:
        self._words.setVisible(self._words.isHidden())


def _by_standing(state: RunState, standing: Standing, metric: str, silent_for: float | None) -> tuple[str, Mapping[str, float]]:
    """What can be said of a run by how it stands alone."""
    numbers = numbers_of(state, metric)
    match standing:
        case "training":
            return ("" if state.validations else "not_measured_yet"), numbers
        case "new":
            return "", numbers
        case "silent" if silent_for is not None:
            return "silent", numbers | {"seconds": _whole(silent_for)}
    return standing, numbers


def _whole(seconds: float) -> float:
    unit = _SECONDS if seconds < _A_MINUTE_S else _LATER_SECONDS
    return seconds // unit * unit
