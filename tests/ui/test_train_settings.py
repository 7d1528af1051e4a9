"""The wizard's step Settings: a form that builds itself, wrong values, and what a training will take."""

import dataclasses
import re
import threading

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QLineEdit,
    QWidget,
)

from p2p_desktop.runs.run_draft import RunDraft
from p2p_desktop.ui import estimate_panel
from p2p_desktop.ui.estimate_panel import EstimatePanel
from p2p_desktop.ui.knobs import SET_ELSEWHERE, knobs_of
from p2p_desktop.ui.notes import Note
from p2p_desktop.ui.settings_step import SettingsStep
from p2p_desktop.workers.estimates import Estimate, Estimates, _key
from tests.models_for_tests import write_small_model
from tests.training.runs import tiny_config
from tests.ui.wizard_hands import PATIENCE_MS, Hands
from training.contract.config import TrainConfig
from training.contract.knobs import choice, knob


def test_wrong_values_stay_for_editing_and_keep_the_training_from_starting(hands, pairs):
    hands.go_to_settings(pairs)
    hands.click("train_more")
    hands.type("train_steps", "0")
    assert hands.text("train_steps_problem") == "1 to 1,000,000,000 steps. Enter a larger number."
    assert hands.find("train_steps").property("invalid") is True
    assert not hands.can_go_on
    assert "1 to 1,000,000,000 steps" in hands.find("train_next").toolTip()
    hands.type("train_steps", "many")
    assert hands.text("train_steps_problem").endswith("Enter a whole number.")
    assert hands.find("train_steps", QLineEdit).text() == "many"
    hands.type("train_steps", "300")
    assert hands.text("train_steps_problem") == ""
    assert hands.can_go_on
    hands.type("train_name", "x" * 300)
    assert hands.text("action_detail") == hands.text("train_name_problem") != ""
    assert not hands.can_go_on


def test_settings_that_contradict_each_other_are_told_at_the_top_and_beside_each(hands, pairs):
    hands.go_to_settings(pairs)
    hands.click("train_more")
    hands.type("train_crop_size", "100")
    hands.type("train_accumulate", "3")
    problem = hands.find("train_settings_problem")
    assert problem.text() == "\u201cCut-out size\u201d must be a multiple of 64 for this network, not 100."
    assert hands.text("train_crop_size_problem") == problem.text()
    assert "must be a multiple of" in hands.text("train_batch_size_problem")
    assert not hands.can_go_on
    hands.click("train_back_to_preset")
    assert problem.text() == hands.text("train_crop_size_problem") == ""
    assert hands.can_go_on


def test_a_network_by_its_name_brings_what_it_needs(hands, pairs):
    hands.go_to_settings(pairs)
    hands.click("train_preset_quick")
    hands.click("train_more")
    network = hands.find("train_network", QComboBox)
    network.setCurrentIndex(network.findData("unet-256"))
    assert hands.can_go_on
    assert hands.find("train_crop_size", QLineEdit).text() == "256"
    assert hands.find("train_ngf", QLineEdit).text() == "64"
    config = hands.wizard.step._config
    assert (config.preset, config.crop_size, len(config.generator.encoder)) == ("quick", 256, 8)
    hands.click("train_back_to_preset")
    assert hands.find("train_crop_size", QLineEdit).text() == "128"


def test_a_wrong_value_whose_row_is_not_shown_stops_nothing(hands, pairs, tmp_path):
    model = write_small_model(tmp_path / "mine.safetensors")
    hands.go_to_settings(pairs)
    hands.click("train_more")
    hands.type("train_ngf", "")
    assert not hands.can_go_on
    hands.click("train_step_task")
    hands.wizard.step._start.choose(model)
    for _ in range(3):
        hands.wait(lambda: hands.can_go_on)
        hands.click("train_next")
    assert not hands.find("train_ngf").isVisible()
    assert hands.can_go_on, hands.text("action_detail")
    assert hands.wizard.step._config.init_model == str(model)
    hands.click("train_step_task")
    hands.wizard.step._start.choose(None)
    for _ in range(3):
        hands.wait(lambda: hands.can_go_on)
        hands.click("train_next")
    assert hands.text("train_ngf_problem")  # it is shown again, and can be put right
    assert not hands.can_go_on


def test_the_scale_of_depths_is_shown_and_kept_where_the_chosen_encodings_have_depth(qtbot, look, tmp_path, pairs):
    draft = RunDraft("pairs", pairs, changes={"encoding_out": "depth16", "depth_unit": "0.01"})
    hands = Hands(qtbot, look, tmp_path, draft)
    hands.click("train_next")
    hands.wait(lambda: hands.can_go_on)
    hands.click("train_next")
    hands.click("looks_good")
    hands.click("train_next")
    hands.click("train_more")
    assert hands.find("train_depth_unit").isVisible()
    assert hands.wizard.step._config.depth_unit == 0.01
    hands.type("train_depth_unit", "many")
    out = hands.find("train_encoding_out", QComboBox)
    out.setCurrentIndex(out.findData(""))
    assert not hands.find("train_depth_unit").isVisible()
    assert hands.can_go_on
    hands.close()


def test_every_field_of_the_trainers_config_has_a_row_or_is_set_elsewhere(qtbot, look, tmp_path):
    step = SettingsStep(look, tmp_path)
    qtbot.addWidget(step)
    fields = {field.name for field in dataclasses.fields(TrainConfig)}
    assert fields - SET_ELSEWHERE <= step._form.keys
    for name in fields - SET_ELSEWHERE:
        assert step.findChild(QWidget, f"train_{name}") is not None, name


