"""Settings, changed as a person changes them; and what happens to their file."""

import json
import sys
import tempfile
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAccessible, QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPushButton, QScrollArea, QSlider, QWidget

import p2p_desktop
from p2p_desktop.inference.device import num_cores
from p2p_desktop.paths import user_paths
from p2p_desktop.settings import Settings
from p2p_desktop.ui.errors import UncaughtErrors
from p2p_desktop.ui.findings_view import FindingsView
from p2p_desktop.ui.licences import licences_file
from p2p_desktop.ui.report import without_home
from p2p_desktop.ui.settings_box import SettingsBox
from p2p_desktop.ui.settings_page import SettingsPage
from p2p_desktop.ui.widgets import SegmentedControl, Switch
from p2p_desktop.workers.device_probe import DeviceProbe, Found
from p2p_desktop.workers.doctor_run import DoctorRun
from tests.deadlines import soon
from training.contract.version import __version__

PATIENCE_MS = 30_000
SAID = [
    {"type": "finding", "subject": "device", "state": "ok", "title": "CPU works", "message": "2 cores.", "remedy": ""},
    {
        "type": "finding",
        "subject": "graphics",
        "state": "warning",
        "title": "Graphics card not used",
        "message": f"See {Path.home() / 'driver'}.",
        "remedy": "Install version 525 or newer.",
    },
]
SAYING = "\n".join(f"print({json.dumps(line)!r})" for line in SAID)


class Person:
    """The page, in a window, with a doctor that is quick."""

    def __init__(self, qtbot, look, script):
        self.qtbot, paths = qtbot, user_paths()
        self.box = SettingsBox(paths.settings)
        self.probe = DeviceProbe(paths.cache, command=[sys.executable, "-c", ""])
        self.doctor = DoctorRun(paths.cache, command=[sys.executable, "-c", script])
        self.errors = UncaughtErrors()
        self.page = SettingsPage(look, self.box, self.probe, self.doctor, paths, self.errors)
        self.page.resize(1124, 772)
        qtbot.addWidget(self.page)
        self.page.show()

    def find(self, name, kind=QWidget):
        found = self.page.findChild(kind, name)
        assert found is not None, name
        return found

    def click(self, name):
        QTest.mouseClick(self.find(name), Qt.MouseButton.LeftButton)

    def type_into(self, name, text):
        field = self.find(name, QLineEdit)
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)

    def wait(self, condition):
        self.qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    def written(self):
        return Settings.read(user_paths().settings)

    def titles(self):
        labels = self.find("settings_findings").findChildren(QLabel)
        return [label.text() for label in labels if label.isVisible() and label.property("role") == "label"]

    def close(self):
        self.page.close_down(soon())
        self.doctor.close(soon())
        self.probe.close(soon())
        self.box.flush(soon())


@pytest.fixture
def person(qtbot, look):
    """Open the page; the fixture closes it."""
    opened = []

    def open_page(script=SAYING):
        opened.append(Person(qtbot, look, script))
        return opened[-1]

    yield open_page
    for one in opened:
        one.close()


# What is chosen


def test_the_theme_changes_at_once_in_the_whole_window(driver):
    driver.window.go_to("settings")
    light = driver.window._look.theme.tokens
    segments = driver.find("settings_theme", SegmentedControl)
    QTest.mouseClick(segments.segment("dark"), Qt.MouseButton.LeftButton)
    assert driver.window._look.theme.tokens != light
    driver.wait(lambda: Settings.read(user_paths().settings).theme == "dark")
    QTest.mouseClick(segments.segment("light"), Qt.MouseButton.LeftButton)
    assert driver.window._look.theme.tokens == light


def test_switches_and_sliders_are_written(person):
    me = person()
    assert me.find("settings_keep_details", Switch).isChecked()
    me.click("settings_keep_details")
    me.click("settings_keep_awake")
    slider = me.find("settings_memory", QSlider)
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Right)
    me.wait(lambda: me.written() == Settings(keep_metadata=False, keep_awake=False, memory_mb=512))
    assert me.find("settings_memory_words", QLabel).text() == "0.5 GB"
    QTest.keyClick(slider, Qt.Key.Key_Home)
    assert me.find("settings_memory_words", QLabel).text() == "Automatic"


@pytest.mark.skipif(num_cores() < 2, reason="one core leaves nothing to choose")
def test_all_threads_are_written_as_all_wherever_the_file_goes(person):
    me = person()
    slider = me.find("settings_threads", QSlider)
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert me.box.value.threads == num_cores() - 1
    assert me.find("settings_threads_words", QLabel).text() == f"{num_cores() - 1} of {num_cores()}"
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert me.box.value.threads == 0


