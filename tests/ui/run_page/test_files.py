"""Files that the page writes."""

import csv
import threading

import pytest
from PySide6.QtGui import QImage

from p2p_desktop.ui import plot_card
from tests.ui.run_page.hands import PATIENCE_MS


def test_the_table_of_losses_holds_every_step(opened, tmp_path):
    hands = opened()
    with hands.qtbot.waitSignal(hands.view.losses.saved, timeout=PATIENCE_MS):
        hands.view.losses.save_table("losses", tmp_path / "losses.csv")
    rows = list(csv.DictReader((tmp_path / "losses.csv").read_text().splitlines()))
    losses = hands.follower.state.losses
    assert [int(row["step"]) for row in rows] == list(losses.steps)
    assert [float(row["g_gan"]) for row in rows] == pytest.approx(list(losses.values["g_gan"]), rel=1e-5)


def test_the_table_of_measurements_holds_doing_nothing_too(opened, tmp_path):
    hands = opened()
    with hands.qtbot.waitSignal(hands.view.held_out.saved, timeout=PATIENCE_MS):
        hands.view.held_out.save_table("held-out", tmp_path / "held-out")
    rows = list(csv.DictReader((tmp_path / "held-out.csv").read_text().splitlines()))
    found = hands.follower.state.validations
    assert [float(row["psnr"]) for row in rows] == [one.metrics["psnr"] for one in found]
    assert [float(row["ssim_of_doing_nothing"]) for row in rows] == [one.identity["ssim"] for one in found]


def test_a_plot_is_saved_as_a_picture_of_twice_its_size(opened, tmp_path):
    hands = opened()
    with hands.qtbot.waitSignal(hands.view.losses.saved, timeout=PATIENCE_MS):
        hands.view.losses.save_picture(tmp_path / "losses.png")
    image = QImage(str(tmp_path / "losses.png"))
    assert image.width() > 2 * hands.view.losses.plot.width()
    assert len({image.pixel(x, image.height() // 2) for x in range(image.width())}) > 4  # there are curves in it


def test_a_picture_of_a_plot_is_made_beside_the_window(opened, tmp_path, monkeypatch):
    make, threads = plot_card._png, []

    def watched(image):
        threads.append(threading.get_ident())
        return make(image)

    monkeypatch.setattr(plot_card, "_png", watched)
    hands = opened()
    with hands.qtbot.waitSignal(hands.view.losses.saved, timeout=PATIENCE_MS):
        hands.view.losses.save_picture(tmp_path / "losses.png")
    assert threads != []
    assert threading.get_ident() not in threads


def test_what_cannot_be_written_is_said_and_leaves_nothing(opened, tmp_path):
    hands = opened()
    target = tmp_path / "not there" / "losses.csv"
    with hands.qtbot.waitSignal(hands.view.losses.not_saved, timeout=PATIENCE_MS):
        hands.view.losses.save_table("losses", target)
    assert "losses.csv could not be written" in hands.page._answer.text()
    (tmp_path / "taken.csv").mkdir()
    with hands.qtbot.waitSignal(hands.view.losses.not_saved, timeout=PATIENCE_MS):
        hands.view.losses.save_table("losses", tmp_path / "taken.csv")
    assert list(tmp_path.glob(".*.part")) == []
