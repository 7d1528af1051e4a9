"""Convert, driven as a person drives it: drop, look, start, stop, go on, try again."""

import os
import shutil
from hashlib import blake2b
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QLineEdit, QMenu, QPushButton, QSlider

from p2p_desktop.convert.request import Part, Request
from p2p_desktop.convert.unfinished import UnfinishedJobs
from p2p_desktop.paths import resources, user_paths
from p2p_desktop.ui.compare_view import CompareView
from p2p_desktop.ui.queue_view import QueueView
from tests.models_for_tests import write_small_model
from training.contract.errors import ModelError
from training.contract.pictures import read_picture


def save_photo(path: Path, *, size: int = 96, seed: int = 0) -> Path:
    """Write a picture of soft shapes."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (size // 12, size // 9, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, cv2.resize(small, (size * 4 // 3, size)))[1].tobytes())
    return path


def fingerprint(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): blake2b(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "Holiday"
    for number in range(6):
        save_photo(folder / ("Day 1" if number < 3 else "Day 2") / f"{number}.jpg", seed=number)
    return folder


def add_own_model(driver, folder: Path) -> None:
    """Drop a model on the window, and come back to Convert."""
    write_small_model(folder / "mine.safetensors")
    driver.drop([folder / "mine.safetensors"])
    driver.wait(lambda: driver.window._shelf.find("mine") is not None)
    driver.window.go_to("convert")


def note(driver) -> str:
    return driver.window.convert._notes.text()


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


def test_failed_pictures_say_why_and_are_tried_again_alone(driver, photos):
    broken = photos / "Day 1" / "broken.jpg"
    whole = save_photo(photos.parent / "whole.jpg", size=200, seed=9)
    broken.write_bytes(whole.read_bytes()[:2000])
    (photos / "Day 2" / "page.png").write_text("<html>")
    driver.drop([photos])
    driver.wait_listed(8)
    driver.convert()
    assert (driver.counts["done"], driver.counts["failed"]) == (6, 2)
    assert driver.find("filter_failed", QPushButton).isChecked()
    rows = driver.window._session.queue.rows("failed")
    assert all(row.reason.endswith(".") for row in rows)
    made = {path: path.stat().st_mtime_ns for path in photos.with_name("Holiday sharp").rglob("*.jpg")}
    shutil.copy(whole, broken)
    driver.click("convert_retry")
    driver.wait(lambda: driver.counts["done"] == 7 and not driver.window.convert.is_busy)
    assert driver.counts["failed"] == 1
    assert (photos.with_name("Holiday sharp") / "Day 1" / "broken.jpg").is_file()
    assert {path: path.stat().st_mtime_ns for path in made} == made


def test_a_picture_that_cannot_be_shown_never_stands_under_anothers_name(driver, photos):
    (photos / "Day 1" / "broken.jpg").write_bytes((photos / "Day 1" / "0.jpg").read_bytes()[:900])
    driver.drop([photos])
    driver.wait_listed(7)
    view = driver.find("compare_view", CompareView)
    driver.wait(lambda: view.has_result)
    queue = driver.find("queue", QueueView)
    queue.select(driver.window._session.queue.row_of(photos / "Day 1" / "broken.jpg"))
    driver.wait(lambda: driver.text("compare_name") == "broken.jpg")
    assert not view.has_picture


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


def test_two_drops_at_once_and_the_same_picture_twice(driver, photos, tmp_path):
    other = save_photo(tmp_path / "other" / "one.png")
    driver.drop([photos])
    driver.drop([other, photos / "Day 1" / "0.jpg"])
    driver.wait_listed(7)
    driver.convert()
    assert (tmp_path / "other sharp" / "one.png").is_file()
    assert driver.counts["done"] + driver.counts["skipped"] == 7


def test_a_folder_that_is_dropped_again_brings_what_is_new_in_it(driver, photos):
    driver.drop([photos])
    driver.wait_listed(6)
    driver.convert()
    save_photo(photos / "Day 3" / "new.jpg")
    driver.drop([photos])
    driver.wait_listed(7)
    driver.click("convert_start")
    driver.wait(lambda: driver.counts["done"] == 7)
    driver.wait(lambda: not driver.window.convert.is_busy)


def test_a_folder_with_earlier_results_in_it_brings_its_pictures_and_says_what_it_passed_over(driver, photos):
    driver.drop([photos / "Day 1"])
    driver.wait_listed(3)
    driver.convert()
    driver.click("convert_clear")
    driver.drop([photos])
    driver.wait_listed(6)
    assert "3 results of earlier conversions were passed over." in driver.text("action_detail")
    driver.convert()
    assert driver.counts["done"] == 6
    assert sorted(path.name for path in photos.with_name("Holiday sharp").iterdir()) == ["Day 1", "Day 2"]
    driver.click("convert_clear")
    driver.drop([photos.with_name("Holiday sharp")])
    driver.wait_listed(6)  # results alone can be converted further


def test_results_beside_their_sources_are_neither_listed_nor_made_twice(driver, photos):
    folder = photos / "Day 1"
    driver.window.convert._panel.change(output=str(folder))
    driver.drop([folder])
    driver.wait_listed(3)
    driver.convert()
    assert len(list(folder.iterdir())) == 6
    driver.click("convert_clear")
    driver.window.convert._panel.change(existing="overwrite")
    driver.drop([folder])
    driver.wait_listed(3)
    driver.convert()
    assert driver.counts["done"] == 3
    assert len(list(folder.iterdir())) == 6


def test_what_lies_within_a_dropped_folder_is_converted_once_and_in_its_place(driver, photos):
    before = fingerprint(photos)
    driver.drop([photos])
    driver.drop([photos / "Day 1", photos / "Day 2" / "3.jpg"])
    driver.wait_listed(6)
    driver.convert()
    assert driver.counts["done"] == 6
    assert fingerprint(photos) == before
    assert fingerprint(photos.with_name("Holiday sharp")).keys() == before.keys()


def test_what_is_dropped_during_the_work_follows_it(driver, tmp_path):
    for number in range(20):
        save_photo(tmp_path / "Many" / f"{number:02}.png", size=144, seed=number)
    late = save_photo(tmp_path / "late" / "late.png")
    driver.drop([tmp_path / "Many"])
    driver.wait_listed(20)
    driver.click("convert_start")
    driver.wait(lambda: driver.counts["done"] >= 1)
    driver.drop([late])
    driver.wait(lambda: driver.counts["done"] == 21)
    driver.wait(lambda: driver.phase == "done")
    assert (tmp_path / "late sharp" / "late.png").is_file()


def mime(**kinds) -> QMimeData:
    data = QMimeData()
    if "text" in kinds:
        data.setText(kinds["text"])
    if "urls" in kinds:
        data.setUrls([QUrl(url) for url in kinds["urls"]])
    if "image" in kinds:
        data.setImageData(kinds["image"])
    return data


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ({"text": "some words"}, "A text cannot be converted"),
        ({"urls": ["https://example.org/cat.jpg"]}, "the internet is not fetched"),
        ({"image": QImage(4, 4, QImage.Format.Format_RGB32)}, "without a file"),
    ],
)
def test_what_a_browser_drops_is_answered_with_a_sentence(driver, kinds, said):
    driver.drop([], data=mime(**kinds))
    assert said in note(driver)
    assert driver.phase == "empty"


def test_a_folder_without_pictures_is_a_sentence(driver, tmp_path):
    (tmp_path / "notes.txt").write_text("words")
    driver.drop([tmp_path])
    driver.wait(lambda: "no picture" in note(driver))
    assert driver.phase == "empty"


def test_camera_raw_is_counted_and_named(driver, photos):
    for number in range(3):
        (photos / f"{number}.NEF").touch()
    driver.drop([photos])
    driver.wait_listed(6)
    assert "3 NEF" in driver.text("action_detail")


def test_an_output_that_cannot_be_written_stops_with_a_sentence_and_loses_nothing(driver, photos, tmp_path):
    (tmp_path / "file").write_text("in the way")
    field = driver.find("convert_output", QLineEdit)
    field.setText(str(tmp_path / "file" / "results"))
    field.editingFinished.emit()
    driver.drop([photos])
    driver.wait_listed(6)
    driver.click("convert_start")
    driver.wait(lambda: not driver.window.convert.is_busy and driver.window._session.outcome is not None)
    said = note(driver) or driver.text("summary_headline")
    assert str(tmp_path / "file") in said
    assert driver.counts["waiting"] == 6
    field.setText(str(tmp_path / "elsewhere"))
    field.editingFinished.emit()
    driver.click("convert_start")
    driver.wait(lambda: driver.counts["done"] == 6)
    driver.wait(lambda: not driver.window.convert.is_busy)


def test_a_source_that_vanishes_is_a_row_and_the_others_are_done(driver, photos):
    driver.drop([photos])
    driver.wait_listed(6)
    (photos / "Day 1" / "1.jpg").unlink()
    driver.convert()
    assert (driver.counts["done"], driver.counts["failed"]) == (5, 1)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_a_pipe_among_the_pictures_is_a_row_and_holds_up_nobody(driver, photos):
    os.mkfifo(photos / "pipe.jpg")
    driver.drop([photos])
    driver.wait_listed(7)
    assert driver.counts["failed"] == 1
    driver.wait(lambda: all(row.height == 96 for row in driver.window._session.queue.rows("waiting")))


def test_what_the_command_line_names_and_is_not_there_is_told(driver, photos):
    driver.window.open_paths([photos, photos / "missing.jpg"])
    driver.wait_listed(7)
    row = driver.window._session.queue.row_of(photos / "missing.jpg")
    assert (row.state, row.reason) == ("failed", f"{row.path} does not exist. Was it moved or renamed?")
    driver.convert()
    assert (driver.counts["done"], driver.counts["failed"]) == (6, 1)


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


def test_after_a_crash_the_offer_finishes_what_was_begun(qtbot, look, prepared_home, photos, tmp_path):
    from tests.ui.driving import Driver

    model = resources() / "models" / "deblur.safetensors"
    from p2p_desktop.convert.events import ConvertSettings

    request = Request((Part((photos,), tmp_path / "results"),), model, ConvertSettings(format="png"), device="cpu")
    jobs = UnfinishedJobs(user_paths().unfinished)
    path = jobs.begin(request, 6)
    dead = path.with_name(path.name.replace(f"-{os.getpid():x}-", "-3fffffff-"))
    dead.write_text(path.read_text().replace(f"-{os.getpid():x}-", "-3fffffff-"))
    path.unlink()
    driver = Driver(qtbot, look)
    go_on(driver)
    driver.wait(lambda: driver.phase == "done")
    assert len(list((tmp_path / "results").rglob("*.png"))) == 6
    assert not list(user_paths().unfinished.iterdir())
    driver.close()
    assert driver.errors.reports == []


def test_a_model_that_is_removed_while_it_is_used_finishes_its_work(driver, tmp_path):
    add_own_model(driver, tmp_path)
    driver.window.convert.use_model("mine")
    for number in range(12):
        save_photo(tmp_path / "Many" / f"{number:02}.png", size=144, seed=number)
    driver.drop([tmp_path / "Many"])
    driver.wait_listed(12)
    driver.click("convert_start")
    driver.wait(lambda: driver.counts["done"] >= 1)
    driver.window._shelf.remove("mine")
    driver.wait(lambda: driver.window._shelf.find("mine") is None)
    driver.wait(lambda: driver.phase == "done")
    assert driver.counts["done"] == 12
    assert driver.window._session.output_folders == [tmp_path / "Many sharp"]
    driver.click("convert_clear")
    assert driver.window.convert._panel.wishes.model == "deblur"


def test_a_model_that_gets_another_name_or_comes_back_stays_chosen(driver, tmp_path):
    write_small_model(tmp_path / "mine.safetensors")
    driver.drop([tmp_path / "mine.safetensors"])
    shelf, panel = driver.window._shelf, driver.window.convert._panel
    driver.wait(lambda: shelf.find("mine") is not None)
    driver.window.convert.use_model("mine")
    shelf.rename("mine", "R&D")
    driver.wait(lambda: shelf.find("R&D") is not None)
    assert panel.wishes.model == "R&D"
    driver.window.go_to("convert")
    driver.click("convert_model")
    menu = driver.find("convert_model_menu", QMenu)
    assert any(action.data() == "R&D" and action.text().startswith("R&&D ") for action in menu.actions())
    menu.close()
    driver.window.go_to("models")
    shelf.remove("R&D")
    driver.wait(lambda: shelf.find("R&D") is None)
    assert panel.wishes.model == "deblur"
    driver.wait(lambda: driver.window.findChild(QPushButton, "models_undo") is not None)
    driver.click("models_undo")
    driver.wait(lambda: shelf.find("R&D") is not None)
    assert panel.wishes.model == "R&D"


def test_closing_during_work_asks_and_offers_the_rest_next_time(driver, tmp_path, qtbot):
    for number in range(20):
        save_photo(tmp_path / "Many" / f"{number:02}.png", size=144, seed=number)
    driver.drop([tmp_path / "Many"])
    driver.wait_listed(20)
    driver.click("convert_start")
    driver.wait(lambda: driver.counts["done"] >= 1)

    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QDialog

    answers, told = ["keep_converting", "stop_and_close"], []

    def answer():
        for dialog in filter(QDialog.isVisible, driver.window.findChildren(QDialog, "stop_question")):
            told.append((dialog.findChild(QLabel, "stop_words").text().split()[0], str(driver.counts["done"])))
            if len(told) == 1:
                return  # look again when more is done
            if answers[0] == "keep_converting" and told[-1][0] == told[0][0]:
                return
            QTest.mouseClick(dialog.findChild(QPushButton, answers.pop(0)), Qt.MouseButton.LeftButton)

    timer = QTimer()
    timer.timeout.connect(answer)
    timer.start(50)
    assert not driver.window.close()
    assert driver.window.isVisible()
    assert driver.window.close()
    timer.stop()
    assert all(said == done for said, done in told)
    done = len(list((tmp_path / "Many sharp").iterdir()))
    assert 1 <= done < 20
    (unfinished,) = user_paths().unfinished.iterdir()  # the next start offers it
    assert unfinished.name.endswith(".job.json")


def interrupted(photos, out, only=None):
    """A note of a conversion that a crash ended."""
    model = resources() / "models" / "deblur.safetensors"
    from p2p_desktop.convert.events import ConvertSettings

    request = Request((Part((photos,), out),), model, ConvertSettings(format="png"), device="cpu", only=only)
    jobs = UnfinishedJobs(user_paths().unfinished)
    path = jobs.begin(request, 6)
    dead = path.with_name(path.name.replace(f"-{os.getpid():x}-", "-3fffffff-"))
    dead.write_text(path.read_text().replace(f"-{os.getpid():x}-", "-3fffffff-"))
    path.unlink()


def go_on(driver):
    driver.wait(lambda: driver.window.findChild(QPushButton, "recovery_go_on") is not None)
    driver.wait(lambda: driver.find("recovery_go_on").isVisible())
    driver.click("recovery_go_on")


def test_what_was_done_before_the_crash_is_neither_listed_nor_called_failed(qtbot, look, prepared_home, photos, tmp_path):
    from tests.ui.driving import Driver

    rest = frozenset({photos / "Day 2" / "4.jpg", photos / "Day 2" / "5.jpg"})
    interrupted(photos, tmp_path / "results", rest)
    driver = Driver(qtbot, look)
    driver.wait(lambda: driver.window.findChild(QPushButton, "recovery_go_on") is not None)
    save_photo(tmp_path / "Other" / "x.png")
    driver.drop([tmp_path / "Other"])  # before it is gone on with: no part of it
    driver.wait_listed(1)
    go_on(driver)
    driver.wait(lambda: driver.phase == "done")
    assert driver.counts == {"waiting": 1, "working": 0, "done": 2, "skipped": 0, "failed": 0}
    assert {path.name for path in (tmp_path / "results").rglob("*.png")} == {"4.png", "5.png"}
    assert driver.window._session.output_folders == [tmp_path / "results"]
    assert not list(user_paths().unfinished.iterdir())
    driver.close()


def test_what_was_dropped_before_the_offer_is_taken_up_is_part_of_it_where_it_was(qtbot, look, prepared_home, photos, tmp_path):
    from tests.ui.driving import Driver

    interrupted(photos, tmp_path / "results", frozenset({photos / "Day 2" / "4.jpg", photos / "Day 2" / "5.jpg"}))
    driver = Driver(qtbot, look)
    driver.wait(lambda: driver.window.findChild(QPushButton, "recovery_go_on") is not None)
    driver.drop([photos])
    driver.wait_listed(6)
    driver.drop([tmp_path / "nothing here"])
    driver.wait(lambda: driver.counts["failed"] == 1)
    driver.window.convert.say("warning", "Something else.")
    assert driver.find("recovery_go_on").isVisible()  # whatever else is said
    go_on(driver)
    driver.wait(lambda: driver.phase == "done")
    assert driver.counts == {"waiting": 4, "working": 0, "done": 2, "skipped": 0, "failed": 1}
    assert {path.name for path in (tmp_path / "results").rglob("*.png")} == {"4.png", "5.png"}
    driver.close()


def test_what_lies_within_what_a_crash_had_ended_goes_where_that_goes(qtbot, look, prepared_home, photos, tmp_path):
    from tests.ui.driving import Driver

    interrupted(photos, tmp_path / "out")
    driver = Driver(qtbot, look)
    go_on(driver)
    driver.wait(lambda: driver.phase == "done")
    save_photo(photos / "Day 3" / "new.jpg")
    driver.drop([photos / "Day 3"])
    driver.wait_listed(7)
    driver.convert()
    assert driver.counts["done"] == 7
    assert (tmp_path / "out" / "Day 3" / "new.png").is_file()
    assert not (photos / "Day 3 sharp").exists()
    driver.close()


def test_an_offer_that_cannot_be_taken_up_comes_again_and_leaks_into_nothing(qtbot, look, prepared_home, photos, tmp_path):
    from tests.ui.driving import Driver

    away = photos.rename(tmp_path / "unplugged")
    interrupted(photos, tmp_path / "results")
    driver = Driver(qtbot, look)
    go_on(driver)
    driver.wait(lambda: driver.counts["failed"] == 1 or "can be found" in note(driver) or "no picture" in note(driver))
    assert list(user_paths().unfinished.iterdir())
    driver.window._session.clear()
    driver.drop([away])
    driver.wait_listed(6)
    assert driver.phase == "ready"  # nothing starts by itself
    driver.convert()
    assert (tmp_path / "unplugged sharp").is_dir()
    assert not (tmp_path / "results").exists()
    driver.close()


def test_only_the_failed_ones_are_tried_again_when_others_wait(driver, tmp_path):
    for number in range(20):
        save_photo(tmp_path / "Many" / f"{number:02}.png", size=144, seed=number)
    (tmp_path / "Many" / "00.png").write_bytes(b"no picture")
    driver.drop([tmp_path / "Many"])
    driver.wait_listed(20)
    driver.click("convert_start")
    driver.wait(lambda: driver.counts["done"] >= 1 and driver.counts["failed"] == 1)
    driver.click("convert_stop")
    driver.wait(lambda: driver.phase == "done")
    done, waiting = driver.counts["done"], driver.counts["waiting"]
    assert waiting > 0
    save_photo(tmp_path / "Many" / "00.png", size=144)
    driver.window._session.places._locate()  # as after a change of the model: the retry waits for where results go
    driver.click("convert_retry")
    driver.wait(lambda: driver.counts["done"] == done + 1)
    driver.wait(lambda: driver.phase == "done" and not driver.window.convert.is_busy)
    assert (driver.counts["done"], driver.counts["waiting"], driver.counts["failed"]) == (done + 1, waiting, 0)


def test_a_failed_picture_can_be_tried_again_while_the_others_are_converted(driver, tmp_path):
    for number in range(20):
        save_photo(tmp_path / "Many" / f"{number:02}.png", size=144, seed=number)
    (tmp_path / "Many" / "00.png").write_bytes(b"no picture")
    driver.drop([tmp_path / "Many"])
    driver.wait_listed(20)
    driver.click("convert_start")
    driver.wait(lambda: driver.counts["done"] >= 1 and driver.counts["failed"] == 1)
    save_photo(tmp_path / "Many" / "00.png", size=144)
    queue = driver.find("queue", QueueView)
    queue.select(driver.window._session.queue.rows("failed")[0])
    QTest.keyClick(queue, Qt.Key.Key_Return)
    assert driver.counts["failed"] == 0
    assert driver.window.convert.is_busy
    driver.wait(lambda: driver.phase == "done")
    assert (driver.counts["done"], driver.counts["failed"]) == (20, 0)
    assert (tmp_path / "Many sharp" / "00.png").exists()


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


def test_another_model_shows_its_own_result_and_not_the_file_of_the_last_one(driver, photos, tmp_path):
    add_own_model(driver, tmp_path)
    driver.drop([photos])
    driver.wait_listed(6)
    driver.convert()
    queue, pane = driver.find("queue", QueueView), driver.window.convert._picture
    queue.select(driver.window._session.queue.rows("done")[0])
    QTest.keyClick(queue, Qt.Key.Key_Return)
    driver.wait(lambda: pane._preview._wish is not None and pane._preview._wish[1] is not None)
    driver.window.convert.use_model("mine")
    driver.wait(lambda: pane._preview._wish is not None and pane._preview._wish[1] is None)
    driver.window.convert.use_model("deblur")
    driver.wait(lambda: pane._preview._wish is not None and pane._preview._wish[1] is not None)


def test_the_folder_of_the_results_is_opened_or_said_to_be_gone(driver, photos):
    opened = []
    driver.window.convert._door._open_url = lambda url: not opened.append(url.toLocalFile())
    driver.drop([photos])
    driver.wait_listed(6)
    driver.convert()
    driver.click("convert_open")
    driver.wait(lambda: opened == [str(photos.with_name("Holiday sharp"))])
    photos.with_name("Holiday sharp").rename(photos.with_name("Moved"))
    driver.click("convert_open")
    driver.wait(lambda: "not there any more" in note(driver))
    assert len(opened) == 1


def test_where_no_program_shows_folders_the_path_is_told(driver, photos):
    driver.window.convert._door._open_url = lambda url: False
    driver.drop([photos])
    driver.wait_listed(6)
    driver.convert()
    driver.click("convert_open")
    driver.wait(lambda: str(photos.with_name("Holiday sharp")) in note(driver))


def test_the_wheel_over_the_panel_changes_nothing(driver, photos):
    driver.drop([photos])
    driver.wait_listed(6)
    driver.convert()
    for name in ("convert_strength", "convert_format", "convert_device"):
        control = driver.find(name)
        centre = QPointF(control.rect().center())
        wheel = QWheelEvent(
            centre,
            control.mapToGlobal(centre),
            QPoint(0, 0),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(control, wheel)
    assert driver.phase == "done"
    assert (driver.window.convert._panel.wishes.strength, driver.window.convert._panel.wishes.format) == (1.0, "keep")


def test_the_output_field_takes_no_files_and_no_unknown_persons_home(driver, photos, tmp_path):
    driver.drop([photos])
    driver.wait_listed(6)
    field = driver.find("convert_output", QLineEdit)
    assert not field.acceptDrops()
    field.setFocus()
    QTest.keyClicks(field, "~nobody123/x")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert driver.errors.reports == []
    field.selectAll()
    QTest.keyClicks(field, str(tmp_path / "there"))
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)  # starts while the field is being typed in
    driver.wait(lambda: driver.phase == "done")
    assert len(list((tmp_path / "there").rglob("*.jpg"))) == 6


def test_a_loose_file_is_not_compared_with_all_others(driver, tmp_path):
    class Counted(type(Path())):
        compared = 0

        def __eq__(self, other):
            Counted.compared += 1
            return super().__eq__(other)

        __hash__ = type(Path()).__hash__

    driver.window._session.add([Counted(tmp_path / f"{number}.jpg") for number in range(2000)])
    assert Counted.compared < 200_000  # of two million pairs
    driver.window._session.clear()


def test_a_repaired_picture_gets_its_small_picture_and_its_size(driver, photos):
    (photos / "Day 1" / "0.jpg").write_bytes(b"no picture")
    driver.drop([photos])
    driver.wait_listed(6)
    driver.convert()
    row = driver.window._session.queue.rows("failed")[0]
    thumbnails = driver.window.convert._thumbnails
    driver.wait(lambda: thumbnails.pixmap(row.path, 1.0) is None and thumbnails.has_failed(row.path))
    save_photo(photos / "Day 1" / "0.jpg")
    driver.click("convert_retry")
    driver.wait(lambda: driver.phase == "done" and driver.counts["done"] == 6)
    driver.wait(lambda: thumbnails.pixmap(row.path, 1.0) is not None)


def test_a_look_at_headers_that_breaks_off_is_not_begun_over_and_over(driver, photos, monkeypatch):
    looks = []

    def break_off(paths, *, report, token):
        looks.append(paths)
        raise ArithmeticError("a decoder's own mistake")

    monkeypatch.setattr("p2p_desktop.convert.looking.measure", break_off)
    driver.drop([photos])
    driver.wait_listed(6)
    QTest.qWait(200)
    assert len(looks) == 1
    monkeypatch.undo()
    save_photo(photos / "6.jpg")
    driver.drop([photos])
    driver.wait_listed(7)
    assert not driver.window._session.queue.unmeasured()


def test_what_came_during_the_work_and_cannot_follow_it_leaves_the_page_usable(driver, photos, tmp_path, monkeypatch):
    session = driver.window._session

    def refuse(*_):
        raise ModelError("The model mine is not there any more.")

    def on_state(state: str) -> None:
        if state == "idle":
            session.places._locate()  # a slow disk is still being asked where the results of what follows can go
            monkeypatch.setattr(session, "_request_for", refuse)

    driver.drop([photos])
    driver.wait_listed(6)
    driver.click("convert_start")
    driver.drop([save_photo(tmp_path / "one more.png")])
    session.conversion.state_changed.connect(on_state)
    driver.wait(lambda: driver.phase == "done")
    assert "not there any more" in note(driver)
    assert (driver.counts["done"], driver.counts["waiting"]) == (6, 1)
    assert driver.find("convert_start").isVisible()
    session.conversion.state_changed.disconnect(on_state)


def test_an_error_is_told_on_the_page_that_is_looked_at(driver):
    driver.window.go_to("settings")
    driver.errors.happened.emit("ZeroDivisionError: by itself")
    assert "unexpected" in driver.window._notice.text()
    assert driver.window._notice.isVisible()


def test_no_verb_is_cut_off_in_the_smallest_window(driver, photos):
    (photos / "broken.jpg").write_bytes(b"no picture")
    driver.window.resize(900, 600)
    driver.drop([photos])
    driver.wait_listed(7)
    driver.convert()
    driver.window.convert._panel.change(format="png")
    QTest.keyClick(driver.find("queue", QueueView), Qt.Key.Key_Home)
    driver.window.convert._show_row(driver.window._session.queue.rows("done")[0])
    bar = driver.window.convert._bar
    shown = [button for button in bar.findChildren(QPushButton) if button.isVisible()]
    assert len(shown) == 5
    driver.wait(lambda: all(button.width() >= button.sizeHint().width() for button in shown))
    assert max(button.geometry().right() for button in shown) < bar.width()
