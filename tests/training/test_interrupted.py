"""Runs that are interrupted, killed or go back: what is kept, and what is told twice, once or not at all."""

import pytest
import torch

from tests.training.runs import events, tiny_config, without_times, write_photos, write_rooms
from training import examiner, orders, trainer
from training.contract.errors import CheckpointError, PairingError
from training.contract.model_file import read_card
from training.contract.networks import load_generator
from training.contract.progress import Token
from training.contract.protocol import CHECKPOINTS, MODELS, write_order
from training.loop import train
from training.run_files import EventLog


class Killed(Exception):
    """What ends a run here as a signal would: nothing is saved after it."""


def logged(run, config, kill_at=None):
    """Train with the events in their file, as a process does; `kill_at`: the step that is the last to be told."""
    run.mkdir(exist_ok=True)
    log = EventLog(run, None)

    def report(event):
        log(event)
        if event.type == "step" and event.step == kill_at:
            raise Killed

    try:
        return train(config, run, report, Token())
    finally:
        log.close()


def killed(run, config, at):
    with pytest.raises(Killed):
        logged(run, config, at)


def of_run(run):
    """Its events but for those that an interruption adds: its checkpoint, and answers to orders."""
    return [event for event in without_times(events(run)) if event["type"] not in ("checkpoint", "answered")]


def model(run, name="latest"):
    return (run / MODELS / f"{name}.safetensors").read_bytes()


@pytest.fixture
def album(tmp_path):
    """Eight pictures to train on, and four to measure with."""
    write_photos(tmp_path / "album" / "train", 8)
    write_photos(tmp_path / "album" / "val", 4, seed=1)
    return tmp_path / "album"


@pytest.fixture
def ordering(monkeypatch):
    """`ordering(run, at, *names)`: give orders while held-out picture number `at`, of all so far, is translated."""
    seen = []
    real = examiner.torch_translate

    def prepare(run, at, *names):
        seen.clear()

        def watched(*given):
            forward = real(*given)

            def translate(pixels):
                seen.append(len(seen))
                for name in names if len(seen) == at else ():
                    write_order(run, name)
                return forward(pixels)

            return translate

        monkeypatch.setattr(examiner, "torch_translate", watched)
        return seen

    yield prepare
    monkeypatch.undo()


# With validate_every=3, step 3 measures 4 pictures under each of two statistics and compares 4; then 1 of a model, 4 drawn.
@pytest.mark.parametrize(("at", "measured"), [(1, False), (3, False), (6, False), (10, False), (14, True), (16, True)])
def test_a_measurement_that_a_stop_cuts_short_is_made_again_as_if_nothing_had_been(tmp_path, album, ordering, at, measured):
    config = tiny_config(album, steps=7, validate_every=3, sample_every=3, checkpoint_every=5)
    logged(tmp_path / "whole", config)
    run = tmp_path / "parts"
    run.mkdir()
    seen = ordering(run, at, "stop")
    assert logged(run, config).type == "stopped"
    assert len(seen) <= at + 1  # the picture for the model's card follows
    found = events(run)
    assert [event["step"] for event in found if event["type"] == "checkpoint"] == [3]
    assert any(event["type"] == "validation" for event in found) == measured
    assert logged(run, config).type == "finished"
    assert of_run(run) == of_run(tmp_path / "whole")
    assert model(run) == model(tmp_path / "whole")
    assert model(run, "best") == model(tmp_path / "whole", "best")


def test_a_last_measurement_that_is_cut_short_comes_before_the_end(tmp_path, album, ordering):
    config = tiny_config(album, steps=3, validate_every=3)
    logged(tmp_path / "whole", config)
    run = tmp_path / "parts"
    run.mkdir()
    ordering(run, 2, "stop")
    assert logged(run, config).type == "stopped"
    ordering(run, 2, "stop")
    assert logged(run, config).type == "stopped"  # once more
    ordering(run, 0)
    assert logged(run, config).type == "finished"
    assert of_run(run) == of_run(tmp_path / "whole")
    ordered = [event["type"] for event in events(run)]
    assert ordered.count("validation") == 1
    assert logged(run, config).type == "finished"
    assert [event["type"] for event in events(run)] == [*ordered[:-1], "started", "finished"]


