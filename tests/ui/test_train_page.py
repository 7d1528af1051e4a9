"""The training room in the window: runs listed, opened by a drop, left to themselves at closing, landing in Models."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QMenu, QWidget

from p2p_desktop.paths import user_paths
from p2p_desktop.ui.notes import Note
from p2p_desktop.ui.run_list import RunList
from tests.models_for_tests import small_card, write_small_model
from tests.training.runs import write_photos
from training.contract.config import recommended
from training.contract.protocol import CONFIG, EVENTS, LOCK, MODELS, own_lock, waiting_orders, write_lock

RECORDED = Path(__file__).parents[1] / "data" / "run"


def make_run(name: str, *, events: str = "events.jsonl", has_model: bool = True, folder: Path | None = None) -> Path:
    """A run as its folder tells it: recorded, with a name of its own."""
    run = (folder or user_paths().runs) / name
    run.mkdir(parents=True)
    shutil.copyfile(RECORDED / events, run / EVENTS)
    request = json.loads((RECORDED / CONFIG).read_text()) | {"name": name}
    (run / CONFIG).write_text(json.dumps(request))
    if has_model:
        (run / MODELS).mkdir()
        write_small_model(run / MODELS / "best.safetensors", small_card(name))
    return run


@pytest.fixture
def train(driver):
    """The window at Train, with what it knows of runs."""
    driver.click("rail_train")
    driver.wait(lambda: driver.window._training.runs.is_read)
    return driver


def look_again(driver) -> None:
    driver.window._training.runs.look()


def listed(driver) -> list[str]:
    model = driver.find("train_runs", RunList).model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def answer(name: str) -> None:
    """Press a button of the question that is about to be asked."""

    def press():
        for window in QApplication.topLevelWidgets():
            found = window.findChild(QAbstractButton, name) if isinstance(window, QDialog) else None
            if found is not None and found.isVisible():
                found.click()
                return
        QTimer.singleShot(20, press)

    QTimer.singleShot(0, press)


def test_an_empty_room_offers_a_first_step_and_lists_what_is_trained_later(train):
    assert train.find("train_begin").isVisible()
    run = make_run("Old lens")
    look_again(train)
    train.wait(lambda: listed(train) != [])
    (words,) = listed(train)
    assert words.startswith("Old lens, Finished")
    assert "Step 150 of 150" in words
    assert "doing nothing" in words
    assert not train.find("train_begin").isVisible()
    page = train.window._made["train"]
    page.open_run(run)
    train.wait(lambda: page._follower.is_caught_up)
    assert page._front.objectName() == "train_run"
    train.click("train_all_runs")
    assert page._front is page._home


def test_the_folder_of_a_run_dropped_anywhere_opens_it_and_is_listed_from_then_on(train, tmp_path):
    run = make_run("From the cluster", folder=tmp_path / "far away")
    train.click("rail_convert")
    train.drop([run])
    page = train.window._made["train"]
    train.wait(lambda: page._follower.run == run)
    assert train.window._pages.currentWidget() is page
    train.wait(lambda: any(glance.folder == run for glance in train.window._training.runs.glances))
    assert train.counts["waiting"] == 0


def test_a_folder_of_pictures_dropped_on_convert_is_still_converted(train, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    shutil.copyfile(next(Path("resources/examples").glob("*.jpg")), photos / "one.jpg")
    train.click("rail_convert")
    train.drop([photos])
    train.wait_listed(1)


def test_folders_dropped_on_the_list_are_the_same_pairs_as_those_dropped_on_the_step(train, tmp_path):
    folders = [write_photos(tmp_path / name, 3) for name in ("after", "before", "drafts")]
    train.drop(folders)
    page = train.window._made["train"]
    train.wait(lambda: page._wizard is not None)
    train.click("train_task_pairs")
    train.click("train_next")
    train.wait(train.find("train_next").isEnabled)
    assert train.text("train_pictures_way") == "\u201cbefore\u201d goes in, \u201cafter\u201d should come out."
    assert "Of the 3 that were dropped, the first two were taken" in train.find("train_note", Note).text()


def test_what_is_dropped_beside_an_open_wizard_goes_into_it(train, tmp_path):
    photos = write_photos(tmp_path / "photos", 3)
    train.click("train_begin")
    train.click("train_task_edges")
    train.click("train_next")
    page = train.window._made["train"]
    train.drop([make_run("Old lens")])
    train.wait(lambda: page._front is page._run_page)
    train.drop([photos / "photo-0.png", photos / "photo-1.png"])
    train.wait(lambda: page._front is page._wizard)
    train.wait(train.find("train_next").isEnabled)
    assert train.text("train_pictures_found") == "3 photographs"


def test_a_finished_model_lands_in_models_once(train):
    shelf, watch = train.window._shelf, train.window._training
    watch.remember(make_run("Old lens"))
    make_run("Of a shell")  # its owner adds it, or not
    names = []
    watch.landed.connect(names.append)
    look_again(train)
    train.wait(lambda: names == ["Old lens"])
    assert shelf.find("Old lens") is not None
    shelf.remove("Old lens")
    train.wait(lambda: shelf.find("Old lens") is None)
    make_run("Another", events="events-when-stopped.jsonl")  # a change, so that there is news
    look_again(train)
    train.wait(lambda: len(watch.runs.glances) == 3)
    train.qtbot.wait(300)
    assert shelf.find("Old lens") is None  # whoever removed it does not want it back
    assert names == ["Old lens"]
    assert shelf.find("Of a shell") is None


def test_a_model_that_cannot_be_put_into_models_is_said_and_tried_again_at_the_next_start(train):
    watch, said = train.window._training, []
    watch.not_landed.connect(lambda sentence, why: said.append((sentence, why)))
    watch.remember(make_run("Old lens", has_model=False))
    look_again(train)
    train.wait(lambda: said != [])
    assert "Old lens" in said[0][0]
    assert said[0][1]
    assert watch._own()[str(user_paths().runs / "Old lens")] == ""


def test_a_model_that_is_gone_is_said_where_it_was_asked_for(train):
    run = make_run("Old lens", has_model=False)
    page = train.window._made["train"]
    page.open_run(run)
    page._run_page.use_asked.emit(run / MODELS / "best.safetensors")
    train.wait(lambda: page._run_page._answer.text() != "")
    assert train.window._pages.currentWidget() is page


@pytest.mark.parametrize(
    ("choice", "closes", "stops"),
    [("train_close_window", True, False), ("train_stop_and_save", True, True), ("train_keep_window", False, False)],
    ids=["leave it running", "stop and save", "stay"],
)
def test_closing_while_something_is_trained_asks_what_becomes_of_it(train, choice, closes, stops):
    run = make_run("Old lens", events="events-when-stopped.jsonl")
    (run / EVENTS).write_text("".join((run / EVENTS).read_text().splitlines(keepends=True)[:-1]))  # not stopped yet
    write_lock(run, own_lock())
    look_again(train)
    train.wait(lambda: [glance.standing for glance in train.window._training.runs.training] == ["training"])
    assert "Old lens" in train.text("status_doing")
    if choice == "train_stop_and_save":
        answer("train_stop_and_save")
        QTimer.singleShot(200, lambda: answer("train_close_window"))
    else:
        answer(choice)
    event = QCloseEvent()
    train.window.closeEvent(event)
    assert event.isAccepted() == closes
    assert len(waiting_orders(run)) == stops
    (run / LOCK).unlink()  # else the window would ask again when the test ends
    if closes:  # nothing is looked at any more
        train.window._training.runs.glances = []
    else:
        look_again(train)
        train.wait(lambda: train.window._training.runs.training == [])


@pytest.fixture
def begun(train):
    """A run whose trainer has been started and has not told anything yet; the trainer's process."""
    run = make_run("Old lens", events="events-when-stopped.jsonl")
    look_again(train)
    train.wait(lambda: listed(train) != [])
    control = train.window._made["train"]._control
    control._command = lambda config: [sys.executable, "-c", "import time; time.sleep(600)"]
    control.start(run)
    train.wait(lambda: bool(control._begun))
    yield run
    control._begun[0].process.kill()
    train.wait(lambda: not control.begun)


