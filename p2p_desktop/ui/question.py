"""The one question that blocks: whether to stop what runs."""

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.plain_words import count
from p2p_desktop.ui.queue_model import QueueModel
from p2p_desktop.ui.theme import SPACE_L, SPACE_S, SPACE_XL

_WIDTH = 540


def ask_stop_and_close(_: Look, queue: QueueModel, parent: QWidget) -> bool:
    """Tell what closing means while pictures are being converted, which goes on meanwhile, and return whether to close."""
    dialog = _Question(_tr("Stop converting?"), queue, parent)
    return dialog.exec() == QDialog.DialogCode.Accepted


class _Question(QDialog):
    def __init__(self, title: str, queue: QueueModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._queue = queue
        self.setObjectName("stop_question")
        self.setWindowTitle(title)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        headline, self._words = QLabel(title, self), QLabel(self)
        headline.setProperty("role", "title")
        self._words.setObjectName("stop_words")
        self._words.setProperty("role", "muted")
        self._words.setWordWrap(True)
        self._count()
        queue.counts_changed.connect(self._count)
        stop, keep = QPushButton(_tr("Stop and close"), self), QPushButton(_tr("Keep converting"), self)
        stop.setObjectName("stop_and_close")
        stop.clicked.connect(self.accept)
        keep.setObjectName("keep_converting")
        keep.setProperty("role", "primary")
        keep.setDefault(True)
        keep.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE_S)
        buttons.addStretch(1)
        buttons.addWidget(stop)
        buttons.addWidget(keep)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_L, SPACE_XL, SPACE_L)
        layout.setSpacing(SPACE_S)
        layout.addWidget(headline)
        layout.addWidget(self._words)
        layout.addSpacing(SPACE_L)
        layout.addLayout(buttons)
        self.setFixedWidth(_WIDTH)
        keep.setFocus()

    def _count(self) -> None:
        done = self._queue.counts["done"] + self._queue.counts["skipped"]
        sentence = _tr("{done} of {total} pictures are done and kept. The next start offers to go on with the rest.")
        self._words.setText(sentence.format(done=count(done), total=count(len(self._queue))))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Question", text)
