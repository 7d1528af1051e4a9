"""Convert, what it shows: the picture that was meant, a row for it, and numbers and sentences that agree with each other."""

import pytest
from PySide6.QtCore import QMimeData, QModelIndex, QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QPushButton

from p2p_desktop.convert.pace import Pace
from p2p_desktop.paths import user_paths
from p2p_desktop.ui import convert_words
from p2p_desktop.ui.queue_view import QueueView
from p2p_desktop.ui.theme import SPACE_S
from tests.ui.convert_page.hands import add_own_model, go_on, interrupted, mime, note, save_photo


@pytest.fixture
def many(tmp_path):
    folder = tmp_path / "Many"
    for number in range(24):
        save_photo(folder / f"{number:02}.jpg", size=144, seed=number)
    return folder


def facts(driver) -> list[str]:
    """What the action bar says while a conversion runs."""
    return driver.window.convert._bar._facts.accessibleName().split(", ")


def click_tile(driver, number: int) -> None:
    sheet = driver.find("contact_sheet", QAbstractItemView)
    QTest.mouseClick(sheet.viewport(), Qt.MouseButton.LeftButton, pos=sheet.visualRect(sheet.model().index(number, 0)).center())


def is_in_sight(queue: QueueView) -> bool:
    return queue.viewport().rect().contains(queue.visualRect(queue.currentIndex()))


def drag_over(driver, data: QMimeData) -> bool:
    """Drag something over the window, as the window system tells it. Return whether the page says that it can be dropped."""
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QDragEnterEvent(QPoint(300, 300), Qt.DropAction.CopyAction, data, buttons, keys)
    QApplication.sendEvent(driver.window, event)
    assert event.isAccepted()  # else there would be no drop, and no sentence
    is_promised = driver.window.convert._hint.isVisible()
    QApplication.sendEvent(driver.window, QDragLeaveEvent())
    return is_promised


@pytest.mark.parametrize("hidden_by", ["filter", "search"])
def test_a_click_on_a_result_that_the_list_hides_shows_that_result(driver, many, hidden_by):
    for name in ("broken 1.jpg", "broken 2.jpg"):
        (many / name).write_bytes(b"no picture")
    driver.drop([many])
    driver.wait_listed(26)
    driver.convert()
    assert driver.find("filter_failed", QPushButton).isChecked()
    if hidden_by == "search":
        driver.click("filter_all")
        driver.click("queue_search_open")
        QTest.keyClicks(driver.find("queue_search"), "broken")
    click_tile(driver, 2)
    QApplication.processEvents()
    assert driver.window.convert._picture.row.name == "02.jpg"
    queue = driver.find("queue", QueueView)
    assert [row.name for row in queue.selected] == ["02.jpg"]
    assert queue.hasFocus()


def test_what_a_crash_had_ended_is_followed_from_its_first_picture_on(qtbot, look, prepared_home, many, tmp_path):
    from tests.ui.driving import Driver

    interrupted(many, tmp_path / "results")
    driver = Driver(qtbot, look)
    go_on(driver)
    driver.wait(lambda: driver.phase == "working")
    (selected,) = driver.find("queue", QueueView).selected
    assert selected.name == "00.jpg"
    driver.wait(lambda: driver.text("compare_name") == "00.jpg")
    driver.window.convert.stop()
    driver.wait(lambda: not driver.window.convert.is_busy)
    driver.close()


def test_the_picture_that_is_shown_is_selected_when_what_was_stopped_goes_on(driver, many):
    (many / "00.jpg").write_bytes(b"no picture")
    driver.drop([many])
    driver.wait_listed(24)
    driver.find("queue", QueueView).select(driver.window._session.queue.row_of(many / "01.jpg"))
    driver.click("convert_start")
    driver.wait(lambda: driver.counts["done"] >= 1 and driver.counts["failed"] == 1)
    driver.click("convert_stop")
    driver.wait(lambda: driver.phase == "done")
    assert driver.find("filter_failed", QPushButton).isChecked()
    driver.click("convert_start")
    (selected,) = driver.find("queue", QueueView).selected
    assert selected is driver.window.convert._picture.row
    driver.click("convert_stop")
    driver.wait(lambda: not driver.window.convert.is_busy)


