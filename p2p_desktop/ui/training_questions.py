"""What is asked about trainings: what becomes of them when the window closes, and whether a second one may begin beside them."""

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QRadioButton, QVBoxLayout, QWidget

from p2p_desktop.runs.run_process import Standing
from p2p_desktop.ui.run_words import begin_words
from p2p_desktop.ui.theme import SPACE_L, SPACE_M, SPACE_S, SPACE_XL

Closing = Literal["leave", "stop", "stay"]

_WIDTH = 540


def ask_what_becomes(names: Sequence[str], parent: QWidget) -> Closing:
    """Ask what becomes of the runs of these names when the window closes: "stay" keeps the window open."""
    dialog = _WhenClosed(names, parent)
    if dialog.exec() != QDialog.DialogCode.Accepted:
        return "stay"
    return "stop" if dialog.stops else "leave"


def ask_beside(name: str, device: str, standing: Standing, parent: QWidget) -> bool:
    """Ask whether a training may begin on a device that another one, of this name, uses already.

    `standing` of the run that would begin: it says by which button that can be done later.
    """
    dialog = _Beside(name, device, standing, parent)
    return dialog.exec() == QDialog.DialogCode.Accepted


class _Asked(QDialog):
    """A headline, a few words, and two verbs; the one that loses nothing is filled and answers Enter."""

    def __init__(self, title: str, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setFixedWidth(_WIDTH)
        headline, said = QLabel(title, self), QLabel(words, self)
        headline.setProperty("role", "title")
        headline.setWordWrap(True)
        said.setProperty("role", "muted")
        said.setWordWrap(True)
        self.body = QVBoxLayout()
        self.body.setSpacing(SPACE_S)
        self._verbs = QHBoxLayout()
        self._verbs.setSpacing(SPACE_S)
        self._verbs.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_L, SPACE_XL, SPACE_L)
        layout.setSpacing(SPACE_S)
        layout.addWidget(headline)
        layout.addWidget(said)
        layout.addSpacing(SPACE_M)
        layout.addLayout(self.body)
        layout.addSpacing(SPACE_L)
        layout.addLayout(self._verbs)

    def add_verb(self, words: str, name: str, tip: str, *, is_filled: bool) -> QPushButton:
        button = QPushButton(words, self)
        button.setObjectName(name)
        button.setToolTip(tip)
        if is_filled:
            button.setProperty("role", "primary")
            button.setDefault(True)
            button.setFocus()
        self._verbs.addWidget(button)
        return button


class _WhenClosed(_Asked):
    def __init__(self, names: Sequence[str], parent: QWidget) -> None:
        named = f"\u201c{names[0]}\u201d" if len(names) == 1 else _tr("{n} runs").format(n=len(names))
        super().__init__(
            _tr("{named} is being trained").format(named=named)
            if len(names) == 1
            else _tr("{named} are being trained").format(named=named),
            _tr("A training does not need this window. The next start of the program finds it again, wherever it is by then."),
            parent,
        )
        self.setObjectName("train_close_question")
        leave, stop = QRadioButton(_tr("Leave it running"), self), QRadioButton(_tr("Stop and save"), self)
        leave.setObjectName("train_leave_running")
        leave.setToolTip(_tr("It goes on in the background, and is saved when it ends."))
        leave.setChecked(True)
        stop.setObjectName("train_stop_and_save")
        stop.setToolTip(_tr("It finishes its step and writes everything down; Go on continues from there."))
        self._stop = stop
        self.body.addWidget(leave)
        self.body.addWidget(stop)
        stay = self.add_verb(_tr("Keep the window"), "train_keep_window", _tr("Nothing is closed"), is_filled=False)
        stay.clicked.connect(self.reject)
        close = self.add_verb(_tr("Close the window"), "train_close_window", _tr("As chosen above"), is_filled=True)
        close.clicked.connect(self.accept)

    @property
    def stops(self) -> bool:
        return self._stop.isChecked()


class _Beside(_Asked):
    def __init__(self, name: str, device: str, standing: Standing, parent: QWidget) -> None:
        words = _tr(
            "\u201c{name}\u201d is being trained on the same device ({device}). Two at once take turns, so each takes longer."
        )
        super().__init__(_tr("Train two at once?"), words.format(name=name, device=device), parent)
        self.setObjectName("train_beside_question")
        begin = self.add_verb(_tr("Start anyway"), "train_start_anyway", _tr("Both go on, more slowly"), is_filled=False)
        begin.clicked.connect(self.accept)
        tip = _tr("The new run is kept; begin it later with {verb}") if standing == "new" else _tr("{verb} continues it later")
        tip = tip.format(verb=begin_words(standing))
        wait = self.add_verb(_tr("Not now"), "train_not_now", tip, is_filled=True)
        wait.clicked.connect(self.reject)


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrainingQuestions", text)
