"""The side panel of a narrow window: it opens over the page, and goes when one turns to anything else."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit

from p2p_desktop.ui.queue_view import QueueView
from tests.ui.convert_page.hands import save_photo

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def narrow(driver, tmp_path):
    """A narrow window with three pictures, its panel open."""
    driver.window.resize(900, 600)
    for number in range(3):
        save_photo(tmp_path / "Holiday" / f"{number}.jpg", seed=number)
    driver.drop([tmp_path / "Holiday"])
    driver.wait_listed(3)
    driver.window.activateWindow()
    driver.click("panel_strip")
    assert is_open(driver)
    return driver


def is_open(driver) -> bool:
    return driver.window.convert._panel.isVisible()


def test_a_click_beside_the_panel_folds_it_and_does_what_it_would_have_done(narrow):
    queue = narrow.find("queue", QueueView)
    QTest.mouseClick(queue.viewport(), LEFT, pos=queue.visualRect(queue.model().index(2, 0)).center())
    assert not is_open(narrow)
    assert queue.current.name == "2.jpg"
    assert queue.hasFocus()


def test_a_click_on_the_picture_folds_the_panel(narrow):
    QTest.mouseClick(narrow.find("compare_view"), LEFT)
    assert not is_open(narrow)


def test_what_is_done_within_the_panel_leaves_it_open(narrow):
    panel = narrow.window.convert._panel
    QTest.mouseClick(panel, LEFT)
    QTest.mouseClick(narrow.find("convert_output", QLineEdit), LEFT)
    formats = narrow.find("convert_format", QComboBox)
    formats.showPopup()
    choice = formats.view()
    QTest.mouseClick(choice.viewport(), LEFT, pos=choice.visualRect(choice.model().index(2, 0)).center())
    formats.hidePopup()
    assert is_open(narrow)
    narrow.click("panel_strip")
    assert not is_open(narrow)


@pytest.mark.parametrize("name", ["queue", "convert_output", "convert_start"])
def test_escape_folds_the_panel_wherever_the_keyboard_is_and_leaves_it_there_or_on_the_strip(narrow, name):
    held = narrow.find(name)
    held.setFocus()
    QTest.keyClick(held, Qt.Key.Key_Escape)
    assert not is_open(narrow)
    assert QApplication.focusWidget() is (narrow.find("panel_strip") if name == "convert_output" else held)


def test_escape_in_the_search_ends_the_search_first(narrow):
    QTest.keyClick(narrow.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    search = narrow.find("queue_search", QLineEdit)
    QTest.keyClick(search, Qt.Key.Key_Escape)
    assert not search.isVisible()
    assert is_open(narrow)
