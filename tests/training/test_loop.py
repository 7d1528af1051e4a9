"""Whole runs in this process: orders, stops, pictures that cannot be read, and what goes wrong on the way."""

import shutil
from dataclasses import replace

import pytest
import torch

from tests.training.in_process import of_type, trained
from tests.training.runs import tiny_config, write_photos
from training import examiner, learner, orders, trainer
from training.contract.errors import CheckpointError, ConfigError, P2PError, PairingError
from training.contract.model_file import read_card
from training.contract.networks import load_generator
from training.contract.progress import Token
from training.contract.protocol import CHECKPOINTS, MODELS, write_order
from training.learner import learning_rate
from training.loop import train


def test_orders_are_followed_and_answered(run, photos):
    told = trained(
        run, tiny_config(photos, steps=9), orders={2: ["preview", "snapshot"], 4: ["pause", "snapshot", "resume"], 6: ["stop"]}
    )
    answers = of_type(told, "answered")
    assert [(answer.order, answer.ok) for answer in answers] == [
        ("preview", True),
        ("snapshot", True),
        ("pause", True),
        ("snapshot", True),
        ("resume", True),
        ("stop", True),
    ]
    assert answers[0].file == "samples/step-00000002/0.png"
    assert answers[1].file == "models/step-00000002.safetensors"
    assert all((run / answer.file).exists() for answer in answers if answer.file)
    assert (told[-1].type, told[-1].step) == ("stopped", 6)
    assert list((run / "orders").iterdir()) == []


def test_a_paused_run_is_saved_and_can_be_stopped(run, photos, monkeypatch):
    naps = []

    def nap(_seconds):
        naps.append((run / CHECKPOINTS / "last.pt").exists())
        write_order(run, "stop")

    monkeypatch.setattr(orders.time, "sleep", nap)
    told = trained(run, tiny_config(photos, steps=9, checkpoint_every=100), orders={3: ["pause"]})
    assert naps == [True]
    assert (told[-1].type, told[-1].step) == ("stopped", 3)


