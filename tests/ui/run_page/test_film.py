"""Pictures of held-out pairs, and the film of them."""

import re

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel

from p2p_desktop.ui.film_strip import FilmStrip, Frame, slots_of
from p2p_desktop.ui.held_out_panel import HeldOutPanel
from p2p_desktop.ui.sample_source import SampleSource
from tests.deadlines import soon
from tests.ui.run_page.hands import PATIENCE_MS, pixel
from tests.ui.run_stand_ins import draw_strip, result_colour
from training.contract.protocol import Sample


def test_the_pictures_of_the_latest_step_are_shown_large(opened):
    hands = opened()
    pictures = hands.find("train_pictures")
    latest = hands.follower.state.samples[-1].step
    hands.wait(lambda: pixel(pictures, QPoint(40, 40)).name() == "#ff0000")
    third = pictures.grab().toImage()
    assert third.pixelColor(300, 40) == result_colour(latest)
    assert third.pixelColor(560, 40).name() == "#0000ff"


def test_the_film_moves_pictures_and_both_cursors_until_the_latest_is_asked_for(opened):
    hands = opened()
    film = hands.find("train_film", FilmStrip)
    steps = sorted(sample.step for sample in hands.follower.state.samples)
    assert hands.view.is_following
    assert hands.view.cursor_step == steps[-1]
    film.setFocus()
    QTest.keyClick(film, Qt.Key.Key_Left)
    assert hands.view.cursor_step == steps[-2]
    assert not hands.view.is_following
    pictures = hands.find("train_pictures")
    hands.wait(lambda: pixel(pictures, QPoint(300, 40)) == result_colour(steps[-2]))
    for plot in (hands.view.losses, hands.view.held_out):
        assert plot.plot.accessibleDescription().startswith(f"Step {steps[-2]}:")
    draw_strip(hands.follower.run / "samples" / "step-00000070" / "0.png", 70)
    hands.follower.take(Sample(70, ["samples/step-00000070/0.png"]))
    hands.refresh()
    assert hands.view.cursor_step == steps[-2]  # the person has moved it
    hands.click("train_latest")
    assert hands.view.is_following
    assert hands.view.cursor_step == 70
    QTest.keyClick(film, Qt.Key.Key_Home)
    assert hands.view.cursor_step == steps[0]
    QTest.keyClick(film, Qt.Key.Key_End)
    assert hands.view.is_following


def test_a_click_in_a_plot_moves_the_pictures_too(opened):
    hands = opened()
    plot = hands.view.losses.plot
    QTest.mouseClick(plot, Qt.MouseButton.LeftButton, pos=QPoint(plot._inner().left() + plot._inner().width() // 10, 40))
    assert 13 <= hands.view.cursor_step <= 17
    assert "at step 10" in hands.find("train_pictures").accessibleName()


def test_a_file_that_is_gone_is_an_empty_frame(opened):
    hands = opened()
    for file in (hands.follower.run / "samples").rglob("*.png"):
        file.unlink()
    hands.view.forget()
    hands.refresh()
    path = hands.follower.run / hands.follower.state.samples[-1].files[0]
    hands.wait(lambda: hands.view._source.is_missing(path))
    assert pixel(hands.find("train_pictures"), QPoint(300, 40)) != result_colour(hands.follower.state.samples[-1].step)


def test_a_step_that_is_drawn_again_is_read_again(opened):
    hands = opened()
    pictures, sample = hands.find("train_pictures"), hands.follower.state.samples[-1]
    hands.wait(lambda: pixel(pictures, QPoint(300, 40)) == result_colour(sample.step))
    draw_strip(hands.follower.run / sample.files[0], 3)
    hands.follower.take(Sample(sample.step, list(sample.files)))
    hands.wait(lambda: pixel(pictures, QPoint(300, 40)) == result_colour(3))


def _three_pictures(folder, step=70):
    return [draw_strip(folder / "samples" / f"step-{step:08d}" / f"{number}.png", step, number) for number in range(3)]


def test_another_held_out_picture_is_chosen(opened):
    hands = opened()
    files = _three_pictures(hands.follower.run)
    hands.follower.take(Sample(70, [file.relative_to(hands.follower.run).as_posix() for file in files]))
    hands.refresh()
    assert hands.find("train_picture_1", QAbstractButton).isChecked()
    hands.click("train_picture_2")
    hands.wait(lambda: pixel(hands.find("train_pictures"), QPoint(300, 40)) == result_colour(70, 1))
    assert all(slot.frame is None or slot.frame.path.name == "1.png" for slot in hands.find("train_film", FilmStrip).slots)


def test_arrow_keys_move_between_held_out_pictures(qtbot, look, tmp_path):
    source = SampleSource()
    panel = HeldOutPanel(look, source)
    qtbot.addWidget(panel)
    panel.show_pictures(_three_pictures(tmp_path), 0, 30)
    panel.show()
    panel.activateWindow()
    first = panel.findChild(QAbstractButton, "train_picture_1")
    first.setFocus()
    qtbot.waitUntil(first.hasFocus, timeout=PATIENCE_MS)
    with qtbot.waitSignal(panel.picture_chosen) as chosen:
        QTest.keyClick(first, Qt.Key.Key_Right)
    assert chosen.args == [1]
    assert panel.findChild(QLabel, "train_held_out_number").text() == "3 of 30"
    source.close(soon())


def test_numbers_of_the_step_are_held_against_doing_nothing(opened):
    hands = opened()
    found = [one for one in hands.follower.state.validations if one.step <= hands.view.cursor_step][-1]
    said = hands.find("train_figures").accessibleName()
    assert f"PSNR {found.metrics['psnr']:.1f} dB" in said
    assert re.search("\u2212\\d+\\.\\d dB over doing nothing", said)  # the recorded run is worse than doing nothing
    number = next(label for label in hands.find("train_figures").findChildren(QLabel) if label.text().startswith("\u2212"))
    assert number.property("kind") == "warning"


def test_slots_are_as_many_as_samples_to_come_or_as_there_is_room_for(tmp_path):
    frames = [Frame(step, tmp_path) for step in (4, 10, 20, 30)]
    slots = slots_of(frames, 100, 10, most=40)
    assert len(slots) == 10
    assert [slot.frame.step if slot.frame else None for slot in slots[:4]] == [10, 20, 30, None]
    assert len(slots_of(frames, 100, 10, most=5)) == 5
    assert [slot.frame for slot in slots_of([], 0, 0, most=6)] == [None] * 6
    thin = slots_of([Frame(step, tmp_path) for step in range(10, 100_001, 10)], 100_000, 10, most=16)
    assert [slot.frame.step for slot in thin] == [round(100_000 * number / 16) // 10 * 10 for number in range(1, 17)]
