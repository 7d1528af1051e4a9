"""Live as a person meets it: cameras come and go, models change while one watches, frames are frozen and kept."""

import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QSlider, QSpinBox, QWidget

from p2p_desktop.live.camera import CameraError
from p2p_desktop.live.snapshot import read_about
from p2p_desktop.live.sources import Address, Device, VideoFile
from p2p_desktop.live.virtual_camera import LIBRARY
from p2p_desktop.ui.address_dialog import AddressDialog
from p2p_desktop.ui.compare_view import CompareView
from p2p_desktop.ui.live_figures import LiveFigures
from p2p_desktop.ui.live_output_form import LiveOutputForm
from p2p_desktop.workers import cameras_watch
from tests.live.clips import write_clip
from tests.live.virtual_driver import Driver
from tests.models_for_tests import small_card, write_small_model
from tests.ui.live_hands import ALPHA, BETA, DEPTH, LiveHands, PluggedCamera

FRONT, USB = Device(0, 200, "Front camera"), Device(2, 200, "USB camera")
BUSY = CameraError("The camera is used by another program. Close it there, then try again.")
PULLED = CameraError("The USB camera was unplugged. Plug it in: it is opened again by itself.", may_return=True)


@pytest.fixture
def live(qtbot, look, home_in_use, tmp_path, monkeypatch):
    """A page that is not open yet; cameras are plugged in by the test."""
    monkeypatch.setattr(cameras_watch, "_EVERY_MS", 30)
    monkeypatch.setattr("p2p_desktop.live.capture.WAITS_S", (0.02,))
    hands = LiveHands(qtbot, look, tmp_path)
    yield hands
    hands.close()


def plug(live, *devices):
    for device in devices:
        live.cameras[device] = PluggedCamera(device)
    return [live.cameras[device] for device in devices]


def test_without_a_camera_the_example_clip_is_translated(live):
    live.open().wait_translated()
    assert live.listed == ["Example clip", "Video file\u2026", "Address of a stream\u2026"]
    assert live.find("live_camera", QComboBox).currentText() == "Example clip"
    assert live.is_changed()
    live.wait(lambda: "320 \u00d7 240, " in live.text("live_sends"))


def test_a_camera_goes_before_the_clip_and_is_called_by_its_name(live):
    front, usb = plug(live, FRONT, USB)
    live.open().wait_translated()
    assert live.listed[:3] == ["Front camera", "USB camera", "Example clip"]
    assert (front.num_open, usb.num_open) == (1, 0)
    live.choose("live_camera", "USB camera")
    live.wait(lambda: usb.num_open == 1 and front.num_open == 0)
    live.wait_translated()


def test_figures_are_measured_and_told_in_words(live):
    plug(live, FRONT)
    live.open().wait_translated()
    figures = live.find("live_figures", LiveFigures)
    live.wait(lambda: "frames a second of" in figures.accessibleName())
    told = live.page._session.figures()
    assert 0 < told.fps_out <= told.fps_in * 1.2
    assert told.latency_ms_p50 > 0
    parts = told.camera_ms + told.model_ms + told.screen_ms
    assert parts == pytest.approx(told.latency_ms_p50, rel=0.5)


def test_a_camera_that_is_plugged_in_appears_and_one_that_is_pulled_out_goes(live):
    live.open().wait_translated()
    plug(live, USB)
    live.wait(lambda: "USB camera" in live.listed)
    assert live.find("live_camera", QComboBox).currentText() == "Example clip"  # nobody chose it
    del live.cameras[USB]
    live.wait(lambda: "USB camera" not in live.listed)


def test_a_busy_camera_is_told_of_and_can_be_tried_again(live):
    (front,) = plug(live, FRONT)
    front.problem = BUSY
    live.open()
    live.wait(lambda: "used by another program" in live.trouble)
    assert live.shown is None
    assert not live.find("live_record", QAbstractButton).isEnabled()
    front.problem = None
    live.click("live_retry")
    live.wait_translated()
    assert live.trouble == ""


def test_a_busy_camera_need_not_be_waited_for(live):
    (front,) = plug(live, FRONT)
    front.problem = BUSY
    live.open()
    live.wait(lambda: bool(live.trouble))
    live.click("live_use_clip")
    live.wait_translated()
    assert live.find("live_camera", QComboBox).currentText() == "Example clip"