def test_a_training_that_has_only_just_begun_is_asked_about_too(train, begun):
    answer("train_keep_window")
    event = QCloseEvent()
    train.window.closeEvent(event)
    assert not event.isAccepted()
    assert [glance.folder for glance in train.window._training.runs.training_beside("cpu")] == [begun]


def test_a_run_that_begins_again_is_not_told_to_have_ended_as_it_had_before(train, begun):
    watch, said = train.window._training, []
    watch.broke_off.connect(lambda *told: said.append(told))
    make_run("Another")
    look_again(train)
    train.wait(lambda: begun in watch._trained)
    (begun / EVENTS).write_text("".join((begun / EVENTS).read_text().splitlines(keepends=True)[:-1]))  # its last trainer was killed
    look_again(train)
    train.wait(lambda: any(glance.standing == "died" for glance in watch.runs.glances))
    assert said == []


def test_a_run_that_has_only_just_begun_does_not_go_to_the_bin(train, begun):
    train.window._made["train"]._home.remove_asked.emit(begun)
    train.wait(lambda: "Stop it first" in train.window._made["train"]._home.note.text())
    assert begun.is_dir()


@pytest.mark.parametrize(("was_trained", "verb"), [(False, "Start training"), (True, "Go on")], ids=["new", "stopped"])
def test_a_second_training_that_waits_names_the_button_that_begins_it(train, was_trained, verb):
    busy = make_run("Busy", events="events-when-stopped.jsonl", has_model=False)
    (busy / EVENTS).write_text("".join((busy / EVENTS).read_text().splitlines(keepends=True)[:-1]))  # not stopped yet
    write_lock(busy, own_lock())
    run = make_run("Waits", events="events-when-stopped.jsonl", has_model=False)
    if not was_trained:
        (run / EVENTS).unlink()
    look_again(train)
    train.wait(lambda: len(listed(train)) == 2)
    page, tips = train.window._made["train"], []

    def read_tip():
        question = next((one for one in page.findChildren(QDialog, "train_beside_question") if one.isVisible()), None)
        if question is None:
            QTimer.singleShot(20, read_tip)
            return
        tips.append(question.findChild(QAbstractButton, "train_not_now").toolTip())
        question.reject()

    page._home._on_menu(run, train.window.mapToGlobal(train.window.rect().center()))
    menu = page._home.findChild(QMenu, "train_menu")
    (begin,) = [action for action in menu.actions() if action.data()[0] == "go_on"]
    assert begin.text() == verb
    read_tip()
    begin.trigger()
    menu.close()
    train.wait(lambda: tips != [])
    assert verb in tips[0]
    train.wait(lambda: page._follower.is_caught_up)
    train.wait(lambda: train.find("train_go_on", QAbstractButton).text() == verb)
    (busy / LOCK).unlink()
    look_again(train)
    train.wait(lambda: train.window._training.runs.training == [])  # else the window would ask when the test ends


