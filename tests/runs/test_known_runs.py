"""The list of runs: read fast and only what is new, whatever is wrong with their folders; removed, brought back, noted."""

import errno
import json
import os
import time
from pathlib import Path

import pytest

from p2p_desktop.runs import known_runs
from p2p_desktop.runs.known_runs import KnownRuns
from p2p_desktop.runs.run_folder import TrainerError, create_run
from p2p_desktop.runs.run_glance import BestResult, RunGlancer
from p2p_desktop.runs.run_register import RunRegister
from tests.training.runs import tiny_config
from training.contract.protocol import CONFIG, EVENTS, Sample, Started, Step, Stopped, Validation, event_line, own_lock, write_lock

RECORDED = Path(__file__).parents[1] / "data" / "run"
BEGIN = Started("deblur", "cuda:0", 9, 0, {"train": 3, "val": 1}, {"g": 1, "d": 1})


def step(number):
    return Step(number, 0, {"g_l1": 1.0}, 2e-4, 0.1)


def tell(run, *events, seconds=100.0):
    with (run / EVENTS).open("a") as file:
        file.writelines(event_line(event, seconds) for event in events)


@pytest.fixture
def register(tmp_path):
    return RunRegister(tmp_path / "noted")


@pytest.fixture
def known(tmp_path, register):
    return KnownRuns(tmp_path / "runs", register, tmp_path / "removed")


def new_run(folder, **changes):
    create_run(tiny_config(folder / "photos", **changes), folder)
    return folder


def test_a_recorded_run_at_a_glance():
    glance = RunGlancer(RECORDED).look()
    lines = [json.loads(line) for line in (RECORDED / EVENTS).read_text().splitlines()]
    best = max((line for line in lines if line["type"] == "validation"), key=lambda line: line["metrics"]["psnr"])
    assert (glance.name, glance.task, glance.standing, glance.step, glance.steps) == ("tiny", "deblur", "finished", 150, 150)
    assert glance.best == BestResult(best["step"], "psnr", best["metrics"]["psnr"], best["identity"]["psnr"])
    assert (glance.device, glance.host, glance.problem) == ("cpu", "", "")
    assert glance.changed == lines[-1]["t"]
    assert glance.picture is None  # its pictures are not kept with it


def test_a_new_run_shows_what_its_request_says(tmp_path):
    glance = RunGlancer(new_run(tmp_path / "run", name="", steps=77)).look()
    assert (glance.name, glance.standing, glance.step, glance.steps, glance.best) == ("run", "new", 0, 77, None)
    assert glance.changed == pytest.approx(time.time(), abs=60)


def test_a_second_look_reads_what_is_new_and_starts_over_where_the_file_was_cut(tmp_path):
    run = new_run(tmp_path / "run")
    (run / "samples").mkdir()
    (run / "samples" / "0.png").write_bytes(b"picture")
    glancer = RunGlancer(run)
    tell(run, BEGIN, step(1), step(2), Sample(2, ["samples/0.png"]), Sample(3, ["../run/samples/0.png", "samples/0.png"]))
    assert (glancer.look().step, glancer.look().picture) == (2, run / "samples" / "0.png")
    assert glancer.look().device == "cuda:0"
    tell(run, step(3), Validation(3, "image", {"psnr": 9.0}, {"psnr": 8.0}, True), Stopped(3, "", None))
    glance = glancer.look()
    assert (glance.step, glance.best.value, glance.standing) == (3, 9.0, "stopped")
    (run / EVENTS).write_text(event_line(BEGIN, 1.0) + event_line(step(1), 2.0))
    glance = glancer.look()
    assert (glance.step, glance.best, glance.standing) == (1, None, "died")
    write_lock(run, own_lock())
    assert (glancer.look().standing, bool(glancer.look().host)) == ("training", True)


def test_a_glance_at_a_hundred_thousand_steps_is_fast(tmp_path):
    run = new_run(tmp_path / "run")
    line = event_line(step(1), 1.0).replace('"step": 1,', '"step": %d,')
    (run / EVENTS).write_text(event_line(BEGIN, 1.0) + "".join(line % number for number in range(1, 100_001)))
    began = time.process_time()
    glancer = RunGlancer(run)
    assert glancer.look().step == 100_000
    first, began = time.process_time() - began, time.process_time()
    glancer.look()
    second = time.process_time() - began
    assert first < 0.5  # of the processor; parsed one by one they take seconds
    assert second < first / 10


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda run: (run / CONFIG).write_text("{"), "not valid JSON"),
        (lambda run: (run / CONFIG).write_bytes(b"\xff\xfe\xfa"), "cannot be read"),
        (lambda run: (run / CONFIG).unlink(), "is missing"),
        (lambda run: ((run / EVENTS).unlink(), (run / EVENTS).mkdir()), "What the run told cannot be read"),
        (lambda run: (run / CONFIG).write_text('{"version": 99}'), "newer version"),
    ],
)
def test_a_broken_folder_becomes_a_sentence_beside_the_others(known, spoil, said):
    whole = new_run(known.folder / "whole")
    broken = new_run(known.folder / "broken")
    tell(broken, BEGIN, step(1))
    spoil(broken)
    glances = {glance.folder: glance for glance in known.runs()}
    assert set(glances) == {whole, broken}
    assert glances[whole].problem == ""
    assert said in glances[broken].problem
    assert glances[broken].problem.endswith(".")


