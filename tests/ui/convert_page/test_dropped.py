"""What is dropped, twice, within another, during the work, or is no picture at all."""

from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from tests.ui.convert_page.hands import fingerprint, mime, note, save_photo
from training.contract.errors import ModelError


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


def test_what_the_command_line_names_and_is_not_there_is_told(driver, photos):
    driver.window.open_paths([photos, photos / "missing.jpg"])
    driver.wait_listed(7)
    row = driver.window._session.queue.row_of(photos / "missing.jpg")
    assert (row.state, row.reason) == ("failed", f"{row.path} does not exist. Was it moved or renamed?")
    driver.convert()
    assert (driver.counts["done"], driver.counts["failed"]) == (6, 1)


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
