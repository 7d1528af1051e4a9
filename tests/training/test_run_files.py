import json
import os
import time
from dataclasses import asdict, replace

import pytest

from tests.training.runs import events
from training import run_files
from training.contract.errors import CheckpointError
from training.contract.protocol import EVENTS, LOCK, Checkpointed, Failed, Started, Step, Stopped, Warned, own_lock, read_lock
from training.run_files import EventLog, cut_events, hold_lock, kept_model

STARTED = Started("deblur", "cpu", 10, 0, {}, {})


def step(number):
    return Step(number, 0, {}, 2e-4, 0.1)


def tell(run, *told):
    log = EventLog(run, None)
    for event in told:
        log(event)
    log.close()
    return log


def types(run):
    return [(event["type"], event.get("step")) for event in events(run)]


def never():
    raise AssertionError("the lock was lost")


def test_a_line_can_be_read_as_soon_as_it_was_told(tmp_path):
    log = EventLog(tmp_path, None)
    log(step(1))
    assert types(tmp_path) == [("step", 1)]
    log.close()


def test_half_a_line_is_dropped_before_the_next(tmp_path):
    tell(tmp_path, STARTED, step(1))
    with (tmp_path / EVENTS).open("ab") as file:
        file.write(b'{"v": 1, "t": 3, "ty')
    tell(tmp_path, Failed(1, "It failed.", None))
    assert types(tmp_path) == [("started", 0), ("step", 1), ("failed", 1)]


def test_a_log_knows_the_step_of_its_run(tmp_path):
    assert tell(tmp_path, STARTED, step(1), step(2)).step == 2
    assert tell(tmp_path).step == 2
    assert EventLog(None, None).step == 0


def test_a_line_that_the_disk_does_not_take_leaves_no_half(tmp_path):
    log = EventLog(tmp_path, None)
    log(step(1))

    class Full:
        """A disk with room for ten bytes."""

        def __init__(self, file):
            self.file, self.room = file, 10

        def write(self, data):
            self.room, room = 0, self.room
            return self.file.write(data[:room])

        def __getattr__(self, name):
            return getattr(self.file, name)

    log._file = Full(log._file)
    with pytest.raises(OSError, match="No space left"):
        log(step(2))
    log.close()
    assert types(tmp_path) == [("step", 1)]


def test_events_after_the_checkpoint_are_cut_and_the_end_with_them(tmp_path):
    tell(tmp_path, STARTED, step(1), step(2), Checkpointed(2, "last.pt"), step(3), Warned(1, "late", "After step 3."), step(4))
    assert cut_events(tmp_path, 2)
    assert types(tmp_path) == [("started", 0), ("step", 1), ("step", 2), ("checkpoint", 2)]
    tell(tmp_path, Stopped(2, "Stopped.", None), Failed(2, "Refused.", None))
    cut_events(tmp_path, 2)
    assert types(tmp_path)[-1] == ("checkpoint", 2)


def test_what_a_step_told_after_its_checkpoint_is_cut_where_that_says_how_long_the_events_were(tmp_path):
    """A measurement that a stop cut short is made again, at the same step."""
    tell(tmp_path, STARTED, step(1), step(2))
    told_bytes = (tmp_path / EVENTS).stat().st_size
    for again in (Warned(2, "late", "After step 2."), Checkpointed(2, "last.pt")):
        tell(tmp_path, Checkpointed(2, "last.pt"), again, step(3))
        assert cut_events(tmp_path, 2, told_bytes)
        assert types(tmp_path) == [("started", 0), ("step", 1), ("step", 2), ("checkpoint", 2)]
        assert not cut_events(tmp_path, 2, (tmp_path / EVENTS).stat().st_size)  # killed before it could be told
        (tmp_path / EVENTS).write_bytes((tmp_path / EVENTS).read_bytes()[:told_bytes])


def test_lines_of_a_later_version_are_kept(tmp_path):
    tell(tmp_path, STARTED, step(1))
    with (tmp_path / EVENTS).open("ab") as file:
        file.write(b'{"v": 9, "type": "mood", "step": 1}\n')
    tell(tmp_path, step(2))
    cut_events(tmp_path, 1)
    assert types(tmp_path) == [("started", 0), ("step", 1), ("mood", 1)]