@pytest.mark.parametrize("searched", ["23", "05"])
def test_the_end_of_a_search_leaves_the_picture_that_is_shown_selected_and_in_sight(driver, many, searched):
    driver.drop([many])
    driver.wait_listed(24)
    queue = driver.find("queue", QueueView)
    queue.select(driver.window._session.queue.row_of(many / "23.jpg"))
    driver.click("queue_search_open")
    field = driver.find("queue_search")
    QTest.keyClicks(field, searched)
    queue.scrollToTop()
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert [row.name for row in queue.selected] == ["23.jpg"]
    driver.wait(lambda: is_in_sight(queue))


def test_a_paused_conversion_is_called_paused_at_the_bottom_too(driver, many):
    driver.drop([many])
    driver.wait_listed(24)
    driver.click("convert_start")
    assert driver.text("status_doing") == "Converting 24 pictures with Deblur"
    driver.click("convert_pause")
    assert driver.text("status_doing") == "Paused: 24 pictures with Deblur"
    driver.click("convert_pause")
    assert driver.text("status_doing") == "Converting 24 pictures with Deblur"
    driver.click("convert_stop")
    driver.wait(lambda: not driver.window.convert.is_busy)


def test_the_action_bar_and_the_filters_count_alike_at_every_moment(driver, many):
    (many / "00.jpg").write_bytes(b"no picture")
    driver.drop([many])
    driver.wait_listed(24)
    seen = []

    def look_at_both() -> None:
        if driver.phase == "working":
            chips = [driver.find(f"filter_{key}").accessibleName() for key in ("done", "failed")]
            ended = sum(int(chip.partition(": ")[2]) for chip in chips)
            seen.append((facts(driver)[0], f"{ended} of 24"))

    driver.window._session.queue.counts_changed.connect(look_at_both)
    driver.convert()
    driver.window._session.queue.counts_changed.disconnect(look_at_both)
    assert len(seen) > 5
    assert all(bar == filters for bar, filters in seen)


def test_the_pace_is_told_in_the_measure_that_the_time_left_follows_from(driver, many):
    clock = [0.0]
    session = driver.window._session
    driver.drop([many])
    driver.wait_listed(24)
    driver.wait(lambda: not session.queue.unmeasured())
    driver.click("convert_start")
    driver.click("convert_pause")
    conversion = session.conversion
    conversion.pace = Pace(lambda: clock[0])
    for _ in range(12):  # small ones, with larger ones to come
        clock[0] += 1 / 3
        conversion.pace.converted(session.megapixels_left() / 60)
    conversion._state = "running"
    pace, left = convert_words.progress(session)
    number, unit = pace.split(" ", 1)
    assert unit == "megapixels a minute"
    assert left == "about 20 s left"
    assert float(number) / 60 * 20 == pytest.approx(session.megapixels_left(), rel=0.05)
    conversion._state = "paused"
    driver.click("convert_stop")
    driver.wait(lambda: not driver.window.convert.is_busy)


def lose_own_model(driver, tmp_path, many) -> None:
    """Convert, then choose a model of one's own, and lose it together with all others."""
    add_own_model(driver, tmp_path)
    driver.drop([many])
    driver.wait_listed(24)
    driver.convert()
    driver.window.convert.use_model("mine")
    assert driver.find("convert_again", QPushButton).isEnabled()
    (user_paths().models_in("") / "mine.safetensors").unlink()
    driver.wait(lambda: driver.window._shelf.find("mine") is None)


def test_nothing_is_converted_again_without_a_model_and_the_buttons_say_why(driver, tmp_path, many):
    (many / "00.jpg").write_bytes(b"no picture")
    lose_own_model(driver, tmp_path, many)
    again, retry = driver.find("convert_again", QPushButton), driver.find("convert_retry", QPushButton)
    for button in (again, retry):
        assert button.isVisible()
        assert not button.isEnabled()
        assert button.toolTip().startswith("There is no model to do it with.")
    driver.window.convert._panel.change(model="deblur")
    driver.window.convert._panel.change(format="png")
    for button in (again, retry):
        assert button.isEnabled()
        assert "no model" not in button.toolTip()


