"""Processes that prepare pictures beside the training: none of them outlives its trainer, whenever that one is killed."""

import os
import random
import time

import psutil
import pytest

from tests.training.runs import long_run, wait_for_steps, wait_until

PATIENCE_S = 30  # on a busy machine; a worker that is importing torch ends when it has done so, a few seconds later
SETTLED_S = 4  # in which a trainer starts its workers and these import torch


def alive(session):
    """The processes that a trainer of the fork server began, itself among them: each trainer is a session."""
    found = []
    for pid in psutil.pids():
        try:
            if os.getsid(pid) == session and (process := psutil.Process(pid)).status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (OSError, psutil.NoSuchProcess):
            continue
    return found


def has_both_workers(session):
    return sum("spawn_main" in " ".join(process.cmdline()) for process in alive(session)) == 2


@pytest.fixture
def start(forks, run, photos):
    """Start a trainer with two workers; the fixture ends what is left of it."""
    started = []

    def begin():
        long_run(run, photos, workers=2)
        started.append(forks.start(run))
        return started[-1]

    yield begin
    for child in started:
        for process in alive(child.pid):
            process.kill()
        child.wait()


def assert_nothing_is_left_of(child):
    wait_until(lambda: not alive(child.pid), "the end of its workers", PATIENCE_S)


def test_a_trainer_killed_before_its_workers_are_set_up_leaves_none(start):
    child = start()
    wait_until(lambda: has_both_workers(child.pid), "both workers")
    child.kill()
    assert_nothing_is_left_of(child)


def test_a_trainer_killed_at_its_first_step_leaves_none(start, run):
    child = start()
    wait_for_steps(run, 1)
    child.kill()
    assert_nothing_is_left_of(child)


@pytest.mark.slow
@pytest.mark.parametrize("num_kills", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_a_trainer_killed_at_random_moments_of_its_first_seconds_leaves_none(start, num_kills):
    moments = random.Random(num_kills)
    for _ in range(num_kills):
        child = start()
        time.sleep(moments.uniform(0, SETTLED_S))
        child.kill()
        assert_nothing_is_left_of(child)
