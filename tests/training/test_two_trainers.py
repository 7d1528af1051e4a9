"""One run, several trainers: the lock and its heartbeat, between real processes."""

import json
import signal
import time

from tests.training.runs import ENDINGS, events, long_run, steps, wait_for_steps, wait_until
from training.contract.protocol import LOCK, read_lock, write_order


def test_a_second_trainer_refuses_and_writes_nothing(forks, run, photos):
    long_run(run, photos)
    first = forks.start(run)
    wait_for_steps(run)
    lock = read_lock(run)
    second = forks.start(run, "--stop-with-parent")  # whose stdin ends at once: that must not stop the first
    assert second.wait() == 1
    (failed,) = map(json.loads, second.stdout.read_text().splitlines())
    assert failed["type"] == "failed"
    assert f"process {first.pid} on " in failed["message"]
    assert read_lock(run) == lock
    assert first.poll() is None
    write_order(run, "stop")
    assert first.wait() == 0
    found = events(run)
    assert [event["type"] for event in found if event["type"] in {"started", *ENDINGS}] == ["started", "stopped"]


def test_of_trainers_started_at_the_same_moment_exactly_one_runs(forks, run, photos):
    long_run(run, photos)
    dead = forks.start(run)
    wait_for_steps(run)
    dead.kill()  # leaves its lock, which all of them find
    go = time.time() + 1
    children = [forks.start(run, first=f"import time; time.sleep({go} - time.time())") for _ in range(4)]
    wait_until(lambda: sum(child.poll() is None for child in children) <= 1, "three refusals")
    (winner,) = (child for child in children if child.poll() is None)
    wait_for_steps(run)
    assert read_lock(run).pid == winner.pid
    winner.signal(signal.SIGINT)
    assert winner.wait() == 130
    assert steps(events(run)) == list(range(1, events(run)[-1]["step"] + 1))


def test_a_trainer_whose_run_was_taken_over_ends_without_a_word(forks, run, photos):
    long_run(run, photos)
    child = forks.start(run, first="import training.run_files as f; f.HEARTBEAT_SECONDS = 0.05")
    wait_for_steps(run)
    elsewhere = json.dumps(json.loads((run / LOCK).read_text()) | {"host": "elsewhere"})

    def taken_over_for_good():
        (run / LOCK).write_text(elsewhere)  # again if a heartbeat that had begun before it went over it
        return child.poll() is not None

    wait_until(taken_over_for_good, "the end of the trainer")
    assert child.wait() == 1
    assert "taken over" in child.stderr.read_text()
    assert events(run)[-1]["type"] == "step"
    assert read_lock(run).host == "elsewhere"


def test_the_heart_beats(forks, run, photos):
    long_run(run, photos)
    child = forks.start(run, first="import training.run_files as f; f.HEARTBEAT_SECONDS = 0.05")
    wait_for_steps(run)
    first = read_lock(run)
    wait_until(lambda: read_lock(run).heartbeat > first.heartbeat, "a heartbeat")
    assert (first.pid, first.started) == (child.pid, read_lock(run).started)
    child.kill()
