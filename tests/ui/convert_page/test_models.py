"""Models that are removed, renamed or changed while they are used."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QPushButton

from p2p_desktop.ui.queue_view import QueueView
from tests.models_for_tests import write_small_model
from tests.ui.convert_page.hands import add_own_model, save_photo


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
