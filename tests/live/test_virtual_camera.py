"""The result as a camera for others: the newest frame, and a sentence where there can be none."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from p2p_desktop.live.virtual_camera import LIBRARY, VirtualCamera, is_available
from tests.live.bars import HEIGHT, WIDTH, drawn, number_in
from tests.live.virtual_driver import Driver
from tests.live.waiting import until

ROOT = Path(__file__).parents[2]


@pytest.fixture
def driver(monkeypatch):
    driver = Driver()
    monkeypatch.setitem(sys.modules, LIBRARY, driver.module())
    return driver


@pytest.fixture
def opened():
    """Makes virtual cameras that are closed after the test."""
    cameras = []

    def new(**options) -> VirtualCamera:
        cameras.append(VirtualCamera(**options))
        return cameras[-1]

    yield new
    for camera in cameras:
        camera.close()


def test_the_first_frame_settles_size_and_rate(driver, opened):
    camera = opened(fps=20.0)
    assert (camera.name, camera.problem) == ("", "")
    camera.put(drawn(5))
    until(lambda: driver.sent)
    assert driver.opened == [(WIDTH, HEIGHT, 20.0)]
    assert number_in(driver.sent[0]) == 5
    assert (camera.name, camera.problem) == ("/dev/video7", "")


def test_frames_of_another_size_are_fitted_and_grey_becomes_colour(driver, opened):
    camera = opened()
    camera.put(drawn(3)[:47, :159].copy())
    until(lambda: len(driver.sent) == 1)
    assert driver.opened == [(160, 48, 25.0)]
    camera.put(np.full((120, 40, 1), 255, np.uint8))
    until(lambda: len(driver.sent) == 2)
    row = driver.sent[1][24].mean(-1)
    assert (row[80], row[0], row[-1]) == (255, 0, 0)
    assert len(driver.opened) == 1


def test_whoever_puts_does_not_wait_and_the_newest_wins(driver, opened):
    driver.ready.clear()
    camera = opened()
    for number in range(100):
        camera.put(drawn(number))
    assert driver.sent == []
    driver.ready.set()
    until(lambda: driver.sent and number_in(driver.sent[-1]) == 99)
    assert len(driver.sent) <= 3


def test_while_nothing_new_comes_the_last_frame_is_sent_again(driver, opened):
    camera = opened()
    camera.put(drawn(6))
    until(lambda: len(driver.sent) == 3)
    assert {number_in(frame) for frame in driver.sent} == {6}


def test_closing_lets_go_of_the_device(driver, opened):
    camera = opened()
    camera.put(drawn(1))
    until(lambda: driver.sent)
    camera.close()
    camera.close()
    assert driver.num_closed == 1
    camera.put(drawn(2))
    assert number_in(driver.sent[-1]) == 1


def test_closing_before_the_first_frame_opens_nothing(driver, opened):
    opened().close()
    assert (driver.opened, driver.num_closed) == ([], 0)


def test_a_missing_driver_is_told_once_with_what_to_install(driver, opened):
    driver.error = RuntimeError("virtual camera output could not be started")
    told = []
    camera = opened(failed=told.append)
    camera.put(drawn(1))
    until(lambda: told)
    for number in range(10):
        camera.put(drawn(number))
    camera.close()
    assert told == [camera.problem]
    assert "v4l2loopback" in camera.problem or "OBS" in camera.problem


@pytest.mark.parametrize(("system", "advice"), [("linux", "v4l2loopback"), ("darwin", "OBS"), ("win32", "OBS")])
def test_each_system_is_told_of_its_own_driver(driver, opened, monkeypatch, system, advice):
    monkeypatch.setattr(sys, "platform", system)
    driver.error = RuntimeError()
    camera = opened()
    camera.put(drawn(1))
    until(lambda: camera.problem)
    assert advice in camera.problem


def test_a_missing_library_is_told_with_what_to_install(opened, monkeypatch):
    monkeypatch.setitem(sys.modules, LIBRARY, None)
    told = []
    camera = opened(failed=told.append)
    camera.put(drawn(1))
    until(lambda: told)
    assert "pip install pyvirtualcam" in camera.problem


def test_the_installed_program_says_that_it_has_no_library_instead_of_how_to_install_one(opened, monkeypatch):
    monkeypatch.setitem(sys.modules, LIBRARY, None)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    camera = opened()
    camera.put(drawn(1))
    until(lambda: camera.problem)
    assert camera.problem.startswith("The installed program cannot send to a virtual camera")
    assert "pip" not in camera.problem


def test_a_driver_that_breaks_off_is_told_and_let_go(driver, opened):
    told = []
    camera = opened(failed=told.append)
    camera.put(drawn(1))
    until(lambda: driver.sent)
    driver.error = RuntimeError("no such device")
    camera.put(drawn(2))
    until(lambda: told)
    camera.close()
    assert told == [camera.problem]
    assert "takes no more frames" in camera.problem
    assert driver.num_closed == 1


def test_depth_is_no_picture_for_others(driver, opened):
    with pytest.raises(ValueError, match="uint16"):
        opened().put(np.zeros((8, 8, 1), np.uint16))


def test_whether_the_library_is_there_is_told_without_importing_it(tmp_path):
    code = f"""if True:
        import sys
        from p2p_desktop.live.virtual_camera import is_available
        print(is_available(), {LIBRARY!r} in sys.modules)
    """
    (tmp_path / f"{LIBRARY}.py").write_text("raise RuntimeError('imported')")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    told = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, env=environment, text=True)
    assert told.split() == ["True", "False"]


def test_a_library_that_is_not_there_is_not_available(monkeypatch):
    monkeypatch.setitem(sys.modules, LIBRARY, None)
    assert not is_available()
