"""The Models page as a person meets it: look, search, drop, rename, remove and bring back, try, use; files that wish no good."""

import base64
import json
import struct
import time
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QRect, Qt, QUrl
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QDragLeaveEvent, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QMenu, QPushButton, QWidget

from p2p_desktop.models.library import Library, Model
from p2p_desktop.paths import resources, user_paths
from p2p_desktop.ui import model_words
from p2p_desktop.ui.compare_view import CompareView
from p2p_desktop.ui.drop_hint import DropHint
from p2p_desktop.ui.model_cards import ModelCards, card_of, menu_place, room_for_gain
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.models_page import ModelsPage
from p2p_desktop.ui.remembered import Remembered
from p2p_desktop.ui.rename_dialog import RenameDialog
from p2p_desktop.ui.settings_box import SettingsBox
from p2p_desktop.ui.try_dialog import TryDialog
from p2p_desktop.ui.working_model import WorkingModel
from p2p_desktop.workers.task_thread import have_all_ended
from tests.deadlines import soon
from tests.models_for_tests import small_card, write_small_model
from training.contract.tasks import MetricName

PATIENCE_MS = 20_000
GOOD = {"metrics": {"psnr": 27.0, "ssim": 0.85}, "identity": {"psnr": 25.5, "ssim": 0.8}}


def jpeg(left, right, side=32):
    strip = np.zeros((side, 2 * side, 3), np.uint8)
    strip[:, :side], strip[:, side:] = left, right
    return bytes(cv2.imencode(".jpg", strip)[1])


def rewrite_card(path, **changes):
    """Let a model file say something that our own programs never write."""
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    header["__metadata__"]["p2p"] = json.dumps(json.loads(header["__metadata__"]["p2p"]) | changes)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + raw[8 + length :])
    return path


class Hands:
    """A Models page over folders of its own, and what a person does with it."""

    def __init__(self, qtbot, look, folder: Path, width: int = 1124) -> None:
        self.qtbot, self.folder = qtbot, folder
        self.library = Library(folder / "shipped", folder / "data" / "models", folder / "data" / "removed")
        measured = user_paths().measured
        self.shelf = ModelShelf(self.library.shipped, self.library.added, self.library.removed, measured=measured)
        paths = user_paths()
        working = WorkingModel(self.shelf, SettingsBox(paths.settings), paths, Remembered(paths.window))
        self.page = ModelsPage(look, self.shelf, working, resources() / "examples")
        qtbot.addWidget(self.page)
        self.page.resize(width, 760)
        self.page.show()
        self.cards = self.find("model_cards", ModelCards)
        self.shelf.refresh()
        self.wait(lambda: self.shelf.is_read)

    def wait(self, condition, timeout_ms=PATIENCE_MS):
        self.qtbot.waitUntil(condition, timeout=timeout_ms)

    def find(self, name, kind=QWidget):
        found = self.page.findChild(kind, name)
        assert found is not None, f"there is no {name}"
        return found

    def click(self, name):
        button = self.find(name, QAbstractButton)
        assert button.isVisible(), f"{name} is not to be seen"
        assert button.isEnabled(), f"{name} cannot be pressed"
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def text(self, name):
        return self.find(name, QLabel).text()

    def key(self, key):
        QTest.keyClick(self.cards, key)

    def segment(self, words):
        (button,) = (one for one in self.find("models_filter").findChildren(QAbstractButton) if one.text().startswith(words))
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        return button.text()

    @property
    def names(self):
        return [
            self.cards.model().index(row, 0).data(Qt.ItemDataRole.UserRole).name for row in range(self.cards.model().rowCount())
        ]

    @property
    def selected(self):
        return self.cards.selected.name if self.cards.selected is not None else None

    @property
    def note(self):
        return self.page._note.text()

    def add(self, *paths):
        self.shelf.add(paths)

    def rename(self, words):
        """Type a name into the dialog that is open, and press Rename."""
        self.wait(lambda: self.page.findChild(RenameDialog) is not None)
        field = self.find("rename_field", QLineEdit)
        field.selectAll()
        QTest.keyClicks(field, words)
        self.click("rename_apply")

    def close(self):
        self.page.close_down(soon())
        self.shelf.close(soon())
        have_all_ended(soon())


