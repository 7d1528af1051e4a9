"""Live where two things happen at once: frozen and lost, recording and leaving; a model that is gone, a list that is late."""

import shutil
import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox

from p2p_desktop.live.camera import CameraError
from p2p_desktop.live.snapshot import read_about
from p2p_desktop.live.sources import Device
from p2p_desktop.ui import live_camera
from p2p_desktop.workers import cameras_watch
from tests.ui.live_hands import ALPHA, BETA, LiveHands, PluggedCamera

FRONT, USB = Device(0, 200, "Front camera"), Device(2, 200, "USB camera")
GONE = CameraError("The camera is gone. Plug it in, then try again.")


@pytest.fixture
def live(qtbot, look, home_in_use, tmp_path, monkeypatch):
    monkeypatch.setattr(cameras_watch, "_EVERY_MS", 30)
    monkeypatch.setattr("p2p_desktop.live.capture.WAITS_S", (0.02,))
    hands = LiveHands(qtbot, look, tmp_path)
    yield hands
    hands.close()


@pytest.fixture
def front(live):
    live.cameras[FRONT] = PluggedCamera(FRONT)
    return live.cameras[FRONT]


def button(live, name):
    return live.find(name, QAbstractButton)


def recordings(live):
    return list((live.folder / "saved").glob("*.mp4"))


def test_a_recording_whose_folder_is_gone_does_not_keep_the_program_from_closing(live, front):
    live.open().wait_translated()
    live.click("live_record")
    live.wait(lambda: live.page._outputs.recorded_seconds > 0.2)
    shutil.rmtree(live.folder / "saved")
    live.close()  # raises nothing, and leaves no thread


def test_a_recording_can_be_stopped_before_it_has_begun(live, front):
    live.open().wait_translated()
    live.click("live_record")
    live.click("live_record")
    live.wait(lambda: not live.page.is_recording)
    assert len(recordings(live)) <= 1


def test_leaving_while_a_recording_begins_ends_it(live, front):
    live.open().wait_translated()
    live.click("live_record")
    live.page.hide()
    live.wait(lambda: not live.page.is_recording)
    live.page.show()
    live.wait_translated()
    assert not live.page.is_recording


def test_a_recording_ends_with_its_camera(live, front):
    live.open().wait_translated()
    live.click("live_record")
    live.wait(lambda: live.page._outputs.recorded_seconds > 0.2)
    front.problem = GONE
    live.wait(lambda: not live.page.is_recording)
    assert len(recordings(live)) == 1


def test_a_frozen_frame_cannot_be_recorded_and_says_why(live, front):
    live.open().wait_translated()
    live.click("live_freeze")
    live.wait(lambda: live.shown.is_held)
    assert not button(live, "live_record").isEnabled()
    assert "frozen frame is no video" in button(live, "live_record").toolTip()


def test_what_was_recorded_is_still_said_when_one_comes_back(live, front):
    live.open().wait_translated()
    live.click("live_record")
    live.wait(lambda: live.page._outputs.recorded_seconds > 0.2)
    live.page.hide()
    live.wait(lambda: not live.page.is_recording)
    live.page.show()
    live.wait_translated()
    assert " recorded as " in live.note


def test_a_snapshot_bears_the_name_of_the_model_that_made_it(live, front):
    live.open().wait_translated(ALPHA)
    front.is_silent = True
    live.wait(lambda: live.page._session._frames.is_empty)
    live.page.use_model(BETA)
    live.click("live_snapshot")
    live.wait(lambda: live.note.startswith("Saved as"))
    (file,) = (live.folder / "saved").iterdir()
    about = " ".join(read_about(file).values())
    assert "Alpha" in file.name
    assert "Beta" not in about


def test_a_remembered_model_that_is_gone_is_replaced_and_that_is_said(live, front):
    live.remembered.keep(live={"model": "holiday"})
    live.open().wait_translated(ALPHA)
    assert live.note == "The model holiday is not there any more. Alpha takes its place."


def test_a_model_that_is_renamed_is_still_the_chosen_one(live, front):
    (live.folder / "models").mkdir()
    shutil.copyfile(live.folder / "shipped" / "beta.safetensors", live.folder / "models" / "mine.safetensors")
    live.open().wait_translated()
    live.page.use_model("mine")
    live.wait(lambda: live.label == "mine")
    live.shelf.rename("mine", "yours")
    live.wait(lambda: live.page._model.name == "yours")
    live.wait(lambda: live.label == "yours")


