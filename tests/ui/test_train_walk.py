"""A person's whole way, really trained: from the first click to a converted folder."""

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from tests.training.runs import environment
from tests.ui.keyboard import Keyboard
from training.contract.protocol import CHECKPOINTS

QUICKLY = {
    "steps": "120",
    "crop_size": "64",
    "load_size": "72",
    "ngf": "8",
    "ndf": "8",
    "validate_every": "20",
    "sample_every": "20",
}


@pytest.fixture
def pairs(tmp_path):
    """Twenty plain pictures, and warm ones of the same names."""
    folder = tmp_path / "Holiday"
    for side in ("before", "after"):
        (folder / side).mkdir(parents=True)
    for number in range(20):
        rng = np.random.default_rng(number)
        plain = cv2.resize(rng.integers(0, 256, (6, 8, 3), np.uint8), (96, 80), interpolation=cv2.INTER_CUBIC)
        warm = np.clip(plain * np.array([0.6, 0.85, 1.15]), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / "before" / f"{number:02}.png"), plain)
        cv2.imwrite(str(folder / "after" / f"{number:02}.png"), warm)
    return folder


@pytest.mark.slow
def test_twenty_pairs_become_a_model_that_converts_a_folder(driver, pairs, tmp_path, monkeypatch):
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    driver.click("rail_train")
    driver.wait(lambda: driver.window._training.runs.is_read)
    driver.click("train_begin")
    driver.click("train_task_pairs")
    driver.click("train_next")
    driver.drop([pairs])
    next_button = driver.find("train_next")
    driver.wait(next_button.isEnabled)
    driver.click("train_next")
    driver.wait(next_button.isEnabled)
    assert driver.text("train_found") == "20 pairs found"
    driver.click("train_next")
    driver.click("train_more")
    for key, value in (QUICKLY | {"name": "Warm evenings"}).items():
        field = driver.find(f"train_{key}", QLineEdit)
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, value)
        QTest.keyClick(field, Qt.Key.Key_Tab)
    driver.wait(next_button.isEnabled)
    driver.click("train_next")

    page = driver.window._made["train"]
    follower = page._follower
    driver.wait(lambda: follower.state.step >= 30)
    driver.click("train_stop")
    driver.wait(lambda: driver.text("train_standing") == "Stopped")
    stopped_at = follower.state.step
    assert any((follower.run / CHECKPOINTS).iterdir())
    driver.click("train_go_on")
    driver.wait(lambda: follower.standing == "training" and follower.state.step > stopped_at)
    assert list(follower.state.losses.steps) == list(range(1, follower.state.step + 1))  # nothing twice, nothing lost

    driver.click("train_use")
    driver.wait(lambda: driver.window._pages.currentWidget() is driver.window.convert)
    assert driver.window._session.wishes.model == "Warm evenings"
    driver.drop([pairs / "before"])
    driver.wait_listed(20)
    driver.convert()
    assert driver.counts["done"] == 20

    driver.click("rail_train")
    driver.wait(lambda: follower.standing == "finished", 300_000)
    driver.wait(lambda: any(model.name.startswith("Warm evenings-") for model in driver.window._shelf.models))


@pytest.mark.slow
def test_the_whole_way_goes_without_a_mouse_in_the_smallest_window(driver, pairs, monkeypatch):
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    driver.window.resize(900, 600)
    keyboard = Keyboard(driver)
    keyboard.press(Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    driver.wait(lambda: driver.window._training.runs.is_read)
    keyboard.push("train_begin")

    while not keyboard.place.startswith("train_task_"):
        keyboard.press(Qt.Key.Key_Tab)
    for _ in range(12):
        if keyboard.place != "train_task_pairs":
            keyboard.press(Qt.Key.Key_Down)
    assert keyboard.place == "train_task_pairs"
    keyboard.press(Qt.Key.Key_Space)
    keyboard.push("train_next")

    keyboard.write("train_data", str(pairs))
    keyboard.press(Qt.Key.Key_Tab)
    keyboard.push("train_next")
    keyboard.push("train_next")  # of the check, once it is done

    keyboard.push("train_more")
    for key, value in QUICKLY.items():
        keyboard.write(f"train_{key}", value)
    keyboard.write("train_name", "Warm evenings")
    keyboard.push("train_next")

    page = driver.window._made["train"]
    driver.wait(lambda: page._follower.state.step >= 25)
    keyboard.push("train_stop")
    driver.wait(lambda: driver.text("train_standing") == "Stopped")
    keyboard.push("train_go_on")
    driver.wait(lambda: driver.text("train_standing") == "Finished", 300_000)
    keyboard.push("train_use")
    driver.wait(lambda: driver.window._session.wishes.model == "Warm evenings")

    answering = QTimer(driver.window)
    answering.timeout.connect(lambda: keyboard.answer_file_dialog(str(pairs / "before")))
    answering.start(100)
    keyboard.press(Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    answering.stop()
    keyboard = Keyboard(driver)  # no window manager is there to give the keyboard back
    driver.wait_listed(20)
    keyboard.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    driver.wait(lambda: driver.phase == "done")
    assert driver.counts["done"] == 20