def test_a_camera_that_is_pulled_out_is_told_of_and_comes_back_by_itself(live):
    (usb,) = plug(live, USB)
    live.open().wait_translated()
    usb.problem = PULLED
    live.wait(lambda: "unplugged" in live.trouble)
    usb.problem = None
    live.wait(lambda: live.trouble == "" and usb.num_opened == 2)
    live.wait_translated()


def test_a_camera_that_was_not_there_is_opened_when_it_is_plugged_in(live):
    (usb,) = plug(live, USB)
    live.open().wait_translated()
    usb.problem = CameraError("The USB camera is gone. Plug it in, then try again.")
    live.wait(lambda: "is gone" in live.trouble)
    del live.cameras[USB]
    live.wait(lambda: live.page._camera._sources.devices == ())
    assert live.find("live_camera", QComboBox).currentText() == "USB camera"  # it is what is watched, there or not
    again = Device(3, 200, "USB camera")  # as systems number them anew
    (usb,) = plug(live, again)
    live.wait(lambda: usb.num_open == 1)
    live.wait_translated()
    assert live.listed.count("USB camera") == 1


def test_a_camera_that_falls_silent_is_told_of(live, monkeypatch):
    monkeypatch.setattr("p2p_desktop.live.capture.SILENT_S", 0.05)
    (front,) = plug(live, FRONT)
    live.open().wait_translated()
    front.is_silent = True
    live.wait(lambda: "Front camera sends nothing" in live.trouble)
    front.is_silent = False
    live.wait(lambda: live.trouble == "")


def test_a_camera_that_takes_its_time_does_not_keep_the_window_waiting(live):
    front, usb = plug(live, FRONT, USB)
    front.may_open.clear()
    live.open()
    live.wait(lambda: live.waiting == "Opening Front camera" and bool(front.wanted))  # its driver has been asked
    live.choose("live_camera", "USB camera")  # the other one opens while the first still tries
    live.wait_translated()
    assert usb.num_open == 1
    front.may_open.set()
    live.wait(lambda: front.num_opened == 1 and front.num_open == 0)


def test_leaving_the_page_lets_go_of_camera_and_model(live):
    (front,) = plug(live, FRONT)
    live.open().wait_translated()
    began = time.monotonic()
    live.page.hide()
    live.wait(lambda: front.num_open == 0)
    assert time.monotonic() - began < 1
    live.wait(lambda: live.page._session._translating._loaded is None)
    assert live.shown is None
    live.page.show()
    live.wait_translated()
    assert front.num_opened == 2


def test_a_page_that_is_only_minimised_goes_on(live):
    (front,) = plug(live, FRONT)
    live.open().wait_translated()
    live.page.showMinimized()
    assert front.num_open == 1


def test_the_name_on_the_picture_is_always_that_of_the_model_that_made_it(live):
    plug(live, FRONT)
    live.open().wait_translated()
    live.click("live_hold")  # else a busy computer works at another size, and results differ a little
    made_by, names = {}, {}
    for name in (BETA, ALPHA, BETA):
        live.page.use_model(name)
        seen = []

        def look(seen=seen):
            if live.shown is not None and live.shown.result is not None:
                seen.append((live.shown.model, live.label))
            return sum(model == live.page._session._model for model, _ in seen) > 20

        live.wait(look)
        names |= dict(seen)
        assert set(seen) <= set(names.items())  # no model ever bears two names
        assert names[live.page._session._model] == name.capitalize()
        made_by.setdefault(name, []).append(live.shown.result[210:, :100].astype(int))  # where all frames are alike
    assert np.abs(made_by[BETA][0] - made_by[BETA][1]).max() <= 1
    assert np.abs(made_by[BETA][0] - made_by[ALPHA][0]).mean() > 1


def test_a_model_that_no_camera_can_serve_says_so_and_the_camera_is_shown(live):
    encodings = ("filled_depth16", "depth16")
    write_small_model(live.folder / "shipped" / "depth.safetensors", small_card("depth", DEPTH, encodings))
    plug(live, FRONT)
    live.open().wait_translated()
    live.page.use_model("depth")
    live.wait(lambda: "takes depth pictures" in live.note)
    live.wait(lambda: live.shown is not None and live.shown.result is None)
    live.page.use_model(ALPHA)
    live.wait_translated(ALPHA)
    assert live.note == ""


