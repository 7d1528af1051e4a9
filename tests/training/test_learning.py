"""Whole runs in this process: what is learned, with what settings, and the models that come of it."""

import cv2
import numpy as np
import pytest
import torch

from tests.models_for_tests import small_card, write_small_model
from tests.training.in_process import latest, of_type, trained
from tests.training.runs import tiny_config, write_photos, write_rooms, write_strips
from training import examiner, learner
from training.contract.errors import ModelError
from training.contract.model_file import read_card
from training.contract.networks import load_generator
from training.contract.protocol import MODELS
from training.contract.spec import unet
from training.contract.tasks import TASKS
from training.contract.version import __version__
from training.evaluate import torch_translate
from training.learner import learning_rate


def same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


def test_the_rate_is_constant_then_falls_to_nothing_in_a_straight_line(photos):
    config = tiny_config(photos, steps=10, constant=0.5)
    rates = [learning_rate(config, 10, step) / config.learning_rate for step in range(11)]
    assert rates == pytest.approx([1, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2, 0])
    assert {learning_rate(tiny_config(photos, constant=1.0), 10, step) for step in range(10)} == {config.learning_rate}


def test_steps_tell_their_rate_and_epoch(run, photos):
    told = of_type(trained(run, tiny_config(photos, steps=6, batch_size=2)), "step")
    assert [event.lr for event in told] == pytest.approx([2e-4, 2e-4, 2e-4, 2e-4, 2e-4 * 2 / 3, 2e-4 / 3])
    assert [event.epoch for event in told] == [0, 0, 0, 1, 1, 2]  # five pictures to train on, one held out


@pytest.mark.parametrize(("lambda_gan", "lambda_l1"), [(1.0, 100.0), (0.0, 100.0), (1.0, 0.0)])
def test_either_loss_can_be_switched_off(run, photos, lambda_gan, lambda_l1):
    told = trained(run, tiny_config(photos, steps=1, lambda_gan=lambda_gan, lambda_l1=lambda_l1))
    assert ("d" in told[0].parameters) == (lambda_gan > 0)
    (losses,) = (event.losses for event in of_type(told, "step"))
    assert (losses["g_gan"] > 0, losses["d_real"] > 0, losses["g_l1"] > 0) == (lambda_gan > 0, lambda_gan > 0, lambda_l1 > 0)


def test_a_seed_is_a_run(tmp_path, photos):
    runs = [(tmp_path / name, tiny_config(photos, steps=3, seed=seed)) for name, seed in (("a", 0), ("b", 0), ("c", 1))]
    for run, config in runs:
        trained(run, config)
    first, second, other = (latest(run) for run, _ in runs)
    assert same(first, second)
    assert not same(first, other)


def test_the_average_is_measured_and_saved(tmp_path, photos, monkeypatch):
    """Each average moves by 1 - decay towards the weights of its step; early on the decay is (n + 1) / (n + 10)."""
    seen = []
    real = learner._average

    def spy(averaged, generator, decay, step):
        before = [value.clone() for value in averaged.parameters()]
        real(averaged, generator, decay, step)
        weight = min(decay, (step + 1) / (step + 10))
        seen.append(
            all(
                torch.allclose(after, weight * old + (1 - weight) * new, atol=1e-7)
                for after, old, new in zip(averaged.parameters(), before, generator.parameters(), strict=True)
            )
        )

    monkeypatch.setattr(learner, "_average", spy)
    trained(tmp_path / "averaged", tiny_config(photos, steps=4, ema=0.5))
    assert seen == [True] * 4
    trained(tmp_path / "plain", tiny_config(photos, steps=4, ema=0.0))
    assert not same(latest(tmp_path / "averaged"), latest(tmp_path / "plain"))


def test_kaiming_starts_a_residual_network_as_doing_nothing(run, photos):
    spec = {"output": "residual", "norm": "none", "bias": "all"}
    config = tiny_config(photos, steps=1, init="kaiming", learning_rate=1e-8, spec=spec)
    told = trained(run, config)
    (measured,) = of_type(told, "validation")
    assert measured.metrics == pytest.approx(measured.identity, rel=1e-3)


def test_normal_weights_start_as_the_paper_has_them(run, photos):
    trained(run, tiny_config(photos, steps=1, learning_rate=1e-8, spec={"encoder": (32, 32, 32), "decoder": (32, 32)}))
    weights = torch.cat(
        [value.flatten() for name, value in latest(run).items() if name.endswith("conv.weight") or "down.1" in name]
    )
    assert float(weights.std()) == pytest.approx(0.02, rel=0.02)


def test_a_model_can_be_the_start(tmp_path, photos):
    spec = unet(3, 3, levels=3, width=4, norm="none", bias="all", dropout="none")
    model = write_small_model(tmp_path / "start.safetensors", small_card(spec=spec), gain=1.0)
    changes = {"steps": 1, "learning_rate": 1e-8, "ema": 0.0, "spec": {"norm": "none", "bias": "all", "dropout": "none"}}
    run = tmp_path / "run"
    trained(run, tiny_config(photos, init_model=str(model), **changes))
    before = load_generator(model)[1].state_dict()
    assert all(torch.allclose(before[name], value, atol=1e-6) for name, value in latest(run).items())
    model.unlink()  # needed at the start only
    assert trained(run, tiny_config(photos, init_model=str(model), **(changes | {"steps": 2})))[-1].type == "finished"


