"""The page of a run: what it shows in every state, verbs that follow the process, one cursor for all, files it writes."""

import csv
import json
import re
import threading
import time
from array import array
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QApplication, QLabel, QMenu, QScrollBar, QWidget

from p2p_desktop.inference.translator import Translator
from p2p_desktop.runs.run_state import LOSS_NAMES, Losses, RunState
from p2p_desktop.ui import compare_checkpoints, plot_card, run_page
from p2p_desktop.ui.compare_checkpoints import CompareCheckpoints
from p2p_desktop.ui.film_strip import FilmStrip, Frame, slots_of
from p2p_desktop.ui.held_out_panel import HeldOutPanel
from p2p_desktop.ui.run_menus import models_of
from p2p_desktop.ui.run_page import RunPage
from p2p_desktop.ui.sample_source import SampleSource
from p2p_desktop.ui.widgets import SegmentedControl
from p2p_desktop.workers.errands import Errands
from tests.deadlines import soon
from tests.models_for_tests import write_small_model
from tests.ui.run_stand_ins import Control, Follower, draw_strip, recorded_run, result_colour
from training.contract.protocol import CONFIG, Answered, Checkpointed, Failed, Finished, Sample, Started, Step, Stopped, Validation

PATIENCE_MS = 20_000
VERBS = ("train_preview", "train_pause", "train_resume", "train_stop", "train_go_on", "train_use")


class Hands:
    """One page for all tests, over a stand-in that follows another run in each, and what a person does with it."""

    def __init__(self, look) -> None:
        self.follower, self.control = Follower(None, RunState(), "new"), Control()
        self.page = RunPage(look, self.follower, self.control)
        self.view = self.page.view
        self.qtbot = None

    def open(self, run, state, standing, size, *, is_described=True) -> None:
        """Follow this run from now on."""
        self.follower.follow(run, state, standing)
        self.control.waiting.clear()
        self.control.begun.clear()
        self.page.resize(*size)
        self.page.show()
        self.view.held_out.choose("psnr")
        self.view.losses._smooth.setValue(15)
        self.page.refresh()
        self.wait(lambda: self.drawn() and (self.page._config is not None or not is_described))

    def drawn(self) -> bool:
        return self.view.losses.num_read == len(self.follower.state.losses)

    def wait(self, condition) -> None:
        self.qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    def find(self, name, kind=QWidget):
        found = self.page.findChild(kind, name)
        assert found is not None, f"there is no {name}"
        return found

    def click(self, name) -> None:
        button = self.find(name, QAbstractButton)
        assert button.isVisible(), f"{name} is not to be seen"
        assert button.isEnabled(), f"{name} cannot be pressed"
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def text(self, name) -> str:
        return self.find(name, QLabel).text()

    def verbs(self) -> set[str]:
        return {name for name in VERBS if self.find(name).isVisible()}

    def choose(self, opener, menu_name, words) -> None:
        self.click(opener)
        menu = next(one for one in self.page.findChildren(QMenu, menu_name) if one.isVisible())
        action = next(action for action in menu.actions() if words in action.text())
        assert action.isEnabled()
        action.trigger()
        menu.close()

    def refresh(self) -> None:
        self.page.refresh()


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


def pixel(widget: QWidget, place: QPoint):
    return widget.grab().toImage().pixelColor(place)


# --- how it stands, and the verbs


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


# --- another run


def rename(run, name):
    """As a run that was made with another name."""
    request = json.loads((run / CONFIG).read_text())
    (run / CONFIG).write_text(json.dumps(request | {"name": name}))


def test_a_run_in_the_folder_of_a_removed_one_is_another_run(opened):
    hands = opened()
    run, pictures = hands.follower.run, hands.find("train_pictures")
    latest = hands.follower.state.samples[-1]
    hands.wait(lambda: pixel(pictures, QPoint(300, 40)) == result_colour(latest.step))
    hands.choose("train_use_which", "train_use_menu", "this very step")
    hands.click("train_stop")
    hands.control.answer("stop")
    rename(run, "Bravo")
    for name in latest.files:
        draw_strip(run / name, latest.step + 1)
    hands.open(run, replace(hands.follower.state), "training", (1124, 772))
    assert hands.text("train_name") == "Bravo"
    assert hands.view._config.name == "Bravo"
    assert hands.page._answer.text() == ""
    assert hands.find("train_stop", QAbstractButton).text() == "Stop and save"
    hands.wait(lambda: pixel(pictures, QPoint(300, 40)) == result_colour(latest.step + 1))
    used = []
    hands.page.use_asked.connect(used.append)
    hands.control.order("snapshot")
    hands.control.answer("snapshot", file="models/step-00000060.safetensors", message="Saved.")
    assert used == []  # that was asked of the other one