def test_a_frozen_frame_changes_with_model_and_settings_and_the_camera_goes_on_afterwards(live):
    plug(live, FRONT)
    live.open().wait_translated()
    live.click("live_freeze")
    live.wait(lambda: live.shown.is_held)
    number, whole = live.number, live.shown.result.astype(int)
    assert live.waiting.startswith("Frozen")
    live.find("live_strength", QSlider).setValue(50)
    live.wait(lambda: live.shown.wishes.strength == 0.5)
    assert live.number == number
    assert np.abs(live.shown.result - (whole + live.shown.frame.rgb) / 2).max() <= 1
    live.page.use_model(BETA)
    live.wait_translated(BETA)
    assert live.number == number
    live.click("live_freeze")
    live.wait(lambda: not live.shown.is_held and live.number != number)
    assert live.waiting == ""


def test_another_camera_ends_the_freeze(live):
    _, usb = plug(live, FRONT, USB)
    live.open().wait_translated()
    live.click("live_freeze")
    live.wait(lambda: live.shown.is_held)
    live.choose("live_camera", "USB camera")
    live.wait(lambda: usb.num_open == 1)
    live.wait(lambda: live.shown is not None and not live.shown.is_held and live.number > 3)
    assert live.find("live_freeze", QAbstractButton).text() in ("Freeze", "")


def test_a_snapshot_is_the_result_and_says_what_made_it(live):
    plug(live, FRONT)
    live.open().wait_translated()
    live.click("live_freeze")
    live.wait(lambda: live.shown.is_held)
    live.click("live_snapshot")
    live.wait(lambda: live.note.startswith("Saved as"))
    (file,) = (live.folder / "saved").iterdir()
    pixels = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
    assert np.array_equal(pixels, live.shown.result)
    about = read_about(file)
    assert "Alpha" in " ".join(about.values())
    assert "Front camera" in " ".join(about.values())


def test_a_snapshot_that_cannot_be_saved_says_why(live):
    (live.folder / "saved").write_text("a file where the folder should be")
    plug(live, FRONT)
    live.open().wait_translated()
    live.click("live_snapshot")
    live.wait(lambda: "saved" in live.note and "another folder" in live.note)


def recording_of(live) -> Path:
    (file,) = (live.folder / "saved").glob("*.mp4")
    return file


def test_a_recording_plays_as_long_as_it_took(live):
    plug(live, FRONT)
    live.open().wait_translated()
    live.click("live_record")
    live.wait(lambda: live.page._outputs.recorded_seconds > 1)
    assert live.find("live_record", QAbstractButton).accessibleName().startswith("Stop recording")
    live.click("live_record")
    live.wait(lambda: " recorded as " in live.note)
    video = cv2.VideoCapture(str(recording_of(live)))
    seconds = video.get(cv2.CAP_PROP_FRAME_COUNT) / video.get(cv2.CAP_PROP_FPS)
    video.release()
    assert seconds > 1
    assert live.find("live_record", QAbstractButton).accessibleName() == "Record"


def test_leaving_the_page_ends_a_recording_and_keeps_it(live):
    plug(live, FRONT)
    live.open().wait_translated()
    live.click("live_record")
    live.wait(lambda: live.page._outputs.recorded_seconds > 0.2)
    live.page.hide()
    live.wait(lambda: not live.page.is_recording)
    assert recording_of(live).stat().st_size > 1000


def test_closing_the_program_keeps_what_was_recorded(live):
    plug(live, FRONT)
    live.open().wait_translated()
    live.click("live_record")
    live.wait(lambda: live.page._outputs.recorded_seconds > 0.2)
    live.close()
    assert recording_of(live).stat().st_size > 1000


def test_the_working_size_can_be_chosen_and_says_what_it_is(live):
    plug(live, FRONT)
    live.open().wait_translated()
    live.click("live_hold")
    live.choose("live_size", "160 \u00d7 120")
    live.wait(lambda: live.shown.size == (160, 120))
    live.choose("live_size", "Automatic")
    live.wait(lambda: live.shown.size == (320, 240))
    live.wait(lambda: live.text("live_size_hint") == "Works at 320 \u00d7 240 now.")


def test_holding_a_rate_says_which_size_it_uses_and_which_was_chosen(live):
    (front,) = plug(live, FRONT)
    front.size = (1280, 960)
    live.open().wait_translated()
    live.choose("live_size", "1280 \u00d7 960")
    live.find("live_hold_fps", QSpinBox).setValue(60)
    live.wait(lambda: "Your choice was 1280 \u00d7 960" in live.text("live_size_hint"))
    assert live.find("live_size", QComboBox).currentText() != "1280 \u00d7 960"
    live.click("live_hold")
    live.wait(lambda: live.shown.size == (1280, 960))
    assert live.find("live_size", QComboBox).currentText() == "1280 \u00d7 960"


