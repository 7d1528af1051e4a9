"""Several processes that train one run: real ones, started by torchrun, that talk to each other through Gloo."""

import os
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import pytest
import torch

from tests.training.runs import (
    ROOT,
    events,
    steps,
    tiny_config,
    wait_for_steps,
    wait_until,
    without_times,
    write_photos,
    write_request,
    write_rooms,
)
from training.contract.errors import ConfigError
from training.contract.networks import load_generator
from training.contract.protocol import write_order
from training.dataset import EndlessBatches
from training.reading import pairs_of_run
from training.world import World

pytestmark = pytest.mark.skipif(not torch.distributed.is_gloo_available(), reason="this torch has no Gloo")

TIMEOUT_S = 120
EXACT = {"norm": "instance", "dropout": "none"}


class Several:
    """Trainers of one run, two unless said otherwise, under torchrun."""

    def __init__(self, run, *, processes=2, restarts=0):
        words = [f"--nproc-per-node={processes}", f"--max-restarts={restarts}", "--monitor-interval=0.1"]
        trainer = ["-m", "training", "run", "--config", str(run / "run.json")]
        self._log = (run / "torchrun.log").open("ab")
        self.run = run
        self.process = subprocess.Popen(
            [sys.executable, "-m", "torch.distributed.run", "--standalone", *words, *trainer],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=self._log,
            stderr=self._log,
        )

    def wait(self):
        code = self.process.wait(TIMEOUT_S)
        self._log.close()
        return code

    def end(self):
        self.process.terminate()  # which reaches the trainers, too
        self.process.wait(TIMEOUT_S)
        self._log.close()

    def log(self):
        return (self.run / "torchrun.log").read_text(errors="replace")

    def pid(self, rank):
        """The process with this rank."""
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and self._is(entry, rank):
                return int(entry.name)
        raise AssertionError(f"there is no process {rank}")

    def _is(self, entry, rank):
        try:
            environment = dict(word.partition("=")[::2] for word in (entry / "environ").read_text().split("\0"))
            parent = int((entry / "stat").read_text().rpartition(") ")[2].split()[1])
        except (OSError, ValueError):
            return False
        return parent == self.process.pid and environment.get("RANK") == str(rank)


@pytest.fixture
def several():
    """Start trainers; the fixture ends those that are left."""
    started = []

    def start(run, **words):
        started.append(Several(run, **words))
        return started[-1]

    yield start
    for one in started:
        one.end()


def losses(run):
    return [[event["losses"][name] for name in ("g_gan", "g_l1", "d_real", "d_fake")] for event in events(run, "step")]


def assert_same_losses(run, other):
    """To 1e-5 of their size, as docs/cluster.md says of the first ten steps; rounding grows after them."""
    for theirs, its in zip(losses(run), losses(other), strict=True):
        assert theirs == pytest.approx(its, rel=1e-5)


def network(run):
    return load_generator(run / "models" / "latest.safetensors")[1].eval()


def weights(run):
    return network(run).state_dict()


def alone(forks, run, config):
    write_request(run, config)
    assert forks.start(run).wait() == 0
    return run


@pytest.mark.parametrize(
    ("norm", "batch_size", "accumulate"), [("instance", 6, 2), pytest.param("batch", 4, 1, marks=pytest.mark.slow)]
)
def test_two_processes_learn_what_one_learns_with_all_their_pictures(
    forks, several, tmp_path, photos, norm, batch_size, accumulate
):
    """Whatever parts each of them computes its share in: here two pictures and one, of six."""
    config = tiny_config(photos, steps=10, batch_size=batch_size, accumulate=accumulate, spec=EXACT | {"norm": norm})
    one = alone(forks, tmp_path / "one", config)
    write_request(tmp_path / "two", config)
    two = several(tmp_path / "two")
    assert two.wait() == 0, two.log()
    assert steps(events(tmp_path / "two")) == list(range(1, 11))
    assert_same_losses(tmp_path / "two", one)
    # Not weight by weight: a bias in front of a norm gets no gradient but rounding, which Adam makes full steps of.
    picture = torch.rand(1, 3, 16, 16) * 2 - 1
    assert torch.allclose(network(tmp_path / "two")(picture), network(one)(picture), atol=1e-4)
    kept = [event["type"] for event in events(tmp_path / "two") if event["type"] != "step"]
    assert kept == [event["type"] for event in events(one) if event["type"] != "step"]