@pytest.fixture
def folder(tmp_path):
    """Two shipped models, deblur and plain, and one of the person's own."""
    write_small_model(tmp_path / "shipped" / "deblur.safetensors", small_card("deblur", preview=jpeg(40, 220), **GOOD))
    write_small_model(tmp_path / "shipped" / "plain.safetensors", small_card("plain"))
    write_small_model(tmp_path / "data" / "models" / "my haze.safetensors", small_card("my haze", task="colorize"))
    return tmp_path


@pytest.fixture
def hands(qtbot, look, folder):
    hands = Hands(qtbot, look, folder)
    yield hands
    hands.close()


@pytest.fixture
def new_model(tmp_path):
    return write_small_model(tmp_path / "downloads" / "night.safetensors", small_card("night"), seed=7)


def test_the_page_shows_what_there_is_and_says_how_good_the_chosen_one_is(hands):
    assert hands.names == ["deblur", "my haze", "plain"]
    assert hands.selected == "deblur"
    assert hands.text("model_title") == "Deblur"
    said = {label.text() for label in hands.page.findChildren(QLabel) if label.isVisible()}
    assert {"27.0 dB", "25.5 dB", "PSNR \u2191", "0.850", "Shipped with P2P Desktop"} <= said
    assert not hands.find("models_remove").isEnabled()
    assert "came with the program" in hands.find("models_remove").toolTip()


def test_the_filter_counts_and_the_search_looks_at_names_and_at_what_models_do(hands):
    assert hands.segment("Built in") == "Built in 2"
    assert hands.names == ["deblur", "plain"]
    assert hands.segment("Yours") == "Yours 1"
    assert hands.names == ["my haze"]
    assert hands.segment("All") == "All 3"
    QTest.keyClicks(hands.find("models_search"), "COLOURS")
    assert hands.names == ["my haze"]
    assert hands.text("model_title") == "my haze"


def test_a_search_that_finds_nothing_says_so_and_ends_with_a_click(hands):
    hands.segment("Built in")
    QTest.keyClicks(hands.find("models_search"), "haze<b>")
    assert "haze<b>" in hands.text("models_nothing")
    assert hands.text("model_title") == "No model"
    assert not hands.find("models_use").isEnabled()
    hands.click("models_show_all")
    assert hands.names == ["deblur", "my haze", "plain"]
    assert hands.text("model_title") == "Deblur"


def test_keys_walk_through_the_cards_and_return_uses_one(hands):
    hands.cards.setFocus()
    hands.key(Qt.Key.Key_Right)
    assert hands.text("model_title") == "my haze"
    with hands.qtbot.waitSignal(hands.page.use_asked) as used:
        hands.key(Qt.Key.Key_Return)
    assert used.args == ["my haze"]
    hands.key(Qt.Key.Key_Home)
    with hands.qtbot.waitSignal(hands.page.use_asked) as used:
        hands.click("models_use")
    assert used.args == ["deblur"]


def test_a_model_is_added_shown_and_chosen(hands, new_model):
    hands.segment("Built in")
    hands.add(new_model)
    hands.wait(lambda: hands.note == "night is here now.")
    assert hands.names == ["deblur", "my haze", "night", "plain"]
    assert hands.selected == "night"
    hands.add(new_model)  # the same again is no second one
    hands.wait(lambda: hands.note == "You already have this model: night.")
    assert hands.names == ["deblur", "my haze", "night", "plain"]


def test_a_copy_of_what_is_there_already_is_told_and_shown(hands, tmp_path, new_model):
    copy = tmp_path / "sharp.safetensors"
    copy.write_bytes((hands.library.shipped / "deblur.safetensors").read_bytes())
    hands.cards.select("plain")
    hands.add(copy)
    hands.wait(lambda: hands.note == "You already have this model: Deblur.")
    assert hands.selected == "deblur"
    assert hands.names == ["deblur", "my haze", "plain"]
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"PK\x03\x04 a file of another program")
    hands.add(copy, new_model, bad)
    said = "bad.safetensors is not a model file of this program. Added: night. Already there: deblur."
    hands.wait(lambda: hands.note == said)