def test_a_new_knob_of_the_trainer_appears_by_itself(qtbot, look, tmp_path):
    @dataclasses.dataclass(frozen=True)
    class Newer(TrainConfig):
        swirl: float = knob(0.5, 0, 4, "turns", "How far pictures are turned.")
        haste: bool = choice(True, "Whether it hurries.")

    step = SettingsStep(look, tmp_path, knobs=knobs_of(Newer))
    qtbot.addWidget(step)
    row = step._form.row("swirl")
    row.put("9")
    assert row.problem() == "0 to 4 turns. Enter a smaller number."
    assert {"swirl", "haste"} <= step._form.keys
    headings = [label.text() for label in step.findChildren(QLabel) if label.property("role") == "section"]
    assert headings[-1] == "Other"


def test_the_panel_goes_into_the_form_where_the_window_is_narrow(hands, pairs):
    hands.go_to_settings(pairs)
    step = hands.wizard.step
    panel, form = step._panel, step._form
    assert panel.mapTo(step, panel.rect().topLeft()).x() > form.mapTo(step, form.rect().topRight()).x()
    hands.wizard.resize(832, 572)
    hands.wait(lambda: panel.isAncestorOf(hands.find("train_name")) and step._inner.isAncestorOf(panel))
    assert hands.wizard.minimumSizeHint().width() <= 832
    for name in ("train_next", "train_back", "train_cancel"):
        button = hands.find(name)
        assert hands.wizard.rect().contains(button.mapTo(hands.wizard, button.rect().bottomRight())), name


def test_the_panel_says_what_it_would_take_and_where_there_is_too_little(qtbot, look, tmp_path):
    window = QWidget()
    qtbot.addWidget(window)
    panel = EstimatePanel(look, tmp_path, window)
    config = tiny_config(tmp_path, steps=7200)
    found = Estimate(0.5, 1 << 20, "cpu", 11, 1, {"g": 1000, "d": 500}, 11)
    panel.show_estimate(found, config)
    disk = panel.findChild(QLabel, "train_estimate_disk")
    qtbot.waitUntil(lambda: " of " in disk.text())
    texts = {name: panel.findChild(QLabel, f"train_estimate_{name}").text() for name in ("time", "speed", "disk", "memory")}
    assert (texts["time"], texts["speed"]) == ("1 h", "0.50 s a step")
    assert texts["memory"].startswith("1.0 MB of ")
    assert texts["disk"].startswith("52 kB of ")  # two checkpoints of 1500 weights, Adam's means and the average; two models
    note = panel.findChild(Note, "train_estimate_note")
    assert note.text() == "Measured just now with 11 real steps, not guessed."
    panel.show_estimate(dataclasses.replace(found, memory_bytes=1 << 60), config)
    assert note.text() == "It needs more memory than is free."
    panel.show_problem("The pictures are gone. Connect the disk.")
    assert note.accessibleName() == "It could not be measured. The pictures are gone. Connect the disk."
    assert panel.findChild(QLabel, "train_estimate_time").text() == "\u2013"
    qtbot.waitUntil(lambda: panel._errands.are_done)


def test_a_disk_that_answers_late_stops_nothing_and_its_warning_comes_then(qtbot, look, tmp_path, monkeypatch):
    answers, was_asked = threading.Event(), threading.Event()

    def late(_):
        was_asked.set()
        answers.wait(PATIENCE_MS / 1000)
        return 1

    monkeypatch.setattr(estimate_panel, "_free_disk", late)
    window = QWidget()
    qtbot.addWidget(window)
    panel = EstimatePanel(look, tmp_path, window)
    config = tiny_config(tmp_path, steps=7200)
    found = Estimate(0.5, 1 << 20, "cpu", 11, 1, {"g": 1000, "d": 500}, 11)
    panel.show_estimate(found, config)
    disk, note = panel.findChild(QLabel, "train_estimate_disk"), panel.findChild(Note, "train_estimate_note")
    assert disk.text() == "52 kB"
    assert note.text() == "Measured just now with 11 real steps, not guessed."
    assert was_asked.wait(PATIENCE_MS / 1000)
    answers.set()
    qtbot.waitUntil(lambda: note.text() == "It needs more disk than is free.")
    assert disk.text() == "52 kB of 1 B free"
    panel.show_estimate(found, config)
    panel.show_problem("The pictures are gone. Connect the disk.")
    qtbot.waitUntil(lambda: panel._errands.are_done)
    assert note.text() == "It could not be measured."  # what the disk says now is about nothing that is shown


def test_the_end_and_what_is_kept_are_said_as_everywhere_else(qtbot, look, tmp_path):
    window = QWidget()
    qtbot.addWidget(window)
    panel = EstimatePanel(look, tmp_path, window)
    before = QLocale()
    QLocale.setDefault(QLocale("en_US"))
    try:
        panel.show_estimate(Estimate(0.5, 1, "cpu", 11, 1, {}, 11), tiny_config(tmp_path, steps=10, task="colorize"))
    finally:
        QLocale.setDefault(before)
    assert panel.findChild(QLabel, "train_estimate_kept").text() == "the best by Colour error"
    assert re.search(r"about .*\d:\d\d.[AP]M, if", panel.findChild(QLabel, "train_estimate_when").text())
    qtbot.waitUntil(lambda: panel._errands.are_done)


def test_the_length_of_a_run_needs_no_new_measurement(qtbot, tmp_path):
    estimates = Estimates()
    config = tiny_config(tmp_path)
    found = Estimate(0.5, 1, "cpu", 10, 1, {}, 11)
    estimates._known[_key(config)] = found
    longer = dataclasses.replace(config, steps=100, name="other")
    assert estimates.known(longer) is found
    assert found.seconds(longer) == 50
    assert found.seconds(dataclasses.replace(config, epochs=2.0, batch_size=1)) == 10
    assert estimates.known(dataclasses.replace(config, batch_size=4)) is None
    assert found.disk_bytes(config) is None
