"""The wizard's step Pictures: what a folder holds is said at once, and what is wrong with it where it stands."""

import shutil

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QLineEdit,
)

from p2p_desktop.ui.widgets import Note
from tests.training.runs import write_photos


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: folder / "nowhere", "is not there"),
        (lambda folder: folder, "There are no pictures in"),
        (lambda folder: write_photos(folder / "one", 1), "There is only one pair in"),
        (lambda folder: shutil.copy(__file__, folder / "names.txt"), "is a file"),
        (lambda folder: write_photos(folder / "trainA", 3).parent, "two folders belong to train"),
    ],
    ids=["nowhere", "empty", "one", "file", "half"],
)
def test_a_folder_that_teaches_nothing_keeps_its_page_and_says_why(hands, tmp_path, make, sentence):
    folder = tmp_path / "bad"
    folder.mkdir()
    folder = make(folder)
    hands.go_to_pictures()
    hands.wizard.take_drop([folder])
    hands.wait(lambda: hands.text("train_data_problem"))
    assert sentence in hands.text("train_data_problem")
    assert hands.text("action_detail") == hands.text("train_data_problem")
    assert not hands.can_go_on
    assert hands.find("train_data", QLineEdit).text() == str(folder)
    assert hands.find("train_data").property("invalid") is True
    QTest.keyClick(hands.wizard, Qt.Key.Key_Return)
    assert hands.current == "pictures"


def test_a_part_of_a_path_is_no_folder(hands):
    hands.go_to_pictures()
    hands.type("train_data", "pictures")
    QTest.keyClick(hands.find("train_data"), Qt.Key.Key_Tab)
    assert "part of a path" in hands.text("train_data_problem")
    assert not hands.can_go_on
    hands.type("train_data", "")
    assert hands.text("action_detail") == "Choose the folder that holds the pictures."


def test_a_second_folder_that_is_not_there_is_complained_of_where_it_stands(hands, pairs):
    hands.go_to_pictures()
    hands.wizard.take_drop([pairs / "drawings"])
    hands.click("train_data_b_open")
    hands.type("train_data_b", str(pairs / "nowhere"))
    hands.wait(lambda: hands.text("train_data_b_problem"))
    assert hands.text("train_data_problem") == ""
    hands.type("train_data_b", str(pairs / "photos"))
    hands.wait(lambda: hands.can_go_on)
    assert hands.text("train_pictures_found") == "12 pairs"
    hands.click("train_next")
    assert hands.wizard.draft.data_b == pairs / "photos"


def test_two_folders_can_be_dropped_at_once(hands, pairs):
    hands.go_to_pictures()
    hands.wizard.take_drop([pairs / "photos", pairs / "drawings"])
    hands.wait(lambda: hands.can_go_on)
    assert hands.text("train_pictures_way") == "\u201cphotos\u201d goes in, \u201cdrawings\u201d should come out."


def test_winter_and_summer_are_no_pairs(hands, tmp_path):
    hands.go_to_pictures("winter_to_summer")
    warning = hands.find("train_pictures_warning")
    assert "not pairs" in warning.text()
    hands.click("train_back")
    hands.go_to_pictures()
    assert warning.text() == ""
    root = tmp_path / "seasons"
    write_photos(root / "summer_photos", 3)
    write_photos(root / "winter_photos", 3, seed=1)
    hands.wizard.take_drop([root])
    hands.wait(lambda: hands.can_go_on)
    assert "not pairs" in warning.text()


def test_a_picture_strip_is_parted_and_the_held_out_folder_counts(hands, tmp_path):
    write_photos(tmp_path / "strips" / "train", 3, 32, 64)
    write_photos(tmp_path / "strips" / "val", 2, 32, 64, seed=1)
    hands.go_to_pictures()
    hands.wizard.take_drop([tmp_path / "strips"])
    hands.wait(lambda: hands.can_go_on)
    assert hands.text("train_pictures_layout").startswith("Pictures A|B")
    assert hands.text("train_pictures_split").startswith("2 of them, in the folder val")
    first, second = hands.wizard.step._found.shown[0]
    assert (first.width(), second.width()) == (32, 32)
    whole = QImage(str(tmp_path / "strips" / "train" / "photo-0.png"))
    assert second.pixelColor(3, 3) == whole.pixelColor(35, 3)


