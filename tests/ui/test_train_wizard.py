"""The train wizard, through its real widgets: from the first click to a run's folder, wrong turns and the way back included."""

import re
import threading
import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLineEdit,
    QPushButton,
    QScrollBar,
)
from shiboken6 import isValid

from p2p_desktop.runs.duplicate import draft_of, draft_of_fine_tuning
from p2p_desktop.runs.run_folder import create_run
from p2p_desktop.workers import pair_search, run_maker
from tests.models_for_tests import small_card, write_small_model
from tests.training.runs import tiny_config
from tests.ui.test_accessible import CONTROLS, DOCUMENTED, is_part_of_another
from tests.ui.wizard_hands import Hands
from training.contract.config import TrainConfig
from training.contract.protocol import CONFIG


@pytest.mark.slow
def test_a_walk_from_the_first_click_ends_in_a_runs_folder(hands, pairs):
    assert not hands.can_go_on
    hands.click("train_task_pairs")
    hands.click("train_next")
    hands.wizard.take_drop([pairs])
    hands.wait(lambda: hands.can_go_on)
    assert hands.text("train_pictures_found") == "12 pairs"
    assert "drawings" in hands.text("train_pictures_layout")
    assert hands.find("train_pictures_lonely").text() == "Left out, because they have no partner: 1 (photo-12.png)."
    hands.click("train_swap")
    hands.click("train_next")
    assert hands.text("action_detail") == "Look at the pairs."
    hands.click("looks_good")
    hands.click("train_next")
    hands.click("train_preset_quick")
    hands.click("train_more")
    for key, value in (("crop_size", "64"), ("ngf", "4"), ("ndf", "4"), ("steps", "1,200"), ("threads", "1")):
        hands.type(f"train_{key}", value)
    hands.type("train_name", "Drawing to photo")
    hands.type("train_licence", "CC0-1.0")
    hands.wait(lambda: hands.text("train_estimate_time") not in ("", "\u2013"))
    assert hands.text("train_estimate_pairs") == "11 + 1 held out"
    assert "real steps, not guessed" in hands.find("train_estimate_note").text()
    assert hands.text("train_preset_quick_time") == f"about {hands.text('train_estimate_time')}".replace("about less", "less")
    assert hands.text("train_title") == "New model: Drawing to photo"
    assert hands.text("train_more_count") == "51 settings, 6 changed"
    hands.click("train_next")
    hands.wait(lambda: hands.made)
    (run,) = hands.made
    assert run == hands.runs / "Drawing to photo"
    config = TrainConfig.from_json((run / CONFIG).read_text(encoding="utf-8"))
    assert (config.task, config.preset, config.data, config.direction) == ("pairs", "quick", str(pairs), "BtoA")
    assert (config.steps, config.crop_size, config.ndf, config.generator.encoder[0]) == (1200, 64, 4, 4)
    assert (config.name, config.licence, config.seed) == ("Drawing to photo", "CC0-1.0", 7)
    assert config.lambda_l1 == 100


def test_changes_outlive_another_preset_and_the_way_back(hands, pairs):
    hands.go_to_settings(pairs)
    hands.click("train_more")
    hands.type("train_lambda_l1", "60")
    assert hands.find("train_lambda_l1_changed").isVisible()
    assert "preset 100" in hands.text("train_lambda_l1_range")
    hands.click("train_preset_quick")
    assert hands.find("train_steps", QLineEdit).text() == "4,000"
    assert hands.find("train_lambda_l1", QLineEdit).text() == "60"
    hands.type("train_steps", "0")  # wrong, and yet not lost
    hands.click("train_step_task")
    assert hands.current == "task"
    assert hands.find("train_task_pairs", QAbstractButton).isChecked()
    for _ in range(3):
        assert hands.can_go_on
        hands.click("train_next")
    assert hands.find("train_steps", QLineEdit).text() == "0"
    assert hands.find("train_lambda_l1", QLineEdit).text() == "60"
    assert hands.find("train_preset_quick", QAbstractButton).isChecked()
    assert hands.wizard._made[2].entered == [("pairs", pairs)] * 2