def test_nothing_of_the_last_run_is_in_sight_while_a_long_one_is_read(opened, tmp_path):
    hands = opened()
    pictures, film = hands.find("train_pictures"), hands.find("train_film", FilmStrip)
    hands.wait(lambda: pixel(pictures, QPoint(300, 40)) == result_colour(hands.follower.state.samples[-1].step))
    long, state = recorded_run(tmp_path / "long", "events-when-stopped.jsonl")
    hands.follower.follow(long, RunState(), "new")
    hands.follower.is_caught_up = False
    hands.refresh()
    assert "Reading" in pictures.accessibleName()
    assert film.chosen is None
    assert not hands.find("train_figures").isVisible()
    assert hands.find("train_figures").accessibleName() == "Not measured yet"
    assert hands.view.losses._state.step == hands.view.held_out._state.step == 0  # a table that is saved now
    for place in (QPoint(20, 20), QPoint(film.width() // 2, 20), QPoint(film.width() - 20, 20)):
        QTest.mouseClick(film, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert "Reading" in pictures.accessibleName()
    hands.follower.state, hands.follower.standing, hands.follower.is_caught_up = state, "stopped", True
    hands.refresh()
    assert film.chosen == Frame(state.samples[-1].step, long / state.samples[-1].files[0])
    assert hands.find("train_figures").isVisible()


def test_a_request_that_is_read_too_late_names_no_other_run(opened, monkeypatch, tmp_path):
    hands = opened()
    alpha, state = hands.follower.run, hands.follower.state
    cesar, _ = recorded_run(tmp_path / "cesar", "events-when-stopped.jsonl")
    rename(alpha, "Alpha")
    rename(cesar, "Cesar")
    begun, may_end, read = threading.Event(), threading.Event(), run_page._request_of

    def slowly(run):
        if run == alpha:
            begun.set()
            assert may_end.wait(PATIENCE_MS / 1000)
        return read(run)

    monkeypatch.setattr(run_page, "_request_of", slowly)
    hands.follower.follow(alpha, state, "stopped")
    hands.refresh()
    hands.wait(begun.is_set)
    hands.open(cesar, replace(state), "stopped", (1124, 772))
    assert hands.text("train_name") == "Cesar"
    may_end.set()
    hands.wait(lambda: hands.page._errands.are_done)
    assert hands.text("train_name") == "Cesar"
    assert hands.view._config.name == "Cesar"


def test_what_went_wrong_is_said_on_the_page_of_its_run_alone(opened, tmp_path):
    hands = opened()
    alpha, state = hands.follower.run, hands.follower.state
    cesar, _ = recorded_run(tmp_path / "cesar", "events-when-stopped.jsonl")
    hands.follower.follow(cesar, replace(state), "stopped")
    hands.control.failed.emit(cesar, "It could not be started.")  # before the page had its turn
    assert hands.page._answer.text() == "It could not be started."
    hands.open(cesar, replace(state), "stopped", (1124, 772))
    hands.control.failed.emit(alpha, "The trainer ended before it could begin.")
    assert hands.page._answer.text() == ""


def test_a_run_whose_drive_is_away_is_out_of_reach_and_not_dead(opened):
    hands = opened()
    run = hands.follower.run
    (run / CONFIG).rename(run / "away")
    hands.open(run, hands.follower.state, "training", (1124, 772), is_described=False)
    hands.wait(lambda: hands.page._errands.are_done)
    assert hands.page._config is None
    hands.follower.problem = "The folder of this run is not there any more."
    hands.follower.failed.emit(hands.follower.problem)
    assert hands.text("train_standing") == "Out of reach"
    assert hands.page._note.text() == hands.follower.problem
    assert hands.verbs() == set()
    assert not hands.find("train_use_which").isVisible()
    hands.click("train_more")
    menu = next(one for one in hands.page.findChildren(QMenu, "train_more_menu") if one.isVisible())
    assert not any(action.isEnabled() for action in menu.actions() if not action.isSeparator())
    menu.close()
    (run / "away").rename(run / CONFIG)
    hands.follower.problem = ""
    hands.refresh()
    assert hands.text("train_standing") == "Training"
    assert hands.page._note.text() == ""
    assert "train_stop" in hands.verbs()
    hands.wait(lambda: hands.text("train_name") == "tiny")


def test_pictures_that_were_away_are_shown_when_their_drive_is_back(opened):
    hands = opened()
    run, pictures, latest = hands.follower.run, hands.find("train_pictures"), hands.follower.state.samples[-1]
    away = run.with_name("away")
    run.rename(away)
    hands.view._source.forget()
    hands.follower.problem = "The folder of this run is not there any more."
    hands.refresh()
    pictures.grab()
    hands.wait(lambda: hands.view._source.is_missing(run / latest.files[0]))
    away.rename(run)
    hands.follower.problem = ""
    hands.refresh()
    hands.wait(lambda: pixel(pictures, QPoint(300, 40)) == result_colour(latest.step))


def test_a_run_that_is_out_of_reach_from_the_start_is_not_offered_to_be_trained(opened):
    hands = opened(RunState(), "new")
    hands.follower.follow(hands.follower.run, RunState(), "new")
    hands.follower.is_caught_up, hands.follower.problem = False, "The folder of this run is not there any more."
    hands.refresh()
    assert hands.text("train_standing") == "Out of reach"
    assert hands.verbs() == set()
    assert hands.text("train_step") == ""
    assert "out of reach" in hands.find("train_pictures").accessibleName()
    hands.follower.problem = ""
    hands.refresh()
    assert "Reading" in hands.find("train_pictures").accessibleName()
    assert not hands.page._note.isVisible()


# --- models of the run


def test_a_model_of_a_run_can_be_used_in_live_while_it_is_trained(opened):
    hands = opened()
    with hands.qtbot.waitSignal(hands.page.watch_asked) as asked:
        hands.choose("train_use_which", "train_use_menu", "In Live: the best so far")
    assert asked.args[0] == hands.follower.run / "models" / "best.safetensors"


def test_the_best_model_is_used_at_once_and_training_goes_on(opened):
    hands = opened()
    with hands.qtbot.waitSignal(hands.page.use_asked) as asked:
        hands.click("train_use")
    assert asked.args == [hands.follower.run / "models" / "best.safetensors"]
    assert hands.control.waiting == {}


def test_a_model_of_this_very_step_is_saved_first_and_then_used(opened):
    hands = opened()
    used = []
    hands.page.use_asked.connect(used.append)
    hands.choose("train_use_which", "train_use_menu", "this very step")
    assert list(hands.control.waiting.values()) == ["snapshot"]
    assert hands.find("train_answer").isVisible()
    assert used == []
    hands.control.answer("snapshot", file="models/step-00000060.safetensors")
    assert used == [hands.follower.run / "models" / "step-00000060.safetensors"]
    assert hands.page._answer.text() == ""


def test_a_model_that_the_trainer_never_saved_is_not_awaited_any_more(opened):
    hands = opened()
    used = []
    hands.page.use_asked.connect(used.append)
    hands.choose("train_use_which", "train_use_menu", "this very step")
    hands.refresh()
    assert "then Convert opens" in hands.page._answer.text()
    hands.control.waiting.clear()  # as a control does where nobody is left who could answer
    hands.follower.standing = "died"
    hands.control.waiting_changed.emit()
    hands.wait(lambda: "ended before that model was saved" in hands.page._answer.text())
    hands.follower.standing = "training"
    hands.refresh()
    hands.choose("train_more", "train_more_menu", "Take a snapshot model")
    hands.control.answer("snapshot", file="models/step-00000060.safetensors", message="Saved the model of step 60.")
    assert used == []
    assert hands.page._answer.text() == "Saved the model of step 60."


def test_a_snapshot_alone_is_told_and_offered(opened):
    hands = opened()
    hands.choose("train_more", "train_more_menu", "Take a snapshot model")
    hands.control.answer("snapshot", file="models/step-00000060.safetensors", message="Saved the model of step 60.")
    assert hands.page._answer.text() == "Saved the model of step 60."
    with hands.qtbot.waitSignal(hands.page.use_asked) as asked:
        hands.click("train_use_snapshot")
    assert asked.args[0].name == "step-00000060.safetensors"


def test_models_are_the_best_the_latest_and_snapshots(tmp_path):
    _, state = recorded_run(tmp_path / "run", "events-when-stopped.jsonl")
    models = models_of(tmp_path, state)
    assert [model.path.name for model in models] == ["best.safetensors", "latest.safetensors", "step-00000004.safetensors"]
    assert models[2].words == "Snapshot of step 4"
    assert models_of(tmp_path, RunState()) == []


ASKED = [
    ("Duplicate settings", "duplicate_asked", []),
    ("Compare with another run", "compare_asked", ["menu place"]),
    ("Compare two of its models", "models_asked", []),
    ("Move to the bin", "remove_asked", []),
    ("Fine-tune from its model", "fine_tune_asked", ["models/best.safetensors"]),
]


def test_what_is_done_more_rarely_is_asked_of_whoever_holds_the_page(opened):
    hands = opened(standing="stopped")
    for words, signal, gives in ASKED:
        with hands.qtbot.waitSignal(getattr(hands.page, signal)) as asked:
            hands.choose("train_more", "train_more_menu", words)
        run, place = hands.follower.run, hands.find("train_more").mapToGlobal(QPoint(0, hands.find("train_more").height()))
        assert asked.args == [run, *(place if one == "menu place" else run / one for one in gives)]
    hands.follower.standing = "training"
    hands.click("train_more")
    menu = next(one for one in hands.page.findChildren(QMenu, "train_more_menu") if one.isVisible())
    removing = next(action for action in menu.actions() if action.data() == "remove")
    assert not removing.isEnabled()
    assert removing.toolTip() == "Stop it first"
    menu.close()


# --- health, and how it ended


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


# --- pictures and film


def test_the_pictures_of_the_latest_step_are_shown_large(opened):
    hands = opened()
    pictures = hands.find("train_pictures")
    latest = hands.follower.state.samples[-1].step
    hands.wait(lambda: pixel(pictures, QPoint(40, 40)).name() == "#ff0000")
    third = pictures.grab().toImage()
    assert third.pixelColor(300, 40) == result_colour(latest)
    assert third.pixelColor(560, 40).name() == "#0000ff"


def test_the_film_moves_pictures_and_both_cursors_until_the_latest_is_asked_for(opened):
    hands = opened()
    film = hands.find("train_film", FilmStrip)
    steps = sorted(sample.step for sample in hands.follower.state.samples)
    assert hands.view.is_following
    assert hands.view.cursor_step == steps[-1]
    film.setFocus()
    QTest.keyClick(film, Qt.Key.Key_Left)
    assert hands.view.cursor_step == steps[-2]
    assert not hands.view.is_following
    pictures = hands.find("train_pictures")
    hands.wait(lambda: pixel(pictures, QPoint(300, 40)) == result_colour(steps[-2]))
    for plot in (hands.view.losses, hands.view.held_out):
        assert plot.plot.accessibleDescription().startswith(f"Step {steps[-2]}:")
    draw_strip(hands.follower.run / "samples" / "step-00000070" / "0.png", 70)
    hands.follower.take(Sample(70, ["samples/step-00000070/0.png"]))
    hands.refresh()
    assert hands.view.cursor_step == steps[-2]  # the person has moved it
    hands.click("train_latest")
    assert hands.view.is_following
    assert hands.view.cursor_step == 70
    QTest.keyClick(film, Qt.Key.Key_Home)
    assert hands.view.cursor_step == steps[0]
    QTest.keyClick(film, Qt.Key.Key_End)
    assert hands.view.is_following


def test_a_click_in_a_plot_moves_the_pictures_too(opened):
    hands = opened()
    plot = hands.view.losses.plot
    QTest.mouseClick(plot, Qt.MouseButton.LeftButton, pos=QPoint(plot._inner().left() + plot._inner().width() // 10, 40))
    assert 13 <= hands.view.cursor_step <= 17
    assert "at step 10" in hands.find("train_pictures").accessibleName()


def test_a_file_that_is_gone_is_an_empty_frame(opened):
    hands = opened()
    for file in (hands.follower.run / "samples").rglob("*.png"):
        file.unlink()
    hands.view.forget()
    hands.refresh()
    path = hands.follower.run / hands.follower.state.samples[-1].files[0]
    hands.wait(lambda: hands.view._source.is_missing(path))
    assert pixel(hands.find("train_pictures"), QPoint(300, 40)) != result_colour(hands.follower.state.samples[-1].step)


def test_a_step_that_is_drawn_again_is_read_again(opened):
    hands = opened()
    pictures, sample = hands.find("train_pictures"), hands.follower.state.samples[-1]
    hands.wait(lambda: pixel(pictures, QPoint(300, 40)) == result_colour(sample.step))
    draw_strip(hands.follower.run / sample.files[0], 3)
    hands.follower.take(Sample(sample.step, list(sample.files)))
    hands.wait(lambda: pixel(pictures, QPoint(300, 40)) == result_colour(3))


def _three_pictures(folder, step=70):
    return [draw_strip(folder / "samples" / f"step-{step:08d}" / f"{number}.png", step, number) for number in range(3)]


def test_another_held_out_picture_is_chosen(opened):
    hands = opened()
    files = _three_pictures(hands.follower.run)
    hands.follower.take(Sample(70, [file.relative_to(hands.follower.run).as_posix() for file in files]))
    hands.refresh()
    assert hands.find("train_picture_1", QAbstractButton).isChecked()
    hands.click("train_picture_2")
    hands.wait(lambda: pixel(hands.find("train_pictures"), QPoint(300, 40)) == result_colour(70, 1))
    assert all(slot.frame is None or slot.frame.path.name == "1.png" for slot in hands.find("train_film", FilmStrip).slots)


def test_arrow_keys_move_between_held_out_pictures(qtbot, look, tmp_path):
    source = SampleSource()
    panel = HeldOutPanel(look, source)
    qtbot.addWidget(panel)
    panel.show_pictures(_three_pictures(tmp_path), 0, 30)
    panel.show()
    panel.activateWindow()
    first = panel.findChild(QAbstractButton, "train_picture_1")
    first.setFocus()
    qtbot.waitUntil(first.hasFocus, timeout=PATIENCE_MS)
    with qtbot.waitSignal(panel.picture_chosen) as chosen:
        QTest.keyClick(first, Qt.Key.Key_Right)
    assert chosen.args == [1]
    assert panel.findChild(QLabel, "train_held_out_number").text() == "3 of 30"
    source.close(soon())


def test_numbers_of_the_step_are_held_against_doing_nothing(opened):
    hands = opened()
    found = [one for one in hands.follower.state.validations if one.step <= hands.view.cursor_step][-1]
    said = hands.find("train_figures").accessibleName()
    assert f"PSNR {found.metrics['psnr']:.1f} dB" in said
    assert re.search("\u2212\\d+\\.\\d dB over doing nothing", said)  # the recorded run is worse than doing nothing
    number = next(label for label in hands.find("train_figures").findChildren(QLabel) if label.text().startswith("\u2212"))
    assert number.property("kind") == "warning"


def test_slots_are_as_many_as_samples_to_come_or_as_there_is_room_for(tmp_path):
    frames = [Frame(step, tmp_path) for step in (4, 10, 20, 30)]
    slots = slots_of(frames, 100, 10, most=40)
    assert len(slots) == 10
    assert [slot.frame.step if slot.frame else None for slot in slots[:4]] == [10, 20, 30, None]
    assert len(slots_of(frames, 100, 10, most=5)) == 5
    assert [slot.frame for slot in slots_of([], 0, 0, most=6)] == [None] * 6
    thin = slots_of([Frame(step, tmp_path) for step in range(10, 100_001, 10)], 100_000, 10, most=16)
    assert [slot.frame.step for slot in thin] == [round(100_000 * number / 16) // 10 * 10 for number in range(1, 17)]


# --- curves


def test_the_read_out_is_the_run_s_own_numbers(opened):
    hands = opened()
    losses = hands.view.losses
    losses._smooth.setValue(0)  # as they came
    hands.view.go_to(20)
    values = {name: hands.follower.state.losses.values[name][19] for name in LOSS_NAMES}
    said = losses.plot.accessibleDescription()
    for title, name in zip(("G L1", "G GAN", "D real", "D fake"), LOSS_NAMES, strict=True):
        assert f"{title} {values[name]:.2f}" in said
    assert said.index("G L1") < said.index("G GAN") < said.index("D real") < said.index("D fake")


def test_a_run_without_a_discriminator_has_one_curve(opened):
    hands = opened(RunState(), "training")
    hands.follower.take(Started("deblur", "cpu", 100, 0, {"train": 3, "val": 1}, {"g": 1, "d": 0}))
    for step in range(1, 40):
        hands.follower.take(Step(step, 0, {"g_gan": 0.0, "g_l1": 5.0, "d_real": 0.0, "d_fake": 0.0}, 1e-3, 0.1))
    hands.wait(hands.drawn)
    assert set(hands.view.losses.plot.lines) == {"g_l1", "g_l1 raw"}


def test_a_metric_is_chosen_and_the_best_step_is_starred(opened):
    hands = opened()
    plot = hands.view.held_out
    assert plot.shown_metric == "psnr"
    choice = hands.find("train_metric", SegmentedControl)
    QTest.mouseClick(choice.segment("ssim"), Qt.MouseButton.LeftButton)
    assert plot.shown_metric == "ssim"
    best = hands.follower.state.best
    assert plot.plot._star.step == best.step
    assert plot.plot._star.value == best.metrics["ssim"]
    assert plot.plot._level.value == best.identity["ssim"]


def test_depth_and_colour_show_their_own_numbers(opened):
    hands = opened(RunState(), "training")
    hands.follower.take(Started("fill-depth", "cuda:0", 100, 0, {"train": 3, "val": 1}, {"g": 1, "d": 0}))
    metrics, nothing = {"rmse": 0.2, "rel": 0.03, "delta1": 0.99}, {"rmse": 0.4, "rel": 0.05, "delta1": 0.9}
    hands.follower.take(Validation(10, "running", metrics, nothing, True))
    hands.refresh()
    assert hands.view.held_out.shown_metric == "rmse"
    said = hands.find("train_figures").accessibleName()
    assert "RMSE 0.200 m" in said
    assert "50 % closer than doing nothing" in said
    assert "graphics card" in hands.find("train_facts").accessibleName()


def test_a_run_that_begins_anew_voids_its_curves(opened):
    hands = opened()
    state = hands.follower.state
    state.forget()
    hands.follower.begun_anew.emit()
    for step in range(1, 6):
        hands.follower.take(Step(step, 0, dict.fromkeys(LOSS_NAMES, 9.0), 1e-3, 0.1))
    hands.wait(lambda: hands.view.losses.num_read == 5)


def test_a_page_that_is_not_to_be_seen_does_nothing(opened):
    hands = opened()
    before = hands.view.losses.num_read
    hands.page.hide()
    hands.follower.take(Step(61, 0, dict.fromkeys(LOSS_NAMES, 9.0), 1e-3, 0.1))
    hands.qtbot.wait(300)
    assert hands.view.losses.num_read == before
    hands.page.show()
    hands.wait(hands.drawn)


def _long_state(num: int) -> RunState:
    state, rng = RunState(), np.random.default_rng(5)
    state.take(Started("deblur", "cpu", num, 0, {"train": 3, "val": 1}, {"g": 1, "d": 1}), 0.0)
    values = {name: array("f", (rng.lognormal(0, 0.3, num)).astype("f").tobytes()) for name in LOSS_NAMES}
    state.losses = Losses(array("q", np.arange(1, num + 1).tobytes()), values)
    state.step = num
    return state


def test_a_hundred_thousand_steps_are_few_points_and_soon_drawn(opened):
    hands = opened(_long_state(100_000), "training", size=(1200, 800))
    plot = hands.view.losses.plot
    assert all(0 < len(x) <= 4000 for x, _ in plot.lines.values())
    spent = []
    for step in range(100_001, 100_006):
        hands.follower.state.take(Step(step, 0, dict.fromkeys(LOSS_NAMES, 1.0), 1e-3, 0.1), step)
        for work in (hands.view.losses._redraw, plot.repaint):
            begun = time.thread_time()
            work()
            spent.append(time.thread_time() - begun)
    assert sorted(spent)[len(spent) // 2] < 0.05  # seconds of the processor for this thread; a tenth where nothing else runs


# --- files


def test_the_table_of_losses_holds_every_step(opened, tmp_path):
    hands = opened()
    with hands.qtbot.waitSignal(hands.view.losses.saved, timeout=PATIENCE_MS):
        hands.view.losses.save_table("losses", tmp_path / "losses.csv")
    rows = list(csv.DictReader((tmp_path / "losses.csv").read_text().splitlines()))
    losses = hands.follower.state.losses
    assert [int(row["step"]) for row in rows] == list(losses.steps)
    assert [float(row["g_gan"]) for row in rows] == pytest.approx(list(losses.values["g_gan"]), rel=1e-5)


def test_the_table_of_measurements_holds_doing_nothing_too(opened, tmp_path):
    hands = opened()
    with hands.qtbot.waitSignal(hands.view.held_out.saved, timeout=PATIENCE_MS):
        hands.view.held_out.save_table("held-out", tmp_path / "held-out")
    rows = list(csv.DictReader((tmp_path / "held-out.csv").read_text().splitlines()))
    found = hands.follower.state.validations
    assert [float(row["psnr"]) for row in rows] == [one.metrics["psnr"] for one in found]
    assert [float(row["ssim_of_doing_nothing"]) for row in rows] == [one.identity["ssim"] for one in found]


def test_a_plot_is_saved_as_a_picture_of_twice_its_size(opened, tmp_path):
    hands = opened()
    with hands.qtbot.waitSignal(hands.view.losses.saved, timeout=PATIENCE_MS):
        hands.view.losses.save_picture(tmp_path / "losses.png")
    image = QImage(str(tmp_path / "losses.png"))
    assert image.width() > 2 * hands.view.losses.plot.width()
    assert len({image.pixel(x, image.height() // 2) for x in range(image.width())}) > 4  # there are curves in it


def test_a_picture_of_a_plot_is_made_beside_the_window(opened, tmp_path, monkeypatch):
    make, threads = plot_card._png, []

    def watched(image):
        threads.append(threading.get_ident())
        return make(image)

    monkeypatch.setattr(plot_card, "_png", watched)
    hands = opened()
    with hands.qtbot.waitSignal(hands.view.losses.saved, timeout=PATIENCE_MS):
        hands.view.losses.save_picture(tmp_path / "losses.png")
    assert threads != []
    assert threading.get_ident() not in threads


def test_what_cannot_be_written_is_said_and_leaves_nothing(opened, tmp_path):
    hands = opened()
    target = tmp_path / "not there" / "losses.csv"
    with hands.qtbot.waitSignal(hands.view.losses.not_saved, timeout=PATIENCE_MS):
        hands.view.losses.save_table("losses", target)
    assert "losses.csv could not be written" in hands.page._answer.text()
    (tmp_path / "taken.csv").mkdir()
    with hands.qtbot.waitSignal(hands.view.losses.not_saved, timeout=PATIENCE_MS):
        hands.view.losses.save_table("losses", tmp_path / "taken.csv")
    assert list(tmp_path.glob(".*.part")) == []


# --- room, look, access


def test_in_the_smallest_window_everything_has_its_place(opened):
    hands = opened(size=(832, 572))
    for name in ("train_pictures", "train_film", "train_losses", "train_held_out"):
        widget = hands.find(name)
        assert widget.isVisible()
        assert widget.mapTo(hands.view, QPoint(widget.width(), 0)).x() <= hands.view.width()
    assert hands.find("train_pause", QAbstractButton).text() == ""  # an icon; its words are its name
    assert hands.find("train_pause").accessibleName() == "Pause"
    hands.page.resize(QSize(560, 572))
    film, losses = hands.find("train_film"), hands.find("train_losses")
    hands.wait(lambda: hands.find("train_held_out").y() > losses.y())
    hands.wait(lambda: film.width() <= 560)


def test_the_look_changes_while_it_is_open(opened, look):
    hands = opened()
    before = hands.page.grab().toImage()
    look.theme.follow("dark")
    after = hands.page.grab().toImage()
    plot = hands.view.losses
    place = plot.mapTo(hands.page, QPoint(20, plot.height() - 6))
    assert before.pixelColor(place).lightness() > 200 > after.pixelColor(place).lightness()


def test_every_control_has_a_name_words_and_a_reason(opened):
    hands = opened()
    hands.view.go_to(10)
    complaints, names = [], []
    for kind in (QAbstractButton, QAbstractSlider):
        for widget in hands.page.findChildren(kind):
            if isinstance(widget, QScrollBar) or isinstance(widget.parentWidget(), SegmentedControl) or not widget.isVisible():
                continue
            said = QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
            names.append(said)
            if not widget.objectName().startswith("train_") or not said or not widget.toolTip():
                complaints.append(f"{widget.objectName()} {said!r} {widget.toolTip()!r}")
            if not widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                complaints.append(f"{widget.objectName()} cannot be reached by the keyboard")
    assert not complaints
    assert len(names) == len(set(names)) > 8


# --- compared


def test_two_models_of_a_run_are_compared_on_a_held_out_picture(qtbot, look, tmp_path):
    run, state = recorded_run(tmp_path / "run", "events-when-stopped.jsonl")
    for number, model in enumerate(models_of(run, state)):
        write_small_model(model.path, seed=number, gain=1.0 + number)

    def load(path):
        return lambda _: Translator.load(path, device="cpu", runtime="torch", cache=tmp_path)

    strip = run / state.samples[-1].files[0]
    assert QImage(str(strip)).scaled(3 * 96, 96).save(str(strip))
    owner = QWidget()
    qtbot.addWidget(owner)
    dialog = CompareCheckpoints(look, load, models_of(run, state), [strip], Errands(owner), owner)
    dialog.show()
    qtbot.waitUntil(lambda: all(dialog._done), timeout=PATIENCE_MS)
    view = dialog._view
    assert view.has_result
    assert view._before.width == view._after.width == 96
    image, middle = view.grab().toImage(), view.rect().center()
    left, right = (image.pixelColor(middle + QPoint(side * 30, -30)) for side in (-1, 1))
    assert left != right
    assert "Step" in view.accessibleName()
    dialog._choices[0].setCurrentIndex(2)
    qtbot.waitUntil(lambda: all(dialog._done), timeout=PATIENCE_MS)
    assert "Step 4" in view.accessibleName()
    dialog.close()
    qtbot.waitUntil(lambda: not any(preview._thread for preview in dialog._previews), timeout=PATIENCE_MS)


def test_a_strip_on_a_slow_disk_keeps_nobody_waiting_and_comes_too_late_after_a_drop(qtbot, look, tmp_path, monkeypatch):
    run, state = recorded_run(tmp_path / "run", "events-when-stopped.jsonl")
    for model in models_of(run, state):
        write_small_model(model.path)
    take, goes_on, has_gone_on = compare_checkpoints._take_input, threading.Event(), threading.Event()

    def slowly(strip, path):
        goes_on.wait(PATIENCE_MS / 1000)
        try:
            return take(strip, path)
        finally:
            has_gone_on.set()

    monkeypatch.setattr(compare_checkpoints, "_take_input", slowly)
    owner = QWidget()
    qtbot.addWidget(owner)
    errands = Errands(owner)

    def load(path):
        return lambda _: Translator.load(path, device="cpu", runtime="torch", cache=tmp_path)

    strip = run / state.samples[-1].files[0]
    dialog = CompareCheckpoints(look, load, models_of(run, state), [strip], errands, owner)
    dialog.show()
    assert not has_gone_on.is_set()
    dropped = draw_strip(tmp_path / "dropped.png", 3)
    dialog.try_on(dropped)
    goes_on.set()
    qtbot.waitUntil(lambda: errands.are_done and all(dialog._done), timeout=PATIENCE_MS)
    assert has_gone_on.is_set()
    assert dialog._path == dropped
    dialog.findChild(QAbstractButton, "train_compare_next").click()
    qtbot.waitUntil(lambda: errands.are_done and dialog._path != dropped and all(dialog._done), timeout=PATIENCE_MS)
    dialog.close()
    qtbot.waitUntil(lambda: not any(preview._thread for preview in dialog._previews), timeout=PATIENCE_MS)


def test_a_finished_run_without_pictures_says_so(opened):
    state = RunState()
    state.take(Started("deblur", "cpu", 10, 0, {"train": 3, "val": 1}, {"g": 1, "d": 1}), 0.0)
    state.take(Finished(10, "All 10 steps are done.", None), 1.0)
    state.step = 10
    hands = opened(replace(state), "finished")
    assert hands.find("train_pictures").accessibleName() == "This run drew no pictures."
    assert not hands.find("train_use").isEnabled()  # there is no model
    assert "no model yet" in hands.find("train_use").toolTip()
    hands.follower.take(Checkpointed(10, "checkpoints/last.pt"))
    hands.follower.take(Answered("preview", "x", True, None, ""))
    hands.refresh()
    assert hands.find("train_use").isEnabled()
