import threading
import time

import cv2
import numpy as np
import pytest

from p2p_desktop.live import grabbing
from p2p_desktop.live.camera import CameraError
from p2p_desktop.live.device_camera import open_device
from p2p_desktop.live.sources import Device, Format
from tests.live.clips import drawn_frame, number_of
from tests.live.reading import frames_for, next_frame, read_on

WEBCAM = Device(3, 1400, "Webcam")


class StandIn:
    """Does what a driver does through the methods of `cv2.VideoCapture`."""

    def __init__(self, *, opens: bool = True, fps: float = 100.0, num_frames: int = 10_000) -> None:
        self.opens, self.fps, self.num_frames = opens, fps, num_frames
        self.opened_with = []
        self.properties = {cv2.CAP_PROP_FPS: 30.0}
        self.number = -1
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.is_released = threading.Event()

    def __call__(self, what, backend, settings):
        self.opened_with.append((what, backend, settings))
        return self

    def isOpened(self):  # noqa: N802
        return self.opens

    def get(self, prop, /):
        return self.properties.get(prop, 0.0)

    def set(self, prop, value, /):
        self.properties[prop] = value
        return True

    def grab(self):
        time.sleep(1 / self.fps)
        self.may_go_on.wait(20)
        self.number += 1
        return self.number < self.num_frames

    def retrieve(self):
        return True, cv2.cvtColor(drawn_frame(self.number), cv2.COLOR_RGB2BGR)

    def release(self):
        self.is_released.set()


def test_frames_come_as_rgb_and_the_newest_wins():
    camera = open_device(WEBCAM, None, StandIn())
    first = next_frame(camera)
    time.sleep(0.2)
    later = next_frame(camera)
    camera.close()
    assert number_of(later.rgb) > number_of(first.rgb) + 3
    assert tuple(later.rgb[150, 10]) == tuple(drawn_frame(number_of(later.rgb))[150, 10])
    assert time.monotonic() - later.captured < 0.5
    assert camera.rate == 30


def test_it_is_opened_by_the_backend_that_listed_it_with_mjpg_before_the_size():
    driver = StandIn()
    open_device(WEBCAM, Format(1280, 720, 30.0), driver).close()
    ((index, backend, settings),) = driver.opened_with
    assert (index, backend) == (3, 1400)
    assert settings[::2] == [cv2.CAP_PROP_FOURCC, cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS]
    assert settings[1:] == [cv2.VideoWriter.fourcc(*"MJPG"), *settings[2:3], 1280, *settings[4:5], 720, *settings[6:7], 30]


def test_a_backend_that_refuses_a_setting_is_opened_without_it():
    class Picky(StandIn):
        def isOpened(self):  # noqa: N802
            return not self.opened_with[-1][2]

    driver = Picky()
    camera = open_device(WEBCAM, Format(640, 480, 30.0), driver)
    assert next_frame(camera).rgb.shape == (240, 320, 3)
    camera.close()
    assert driver.properties[cv2.CAP_PROP_FRAME_WIDTH] == 640


def test_grey_infrared_pictures_are_shown():
    class Infrared(StandIn):
        def retrieve(self):
            return True, np.full((4, 6), 0x8000, np.uint16)

    camera = open_device(WEBCAM, None, Infrared())
    rgb = next_frame(camera).rgb
    camera.close()
    assert (rgb.dtype, rgb.shape, rgb.max()) == (np.uint8, (4, 6, 3), 128)


def test_a_camera_that_is_not_there_says_so(tmp_path):
    with pytest.raises(CameraError, match="Webcam is not there") as error:
        open_device(Device(99, 200, "Webcam", "/dev/video99"))
    assert error.value.may_return


def test_a_camera_that_is_there_and_does_not_open_is_probably_used_by_another_program():
    with pytest.raises(CameraError, match="another program probably uses it"):
        open_device(Device(0, 200, "Webcam", "/dev/null"), None, StandIn(opens=False))


def test_a_camera_that_nothing_is_known_of_may_be_busy_or_forbidden():
    driver = StandIn(opens=False)
    with pytest.raises(CameraError, match=r"cannot be opened.*privacy"):
        open_device(WEBCAM, None, driver)
    assert driver.is_released.is_set()


def test_a_camera_that_is_pulled_out_may_return():
    camera = open_device(WEBCAM, None, StandIn(num_frames=3))
    with pytest.raises(CameraError, match="no longer there") as error:
        read_on(camera)
    camera.close()
    assert error.value.may_return


def test_a_camera_that_opens_and_gives_no_pictures_says_so(monkeypatch):
    monkeypatch.setattr(grabbing, "SILENCE_S", 0.3)
    driver = StandIn()
    driver.may_go_on.clear()
    camera = open_device(WEBCAM, None, driver)
    with pytest.raises(CameraError, match="gives no pictures") as error:
        read_on(camera)
    driver.may_go_on.set()
    camera.close()
    assert error.value.may_return


def test_reading_and_closing_do_not_wait_for_a_driver_that_hangs():
    driver = StandIn()
    camera = open_device(WEBCAM, None, driver)
    next_frame(camera)
    driver.may_go_on.clear()
    frames_for(camera, 0.1)
    began = time.monotonic()
    assert camera.read(0.1) is None
    camera.close()
    camera.close()
    assert time.monotonic() - began < 1.9
    assert not driver.is_released.is_set()
    driver.may_go_on.set()
    assert driver.is_released.wait(20)


def test_closing_lets_go_at_once():
    driver = StandIn()
    camera = open_device(WEBCAM, None, driver)
    next_frame(camera)
    camera.close()
    assert driver.is_released.is_set()
