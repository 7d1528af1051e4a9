"""Following a run through its files, which grow, are cut, damaged and vanish, and real trainers that die or hang."""

import os
import shutil
import signal
import time
from dataclasses import replace

import pytest

from p2p_desktop.workers import run_follower
from p2p_desktop.workers.run_follower import RunFollower
from tests.deadlines import soon
from tests.training.runs import LONG, long_run, wait_for_steps
from training.contract.protocol import (
    EVENTS,
    LOG,
    Answered,
    Failed,
    Started,
    Step,
    Stopped,
    event_line,
    own_lock,
    read_lock,
    write_lock,
    write_order,
)

PATIENCE_MS = 60_000
BEGIN = Started("deblur", "cpu", 9, 0, {"train": 3, "val": 1}, {"g": 1, "d": 1})
QUICK_HEART = "import training.run_files; training.run_files.HEARTBEAT_SECONDS = 0.1"


def step(number):
    return Step(number, 0, {"g_l1": float(number), "g_gan": 0.5, "d_real": 0.5, "d_fake": 0.5}, 2e-4, 0.1)


def tell(run, *events, seconds=None):
    run.mkdir(exist_ok=True)
    with (run / EVENTS).open("a") as file:
        file.writelines(event_line(event, seconds or time.time()) for event in events)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Runs that nobody trains are looked at as often as others."""
    monkeypatch.setattr(run_follower, "LOOK_IDLE_S", 0.1)


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


class Told:
    """What a follower's signals said."""

    def __init__(self, follower):
        self.changes, self.anew, self.problems = [], 0, []
        follower.changed.connect(self._on_changed)
        follower.begun_anew.connect(self._on_anew)
        follower.failed.connect(self.problems.append)

    def _on_changed(self):
        self.changes.append(time.monotonic())

    def _on_anew(self):
        self.anew += 1


@pytest.fixture
def follow(qtbot, run):
    followers = []

    def begin(**options):
        follower = RunFollower(**options)
        followers.append(follower)
        told = Told(follower)
        follower.follow(run)
        qtbot.waitUntil(lambda: follower.is_caught_up or bool(follower.problem), timeout=PATIENCE_MS)
        return follower, told

    yield begin
    for follower in followers:
        follower.close(soon())


def test_a_run_is_read_and_then_followed(follow, qtbot, run):
    tell(run, BEGIN, step(1), step(2))
    write_lock(run, own_lock())
    follower, told = follow()
    assert (list(follower.state.losses.steps), follower.standing, follower.is_held) == ([1, 2], "training", True)
    assert follower.lock_seconds_old < 60
    tell(run, Answered("pause", "a", True, None, ""))
    qtbot.waitUntil(lambda: follower.standing == "paused", timeout=PATIENCE_MS)
    tell(run, Answered("resume", "b", True, None, ""), step(3), Stopped(3, "Stopped.", None))
    (run / "lock").unlink()
    qtbot.waitUntil(lambda: follower.standing == "stopped", timeout=PATIENCE_MS)
    assert (follower.state.step, follower.lock_seconds_old, told.anew, told.problems) == (3, None, 0, [])


def test_a_long_run_comes_in_slices_and_changes_are_told_at_most_20_times_a_second(follow, qtbot, run):
    tell(run, BEGIN, *(step(number) for number in range(1, 5_001)), Stopped(5_000, "", None))
    follower, told = follow()
    assert len(follower.state.losses) == 5_000
    assert follower.standing == "stopped"
    qtbot.wait(100)
    apart = [later - earlier for earlier, later in zip(told.changes, told.changes[1:], strict=False)]
    assert all(seconds > 0.04 for seconds in apart)


def test_a_run_that_goes_on_from_its_checkpoint_is_read_anew_without_ever_being_empty(follow, qtbot, run):
    tell(run, BEGIN, *(step(number) for number in range(1, 3001)))
    follower, told = follow()
    seen = []
    follower.changed.connect(lambda: seen.append(len(follower.state.losses)))
    lines = (run / EVENTS).read_bytes().splitlines(keepends=True)
    os.truncate(run / EVENTS, sum(map(len, lines[:2001])))  # as a trainer does
    tell(run, step(2001))
    qtbot.waitUntil(lambda: follower.state.step == 2001 and bool(seen), timeout=PATIENCE_MS)
    assert list(follower.state.losses.steps) == list(range(1, 2002))
    assert told.anew
    assert set(seen) <= {3000, 2000, 2001}