def test_photographs_alone_are_enough_for_a_task_that_makes_its_pairs(hands, tmp_path):
    hands.go_to_pictures("edges")
    assert not hands.find("train_data_b").isVisible()
    hands.wizard.take_drop([write_photos(tmp_path / "photos", 3)])
    hands.wait(lambda: hands.can_go_on)
    assert hands.text("train_pictures_found") == "3 photographs"
    assert not hands.find("train_swap").isVisible()


def test_another_task_has_its_own_side_that_goes_in(hands, pairs):
    hands.go_to_pictures()
    hands.wizard.take_drop([pairs])
    hands.wait(lambda: hands.can_go_on)
    hands.click("train_swap")
    hands.click("train_next")
    assert hands.wizard.draft.changes["direction"] == "BtoA"
    hands.click("train_step_task")
    hands.go_to_pictures("maps")
    hands.wait(lambda: hands.can_go_on)
    assert hands.text("train_pictures_way").startswith("\u201cdrawings\u201d goes in")
    hands.click("train_next")
    assert "direction" not in hands.wizard.draft.changes


def test_of_more_than_two_folders_it_is_said_which_are_taken(hands, pairs):
    hands.go_to_pictures()
    hands.wizard.take_drop([pairs / "drawings", pairs / "photos", pairs])
    assert "Of the 3 that were dropped, the first two were taken" in hands.find("train_note", Note).text()
    hands.wait(lambda: hands.can_go_on)


def test_pictures_that_are_dropped_stand_for_their_folder(hands, tmp_path):
    folder = write_photos(tmp_path / "Holiday", 5)
    hands.go_to_pictures("edges")
    hands.wizard.take_drop([folder / f"photo-{number}.png" for number in range(4)])
    hands.wait(lambda: hands.can_go_on)
    assert hands.text("train_pictures_found") == "5 photographs"
    note = hands.find("train_note", Note)
    assert note.text() == f"The folder of what was dropped was taken, with all the pictures in it: {folder}"
    hands.wizard.take_drop([write_photos(tmp_path / "Garden", 3)])
    assert note.text() == ""
    hands.wait(lambda: hands.can_go_on)
    hands.click("train_next")
    assert hands.wizard.draft.data == tmp_path / "Garden"


@pytest.mark.parametrize("others", [["photos/photo-1.png"], ["photos"]], ids=["another folder's picture", "a folder"])
def test_pictures_from_here_and_there_change_nothing_and_it_is_said(hands, pairs, others):
    hands.go_to_pictures()
    hands.wizard.take_drop([pairs])
    hands.wait(lambda: hands.can_go_on)
    hands.wizard.take_drop([pairs / "drawings" / "photo-0.png", *(pairs / name for name in others)])
    assert "Nothing was taken" in hands.find("train_note", Note).text()
    assert hands.find("train_data", QLineEdit).text() == str(pairs)
    assert hands.can_go_on


def test_what_is_dropped_on_another_step_waits_for_its_own(hands, pairs, tmp_path):
    note = hands.find("train_note", Note)
    hands.wizard.take_drop([pairs])
    assert "on the page Pictures" in note.text()
    hands.go_to_pictures()
    assert note.text() == ""
    hands.wait(lambda: hands.can_go_on)
    hands.click("train_next")
    other = write_photos(tmp_path / "other" / "A", 3).parent
    write_photos(other / "B", 3, seed=1)
    hands.wizard.take_drop([other])
    hands.click("looks_good")
    hands.click("train_next")
    assert "on the page Pictures" in note.text()  # still: nothing came of it yet
    hands.click("train_step_pictures")
    hands.wait(lambda: hands.can_go_on)
    assert hands.find("train_data", QLineEdit).text() == str(other)