def test_devices_are_offered_once_they_are_known(person):
    me = person()
    box = me.find("settings_device", QComboBox)
    me.probe.found.emit(Found("cuda:0", "torch", "NVIDIA T4", "", ("cuda:0",)))
    assert [box.itemText(row) for row in range(box.count())] == ["Automatic: NVIDIA T4, CUDA", "CPU", "NVIDIA T4"]
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_End)
    assert me.box.value.device == "cuda:0"
    me.probe.found.emit(Found("cpu", "openvino"))  # the card is gone
    assert box.currentText() == "cuda:0 (not found)"
    assert me.box.value.device == "cuda:0"  # which the person chose, and may come back


def test_the_status_line_says_what_the_settings_chose(driver):
    driver.window._probe._on_found(Found("cuda:0", "torch", "NVIDIA T4", "", ("cuda:0",)))
    assert driver.find("status_device").text() == "NVIDIA T4, CUDA"
    driver.window._settings.change(device="cpu")
    assert driver.find("status_device").text() == "CPU, OpenVINO"
    driver.window._settings.change(runtime="torch")
    assert driver.find("status_device").text() == "CPU, PyTorch"
    driver.window._settings.change(device="auto")
    assert driver.find("status_device").text() == "NVIDIA T4, CUDA"


def test_the_wheel_scrolls_the_page_and_changes_nothing(person):
    me = person()
    me.page.resize(800, 300)
    me.wait(lambda: me.page.findChild(QScrollArea).verticalScrollBar().maximum() > 0)
    slider = me.find("settings_memory", QSlider)
    at = QPointF(slider.rect().center())
    wheel = QWheelEvent(
        at,
        QPointF(slider.mapToGlobal(slider.rect().center())),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(slider, wheel)
    assert slider.value() == 0
    assert me.box.value == Settings()


# Folders


def test_a_folder_is_taken_once_it_is_known_to_be_good(person, tmp_path):
    me = person()
    me.type_into("settings_output", str(tmp_path / "new" / "results"))
    me.wait(lambda: me.box.value.output == str(tmp_path / "new" / "results"))
    assert not (tmp_path / "new").exists()  # it is made when something is put into it
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_used_is_refused_with_a_sentence(person, tmp_path):
    (tmp_path / "note.txt").touch()
    me = person()
    me.type_into("settings_models_folder", str(tmp_path / "note.txt" / "models"))
    complaint = me.find("settings_models_folder_complaint", QLabel)
    me.wait(complaint.isVisible)
    assert complaint.text() == "note.txt is a file. Choose a folder."
    field = me.find("settings_models_folder", QLineEdit)
    assert field.property("invalid")
    assert me.box.value == Settings()
    me.box.change(theme="dark")  # something else changes: what was typed stays for editing
    assert field.text().endswith("models")
    me.type_into("settings_models_folder", str(tmp_path))
    me.wait(lambda: me.box.value.models_folder == str(tmp_path))
    assert not complaint.isVisible()
    assert not field.property("invalid")


def test_an_empty_field_is_the_way_back(person, tmp_path):
    Settings(output=str(tmp_path)).write(user_paths().settings)
    me = person()
    field = me.find("settings_output", QLineEdit)
    assert field.text() == str(tmp_path)
    field.clear()  # as its button does, after which nobody presses Enter
    assert me.box.value.output == ""
    assert field.placeholderText() == "Beside each source folder"


def test_of_two_folders_only_the_later_one_counts(person, tmp_path):
    me = person()
    told = []
    me.box.changed.connect(lambda settings: told.append(settings.output))
    me.type_into("settings_output", str(tmp_path / "one"))
    me.type_into("settings_output", str(tmp_path / "two"))
    me.wait(lambda: told != [] and me.page._output._check._threads == [])
    assert told == [str(tmp_path / "two")]


def test_what_is_being_typed_stays_when_something_else_changes(person):
    me = person()
    field = me.find("settings_output", QLineEdit)
    QTest.keyClicks(field, "/half a na")
    me.box.change(theme="dark")
    assert field.text() == "/half a na"


# This computer


def test_the_first_time_this_computer_is_checked_by_itself_and_the_worst_comes_first(person):
    me = person()
    me.wait(lambda: me.find("settings_checked", QLabel).text().startswith("Checked today at "))
    me.wait(lambda: me.titles() == ["Graphics card not used", "CPU works"])
    again = person("raise SystemExit('must not run')")
    again.wait(lambda: again.titles() == ["Graphics card not used", "CPU works"])
    assert not again.doctor.is_running


def test_a_check_that_breaks_down_says_so_and_keeps_what_was_found(person):
    first = person()
    first.wait(lambda: not first.doctor.is_running)
    me = person("raise SystemExit(2)")
    me.click("settings_check")
    assert not me.find("settings_check", QPushButton).isEnabled()
    me.wait(lambda: "could not be checked" in me.find("settings_checked", QLabel).text())
    assert me.find("settings_check", QPushButton).isEnabled()
    me.wait(lambda: "Graphics card not used" in me.titles())


def test_the_report_helps_and_does_not_name_the_home_folder(person, user_home):
    (user_home / "logs").mkdir()
    home = Path.home()
    lines = [f"line {number} of {home / 'Pictures'}" for number in range(100)]
    (user_home / "logs" / "p2p-desktop.log").write_text("\n".join(lines))
    me = person()
    me.wait(lambda: not me.doctor.is_running)
    me.errors.reports.append(f'Traceback:\n  File "{home / "code.py"}", line 3\nValueError: no')
    me.click("settings_copy_report")
    report = QGuiApplication.clipboard().text()
    assert str(home) not in report
    assert "Graphics card not used" in report
    assert "Install version 525 or newer." in report
    assert "ValueError: no" in report
    assert "line 60 of ~" in report
    assert "line 59 of" not in report
    assert me.find("settings_copy_report", QPushButton).text() == "Copied"


def test_the_home_folder_goes_and_its_neighbours_stay(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "anna"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "anna"))
    home = tmp_path / "anna"
    text = f"{home} {home}/x 'file://{home}/y' {home}-2/z {home}.old ({home})"
    assert without_home(text) == f"~ ~/x 'file://~/y' {home}-2/z {home}.old (~)"


