"""Measuring a model in the window: from the panel, the menu or the card to numbers that are remembered."""

import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QLabel, QLineEdit, QMenu, QWidget

from p2p_desktop import child
from p2p_desktop.models.measured import Measured, Measurements
from p2p_desktop.paths import user_paths
from p2p_desktop.ui import measure_words, model_words
from p2p_desktop.ui.measure_dialog import MeasureDialog
from p2p_desktop.ui.model_cards import card_of
from p2p_desktop.ui.notes import Note
from p2p_desktop.workers.task_thread import have_all_ended
from tests.deadlines import soon
from tests.models_for_tests import small_card, write_small_model
from tests.training.runs import write_photos
from tests.ui.test_models_page import GOOD, Hands
from tests.workers.test_measure_run import FAILED, KNOWS, PROGRESS, RESULT, WARNING, hanging, has_gone, saying
from training.contract.model_file import file_digest
from training.contract.tasks import TASKS


@pytest.fixture
def folder(tmp_path):
    """A shipped model with a number, one of the person's own without, and a damaged one."""
    write_small_model(tmp_path / "shipped" / "deblur.safetensors", small_card("deblur", **GOOD))
    write_small_model(tmp_path / "data" / "models" / "mine.safetensors", gain=1.0)
    (tmp_path / "data" / "models" / "cut.safetensors").write_bytes(b"\x40\0\0\0\0\0\0\0{")
    return tmp_path


@pytest.fixture
def hands(qtbot, look, folder):
    hands = Hands(qtbot, look, folder)
    hands.cards.select("mine")
    yield hands
    hands.close()


@pytest.fixture
def stand_in(monkeypatch):
    """Let this Python text be what measures."""

    def use(text):
        monkeypatch.setattr(child, "own_command", lambda *_: [sys.executable, "-u", "-c", text])

    return use


def opened(hands) -> MeasureDialog:
    hands.click("models_measure")
    return hands.page.findChild(MeasureDialog)


def begin(hands, dialog, folder):
    hands.find("measure_folder", QLineEdit).setText(str(folder))
    hands.click("measure_start")


def rest(hands, dialog):
    hands.wait(lambda: not dialog._run.is_running)
    hands.wait(lambda: not hands.shelf._threads)


def measure(hands, folder) -> MeasureDialog:
    dialog = opened(hands)
    begin(hands, dialog, folder)
    rest(hands, dialog)
    return dialog


def words_in(widget: QWidget) -> set[str]:
    return {label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget)}


def said_by_card(hands, name):
    rows = {one: row for row, one in enumerate(hands.names)}
    return hands.cards.model().index(rows[name], 0).data(Qt.ItemDataRole.AccessibleTextRole)


@pytest.mark.slow
def test_a_real_model_is_measured_and_its_numbers_are_there_from_then_on(hands, qtbot, look, folder):
    path = hands.library.added / "mine.safetensors"
    before = path.read_bytes()
    assert said_by_card(hands, "mine").endswith("Not measured yet")
    dialog = measure(hands, write_photos(folder / "Holiday", 1))
    assert hands.text("measure_problem") == ""
    assert "worse than doing nothing" in hands.text("measure_verdict")
    assert hands.find("measure_sheet").height() > 100
    assert {"PSNR \u2191", "Blurred, with noise", "Pictures that are sharp already", "99.0 dB"} <= words_in(dialog)
    assert said_by_card(hands, "mine").endswith("dB worse than doing nothing")
    assert hands.text("model_measured") == f"Measured on Holiday, {time.strftime('%Y-%m-%d')}"
    assert path.read_bytes() == before
    target = folder / "sheet.png"
    dialog.save_as(target)
    hands.wait(lambda: hands.find("measure_facts").text() == "Saved as sheet.png")
    assert target.read_bytes().startswith(b"\x89PNG")
    again = Hands(qtbot, look, folder)  # the next start
    assert said_by_card(again, "mine").endswith("dB worse than doing nothing")
    again.close()


@pytest.mark.slow
def test_the_real_command_says_why_an_empty_folder_cannot_be_used(hands, folder):
    (folder / "Empty").mkdir()
    dialog = measure(hands, folder / "Empty")
    assert hands.text("measure_problem") == f"There are no pictures in {folder / 'Empty'} to measure on."
    assert hands.find("measure_problem").isVisible()
    assert hands.find("measure_folder").property("invalid")
    assert dialog._results.isHidden()
    assert hands.find("measure_start").isEnabled()


def test_a_damaged_model_cannot_be_measured_and_the_button_says_why(hands):
    hands.cards.select("cut")
    assert not hands.find("models_measure").isEnabled()
    assert hands.find("models_measure").toolTip() == "cut.safetensors is damaged: its header cannot be read."
    hands.page._on_menu("cut", QPoint(0, 0))
    menu = hands.page.findChild(QMenu, "models_menu")
    assert {action.text(): action.isEnabled() for action in menu.actions()}["Measure"] is False
    menu.close()