def test_by_keyboard_alone(hands, pairs):
    hands.wizard.activateWindow()
    hands.wizard.take_keyboard(Qt.FocusReason.TabFocusReason)

    def press(key, times=1) -> None:
        for _ in range(times):
            QTest.keyClick(QApplication.focusWidget(), key)

    assert QApplication.focusWidget() is hands.find("train_task_pairs")
    press(Qt.Key.Key_Return)
    press(Qt.Key.Key_Right)
    assert hands.find("train_task_facades", QAbstractButton).isChecked()
    press(Qt.Key.Key_Left)
    assert hands.find("train_task_pairs", QAbstractButton).isChecked()
    press(Qt.Key.Key_Return)
    assert hands.current == "pictures"
    assert QApplication.focusWidget() is hands.find("train_data")
    QTest.keyClicks(QApplication.focusWidget(), str(pairs))
    hands.wait(lambda: hands.can_go_on)
    press(Qt.Key.Key_Return)
    assert hands.current == "check"
    assert QApplication.focusWidget() is hands.find("looks_good")
    press(Qt.Key.Key_Space)
    stops = []
    while not stops or QApplication.focusWidget() is not hands.find("looks_good"):
        press(Qt.Key.Key_Tab)
        stops.append(QApplication.focusWidget().objectName())
        assert stops.count(stops[-1]) == 1, stops
    assert stops == ["train_back", "train_next", "train_step_task", "train_step_pictures", "train_cancel", "looks_good"]
    press(Qt.Key.Key_Tab, 2)
    press(Qt.Key.Key_Return)
    assert hands.current == "settings"
    press(Qt.Key.Key_Right)
    assert hands.find("train_preset_thorough", QAbstractButton).isChecked()
    press(Qt.Key.Key_Escape)
    question = hands.wizard._question
    assert question.isVisible()
    QTest.keyClick(question, Qt.Key.Key_Escape)
    assert hands.cancelled == []
    press(Qt.Key.Key_Return)
    hands.wait(lambda: hands.made)


def test_every_control_has_a_name_that_is_documented_and_words_for_it(hands, pairs):
    hands.go_to_settings(pairs)
    rows = {f"train_{key}" for key in hands.wizard.step._form.keys}
    found = [widget for kind in CONTROLS for widget in hands.wizard.findChildren(kind) if not isinstance(widget, QScrollBar)]
    found = [widget for widget in found if not is_part_of_another(widget) and widget.objectName() != "looks_good"]
    assert len(found) > 80
    complaints = []
    for widget in dict.fromkeys(found):
        name, said = widget.objectName(), QAccessible.queryAccessibleInterface(widget)
        if name not in DOCUMENTED | rows and not re.fullmatch("train_task_.*", name):
            complaints.append(f"{type(widget).__name__} {name} is not in docs/ui.md")
        if said is None or not said.text(QAccessible.Text.Name):
            complaints.append(f"{name} has no accessible name")
        if not widget.toolTip() and widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            complaints.append(f"{name} has no tooltip")
    assert not complaints, "\n".join(complaints)


def test_nothing_is_asked_where_nothing_would_be_lost(hands):
    QTest.keyClick(hands.wizard, Qt.Key.Key_Escape)
    assert hands.cancelled == [True]


def test_what_was_chosen_is_thrown_away_only_when_the_person_says_so(hands):
    hands.click("train_task_edges")
    hands.click("train_cancel")
    QTest.mouseClick(hands.find("train_keep", QPushButton), Qt.MouseButton.LeftButton)
    assert hands.cancelled == []
    hands.click("train_cancel")
    QTest.mouseClick(hands.find("train_discard", QPushButton), Qt.MouseButton.LeftButton)
    assert hands.cancelled == [True]


