"""Trainers that are killed, halted or out of disk while the window shows their run: real processes, the real window."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractButton

from p2p_desktop.paths import user_paths
from p2p_desktop.ui.widgets import Note
from tests.training.runs import environment, long_run, wait_for_steps, write_photos
from training.contract.protocol import CHECKPOINTS, read_lock, write_lock

A_WHILE_S = 120  # a trainer of another computer would count as dead


@pytest.fixture
def watched(driver, forks, monkeypatch, tmp_path):
    """The window on the page of a run that a trainer of a shell works on; the run's folder, and the trainer."""
    for name, value in environment().items():  # one thread that does not spin, for what the window starts
        monkeypatch.setenv(name, value)
    run = user_paths().runs / "Old lens"
    long_run(run, write_photos(tmp_path / "photos"), checkpoint_every=4)
    trainer = forks.start(run)
    wait_for_steps(run, 10)
    driver.click("rail_train")
    driver.wait(lambda: driver.window._training.runs.is_read)
    driver.window._made["train"].open_run(run)
    driver.wait(lambda: driver.text("train_standing") == "Training")
    yield run, trainer
    lock = read_lock(run)
    if lock is not None and lock.alive and lock.pid != os.getpid():
        os.kill(lock.pid, signal.SIGKILL)
        driver.wait(lambda: driver.window._training.runs.training == [])  # else the window would ask when it closes


def can_be_pressed(driver, name) -> bool:
    button = driver.find(name, QAbstractButton)
    return button.isVisible() and button.isEnabled()


def said(driver) -> str:
    return driver.find("train_health", Note).text()


def halt(run, trainer) -> None:
    """Halt it, a while ago."""
    trainer.signal(signal.SIGSTOP)
    lock = read_lock(run)
    write_lock(run, replace(lock, heartbeat=lock.heartbeat - A_WHILE_S))


def goes_on_from_what_is_saved(driver, run) -> None:
    follower = driver.window._made["train"]._follower
    saved = follower.state.checkpoint.step
    assert (run / CHECKPOINTS).is_dir()
    assert saved >= 4
    told = len(follower.state.losses)
    driver.click("train_go_on")
    driver.wait(lambda: driver.text("train_standing") == "Training" and follower.state.step > saved + 4)
    assert list(follower.state.losses.steps) == list(range(1, follower.state.step + 1))
    assert len(follower.state.losses) > told - 5
    driver.wait(lambda: can_be_pressed(driver, "train_stop"))
    driver.click("train_stop")
    driver.wait(lambda: driver.text("train_standing") == "Stopped")


def test_a_trainer_that_is_killed_is_told_and_its_run_goes_on(driver, watched):
    run, trainer = watched
    driver.wait(lambda: "MB of memory" in driver.find("train_facts").accessibleName())
    trainer.kill()
    driver.wait(lambda: driver.text("train_standing") == "Interrupted")
    assert "ended without a word at step" in said(driver)
    assert "of memory" not in driver.find("train_facts").accessibleName()
    assert not can_be_pressed(driver, "train_stop")
    goes_on_from_what_is_saved(driver, run)


def test_a_trainer_that_is_halted_is_told_can_be_ended_and_its_run_goes_on(driver, watched):
    run, trainer = watched
    halt(run, trainer)
    driver.wait(lambda: driver.text("train_standing") == "Not answering")
    assert "has not answered for" in said(driver)
    driver.click("train_end")
    driver.wait(lambda: driver.text("train_standing") == "Interrupted")
    assert trainer.poll() is not None
    goes_on_from_what_is_saved(driver, run)


def test_a_halted_trainer_that_wakes_up_goes_on_and_nothing_was_lost(driver, watched):
    run, trainer = watched
    halt(run, trainer)
    driver.wait(lambda: driver.text("train_standing") == "Not answering")
    driver.click("train_pause")  # whoever does not answer is asked all the same
    trainer.signal(signal.SIGCONT)
    driver.wait(lambda: driver.text("train_standing") == "Paused")
    driver.click("train_resume")
    driver.wait(lambda: driver.text("train_standing") == "Training")


def test_who_looks_at_another_page_is_told_that_a_training_has_ended(driver, watched):
    run, trainer = watched
    driver.wait(lambda: run in driver.window._training._trained)
    driver.click("rail_convert")
    trainer.kill()
    driver.wait(lambda: any("has ended without a word at step" in note.text() for note in driver.window.findChildren(Note)))


@pytest.mark.slow
def test_a_disk_that_fills_up_is_told_and_its_run_goes_on_when_there_is_room(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f'mount -t tmpfs -o size=64m none {disk} && exec "$@"'
    before = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    if shutil.which("unshare") is None or subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs a mount namespace")
    scene = Path(__file__).with_name("on_a_small_disk.py")
    inner = [sys.executable, "-m", "pytest", "-q", "-n0", f"--basetemp={disk / 'all'}", "-p", "no:cacheprovider", str(scene)]
    ended = subprocess.run([*before, *inner], capture_output=True, text=True, timeout=200, check=False)
    assert ended.returncode == 0, ended.stdout
    assert "1 passed" in ended.stdout