@pytest.mark.slow
def test_measured_pixels_count_alike_in_whichever_process(forks, several, tmp_path):
    """Depth with holes: one process may get pictures with many more measurements than the other.

    The first never meets the one that cannot be read, and tells of it all the same.
    """
    data = write_rooms(tmp_path / "rooms")
    config = tiny_config(data, task="mono-depth", steps=4, batch_size=2, spec=EXACT)
    files = pairs_of_run(config, None).train
    first, second = (
        {
            index
            for keys in islice(EndlessBatches(len(files), 2, config.seed, 0, World(rank, 2).share_of(2)), 4)
            for _, index in keys
        }
        for rank in (0, 1)
    )
    damaged = files[min(second - first)]
    damaged.a.write_bytes(b"no picture")
    one = alone(forks, tmp_path / "one", config)
    write_request(tmp_path / "two", config)
    two = several(tmp_path / "two")
    assert two.wait() == 0, two.log()
    assert_same_losses(tmp_path / "two", one)
    for run in (one, tmp_path / "two"):
        (warning,) = (event for event in events(run, "warning") if event["code"] == "picture_left_out")
        assert damaged.a.name in warning["message"]
        assert events(run)[-1]["message"].endswith("were left out, 1.")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 1])
def test_a_process_that_is_killed_comes_back_and_the_run_ends_as_if_undisturbed(several, tmp_path, rank):
    photos = write_photos(tmp_path / "photos")
    for name in ("whole", "killed"):  # with dropout: the random numbers of both processes must come back, too
        write_request(tmp_path / name, tiny_config(photos, steps=30, batch_size=4, checkpoint_every=7, validate_every=10))
    whole = several(tmp_path / "whole")
    assert whole.wait() == 0, whole.log()
    killed = several(tmp_path / "killed", restarts=2)
    wait_until(lambda: (tmp_path / "killed" / "checkpoints" / "last.pt").exists(), "a checkpoint")
    os.kill(killed.pid(rank), signal.SIGKILL)
    assert killed.wait() == 0, killed.log()
    assert without_times(events(tmp_path / "killed")) == without_times(events(tmp_path / "whole"))
    first, second = weights(tmp_path / "killed"), weights(tmp_path / "whole")
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.slow
def test_orders_reach_all_of_them(several, run, photos):
    write_request(run, tiny_config(photos, steps=100_000, batch_size=4, validate_every=10**6, checkpoint_every=10**6))
    both = several(run)
    wait_for_steps(run)
    write_order(run, "pause")
    wait_until(lambda: any(event["order"] == "pause" for event in events(run, "answered")), "an answer")
    paused_at = steps(events(run))[-1]
    time.sleep(1)
    assert steps(events(run))[-1] == paused_at
    write_order(run, "resume")
    wait_until(lambda: steps(events(run))[-1] > paused_at + 5, "more steps")
    write_order(run, "stop")
    assert both.wait() == 0, both.log()
    assert events(run)[-1]["type"] == "stopped"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
def test_one_that_is_asked_to_end_ends_them_all_and_saves(several, run, photos):
    write_request(run, tiny_config(photos, steps=100_000, batch_size=4, validate_every=10**6, checkpoint_every=10**6))
    both = several(run)
    wait_for_steps(run)
    os.kill(both.pid(1), signal.SIGTERM)
    both.wait()
    assert events(run)[-1]["type"] == "stopped"
    assert (run / "checkpoints" / "last.pt").exists()


@pytest.mark.slow
def test_a_batch_that_cannot_be_shared_out_is_refused(several, run, photos):
    with pytest.raises(ConfigError, match="multiple of 3"):
        World(1, 3).share_of(4)
    assert [World(rank, 2).share_of(6) for rank in (0, 1)] == [slice(0, 3), slice(3, 6)]
    write_request(run, tiny_config(photos, batch_size=3))
    both = several(run)
    assert both.wait() != 0
    (failed,) = events(run)
    assert "A batch of 3 cannot be shared out equally among 2 processes" in failed["message"]


def test_cards_are_given_out_one_each():
    cpu = torch.device("cpu")
    assert World(1, 2, 1).device(cpu) == cpu
    assert World().device(torch.device("cuda", 3)) == torch.device("cuda", 3)
    with pytest.raises(ConfigError, match="each takes its own"):
        World(1, 2, 1).device(torch.device("cuda", 0))
    if torch.cuda.device_count() < 2:
        with pytest.raises(ConfigError, match="too few for its processes"):
            World(1, 2, 1).device(torch.device("cuda"))
