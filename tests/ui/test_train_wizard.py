"""The train wizard, through its real widgets: from the first click to a run's folder, wrong turns and the way back included."""

import dataclasses
import re
from pathlib import Path

import pytest
from PySide6.QtCore import QDeadlineTimer, Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollBar,
    QVBoxLayout,
    QWidget,
)

from p2p_desktop.paths import resources
from p2p_desktop.runs.repeat_run import draft_of
from p2p_desktop.runs.run_draft import RunDraft
from p2p_desktop.ui.estimate_panel import EstimatePanel
from p2p_desktop.ui.focus_ring import FocusRing
from p2p_desktop.ui.knobs import SET_ELSEWHERE, knobs_of
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.notes import Note
from p2p_desktop.ui.settings_step import SettingsStep
from p2p_desktop.ui.train_wizard import StepPlan, TrainWizard
from p2p_desktop.ui.wizard_step import WizardStep
from p2p_desktop.ui.wizard_steps import wizard_steps
from p2p_desktop.workers.estimates import Estimate, Estimates, _key
from tests.models_for_tests import small_card, write_small_model
from tests.training.runs import tiny_config, write_photos
from tests.ui.test_accessible import CONTROLS, DOCUMENTED, is_part_of_another
from training.contract.config import TrainConfig
from training.contract.knobs import choice, knob
from training.contract.protocol import CONFIG

NUM_PAIRS = 12
PATIENCE_MS = 60_000