def test_an_order_that_fails_does_not_end_the_run(run, photos, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(examiner, "draw_samples", full)
    told = trained(run, tiny_config(photos, steps=3), Token(), {1: ["preview"], 2: ["stop"]})
    failed, _ = of_type(told, "answered")
    assert (failed.order, failed.ok, failed.file) == ("preview", False, None)
    assert "The pictures of step 1 could not be written" in failed.message
    assert told[-1].type == "stopped"


def test_a_run_cancelled_before_its_first_step_can_be_continued(run, photos):
    token = Token()
    token.cancel()
    assert trained(run, tiny_config(photos, steps=2), token)[-1].step == 0
    assert [event.step for event in of_type(trained(run, tiny_config(photos, steps=2)), "step")] == [1, 2]


def test_stopped_and_continued_it_is_the_same_run(tmp_path, photos):
    config = tiny_config(photos, steps=8, checkpoint_every=100, validate_every=3)
    trained(tmp_path / "whole", config)
    trained(tmp_path / "parts", config, orders={5: ["stop"]})
    told = trained(tmp_path / "parts", config)
    assert (told[0].type, told[0].step) == ("started", 5)
    for name in ("best", "latest"):
        first, second = (tmp_path / run / MODELS / f"{name}.safetensors" for run in ("whole", "parts"))
        assert first.read_bytes() == second.read_bytes()


def test_a_run_continued_between_measurements_keeps_its_figures(run, photos):
    config = tiny_config(photos, steps=9, validate_every=3, checkpoint_every=100)
    (measured,) = of_type(trained(run, config, orders={4: ["stop"]}), "validation")
    trained(run, config, orders={5: ["stop"]})
    card = read_card(run / MODELS / "latest.safetensors")
    assert (card.provenance["steps"], card.provenance["measured_at_step"]) == (5, 3)
    assert (card.statistics, card.metrics) == (measured.statistics, measured.metrics)


def test_other_pictures_are_warned_of(run, tmp_path):
    data = write_photos(tmp_path / "data", 6)
    trained(run, tiny_config(data, steps=2))
    write_photos(data, 8)
    (warning,) = of_type(trained(run, tiny_config(data, steps=4)), "warning")
    assert warning.code == "not_bit_for_bit"
    assert "The pictures changed." in warning.message


def test_a_damaged_training_picture_is_told_once_and_left_out(run, tmp_path):
    write_photos(tmp_path / "train", 2)
    write_photos(tmp_path / "val", 1, seed=1)
    (tmp_path / "train" / "photo-0.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing more")
    told = trained(run, tiny_config(tmp_path, steps=6))
    (warning,) = of_type(told, "warning")
    assert warning.code == "picture_left_out"
    assert "photo-0.png" in warning.message
    assert told[-1].type == "finished"


def test_a_damaged_held_out_picture_is_told_and_left_out(run, tmp_path):
    write_photos(tmp_path / "train", 2)
    write_photos(tmp_path / "val", 3, seed=1)
    (tmp_path / "val" / "photo-1.png").write_bytes(b"")
    told = trained(run, tiny_config(tmp_path, steps=1))
    assert (told[0].type, told[0].pairs) == ("started", {"train": 2, "val": 2})
    assert "photo-1.png" in told[1].message


def test_without_any_held_out_picture_nothing_is_begun(run, tmp_path):
    write_photos(tmp_path / "train", 2)
    write_photos(tmp_path / "val", 1, seed=1)
    (tmp_path / "val" / "photo-0.png").write_bytes(b"")
    with pytest.raises(PairingError, match=r"None of the held-out pictures .* can be read. photo-0.png"):
        trained(run, tiny_config(tmp_path))


def test_when_the_pictures_vanish_what_was_learned_is_saved(run, tmp_path):
    data = write_photos(tmp_path / "data")
    told = []

    def report(event):
        told.append(event)
        if event.type == "step" and event.step == 3:
            shutil.rmtree(data)

    run.mkdir()
    with pytest.raises(PairingError, match="can be read any more"):
        train(tiny_config(data, steps=50, cache_mb=0, checkpoint_every=100), run, report, Token())
    assert (told[-1].type, told[-1].step) == ("checkpoint", 3)


@pytest.mark.parametrize("failing", [1, 5])
def test_a_run_goes_back_to_its_last_good_state_at_half_the_rate(run, photos, monkeypatch, failing):
    """Before the first checkpoint as after it; and the other way round, as if nothing had been but the smaller rate."""
    config = tiny_config(photos, steps=6, checkpoint_every=2)
    real, failures = trainer.Training.step, []

    def explode_once(self, batch, started):
        if self.state.step == failing and not failures:
            failures.append(self.state.step)
            with torch.no_grad():
                for parameter in self.learner.generator.parameters():
                    parameter.fill_(float("inf"))
        return real(self, batch, started)

    monkeypatch.setattr(trainer.Training, "step", explode_once)
    told = trained(run, config)
    (warning,) = (event for event in of_type(told, "warning") if event.code == "not_finite")
    good = failing // 2 * 2
    assert warning.step == good
    assert f"at step {failing + 1}; the run goes on from step {good}" in warning.message
    steps = [event.step for event in of_type(told, "step")]
    assert steps == [*range(1, failing + 1), *range(good + 1, 7)]
    after = told[told.index(warning) :]
    assert of_type(after, "step")[0].lr == pytest.approx(learning_rate(config, 6, good) / 2)
    assert told[-1].type == "finished"
    _, generator = load_generator(run / MODELS / "latest.safetensors")
    assert all(bool(torch.isfinite(value).all()) for value in generator.state_dict().values())


@pytest.mark.parametrize("failing", [1, 5])
def test_a_run_that_went_back_and_is_stopped_at_once_goes_on_at_half_the_rate(run, photos, monkeypatch, failing):
    config = tiny_config(photos, steps=8, checkpoint_every=4)
    real, failures, token = learner.Learner.update, [], Token()

    def explode_once(self, batch, rate, warn):
        losses = real(self, batch, rate, warn)
        failures.append(rate)
        return replace(losses, g_l1=float("nan")) if len(failures) == failing + 1 else losses

    def stop_when_warned(event):
        if event.type == "warning" and event.code == "not_finite":
            token.cancel()

    monkeypatch.setattr(learner.Learner, "update", explode_once)
    run.mkdir()
    stopped = train(config, run, stop_when_warned, token)
    good = failing // 4 * 4
    assert (stopped.type, stopped.step) == ("stopped", good)
    told = trained(run, config)
    assert of_type(told, "step")[0].step == good + 1
    assert of_type(told, "step")[0].lr == pytest.approx(learning_rate(config, 8, good) / 2)


def test_a_step_that_needs_too_much_memory_is_computed_in_parts(run, photos, monkeypatch):
    config = tiny_config(photos, steps=4, batch_size=4, checkpoint_every=2)
    real, asked = learner.Objective.step, []

    def too_much(self, pairs, parts):
        asked.append(parts)
        if parts < 4:
            raise torch.OutOfMemoryError("no more")
        return real(self, pairs, parts)

    monkeypatch.setattr(learner.Objective, "step", too_much)
    told = trained(run, config)
    assert [event.message.split()[-5:-3] for event in of_type(told, "warning")] == [["2", "parts"], ["4", "parts"]]
    assert asked == [1, 2, 4, 4, 4, 4]
    asked.clear()
    trained(run, replace(config, steps=5))
    assert asked == [4]  # a continued run knows


def test_one_picture_that_is_too_large_is_the_end(run, photos, monkeypatch):
    def too_much(*_):
        raise torch.OutOfMemoryError("no more")

    monkeypatch.setattr(learner.Objective, "step", too_much)
    with pytest.raises(torch.OutOfMemoryError):
        trained(run, tiny_config(photos, batch_size=1))


def test_a_run_ends_when_it_gets_no_better(run, photos, monkeypatch):
    values = iter([20.0, 25.0, 22.0, 21.0, 30.0])
    monkeypatch.setattr(examiner, "averages", lambda rows: ({"psnr": next(values)}, {"psnr": 19.0}))
    told = trained(run, tiny_config(photos, steps=50, validate_every=3, early_stop=2, spec={"norm": "instance"}))
    assert (told[-1].type, told[-1].step) == ("finished", 12)
    assert "2 measurements brought nothing better" in told[-1].message
    assert of_type(told, "checkpoint")[-1].step == 12
    assert trained(run, tiny_config(photos, steps=50, validate_every=3, early_stop=2, spec={"norm": "instance"}))[-1].step == 12


def test_losses_that_are_no_numbers_end_the_run_before_they_are_saved(run, photos, monkeypatch):
    config = tiny_config(photos, steps=6, checkpoint_every=2)
    real = trainer.Training.step

    def explode(self, batch, started):
        if self.state.step == 4:
            with torch.no_grad():
                self.learner.generator.head.conv.weight.fill_(float("inf"))
        return real(self, batch, started)

    monkeypatch.setattr(trainer.Training, "step", explode)
    told = []
    run.mkdir()
    with pytest.raises(ConfigError, match="losses of this run are no longer numbers"):
        train(config, run, told.append, Token())
    assert [event.step for event in of_type(told, "checkpoint")] == [2, 4, 4, 4]  # at half and at a quarter of the rate, too
    monkeypatch.undo()
    assert trained(run, config)[-1].type == "finished"


def test_weights_that_are_no_numbers_are_not_saved(run, photos, monkeypatch):
    real = trainer.Training.validate

    def explode(self):
        with torch.no_grad():
            next(self.learner.generator.parameters()).fill_(float("nan"))
        return real(self)

    trained(run, tiny_config(photos, steps=2))
    before = (run / MODELS / "latest.safetensors").read_bytes()
    monkeypatch.setattr(trainer.Training, "validate", explode)
    with pytest.raises(P2PError, match="weights of this run are no longer numbers"):
        trained(run, tiny_config(photos, steps=3))
    assert (run / MODELS / "latest.safetensors").read_bytes() == before


@pytest.mark.parametrize("device", ["cuda:7", "dance", "", "meta", "cpu:0:1"])
def test_a_device_that_does_not_exist_is_named(run, photos, device):
    with pytest.raises(ConfigError, match=repr(device)):
        trained(run, tiny_config(photos, device=device))


def test_a_checkpoint_of_other_code_is_no_crash(run, photos):
    trained(run, tiny_config(photos, steps=2))
    data = torch.load(run / CHECKPOINTS / "last.pt", weights_only=True)
    del data["figures"]
    torch.save(data, run / CHECKPOINTS / "last.pt")
    with pytest.raises(CheckpointError, match="does not fit"):
        trained(run, tiny_config(photos, steps=3))
