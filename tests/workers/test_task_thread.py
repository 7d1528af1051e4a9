"""The one thread that all work of the window runs in: what it tells, in which order, and how it ends."""

import threading
import time
import weakref
from functools import partial

import pytest
from PySide6.QtCore import QObject

from p2p_desktop.workers.task_thread import TaskThread
from training.contract.errors import PictureError


class Watcher(QObject):
    """Takes what a thread tells, in the thread of the tests."""

    def __init__(self, work, **options):
        super().__init__()
        self.told = []
        self.threads = set()
        self.thread = TaskThread(work, "task of a test", self, **options)
        self.thread.arrived.connect(self.take)
        for name in ("succeeded", "failed", "cancelled"):
            getattr(self.thread, name).connect(partial(self.end, name))

    def take(self):
        self.threads.add(threading.current_thread())
        self.told += self.thread.take()

    def end(self, how, what=None):
        self.take()
        self.told.append((how, what))


@pytest.fixture
def watch(qtbot):
    watchers = []

    def start(work, **options):
        watcher = Watcher(work, **options)
        watchers.append(watcher)
        watcher.thread.start()
        return watcher

    yield start
    for watcher in watchers:
        watcher.thread.cancel()
        assert watcher.thread.wait(10_000)


def ended(watcher) -> bool:
    return watcher.thread.isFinished() and bool(watcher.told) and isinstance(watcher.told[-1], tuple)


def test_everything_told_arrives_in_order_in_the_windows_thread_and_before_the_end(watch, qtbot):
    def work(report, _):
        for number in range(5000):
            report(number)
        return "all"

    watcher = watch(work)
    qtbot.waitUntil(lambda: ended(watcher))
    assert watcher.told == [*range(5000), ("succeeded", "all")]
    assert watcher.threads == {threading.main_thread()}


def test_work_that_tells_too_much_waits_until_it_is_heard(watch, qtbot):
    heard = []

    def work(report, _):
        for number in range(100):
            report(number)
            heard.append(number)

    watcher = watch(work, most_waiting=10)
    time.sleep(0.2)  # the window is busy and takes nothing
    assert len(heard) < 10
    qtbot.waitUntil(lambda: ended(watcher))
    assert watcher.told[:-1] == list(range(100))


def test_work_that_nobody_hears_can_still_be_stopped(qtbot):
    def work(report, token):
        while True:
            report("again")
            token.check()

    thread = TaskThread(work, "unheard", most_waiting=4)
    thread.start()
    time.sleep(0.05)
    thread.cancel()
    assert thread.wait(5000)


def test_each_end_is_told_once_and_by_its_name(watch, qtbot, caplog):
    def stopped(_, token):
        token.cancel()
        token.check()

    def refused(_, __):
        raise PictureError("It cannot be read.")

    def broken(_, __):
        raise ZeroDivisionError("a mistake of ours")

    ends = []
    for work in (stopped, refused, broken):
        watcher = watch(work)
        qtbot.waitUntil(partial(ended, watcher))
        assert len(watcher.told) == 1
        ends.append((watcher.told[0][0], str(watcher.told[0][1])))
    assert ends == [("cancelled", "None"), ("failed", "It cannot be read."), ("failed", "a mistake of ours")]
    assert [record.levelname for record in caplog.records if record.exc_info] == ["ERROR"]  # only our mistake has a traceback


def test_work_is_let_go_once_it_is_done(watch, qtbot):
    """Work holds the owner of its thread, which holds the thread: such a circle would end in whatever thread Python likes."""

    class Owner:
        def work(self, _, __):
            return None

    owner = Owner()
    watcher = watch(owner.work)
    qtbot.waitUntil(lambda: ended(watcher))
    seen = weakref.ref(owner)
    del owner
    assert seen() is None
