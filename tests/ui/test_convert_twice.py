"""Convert, the second time: after a stop, with other settings, with a model that is gone, with what came later."""

import shutil

import pytest
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from p2p_desktop.paths import user_paths
from p2p_desktop.ui.compare_view import CompareView
from p2p_desktop.ui.queue_view import QueueView
from p2p_desktop.ui.summary_bar import SummaryBar
from tests.models_for_tests import write_small_model
from tests.ui.convert_page.hands import add_own_model, note, save_photo


@pytest.fixture
def many(tmp_path):
    folder = tmp_path / "Many"
    for number in range(24):
        save_photo(folder / f"{number:02}.jpg", size=240, seed=number)
    return folder


def stop_early(driver, *, after=2):
    driver.click("convert_start")
    driver.wait(lambda: driver.counts["done"] >= after)
    driver.click("convert_stop")
    driver.wait(lambda: not driver.window.convert.is_busy)


def middle_of(queue, row):
    return queue.visualRect(queue.model().index(row, 0)).center()


def test_results_of_two_settings_are_told_and_can_be_made_alike(driver, many):
    driver.drop([many])
    driver.wait_listed(24)
    stop_early(driver)
    first = driver.counts["done"]
    driver.window.convert._panel.change(format="png")
    driver.click("convert_start")
    driver.wait(lambda: driver.counts["done"] == 24 and driver.phase == "done")
    assert driver.text("summary_headline") == "All 24 pictures are done"
    assert driver.text("summary_detail").startswith(f"{first} of them were made with the settings of before.")
    driver.click("convert_again")
    driver.wait(lambda: driver.phase == "working")
    driver.wait(lambda: driver.phase == "done")
    assert len(list(many.with_name("Many sharp").glob("*.png"))) == 24
    assert not driver.find("convert_again").isVisible()
    assert "settings of before" not in driver.text("summary_detail")


def test_a_retry_counts_itself_and_says_what_still_waits(driver, many):
    (many / "00.jpg").write_bytes(b"no picture")
    driver.drop([many])
    driver.wait_listed(24)
    stop_early(driver)
    waiting = driver.counts["waiting"]
    save_photo(many / "00.jpg", size=240)
    totals = []
    driver.window._session.progressed.connect(lambda: totals.append(driver.window._session.num_in_all))
    driver.window._session.retry(driver.window._session.queue.rows("failed"))
    driver.wait(lambda: driver.phase == "done" and driver.counts["failed"] == 0)
    assert driver.counts["waiting"] == waiting
    assert 24 - waiting in totals
    assert driver.text("summary_headline") == f"{24 - waiting} of 24 pictures are done"
    assert driver.text("summary_detail") == f"{waiting} wait still. Start goes on with them."
    assert driver.find("convert_start").isVisible()
    (row,) = [row for row in driver.window._session.queue.rows("done") if row.name == "00.jpg"]
    driver.wait(lambda: row.height == 240)  # it was measured again


def test_a_model_that_is_gone_is_told_when_another_stands_in(driver, tmp_path, many):
    add_own_model(driver, tmp_path)
    driver.window.convert.use_model("mine")
    driver.drop([many])
    driver.wait_listed(24)
    (user_paths().models_in("") / "mine.safetensors").unlink()
    driver.wait(lambda: driver.window._session.wishes.model == "deblur")
    assert note(driver) == "The model mine is not there any more. Deblur is chosen instead."
    driver.window.convert._panel.change(strength=0.5)
    assert note(driver)
    driver.drop([many])
    driver.wait(lambda: note(driver) == "")  # once it is known that the folder is no run's


def test_converting_again_that_fails_at_once_forgets_nothing(driver, tmp_path, many):
    add_own_model(driver, tmp_path)
    driver.drop([many])
    driver.wait_listed(24)
    driver.convert()
    driver.window.convert.use_model("mine")
    driver.wait(lambda: driver.window._session.is_outdated)
    path = user_paths().models_in("") / "mine.safetensors"
    path.write_bytes(path.read_bytes()[:-200])
    driver.click("convert_again")
    driver.wait(lambda: "mine" in note(driver) + driver.text("summary_headline"))
    assert driver.phase == "done"
    assert driver.counts["done"] == 24
    assert all(row.output.is_file() for row in driver.window._session.queue.rows("done"))
    assert "Error:" not in note(driver) + driver.text("summary_headline") + driver.text("summary_detail")


def test_all_results_are_not_offered_while_the_next_conversion_runs(driver, many):
    driver.drop([many])
    driver.wait_listed(24)
    stop_early(driver)
    driver.window.convert._show_row(driver.window._session.queue.rows("done")[0])
    assert driver.find("convert_results").isVisible()
    driver.click("convert_start")
    assert not driver.find("convert_results").isVisible()
    driver.click("convert_stop")
    driver.wait(lambda: not driver.window.convert.is_busy)


def test_a_click_on_the_selected_row_shows_it_instead_of_the_results(driver, many):
    driver.drop([many])
    driver.wait_listed(24)
    driver.convert()
    queue = driver.find("queue", QueueView)
    assert driver.find("contact_sheet").isVisible()
    QTest.mouseClick(queue.viewport(), Qt.MouseButton.LeftButton, pos=middle_of(queue, 0))
    assert driver.find("compare_view").isVisible()