def test_mirroring_turns_the_picture_round(live):
    plug(live, FRONT)
    live.open().wait_translated()
    assert live.shown.frame.rgb[200, 10, 0] == 160  # red on the left
    live.click("live_mirror")
    live.wait(lambda: live.shown.frame.rgb[200, -10, 0] == 160)


def test_a_camera_is_asked_for_the_size_that_was_chosen(live):
    (front,) = plug(live, FRONT)
    live.open().wait_translated()
    live.choose("live_format", "640 \u00d7 480")
    live.wait(lambda: front.num_opened == 2)
    assert (front.wanted[-1].width, front.wanted[-1].height) == (640, 480)


def test_files_are_not_asked_for_a_size(live):
    live.open().wait_translated()
    assert not live.find("live_format").isVisible()


def test_frames_that_change_their_size_are_shown_at_once(live):
    (front,) = plug(live, FRONT)
    live.open().wait_translated()
    front.size = (480, 360)
    live.wait(lambda: live.shown.frame.rgb.shape == (360, 480, 3))
    live.wait(lambda: live.text("live_shown") == "480 \u00d7 360")
    assert live.page._view._port.picture.width() == 480


def test_an_address_that_is_none_is_told_in_its_dialog(live):
    live.open().wait_translated()
    live.choose("live_camera", "Address of a stream\u2026")
    dialog = live.page.findChild(AddressDialog)
    field = dialog.findChild(QLineEdit, "address_field")
    QTest.keyClicks(field, "ftp://somewhere")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert "cannot be watched" in dialog._complaint.text
    assert dialog.isVisible()
    field.clear()
    QTest.keyClicks(field, "127.0.0.1:9/video")  # as people know addresses: without the scheme
    QTest.keyClick(field, Qt.Key.Key_Return)
    live.wait(lambda: bool(live.trouble))
    assert live.page._camera.source == Address("http://127.0.0.1:9/video")
    assert "127.0.0.1:9/video" in live.listed


def test_a_video_of_the_persons_own_stays_in_the_list(live):
    video = write_clip(live.folder / "my film.mp4", 20)
    live.open().wait_translated()
    live.page.watch_files([video])
    live.wait_translated()
    assert "my film.mp4" in live.listed
    live.close()
    live.open().wait_translated()
    assert live.page._camera.source == VideoFile(video)  # it begins with what was watched last


def test_a_video_that_is_gone_is_told_of(live):
    live.open().wait_translated()
    live.page.watch_files([live.folder / "gone.mp4"])
    live.wait(lambda: "gone.mp4" in live.trouble)


def test_passwords_are_kept_nowhere(live):
    live.open().wait_translated()
    live.page._camera.open(Address("http://me:secret@127.0.0.1:9/"))
    live.wait(lambda: bool(live.trouble))
    assert "secret" not in live.trouble
    assert not any("secret" in title for title in live.listed)
    live.page._keep()
    live.remembered.save()
    assert "secret" not in live.paths.window.read_text()


def test_choices_are_remembered(live):
    plug(live, FRONT)
    live.open().wait_translated()
    live.click("live_mirror")
    live.click("live_calm")
    live.page.use_model(BETA)
    live.page._top._mode.segment("result").click()
    live.close()
    live.open().wait_translated(BETA)
    assert live.page._panel.wishes.mirror
    assert live.page._panel.wishes.blend > 0
    assert live.find("live_view", CompareView).mode == "result"


def test_what_is_remembered_may_be_rubbish(live):
    live.remembered.keep(
        live={"side": "large", "hold_fps": -3, "model": 7, "mode": "sideways"}, live_opened=[1, {"address": "x"}, {}]
    )
    live.open().wait_translated()


def test_the_picture_alone_fills_the_screen_and_escape_comes_back(live):
    live.open().wait_translated()
    asked = []
    live.page.full_screen_asked.connect(asked.append)
    live.page.full_screen_asked.connect(live.page.set_full_screen)  # as the window does
    live.click("live_full_screen")
    assert not live.find("live_camera").isVisible()
    assert not live.page._folding.isVisible()
    assert live.find("live_freeze").isVisible()
    QTest.keyClick(live.find("live_view"), Qt.Key.Key_Escape)
    assert live.find("live_camera").isVisible()
    assert asked == [True, False]