def test_a_model_to_start_from_must_fit_and_keeps_its_network(hands, tmp_path):
    grey = write_small_model(tmp_path / "grey.safetensors", small_card(encodings=("grey8", "rgb8")))
    hands.click("train_task_pairs")
    start = hands.wizard.step._start
    start.choose(grey)
    hands.wait(lambda: hands.text("train_start_problem"))
    assert "turns 1 channels into 3" in hands.text("train_start_problem")
    assert not hands.can_go_on
    start.choose(tmp_path / "nowhere.safetensors")
    hands.wait(lambda: "nowhere.safetensors" in hands.text("train_start_problem"))
    models = hands.find("train_start_from", QComboBox)
    models.setCurrentIndex(0)
    models.activated.emit(0)
    assert hands.text("train_start_problem") == ""
    assert hands.can_go_on


def test_a_trained_network_is_trained_on(hands, pairs, tmp_path):
    model = write_small_model(tmp_path / "mine.safetensors")
    hands.click("train_task_pairs")
    hands.wizard.step._start.choose(model)
    hands.wait(lambda: hands.can_go_on)
    hands.go_to_settings(pairs)
    assert hands.can_go_on, hands.text("action_detail")
    hands.click("train_more")
    assert not hands.find("train_ngf").isVisible()
    config = hands.wizard.step._config
    assert config.init_model == str(model)


def test_a_model_goes_on_with_the_encodings_of_its_run_until_another_task_is_chosen(qtbot, look, tmp_path, pairs):
    config = tiny_config(pairs, task="pairs", encoding_in="grey8", encoding_out="grey8")
    model = write_small_model(tmp_path / "grey.safetensors", small_card(spec=config.generator, encodings=("grey8", "grey8")))
    hands = Hands(qtbot, look, tmp_path, draft_of_fine_tuning(create_run(config, tmp_path / "run").parent, model)[0])
    hands.wait(lambda: not hands.wizard.step._start._is_asking)
    assert hands.text("train_start_problem") == ""
    hands.click("train_next")
    hands.wait(lambda: hands.can_go_on)
    hands.click("train_next")
    hands.click("looks_good")
    hands.click("train_next")
    assert hands.can_go_on, hands.text("action_detail")
    assert (hands.wizard.step._config.encoding_in, hands.wizard.step._config.init_model) == ("grey8", str(model))
    hands.click("train_step_task")
    hands.click("train_task_edges")
    hands.wait(lambda: "turns 1 channels into 1" in hands.text("train_start_problem"))
    hands.click("train_task_pairs")
    hands.wait(lambda: hands.can_go_on)
    hands.close()


def test_a_run_that_cannot_be_made_keeps_the_page_and_what_was_chosen(hands, pairs):
    hands.runs.write_text("in the way")
    hands.go_to_settings(pairs)
    hands.type("train_name", "Mine")
    hands.click("train_next")
    hands.wait(lambda: hands.find("train_note").text())
    assert hands.find("train_note").text() == f"{hands.runs} is a file."
    assert hands.made == []
    assert hands.can_go_on
    hands.runs.unlink()
    hands.click("train_next")
    hands.wait(lambda: hands.made)
    assert hands.made == [hands.runs / "Mine"]


def test_a_run_done_once_more_fills_the_pages(qtbot, look, tmp_path, pairs):
    config = tiny_config(pairs, task="pairs", name="Again", gan_mode="lsgan", crop_size=32)
    hands = Hands(qtbot, look, tmp_path, draft_of(config)[0])
    hands.click("train_next")
    hands.wait(lambda: hands.can_go_on)
    hands.click("train_next")
    hands.click("looks_good")
    hands.click("train_next")
    assert hands.find("train_steps", QLineEdit).text() == "6"
    assert hands.find("train_gan_mode", QComboBox).currentData() == "lsgan"
    assert hands.find("train_ngf", QLineEdit).text() == "4"
    assert (hands.find("train_name", QLineEdit).text(), hands.find("train_licence", QLineEdit).text()) == ("Again 2", "CC0-1.0")
    hands.click("train_next")
    hands.wait(lambda: hands.made)
    repeated = TrainConfig.from_json((hands.made[0] / CONFIG).read_text(encoding="utf-8"))
    assert config.differences(repeated) == ["seed", "name"]  # the first of which the step of this test sets
    hands.close()