def test_what_is_dropped_after_a_run_with_failures_is_seen(driver, many, tmp_path):
    (many / "broken.jpg").write_bytes(b"no picture")
    driver.drop([many])
    driver.wait_listed(25)
    driver.convert()
    assert driver.find("filter_failed", QPushButton).isChecked()
    late = save_photo(tmp_path / "late" / "late.png")
    driver.drop([late])
    driver.wait_listed(26)
    assert driver.find("filter_all", QPushButton).isChecked()
    driver.wait(lambda: driver.text("compare_name") == "late.png")
    assert driver.find("compare_view").isVisible()


def test_every_folder_of_results_is_opened(driver, tmp_path):
    class Opened(QObject):
        def __init__(self):
            super().__init__()
            self.names = []

        @Slot(QUrl)
        def take(self, url):
            self.names.append(url.fileName())

    for name in ("One", "Two"):
        save_photo(tmp_path / name / "a.png")
    driver.drop([tmp_path / "One", tmp_path / "Two"])
    driver.wait_listed(2)
    driver.convert()
    opened = Opened()
    QDesktopServices.setUrlHandler("file", opened, "take")
    try:
        driver.click("convert_open")
        driver.wait(lambda: len(opened.names) == 2)
    finally:
        QDesktopServices.unsetUrlHandler("file")
    assert sorted(opened.names) == ["One sharp", "Two sharp"]


def test_the_pictures_keys_work_while_the_keyboard_is_in_the_list(driver, many):
    driver.drop([many])
    driver.wait_listed(24)
    view, queue = driver.find("compare_view", CompareView), driver.find("queue", QueueView)
    driver.wait(lambda: view.has_result)
    queue.setFocus()
    fitted = view.zoom
    QTest.keyClick(queue, Qt.Key.Key_Plus)
    assert view.zoom > fitted
    QTest.keyClick(queue, Qt.Key.Key_F)
    assert view.zoom == fitted
    divider = view.divider
    QTest.keyClick(queue, Qt.Key.Key_Right)
    assert view.divider > divider
    assert queue.current is queue.first  # and no row was looked for by its name
    QTest.keyClick(queue, Qt.Key.Key_0)
    assert queue.current is queue.first


def test_clearing_the_list_leaves_no_word_of_it_and_no_ring(driver, many):
    driver.drop([many])
    driver.wait_listed(24)
    assert "Many sharp" in driver.text("convert_output_hint")
    driver.window.convert.say("warning", "Something was said.")
    driver.click("convert_clear")
    assert "Many sharp" not in driver.text("convert_output_hint")
    assert note(driver) == ""
    assert driver.window._ring.target is None


def test_what_went_wrong_can_be_read_to_its_end(qtbot, look):
    bar = SummaryBar(look)
    qtbot.addWidget(bar)
    bar.resize(560, 84)
    headline = "The disk of /media/somebody/a drive with a long name/and folders in it/Holiday sharp is full"
    bar.show_summary("error", headline, "Free 120 MB, then start the same conversion again. 996 pictures are safe.", [])
    bar.show()
    for label in (bar._headline, bar._detail):
        assert label.heightForWidth(label.width()) <= label.height() + 1
    assert bar._headline.accessibleName() == headline
    assert bar._headline.text().replace("\u200b", "") == headline


def test_a_drop_of_good_and_bad_models_tells_of_both(driver, tmp_path):
    write_small_model(tmp_path / "good.safetensors")
    (tmp_path / "one.safetensors").write_bytes(b"no model")
    (tmp_path / "two.safetensors").write_bytes(b"none either")
    said = []
    driver.window._shelf.failed.connect(said.append)
    driver.drop([tmp_path / name for name in ("good.safetensors", "one.safetensors", "two.safetensors")])
    driver.wait(lambda: bool(said))
    assert all(name in said[0] for name in ("one.safetensors", "two.safetensors", "Added: good."))


def test_a_new_copy_of_a_source_is_read_again_after_a_retry(driver, many):
    whole = (many / "03.jpg").read_bytes()
    (many / "03.jpg").write_bytes(whole[:300])
    driver.drop([many])
    driver.wait_listed(24)
    driver.convert()
    assert driver.counts["failed"] == 1
    shutil.copy(many / "04.jpg", many / "03.jpg")
    driver.click("convert_retry")
    driver.wait(lambda: driver.counts["done"] == 24 and driver.phase == "done")
    row = driver.window._session.queue.row_of(many / "03.jpg")
    driver.wait(lambda: row.height == 240)


def test_a_folder_that_is_gone_before_the_start_fails_its_pictures_and_no_others(driver, many, tmp_path):
    other = save_photo(tmp_path / "Other" / "here.png")
    driver.drop([many, other.parent])
    driver.wait_listed(25)
    away = many.rename(tmp_path / "away")
    driver.click("convert_start")
    driver.wait(lambda: driver.phase == "done")
    assert (driver.counts["done"], driver.counts["failed"], driver.counts["waiting"]) == (1, 24, 0)
    assert all("is no longer there" in row.reason for row in driver.window._session.queue.rows("failed"))
    away.rename(many)  # the drive is plugged in again
    driver.click("convert_retry")
    driver.wait(lambda: driver.phase == "done" and driver.counts["done"] == 25)


def test_the_only_folder_gone_says_so_and_can_be_tried_again(driver, many, tmp_path):
    driver.drop([many])
    driver.wait_listed(24)
    away = many.rename(tmp_path / "away")
    driver.click("convert_start")
    driver.wait(lambda: driver.phase == "done")
    assert driver.counts["failed"] == 24
    assert driver.text("summary_headline").replace("\u200b", "").startswith("There is nothing to convert")
    away.rename(many)
    driver.click("convert_retry")
    driver.wait(lambda: driver.phase == "done" and driver.counts["done"] == 24)