def test_a_pause_interrupts_a_measurement_and_other_orders_do_not_disturb_it(tmp_path, album, ordering, monkeypatch):
    config = tiny_config(album, steps=4, validate_every=3)
    logged(tmp_path / "whole", config)
    run = tmp_path / "parts"
    run.mkdir()
    naps = []

    def nap(_seconds):
        naps.append((run / CHECKPOINTS / "last.pt").exists())
        write_order(run, "resume")

    monkeypatch.setattr(orders.time, "sleep", nap)
    ordering(run, 3, "snapshot", "pause")
    assert logged(run, config).type == "finished"
    assert naps == [True]
    assert [event["order"] for event in events(run, "answered")] == ["snapshot", "pause", "resume"]
    assert of_run(run) == of_run(tmp_path / "whole")
    ordering(tmp_path / "third", 3, "preview", "snapshot")
    logged(tmp_path / "third", config)
    told = [event for event in of_run(tmp_path / "third") if event["type"] != "sample" or event["step"] != 3]
    assert told == of_run(tmp_path / "whole")


def test_killed_after_an_interrupted_measurement_it_tells_nothing_twice(tmp_path, album, ordering):
    """The checkpoint of that step has more than one state: what was told after the one that is left comes again."""
    config = tiny_config(album, steps=7, validate_every=3, checkpoint_every=100)
    logged(tmp_path / "whole", config)
    run = tmp_path / "parts"
    run.mkdir()
    ordering(run, 2, "stop")
    logged(run, config)
    ordering(run, 0)
    killed(run, config, 5)
    logged(run, config)
    assert of_run(run) == of_run(tmp_path / "whole")


def best_of(run):
    card = read_card(run / MODELS / "best.safetensors")
    return card.provenance["steps"], card.metrics["psnr"]


@pytest.fixture
def measured(monkeypatch):
    """`measured(20.0, 25.0)`: what the next measurements will find."""

    def prepare(*values):
        remaining = iter(values)
        monkeypatch.setattr(examiner, "averages", lambda rows: ({"psnr": next(remaining)}, {"psnr": 19.0}))

    return prepare


PLAIN = {"norm": "instance"}  # one kind of statistics: a measurement asks for one average


@pytest.mark.parametrize("checkpoint_every", [2, 100])
def test_a_run_that_goes_back_keeps_the_best_model_of_before(run, photos, measured, monkeypatch, checkpoint_every):
    real, failures = trainer.Training.step, []

    def explode_once(self, batch, started):
        if self.state.step == 3 and not failures:
            failures.append(3)
            with torch.no_grad():
                next(self.learner.generator.parameters()).fill_(float("inf"))
        return real(self, batch, started)

    monkeypatch.setattr(trainer.Training, "step", explode_once)
    measured(20.0, 21.0, 25.0, 22.0, 23.0, 24.0, 24.0, 24.0)
    config = tiny_config(photos, steps=5, validate_every=1, checkpoint_every=checkpoint_every, spec=PLAIN)
    logged(run, config)
    assert best_of(run) == (3, 25.0)
    _, generator = load_generator(run / MODELS / "best.safetensors")
    assert all(bool(torch.isfinite(value).all()) for value in generator.state_dict().values())
    assert not any(event["best"] for event in events(run, "validation") if event["step"] > 2)


@pytest.mark.parametrize(
    ("again", "best", "told"),
    [
        ([25.0, 24.0], (3, 25.0), [True, False]),  # bit for bit
        ([24.0, 24.5], (3, 25.0), [False, False]),  # on a graphics card
        ([24.0, 26.0], (4, 26.0), [False, True]),
        ([25.5, 24.0], (3, 25.5), [True, False]),
    ],
)
def test_a_killed_run_does_not_write_a_worse_model_over_its_best(run, photos, measured, again, best, told):
    config = tiny_config(photos, steps=4, validate_every=1, checkpoint_every=2, spec=PLAIN)
    measured(20.0, 21.0, 25.0)
    killed(run, config, 4)
    assert best_of(run) == (3, 25.0)
    measured(*again)
    logged(run, config)
    assert best_of(run) == best
    assert [event["best"] for event in events(run, "validation")] == [True, True, *told]