def test_everything_is_reached_in_a_narrow_window(person):
    me = person()
    me.page.resize(820, 540)
    me.page.set_narrow(True)
    assert not me.find("settings_check").isVisible()
    QTest.mouseClick(me.find("panel_strip"), Qt.MouseButton.LeftButton)
    me.wait(me.find("settings_check").isVisible)
    assert me.page.rect().contains(me.find("settings_computer").geometry())


# Licences


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Pretends to be the frozen program of a system, in a folder that is empty yet; gives the folder of its executable."""

    def pretend(system):
        executable = tmp_path / "Contents" / "MacOS" / "p2p-desktop"
        executable.parent.mkdir(parents=True)
        (tmp_path / "Contents" / "Frameworks").mkdir()
        monkeypatch.setattr(sys, "frozen", True, raising=False)
        monkeypatch.setattr(sys, "executable", str(executable))
        monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path / "Contents" / "Frameworks"), raising=False)
        monkeypatch.setattr(sys, "platform", system)
        return executable.parent

    return pretend


@pytest.mark.parametrize(("system", "place"), [("linux", "."), ("win32", "."), ("darwin", "../Frameworks")])
def test_the_installed_program_finds_its_notices_where_they_lie(installed, system, place):
    folder = installed(system)
    assert licences_file() is None
    notices = (folder / place).resolve() / "THIRD-PARTY-NOTICES.txt"
    notices.touch()
    assert licences_file() == notices


def test_from_source_it_is_the_licence_of_the_checkout_and_of_nobody_else(tmp_path, monkeypatch):
    assert licences_file() == Path(__file__).parents[2] / "LICENSE"
    monkeypatch.setattr(p2p_desktop, "__file__", str(tmp_path / "p2p_desktop" / "__init__.py"))
    (tmp_path / "LICENSE").touch()  # as a package of somebody else left it among all packages
    assert licences_file() is None
    (tmp_path / "pyproject.toml").touch()
    assert licences_file() == tmp_path / "LICENSE"


def test_the_licences_are_opened_by_keyboard_and_have_a_name(person):
    me = person()
    link = me.find("settings_licences", QPushButton)
    opened = []
    link.parent()._open_url = lambda url: not opened.append(url)
    assert QAccessible.queryAccessibleInterface(link).text(QAccessible.Text.Name) == "Licences"
    assert link.focusPolicy() & Qt.FocusPolicy.TabFocus
    link.setFocus()
    QTest.keyClick(link, Qt.Key.Key_Space)
    assert opened == [QUrl.fromLocalFile(str(licences_file()))]
    assert me.find("settings_version", QLabel).text() == f"P2P Desktop {__version__}"


def test_where_nothing_shows_texts_it_is_told_where_the_licences_are(person):
    me = person()
    link = me.find("settings_licences", QPushButton)
    link.parent()._open_url = lambda url: False
    me.click("settings_licences")
    assert me.find("settings_version", QLabel).text().endswith(str(licences_file()))


def test_without_a_file_of_licences_there_is_no_link_to_one(person, installed):
    installed(sys.platform)
    me = person("")
    assert me.find("settings_version").isVisible()
    assert not me.find("settings_licences").isVisible()


# The file


def test_a_damaged_file_is_told_in_the_window_and_kept(qtbot, look, prepared_home):
    from tests.ui.driving import Driver

    path = user_paths().settings
    path.parent.mkdir(parents=True)
    path.write_text("{broken")
    driver = Driver(qtbot, look)
    try:
        driver.wait(lambda: "are damaged" in driver.window.convert._notes.text())
        driver.window.go_to("settings")
        driver.click("settings_keep_awake")
        driver.wait(lambda: not Settings.read(path).keep_awake)
        assert [aside.read_text() for aside in path.parent.glob("*.unusable")] == ["{broken"]
    finally:
        driver.close()


def test_what_was_changed_last_is_written_when_the_window_closes(qtbot):
    box = SettingsBox(user_paths().settings)
    told = []
    box.changed.connect(told.append)
    box.change(theme="dark")
    box.change(theme="dark")
    box.flush(soon())
    assert told == [Settings(theme="dark")]
    assert Settings.read(user_paths().settings) == Settings(theme="dark")


def test_a_file_that_cannot_be_written_is_told_and_the_settings_hold(qtbot, user_home):
    (user_home / "config").touch()  # a file where the folder should be
    box = SettingsBox(user_paths().settings)
    with qtbot.waitSignal(box.not_written, timeout=PATIENCE_MS) as told:
        box.change(theme="dark")
    assert "could not be saved" in told.args[0]
    assert box.value == Settings(theme="dark")
    box.flush(soon())


def test_the_report_leaves_out_what_libraries_tell_of_themselves(person, user_home):
    (user_home / "logs").mkdir()
    stamp = "2026-11-25 13:50:31,742"
    lines = [
        f"{stamp} INFO p2p_desktop.ui.app: begun",
        *[f"{stamp} INFO wakepy.core.mode: Could not activate Mode\n  Tried Methods:\n  (#1, x)"] * 30,
        f"{stamp} WARNING openvino: slow",
        f"{stamp} ERROR p2p_desktop.ui.errors: uncaught\nTraceback (most recent call last):\nValueError: {'no' * 500}",
    ]
    (user_home / "logs" / "p2p-desktop.log").write_text("\n".join(lines))
    me = person()
    me.wait(lambda: not me.doctor.is_running)
    me.click("settings_copy_report")
    report = QGuiApplication.clipboard().text()
    for kept in ("app: begun", "openvino: slow", "uncaught\nTraceback", "ValueError: no"):
        assert kept in report
    assert "wakepy" not in report
    assert "Tried Methods" not in report
    assert max(map(len, report.splitlines())) < 400


# The self-test

GO_ON = """
import pathlib, sys, time
sys.stdout.flush()
while '--self-test' in sys.argv and not pathlib.Path({gate!r}).exists():
    time.sleep(0.01)