def test_the_menu_measures_too_and_a_second_time_brings_the_same_dialog(hands):
    hands.page._on_menu("mine", QPoint(0, 0))
    menu = hands.page.findChild(QMenu, "models_menu")
    action: QAction = next(action for action in menu.actions() if action.text() == "Measure")
    action.trigger()
    menu.close()
    hands.click("models_measure")
    assert len(hands.page.findChildren(MeasureDialog)) == 1


def offer_of(hands, name):
    index = hands.cards.model().index(hands.names.index(name), 0)
    return hands.cards._painter.offer_place(card_of(hands.cards.visualRect(index)), index.data(Qt.ItemDataRole.UserRole))


def test_a_card_without_a_number_offers_to_measure(hands):
    assert offer_of(hands, "deblur").isEmpty()
    assert offer_of(hands, "cut").isEmpty()
    QTest.mouseClick(hands.cards.viewport(), Qt.MouseButton.LeftButton, pos=offer_of(hands, "mine").center())
    dialog = hands.page.findChild(MeasureDialog)
    assert dialog is not None
    assert dialog.windowTitle() == "Measure mine"
    assert not hands.page.grab().isNull()


def test_progress_is_told_and_cancelling_leaves_the_dialog_ready(hands, folder, stand_in):
    stand_in(hanging(folder))
    dialog = opened(hands)
    begin(hands, dialog, folder)
    hands.wait(lambda: hands.find("measure_facts").text() == "1 of 3 test pictures")
    assert hands.find("measure_progress").fraction == pytest.approx(1 / 3)
    assert not hands.find("measure_folder").isEnabled()
    began = time.monotonic()
    hands.click("measure_cancel")
    hands.wait(lambda: not dialog._run.is_running)
    assert time.monotonic() - began < 2
    assert hands.find("measure_facts").text() == "Cancelled"
    assert hands.find("measure_start").isVisible()
    pids = (folder / "pids").read_text().split()[:2]
    assert all(map(has_gone, map(int, pids)))
    assert said_by_card(hands, "mine").endswith("Not measured yet")


def end_by_escape(hands, dialog):
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    hands.wait(lambda: not dialog._run.is_running)
    assert dialog.isVisible()  # what had been typed is there still
    QTest.keyClick(dialog, Qt.Key.Key_Escape)


def end_by_frame(_, dialog):
    dialog.close()


def end_by_window(hands, _):
    hands.page.close_down(soon())
    assert have_all_ended(soon())


@pytest.mark.parametrize("end", [end_by_escape, end_by_frame, end_by_window])
def test_closing_ends_what_is_being_measured(hands, folder, stand_in, end):
    stand_in(hanging(folder))
    dialog = opened(hands)
    begin(hands, dialog, folder)
    hands.wait(lambda: hands.find("measure_facts").text() == "1 of 3 test pictures")
    end(hands, dialog)
    pids = (folder / "pids").read_text().split()[:2]
    hands.wait(lambda: all(map(has_gone, map(int, pids))))
    hands.wait(lambda: hands.page.findChild(MeasureDialog) is None)
    assert have_all_ended(soon())
    assert not hands.page._dialogs


def test_what_the_child_warns_of_is_shown_above_the_numbers(hands, folder, stand_in):
    stand_in(saying(*PROGRESS, WARNING, *[WARNING | {"message": f"{n}.png is damaged."} for n in range(9)], RESULT))
    dialog = measure(hands, folder)
    notes = [note.text() for note in dialog.findChildren(Note) if note.isVisibleTo(dialog)]
    assert notes[0] == "m learned from 4 of the 6 pictures."
    assert notes[-1] == "And 6 more like these; the log has them."
    assert hands.text("measure_verdict") == "2.5 dB better than doing nothing"
    assert not hands.find("measure_save").isVisible()


def test_numbers_of_what_a_model_knows_by_heart_are_no_gain(hands, folder, stand_in):
    stand_in(saying(KNOWS, RESULT))
    measure(hands, folder)
    assert hands.text("measure_verdict") == "These pictures say little: the model knows them"
    assert said_by_card(hands, "mine").endswith("Not measured yet")
    hands.wait(lambda: any("learned from all of these" in words for words in words_in(hands.page)))


def test_what_fails_is_told_and_goes_with_the_next_letter(hands, folder, stand_in):
    stand_in(saying(FAILED, then="raise SystemExit(1)"))
    measure(hands, folder)
    assert hands.text("measure_problem") == FAILED["message"]
    QTest.keyClicks(hands.find("measure_folder"), "x")
    assert not hands.find("measure_problem").isVisible()