@pytest.mark.parametrize("remedy", ["another", "back"])
def test_that_there_is_no_model_is_not_said_any_more_once_there_is_one(driver, tmp_path, many, remedy):
    (many / "00.jpg").write_bytes(b"no picture")
    lose_own_model(driver, tmp_path, many)
    queue = driver.find("queue", QueueView)
    queue.select(driver.window._session.queue.row_of(many / "00.jpg"))
    QTest.keyClick(queue, Qt.Key.Key_Return)  # tries that one again
    driver.wait(lambda: note(driver) == "There is no model mine any more. Choose another one.")
    if remedy == "another":
        driver.window.convert.use_model("deblur")
        assert note(driver) == ""
    else:
        driver.window._shelf.add([tmp_path / "mine.safetensors"])
        driver.wait(lambda: note(driver) == "")


def test_only_what_may_be_files_is_promised_a_place_while_it_is_dragged(driver, many):
    driver.drop([many])
    driver.wait_listed(24)
    assert drag_over(driver, mime(urls=[many.as_uri()]))
    assert not drag_over(driver, mime(text="some words"))
    assert not drag_over(driver, mime(image=QImage(4, 4, QImage.Format.Format_RGB32)))


def test_notes_keep_their_padding_in_the_smallest_window(qtbot, look, prepared_home, many, tmp_path):
    from tests.ui.driving import Driver

    interrupted(many, tmp_path / "results")
    driver = Driver(qtbot, look)
    driver.wait(lambda: driver.window.findChild(QPushButton, "recovery_go_on") is not None)
    driver.window.resize(900, 600)
    driver.drop([many])
    driver.wait_listed(24)
    long = f"{many}/a folder with a long name/and another one in it is a file, not a folder. Choose another output folder."
    driver.window.convert.say("error", long, "3 of 24 pictures are done and kept.")
    driver.wait(lambda: driver.window.convert._notes.height() > 100)
    QTest.qWait(50)
    for frame in (driver.window.convert._notes._note, driver.window.convert._notes._offer):
        for label in frame.findChildren(QLabel):
            if label.isVisible() and label.wordWrap():
                assert label.heightForWidth(label.width()) <= label.height()
                assert frame.contentsRect().adjusted(0, SPACE_S, 0, -SPACE_S).contains(label.geometry())
    driver.close()


def test_the_results_stay_when_the_person_comes_back(driver, many):
    """Focus comes to the list from elsewhere: nobody has asked for its first row."""
    (many / "broken.jpg").write_bytes(b"no picture")
    driver.drop([many])
    driver.wait_listed(25)
    driver.convert()
    queue = driver.find("queue", QueueView)
    queue.clearSelection()
    queue.setCurrentIndex(QModelIndex())
    driver.window.convert._show_results()
    driver.window.setFocus()
    queue.setFocus(Qt.FocusReason.ActiveWindowFocusReason)
    assert queue.hasFocus()
    assert not driver.window.convert._stage.shows_picture
    QTest.keyClick(queue, Qt.Key.Key_Down)  # this is asking
    assert driver.window.convert._stage.shows_picture


def test_retrying_without_a_model_leaves_the_failed_rows_as_they_are(driver, many, tmp_path):
    add_own_model(driver, tmp_path)
    (many / "broken.jpg").write_bytes(b"no picture")
    driver.window.convert.use_model("mine")
    driver.drop([many])
    driver.wait_listed(25)
    driver.convert()
    driver.window._shelf.remove("mine")
    driver.wait(lambda: driver.window._shelf.find("mine") is None)
    driver.window._session.retry(driver.window._session.queue.rows("failed"))
    assert driver.counts["failed"] == 1
    assert "mine" in note(driver)