def test_another_network_cannot_be_the_start(tmp_path, photos):
    model = write_small_model(tmp_path / "start.safetensors")
    with pytest.raises(ModelError, match="different network"):
        trained(tmp_path / "run", tiny_config(photos, init_model=str(model)))


@pytest.mark.parametrize("task", ["deblur", "colorize"])
def test_each_task_gives_a_model_with_a_complete_card(run, photos, task):
    config = tiny_config(photos, task=task, steps=4, validate_every=2, half_weights=True)
    told = trained(run, config)
    card, generator = load_generator(run / MODELS / "best.safetensors")
    best = [event for event in of_type(told, "validation") if event.best][-1]
    assert (card.name, card.task, card.generator) == ("tiny", task, config.generator)
    assert (card.encoding_in, card.encoding_out) == {"deblur": ("rgb8", "rgb8"), "colorize": ("lab_l", "lab_ab")}[task]
    assert (card.size_rule.mode, card.size_rule.size) == ({"deblur": "native", "colorize": "fit"}[task], 16)
    assert card.keeps_grey == (task == "deblur")
    assert (card.statistics, card.metrics, card.identity) == (best.statistics, best.metrics, best.identity)
    assert card.provenance == {
        "program": f"P2P Desktop {__version__}",
        "data": "photos",
        "pairs": 5,
        "licence": "CC0-1.0",
        "steps": best.step,
        "measured_at_step": best.step,
        "batch_size": 2,
        "crop_size": 16,
        "learning_rate": 2e-4,
        "gan_mode": "vanilla",
        "lambda_gan": 1.0,
        "lambda_l1": 100.0,
        "seed": 0,
        "layout": "photos",
    }
    preview = cv2.imdecode(np.frombuffer(card.preview, np.uint8), cv2.IMREAD_COLOR)
    assert preview.shape == (32, 80, 3)  # before and after
    planes = torch.zeros(1, config.generator.in_channels, 16, 16)
    assert generator(planes).shape == (1, config.generator.out_channels, 16, 16)


@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_learned_and_its_model_translates(run, tmp_path, task):
    """From pictures as people have them to a model that the engine loads, of the size and depth that its task promises."""
    data = tmp_path / "data"
    wanted = TASKS[task].wanted
    if task == "mono-depth" or wanted == "depth":
        write_rooms(data)
    elif wanted == "pairs":
        write_strips(data)
    else:
        write_photos(data)
    told = trained(run, tiny_config(data, task=task, steps=4, validate_every=2, spec={"norm": "instance"}))
    (validation, *_) = of_type(told, "validation")
    assert set(validation.metrics) == set(validation.identity) >= set(TASKS[task].metrics) - {"ssim", "colourfulness"}
    assert all(np.isfinite([*validation.metrics.values(), *validation.identity.values()]))
    card, _ = load_generator(run / MODELS / "best.safetensors")
    frame = card.frame
    height, width = 37, 52
    source = np.random.default_rng(0).integers(500, 3000, (height, width, 1), np.uint16)
    if wanted != "depth":
        source = np.random.default_rng(0).integers(0, 256, (height, width, 1 if task == "edges" else 3), np.uint8)
    translate = torch_translate(load_generator(run / MODELS / "best.safetensors")[1], frame, torch.device("cpu"))
    result = translate(source)
    assert result.shape == (height, width, 1 if frame.encoding_out == "depth16" else 3)
    assert result.dtype == (np.uint16 if frame.encoding_out == "depth16" else np.uint8)


def test_labels_that_come_out_have_the_colours_that_went_in(run, tmp_path):
    data = write_strips(tmp_path / "data")
    told = trained(run, tiny_config(data, task="facades", direction="AtoB", steps=4, validate_every=2, sample_every=2))
    card, generator = load_generator(run / MODELS / "best.safetensors")
    assert set(card.palette) == {(255, 0, 0), (0, 0, 170)}
    source = np.random.default_rng(0).integers(0, 256, (37, 52, 3), np.uint8)
    result = torch_translate(generator, card.frame, torch.device("cpu"))(source)
    assert {tuple(colour) for colour in result.reshape(-1, 3).tolist()} <= set(card.palette)
    (sample, *_) = of_type(told, "sample")
    drawn = cv2.imread(str(run / sample.files[0]))[..., ::-1]
    assert {tuple(colour) for colour in drawn[:, 32:].reshape(-1, 3).tolist()} <= set(card.palette)  # result and target


def test_a_filled_depth_map_keeps_what_was_measured(run, tmp_path):
    trained(run, tiny_config(write_rooms(tmp_path / "data"), task="fill-depth", steps=2, spec={"norm": "none", "bias": "all"}))
    card, generator = load_generator(run / MODELS / "best.safetensors")
    source = np.zeros((32, 40, 1), np.uint16)
    source[4, 5], source[20, 30], source[8, 8] = 1500, 20000, 65535  # near, beyond the range, and a sensor's failure
    result = torch_translate(generator, card.frame, torch.device("cpu"))(source)
    assert (result[4, 5], result[20, 30]) == (1500, 20000)
    assert result[8, 8] < 20000
    assert (result > 0).mean() > 0.5


