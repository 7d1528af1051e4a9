"""Where results lie, and room for every verb."""

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton

from p2p_desktop.ui.queue_view import QueueView
from tests.ui.convert_page.hands import note


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