def test_a_run_goes_to_the_bin_and_comes_back(train):
    run = make_run("Old lens", has_model=False)
    look_again(train)
    train.wait(lambda: listed(train) != [])
    train.window._made["train"]._home.remove_asked.emit(run)
    train.wait(lambda: listed(train) == [])
    assert not run.exists()
    train.click("train_undo")
    train.wait(lambda: listed(train) != [])
    assert (run / EVENTS).is_file()


def test_settings_are_used_once_more_under_another_name(train, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    run = make_run("Old lens", has_model=False)
    config = recommended("colorize", photos, "quick").changed({"steps": "77", "name": "Old lens"})
    (run / CONFIG).write_text(config.to_json())
    page = train.window._made["train"]
    page._home.duplicate_asked.emit(run)
    train.wait(lambda: page._wizard is not None and page._front is page._wizard)
    assert page._wizard.draft.task == "colorize"
    assert page._wizard.draft.config().steps == 77
    assert page._wizard.draft.config().name == "Old lens 2"


def test_runs_are_looked_for_where_the_settings_say_from_then_on(train, tmp_path):
    run = make_run("On the large disk", has_model=False, folder=tmp_path / "large" / "runs")
    train.window._settings.change(models_folder=str(tmp_path / "large"))
    train.wait(lambda: [glance.folder for glance in train.window._training.runs.glances] == [run])


def test_what_is_no_run_is_said(train, tmp_path):
    train.window._made["train"].open_folder(tmp_path)
    train.wait(lambda: train.find("train_home_note", QWidget).isVisible())
    assert "no training run" in train.window._made["train"]._home.note.text()


def test_a_menu_of_a_run_offers_what_can_be_done(train):
    run = make_run("Old lens", events="events-when-stopped.jsonl")
    look_again(train)
    train.wait(lambda: listed(train) != [])
    home = train.window._made["train"]._home
    home._on_menu(run, train.window.mapToGlobal(train.window.rect().center()))
    menu = home.findChild(QMenu, "train_menu")
    able = {action.data()[0]: action.isEnabled() for action in menu.actions()}
    assert able == {"open": True, "go_on": True, "duplicate": True, "show": True, "remove": True}
    menu.close()
