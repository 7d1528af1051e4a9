"""Trainers that are started, ordered about, and outlive the window; and what is said of those that do not begin."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from p2p_desktop.workers import run_control, wakefulness
from p2p_desktop.workers.run_control import RunControl
from p2p_desktop.workers.run_follower import RunFollower
from tests.deadlines import soon
from tests.training.runs import environment, long_run, wait_for_steps, wait_until
from training.contract.protocol import (
    EVENTS,
    LOCK,
    LOG,
    ORDERS,
    Answered,
    event_line,
    own_lock,
    read_lock,
    take_orders,
    waiting_orders,
    write_lock,
)

PATIENCE_MS = 60_000


@pytest.fixture
def run(tmp_path, photos, monkeypatch):
    for name, value in environment().items():  # one thread that does not spin, for what is started here
        monkeypatch.setenv(name, value)
    folder = tmp_path / "run"
    long_run(folder, photos)
    return folder


class Room:
    """A follower, a control, and what they said."""

    def __init__(self, qtbot, run, **options):
        self.qtbot, self.run = qtbot, run
        self.follower = RunFollower()
        self.control = RunControl(self.follower, **options)
        self.control.keep_awake = False
        self.answers, self.problems, self.whose = [], [], []
        self.control.answered.connect(self.answers.append)
        self.control.failed.connect(self._on_failed)
        self.follower.follow(run)

    def _on_failed(self, run, sentence):
        self.whose.append(run)
        self.problems.append(sentence)

    def wait(self, true):
        self.qtbot.waitUntil(true, timeout=PATIENCE_MS)

    def wait_to_be(self, standing):
        self.wait(lambda: self.follower.standing == standing)

    def ordered(self, name):
        """Give an order, and give what was answered."""
        self.control.order(name)
        assert self.control.is_waiting_for(name)
        count = len(self.answers)
        self.wait(lambda: len(self.answers) > count)
        assert not self.control.waiting
        return self.answers[-1]

    def close(self):
        self.control.close(soon())
        self.follower.close(soon())


@pytest.fixture
def room(qtbot, run):
    rooms = []

    def make(**options):
        rooms.append(Room(qtbot, run, **options))
        return rooms[-1]

    yield make
    for made in rooms:
        made.close()
    lock = read_lock(run)
    if lock is not None and lock.alive and lock.pid != os.getpid():
        os.kill(lock.pid, signal.SIGKILL)


def python(text):
    return lambda config: [sys.executable, "-c", text, str(config)]


def test_a_killed_window_leaves_its_run_going_which_is_found_and_obeys(room, run):
    window = subprocess.Popen([sys.executable, str(Path(__file__).with_name("window.py")), str(run)], stdout=subprocess.PIPE)
    with window:
        assert window.stdout.readline() == b"training\n"
        window.kill()
    wait_for_steps(run, (run / EVENTS).read_bytes().count(b'"type": "step"') + 3)
    me = room()
    me.wait_to_be("training")
    assert me.ordered("pause").ok
    me.wait_to_be("paused")
    assert (run / me.ordered("preview").file).is_file()
    assert (run / me.ordered("snapshot").file).is_file()
    assert me.ordered("resume").ok
    me.wait_to_be("training")
    assert me.ordered("stop").ok
    me.wait_to_be("stopped")
    assert not (run / LOCK).exists()
    assert me.problems == []


@pytest.mark.slow
def test_a_run_is_started_stopped_resumed_and_killed(room, run):
    me = room()
    me.control.start(run)
    me.wait(lambda: me.follower.state.step >= 2)
    assert (me.follower.standing, me.control.has_begun(run)) == ("training", True)
    me.control.resume()
    assert me.problems.pop() == "This run is being trained already."
    assert me.ordered("stop").ok
    me.wait_to_be("stopped")
    me.wait(lambda: not me.control.has_begun(run))
    stopped_at = me.follower.state.step
    me.control.resume()
    me.wait(lambda: me.follower.state.step > stopped_at)
    (begun,) = me.control._begun
    begun.process.kill()
    me.wait_to_be("died")
    me.wait(lambda: not me.control.has_begun(run))
    assert me.follower.state.checkpoint.step == stopped_at
    assert me.problems == []


def test_a_trainer_of_ours_is_buried_and_one_that_lives_is_let_go(room, run, qtbot):
    me = room(command=python("import time; time.sleep(600)"))
    me.control.resume()
    me.control.resume()
    assert me.problems == ["This run is being trained already."]
    me.wait(lambda: bool(me.control._begun))
    (begun,) = me.control._begun
    with qtbot.waitSignal(me.control.trainer_ended, timeout=PATIENCE_MS) as ended:
        begun.process.kill()
    assert ended.args == [run, -signal.SIGKILL]
    assert not me.control.has_begun(run)
    assert not psutil.pid_exists(begun.process.pid)
    me.control.start(run)
    me.wait(lambda: bool(me.control._begun))
    (begun,) = me.control._begun
    assert os.getsid(begun.process.pid) == begun.process.pid  # Ctrl+C in our terminal is none of its business
    me.close()
    assert begun.process.poll() is None
    begun.process.kill()
    begun.process.wait()


def test_a_run_that_another_process_has_is_not_started_twice(room, run):
    write_lock(run, own_lock())
    me = room(command=python("raise SystemExit(9)"))
    me.control.resume()
    me.wait(lambda: bool(me.problems))
    assert me.problems == [
        f"This run is being trained already, by process {os.getpid()} on {own_lock().host}. Stop that one first."
    ]
    assert not me.control.has_begun(run)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import sys; sys.exit('No torch here.')", "(exit code 1). Its last words: No torch here."),
        ("import os; os.abort()", "was ended by the system before it could begin (signal 6)."),
        ("pass", "(exit code 0)."),
    ],
)
def test_a_trainer_that_ends_before_it_begins_is_told(room, run, text, said):
    (run / LOG).write_text("words of an earlier process\n")
    me = room(command=python(text))
    me.control.start(run)
    me.wait(lambda: bool(me.problems))
    assert me.problems[0].endswith(said)
    assert not me.control.has_begun(run)


def test_a_trainer_that_told_something_before_it_ended_needs_no_words(room, run):
    me = room(command=python(f"import os, sys; open({str(run / EVENTS)!r}, 'w').write('told'); os.abort()"))
    me.control.start(run)
    me.wait(lambda: me.control.has_begun(run) and bool(me.control._begun))
    me.wait(lambda: not me.control.has_begun(run) and me.control._errands.are_done)
    assert me.problems == []


def test_what_cannot_be_started_is_a_sentence(room, run):
    me = room(command=lambda config: [str(run / "no such program")])
    me.control.start(run)
    me.wait(lambda: bool(me.problems))
    me.control.start(run.parent)
    me.wait(lambda: len(me.problems) == 2)
    assert me.problems[0] == f"The trainer could not be started: No such file or directory ({run / 'no such program'})."
    assert "holds no training run" in me.problems[1]


def test_what_is_told_names_its_run_whichever_is_followed_by_then(room, run, tmp_path):
    me = room(command=python("import time; time.sleep(0.3)"))
    me.control.start(run)
    me.follower.follow(tmp_path)
    me.wait(lambda: bool(me.problems))
    assert me.whose == [run]
    assert "ended before it could begin" in me.problems[0]


def test_orders_of_a_removed_run_are_not_those_of_the_next_in_its_folder(room, run):
    write_lock(run, own_lock())
    me = room()
    me.wait(lambda: me.follower.is_held)
    me.control.order("preview")
    me.wait(lambda: len(waiting_orders(run)) == 1 and me.control._errands.are_done)
    me.follower.follow(run)
    me.wait(lambda: me.follower.is_held)
    me.wait(lambda: not me.control.waiting)


def test_an_order_needs_somebody_to_follow_it_and_a_place_to_lie(room, run):
    me = room()
    me.wait(lambda: me.follower.is_caught_up)
    me.control.order("pause")
    assert "nobody to follow an order" in me.problems[0]
    assert waiting_orders(run) == []
    write_lock(run, own_lock())
    me.wait(lambda: me.follower.is_held)
    (run / ORDERS).write_text("a file where the folder should be")
    me.control.order("pause")
    me.wait(lambda: len(me.problems) == 2)
    assert "could not be given" in me.problems[1]
    assert me.control.waiting == {}


def test_orders_that_nobody_answers_wait_until_the_run_is_over(room, run):
    write_lock(run, own_lock())
    me = room()
    me.wait(lambda: me.follower.is_held)
    me.control.order("preview")
    me.wait(lambda: len(waiting_orders(run)) == 1)
    me.wait(lambda: set(me.control.waiting) == {path.stem for path in waiting_orders(run)})
    assert me.control.is_waiting_for("preview", "snapshot")
    (run / LOCK).unlink()
    me.wait(lambda: not me.control.waiting)


def test_orders_wait_while_the_drive_of_their_run_is_away(room, run, tmp_path):
    write_lock(run, own_lock())
    me = room()
    me.wait(lambda: me.follower.is_held)
    me.control.order("snapshot")
    me.wait(lambda: set(me.control.waiting) == {path.stem for path in waiting_orders(run)})
    order = next(iter(me.control.waiting))
    run.rename(tmp_path / "elsewhere")
    me.wait(lambda: bool(me.follower.problem))
    me.control._poll()
    assert me.control.is_waiting_for("snapshot")
    (tmp_path / "elsewhere").rename(run)
    with (run / EVENTS).open("a") as file:
        file.write(event_line(Answered("snapshot", order, True, None, ""), time.time()))
    me.wait(lambda: bool(me.answers))
    assert not me.control.waiting


def test_whoever_hears_an_answer_still_sees_what_else_waits(room, run):
    write_lock(run, own_lock())
    me = room()
    me.wait(lambda: me.follower.is_held)
    me.control.order("preview")
    me.control.order("snapshot")
    me.wait(lambda: set(me.control.waiting) == {path.stem for path in waiting_orders(run)})
    seen = []
    me.control.answered.connect(lambda answer: seen.append((answer.order, me.control.is_waiting_for("snapshot"))))
    names = {name: key for key, name in me.control.waiting.items()}
    with (run / EVENTS).open("a") as file:
        told = [event_line(Answered(name, names[name], True, None, ""), time.time()) for name in ("preview", "snapshot")]
        file.write("".join(told))
    me.wait(lambda: len(seen) == 2)
    assert seen == [("preview", True), ("snapshot", False)]


def test_orders_are_written_in_the_order_they_were_given_whatever_the_threads_do(room, run, monkeypatch):
    write_lock(run, own_lock())
    me = room()
    me.wait(lambda: me.follower.is_held)
    real, names = run_control.write_order, ("pause", "resume", "preview", "snapshot", "pause", "resume")

    def slow_at_first(run, name):
        time.sleep(0.1 if not waiting_orders(run) else 0)
        return real(run, name)

    monkeypatch.setattr(run_control, "write_order", slow_at_first)
    for name in names:
        me.control.order(name)
    me.wait(lambda: len(waiting_orders(run)) == len(names))
    assert tuple(order.name for order in take_orders(run)) == names


def test_an_order_given_before_the_window_closes_is_still_written(room, run):
    write_lock(run, own_lock())
    me = room()
    me.wait(lambda: me.follower.is_held)
    me.control.order("stop")
    me.close()
    assert len(waiting_orders(run)) == 1


def test_a_trainer_that_hangs_is_ended_and_the_run_can_go_on(room, run, forks):
    trainer = forks.start(run)
    wait_for_steps(run)
    trainer.signal(signal.SIGSTOP)
    me = room()
    me.wait(lambda: me.follower.is_held)
    me.control.end_trainer()
    wait_until(lambda: trainer.poll() is not None, "the end of the trainer")
    me.wait_to_be("died")
    assert me.problems == []


def test_the_computer_stays_awake_while_a_run_trains_here_and_no_longer(room, run, monkeypatch):
    kept = []

    @contextlib.contextmanager
    def kept_awake():
        kept.append(True)
        yield
        kept.append(False)

    monkeypatch.setattr(wakefulness, "kept_awake", kept_awake)
    me = room()
    me.control.keep_awake = True
    me.wait(lambda: me.follower.is_caught_up)
    assert kept == []
    write_lock(run, own_lock())
    me.wait(lambda: kept == [True])
    (run / LOCK).unlink()
    me.wait(lambda: kept == [True, False])