def test_a_narrow_window_keeps_all_verbs(live):
    live.open(832, 520)
    live.page.set_narrow(True)
    live.wait_translated()
    for name in ("live_freeze", "live_snapshot", "live_record"):
        button = live.find(name, QAbstractButton)
        assert button.isVisible()
        assert live.page.rect().contains(button.geometry().translated(button.parentWidget().mapTo(live.page, button.pos() * 0)))


def test_a_model_that_is_removed_while_it_is_watched_gives_way_to_another(live):
    plug(live, FRONT)
    live.open().wait_translated()
    live.page.use_model(BETA)
    live.wait_translated(BETA)
    (live.folder / "shipped" / "beta.safetensors").unlink()
    live.shelf.refresh()
    live.wait_translated(ALPHA)


def test_the_window_brings_a_dropped_video_and_a_chosen_model_to_live(driver, tmp_path):
    video = write_clip(tmp_path / "film.MP4", 20)
    driver.drop([video])
    page = driver.window.page("live")
    driver.wait(lambda: page.isVisible() and page._camera.source == VideoFile(video))
    driver.wait(lambda: page._current is not None)
    driver.wait(lambda: "film.MP4" in driver.text("status_doing"))
    driver.window.go_to("models")
    driver.wait(lambda: page._session.is_released)
    assert "film.MP4" not in driver.text("status_doing")
    driver.wait(lambda: driver.find("models_watch", QAbstractButton).isEnabled())
    driver.click("models_watch")
    driver.wait(lambda: page.isVisible() and page._model.name == driver.window.page("models")._cards.selected.name)


def test_the_whole_window_makes_room_for_the_picture_and_comes_back(driver):
    driver.window.go_to("live")
    driver.click("live_full_screen")
    assert driver.window.isFullScreen()
    assert not driver.window._rail.isVisible()
    QTest.keyClick(driver.find("live_view"), Qt.Key.Key_Escape)
    assert not driver.window.isFullScreen()
    assert driver.window._rail.isVisible()


def test_settings_reach_what_is_live(driver):
    driver.window.go_to("live")
    page = driver.window.page("live")
    driver.wait(lambda: page._current is not None and page._current.after is not None)
    number = page._session._model
    driver.window._settings.change(surround="black")
    assert page._view._surround == "black"
    assert page._session._model == number
    driver.window._settings.change(threads=1)
    assert page._session._model == number + 1
    driver.wait(lambda: page._current is not None and page._current.shown.model == number + 1)


@pytest.fixture
def driver_of_virtual_cameras(monkeypatch):
    virtual = Driver()
    monkeypatch.setitem(sys.modules, LIBRARY, virtual.module())
    return virtual


def test_other_programs_see_the_result_as_a_camera_while_it_is_watched(driver_of_virtual_cameras, live):
    virtual = driver_of_virtual_cameras
    plug(live, FRONT)
    live.open().wait_translated()
    live.click("live_more")
    live.click("live_virtual_camera")
    live.wait(lambda: len(virtual.sent) > 3)
    assert virtual.sent[-1].shape == (240, 320, 3)
    live.page.hide()
    live.wait(lambda: virtual.num_closed == 1)
    live.page.show()
    live.wait(lambda: len(virtual.opened) == 2)
    live.click("live_virtual_camera")
    live.wait(lambda: virtual.num_closed == 2)


def test_without_a_driver_for_it_the_switch_goes_back_and_says_what_is_missing(driver_of_virtual_cameras, live):
    driver_of_virtual_cameras.error = RuntimeError("no backend")
    plug(live, FRONT)
    live.open().wait_translated()
    live.click("live_more")
    live.click("live_virtual_camera")
    live.wait(lambda: "nstall" in live.note)
    assert not live.find("live_virtual_camera", QAbstractButton).isChecked()


@pytest.mark.parametrize(("is_frozen", "begin"), [(False, "Needs the package"), (True, "The installed program cannot")])
def test_without_the_library_for_it_the_switch_says_what_can_be_done_about_that(qtbot, look, monkeypatch, is_frozen, begin):
    monkeypatch.setattr(sys, "frozen", is_frozen, raising=False)
    around = QWidget()
    qtbot.addWidget(around)
    form = LiveOutputForm(look, around)
    form.offer_camera(False)
    switch = form.findChild(QAbstractButton, "live_virtual_camera")
    hint = form.findChild(QLabel, "live_virtual_camera_hint").text()
    assert not switch.isEnabled()
    assert hint.startswith(begin)
    assert switch.toolTip() == hint
