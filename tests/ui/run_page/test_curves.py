"""Curves and what is read off them."""

import time
from array import array

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from p2p_desktop.runs.run_state import LOSS_NAMES, Losses, RunState
from p2p_desktop.ui.widgets import SegmentedControl
from training.contract.protocol import Started, Step, Validation


def test_the_read_out_is_the_run_s_own_numbers(opened):
    hands = opened()
    losses = hands.view.losses
    losses._smooth.setValue(0)  # as they came
    hands.view.go_to(20)
    values = {name: hands.follower.state.losses.values[name][19] for name in LOSS_NAMES}
    said = losses.plot.accessibleDescription()
    for title, name in zip(("G L1", "G GAN", "D real", "D fake"), LOSS_NAMES, strict=True):
        assert f"{title} {values[name]:.2f}" in said
    assert said.index("G L1") < said.index("G GAN") < said.index("D real") < said.index("D fake")


def test_a_run_without_a_discriminator_has_one_curve(opened):
    hands = opened(RunState(), "training")
    hands.follower.take(Started("deblur", "cpu", 100, 0, {"train": 3, "val": 1}, {"g": 1, "d": 0}))
    for step in range(1, 40):
        hands.follower.take(Step(step, 0, {"g_gan": 0.0, "g_l1": 5.0, "d_real": 0.0, "d_fake": 0.0}, 1e-3, 0.1))
    hands.wait(hands.drawn)
    assert set(hands.view.losses.plot.lines) == {"g_l1", "g_l1 raw"}


def test_a_metric_is_chosen_and_the_best_step_is_starred(opened):
    hands = opened()
    plot = hands.view.held_out
    assert plot.shown_metric == "psnr"
    choice = hands.find("train_metric", SegmentedControl)
    QTest.mouseClick(choice.segment("ssim"), Qt.MouseButton.LeftButton)
    assert plot.shown_metric == "ssim"
    best = hands.follower.state.best
    assert plot.plot._star.step == best.step
    assert plot.plot._star.value == best.metrics["ssim"]
    assert plot.plot._level.value == best.identity["ssim"]


def test_depth_and_colour_show_their_own_numbers(opened):
    hands = opened(RunState(), "training")
    hands.follower.take(Started("fill-depth", "cuda:0", 100, 0, {"train": 3, "val": 1}, {"g": 1, "d": 0}))
    metrics, nothing = {"rmse": 0.2, "rel": 0.03, "delta1": 0.99}, {"rmse": 0.4, "rel": 0.05, "delta1": 0.9}
    hands.follower.take(Validation(10, "running", metrics, nothing, True))
    hands.refresh()
    assert hands.view.held_out.shown_metric == "rmse"
    said = hands.find("train_figures").accessibleName()
    assert "RMSE 0.200 m" in said
    assert "50 % closer than doing nothing" in said
    assert "graphics card" in hands.find("train_facts").accessibleName()


def test_a_run_that_begins_anew_voids_its_curves(opened):
    hands = opened()
    state = hands.follower.state
    state.forget()
    hands.follower.begun_anew.emit()
    for step in range(1, 6):
        hands.follower.take(Step(step, 0, dict.fromkeys(LOSS_NAMES, 9.0), 1e-3, 0.1))
    hands.wait(lambda: hands.view.losses.num_read == 5)


def test_a_page_that_is_not_to_be_seen_does_nothing(opened):
    hands = opened()
    before = hands.view.losses.num_read
    hands.page.hide()
    hands.follower.take(Step(61, 0, dict.fromkeys(LOSS_NAMES, 9.0), 1e-3, 0.1))
    hands.qtbot.wait(300)
    assert hands.view.losses.num_read == before
    hands.page.show()
    hands.wait(hands.drawn)


def _long_state(num: int) -> RunState:
    state, rng = RunState(), np.random.default_rng(5)
    state.take(Started("deblur", "cpu", num, 0, {"train": 3, "val": 1}, {"g": 1, "d": 1}), 0.0)
    values = {name: array("f", (rng.lognormal(0, 0.3, num)).astype("f").tobytes()) for name in LOSS_NAMES}
    state.losses = Losses(array("q", np.arange(1, num + 1).tobytes()), values)
    state.step = num
    return state


def test_a_hundred_thousand_steps_are_few_points_and_soon_drawn(opened):
    hands = opened(_long_state(100_000), "training", size=(1200, 800))
    plot = hands.view.losses.plot
    assert all(0 < len(x) <= 4000 for x, _ in plot.lines.values())
    spent = []
    for step in range(100_001, 100_006):
        hands.follower.state.take(Step(step, 0, dict.fromkeys(LOSS_NAMES, 1.0), 1e-3, 0.1), step)
        for work in (hands.view.losses._redraw, plot.repaint):
            begun = time.thread_time()
            work()
            spent.append(time.thread_time() - begun)
    assert sorted(spent)[len(spent) // 2] < 0.05  # seconds of the processor for this thread; a tenth where nothing else runs