def test_of_many_files_the_good_ones_are_added_and_the_bad_one_is_told(hands, tmp_path, new_model):
    second = write_small_model(tmp_path / "downloads" / "day.safetensors", seed=8)
    bad = tmp_path / "downloads" / "bad.safetensors"
    bad.write_bytes(b"PK\x03\x04 a file of another program")
    hands.add(new_model, bad, second)
    hands.wait(lambda: hands.note == "bad.safetensors is not a model file of this program. Added: night, day.")
    assert hands.names == ["day", "deblur", "my haze", "night", "plain"]
    assert not list(hands.library.added.glob(".*"))


def test_a_model_of_a_newer_version_is_refused_and_says_what_to_do(hands, new_model):
    hands.add(rewrite_card(new_model, version=2))
    hands.wait(lambda: hands.note == "night.safetensors was made by a newer version of this program. Update the program to use it.")
    assert "night" not in hands.names


def test_a_task_of_a_later_version_can_be_shown_and_used(hands, new_model):
    hands.add(rewrite_card(new_model, task="sketch-to-cat", unheard_of={"a": [1]}, metrics={"lpips": 0.2}, identity={"lpips": 0.4}))
    hands.wait(lambda: hands.selected == "night")
    assert "sketch-to-cat" in hands.text("model_words")
    assert model_words.does(hands.cards.selected.card) == "Translates pictures"
    assert hands.find("models_use").isEnabled()
    assert not hands.page.grab().isNull()


def test_a_model_gets_another_name(hands):
    hands.cards.select("my haze")
    hands.key(Qt.Key.Key_F2)
    hands.rename("Clear sky")
    hands.wait(lambda: hands.selected == "Clear sky")
    assert hands.names == ["Clear sky", "deblur", "plain"]
    hands.wait(lambda: hands.page.findChild(RenameDialog) is None)
    assert (hands.library.added / "Clear sky.safetensors").is_file()


def test_a_name_that_is_taken_stays_for_editing_with_the_reason(hands):
    hands.cards.select("my haze")
    hands.click("models_rename")
    hands.rename("Plain")
    hands.wait(lambda: hands.text("rename_problem") == "There is a model named Plain already. Choose another name.")
    field = hands.find("rename_field", QLineEdit)
    assert field.text() == "Plain"
    assert field.property("invalid")
    hands.rename("plainer")
    hands.wait(lambda: hands.selected == "plainer")
    assert hands.note == ""


def test_a_shipped_model_keeps_its_name_and_its_place(hands):
    hands.key(Qt.Key.Key_F2)
    assert hands.note == "deblur came with the program and keeps its name."
    hands.key(Qt.Key.Key_Delete)
    hands.wait(lambda: hands.note == "The model deblur came with the program and cannot be removed.")
    assert "deblur" in hands.names


def test_what_was_removed_comes_back_by_undo(hands):
    hands.cards.select("my haze")
    hands.key(Qt.Key.Key_Delete)
    hands.wait(lambda: hands.note == "Removed my haze.")
    assert hands.names == ["deblur", "plain"]
    assert list(hands.library.removed.iterdir())
    hands.click("models_undo")
    hands.wait(lambda: hands.selected == "my haze")
    assert not list(hands.library.removed.iterdir())


def test_a_model_that_vanished_meanwhile_is_a_sentence(hands):
    hands.cards.select("my haze")
    (hands.library.added / "my haze.safetensors").unlink()
    hands.click("models_remove")
    hands.wait(lambda: hands.note == "There is no model named 'my haze' to be removed.")
    hands.wait(lambda: "my haze" not in hands.names)


