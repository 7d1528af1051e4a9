"""A file of another program, dropped on the window: asked about, imported by a child, told about, tried; or refused in words."""

import time

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QComboBox, QLineEdit, QWidget

from p2p_desktop import child
from p2p_desktop.ui.choices import SegmentedControl
from p2p_desktop.ui.import_dialog import ImportDialog
from p2p_desktop.ui.model_cards import ModelCards
from p2p_desktop.ui.try_dialog import TryDialog
from tests.models.reference_networks import UNet
from training.contract.model_file import read_card


@pytest.fixture
def facades(tmp_path):
    """What the reference program leaves of a run."""
    folder = tmp_path / "facades_label2photo"
    folder.mkdir()
    torch.save(UNet(3, 3, 5, 4, "batch").state_dict(), folder / "latest_net_G.pth")
    return folder / "latest_net_G.pth"


def drop(driver, *files):
    driver.drop(list(files))
    driver.wait(lambda: driver.window.findChild(ImportDialog) is not None)
    return driver.find("import_dialog", ImportDialog)


def press(dialog, name):
    button = dialog.findChild(QAbstractButton, name)
    assert button.isVisible()
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def words(dialog, name):
    return dialog.findChild(QWidget, name).text()


def seen(dialog, name):
    return dialog.findChild(QWidget, name).isVisible()


def test_a_dropped_file_becomes_a_model_that_is_told_about_and_selected(driver, facades):
    before = facades.read_bytes()
    dialog = drop(driver, facades)
    assert dialog.findChild(QLineEdit, "import_name").text() == "facades_label2photo"
    dialog.findChild(SegmentedControl, "import_direction").segment("BtoA").click()
    press(dialog, "import_start")
    assert seen(dialog, "import_progress")
    driver.wait(lambda: seen(dialog, "import_headline"))
    assert words(dialog, "import_headline") == "facades_label2photo is here now"
    assert "U-Net" in words(dialog, "import_recognised")
    assert "256" in words(dialog, "import_assumed")
    assert "--" not in words(dialog, "import_assumed")  # nobody types here
    cards = driver.find("model_cards", ModelCards)
    driver.wait(lambda: cards.selected is not None and cards.selected.name == "facades_label2photo")
    assert read_card(cards.selected.path).direction == "BtoA"
    press(dialog, "import_done")
    driver.wait(lambda: driver.window.findChild(ImportDialog) is None)
    assert facades.read_bytes() == before


def test_an_imported_model_is_tried_at_once(driver, facades):
    dialog = drop(driver, facades)
    press(dialog, "import_start")
    driver.wait(lambda: seen(dialog, "import_headline"))
    press(dialog, "import_try")
    driver.wait(lambda: driver.window.findChild(TryDialog) is not None)
    tried = driver.find("try_dialog", TryDialog)
    assert tried.model_name == "facades_label2photo"
    tried.close()


def test_what_is_no_generator_is_refused_in_words_and_can_be_asked_again(driver, tmp_path):
    file = tmp_path / "latest_net_D.pth"
    file.write_bytes(b"no such thing")
    dialog = drop(driver, file)
    press(dialog, "import_start")
    driver.wait(lambda: seen(dialog, "import_problem"))
    assert "latest_net_D.pth" in words(dialog, "import_problem")
    assert not seen(dialog, "import_progress")
    assert dialog.findChild(QAbstractButton, "import_start").isEnabled()
    press(dialog, "import_cancel")
    driver.wait(lambda: driver.window.findChild(ImportDialog) is None)


def test_several_files_are_asked_about_one_after_the_other(driver, facades, tmp_path):
    other = tmp_path / "night.pth"
    other.write_bytes(facades.read_bytes())
    dialog = drop(driver, facades, other)
    assert "latest_net_G" in dialog.windowTitle()
    dialog.reject()
    driver.wait(lambda: (now := driver.window.findChild(ImportDialog)) is not None and "night" in now.windowTitle())
    driver.find("import_dialog", ImportDialog).reject()
    driver.wait(lambda: driver.window.findChild(ImportDialog) is None)


def test_an_old_file_is_read_in_its_order(driver, facades, monkeypatch):
    asked = []
    real = child.own_command
    monkeypatch.setattr(child, "own_command", lambda *words: asked.append(words) or real(*words))
    dialog = drop(driver, facades)
    dialog.findChild(QCheckBox, "import_old").click()
    QTest.keyClick(dialog.findChild(QLineEdit, "import_name"), Qt.Key.Key_Return)
    driver.wait(lambda: seen(dialog, "import_headline"))
    (words_,) = [words for words in asked if words[:2] == ("models", "import")]
    assert words_[-2:] == ("--skip-order", "decoder-first")
    dialog.accept()


def test_giving_up_ends_the_child(driver, facades, monkeypatch, tmp_path):
    mark = tmp_path / "alive"
    script = f"import time, pathlib; pathlib.Path({str(mark)!r}).touch(); time.sleep(60)"
    real = child.own_command
    python = real()[0]
    hanging = [python, "-c", script]
    monkeypatch.setattr(child, "own_command", lambda *words: hanging if words[:2] == ("models", "import") else real(*words))
    dialog = drop(driver, facades)
    press(dialog, "import_start")
    driver.wait(mark.exists)
    began = time.monotonic()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    driver.wait(lambda: driver.window.findChild(ImportDialog) is None)
    assert time.monotonic() - began < 5


def test_of_a_file_with_several_generators_one_is_chosen(driver, tmp_path):
    torch.manual_seed(0)
    both = {f"netG_{letter}": UNet(3, 3, 5, 4, "batch").state_dict() for letter in "AB"}
    torch.save(both, tmp_path / "horses.pth")
    dialog = drop(driver, tmp_path / "horses.pth")
    part = dialog.findChild(QComboBox, "import_part")
    assert not part.isVisible()
    press(dialog, "import_start")
    driver.wait(part.isVisible)
    assert words(dialog, "import_problem") == "This file holds 2 generators. Choose one of them."
    assert part.hasFocus()
    assert [part.itemText(index) for index in range(part.count())] == ["netG_A", "netG_B"]
    QTest.keyClick(part, Qt.Key.Key_Down)
    press(dialog, "import_start")
    driver.wait(lambda: seen(dialog, "import_headline"))
    model = driver.window._shelf.find("horses")
    assert read_card(model.path).provenance["part"] == "netG_B"
