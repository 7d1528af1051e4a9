"""Models of a run: used, saved, offered."""

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu

from p2p_desktop.runs.run_state import RunState
from p2p_desktop.ui.run_menus import models_of
from tests.ui.run_stand_ins import recorded_run


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
