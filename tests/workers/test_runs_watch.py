"""The list of runs in the window: looked at in a thread, told when it changed."""

import pytest

from p2p_desktop.runs.known_runs import KnownRuns
from p2p_desktop.runs.run_folder import create_run
from p2p_desktop.runs.run_register import RunRegister
from p2p_desktop.workers import runs_watch
from p2p_desktop.workers.runs_watch import RunsWatch
from tests.deadlines import soon
from tests.training.runs import tiny_config
from training.contract.protocol import LOCK, own_lock, write_lock

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
