"""The step Check of the train wizard, on small pairs that the tests write.

The trainer's answers are its own; but for the tests that say so they are kept from one run of it, which takes seconds to start.
"""

import json
import shutil
import sys

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

from p2p_desktop.child import trainer_command
from p2p_desktop.runs.run_draft import RunDraft
from p2p_desktop.ui.check_step import CheckStep
from p2p_desktop.ui.compare_view import CompareView
from p2p_desktop.ui.group_list import GroupList
from p2p_desktop.ui.pair_cards import PairCards
from tests.deadlines import soon
from tests.training.runs import save, scene, two_folders, write_photos
from training.contract.config import TrainConfig, recommended
from training.contract.progress import Token
from training.contract.protocol import event_line
from training.pairs import PairsRequest, check_pairs
from training.reading import pairs_of_run

PATIENCE_MS = 60_000


class Hands:
    """The step, and a person's hands on it."""

    def __init__(self, step, qtbot, draft):
        self.step, self.qtbot, self.draft = step, qtbot, draft

    @property
    def cards(self):
        return self.step.findChild(PairCards)

    @property
    def groups(self):
        return self.step.findChild(GroupList)

    def counts(self):
        """Each group's title and number, from top to bottom."""
        texts = [self.groups.item(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(self.groups.count())]
        return [text for text in texts if text]

    def text(self, name):
        return self.step.findChild(QLabel, name).text()

    def button(self, name):
        return self.step.findChild(QAbstractButton, name)

    def wait_checked(self):
        self.qtbot.waitUntil(lambda: self.groups.count() > 0, timeout=PATIENCE_MS)

    def card(self, name):
        """The row of the card that begins with this name."""
        model = self.cards.model()
        (row,) = (row for row in range(model.rowCount()) if model.index(row, 0).data().startswith(name))
        return model.index(row, 0)

    def said(self, name):
        return self.card(name).data()

    def press(self, name, verb):
        """Press what a card offers, with the mouse."""
        index = self.card(name)
        self.cards.scrollTo(index)
        place = self.cards.verb_place(index, verb)
        assert not place.isEmpty(), f"{name} does not offer {verb}"
        QTest.mouseClick(self.cards.viewport(), Qt.MouseButton.LeftButton, pos=place.center())

    def leave(self):
        self.step.leave(self.draft)
        return {key: json.loads(self.draft.changes[key]) for key in ("leave_out", "line_up")}


def answers_to(config, path):
    """What the trainer says when it checks, one event a line."""
    lines = []
    check_pairs(PairsRequest(config), lambda event: lines.append(event_line(event, 0)), Token())
    path.write_text("".join(lines))
    return path


def saying(path):
    """A stand-in for the trainer, which says what lies in a file."""
    return lambda mode, request: [sys.executable, "-c", f"print(open({str(path)!r}).read())"]


@pytest.fixture
def make(qtbot, look, tmp_path):
    """A step that has been entered with a draft. `command` None: the real trainer."""
    steps = []

    def make(data, task="pairs", command=None, **changes):
        step = CheckStep(look, command=command)
        qtbot.addWidget(step)
        steps.append(step)
        step.resize(1124, 650)
        step.show()
        hands = Hands(step, qtbot, RunDraft(task=task, data=data, preset="quick", changes=changes))
        step.enter(hands.draft)
        return hands

    yield make
    for step in steps:
        step.close_down(soon())


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Twelve pairs of 128 x 96: one shifted, one mirrored, one a copy, one damaged; and one picture without a partner."""
    folder = two_folders(tmp_path_factory.mktemp("pairs"), 12)
    save(folder / "B" / "2.png", np.roll(255 - scene(2), (0, 9), (0, 1)))
    save(folder / "B" / "4.png", (255 - scene(4))[:, ::-1])
    for side in "AB":
        shutil.copy(folder / side / "5.png", folder / side / "6.png")
    data = (folder / "B" / "7.png").read_bytes()
    (folder / "B" / "7.png").write_bytes(data[: len(data) // 2])
    (folder / "B" / "8.png").unlink()
    return folder


@pytest.fixture(scope="module")
def answers(pairs, tmp_path_factory):
    return answers_to(recommended("pairs", pairs, "quick"), tmp_path_factory.mktemp("answers") / "pairs.jsonl")


@pytest.fixture
def checked(make, pairs, answers):
    hands = make(pairs, command=saying(answers))
    hands.wait_checked()
    return hands


def test_problems_are_groups_with_counts_and_what_is_doubtful_is_set_aside(checked):
    assert checked.text("train_found") == "11 pairs found"
    assert checked.text("train_found_in") == "in \u201cA\u201d and \u201cB\u201d"
    assert checked.counts() == [
        "As the network sees them",
        "Good, 7",
        "Likely misaligned, 2",
        "Duplicates, 1",
        "Cannot be read, 1",
        "No partner, 1",
    ]
    assert checked.groups.choice == "misaligned"  # where a decision is wanted first
    assert checked.text("train_group_title") == "Likely misaligned: 2 pairs"
    assert checked.said("2.png") == "2.png, 9 px right"
    assert checked.said("4.png") == "4.png, mirrored"
    assert checked.step.words() == (
        "7 pairs will be used",
        "6 to learn from, 1 kept back to measure progress. 3 are set aside until you decide.",
    )
    assert checked.step.why_not() == ""


def test_what_is_decided_changes_the_sum_at_once_and_is_what_the_trainer_does(make, pairs, qtbot):
    """The real trainer, and what it makes of the decisions."""
    checked = make(pairs)
    checked.wait_checked()
    with qtbot.waitSignal(checked.step.changed):
        checked.press("2.png", "put_right")
    assert checked.said("2.png") == "2.png, Lined up"
    checked.press("4.png", "put_right")
    assert checked.said("4.png") == "4.png, Mirrored back"
    checked.groups.choose("duplicate")
    assert checked.said("6.png") == "6.png, as 5"
    checked.press("6.png", "use")
    checked.groups.choose("good")
    checked.press("0.png", "leave_out")
    headline, detail = checked.step.words()
    assert headline == "9 pairs will be used"
    assert "set aside" not in detail
    settled = checked.leave()
    assert settled["leave_out"] == ["A/0.png", "A/7.png"]
    assert [(item["pair"], item["mirrored"]) for item in settled["line_up"]] == [("A/2.png", False), ("A/4.png", True)]
    assert settled["line_up"][0]["right"] * 128 == pytest.approx(9)
    found = pairs_of_run(checked.draft.config(), None)
    assert detail == f"{len(found.train)} to learn from, {len(found.held_out)} kept back to measure progress."
    assert len(found.train) + len(found.held_out) == 9
    corrected = {pair.key for pair in (*found.train, *found.held_out) if pair.correction}
    assert corrected == {"A/2.png", "A/4.png"}


def test_all_of_a_group_are_decided_and_undone_with_one_button(checked):
    checked.button("train_all_put_right").click()
    assert [checked.said(name) for name in ("2.png", "4.png")] == ["2.png, Lined up", "4.png, Mirrored back"]
    assert not checked.button("train_all_put_right").isVisible()
    checked.button("train_all_undo").click()
    checked.button("train_all_leave_out").click()
    assert checked.said("4.png") == "4.png, mirrored, Left out"
    assert checked.step.words()[1].endswith("1 is set aside until you decide.")
    checked.press("4.png", "undo")
    assert checked.said("4.png") == "4.png, mirrored"


def test_the_keyboard_alone_decides_and_compares(checked, qtbot):
    cards = checked.cards
    cards.setFocus()
    cards.setCurrentIndex(checked.card("2.png"))
    QTest.keyClick(cards, Qt.Key.Key_L)
    QTest.keyClick(cards, Qt.Key.Key_Right)
    QTest.keyClick(cards, Qt.Key.Key_U)
    assert (checked.said("2.png"), checked.said("4.png")) == ("2.png, Lined up", "4.png, mirrored, Used anyway")
    QTest.keyClick(cards, Qt.Key.Key_Backspace)
    QTest.keyClick(cards, Qt.Key.Key_Delete)
    assert checked.said("4.png") == "4.png, mirrored, Left out"
    QTest.keyClick(cards, Qt.Key.Key_Backspace)
    QTest.keyClick(cards, Qt.Key.Key_Return)
    dialog = checked.step.findChild(QWidget, "train_pair_dialog")
    view = dialog.findChild(CompareView)
    qtbot.waitUntil(lambda: view.has_result, timeout=PATIENCE_MS)
    checked.button("train_pair_put_right").click()
    assert checked.text("train_pair_state") == "Mirrored back"
    checked.button("train_pair_after").click()
    assert checked.text("train_pair_state") == "Lined up"
    dialog.close()
    assert checked.leave()["leave_out"] == ["A/6.png", "A/7.png"]


def test_a_click_on_the_pictures_compares_them(checked, qtbot):
    place = checked.cards.visualRect(checked.card("2.png")).topLeft() + QPoint(60, 60)
    QTest.mouseClick(checked.cards.viewport(), Qt.MouseButton.LeftButton, pos=place)
    dialog = checked.step.findChild(QWidget, "train_pair_dialog")
    assert dialog.isVisible()
    assert "2: B seems to lie off" in dialog.findChild(QLabel, "train_pair_message").text()
    qtbot.waitUntil(lambda: dialog.findChild(CompareView).has_result, timeout=PATIENCE_MS)
    dialog.close()


def test_coming_back_finds_everything_decided_and_other_pictures_are_checked_anew(checked, make, pairs, answers, tmp_path):
    checked.press("2.png", "put_right")
    checked.leave()
    checked.step.enter(checked.draft)
    assert checked.said("2.png") == "2.png, Lined up"  # at once: nothing is read again
    again = make(pairs, command=saying(answers), **checked.draft.changes)  # another window, the same draft
    again.wait_checked()
    again.groups.choose("misaligned")
    assert again.said("2.png") == "2.png, Lined up"
    assert again.step.words() == checked.step.words()
    kept = answers.read_text()
    checked.draft.data = write_photos(tmp_path / "photos", 3)
    checked.draft.task = "deblur"
    answers_to(checked.draft.config(dict.fromkeys(("leave_out", "line_up"), "[]")), answers)
    checked.step.enter(checked.draft)
    assert checked.step.why_not() == "The pictures are still being checked."
    checked.wait_checked()
    answers.write_text(kept)
    assert checked.text("train_found") == "3 pictures found"
    assert checked.leave() == {"leave_out": [], "line_up": []}


def test_what_the_network_sees_is_drawn_of_what_is_used(make, pairs, answers, tmp_path, qtbot):
    """The real trainer draws; the second time, something fails."""
    failing = tmp_path / "failing"
    failing.write_text(json.dumps({"type": "failed", "step": 0, "message": "The disk is full.", "model": None}))
    seeds = []

    def command(mode, path):
        if mode == "check-pairs":
            return saying(answers)(mode, path)
        seeds.append(json.loads(path.read_text())["config"]["seed"])
        return trainer_command(mode, path) if len(seeds) == 1 else saying(failing)(mode, path)

    hands = make(pairs, command=command)
    hands.wait_checked()
    hands.groups.choose("seen")
    assert hands.text("train_drawing") == "Getting ready"
    qtbot.waitUntil(lambda: hands.cards.model().rowCount() > 0, timeout=PATIENCE_MS)
    assert len(hands.cards.shown) == 6  # those to learn from
    assert {one.pair.name for one in hands.cards.shown} <= {"0", "1", "3", "5", "9", "10", "11"}
    assert all(one.pair.paths[0].is_file() for one in hands.cards.shown)
    hands.button("train_draw_again").click()
    qtbot.waitUntil(lambda: hands.text("train_drawing") == "The disk is full.", timeout=PATIENCE_MS)
    assert seeds == [0, 1]  # other parts of the pictures each time


def test_too_few_that_are_left_hold_the_step_back(make, tmp_path):
    photos = write_photos(tmp_path / "photos", 2)
    hands = make(photos, "deblur", saying(answers_to(recommended("deblur", photos, "quick"), tmp_path / "answers")))
    hands.wait_checked()
    assert hands.step.words() == ("2 pictures will be used", "1 to learn from, 1 kept back to measure progress.")
    hands.press("photo-0.png", "leave_out")
    assert hands.step.why_not().startswith("Too few pictures are used")
    hands.press("photo-0.png", "undo")
    assert hands.step.why_not() == ""


def test_a_check_that_failed_says_why_and_is_tried_again(make, pairs, answers, tmp_path):
    said = tmp_path / "said"
    said.write_text(json.dumps({"type": "failed", "step": 0, "message": "There are no pictures in /data.", "model": None}))
    hands = make(pairs, command=saying(said))
    hands.qtbot.waitUntil(lambda: hands.button("train_check_again").isVisible(), timeout=PATIENCE_MS)
    assert hands.step.why_not() == "There are no pictures in /data."
    shutil.copy(answers, said)
    hands.button("train_check_again").click()
    assert hands.step.words() == ("Checking the pictures", "Getting ready")
    hands.wait_checked()
    assert hands.step.words()[0] == "7 pairs will be used"


def test_settings_that_cannot_be_are_told_like_a_check_that_failed(make, pairs):
    hands = make(pairs, batch_size="0")
    assert "batch_size must be 1 to 1024" in hands.step.why_not()
    assert hands.button("train_check_again").isVisible()


def test_leaving_ends_the_check_and_entering_begins_it_anew(make, pairs):
    progress = json.dumps({"type": "progress", "done": 3, "total": 9, "what": "checking"})
    slow = f"import time\nprint({progress!r}, flush=True)\ntime.sleep(600)"
    hands = make(pairs, command=lambda mode, path: [sys.executable, "-c", slow])
    hands.qtbot.waitUntil(lambda: hands.step.words()[1] == "3 of 9", timeout=PATIENCE_MS)
    hands.step.leave(hands.draft)
    assert "leave_out" not in hands.draft.changes
    hands.step.enter(hands.draft)  # before the first has ended
    hands.qtbot.waitUntil(lambda: hands.step.words()[1] == "Getting ready", timeout=PATIENCE_MS)
    hands.qtbot.waitUntil(lambda: hands.step.words()[1] == "3 of 9", timeout=PATIENCE_MS)


def test_another_folder_is_checked_without_waiting_for_the_first(make, pairs, answers, tmp_path):
    progress = json.dumps({"type": "progress", "done": 3, "total": 9, "what": "checking"})
    slow = f"import time\nprint({progress!r}, flush=True)\ntime.sleep(600)"
    big = write_photos(tmp_path / "big", 3)

    def command(mode, path):
        is_big = json.loads(path.read_text())["config"]["data"] == str(big)
        return [sys.executable, "-c", slow] if is_big else saying(answers)(mode, path)

    hands = make(big, command=command)
    hands.qtbot.waitUntil(lambda: hands.step.words()[1] == "3 of 9", timeout=PATIENCE_MS)
    hands.step.enter(hands.draft)  # on the way back and forth, with the same folder: it goes on
    assert hands.step.words()[1] == "3 of 9"
    hands.draft.data = pairs
    hands.step.enter(hands.draft)  # which nobody left: it could not be left forwards
    assert hands.step.words() == ("Checking the pictures", "Getting ready")
    assert hands.text("train_check_line") == "Getting ready"
    hands.wait_checked()
    assert hands.text("train_found") == "11 pairs found"


def test_settings_that_cannot_be_end_the_check_of_those_that_could(make, pairs):
    slow = "import time; time.sleep(600)"
    hands = make(pairs, command=lambda mode, path: [sys.executable, "-c", slow])
    hands.draft.changes["batch_size"] = "0"
    hands.step.enter(hands.draft)
    hands.qtbot.waitUntil(lambda: not hands.step._check.is_running, timeout=PATIENCE_MS)
    assert "batch_size must be 1 to 1024" in hands.step.why_not()
    assert hands.button("train_check_again").isVisible()


def test_the_settings_that_come_of_it_are_those_of_a_config(checked):
    checked.press("2.png", "put_right")
    checked.leave()
    config = checked.draft.config()
    assert TrainConfig.from_json(config.to_json()) == config