def test_a_damaged_model_says_why_and_can_be_removed(qtbot, look, folder):
    (folder / "data" / "models" / "<b>cut.safetensors").write_bytes(b"\x40\0\0\0\0\0\0\0{")
    hands = Hands(qtbot, look, folder)
    hands.cards.select("<b>cut")
    assert hands.text("model_words") == "<b>cut.safetensors is damaged: its header cannot be read."
    assert hands.find("model_words", QLabel).textFormat() == Qt.TextFormat.PlainText
    assert "&lt;b&gt;cut" in hands.cards.currentIndex().data(Qt.ItemDataRole.ToolTipRole)
    assert not hands.find("models_use").isEnabled()
    assert not hands.find("models_try").isEnabled()
    used = []
    hands.page.use_asked.connect(used.append)
    hands.key(Qt.Key.Key_Return)
    assert not hands.page.grab().isNull()
    hands.click("models_remove")
    hands.wait(lambda: hands.names == ["deblur", "my haze", "plain"])
    assert not used
    hands.close()


def test_what_is_added_in_a_shell_appears_even_where_no_folder_was(qtbot, look, folder, new_model):
    (folder / "data" / "models" / "my haze.safetensors").unlink()
    (folder / "data" / "models").rmdir()
    (folder / "data").rmdir()
    hands = Hands(qtbot, look, folder)
    assert hands.names == ["deblur", "plain"]
    hands.library.add(new_model)
    hands.wait(lambda: hands.names == ["deblur", "night", "plain"])
    hands.library.remove("night")
    hands.wait(lambda: hands.names == ["deblur", "plain"])
    hands.close()


def test_a_file_that_is_copied_slowly_is_no_damaged_model_in_the_end(hands, new_model):
    data = new_model.read_bytes()
    with (hands.library.added / "night.safetensors").open("wb") as file:
        file.write(data[:100])
        file.flush()
        hands.wait(lambda: hands.shelf.find("night") is not None)
        assert hands.shelf.find("night").problem
        file.write(data[100:])
    hands.wait(lambda: hands.shelf.find("night").card is not None and hands.shelf.find("night").num_bytes == len(data))


def test_nothing_is_told_while_nothing_changes(hands):
    with hands.qtbot.assertNotEmitted(hands.shelf.changed):
        hands.shelf.refresh()
        hands.wait(lambda: not hands.shelf._threads)


def test_a_new_reading_does_not_move_what_is_looked_at(qtbot, look, folder, new_model):
    for number in range(60):
        write_small_model(folder / "data" / "models" / f"m{number:02}.safetensors", seed=number)
    hands = Hands(qtbot, look, folder)
    bar = hands.cards.verticalScrollBar()
    assert bar.maximum() > 3000
    bar.setValue(1500)
    hands.library.add(new_model)
    hands.wait(lambda: "night" in hands.names)
    assert hands.cards.selected.name == "deblur"
    assert bar.value() == 1500
    slowest = 0.0
    for place in range(0, bar.maximum(), 97):
        bar.setValue(place)
        began = time.perf_counter()
        hands.cards.viewport().repaint()
        slowest = max(slowest, time.perf_counter() - began)
    assert slowest < 0.25  # measured: 0.01; room for a busy machine
    hands.close()


def test_the_dots_open_a_menu_and_its_entries_do_what_they_say(hands):
    row = hands.names.index("my haze")
    dots = menu_place(card_of(hands.cards.visualRect(hands.cards.model().index(row, 0)))).center()
    asked = []
    hands.cards.menu_asked.connect(lambda name, where: asked.append(name))
    QTest.mouseClick(hands.cards.viewport(), Qt.MouseButton.LeftButton, pos=dots)
    assert asked == ["my haze"]
    menu = hands.find("models_menu", QMenu)
    actions = {action.text(): action for action in menu.actions()}
    assert list(actions) == ["Use in Convert", "Try on a picture", "Measure", "Rename", "Remove"]
    actions["Remove"].trigger()
    menu.close()
    hands.wait(lambda: hands.names == ["deblur", "plain"])


