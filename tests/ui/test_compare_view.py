"""Before and after under one view: zoom, pan, divider, flip, strength; what is painted is looked at pixel by pixel."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from p2p_desktop.convert.pyramid import Pyramid
from p2p_desktop.ui.compare_view import CompareView

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
SIZE = (400, 300)


def flat(colour, height=1000, width=1600) -> Pyramid:
    return Pyramid.of(np.full((height, width, 3), colour, np.uint8))


@pytest.fixture
def view(qtbot, look):
    view = CompareView(look)
    qtbot.addWidget(view)
    view.resize(*SIZE)
    view.show()
    return view


def pixel(view, x, y) -> tuple[int, int, int]:
    colour = QColor(view.grab().toImage().pixel(x, y))
    return colour.red(), colour.green(), colour.blue()


def wheel(view, at: QPointF, notches: int) -> None:
    event = QWheelEvent(
        at,
        QPointF(view.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def test_the_divider_parts_before_from_after_and_follows_the_mouse(view):
    view.show_before(flat((200, 0, 0)), "a.jpg")
    view.show_after(flat((0, 0, 200)))
    assert pixel(view, 100, 220) == (200, 0, 0)
    assert pixel(view, 300, 220) == (0, 0, 200)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(200, 220))
    QTest.mouseMove(view, QPoint(330, 220))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(330, 220))
    assert pixel(view, 300, 220) == (200, 0, 0)
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(330, 220))
    assert view.divider == 0.5


def test_keys_move_the_divider_and_stay_within_the_picture(view):
    view.show_before(flat(BLACK))
    view.show_after(flat(WHITE))
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.divider == pytest.approx(0.55)
    QTest.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert view.divider == pytest.approx(0.545)
    for _ in range(30):
        QTest.keyClick(view, Qt.Key.Key_Left)
    assert view.divider == 0


def test_the_wheel_zooms_towards_the_pointer(view):
    gradient = np.repeat(np.linspace(0, 255, 1600).astype(np.uint8)[None, :, None], 1000, 0).repeat(3, 2)
    view.show_before(Pyramid.of(gradient))
    before = pixel(view, 300, 150)
    for _ in range(6):
        wheel(view, QPointF(300, 150), 1)
        assert abs(pixel(view, 300, 150)[0] - before[0]) <= 2
    assert view.zoom > 0.5
    assert abs(pixel(view, 100, 150)[0] - before[0]) > 20


def test_one_to_one_shows_every_pixel(view):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (900, 1200, 3), np.uint8)
    view.show_before(Pyramid.of(pixels))
    QTest.keyClick(view, Qt.Key.Key_1)
    assert view.zoom == 1.0
    seen = view.visible_part()
    assert (seen.width() - SIZE[0], seen.height() - SIZE[1]) in {(0, 0), (1, 1)}  # half a pixel is in sight at either side
    image = view.grab().toImage()
    for x, y in ((10, 100), (200, 150), (390, 290)):
        colour = QColor(image.pixel(x, y))
        assert (colour.red(), colour.green(), colour.blue()) == tuple(pixels[seen.top() + y, seen.left() + x])


def test_fit_comes_back_and_a_resized_window_fits_again(view):
    view.show_before(flat(WHITE))
    fit = view.zoom
    QTest.keyClick(view, Qt.Key.Key_1)
    QTest.keyClick(view, Qt.Key.Key_F)
    assert view.zoom == fit
    view.resize(800, 600)
    assert view.zoom == pytest.approx(2 * fit, rel=0.1)


def test_space_flips_and_flips_back_at_the_same_view(view):
    view.show_before(flat((200, 0, 0)))
    view.show_after(flat((0, 0, 200)))
    QTest.keyClick(view, Qt.Key.Key_1)
    part = view.visible_part()
    seen = []
    for _ in range(3):
        QTest.keyClick(view, Qt.Key.Key_Space)
        seen.append((pixel(view, 100, 250), pixel(view, 300, 250)))
    assert seen == [((0, 0, 200), (0, 0, 200)), ((200, 0, 0), (200, 0, 0)), ((200, 0, 0), (0, 0, 200))]
    assert view.visible_part() == part


def test_panes_side_by_side_show_the_same_place(view):
    gradient = np.repeat(np.linspace(0, 255, 1600).astype(np.uint8)[None, :, None], 1000, 0).repeat(3, 2)
    view.show_before(Pyramid.of(gradient))
    view.show_after(Pyramid.of(255 - gradient))
    view.set_mode("side_by_side")
    wheel(view, QPointF(50, 150), 8)
    for x in (20, 100, 180):
        left, right = pixel(view, x, 220)[0], pixel(view, x + 201, 220)[0]
        assert abs(left + right - 255) <= 3


def test_strength_mixes_without_a_new_result(view):
    view.show_before(flat(BLACK))
    view.show_after(flat(WHITE))
    view.set_mode("result")
    for strength, level in ((1.0, 255), (0.5, 128), (0.0, 0)):
        view.set_strength(strength)
        assert abs(pixel(view, 200, 220)[0] - level) <= 2


def test_a_piece_that_arrives_is_seen(view):
    after = flat(BLACK)
    view.show_before(flat(BLACK))
    view.show_after(after)
    view.set_mode("result")
    assert pixel(view, 200, 150) == BLACK
    after.paste(400, 700, np.full((200, 200, 3), 255, np.uint8))
    view.patch_arrived(view.visible_part())
    assert pixel(view, 200, 150) == WHITE


def test_a_drag_pans_and_never_loses_the_picture(view):
    view.show_before(flat(WHITE))
    QTest.keyClick(view, Qt.Key.Key_1)
    before = view.visible_part()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    QTest.mouseMove(view, QPoint(160, 130))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(160, 130))
    assert view.visible_part().topLeft() == before.topLeft() - QPoint(60, 30)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    for _ in range(20):
        QTest.mouseMove(view, QPoint(390, 290))
        QTest.mouseMove(view, QPoint(10, 10))
    QTest.mouseMove(view, QPoint(4000, 4000))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert view.visible_part().topLeft() == QPoint(0, 0)


def test_the_divider_is_in_sight_wherever_one_looks(view):
    view.show_before(flat((200, 0, 0)))
    view.show_after(flat((0, 0, 200)))
    QTest.keyClick(view, Qt.Key.Key_1)
    for towards in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up):
        for _ in range(40):
            QTest.keyClick(view, towards, Qt.KeyboardModifier.ControlModifier)
        assert (pixel(view, 100, 250), pixel(view, 300, 250)) == ((200, 0, 0), (0, 0, 200))
    assert view.visible_part().right() == 1599
    assert view.visible_part().top() == 0


def test_the_divider_is_dragged_from_where_it_is_grabbed(view):
    view.show_before(flat(BLACK))
    view.show_after(flat(WHITE))
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(208, 220))
    QTest.mouseMove(view, QPoint(209, 220))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(209, 220))
    assert view.divider == pytest.approx(0.5, abs=0.005)


def test_the_next_picture_is_not_called_a_result_before_there_is_one(view):
    view.show_before(flat((200, 0, 0)))
    view.show_after(flat((0, 0, 200)))
    QTest.keyClick(view, Qt.Key.Key_Space)
    view.show_before(flat((0, 200, 0)))
    waiting = view.grab().toImage()
    view.set_mode("divider")
    assert view.grab().toImage() == waiting  # with the same label


def test_a_result_of_another_size_lies_over_its_source(view):
    view.show_before(flat(BLACK))
    half = np.zeros((500, 800, 3), np.uint8)
    half[:, :400] = 255
    view.show_after(Pyramid.of(half))
    view.set_mode("result")
    assert (pixel(view, 190, 220), pixel(view, 210, 220)) == (WHITE, BLACK)


def test_a_long_sentence_is_shown_whole_and_told(view):
    sentence = "The file is cut off after 0.3 of 1.1 MB. Copy it again from the camera, then retry. " * 2
    view.set_surround("white")
    view.set_waiting(sentence)
    image = view.grab().toImage()
    assert all(image.pixelColor(x, y) == QColor("white") for x in (0, SIZE[0] - 1) for y in range(SIZE[1]))
    assert sentence in view.accessibleDescription()


def test_the_next_picture_of_the_same_size_keeps_the_view_and_another_fits(view):
    view.show_before(flat(BLACK))
    QTest.keyClick(view, Qt.Key.Key_1)
    view.show_before(flat(WHITE))
    assert view.zoom == 1.0
    view.show_before(flat(WHITE, 3000, 3000))
    assert view.zoom < 0.2


def test_the_surround_is_the_persons_choice(view):
    view.show_before(flat(BLACK, 100, 1600))
    assert pixel(view, 200, 290) == (0xC6, 0xC6, 0xC6)
    view.set_surround("white")
    assert pixel(view, 200, 290) == WHITE


@pytest.mark.parametrize("size", [(1, 1), (1, 20000), (20000, 3)])
def test_odd_pictures_are_shown(view, size):
    view.show_before(flat(WHITE, *size))
    view.show_after(flat(WHITE, *size))
    view.grab()
    for _ in range(40):
        wheel(view, QPointF(200, 150), 1)
    view.grab()
    assert view.zoom <= 32


@pytest.mark.parametrize("scale", ["1.25", "1.5", "2"])
def test_one_to_one_is_exact_on_screens_of_any_scale(scale):
    # Qt takes the scale from its surroundings when it starts, so it is started anew.
    script = Path(__file__).with_name("exact_pixels.py")
    done = subprocess.run(
        [sys.executable, "-m", f"tests.ui.{script.stem}"],
        cwd=script.parents[2],
        env=os.environ | {"QT_SCALE_FACTOR": scale},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