def test_statistics_are_those_that_measured_better(run, photos, monkeypatch):
    asked = []

    def measured(translate, *_):
        return [*asked]

    def averages(_rows):
        return {"psnr": {"image": 20.0, "running": 21.0}[asked[-1]], "ssim": 1.0, "l1": 0.0}, {}

    real = examiner.Examiner.translation

    def translation(self, statistics, check):
        asked.append(statistics)
        return real(self, statistics, check)

    monkeypatch.setattr(examiner, "measure", measured)
    monkeypatch.setattr(examiner, "averages", averages)
    monkeypatch.setattr(examiner.Examiner, "translation", translation)
    told = trained(run, tiny_config(photos, steps=1))
    assert asked[:2] == ["image", "running"]
    assert [event.statistics for event in of_type(told, "validation")] == ["running"]
    assert read_card(run / MODELS / "latest.safetensors").statistics == "running"


def test_the_best_model_stays_when_later_ones_are_worse(run, photos, monkeypatch):
    values = iter([20.0, 25.0, 22.0])
    monkeypatch.setattr(examiner, "averages", lambda rows: ({"psnr": next(values)}, {"psnr": 19.0}))
    told = trained(run, tiny_config(photos, steps=3, validate_every=1, spec={"norm": "instance"}))
    assert [event.best for event in of_type(told, "validation")] == [True, True, False]
    assert read_card(run / MODELS / "best.safetensors").provenance["steps"] == 2


def test_samples_show_input_result_and_target(run, photos):
    told = trained(run, tiny_config(photos, steps=2, sample_every=1))
    drawn = of_type(told, "sample")
    assert [event.step for event in drawn] == [1, 2]
    strips = [cv2.imread(str(run / event.files[0]), cv2.IMREAD_COLOR) for event in drawn]
    assert strips[0].shape == (32, 120, 3)
    assert np.array_equal(strips[0][:, :40], strips[1][:, :40])
    assert np.array_equal(strips[0][:, 80:], strips[1][:, 80:])


def test_photographs_without_green_are_told_with_how_many_and_winter_is_learned_from_the_others(run, tmp_path):
    for number in range(8):
        rgb = np.random.default_rng(number).integers(0, 60, (32, 40, 3), np.uint8) + np.uint8([40, 60, 160])
        rgb[:, :20, 1] += 90 * (number < 5)
        rgb[:, :20, 2] //= 1 + 7 * (number < 5)
        cv2.imwrite(str(tmp_path / f"{number}.png"), rgb[..., ::-1])
    told = trained(run, tiny_config(tmp_path, task="winter-to-summer", steps=1))
    assert [(event.code, event.message.split(":")[0]) for event in of_type(told, "warning")] == [
        ("pictures_without_green", "Pictures with less than 2% of green are left out, 3")
    ]
    assert of_type(told, "started")[0].pairs == {"train": 4, "val": 1}


def test_a_length_in_epochs_is_one_in_steps(run, photos):
    told = trained(run, tiny_config(photos, epochs=1.5, batch_size=2))  # of five pictures
    assert (of_type(told, "started")[0].steps, told[-1].step) == (4, 4)


def test_the_two_rates_may_differ(run, photos, monkeypatch):
    rates = []
    real = learner.Objective.step

    def watched(self, *rest):
        rates.append((self.g_optimizer.param_groups[0]["lr"], self.d_optimizer.param_groups[0]["lr"]))
        return real(self, *rest)

    monkeypatch.setattr(learner.Objective, "step", watched)
    trained(run, tiny_config(photos, steps=2, constant=1.0, learning_rate=2e-4, learning_rate_d=5e-5))
    assert rates == [(pytest.approx(2e-4), pytest.approx(5e-5))] * 2


def test_bf16_and_channels_last_learn_much_the_same(tmp_path, photos):
    plain, other = (
        of_type(trained(tmp_path / name, tiny_config(photos, steps=3, ema=0.0, spec={"dropout": "none"}, **changes)), "step")
        for name, changes in (("plain", {}), ("other", {"precision": "bf16", "channels_last": True, "fused": False}))
    )
    for first, second in zip(plain, other, strict=True):
        assert second.losses == pytest.approx(first.losses, rel=0.05)


def test_pairs_of_one_s_own_with_depth_are_measured_against_the_mean_depth(run, tmp_path):
    rooms = write_rooms(tmp_path / "rooms", count=8)
    config = tiny_config(rooms, task="pairs", steps=2, encoding_in="rgb8", encoding_out="depth16")
    told = trained(run, config)
    (validation,) = of_type(told, "validation")[-1:]
    assert 0 < validation.identity["rmse"] < 1.5  # metres: depths are from 0.8 to 4
    assert read_card(run / MODELS / "latest.safetensors").provenance["target_mean"] == pytest.approx(2200, abs=700)