def test_garbage_is_passed_over(follow, qtbot, run):
    with (run / EVENTS).open("wb") as file:
        file.write(event_line(BEGIN, 1.0).encode() + bytes(range(256)) + b"\n[3]\n" + b"x" * 3_000_000 + b"\n")
        file.write(b'{"v":1,"t":2.0,"type":"step","step":"9","epoch":0,"losses":{},"lr":1,"seconds":1}\n')
    tell(run, step(4))
    follower, told = follow()
    assert (list(follower.state.losses.steps), told.problems) == ([4], [])


def test_a_vanished_folder_is_told_once_and_what_was_known_stays(follow, qtbot, run, tmp_path):
    tell(run, BEGIN, step(1))
    follower, told = follow()
    run.rename(tmp_path / "elsewhere")
    qtbot.waitUntil(lambda: bool(told.problems), timeout=PATIENCE_MS)
    assert "not there any more" in follower.problem
    qtbot.wait(300)  # more looks
    assert (len(told.problems), follower.state.step, told.anew) == (1, 1, 0)
    (tmp_path / "elsewhere").rename(run)
    qtbot.waitUntil(lambda: not follower.problem, timeout=PATIENCE_MS)
    tell(run, step(2))
    qtbot.waitUntil(lambda: follower.state.step == 2, timeout=PATIENCE_MS)
    shutil.rmtree(run)
    qtbot.waitUntil(lambda: len(told.problems) == 2, timeout=PATIENCE_MS)


def test_a_run_whose_drive_is_away_stands_as_it_stood_and_is_judged_when_it_is_back(follow, qtbot, run, tmp_path):
    tell(run, BEGIN, step(1))
    write_lock(run, own_lock())
    follower, _ = follow()
    stood = []
    follower.changed.connect(lambda: stood.append((follower.standing, follower.state.step)))
    run.rename(tmp_path / "elsewhere")
    qtbot.waitUntil(lambda: bool(follower.problem), timeout=PATIENCE_MS)
    assert (follower.standing, follower.is_held, follower.state.step) == ("training", True, 1)
    lock = read_lock(tmp_path / "elsewhere")
    write_lock(tmp_path / "elsewhere", replace(lock, heartbeat=lock.heartbeat - 40))  # it could not be renewed
    (tmp_path / "elsewhere").rename(run)
    qtbot.waitUntil(lambda: not follower.problem, timeout=PATIENCE_MS)
    tell(run, step(2))
    qtbot.waitUntil(lambda: ("training", 2) in stood, timeout=PATIENCE_MS)
    assert {standing for standing, _ in stood} == {"training"}
    (run / "lock").unlink()
    qtbot.waitUntil(lambda: follower.standing == "died", timeout=PATIENCE_MS)


def test_a_run_that_is_out_of_reach_from_the_start_is_not_known_before_its_drive_is_there(follow, qtbot, run, tmp_path):
    tell(run, BEGIN, step(1), Stopped(1, "", None))
    run.rename(tmp_path / "elsewhere")
    follower, told = follow()
    assert not follower.is_caught_up
    (tmp_path / "elsewhere").rename(run)
    qtbot.waitUntil(lambda: follower.is_caught_up, timeout=PATIENCE_MS)
    assert (follower.standing, follower.problem, len(told.problems)) == ("stopped", "", 1)


def test_a_folder_that_goes_while_it_is_read_takes_nothing_with_it(follow, qtbot, run, tmp_path, monkeypatch):
    tell(run, BEGIN, step(1))
    write_lock(run, own_lock())
    follower, told = follow()
    read = run_follower.read_lock

    def too_late(folder):
        if folder.is_dir():
            folder.rename(tmp_path / "elsewhere")
        return read(folder)

    monkeypatch.setattr(run_follower, "read_lock", too_late)
    qtbot.waitUntil(lambda: bool(follower.problem), timeout=PATIENCE_MS)
    assert (follower.standing, follower.state.step, told.anew) == ("training", 1, 0)


