"""How a run stands, and the verbs that follow its process."""

from PySide6.QtWidgets import QAbstractButton

from p2p_desktop.runs.run_state import RunState
from tests.ui.run_page.hands import VERBS
from training.contract.protocol import Stopped

STANDINGS = [
    ("training", "Training", {"train_preview", "train_pause", "train_stop", "train_use"}),
    ("paused", "Paused", {"train_preview", "train_resume", "train_stop", "train_use"}),
    ("silent", "Not answering", {"train_preview", "train_pause", "train_stop", "train_use"}),
    ("stopped", "Stopped", {"train_go_on", "train_use"}),
    ("failed", "Failed", {"train_go_on", "train_use"}),
    ("died", "Interrupted", {"train_go_on", "train_use"}),
    ("finished", "Finished", {"train_use"}),
]


def test_a_run_shows_how_it_stands_and_only_what_can_be_done(opened):
    hands = opened()
    for standing, badge, verbs in STANDINGS:
        hands.follower.standing = standing
        hands.refresh()
        assert hands.text("train_standing") == badge
        assert hands.verbs() == verbs
        filled = [name for name in VERBS if hands.find(name).property("role") == "primary" and hands.find(name).isVisible()]
        assert len(filled) == 1


def test_a_run_that_was_never_trained_says_what_to_do(opened):
    hands = opened(RunState(), "new")
    assert hands.verbs() == {"train_go_on"}
    assert hands.find("train_go_on", QAbstractButton).text() == "Start training"
    assert "Nothing is trained yet" in hands.find("train_pictures").accessibleName()


def test_before_its_files_were_read_nothing_is_claimed(opened):
    hands = opened(RunState(), "new")
    hands.follower.is_caught_up = False
    hands.refresh()
    assert hands.verbs() == set()
    assert not hands.find("train_standing").isVisible()


def test_the_head_says_how_far_it_is(opened):
    hands = opened()
    state = hands.follower.state
    assert hands.text("train_name") == "tiny"
    assert hands.text("train_step") == f"Step {state.step} of 150"
    facts = hands.find("train_facts").accessibleName()
    assert "left" in facts
    assert "done at" in facts
    assert "CPU" in facts
    assert "memory" not in facts
    hands.follower.memory_bytes = 1_234_000_000
    hands.refresh()
    assert "1.2 GB of memory" in hands.find("train_facts").accessibleName()


def test_what_the_head_has_no_room_for_is_said_below_the_numbers(opened):
    hands = opened(size=(860, 600))
    hands.follower.memory_bytes = 1_234_000_000
    hands.refresh()
    facts = hands.find("train_facts")
    assert "memory" not in facts.text()
    assert "1.2 GB of memory" in hands.text("train_more_facts")
    assert "CPU" in hands.text("train_more_facts")
    hands.page.resize(2400, 900)
    hands.refresh()
    assert "1.2 GB of memory" in facts.text()
    assert not hands.find("train_more_facts").isVisible()


def test_what_is_still_being_read_is_neither_judged_nor_drawn(opened):
    hands = opened()
    assert hands.view.losses.plot.lines
    hands.follower.is_caught_up = False
    hands.follower.begun_anew.emit()
    hands.refresh()
    assert not hands.find("train_standing").isVisible()
    assert hands.verbs() & {"train_go_on"} == set()
    assert hands.view.losses.plot.lines == hands.view.held_out.plot.lines == {}
    hands.follower.is_caught_up = True
    hands.refresh()
    hands.wait(hands.drawn)
    hands.wait(lambda: bool(hands.view.losses.plot.lines and hands.view.held_out.plot.lines))


def test_pause_follows_the_process_and_not_the_click(opened):
    hands = opened()
    pause = hands.find("train_pause", QAbstractButton)
    hands.click("train_pause")
    assert list(hands.control.waiting.values()) == ["pause"]
    assert pause.text() == "Pausing..."
    assert not pause.isEnabled()
    hands.follower.state.take(hands.control.answer("pause"), 0.0)
    hands.follower.standing = "paused"
    hands.follower.changed.emit()
    hands.wait(lambda: "train_resume" in hands.verbs())
    assert hands.text("train_standing") == "Paused"


def test_stop_is_awaited_until_the_process_is_gone(opened):
    hands = opened()
    stop = hands.find("train_stop", QAbstractButton)
    hands.click("train_stop")
    assert stop.text() == "Stopping after this step..."
    assert not hands.find("train_pause").isEnabled()
    hands.control.answer("stop")
    assert stop.text() == "Saving..."
    assert not stop.isEnabled()
    hands.follower.take(Stopped(60, "", None), standing="stopped")
    hands.wait(lambda: "train_go_on" in hands.verbs())


def test_an_order_that_fails_is_told_and_may_be_given_again(opened):
    hands = opened()
    hands.click("train_preview")
    assert not hands.find("train_preview").isEnabled()
    hands.control.answer("preview", ok=False, message="The disk is full.")
    assert hands.page._answer.text() == "The disk is full."
    assert hands.find("train_preview").isEnabled()
    hands.control.failed.emit(hands.follower.run, "The order could not be given.")
    assert hands.page._answer.text() == "The order could not be given."


def test_go_on_waits_for_the_trainer_that_was_begun(opened):
    hands = opened(standing="stopped")
    with hands.qtbot.waitSignal(hands.page.go_on_asked):
        hands.click("train_go_on")
    hands.control.begun.add(hands.follower.run)
    hands.refresh()
    assert hands.find("train_go_on", QAbstractButton).text() == "Starting..."
    assert not hands.find("train_go_on").isEnabled()
