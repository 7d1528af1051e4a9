"""The window round the pages: its size, and the places that have no page yet."""

import json

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QGuiApplication

from p2p_desktop.paths import user_paths
from p2p_desktop.ui import window_place
from p2p_desktop.ui.errors import UncaughtErrors
from p2p_desktop.ui.main_window import MainWindow
from p2p_desktop.ui.settings_box import SettingsBox


@pytest.fixture
def opened(look, qtbot, user_home):
    """Open a window as a start of the program does."""
    windows = []

    def open_window():
        window = MainWindow(look, user_paths(), SettingsBox(user_paths().settings), UncaughtErrors())
        qtbot.addWidget(window)
        windows.append(window)
        window.show()
        return window

    yield open_window
    for window in windows:
        window.close_down()


def screen() -> QRect:
    """Of the offscreen platform: 800 x 800, less than the window wants."""
    return QGuiApplication.primaryScreen().availableGeometry()


def test_the_window_opens_no_larger_than_the_screen_and_can_be_made_as_small(opened):
    window = opened()
    assert screen().width() < 900
    assert screen().contains(QRect(screen().topLeft(), window.size()))
    assert (window.minimumWidth(), window.minimumHeight()) == (screen().width(), 600)


def test_on_a_very_small_screen_the_window_keeps_the_room_that_convert_needs(opened, qtbot, monkeypatch):
    monkeypatch.setattr(window_place, "_room", lambda window: QRect(0, 0, 640, 440))
    window = opened()
    qtbot.waitUntil(lambda: window.minimumSizeHint().width() <= window.width())  # once the side panel is folded
    least = window.minimumSizeHint()
    assert window.width() < least.width() + 20
    assert least.height() <= window.height() < least.height() + 20


@pytest.mark.parametrize("corner", [(0, 0), (300, 300), (9000, 9000)], ids=["at home", "half outside", "off all screens"])
def test_a_window_that_was_larger_comes_back_within_the_screen(opened, corner):
    first = opened()
    first.setGeometry(*corner, 2400, 1600)
    first.close()
    assert json.loads(user_paths().window.read_text())["geometry"]
    assert screen().adjusted(0, 0, 2, 2).contains(opened().geometry())  # the frame is known when it is shown