def test_a_camera_that_is_opened_again_is_not_frozen_before_it_sends(live, front):
    live.open().wait_translated()
    front.may_open.clear()
    live.page._camera.open_again()
    assert live.shown is None
    assert not button(live, "live_freeze").isEnabled()
    front.may_open.set()
    live.wait_translated()
    live.click("live_freeze")
    live.wait(lambda: live.shown.is_held)


def test_a_silence_ends_while_a_frame_is_frozen(live, front, monkeypatch):
    monkeypatch.setattr("p2p_desktop.live.capture.SILENT_S", 0.05)
    live.open().wait_translated()
    live.click("live_freeze")
    live.wait(lambda: live.shown.is_held)
    front.is_silent = True
    live.wait(lambda: "sends nothing" in live.trouble)
    live.click("live_mirror")  # makes the frozen frame again, which says nothing of the camera
    live.wait(lambda: live.shown.wishes.mirror)
    assert "sends nothing" in live.trouble
    front.is_silent = False
    live.wait(lambda: live.trouble == "")


def test_a_camera_that_fails_ends_the_freeze(live, front):
    live.open().wait_translated()
    live.click("live_freeze")
    live.wait(lambda: live.shown.is_held)
    front.problem = GONE
    live.wait(lambda: "is gone" in live.trouble)
    assert not button(live, "live_freeze").isChecked()
    front.problem = None
    live.click("live_retry")
    live.wait_translated()
    assert not live.shown.is_held


def test_a_list_of_cameras_that_takes_its_time_does_not_keep_the_page_empty(qtbot, look, live, front, monkeypatch):
    monkeypatch.setattr(live_camera, "_PATIENCE_MS", 50)
    gate = threading.Event()

    def slowly():
        assert gate.wait(20)
        return tuple(live.cameras)

    monkeypatch.setattr(live, "_known", slowly)
    live.open()
    assert live.waiting == "Looking for cameras"
    assert "Video file\u2026" in live.listed
    live.wait_translated()
    assert live.find("live_camera", QComboBox).currentText() == "Example clip"
    gate.set()
    live.wait(lambda: front.num_open == 1)  # it was only a stand-in
    live.wait_translated()


def test_what_a_camera_was_asked_for_is_not_said_of_another(live, front):
    usb = live.cameras[USB] = PluggedCamera(USB)
    live.open().wait_translated()
    live.choose("live_format", "640 \u00d7 480")
    live.wait(lambda: front.num_opened == 2)
    live.choose("live_camera", "USB camera")
    live.wait(lambda: usb.num_open == 1)
    assert usb.wanted == [None]
    assert live.find("live_format", QComboBox).currentText() == "Automatic"


def test_a_size_that_the_camera_does_not_have_is_told_of(live, front):
    front.size = (640, 480)
    live.open().wait_translated()
    live.click("live_hold")
    live.choose("live_size", "640 \u00d7 480")
    front.size = (320, 240)
    live.wait(lambda: "Your choice was 640" in live.text("live_size_hint"))
    live.wait(lambda: live.find("live_size", QComboBox).currentText() == "320 \u00d7 240")


def test_the_slowest_frames_and_those_left_out_are_told(live, front):
    live.open().wait_translated()
    live.wait(lambda: live.text("live_worst").endswith(" ms"))
    live.wait(lambda: " of " in live.text("live_left_out"))


def test_live_before_the_program_is_ready_waits_for_it(driver):
    window = driver.window
    window._is_ready = False
    window.go_to("live")
    assert "live" not in window._made
    assert window._getting_ready.isVisible()
    window._on_imported(None)
    driver.wait(lambda: window.page("live").isVisible())


def test_a_window_that_leaves_the_full_screen_by_itself_has_its_frame_again(driver):
    window = driver.window
    window.go_to("live")
    driver.click("live_full_screen")
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowFullScreen)  # as the window system does
    driver.wait(lambda: window._rail.isVisible())
    assert driver.find("live_camera").isVisible()


def test_a_program_that_ends_while_a_recording_begins_leaves_nothing_behind(live, front):
    live.open().wait_translated()
    live.click("live_record")
    live.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "recorder"]
    left = list((live.folder / "saved").iterdir()) if (live.folder / "saved").exists() else []
    assert all(file.suffix == ".mp4" and not file.name.startswith(".") for file in left)
