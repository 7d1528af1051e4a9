"""What Convert says while one drops, searches and chooses: driven as a person would, offscreen."""

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton

from p2p_desktop.ui.compare_view import CompareView
from p2p_desktop.ui.queue_view import QueueView
from tests.ui.convert_page.hands import note, save_photo


@pytest.fixture
def holiday(tmp_path):
    folder = tmp_path / "Holiday"
    for number in range(6):
        save_photo(folder / f"{number}.jpg", seed=number)
    return folder


def test_what_does_not_exist_is_named_and_no_folder_of_results(driver, holiday, tmp_path):
    gone = tmp_path / "gone"
    driver.drop([holiday, gone])
    driver.wait_listed(7)
    assert note(driver) == f"{gone} does not exist. Was it moved or renamed?"
    assert driver.text("convert_output_hint").startswith("Results go to Holiday sharp.")
    driver.convert()
    assert driver.counts["done"] == 6
    assert driver.window._session.output_folders == [tmp_path / "Holiday sharp"]


def test_two_paths_that_do_not_exist_are_both_named_and_told_once(driver, holiday, tmp_path):
    driver.drop([holiday, tmp_path / "gone", tmp_path / "lost"])
    driver.wait_listed(8)
    assert note(driver) == f"2 of what was dropped do not exist: {tmp_path / 'gone'}, {tmp_path / 'lost'}."
    driver.drop([save_photo(tmp_path / "later.png")])
    driver.wait_listed(9)
    assert note(driver) == ""


def type_output(driver, text: str) -> QLineEdit:
    field = driver.find("convert_output", QLineEdit)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    return field


def test_an_output_below_a_file_is_told_beside_the_field_before_any_start(driver, tmp_path):
    (tmp_path / "notes").write_text("in the way")
    field = type_output(driver, str(tmp_path / "notes" / "results"))
    assert "notes is a file" not in driver.text("convert_output_hint")  # it is being typed
    QTest.keyClick(field, Qt.Key.Key_Return)
    driver.wait(lambda: driver.text("convert_output_hint") == "notes is a file. Choose a folder.")
    assert field.property("invalid")
    assert field.accessibleDescription() == "notes is a file. Choose a folder."
    type_output(driver, str(tmp_path / "results"))
    QTest.keyClick(field, Qt.Key.Key_Return)
    driver.wait(lambda: driver.window.convert._panel._output._check._asked is None)
    assert not field.property("invalid")
    assert driver.text("convert_output_hint").startswith("Same folders and names")


def test_a_part_of_a_path_is_no_output_and_nothing_starts_with_it(driver, holiday):
    driver.drop([holiday])
    driver.wait_listed(6)
    field = type_output(driver, "results")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert "Type all of it" in driver.text("convert_output_hint")
    driver.window.convert._panel.change(quality=80)
    assert field.text() == "results"  # to be mended, not lost
    driver.click("convert_start")
    assert driver.phase == "ready"
    assert "Type all of it" in note(driver)
    field.setFocus()
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    assert driver.text("convert_output_hint").startswith("Results go to Holiday sharp.")
    driver.convert()
    assert (driver.counts["done"], note(driver)) == (6, "")


