"""What stands in the list where a filter or a search lets nothing through: why, and the way back."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout

from p2p_desktop.ui.queue_model import QueueModel
from p2p_desktop.ui.queue_view import QueueView
from p2p_desktop.ui.theme import SPACE_M, SPACE_S


class NothingListed(QFrame):
    """Lies over the rows of `view`; hidden while there are any."""

    everything_asked = Signal()

    def __init__(self, model: QueueModel, view: QueueView) -> None:
        super().__init__(view.viewport())
        self._queue, self._rows = model, view.viewport()
        self.setObjectName("queue_nothing")
        self._words = QLabel(self)
        self._words.setObjectName("queue_nothing_words")
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setProperty("role", "muted")
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._words.setWordWrap(True)
        self._everything = QPushButton(self.tr("Show all"), self)
        self._everything.setObjectName("queue_show_all")
        self._everything.setToolTip(self.tr("Takes the search and the filter away"))
        self._everything.clicked.connect(self.everything_asked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_M, SPACE_S, SPACE_M, SPACE_S)
        layout.setSpacing(SPACE_S)
        layout.addStretch(1)
        layout.addWidget(self._words)
        layout.addWidget(self._everything, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
        for changed in (model.rowsInserted, model.rowsRemoved, model.layoutChanged, model.modelReset):
            changed.connect(self._on_list_changed)
        self._rows.installEventFilter(self)
        self._on_list_changed()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._rows:
            self.setGeometry(self._rows.rect())
        return False

    def _on_list_changed(self) -> None:
        is_empty = len(self._queue) > 0 and self._queue.rowCount() == 0
        if is_empty:
            self._words.setText(self._why())
            self.setGeometry(self._rows.rect())
        self.setVisible(is_empty)

    def _why(self) -> str:
        if not self._queue.searched:
            return {
                "all": "",
                "waiting": self.tr("No picture waits."),
                "done": self.tr("No picture is done yet."),
                "failed": self.tr("No picture has failed."),
            }[self._queue.filter]
        words = {
            "all": self.tr("No picture has {words} in its name or its folder's."),
            "waiting": self.tr("No picture that waits has {words} in its name or its folder's."),
            "done": self.tr("No picture that is done has {words} in its name or its folder's."),
            "failed": self.tr("No picture that failed has {words} in its name or its folder's."),
        }[self._queue.filter]
        return words.format(words=f"\u201c{self._queue.searched}\u201d")
