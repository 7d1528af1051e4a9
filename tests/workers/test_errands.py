"""Small works beside the main one."""

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from p2p_desktop.workers.errands import Errand, Errands
from tests.deadlines import soon
from training.contract.errors import P2PError

PATIENCE_MS = 60_000


@pytest.fixture
def errands(qtbot):
    """Deleted here: answers that know it make a circle, which Python would end in any thread, and Qt crash with it."""
    made = Errands()
    yield made
    made.deleteLater()
    QApplication.sendPostedEvents(made, QEvent.Type.DeferredDelete)


def test_an_errand_that_ended_early_still_gives_its_answer_before_it_is_left(qtbot, errands):
    answers = []

    def on_first(answer):
        second = errands.run(lambda report, token: "second", "second", on_second)
        second.wait()  # its thread has ended; its answer still lies in the event loop when the first one is left
        answers.append(answer)

    def on_second(answer):
        assert not errands.are_done
        answers.append(answer)

    errands.run(lambda report, token: "first", "first", on_first)
    qtbot.waitUntil(lambda: errands.are_done, timeout=PATIENCE_MS)
    assert answers == ["first", "second"]


def test_an_errand_that_fails_answers_nothing_and_is_left(qtbot, errands):
    answers = []

    def fail(report, token):
        raise P2PError("The disk is gone.")

    errands.run(fail, "failing", answers.append)
    qtbot.waitUntil(lambda: errands.are_done, timeout=PATIENCE_MS)
    assert answers == [None]


def test_a_cancelled_errand_answers_nothing_and_is_left(qtbot, errands):
    answers = []

    def wait_for_cancel(report, token):
        while True:
            token.check()

    errands.run(wait_for_cancel, "waiting", answers.append)
    errands.cancel()
    qtbot.waitUntil(lambda: errands.are_done, timeout=PATIENCE_MS)
    assert answers == [None]


def test_nothing_begins_after_the_end(qtbot, errands):
    begun = []
    errands.run(lambda report, token: "first", "first", lambda _: errands.run(lambda *_: begun.append(1), "late", begun.append))
    errands.close(soon())
    qtbot.waitUntil(lambda: errands.are_done, timeout=PATIENCE_MS)  # the first one's answer is heard, and asks for more
    assert not any(errand.isRunning() for errand in errands.findChildren(Errand))
    assert begun == []
