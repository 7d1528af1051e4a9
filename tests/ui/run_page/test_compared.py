"""Two models of a run, compared."""

import threading
from dataclasses import replace

from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QWidget

from p2p_desktop.inference.translator import Translator
from p2p_desktop.runs.run_state import RunState
from p2p_desktop.ui import compare_checkpoints
from p2p_desktop.ui.compare_checkpoints import CompareCheckpoints
from p2p_desktop.ui.run_menus import models_of
from p2p_desktop.workers.errands import Errands
from tests.models_for_tests import write_small_model
from tests.ui.run_page.hands import PATIENCE_MS
from tests.ui.run_stand_ins import draw_strip, recorded_run
from training.contract.protocol import Answered, Checkpointed, Finished, Started


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