def test_a_right_click_is_about_the_card_below_it_and_the_menu_key_about_the_chosen_one(hands):
    asked = []
    hands.cards.menu_asked.connect(lambda name, where: asked.append((name, hands.cards.viewport().mapFromGlobal(where))))
    viewport = hands.cards.viewport()
    card = card_of(hands.cards.visualRect(hands.cards.model().index(2, 0)))
    for reason, point in (
        (QContextMenuEvent.Reason.Mouse, card.center()),
        (QContextMenuEvent.Reason.Mouse, QPoint(viewport.width() // 2, viewport.height() - 5)),  # no card is there
        (QContextMenuEvent.Reason.Keyboard, QPoint(1, 1)),
    ):
        QApplication.sendEvent(viewport, QContextMenuEvent(reason, point, viewport.mapToGlobal(point)))
        for menu in hands.page.findChildren(QMenu, "models_menu"):
            menu.close()
    first = card_of(hands.cards.visualRect(hands.cards.model().index(0, 0)))
    assert asked == [("plain", card.center()), ("deblur", menu_place(first).center())]


@pytest.mark.parametrize(
    "lie",
    [
        {"task": "\ud800<img src=x>" + "x" * 300_000},
        {"provenance": {"licence": "<a href='x'>" + "long " * 60_000, "pairs": 10**3000, "steps": "many", "imported_from": [1]}},
        {"provenance": {"pairs": {"train": None}, "steps": True, "licence": {"a": {}}}},
        {"metrics": {"psnr": 1e308, "l1": -1e308}, "identity": {"psnr": -1e308, "l1": 1e-308}},
        {"metrics": {"psnr": float("nan"), "ab": 0.1}, "identity": {"psnr": float("inf"), "ab": 0}},
        {"metrics": {f"m{number}": number for number in range(20_000)}},
        {"preview": "AAAA"},
    ],
    ids=["task", "licence", "provenance", "huge", "nan", "many", "preview"],
)
def test_a_card_that_lies_is_shown_in_little_room_and_time(hands, new_model, lie):
    hands.add(rewrite_card(new_model, **lie))
    hands.wait(lambda: hands.selected == "night")
    began = time.perf_counter()
    hands.cards.select("deblur")
    hands.cards.select("night")
    assert not hands.page.grab().isNull()
    assert time.perf_counter() - began < 1.0
    labels = [label for label in hands.page.findChildren(QLabel) if label.isVisible()]
    assert len(labels) < 60
    assert max(len(label.text()) for label in labels) < 300
    assert all(label.textFormat() != Qt.TextFormat.RichText for label in labels)


def test_a_preview_is_cut_in_its_halves_and_one_of_a_million_pixels_a_kilobyte_is_not_read(hands, new_model):
    before, after = hands.shelf.preview(hands.shelf.find("deblur"))
    assert (before.width(), before.height()) == (after.width(), after.height()) == (32, 32)
    assert before.pixelColor(10, 10).lightness() < 60
    assert after.pixelColor(10, 10).lightness() > 200
    bomb = bytes(cv2.imencode(".jpg", np.zeros((9000, 9000), np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 1])[1])
    hands.add(rewrite_card(new_model, preview=base64.b64encode(bomb[:600_000]).decode()))
    hands.wait(lambda: hands.selected == "night")
    assert hands.shelf.preview(hands.shelf.find("night")) is None


def test_the_panel_folds_in_a_narrow_window_and_opens_over_the_cards(hands):
    hands.page.resize(832, 560)
    hands.page.set_narrow(True)
    assert not hands.find("models_use").isVisible()
    hands.click("panel_strip")
    assert hands.find("models_use").isVisible()
    with hands.qtbot.waitSignal(hands.page.use_asked):
        hands.click("models_use")


@pytest.fixture
def try_dialog(hands):
    hands.click("models_try")
    hands.wait(lambda: hands.page.findChild(TryDialog) is not None)
    return hands.page.findChild(TryDialog)


def test_a_model_is_tried_on_an_example_and_then_used(hands, try_dialog):
    view = try_dialog.findChild(CompareView)
    hands.wait(lambda: view.has_result)
    first = try_dialog._path
    QTest.mouseClick(try_dialog.findChild(QPushButton, "try_example"), Qt.MouseButton.LeftButton)
    assert try_dialog._path != first
    hands.wait(lambda: view.has_result)
    with hands.qtbot.waitSignal(hands.page.use_asked) as used:
        QTest.mouseClick(try_dialog.findChild(QPushButton, "try_use"), Qt.MouseButton.LeftButton)
    assert used.args == ["deblur"]
    hands.wait(lambda: hands.page.findChild(TryDialog) is None)


def test_the_keyboard_is_on_the_card_again_after_its_model_was_tried(hands, try_dialog):
    hands.cards.select("plain")  # looked at meanwhile
    QTest.keyClick(try_dialog, Qt.Key.Key_Escape)
    hands.wait(lambda: hands.page.findChild(TryDialog) is None)
    hands.page.activateWindow()
    assert hands.selected == "deblur"
    assert hands.page.focusWidget() is hands.cards


def test_closing_the_page_ends_what_is_being_tried(hands, try_dialog):
    hands.page.close_down(soon())
    hands.wait(lambda: hands.page.findChild(TryDialog) is None)


def model_with(**changes):
    return Model(Path("mine.safetensors"), "added", small_card(**changes), "")


@pytest.mark.parametrize(
    ("task", "metrics", "identity", "words", "kind"),
    [
        ("deblur", {"psnr": 28.28}, {"psnr": 26.69}, "1.6 dB better than doing nothing", "success"),
        ("deblur", {"psnr": 25.0}, {"psnr": 25.3}, "0.3 dB worse than doing nothing", "warning"),
        ("deblur", {"psnr": 25.0}, {"psnr": 25.01}, "No better than doing nothing", "warning"),
        ("colorize", {"ab": 7.7, "psnr": 20.0}, {"ab": 10.0, "psnr": 25.0}, "23 % closer than doing nothing", "success"),
        ("colorize", {"ab": 12.0}, {"ab": 10.0}, "20 % farther off than doing nothing", "warning"),
        ("fill-depth", {"rmse": 0.15, "delta1": 0.9}, {"rmse": 0.2, "delta1": 0.8}, "25 % closer than doing nothing", "success"),
        ("later", {"l1": 0.0299}, {"l1": 0.03}, "No better than doing nothing", "warning"),
        ("deblur", {"psnr": 28.0}, {}, "Not measured yet", "muted"),
        ("deblur", {}, {}, "Not measured yet", "muted"),
        ("deblur", {"psnr": float("nan")}, {"psnr": 25.0}, "Not measured yet", "muted"),
    ],
)
def test_one_number_says_how_good_a_model_is(task, metrics, identity, words, kind):
    assert model_words.gain(small_card(task=task, metrics=metrics, identity=identity)) == (words, kind)


def test_what_a_card_says_of_its_making_is_told_in_rows():
    said = {"licence": "CC0", "pairs": 2153, "steps": 9000}
    assert model_words.came_from(model_with(provenance=said)) == [
        ("Task", "Sharpen blurred photographs"),
        ("Licence", "CC0"),
        ("From", "Added by you"),
        ("Trained", "2,153 pictures, 9,000 steps"),
    ]
    assert model_words.origin(model_with(provenance={"imported_from": "night2day.pth"})) == "Imported"
    assert model_words.origin(model_with()) == "Yours"


def test_shipped_names_are_written_as_titles_and_own_ones_as_they_are():
    assert model_words.title(model_with()) == "mine"
    assert model_words.title(Model(Path("deblur.safetensors"), "shipped", None, "")) == "Deblur"


def test_a_drop_on_the_window_leads_to_the_new_model(driver, new_model):
    driver.drop([new_model])
    cards = driver.find("model_cards", ModelCards)
    driver.wait(lambda: cards.selected is not None and cards.selected.name == "night")
    assert cards.isVisible()
    driver.click("models_use")
    assert driver.window.convert.isVisible()
    assert driver.window.convert._panel.wishes.model == "night"


def open_models_by_shortcut(driver):
    QTest.keyClick(driver.window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)


def open_models_by_rail(driver):
    rail = driver.find("rail_models", QAbstractButton)
    rail.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(rail, Qt.Key.Key_Space)


@pytest.mark.parametrize("go", [open_models_by_shortcut, open_models_by_rail])
def test_who_comes_by_keyboard_has_the_keyboard_on_the_selected_card(driver, go):
    driver.window.activateWindow()
    go(driver)
    cards = driver.find("model_cards", ModelCards)
    assert QApplication.focusWidget() is cards
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_F2)
    assert "keeps its name" in driver.window.page("models")._note.text()


def test_a_dropped_model_has_the_keyboard_and_can_be_renamed_at_once(driver, new_model):
    driver.window.activateWindow()
    driver.drop([new_model])
    cards = driver.find("model_cards", ModelCards)
    driver.wait(lambda: cards.selected is not None and cards.selected.name == "night")
    assert QApplication.focusWidget() is cards
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_F2)
    dialog = driver.find("rename_dialog", RenameDialog)
    assert dialog.isVisible()
    dialog.reject()