class SlowDisk:
    """What is asked of it is answered once it has woken."""

    def __init__(self, monkeypatch, module, name: str) -> None:
        self._answer, self.is_asked, self._is_awake = getattr(module, name), threading.Event(), threading.Event()
        self.num_answered = 0
        monkeypatch.setattr(module, name, self._ask)

    def _ask(self, *args, **options):
        self.is_asked.set()
        self._is_awake.wait()
        try:
            return self._answer(*args, **options)
        finally:
            self.num_answered += 1

    def wake(self) -> None:
        self._is_awake.set()


@pytest.fixture
def slow(monkeypatch):
    """Makes a function as slow as a disk that sleeps."""
    disks = []

    def slow(module, name: str) -> SlowDisk:
        disks.append(SlowDisk(monkeypatch, module, name))
        return disks[-1]

    yield slow
    for disk in disks:
        disk.wake()


def throw_away(hands) -> float:
    """Cancel as the person does, have the wizard retire as its owner does, and give the seconds that it took."""
    begun = time.monotonic()
    hands.click("train_cancel")
    QTest.mouseClick(hands.find("train_discard", QPushButton), Qt.MouseButton.LeftButton)
    assert hands.cancelled == [True]
    hands.wizard.retire()
    return time.monotonic() - begun


def test_a_wizard_that_is_thrown_away_waits_for_no_disk_and_goes_when_its_threads_have_left(hands, pairs, slow):
    disk = slow(pair_search, "find_pairs")
    hands.go_to_pictures()
    hands.wizard.take_drop([pairs])
    hands.wait(disk.is_asked.is_set)
    hands.find("train_data", QLineEdit).setFocus()
    QTest.keyClicks(hands.find("train_data", QLineEdit), "/x")  # told as the field loses the keyboard: nobody looks there
    assert throw_away(hands) < 1
    assert not hands.wizard.isVisible()
    QTest.qWait(100)
    assert isValid(hands.wizard)
    disk.wake()
    hands.wait(lambda: not isValid(hands.wizard))
    assert disk.num_answered == 1


def test_a_wizard_with_nothing_to_do_goes_at_once(hands):
    hands.click("train_task_pairs")
    throw_away(hands)
    hands.wait(lambda: not isValid(hands.wizard))


def test_the_wizard_goes_without_waiting_for_what_is_measured_once_its_run_is_made(hands, pairs):
    hands.go_to_settings(pairs)
    hands.wait(lambda: hands.wizard.step._estimates._run.is_running)
    begun = []
    hands.wizard.run_made.connect(lambda _: (begun.append(time.monotonic()), hands.wizard.retire(), begun.append(time.monotonic())))
    hands.click("train_next")
    hands.wait(lambda: len(begun) == 2)
    assert begun[1] - begun[0] < 1
    hands.wait(lambda: not isValid(hands.wizard))
    assert (hands.made[0] / CONFIG).is_file()


def test_a_run_that_is_thrown_away_while_it_is_made_is_not_begun_and_leaves_no_folder(hands, pairs, slow):
    disk = slow(run_maker, "create_named_run")
    hands.go_to_settings(pairs)
    hands.click("train_next")
    hands.wait(disk.is_asked.is_set)
    assert throw_away(hands) < 1
    disk.wake()
    hands.wait(lambda: not isValid(hands.wizard))
    assert disk.num_answered == 1
    assert hands.made == []
    assert list(hands.runs.iterdir()) == []


@pytest.mark.parametrize("answer", ["train_discard", "train_keep"])
def test_a_run_that_is_made_while_the_person_is_asked_waits_for_the_answer(hands, pairs, slow, answer):
    disk = slow(run_maker, "create_named_run")
    hands.go_to_settings(pairs)
    hands.click("train_next")
    hands.wait(disk.is_asked.is_set)
    hands.click("train_cancel")
    disk.wake()
    hands.wait(lambda: hands.wizard._ready)
    assert hands.made == []
    QTest.mouseClick(hands.find(answer, QPushButton), Qt.MouseButton.LeftButton)
    hands.wizard.retire()
    hands.wait(lambda: not isValid(hands.wizard))
    assert [run.name for run in hands.made] == [run.name for run in hands.runs.iterdir()]
    assert len(hands.made) == (answer == "train_keep")