def test_a_part_of_a_path_is_refused_and_nothing_is_measured_without_one(hands):
    dialog = opened(hands)
    assert not hands.find("measure_start").isEnabled()
    assert hands.find("measure_start").toolTip() == "Choose a folder first"
    begin(hands, dialog, "Holiday")
    assert "a part of a path only" in hands.text("measure_problem")
    assert not dialog._run.is_running


def test_a_folder_is_dropped_or_chosen(hands, folder, monkeypatch):
    dialog = opened(hands)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    action, button, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(dialog, QDragEnterEvent(QPoint(30, 30), action, data, button, keys))
    QApplication.sendEvent(dialog, QDropEvent(QPointF(30, 30), action, data, button, keys))
    assert hands.find("measure_folder", QLineEdit).text() == str(folder)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder / "other"))
    hands.click("measure_choose")
    assert hands.find("measure_folder", QLineEdit).text() == str(folder / "other")


def remembered(path: Path, **changes) -> Measured:
    digest = file_digest(path)
    return replace(Measured(digest, path.stat().st_size, "/pictures/Alps", 0.0, 6, {"psnr": 28.0}, {"psnr": 25.0}), **changes)


def test_numbers_never_show_for_another_file(hands):
    path = hands.library.added / "mine.safetensors"
    measurements = Measurements(user_paths().measured)
    measurements.keep(remembered(path))
    measurements.keep(remembered(hands.library.shipped / "deblur.safetensors"))
    hands.shelf.refresh()
    hands.wait(lambda: said_by_card(hands, "mine").endswith("3.0 dB better than doing nothing"))
    assert said_by_card(hands, "deblur").endswith("1.5 dB better than doing nothing")  # its own number goes first
    tip = hands.cards.model().index(hands.names.index("mine"), 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "Measured on Alps" in tip
    write_small_model(path, seed=5)  # of the same length
    hands.shelf.refresh()
    hands.wait(lambda: said_by_card(hands, "mine").endswith("Not measured yet"))


def test_a_damaged_memory_costs_nothing_but_the_number(hands):
    measured = user_paths().measured
    measured.mkdir(parents=True)
    path = hands.library.added / "mine.safetensors"
    (measured / f"{file_digest(path)}.json").write_text('{"digest"')
    Measurements(measured).keep(remembered(hands.library.shipped / "deblur.safetensors", folder="/<b>Alps"))
    hands.shelf.refresh()
    hands.cards.select("deblur")
    hands.wait(lambda: hands.page.findChild(QLabel, "model_measured") is not None)
    assert hands.text("model_measured").startswith("Measured on <b>Alps, ")
    assert said_by_card(hands, "mine").endswith("Not measured yet")


@pytest.mark.parametrize("task", [*TASKS, "of a later version"])
def test_every_task_says_which_pictures_it_wants(task):
    which, how = measure_words.wanted(small_card(task=task))
    assert which.startswith("Choose a folder of ")
    assert which.endswith(".")
    assert "did not learn from" in how


@pytest.mark.parametrize(
    ("metric", "own", "nothing", "which"),
    [
        ("psnr", 28.0, 26.0, "model"),
        ("l1", 0.03, 0.02, "nothing"),
        ("colourfulness", 1.3, 0.5, "model"),
        ("psnr", 28.0, None, "neither"),
        ("psnr", 28.0, 28.0, "neither"),
        ("psnr", float("nan"), 28.0, "neither"),
    ],
)
def test_the_better_number_is_marked(metric, own, nothing, which):
    assert measure_words.better(metric, own, nothing) == which


def test_the_better_number_is_not_told_by_colour_alone(hands, folder, stand_in):
    stand_in(saying(RESULT))
    dialog = measure(hands, folder)
    assert "28.0 dB, the better one" in {label.accessibleName() for label in dialog.findChildren(QLabel)}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_control_of_the_dialog_has_a_name_and_a_reason(hands, folder, stand_in, look, theme):
    stand_in(saying(RESULT))
    look.theme.follow(theme)
    dialog = measure(hands, folder)
    for widget in [*dialog.findChildren(QAbstractButton), dialog.findChild(QLineEdit, "measure_folder")]:
        if widget.objectName() == "note_close" or isinstance(widget.parentWidget(), QLineEdit):
            continue
        assert widget.objectName().startswith("measure_")
        assert widget.toolTip()
        assert widget.accessibleName() or widget.text()
    assert not dialog.grab().isNull()


def test_a_day_that_no_calendar_has_is_no_crash():
    measured = Measured("d", 1, "/", 1e300, 1, {"psnr": 1.0}, {})
    assert model_words.measured_on(measured) == "Measured on /, ?"