@pytest.mark.parametrize(("name", "words"), [("m.safetensors", "Drop to add the model"), ("a.jpg", "Drop to convert")])
def test_what_is_dragged_over_the_models_is_told_where_it_will_go(driver, tmp_path, name, words):
    driver.window.go_to("models")
    hint = driver.window.page("models").findChild(DropHint)
    assert not hint.isVisible()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name))])
    action, button, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(driver.window, QDragEnterEvent(QPoint(300, 300), action, data, button, keys))
    assert hint.isVisible()
    assert hint.words == words
    assert not driver.window.convert._hint.isVisible()
    QApplication.sendEvent(driver.window, QDragLeaveEvent())
    assert not hint.isVisible()


def test_what_a_card_says_of_its_gain_is_shown_to_its_end_in_every_width(hands):
    for model in hands.shelf.models:
        said = model_words.gain(model.card)[0]
        for width in range(900, 2000, 61):
            hands.page.resize(width, 760)
            card = card_of(QRect(QPoint(0, 0), hands.cards.gridSize()))
            assert QFontMetrics(hands.cards._painter._gain_font()).horizontalAdvance(said) <= room_for_gain(card).width()


def test_cards_stay_where_they_are_when_the_list_gets_longer_than_the_page(qtbot, look, folder):
    hands = Hands(qtbot, look, folder)
    before = hands.cards.gridSize(), hands.cards.visualRect(hands.cards.model().index(1, 0))
    for number in range(30):
        write_small_model(folder / "data" / "models" / f"z{number:02}.safetensors", seed=number)
    hands.shelf.refresh()
    hands.wait(lambda: len(hands.names) == 33)
    hands.wait(hands.cards.verticalScrollBar().isVisible)
    hands.cards.executeDelayedItemsLayout()
    assert (hands.cards.gridSize(), hands.cards.visualRect(hands.cards.model().index(1, 0))) == before
    hands.close()