def test_those_in_training_come_first_then_the_latest_and_none_twice(known, register, tmp_path):
    for name, seconds in (("old", 100.0), ("newest", 300.0), ("held", 50.0)):
        tell(new_run(known.folder / name), BEGIN, step(1), seconds=seconds)
    write_lock(known.folder / "held", own_lock())
    elsewhere = new_run(tmp_path / "elsewhere" / "run")
    tell(elsewhere, BEGIN, seconds=200.0)
    (known.folder / "no run").mkdir()
    (known.folder / "a file").write_text("")
    for run in (elsewhere, known.folder / "old", elsewhere):
        register.add(run)
    assert [glance.folder.name for glance in known.runs()] == ["held", "newest", "run", "old"]


def test_runs_in_training_keep_their_places_whoever_told_last(known):
    for name, seconds in (("first", 100.0), ("second", 200.0), ("b untold", 0.0), ("a untold", 0.0)):
        run = new_run(known.folder / name.replace(" ", "-"), name=name)
        if seconds:
            tell(run, BEGIN, seconds=seconds)
        write_lock(run, own_lock())
    for number, name in enumerate(("first", "second", "first")):
        tell(known.folder / name, step(number + 1), seconds=300.0 + number)
        assert [glance.name for glance in known.runs()] == ["a untold", "b untold", "second", "first"]


def test_a_noted_run_that_vanished_is_left_out_and_not_forgotten(known, register, tmp_path):
    run = new_run(tmp_path / "drive" / "run")
    register.add(run)
    (tmp_path / "noted" / "junk.json").write_text('{"run": 3}')
    (tmp_path / "drive").rename(tmp_path / "unplugged")
    assert known.runs() == []
    assert register.runs() == [run]
    (tmp_path / "unplugged").rename(tmp_path / "drive")
    assert [glance.folder for glance in known.runs()] == [run]


def test_a_note_that_cannot_be_written_is_no_reason_to_stop(tmp_path):
    (tmp_path / "file").write_text("")
    register = RunRegister(tmp_path / "file")
    register.add(tmp_path / "run")
    assert register.runs() == []


def test_a_run_is_moved_to_the_removed_ones_and_back(known, register, tmp_path):
    run = new_run(tmp_path / "elsewhere" / "run")
    register.add(run)
    (known.removed / "run").mkdir(parents=True)
    moved = known.remove(run)
    assert moved == known.removed / "run-2"
    assert (moved / CONFIG).is_file()
    assert (run.exists(), register.runs(), known.runs()) == (False, [], [])
    assert known.restore(moved, run) == run
    assert [glance.folder for glance in known.runs()] == [run]


def test_a_run_in_training_stays(known):
    run = new_run(known.folder / "run")
    write_lock(run, own_lock())
    with pytest.raises(TrainerError, match="being trained already"):
        known.remove(run)
    assert (run / CONFIG).is_file()


def test_to_another_file_system_a_run_is_copied_whole_or_stays(known, monkeypatch):
    def another_one(*_):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    run = new_run(known.folder / "run")
    (run / "models").mkdir()
    (run / "models" / "best.safetensors").write_bytes(b"model")
    real, renames = Path.rename, []

    def rename(path, target):
        renames.append(path)
        return another_one() if len(renames) == 1 else real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    moved = known.remove(run)
    assert (moved / "models" / "best.safetensors").read_bytes() == b"model"
    assert not run.exists()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "rename", another_one)
    monkeypatch.setattr(known_runs.shutil, "copytree", full)
    with pytest.raises(TrainerError, match="No space left on device"):
        known.restore(moved, run)
    assert (moved / CONFIG).is_file()
    assert not run.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may look everywhere")
def test_a_folder_that_may_not_be_looked_into_is_a_sentence(known):
    run = new_run(known.folder / "run")
    run.chmod(0)
    try:
        (glance,) = known.runs()
    finally:
        run.chmod(0o755)
    assert "cannot be read" in glance.problem
