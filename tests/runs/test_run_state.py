"""What a run has told, folded together: from a recorded run, and while its file grows, is cut and grows again."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from p2p_desktop.runs.event_file import EventFile
from p2p_desktop.runs.run_process import standing
from p2p_desktop.runs.run_state import RunState, fold
from training.contract.protocol import EVENTS, Answered, Failed, Finished, Lock, Started, Step, Stopped, event_line, own_lock

RECORDED = Path(__file__).parents[1] / "data" / "run"


def _read_all(run: EventFile, state: RunState) -> None:
    while True:
        news = run.read()
        if news.begins_anew:
            state.forget()
        for event, seconds in news.events:
            state.take(event, seconds)
        if news.is_all:
            return


def _step(number: int) -> Step:
    return Step(number, 0, {"g_gan": 0.5, "g_l1": float(number), "d_real": 0.1, "d_fake": 0.2}, 2e-4, 0.1)


def test_a_recorded_run_is_told_whole():
    state = RunState()
    _read_all(EventFile(RECORDED), state)
    lines = [json.loads(line) for line in (RECORDED / EVENTS).read_text().splitlines()]
    steps = [line for line in lines if line["type"] == "step"]
    assert list(state.losses.steps) == [line["step"] for line in steps]
    assert list(state.losses.values["g_l1"]) == pytest.approx([line["losses"]["g_l1"] for line in steps])
    best = max((line for line in lines if line["type"] == "validation"), key=lambda line: line["metrics"]["psnr"])
    assert state.best is not None
    assert state.best.step == best["step"]
    assert isinstance(state.ending, Finished)
    assert state.step == state.steps == 150
    assert state.sample_at(15).step == 10
    assert state.sample_at(0).step == state.samples[0].step


def test_half_a_line_waits_for_its_other_half(tmp_path: Path):
    file = EventFile(tmp_path)
    assert file.read().events == []
    line = event_line(_step(1), 5.0)
    (tmp_path / EVENTS).write_text(line[:20])
    assert file.read().events == []
    (tmp_path / EVENTS).write_text(line + "no event\n")
    assert file.read().events == [(_step(1), 5.0)]
    assert file.read().events == []


def test_a_file_that_was_cut_is_read_from_its_start_even_if_it_grew_again(tmp_path: Path):
    state, file = RunState(), EventFile(tmp_path)
    first = [event_line(_step(number), float(number)) for number in range(1, 9)]
    (tmp_path / EVENTS).write_text("".join(first))
    _read_all(file, state)
    again = [event_line(_step(number), 100.0 + number) for number in range(5, 30)]  # longer than what was read before
    (tmp_path / EVENTS).write_text("".join([*first[:4], *again]))
    _read_all(file, state)
    assert list(state.losses.steps) == list(range(1, 30))
    assert state.first_seconds == 1.0
    (tmp_path / EVENTS).unlink()
    _read_all(file, state)
    assert state.last_seconds is None
    assert len(state.losses) == 0


def test_garbage_and_a_line_without_end_are_passed_over(tmp_path: Path):
    file = EventFile(tmp_path)
    garbage = bytes(range(256)) * 10 + b"\n"
    with (tmp_path / EVENTS).open("wb") as out:
        out.write(event_line(_step(1), 1.0).encode() + garbage + b"x" * 3_000_000)
    told = []
    while not (news := file.read()).is_all:
        told += news.events
    assert [event.step for event, _ in told + news.events] == [1]
    with (tmp_path / EVENTS).open("ab") as out:
        out.write(b'"}\n' + event_line(_step(2), 2.0).encode())
    news = file.read()
    assert (news.events, news.begins_anew) == ([(_step(2), 2.0)], False)


def test_without_every_step_only_the_last_is_told(tmp_path: Path):
    answer = Answered("preview", "a", True, None, "")
    lines = [_step(1), _step(2), answer, _step(3), _step(4), Stopped(4, "", None)]
    (tmp_path / EVENTS).write_text("".join(event_line(event, 1.0) for event in lines))
    told = [event for event, _ in EventFile(tmp_path, every_step=False).read().events]
    assert told == [answer, _step(4), Stopped(4, "", None)]


def test_speed_leaves_pauses_out():
    started = Started("pairs", "cpu", 100, 0, {"train": 3, "val": 1}, {"g": 1, "d": 1})
    told = [(started, 0.0)] + [(_step(number), number * 0.5) for number in range(1, 5)]
    assert fold(told).steps_per_second == pytest.approx(2)
    assert fold(told).seconds_left == pytest.approx(48)
    told += [(Answered("pause", "a", True, None, ""), 2.1), (Answered("resume", "b", True, None, ""), 900.0), (_step(5), 901.0)]
    state = fold(told)
    assert not state.is_paused
    assert state.steps_per_second is None
    state.take(_step(6), 901.5)
    assert state.steps_per_second == pytest.approx(2)


def test_how_a_run_stands():
    now = 1000.0
    mine = Lock(2**30, "another computer", 1.0, now)
    state = fold([(Started("pairs", "cpu", 9, 0, {"train": 3, "val": 1}, {"g": 1, "d": 1}), 1.0)])
    assert standing(RunState(), None, now) == "new"
    assert standing(state, None, now) == "died"
    for ending, word in ((Stopped(3, "", None), "stopped"), (Finished(9, "", None), "finished"), (Failed(3, "", None), "failed")):
        assert standing(fold([(ending, 2.0)]), None, now) == word
    alive = Lock(mine.pid, mine.host, mine.started, time.time())
    assert standing(state, alive, time.time()) == "training"
    assert standing(state, Lock(mine.pid, mine.host, mine.started, time.time() - 30), time.time()) == "silent"
    assert standing(state, Lock(mine.pid, mine.host, mine.started, time.time() - 90), time.time()) == "died"
    assert standing(state, Lock(mine.pid, mine.host, mine.started, time.time() - 3), time.time(), silent_after_s=2) == "silent"
    here = replace(own_lock(), heartbeat=time.time() - 90)
    assert standing(state, here, time.time()) == "silent"  # halted: its process is there all the same
    assert standing(state, replace(here, started=here.started - 60), time.time()) == "died"  # its number is another's by now
    state.take(Answered("pause", "a", True, None, ""), 3.0)
    assert standing(state, alive, time.time()) == "paused"
