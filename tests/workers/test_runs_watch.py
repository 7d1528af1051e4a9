"""The list of runs in the window: looked at in a thread, told when it changed."""

import subprocess
import sys
from dataclasses import replace

import pytest

from p2p_desktop.runs.known_runs import KnownRuns
from p2p_desktop.runs.run_folder import create_run
from p2p_desktop.runs.run_register import RunRegister
from p2p_desktop.workers import runs_watch
from p2p_desktop.workers.runs_watch import RunsWatch
from tests.deadlines import soon
from tests.training.runs import tiny_config
from training.contract.protocol import EVENTS, LOCK, Started, event_line, own_lock, write_lock

PATIENCE_MS = 60_000


@pytest.fixture
def watch(qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(runs_watch, "_EVERY_MS", 300)
    watch = RunsWatch(KnownRuns(tmp_path / "runs", RunRegister(tmp_path / "noted"), tmp_path / "removed"))
    yield watch
    watch.close(soon())


def test_runs_that_come_and_begin_to_train_are_told_and_nothing_else(watch, qtbot, tmp_path):
    with qtbot.waitSignal(watch.changed, timeout=PATIENCE_MS):
        watch.start()
    assert (watch.glances, watch.is_read) == ([], True)
    run = tmp_path / "runs" / "run"
    create_run(tiny_config(tmp_path), run)
    with qtbot.waitSignal(watch.changed, timeout=PATIENCE_MS):
        watch.look()
    assert [glance.folder for glance in watch.glances] == [run]
    with qtbot.assertNotEmitted(watch.changed, wait=100):
        watch.look()
        watch.look()
    write_lock(run, own_lock())
    with qtbot.waitSignal(watch.changed, timeout=PATIENCE_MS):  # by itself
        pass
    assert [glance.folder for glance in watch.training] == [run]


def test_a_run_that_lies_elsewhere_is_noted(watch, qtbot, tmp_path):
    create_run(tiny_config(tmp_path), tmp_path / "elsewhere" / "run")
    watch.note(tmp_path / "elsewhere" / "run")
    qtbot.waitUntil(lambda: [glance.folder.name for glance in watch.glances] == ["run"], timeout=PATIENCE_MS)


def test_a_run_is_removed_and_brought_back_but_not_while_it_is_trained(watch, qtbot, tmp_path):
    run = tmp_path / "runs" / "run"
    create_run(tiny_config(tmp_path), run)
    write_lock(run, own_lock())
    with qtbot.waitSignal(watch.failed, timeout=PATIENCE_MS) as refused:
        watch.remove(run)
    assert "being trained already" in refused.args[0]
    (run / LOCK).unlink()
    with qtbot.waitSignal(watch.removed, timeout=PATIENCE_MS) as removed:
        watch.remove(run)
    assert removed.args == [run, tmp_path / "removed" / "run"]
    with qtbot.waitSignal(watch.restored, timeout=PATIENCE_MS):
        watch.restore(tmp_path / "removed" / "run", run)
    qtbot.waitUntil(lambda: [glance.folder for glance in watch.glances] == [run], timeout=PATIENCE_MS)


def test_runs_beside_are_those_of_the_same_device_of_this_computer(watch, qtbot, tmp_path):
    for name, device, host in (("a", "cuda:0", ""), ("b", "cpu", ""), ("c", "cpu", "elsewhere"), ("d", "cpu", "nobody")):
        run = tmp_path / "runs" / name
        create_run(tiny_config(tmp_path), run)
        (run / EVENTS).write_text(event_line(Started("deblur", device, 9, 0, {}, {}), 1.0))
        if host != "nobody":
            write_lock(run, replace(own_lock(), host=host or own_lock().host))
    with qtbot.waitSignal(watch.changed, timeout=PATIENCE_MS):
        watch.start()
    found = {
        device: {glance.folder.name for glance in watch.training_beside(device)} for device in ("cuda", "cuda:1", "cpu", "auto")
    }
    assert found == {"cuda": {"a"}, "cuda:1": set(), "cpu": {"b"}, "auto": {"a", "b"}}


def test_the_first_paint_need_not_wait_for_opencv():
    modules = "runs_watch, run_follower, run_control"
    text = f"import sys; from p2p_desktop.workers import {modules}; print('numpy' in sys.modules, 'cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", text], capture_output=True, check=True).stdout.split() == [b"False", b"False"]