def test_a_better_model_from_ahead_is_kept_until_the_run_comes_to_it(run, photos, measured):
    """And what is told on the way is what was told before."""
    config = tiny_config(photos, steps=5, validate_every=1, checkpoint_every=100, spec=PLAIN)
    logged_at = tiny_config(photos, steps=1, validate_every=1, checkpoint_every=100, spec=PLAIN)
    measured(20.0)
    logged(run, logged_at)
    measured(22.0, 25.0)
    killed(run, config, 4)
    before = [event["best"] for event in events(run, "validation")]
    measured(22.0)
    killed(run, config, 3)
    assert best_of(run) == (3, 25.0)
    measured(22.0, 25.0, 24.0, 24.0)
    logged(run, config)
    assert best_of(run) == (3, 25.0)
    assert before == [True, True, True]
    assert [event["best"] for event in events(run, "validation")] == [True, True, True, False, False]


def test_a_picture_that_cannot_be_read_is_told_once_in_a_run_and_counted(run, tmp_path):
    data = tmp_path / "data"
    for name, count in (("train", 3), ("val", 2)):
        write_photos(data / name, count, seed=count)
        (data / name / f"{name}.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing more")
    (tmp_path / "whole").mkdir()
    config = tiny_config(data, steps=8, checkpoint_every=3)
    told = logged(tmp_path / "whole", config)
    assert told.message.endswith("Pictures that could not be read were left out, 2.")
    killed(run, config, 5)
    killed(run, config, 7)
    logged(run, config)
    assert without_times(events(run)) == without_times(events(tmp_path / "whole"))
    assert [event["code"] for event in events(run, "warning")].count("picture_left_out") == 2


def test_without_a_depth_in_range_nothing_is_begun_and_the_settings_are_named(run, tmp_path):
    data = write_rooms(tmp_path / "data")
    with pytest.raises(PairingError, match=r"depth_range \(0.5 m\): with a depth_unit of 0.001 m, the nearest of them is 0.8 m"):
        logged(run, tiny_config(data, task="mono-depth", depth_range=0.5))


def test_a_model_that_a_full_disk_does_not_take_is_told_in_words(run, photos):
    config = tiny_config(photos, steps=4, checkpoint_every=2)
    killed(run, config, 3)
    temporary = run / MODELS / ".latest.safetensors.part"
    try:
        temporary.symlink_to("/dev/full")
        with pytest.raises(CheckpointError, match=r"The model of step 4 could not be written to .*: the disk is full \(.* MB are"):
            logged(run, config)
    finally:
        temporary.unlink(missing_ok=True)
    assert logged(run, config).type == "finished"


def test_a_run_in_half_precision_is_resumed_bit_for_bit(tmp_path, photos):
    config = tiny_config(photos, steps=6, precision="fp16", checkpoint_every=100)
    logged(tmp_path / "whole", config)
    (tmp_path / "parts").mkdir()
    killed(tmp_path / "parts", tiny_config(photos, steps=6, precision="fp16", checkpoint_every=3), 4)
    run = tmp_path / "parts"
    scalers = torch.load(run / CHECKPOINTS / "last.pt", weights_only=True)["scalers"]
    assert scalers["generator"]["scale"] < 65536  # where it began, which lambda_l1 makes an overflow of
    assert scalers["discriminator"]["_growth_tracker"] == 3
    logged(run, config)
    assert of_run(run) == of_run(tmp_path / "whole")
    assert model(run) == model(tmp_path / "whole")


@pytest.mark.parametrize("changes", [{"conditional": False}, {"spec": {"skips": False}}, {"gan_mode": "lsgan"}])
def test_the_ablations_of_the_paper_are_trained(run, photos, changes):
    assert logged(run, tiny_config(photos, steps=2, **changes)).type == "finished"
    card, generator = load_generator(run / MODELS / "latest.safetensors")
    assert card.generator.skips == changes.get("spec", {}).get("skips", True)
    assert generator(torch.zeros(1, 3, 16, 16)).shape == (1, 3, 16, 16)