def test_what_cannot_be_read_is_a_sentence(follow, run):
    (run / EVENTS).mkdir()
    _, told = follow()
    assert len(told.problems) == 1
    assert told.problems[0].endswith(".")
    assert str(run) in told.problems[0]


def test_another_run_is_followed_instead(follow, qtbot, run, tmp_path):
    tell(run, BEGIN, step(1))
    follower, _ = follow()
    other = tmp_path / "other"
    tell(other, BEGIN, step(7), Failed(7, "The disk is full.", None))
    follower.follow(other)
    assert (follower.run, follower.state.step, follower.standing) == (other, 0, "new")
    qtbot.waitUntil(lambda: follower.standing == "failed", timeout=PATIENCE_MS)
    tell(run, step(2))
    qtbot.wait(300)
    assert list(follower.state.losses.steps) == [7]


def test_a_run_in_the_folder_of_the_last_one_counts_as_another(follow, run):
    follower, _ = follow()
    counts = [follower.times_followed]
    for change in (follower.unfollow, lambda: follower.follow(run), lambda: follower.follow(run)):
        change()
        counts.append(follower.times_followed)
    assert len(set(counts)) == 4


def test_last_words_are_those_of_the_process_that_failed_and_can_be_shown(follow, qtbot, run):
    (run / LOG).write_bytes(b"x" * 50_000 + b"\nTraceback:\n\n\x1b[31m  of \xff\tus\x00\nOSError: full\n")
    tell(run, BEGIN, Failed(3, "The disk is full.", None), seconds=time.time() - 5)
    follower, _ = follow()
    assert follower.standing == "failed"
    assert follower.last_words == "Traceback:\n[31m  of \ufffd us\nOSError: full"
    os.utime(run / LOG, (1.0, 1.0))  # of an earlier process
    tell(run, BEGIN)
    qtbot.waitUntil(lambda: follower.standing == "died", timeout=PATIENCE_MS)
    assert follower.last_words == ""


def test_a_full_disk_is_known_where_nobody_trains(follow, qtbot, run, monkeypatch):
    tell(run, BEGIN, step(1))
    follower, _ = follow()
    assert not follower.disk_is_full
    usage = shutil.disk_usage(run)
    monkeypatch.setattr(run_follower.shutil, "disk_usage", lambda _: usage._replace(free=4096))
    qtbot.waitUntil(lambda: follower.disk_is_full, timeout=PATIENCE_MS)


def test_a_killed_trainer_has_died_and_its_checkpoint_is_known(follow, qtbot, run, photos, forks):
    long_run(run, photos, checkpoint_every=2)
    trainer = forks.start(run)
    wait_for_steps(run, 4)
    follower, _ = follow()
    assert follower.standing == "training"
    trainer.kill()
    qtbot.waitUntil(lambda: follower.standing == "died", timeout=PATIENCE_MS)
    assert follower.state.checkpoint.step >= 2
    assert follower.state.step >= follower.state.checkpoint.step
    assert follower.state.steps == LONG


def test_a_halted_trainer_is_silent_until_it_goes_on(follow, qtbot, run, photos, forks):
    long_run(run, photos)
    trainer = forks.start(run, first=QUICK_HEART)
    wait_for_steps(run)
    follower, _ = follow(silent_after_s=1.0)
    assert follower.standing == "training"
    trainer.signal(signal.SIGSTOP)
    qtbot.waitUntil(lambda: follower.standing == "silent", timeout=PATIENCE_MS)
    assert follower.lock_seconds_old > 1
    assert read_lock(run).alive
    order = write_order(run, "stop")
    trainer.signal(signal.SIGCONT)
    qtbot.waitUntil(lambda: follower.standing == "stopped", timeout=PATIENCE_MS)
    assert follower.state.answers[order].ok
    assert trainer.wait() == 0
