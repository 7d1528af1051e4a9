"""The trainer as a process: what goes in, what comes out, and every way to end it (design 3.4)."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.training.runs import (
    ENDINGS,
    environment,
    events,
    long_run,
    steps,
    tiny_config,
    trainer,
    wait_for_steps,
    wait_until,
    without_times,
    write_photos,
    write_request,
)
from training.contract.protocol import EVENTS, LOCK, ORDERS, parse_event, write_order

NUM_KILLS = 8


def weights(run, name="latest"):
    return load_file(run / "models" / f"{name}.safetensors")


def same_weights(first, second):
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)


def test_a_run_tells_everything_from_started_to_finished(run, photos):
    write_request(run, tiny_config(photos))
    child = trainer(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 0, err.decode()
    assert out == (run / EVENTS).read_bytes()
    found = events(run)
    assert all(parse_event(json.dumps(event)) is not None and event["v"] == 1 for event in found)
    assert [event["type"] for event in found if event["type"] in {"started", *ENDINGS}] == ["started", "finished"]
    assert found[0]["type"] == "started"
    assert found[-1]["type"] == "finished"
    assert steps(found) == [1, 2, 3, 4, 5, 6]
    assert found[-1]["model"] == "models/best.safetensors"
    assert not (run / LOCK).exists()
    assert {path.name for path in run.iterdir()} == {"run.json", "events.jsonl", "checkpoints", "samples", "models"}


def test_stdout_belongs_to_the_events(forks, run, photos):
    write_request(run, tiny_config(photos, steps=1))
    noise = "import os, atexit; import training.__main__ as m; real = m.train\n"
    noise += "def train(*a): print('printed'); os.write(1, b'written'); return real(*a)\n"
    child = forks.start(run, first=noise + "m.train = train")
    assert child.wait() == 0
    assert all(json.loads(line) for line in child.stdout.read_text().splitlines())
    assert "printed" in child.stderr.read_text()
    assert "written" in child.stderr.read_text()


def test_a_reader_that_goes_away_does_no_harm(forks, run, photos, tmp_path):
    write_request(run, tiny_config(photos))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    child = forks.start(run, stdout=pipe, first=f"import os; os.read(os.open({str(pipe)!r}, os.O_RDONLY | os.O_NONBLOCK), 0)")
    wait_until(lambda: (run / EVENTS).exists(), "its first event")
    os.close(reader)
    assert child.wait() == 0
    assert events(run)[-1]["type"] == "finished"


def test_a_run_without_stdout_runs(forks, run, photos):
    write_request(run, tiny_config(photos, steps=1))
    assert forks.start(run, first="import os; os.close(1)").wait() == 0
    assert events(run)[-1]["type"] == "finished"


@pytest.mark.parametrize("num_kills", [NUM_KILLS, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_random_moments_it_ends_as_if_nothing_had_happened(forks, tmp_path, photos, num_kills):
    config = tiny_config(photos, steps=40, checkpoint_every=3, validate_every=4, sample_every=7)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for run in (whole, killed):
        write_request(run, config)
    begun = time.monotonic()
    assert forks.start(whole).wait() == 0
    seconds = time.monotonic() - begun

    moments = random.Random(num_kills)
    for _ in range(num_kills):
        child = forks.start(killed)
        time.sleep(moments.uniform(0, seconds * 0.6))
        child.kill()
    assert forks.start(killed).wait() == 0

    assert without_times(events(killed)) == without_times(events(whole))
    assert [event["type"] for event in events(killed) if event["type"] in ENDINGS] == ["finished"]
    for name in ("latest.safetensors", "best.safetensors"):
        digests = {hashlib.sha256((run / "models" / name).read_bytes()).hexdigest() for run in (whole, killed)}
        assert len(digests) == 1, name


def test_killed_before_it_could_tell_of_a_checkpoint_it_tells_of_it_when_continued(forks, run, photos):
    write_request(run, tiny_config(photos, steps=5))
    deadly = "import os, training.trainer as l; real = l.save_checkpoint\n"
    deadly += "def save(folder, state, *rest):\n"
    deadly += "    path = real(folder, state, *rest)\n"
    deadly += "    state.step == 4 and os.kill(os.getpid(), 9)\n"
    deadly += "    return path\n"
    assert forks.start(run, first=deadly + "l.save_checkpoint = save").wait() == -signal.SIGKILL
    assert [event["step"] for event in events(run, "checkpoint")] == [2]
    assert forks.start(run).wait() == 0
    assert [event["step"] for event in events(run, "checkpoint")] == [2, 4, 5]


def test_killed_before_its_first_checkpoint_it_tells_no_step_twice(forks, run, photos):
    long_run(run, photos)
    child = forks.start(run)
    wait_for_steps(run)
    child.kill()
    write_request(run, tiny_config(photos, steps=4))
    assert forks.start(run).wait() == 0
    assert steps(events(run)) == [1, 2, 3, 4]
    assert [event["type"] for event in events(run)].count("started") == 1


def test_a_resumed_run_cuts_what_was_told_after_its_checkpoint_and_half_a_line(forks, run, photos):
    write_request(run, tiny_config(photos, steps=5, checkpoint_every=3))
    assert forks.start(run, first="import training.trainer as l; l.Training.end = lambda s: __import__('os')._exit(7)").wait() == 7
    assert steps(events(run)) == [1, 2, 3, 4, 5]
    with (run / EVENTS).open("ab") as file:
        file.write(b'{"v": 1, "t": 17954')
    (run / "checkpoints" / "last.pt").unlink()
    (run / "checkpoints" / "previous.pt").rename(run / "checkpoints" / "last.pt")  # step 3
    child = forks.start(run)
    assert child.wait() == 0
    assert steps(events(run)) == [1, 2, 3, 4, 5]
    assert steps(map(json.loads, child.stdout.read_text().splitlines())) == [4, 5]


def test_a_damaged_newest_checkpoint_gives_way_to_the_one_before(forks, run, photos):
    config = tiny_config(photos, steps=4)
    write_request(run, config)
    assert forks.start(run).wait() == 0
    expected = weights(run)
    data = bytearray((run / "checkpoints" / "last.pt").read_bytes())
    data[len(data) // 2] ^= 0xFF  # in a tensor, where torch.load would not notice
    (run / "checkpoints" / "last.pt").write_bytes(data)
    assert forks.start(run).wait() == 0
    (warning,) = events(run, "warning")
    assert (warning["code"], warning["step"]) == ("checkpoint_damaged", 2)
    assert steps(events(run)) == [1, 2, 3, 4]
    assert same_weights(weights(run), expected)


def test_with_both_checkpoints_damaged_it_says_so_and_touches_nothing(forks, run, photos):
    write_request(run, tiny_config(photos, steps=4))
    assert forks.start(run).wait() == 0
    for name in ("last.pt", "previous.pt"):
        (run / "checkpoints" / name).write_bytes(b"PK\3\4 no checkpoint")
    assert forks.start(run).wait() == 1
    failed = events(run)[-1]
    assert failed["type"] == "failed"
    assert "damaged" in failed["message"]
    assert (failed["step"], failed["model"]) == (4, "models/best.safetensors")
    assert (run / "checkpoints" / "last.pt").read_bytes() == b"PK\3\4 no checkpoint"


def test_a_changed_request_is_refused_by_name(forks, run, photos):
    write_request(run, tiny_config(photos, steps=4))
    assert forks.start(run).wait() == 0
    before = (run / "models" / "latest.safetensors").read_bytes()
    write_request(run, tiny_config(photos, steps=9, learning_rate=1e-3, lambda_l1=5.0))
    assert forks.start(run).wait() == 1
    failed = events(run)[-1]
    assert "(lambda_l1, learning_rate)" in failed["message"]
    assert failed["step"] == 4
    assert (run / "models" / "latest.safetensors").read_bytes() == before


def test_steps_device_threads_and_paces_may_change(forks, run, photos):
    write_request(run, tiny_config(photos, steps=4))
    assert forks.start(run).wait() == 0
    paces = {"validate_every": 2, "sample_every": 2, "checkpoint_every": 3}
    write_request(run, tiny_config(photos, steps=7, device="auto", threads=2, **paces))
    assert forks.start(run).wait() == 0
    found = events(run)
    assert steps(found) == [1, 2, 3, 4, 5, 6, 7]
    assert [event["type"] for event in found if event["type"] in ENDINGS] == ["finished"]
    (warning,) = events(run, "warning")
    assert "1 threads before and 2 now" in warning["message"]


def test_a_finished_run_started_again_finishes_again(forks, run, photos):
    write_request(run, tiny_config(photos, steps=2))
    assert forks.start(run).wait() == 0
    files = {path: path.read_bytes() for path in (run / "models").iterdir()}
    assert forks.start(run).wait() == 0
    assert [event["type"] for event in events(run)][-2:] == ["started", "finished"]
    assert {path: path.read_bytes() for path in (run / "models").iterdir()} == files


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_stops(forks, run, photos, number, code):
    long_run(run, photos)
    child = forks.start(run)
    wait_for_steps(run)
    child.signal(number)
    assert child.wait() == code
    *_, saved, stopped = events(run)
    assert (saved["type"], stopped["type"]) == ("checkpoint", "stopped")
    assert saved["step"] == stopped["step"] == steps(events(run))[-1]
    assert stopped["model"] == "models/latest.safetensors"
    assert not (run / LOCK).exists()


def test_a_second_signal_ends_at_once(forks, run, photos):
    long_run(run, photos)
    child = forks.start(run, first="import time, training.trainer as l; l.Training.save = lambda self: time.sleep(600)")
    wait_for_steps(run)
    child.signal(signal.SIGINT)
    time.sleep(0.1)
    assert child.poll() is None
    child.signal(signal.SIGTERM)
    assert child.wait() == 143


def test_with_stop_with_parent_the_end_of_stdin_stops(run, photos):
    long_run(run, photos)
    child = trainer(run, "--stop-with-parent", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_for_steps(run)
    child.stdin.close()
    assert child.wait(60) == 0, child.stderr.read()
    assert child.stderr.read() == b""  # threads that wait on stdin can make Python abort at its end
    child.stderr.close()
    assert events(run)[-1]["type"] == "stopped"


def test_without_it_stdin_is_left_alone(forks, run, photos, tmp_path):
    write_request(run, tiny_config(photos, steps=1))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDWR)
    os.write(end, b"for somebody else")
    assert forks.start(run, stdin=pipe).wait() == 0
    assert os.read(end, 100) == b"for somebody else"
    os.close(end)


def test_an_order_from_before_the_trainer_is_dropped(forks, run, photos):
    write_request(run, tiny_config(photos, steps=2))
    order = write_order(run, "stop")
    os.utime(run / ORDERS / f"{order}.json", (time.time() - 60,) * 2)
    assert forks.start(run).wait() == 0
    assert events(run)[-1]["type"] == "finished"
    assert list((run / ORDERS).iterdir()) == []


def test_a_full_disk_while_saving_leaves_the_checkpoint_before(forks, run, photos):
    config = tiny_config(photos, steps=4, checkpoint_every=2)
    write_request(run, config)
    limit = "import resource, training.checkpoint as c; real = c.torch.save\n"
    limit += "def save(data, file):\n"
    limit += "    data['step'] == 4 and resource.setrlimit(resource.RLIMIT_FSIZE, (9000, resource.RLIM_INFINITY))\n"
    limit += "    real(data, file)\n"
    assert forks.start(run, first=limit + "c.torch.save = save").wait() == 1
    failed = events(run)[-1]
    assert failed["type"] == "failed"
    assert "checkpoint of step 4 could not be written" in failed["message"]
    assert (failed["step"], failed["model"]) == (4, "models/best.safetensors")
    assert {path.name for path in (run / "checkpoints").iterdir()} == {"last.pt"}
    assert forks.start(run).wait() == 0  # with room again
    assert steps(events(run)) == [1, 2, 3, 4]


def test_a_full_disk_for_events_ends_the_run_between_two_lines(forks, run, photos):
    long_run(run, photos)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))"
    child = forks.start(run, first=limit, stdout=os.devnull)
    assert child.wait() == 1
    assert events(run)[-1]["type"] == "step"
    assert "could not be read or written" in child.stderr.read_text()
    assert not (run / LOCK).exists()


def test_unexpected_failures_are_told_too(forks, run, photos):
    write_request(run, tiny_config(photos))
    broken = "import training.examiner as l\ndef draw(*a): raise ZeroDivisionError('by itself')\nl.draw_samples = draw"
    child = forks.start(run, first=broken)
    assert child.wait() == 1
    failed = events(run)[-1]
    assert "ZeroDivisionError: by itself" in failed["message"]
    assert failed["step"] == 6
    assert "Traceback" in child.stderr.read_text()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not valid JSON"),
        ("[]", "must be a JSON object"),
        ('{"version": 2}', "newer version"),
        ("\xff", "not valid JSON"),
    ],
)
def test_a_request_that_cannot_be_used_is_told_in_the_run(forks, run, text, said):
    run.mkdir()
    (run / "run.json").write_text(text, encoding="utf-8")
    assert forks.start(run).wait() == 1
    (failed,) = events(run)
    assert failed["type"] == "failed"
    assert said in failed["message"]


def test_a_missing_request_is_told_and_leaves_the_folder_alone(forks, run):
    run.mkdir()
    child = forks.start(run)
    assert child.wait() == 1
    assert "run.json" in json.loads(child.stdout.read_text())["message"]
    assert list(run.iterdir()) == []


def test_wrong_usage_is_two(forks, run):
    assert forks.start(run, mode="dance").wait() == 2


def test_the_trainer_needs_neither_the_app_nor_psutil(tmp_path):
    names = ["psutil", "p2p_desktop", "PySide6", "typer", "rich", "appdirs", "openvino"]
    check = "import sys; sys.modules.update(dict.fromkeys({names})); import training.__main__ as m; sys.exit(m.main(sys.argv[1:]))"
    run = tmp_path / "run"
    write_request(run, tiny_config(write_photos(tmp_path / "data"), steps=1))
    command = [sys.executable, "-P", "-c", check.format(names=names), "run", "--config", str(run / "run.json")]
    done = subprocess.run(command, env=environment(), capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert events(run)[-1]["type"] == "finished"