"""
TRIED = {"type": "finding", "subject": "test window", "state": "failed", "title": "The window does not work", "message": "It died."}


def test_everything_is_tested_on_demand_and_told_like_all_else(person, tmp_path):
    gate = tmp_path / "gate"
    more = f"if '--self-test' in sys.argv:\n    print({json.dumps(TRIED)!r})\n"
    me = person(SAYING + GO_ON.format(gate=str(gate)) + more)
    me.wait(lambda: not me.doctor.is_running)
    assert me.titles() == ["Graphics card not used", "CPU works"]
    me.click("settings_test")
    me.wait(lambda: me.find("settings_checked", QLabel).text() == "Testing everything... Graphics card not used")
    assert not me.find("settings_test", QPushButton).isEnabled()
    assert not me.find("settings_check", QPushButton).isEnabled()
    gate.touch()
    me.wait(lambda: me.titles() == ["The window does not work", "Graphics card not used", "CPU works"])
    assert me.find("settings_test", QPushButton).isEnabled()
    me.click("settings_check")  # which looks at less
    me.wait(lambda: me.titles() == ["Graphics card not used", "CPU works"])


def test_a_self_test_that_is_given_up_leaves_no_files(person, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    hanging = 'import sys, tempfile, time\nfolder = tempfile.mkdtemp()\nprint(\'{"type": "finding"}\', flush=True)\ntime.sleep(600)'
    me = person(hanging)
    me.wait(lambda: me.page.findChild(FindingsView).findChildren(QLabel) != [])
    assert list(tmp_path.iterdir())
    me.doctor.close(soon())
    assert list(tmp_path.iterdir()) == []
