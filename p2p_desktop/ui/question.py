"""The questions that block: whether to stop what runs, whether to throw something away."""

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.plain_words import count
from p2p_desktop.ui.queue_model import QueueModel
from p2p_desktop.ui.theme import SPACE_L, SPACE_S, SPACE_XL

_WIDTH = 540


def ask_stop_and_close(_: Look, queue: QueueModel, parent: QWidget) -> bool:
    """Tell what closing means while pictures are being converted, which goes on meanwhile, and return whether to close."""
    dialog = _StopQuestion(queue, parent)
    return dialog.exec() == QDialog.DialogCode.Accepted


class Question(QDialog):
    """Accepted if it is to be done; the other answer, which keeps everything as it is, is preselected."""

    def __init__(self, title: str, do: tuple[str, str], keep: tuple[str, str], name: str, parent: QWidget) -> None:
        """`do`, `keep`: words and name of a button. `name`: of the dialog."""
        super().__init__(parent)
        self.setObjectName(f"{name}_question")
        self.setWindowTitle(title)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        headline, self._words = QLabel(title, self), QLabel(self)
        headline.setProperty("role", "title")
        self._words.setObjectName(f"{name}_words")
        self._words.setProperty("role", "muted")
        self._words.setWordWrap(True)
        done, kept = QPushButton(do[0], self), QPushButton(keep[0], self)
        done.setObjectName(do[1])
        done.clicked.connect(self.accept)
        kept.setObjectName(keep[1])
        kept.setProperty("role", "primary")
        kept.setDefault(True)
        kept.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE_S)
        buttons.addStretch(1)
        buttons.addWidget(done)
        buttons.addWidget(kept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_L, SPACE_XL, SPACE_L)
        layout.setSpacing(SPACE_S)
        layout.addWidget(headline)
        layout.addWidget(self._words)
        layout.addSpacing(SPACE_L)
        layout.addLayout(buttons)
        self.setFixedWidth(_WIDTH)
        kept.setFocus()

    def say(self, words: str) -> None:
        """What either answer means."""
        self._words.setText(words)


class _StopQuestion(Question):
    def __init__(self, queue: QueueModel, parent: QWidget) -> None:
        do, keep = (_tr("Stop and close"), "stop_and_close"), (_tr("Keep converting"), "keep_converting")
        super().__init__(_tr("Stop converting?"), do, keep, "stop", parent)
        self._queue = queue
        self._count()
        queue.counts_changed.connect(self._count)

    def _count(self) -> None:
        done = self._queue.counts["done"] + self._queue.counts["skipped"]
        sentence = _tr("{done} of {total} pictures are done and kept. The next start offers to go on with the rest.")
        self.say(sentence.format(done=count(done), total=count(len(self._queue))))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Question", text)