class CountingStep(WizardStep):
    """A small step of the test's own: wants its button pressed, and counts how often it is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entered: list[tuple[str, Path | None]] = []
        self.button = QPushButton("Looks good", self)
        self.button.setObjectName("looks_good")
        self.button.setCheckable(True)
        self.button.toggled.connect(self.changed)
        QVBoxLayout(self).addWidget(self.button)

    def enter(self, draft: RunDraft) -> None:
        self.entered.append((draft.task, draft.data))

    def leave(self, draft: RunDraft) -> None:
        draft.changes["seed"] = "7"

    def why_not(self) -> str:
        return "" if self.button.isChecked() else "Look at the pairs."

    def words(self) -> tuple[str, str]:
        return "Checking", "All pairs will be used."


class Hands:
    """The wizard, and the hands on it."""

    def __init__(self, qtbot, look, tmp_path: Path, draft: RunDraft | None = None) -> None:
        self.qtbot, self.runs = qtbot, tmp_path / "runs"
        self.shelf = ModelShelf(resources() / "models", tmp_path / "models", tmp_path / "removed")
        plans = wizard_steps(look, self.shelf, resources(), self.runs)
        plans = [plan for plan in plans if plan.key != "check"]
        plans.insert(2, StepPlan("check", "Check", CountingStep))
        self.wizard = TrainWizard(look, plans, self.runs, draft=draft)
        self.ring = FocusRing(look, self.wizard)
        self.made: list[Path] = []
        self.cancelled: list[bool] = []
        self.wizard.run_made.connect(self.made.append)
        self.wizard.cancelled.connect(self._on_cancelled)
        self.wizard.resize(1124, 740)
        self.wizard.show()

    def _on_cancelled(self) -> None:
        self.cancelled.append(True)

    def find(self, name: str, kind: type = QWidget):
        found = self.wizard.findChild(kind, name)
        assert found is not None, f"there is no {name}"
        return found

    def click(self, name: str) -> None:
        button = self.find(name, QAbstractButton)
        assert button.isVisible(), f"{name} is not to be seen"
        assert button.isEnabled(), f"{name} cannot be pressed"
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def type(self, name: str, text: str) -> None:
        field = self.find(name, QLineEdit)
        field.setFocus()
        field.selectAll()
        QTest.keyClick(field, Qt.Key.Key_Delete)
        QTest.keyClicks(field, text)

    def text(self, name: str) -> str:
        return self.find(name, QLabel).text()

    def wait(self, condition) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)

    @property
    def can_go_on(self) -> bool:
        return self.find("train_next", QPushButton).isEnabled()

    @property
    def current(self) -> str:
        index = self.wizard._index
        return self.wizard._plans[index].key

    def go_to_pictures(self, task: str = "pairs") -> None:
        self.click(f"train_task_{task}")
        self.click("train_next")

    def go_to_settings(self, data: Path, task: str = "pairs") -> None:
        self.go_to_pictures(task)
        self.wizard.take_drop([data])
        self.wait(lambda: self.can_go_on)
        self.click("train_next")
        self.click("looks_good")
        self.click("train_next")
        assert self.current == "settings"

    def close(self) -> None:
        until = QDeadlineTimer(PATIENCE_MS)
        self.wizard.close_down(until)
        self.shelf.close(until)
        self.wizard.close()
        self.wizard.deleteLater()
        QApplication.processEvents()


@pytest.fixture
def hands(qtbot, look, tmp_path):
    hands = Hands(qtbot, look, tmp_path)
    yield hands
    hands.close()


@pytest.fixture
def pairs(tmp_path):
    """Two folders, matched by name, of tiny pictures; one of them has no partner."""
    root = tmp_path / "pairs"
    write_photos(root / "drawings", NUM_PAIRS, 64, 72)
    write_photos(root / "photos", NUM_PAIRS + 1, 64, 72, seed=1)
    return root


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
    assert hands.text("train_more_count") == "50 settings, 6 changed"
    hands.click("train_next")
    hands.wait(lambda: hands.made)
    (run,) = hands.made
    assert run == hands.runs / "Drawing to photo"
    config = TrainConfig.from_json((run / CONFIG).read_text(encoding="utf-8"))
    assert (config.task, config.preset, config.data, config.direction) == ("pairs", "quick", str(pairs), "BtoA")
    assert (config.steps, config.crop_size, config.ndf, config.generator.encoder[0]) == (1200, 64, 4, 4)
    assert (config.name, config.licence, config.seed) == ("Drawing to photo", "CC0-1.0", 7)
    assert config.lambda_l1 == 100


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: folder / "nowhere", "is not there"),
        (lambda folder: folder, "There are no pictures in"),
        (lambda folder: write_photos(folder / "one", 1), "There is only one pair in"),
        (lambda folder: write_photos(folder, 2) / "photo-0.png", "is a file"),
        (lambda folder: write_photos(folder / "trainA", 3).parent, "two folders belong to train"),
    ],
    ids=["nowhere", "empty", "one", "file", "half"],
)
def test_a_folder_that_teaches_nothing_keeps_its_page_and_says_why(hands, tmp_path, make, sentence):
    folder = tmp_path / "bad"
    folder.mkdir()
    folder = make(folder)
    hands.go_to_pictures()
    hands.wizard.take_drop([folder])
    hands.wait(lambda: hands.text("train_data_problem"))
    assert sentence in hands.text("train_data_problem")
    assert hands.text("action_detail") == hands.text("train_data_problem")
    assert not hands.can_go_on
    assert hands.find("train_data", QLineEdit).text() == str(folder)
    assert hands.find("train_data").property("invalid") is True
    QTest.keyClick(hands.wizard, Qt.Key.Key_Return)
    assert hands.current == "pictures"


def test_a_part_of_a_path_is_no_folder(hands):
    hands.go_to_pictures()
    hands.type("train_data", "pictures")
    QTest.keyClick(hands.find("train_data"), Qt.Key.Key_Tab)
    assert "part of a path" in hands.text("train_data_problem")
    assert not hands.can_go_on
    hands.type("train_data", "")
    assert hands.text("action_detail") == "Choose the folder that holds the pictures."


def test_a_second_folder_that_is_not_there_is_complained_of_where_it_stands(hands, pairs):
    hands.go_to_pictures()
    hands.wizard.take_drop([pairs / "drawings"])
    hands.click("train_data_b_open")
    hands.type("train_data_b", str(pairs / "nowhere"))
    hands.wait(lambda: hands.text("train_data_b_problem"))
    assert hands.text("train_data_problem") == ""
    hands.type("train_data_b", str(pairs / "photos"))
    hands.wait(lambda: hands.can_go_on)
    assert hands.text("train_pictures_found") == "12 pairs"
    hands.click("train_next")
    assert hands.wizard.draft.data_b == pairs / "photos"


def test_two_folders_can_be_dropped_at_once(hands, pairs):
    hands.go_to_pictures()
    hands.wizard.take_drop([pairs / "photos", pairs / "drawings"])
    hands.wait(lambda: hands.can_go_on)
    assert hands.text("train_pictures_way") == "\u201cphotos\u201d goes in, \u201cdrawings\u201d should come out."


def test_winter_and_summer_are_no_pairs(hands, tmp_path):
    hands.go_to_pictures("winter_to_summer")
    warning = hands.find("train_pictures_warning")
    assert "not pairs" in warning.text()
    hands.click("train_back")
    hands.go_to_pictures()
    assert warning.text() == ""
    root = tmp_path / "seasons"
    write_photos(root / "summer_photos", 3)
    write_photos(root / "winter_photos", 3, seed=1)
    hands.wizard.take_drop([root])
    hands.wait(lambda: hands.can_go_on)
    assert "not pairs" in warning.text()


def test_a_picture_strip_is_parted_and_the_held_out_folder_counts(hands, tmp_path):
    write_photos(tmp_path / "strips" / "train", 3, 32, 64)
    write_photos(tmp_path / "strips" / "val", 2, 32, 64, seed=1)
    hands.go_to_pictures()
    hands.wizard.take_drop([tmp_path / "strips"])
    hands.wait(lambda: hands.can_go_on)
    assert hands.text("train_pictures_layout").startswith("Pictures A|B")
    assert hands.text("train_pictures_split").startswith("2 of them, in the folder val")
    first, second = hands.wizard.step._found.shown[0]
    assert (first.width(), second.width()) == (32, 32)
    whole = QImage(str(tmp_path / "strips" / "train" / "photo-0.png"))
    assert second.pixelColor(3, 3) == whole.pixelColor(35, 3)


def test_photographs_alone_are_enough_for_a_task_that_makes_its_pairs(hands, tmp_path):
    hands.go_to_pictures("edges")
    assert not hands.find("train_data_b").isVisible()
    hands.wizard.take_drop([write_photos(tmp_path / "photos", 3)])
    hands.wait(lambda: hands.can_go_on)
    assert hands.text("train_pictures_found") == "3 photographs"
    assert not hands.find("train_swap").isVisible()


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


def test_another_task_has_its_own_side_that_goes_in(hands, pairs):
    hands.go_to_pictures()
    hands.wizard.take_drop([pairs])
    hands.wait(lambda: hands.can_go_on)
    hands.click("train_swap")
    hands.click("train_next")
    assert hands.wizard.draft.changes["direction"] == "BtoA"
    hands.click("train_step_task")
    hands.go_to_pictures("maps")
    hands.wait(lambda: hands.can_go_on)
    assert hands.text("train_pictures_way").startswith("\u201cdrawings\u201d goes in")
    hands.click("train_next")
    assert "direction" not in hands.wizard.draft.changes


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
    hands = Hands(qtbot, look, tmp_path, draft_of(config))
    hands.click("train_next")
    hands.wait(lambda: hands.can_go_on)
    hands.click("train_next")
    hands.click("looks_good")
    hands.click("train_next")
    assert hands.find("train_steps", QLineEdit).text() == "6"
    assert hands.find("train_gan_mode", QComboBox).currentData() == "lsgan"
    assert hands.find("train_ngf", QLineEdit).text() == "4"
    assert (hands.find("train_name", QLineEdit).text(), hands.find("train_licence", QLineEdit).text()) == ("Again", "CC0-1.0")
    hands.click("train_next")
    hands.wait(lambda: hands.made)
    repeated = TrainConfig.from_json((hands.made[0] / CONFIG).read_text(encoding="utf-8"))
    assert config.differences(repeated) == ["seed"]  # which the step of this test sets
    hands.close()


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
