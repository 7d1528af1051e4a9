"""The upper half of Convert: one picture before and after, or all results at a glance below their headline."""

from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from p2p_desktop.ui import convert_words
from p2p_desktop.ui.contact_sheet import MOST_SHOWN, ContactSheet
from p2p_desktop.ui.convert_session import ConvertSession
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.picture_pane import PicturePane
from p2p_desktop.ui.summary_bar import SummaryBar
from p2p_desktop.ui.thumbnail_source import ThumbnailSource
from p2p_desktop.workers.conversion import Outcome

_THUMBNAIL, _MOST_THUMBNAILS = 300, 160  # pixels, and how many are kept


class ConvertStage(QStackedWidget):
    result_chosen = Signal(Path)  # the source

    def __init__(self, look: Look, session: ConvertSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._queue = session, session.queue
        self.thumbnails = ThumbnailSource(_THUMBNAIL, _MOST_THUMBNAILS, self)
        self.picture = PicturePane(look, session.queue, session.conversion, self)
        self._summary = SummaryBar(look, self)
        self._sheet = ContactSheet(look, self.thumbnails, self)
        self._sheet.picture_chosen.connect(self.result_chosen)
        results = QWidget(self)
        layout = QVBoxLayout(results)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._summary)
        layout.addWidget(self._sheet, 1)
        self.addWidget(self.picture)
        self.addWidget(results)

    @property
    def shows_picture(self) -> bool:
        return self.currentWidget() is self.picture

    def show_picture(self) -> None:
        self.setCurrentWidget(self.picture)

    def show_results(self, *, take_keyboard: bool) -> None:
        self.setCurrentIndex(1)
        if take_keyboard:
            self._sheet.setFocus(Qt.FocusReason.OtherFocusReason)

    def sum_up(self, outcome: Outcome) -> tuple[str, str, str]:
        """A conversion has ended: fill the results. Return what is to be said of it: kind, headline and sentence."""
        kind, headline, sentence = convert_words.headline(self._session, outcome)
        self._summary.show_summary(kind, headline, sentence, convert_words.figures(self._session.work))
        done = (self._queue.rows("done") + self._queue.rows("skipped"))[:MOST_SHOWN]
        self._sheet.show_results([(row.path, row.output) for row in done if row.output is not None])
        return kind, headline, sentence

    def close_down(self, until: QDeadlineTimer) -> None:
        """End the threads: the program ends."""
        self.picture.close_down(until)
        self.thumbnails.close(until)
