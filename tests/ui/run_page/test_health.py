"""Health in plain words, and how a run ended."""

import re

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QWidget

from training.contract.protocol import Failed


def test_health_is_said_in_a_sentence_and_why_is_one_click_away(opened):
    hands = opened()
    numbers = {"best_step": 50, "value": 27.9, "better_by": 2.4}
    hands.page.show_health("improving", numbers)
    hands.wait(lambda: hands.page._note.text().startswith("Healthy"))
    assert "step 50: 27.9 dB, 2.4 dB better than doing nothing" in hands.page._note.text()
    before = hands.find("train_health").accessibleName()
    hands.click("train_why")
    assert len(hands.find("train_health").accessibleName()) > len(before)


def test_a_failure_is_told_with_its_reason_and_the_last_words_on_demand(opened):
    hands = opened(standing="failed")
    hands.follower.state.take(Failed(60, "The disk is full.", None), 1.0)
    hands.follower.last_words = "Traceback\nOSError: No space left on device"
    hands.refresh()
    assert "failed at step" in hands.page._note.text()
    assert "The disk is full." in hands.find("train_health").accessibleName()
    words = hands.find("train_last_words")
    assert not words.isVisible()
    hands.click("train_details")
    assert words.isVisible()
    assert "No space left" in words.toPlainText()


def test_a_trainer_that_does_not_answer_can_be_ended(opened):
    hands = opened(standing="silent")
    hands.follower.lock_seconds_old = 34.0
    hands.refresh()
    assert "has not answered for 30 s" in hands.page._note.text()
    hands.click("train_end")
    assert hands.control.was_ended


def test_the_buttons_of_a_silent_trainer_stay_while_the_seconds_pass(opened):
    hands = opened(standing="silent")
    hands.follower.last_words = "Step 60"
    hands.follower.lock_seconds_old = 34.0
    hands.refresh()
    end, details = hands.find("train_end", QAbstractButton), hands.find("train_details", QAbstractButton)
    said = [hands.page._note.text()]
    hands.control.was_ended = False
    details.setFocus()
    QTest.mousePress(end, Qt.MouseButton.LeftButton)
    for seconds in (35.0, 36.0, 44.9, 61.0, 100.0):
        hands.follower.lock_seconds_old = seconds
        hands.refresh()
        said.append(hands.page._note.text())
    assert hands.find("train_end", QAbstractButton) is end
    QTest.mouseRelease(end, Qt.MouseButton.LeftButton)
    assert hands.control.was_ended
    assert details.isVisible()
    times = [re.search(r" for ([^.]*)[.]", words)[1] for words in said]
    assert times == ["30 s", "35 s", "35 s", "40 s", "1 min 0 s", "1 min 30 s"]


def test_the_buttons_of_a_note_follow_what_can_be_done(opened):
    hands = opened(standing="silent")
    hands.follower.lock_seconds_old = 34.0
    hands.refresh()
    assert hands.find("train_end").isVisible()
    hands.follower.standing = "died"
    hands.refresh()
    assert hands.page.findChild(QWidget, "train_end") is None or not hands.find("train_end").isVisible()
    hands.click("train_why")
    assert hands.find("train_why", QAbstractButton).text() == "Less"
