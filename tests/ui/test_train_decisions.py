"""What was decided of single pairs in the train wizard, and what becomes of it when there are other pictures."""

import json

import numpy as np
import pytest

from p2p_desktop.runs.run_draft import RunDraft
from p2p_desktop.ui.check_step import CheckStep
from tests.training.runs import save, scene, two_folders
from tests.ui.test_check_step import Hands as CheckHands
from tests.ui.test_check_step import answers_to, saying
from tests.ui.wizard_hands import Hands
from training.contract.config import TrainConfig


@pytest.fixture
def walk(qtbot, look, tmp_path):
    """The wizard with its own step Check, whose answers the trainer's code gives in this program."""
    opened = []

    def command(mode, request):
        config = TrainConfig.from_json(json.dumps(json.loads(request.read_text())["config"]))
        return saying(answers_to(config, tmp_path / "answers.jsonl"))(mode, request)

    def open_wizard(draft=None):
        hands = Hands(qtbot, look, tmp_path, draft, check=lambda parent: CheckStep(look, parent, command=command))
        opened.append(hands)
        return hands

    yield open_wizard
    for hands in opened:
        hands.close()


@pytest.fixture
def doubtful(tmp_path):
    """Two folders of eight pairs of the same names, one pair of each of which is shifted, not the same one."""
    for name, shifted in (("first", 2), ("other", 4)):
        folder = two_folders(tmp_path / name, 8)
        save(folder / "B" / f"{shifted}.png", np.roll(255 - scene(shifted), (0, 9), (0, 1)))
    return tmp_path / "first", tmp_path / "other"


def check(hands, group):
    """Go on from Pictures to Check, and open a group there."""
    hands.wait(lambda: hands.can_go_on)
    hands.click("train_next")
    found = CheckHands(hands.wizard.step, hands.qtbot, hands.wizard.draft)
    found.wait_checked()
    found.groups.choose(group)
    return found


def settled(hands):
    changes = hands.wizard.draft.changes
    return {key: json.loads(changes[key]) for key in ("leave_out", "line_up") if key in changes}


def decide_of(hands, folder):
    """Leave one good pair of a folder out, line another up, and go on to Settings."""
    hands.go_to_pictures()
    hands.wizard.take_drop([folder])
    found = check(hands, "good")
    found.press("1.png", "leave_out")
    found.groups.choose("misaligned")
    found.press("2.png", "put_right")
    hands.click("train_next")
    assert settled(hands)["leave_out"] == ["A/1.png"]
    assert [item["pair"] for item in settled(hands)["line_up"]] == ["A/2.png"]


def test_what_was_decided_of_one_folder_is_not_done_to_another(walk, doubtful):
    first, other = doubtful
    hands = walk()
    decide_of(hands, first)
    hands.click("train_step_pictures")
    hands.wizard.take_drop([other])
    found = check(hands, "misaligned")
    assert found.said("4.png") == "4.png, 9 px right"  # set aside until it is decided, and not "Used anyway"
    found.groups.choose("good")
    assert found.said("1.png") == "1.png"
    hands.click("train_next")
    assert settled(hands) == {"leave_out": ["A/4.png"], "line_up": []}


def test_what_was_decided_for_one_task_is_not_decided_for_another(walk, doubtful):
    hands = walk()
    decide_of(hands, doubtful[0])
    hands.click("train_step_task")
    hands.go_to_pictures("maps")
    assert settled(hands) == {}
    assert check(hands, "misaligned").said("2.png") == "2.png, 9 px right"


def test_an_old_runs_decisions_are_kept_for_its_own_pictures_only(walk, doubtful):
    first, other = doubtful
    changes = {"leave_out": '["A/1.png"]', "line_up": "[]"}
    hands = walk(RunDraft("pairs", first, changes=dict(changes)))
    hands.click("train_next")
    hands.wait(lambda: hands.can_go_on)
    hands.click("train_next")
    assert hands.wizard.draft.changes == changes
    hands.click("train_back")
    hands.wizard.take_drop([other])
    hands.wait(lambda: hands.can_go_on)
    hands.click("train_next")
    assert settled(hands) == {}