def test_a_card_tells_its_whole_name_and_what_its_number_means(hands):
    name = "night pictures of the whole town as they were in the summer of the year before"
    write_small_model(hands.folder / "data" / "models" / f"{name}.safetensors", small_card(name))
    hands.shelf.refresh()
    hands.wait(lambda: name in hands.names)
    tips = {one: hands.cards.model().index(row, 0).data(Qt.ItemDataRole.ToolTipRole) for row, one in enumerate(hands.names)}
    assert f"<p>{name}</p>" in tips[name]
    assert "1.5 dB better than doing nothing. Measured on pictures that it did not learn from." in tips["deblur"]
    assert "6 dB more are half the error" in tips["deblur"]
    assert "not compared with true pictures" in tips["plain"]


def test_every_held_out_number_says_what_it_means(hands):
    (label,) = (one for one in hands.page.findChildren(QLabel) if one.isVisible() and one.text() == "SSIM \u2191")
    assert "edges and textures" in label.toolTip()
    assert "edges and textures" in label.accessibleDescription()


def test_no_number_that_a_task_is_measured_by_is_without_words():
    names = get_args(MetricName)
    card = small_card(metrics=dict.fromkeys(names, 0.5))
    assert all(meaning for _, _, _, meaning in model_words.measurements(card))
    assert not {what for what, *_ in model_words.measurements(card)} & set(names)
