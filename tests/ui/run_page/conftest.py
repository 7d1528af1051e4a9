"""One page for all tests of a file, opened on another run in each."""

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from tests.deadlines import soon
from tests.ui.run_page.hands import PATIENCE_MS, Hands
from tests.ui.run_stand_ins import recorded_run


@pytest.fixture(scope="module")
def _one_page(_shared_look):
    hands = Hands(_shared_look)
    yield hands
    hands.page.close_down(soon())
    hands.page.deleteLater()
    QApplication.sendPostedEvents(hands.page, QEvent.Type.DeferredDelete)


@pytest.fixture
def opened(qtbot, look, _one_page, tmp_path):
    """A function that opens the page on a run."""
    number = iter(range(100))

    def open_page(state=None, standing="training", size=(1124, 772), file="events-when-stopped.jsonl"):
        run, recorded = recorded_run(tmp_path / f"run-{next(number)}", file)
        _one_page.qtbot = qtbot
        _one_page.open(run, recorded if state is None else state, standing, size)
        return _one_page

    yield open_page
    _one_page.page.hide()
    qtbot.waitUntil(lambda: _one_page.view._source.is_idle, timeout=PATIENCE_MS)
