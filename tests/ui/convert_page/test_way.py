"""Drop, look, start, stop, pause, try again: the way of most people."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QPushButton, QSlider

from p2p_desktop.paths import resources
from p2p_desktop.ui.compare_view import CompareView
from p2p_desktop.ui.queue_view import QueueView
from tests.ui.convert_page.hands import add_own_model, fingerprint, save_photo
from training.contract.pictures import read_picture


def test_a_dropped_folder_comes_back_beside_it_whole_and_the_source_untouched(driver, photos):
    before = fingerprint(photos)
    driver.drop([photos])
    driver.wait_listed(6)
    driver.convert()
    results = photos.with_name("Holiday sharp")
    assert sorted(fingerprint(results)) == sorted(before)
    assert fingerprint(photos) == before
    assert driver.counts["done"] == 6
    assert driver.text("summary_headline") == "All 6 pictures are done"
    for name in before:
        assert read_picture(results / name).pixels.shape == read_picture(photos / name).pixels.shape


def test_the_selected_picture_is_shown_with_its_result_before_anything_is_written(driver, photos):
    driver.drop([photos])
    view = driver.find("compare_view", CompareView)
    driver.wait(lambda: view.has_result)
    assert driver.text("compare_name") == "0.jpg"
    assert not photos.with_name("Holiday sharp").exists()
    queue = driver.find("queue", QueueView)
    QTest.keyClick(queue, Qt.Key.Key_Down)
    driver.wait(lambda: driver.text("compare_name") == "1.jpg" and view.has_result)


def test_the_keyboard_alone_converts_flips_and_stops(driver, tmp_path):
    for number in range(30):
        save_photo(tmp_path / "Many" / f"{number:02}.png", size=144, seed=number)
    driver.drop([tmp_path / "Many"])
    driver.wait_listed(30)
    view = driver.find("compare_view", CompareView)
    driver.wait(lambda: view.has_result)
    queue = driver.find("queue", QueueView)
    QTest.keyClick(queue, Qt.Key.Key_Space)
    assert view.flip_state == "after"
    rail = driver.find("rail_convert")
    rail.setFocus()
    QTest.keyClick(rail, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    driver.wait(lambda: driver.counts["done"] >= 1)
    QTest.keyClick(rail, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    driver.wait(lambda: not driver.window.convert.is_busy)
    assert 1 <= driver.counts["done"] < 30
    for number, place in enumerate(("convert", "live", "train", "models", "settings"), start=1):
        QTest.keyClick(driver.window, getattr(Qt.Key, f"Key_{number}"), Qt.KeyboardModifier.ControlModifier)
        assert driver.window._pages.currentWidget() is driver.window.page(place)


def test_the_keyboard_stays_in_the_list_when_a_verb_is_gone(driver, tmp_path):
    for number in range(3):
        save_photo(tmp_path / "Few" / f"{number}.png", seed=number)
    (tmp_path / "Few" / "broken.png").write_bytes(b"no picture")
    driver.drop([tmp_path / "Few"])
    driver.wait_listed(4)
    queue, view = driver.find("queue", QueueView), driver.find("compare_view", CompareView)
    driver.find("convert_start").setFocus()
    driver.convert()
    assert queue.hasFocus()
    save_photo(tmp_path / "Few" / "broken.png", seed=9)
    driver.click("convert_retry")
    driver.wait(lambda: driver.phase == "done" and driver.counts["done"] == 4)
    assert queue.hasFocus()
    sheet = driver.find("contact_sheet", QAbstractItemView)
    QTest.mouseClick(sheet.viewport(), Qt.MouseButton.LeftButton, pos=sheet.visualRect(sheet.model().index(1, 0)).center())
    driver.wait(lambda: view.has_result)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert view.flip_state == "after"
    driver.find("convert_results").setFocus()
    QTest.keyClick(driver.find("convert_results"), Qt.Key.Key_Space)
    assert sheet.isVisible()
    assert sheet.hasFocus()


def test_strength_mixes_what_is_shown_and_what_is_written(driver, photos):
    driver.find("convert_strength", QSlider).setValue(0)
    driver.drop([photos])
    driver.wait_listed(6)
    driver.convert()
    assert driver.counts["done"] == 6
    source, result = photos / "Day 1" / "0.jpg", photos.with_name("Holiday sharp") / "Day 1" / "0.jpg"
    assert np.abs(read_picture(source).pixels.astype(int) - read_picture(result).pixels).mean() < 2  # one more JPEG


def test_stop_keeps_what_is_done_and_start_goes_on_with_the_rest(driver, tmp_path):
    folder = tmp_path / "Many"
    for number in range(30):
        save_photo(folder / f"{number:02}.png", size=144, seed=number)
    driver.drop([folder])
    driver.wait_listed(30)
    driver.click("convert_start")
    driver.wait(lambda: driver.counts["done"] >= 2)
    driver.click("convert_stop")
    driver.wait(lambda: not driver.window.convert.is_busy)
    done = driver.counts["done"]
    assert 2 <= done < 30
    assert driver.counts["waiting"] == 30 - done
    first_seconds = driver.window._session.work.seconds
    results = tmp_path / "Many sharp"
    made = fingerprint(results)
    assert len(made) == done  # nothing partial, no temporary file
    driver.click("convert_start")
    driver.wait(lambda: driver.counts["done"] == 30)
    driver.wait(lambda: not driver.window.convert.is_busy)
    assert {name: digest for name, digest in fingerprint(results).items() if name in made} == made
    assert len(fingerprint(results)) == 30
    work = driver.window._session.work  # the summary is about all thirty, so its figures are, too
    assert work.converted == 30
    assert work.num_bytes == sum(path.stat().st_size for path in results.rglob("*.png"))
    assert work.seconds > first_seconds > 0


def test_pause_holds_the_work_and_its_time_does_not_count(driver, tmp_path):
    for number in range(20):
        save_photo(tmp_path / "Many" / f"{number:02}.png", size=144, seed=number)
    driver.drop([tmp_path / "Many"])
    driver.wait_listed(20)
    driver.click("convert_start")
    driver.wait(lambda: driver.counts["done"] >= 1)
    driver.click("convert_pause")
    assert driver.find("convert_pause", QPushButton).text() == "Go on"
    conversion = driver.window._session.conversion
    worked = conversion.pace.worked_s
    QTest.qWait(300)
    assert conversion.pace.worked_s == worked
    QTest.qWait(1500)  # what is in the network is finished, and nothing more is begun
    done = driver.counts["done"]
    QTest.qWait(1000)
    assert driver.counts["done"] == done < 20
    driver.click("convert_pause")
    driver.wait(lambda: driver.phase == "done")
    assert driver.counts["done"] == 20


def test_the_second_time_everything_is_done_already(driver, photos):
    driver.drop([photos])
    driver.wait_listed(6)
    driver.convert()
    driver.click("convert_clear")
    assert driver.phase == "empty"
    driver.drop([photos])
    driver.wait_listed(6)
    driver.convert()
    assert driver.counts["skipped"] == 6
    assert driver.text("summary_headline") == "Everything was done already"


def test_another_wish_loses_nothing_and_offers_to_convert_again(driver, photos, tmp_path):
    driver.drop([photos])
    driver.wait_listed(6)
    driver.convert()
    headline, again = driver.text("summary_headline"), driver.find("convert_again")
    assert not again.isVisible()
    driver.window.convert._panel.change(format="png")
    assert driver.phase == "done"
    assert driver.counts["done"] == 6
    assert driver.text("summary_headline") == headline
    assert again.isVisible()
    driver.window.convert._panel.change(format="keep")  # it was a slip
    assert not again.isVisible()
    driver.window.convert._panel.change(format="png")
    save_photo(tmp_path / "Later" / "x.png")
    driver.drop([tmp_path / "Later"])
    driver.wait_listed(7)
    driver.convert()  # what waits, and nothing else
    assert driver.counts["done"] == 7
    assert not list(photos.with_name("Holiday sharp").rglob("*.png"))
    driver.window.convert._panel.change(quality=80)
    driver.click("convert_again")
    driver.wait(lambda: driver.phase == "working")
    driver.wait(lambda: driver.phase == "done")
    assert len(list(photos.with_name("Holiday sharp").rglob("*.png"))) == 6


def test_rows_can_be_taken_off_and_their_files_stay(driver, photos):
    driver.drop([photos])
    driver.wait_listed(6)
    queue = driver.find("queue", QueueView)
    queue.select(driver.window._session.queue.row_of(photos / "Day 1" / "0.jpg"))
    QTest.keyClick(queue, Qt.Key.Key_Delete)
    assert len(driver.window._session.queue) == 5
    driver.convert()
    assert (photos / "Day 1" / "0.jpg").is_file()
    assert not (photos.with_name("Holiday sharp") / "Day 1" / "0.jpg").exists()


def test_the_examples_are_one_click_away(driver, tmp_path, monkeypatch):
    monkeypatch.setattr("p2p_desktop.ui.convert_page.pictures_folder", lambda: tmp_path)
    driver.click("try_examples")
    examples = list((resources() / "examples").glob("*.jpg"))
    driver.wait_listed(len(examples))
    driver.convert()
    assert sorted(path.name for path in (tmp_path / "P2P Desktop examples sharp").iterdir()) == sorted(
        path.name for path in examples
    )


def test_what_is_wished_during_the_work_is_for_the_next_one(driver, photos, tmp_path):
    add_own_model(driver, tmp_path)
    driver.drop([photos])
    driver.wait_listed(6)
    driver.click("convert_start")
    driver.window._on_use_asked("mine")
    driver.window._settings.change(keep_metadata=False)
    assert driver.window._session.output_folders == [photos.with_name("Holiday sharp")]
    assert "Deblur" in driver.text("status_doing")
    driver.wait(lambda: driver.counts["done"] == 6)
    driver.wait(lambda: driver.window.convert._panel.wishes.model == "mine")
    assert driver.find("convert_again").isVisible()
    assert not driver.window.convert._panel.wishes.keep_metadata