def test_a_log_that_was_open_while_events_were_cut_goes_on_in_the_same_file(tmp_path):
    log = tell(tmp_path, STARTED, step(1), step(2))
    log = EventLog(tmp_path, None)
    cut_events(tmp_path, 1)
    log(step(2))
    log.close()
    assert types(tmp_path) == [("started", 0), ("step", 1), ("step", 2)]


def test_there_may_be_nothing_to_cut(tmp_path):
    assert not cut_events(tmp_path, 3)


def test_the_lock_is_there_while_it_is_held(tmp_path):
    with hold_lock(tmp_path, never) as mine:
        assert read_lock(tmp_path) == mine
    assert list(tmp_path.iterdir()) == []


def test_a_living_holder_is_named_and_left_alone(tmp_path):
    theirs = replace(own_lock(), pid=os.getppid(), host="elsewhere")
    (tmp_path / LOCK).write_text(json.dumps(asdict(theirs)))
    with pytest.raises(CheckpointError, match=f"process {theirs.pid} on elsewhere"), hold_lock(tmp_path, never):
        pass
    assert read_lock(tmp_path) == theirs


def test_the_same_number_on_another_computer_is_another_process(tmp_path):
    (tmp_path / LOCK).write_text(json.dumps(asdict(replace(own_lock(), host="elsewhere"))))
    with pytest.raises(CheckpointError, match="elsewhere"), hold_lock(tmp_path, never):
        pass


@pytest.mark.parametrize(
    "changes",
    [
        {"pid": 2**30},
        {"started": 0.0},
        {"host": "elsewhere", "heartbeat": time.time() - 61},
    ],
    ids=["no such process", "another process of that number", "no heartbeat from elsewhere"],
)
def test_a_dead_holders_lock_is_taken_over(tmp_path, changes):
    (tmp_path / LOCK).write_text(json.dumps(asdict(replace(own_lock(), **changes))))
    with hold_lock(tmp_path, never) as mine:
        assert read_lock(tmp_path) == mine
    assert list(tmp_path.iterdir()) == []


def test_of_two_that_find_a_dead_holder_the_slower_one_refuses(tmp_path, monkeypatch):
    theirs = replace(own_lock(), host="elsewhere")
    (tmp_path / LOCK).write_text(json.dumps(asdict(replace(own_lock(), pid=2**30))))
    real = run_files._create

    def create(path, text):
        if path.name != LOCK:  # the faster one is done before we may replace the lock
            (tmp_path / LOCK).write_text(json.dumps(asdict(theirs)))
        return real(path, text)

    monkeypatch.setattr(run_files, "_create", create)
    with pytest.raises(CheckpointError, match="being started"), hold_lock(tmp_path, never):
        pass
    assert read_lock(tmp_path) == theirs
    assert [path.name for path in tmp_path.iterdir()] == [LOCK]


@pytest.mark.parametrize(("age", "taken"), [(0, False), (30, True)])
def test_a_lock_that_says_nothing_counts_while_it_is_fresh(tmp_path, age, taken):
    (tmp_path / LOCK).touch()
    os.utime(tmp_path / LOCK, (time.time() - age,) * 2)
    if taken:
        with hold_lock(tmp_path, never):
            pass
    else:
        with pytest.raises(CheckpointError, match="being started"), hold_lock(tmp_path, never):
            pass


def test_a_lock_that_somebody_else_took_is_not_removed(tmp_path):
    with hold_lock(tmp_path, never):
        theirs = replace(own_lock(), host="elsewhere")
        (tmp_path / LOCK).write_text(json.dumps(asdict(theirs)))
    assert read_lock(tmp_path) == theirs


def test_the_best_model_goes_before_the_latest(tmp_path):
    assert kept_model(tmp_path) is None
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "latest.safetensors").touch()
    assert kept_model(tmp_path) == "models/latest.safetensors"
    (tmp_path / "models" / "best.safetensors").touch()
    assert kept_model(tmp_path) == "models/best.safetensors"