def test_a_search_that_finds_nothing_says_so_and_the_keyboard_finds_the_way_back(driver, holiday):
    driver.drop([holiday])
    driver.wait_listed(6)
    QTest.keyClick(driver.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    field, back, queue = driver.find("queue_search", QLineEdit), driver.find("queue_show_all"), driver.find("queue", QueueView)
    QTest.keyClicks(field, "Paris")
    assert driver.text("queue_nothing_words") == "No picture has \u201cParis\u201d in its name or its folder's."
    driver.window.activateWindow()
    for _ in range(8):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        if back.hasFocus():
            break
    assert back.hasFocus()
    QTest.keyClick(back, Qt.Key.Key_Space)
    assert not back.isVisible()
    assert queue.model().rowCount() == 6
    assert queue.hasFocus()


def test_a_filter_that_lets_nothing_through_says_so_until_something_comes(driver, holiday):
    driver.drop([holiday])
    driver.wait_listed(6)
    driver.click("filter_failed")
    assert driver.text("queue_nothing_words") == "No picture has failed."
    (holiday / "broken.jpg").write_bytes(b"\xff\xd8\xff no more")
    driver.drop([holiday])
    driver.wait_listed(7)
    assert not driver.find("queue_nothing").isVisible()
    driver.click("filter_done")
    assert driver.text("queue_nothing_words") == "No picture is done yet."
    driver.click("queue_show_all")
    assert driver.find("filter_all", QPushButton).isChecked()


def test_a_picture_that_cannot_be_shown_says_why_and_what_to_do_in_the_middle_of_its_place(driver, holiday):
    (holiday / "broken.jpg").write_bytes((holiday / "0.jpg").read_bytes()[:900])
    driver.drop([holiday])
    driver.wait_listed(7)
    view, queue, said = driver.find("compare_view", CompareView), driver.find("queue", QueueView), driver.find("no_picture")
    driver.wait(lambda: view.has_result)
    assert not said.isVisible()
    queue.select(driver.window._session.queue.row_of(holiday / "broken.jpg"))
    driver.wait(said.isVisible)
    assert driver.text("no_picture_what").startswith("It ")
    assert driver.text("no_picture_advice").endswith(".")
    assert view.rect().contains(said.geometry())
    assert abs(said.geometry().center().x() - view.rect().center().x()) <= 1
    for label in said.findChildren(QLabel):
        assert label.height() + 1 >= label.heightForWidth(label.width())  # every line of it is seen
    queue.select(driver.window._session.queue.row_of(holiday / "1.jpg"))
    driver.wait(lambda: view.has_picture)
    assert not said.isVisible()


def test_at_the_end_a_narrow_bar_leaves_the_words_their_room(driver, holiday, tmp_path):
    driver.window.resize(900, 600)
    (tmp_path / "2014").mkdir()
    holiday = holiday.rename(tmp_path / "2014" / "Holiday")
    (holiday / "page.png").write_text("<html>")
    driver.drop([holiday])
    driver.wait_listed(7)
    driver.convert()
    driver.window.convert._panel.change(quality=80)  # now there is a verb more
    queue, bar = driver.find("queue", QueueView), driver.window.convert._bar
    driver.click("filter_all")
    QTest.mouseClick(queue.viewport(), Qt.MouseButton.LeftButton, pos=queue.visualRect(queue.model().index(0, 0)).center())
    shown = [button for button in bar.findChildren(QPushButton) if button.isVisible()]
    assert len(shown) == 5
    assert all(button.width() >= button.sizeHint().width() for button in shown)
    for name in ("action_headline", "action_detail"):
        label = driver.find(name, QLabel)
        assert QLabel.text(label) == label.text()  # to its end
    clear = driver.find("convert_clear", QPushButton)
    assert (clear.text(), clear.accessibleName()) == ("", "Clear the list")
    assert not clear.icon().isNull()
    driver.window.resize(1500, 800)
    assert clear.text() == "Clear the list"


def test_results_have_their_folder_still_when_their_source_is_away(driver, holiday, tmp_path):
    driver.drop([holiday])
    driver.wait_listed(6)
    driver.convert()
    holiday.rename(tmp_path / "elsewhere")
    driver.window.convert._panel.change(recurse=False)  # asks the disk once more where results would go
    driver.wait(lambda: not driver.window._session.places.is_looking)
    assert driver.window._session.output_folders == [tmp_path / "Holiday sharp"]
    assert note(driver) == ""


def test_the_status_line_tells_when_a_conversion_ended_until_the_list_is_cleared(driver, holiday):
    (holiday / "page.png").write_text("<html>")
    driver.drop([holiday])
    driver.wait_listed(7)
    assert driver.text("status_doing") == "Ready"
    driver.convert()
    assert re.fullmatch(r"Finished at \d+:\d\d.*: 6 of 7 pictures", driver.text("status_doing"))
    driver.window.convert._panel.change(quality=80)
    assert driver.text("status_doing").startswith("Finished at")
    driver.click("convert_clear")
    assert driver.text("status_doing") == "Ready"
