"""The page goes over to another run, or the run is out of reach."""

import json
import threading
from dataclasses import replace

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QMenu

from p2p_desktop.runs.run_state import RunState
from p2p_desktop.ui import run_page
from p2p_desktop.ui.film_strip import FilmStrip, Frame
from tests.ui.run_page.hands import PATIENCE_MS, pixel
from tests.ui.run_stand_ins import draw_strip, recorded_run, result_colour
from training.contract.protocol import CONFIG


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
