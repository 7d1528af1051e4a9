import json
from dataclasses import fields, replace

import pytest

from training.contract.config import CHANGEABLE_ON_RESUME, TrainConfig, recommended
from training.contract.errors import ConfigError
from training.contract.spec import GENERATOR_NAMES, unet
from training.contract.tasks import TASKS


def config(**changes):
    return TrainConfig(task="deblur", data="photos", generator=unet(3, 3, levels=3, width=4), **({"crop_size": 32} | changes))


def file_with(**changes):
    return json.dumps(json.loads(config().to_json()) | changes)


def test_a_config_survives_its_file():
    request = config(steps=7, lambda_gan=0.0, init_model="start.safetensors", name="Grüße \udcff")
    assert request.to_json().isascii()
    assert TrainConfig.from_json(request.to_json()) == request


def test_defaults_are_the_papers():
    request = config()
    assert (request.lambda_l1, request.lambda_gan, request.learning_rate) == (100, 1, 2e-4)
    assert (request.beta1, request.beta2, request.batch_size, request.gan_mode) == (0.5, 0.999, 1, "vanilla")
    assert replace(request, crop_size=256).fitted_size == 286
    assert (request.patch_size, request.conditional, request.init, request.mirror) == (70, True, "normal", True)
    assert (request.constant, request.weight_decay, request.ema) == (1, 0, 0)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("preset", ["quick", "balanced", "thorough", "unet-256"])
def test_every_preset_lets_its_rate_fall_in_the_end(task, preset, tmp_path):
    request = recommended(task, tmp_path, preset)
    assert request.constant == 0.5 if request.has_discriminator else request.constant < 0.5


def test_whole_numbers_stand_for_fractions_in_a_file():
    assert TrainConfig.from_json(file_with(lambda_l1=10)).lambda_l1 == 10.0


def test_every_setting_says_what_it_does():
    assert all(item.metadata["effect"].endswith(".") for item in fields(TrainConfig))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("3", "must be a JSON object"),
        (file_with(version=2), "newer version"),
        (file_with(version="1"), "version cannot be '1'"),
        (file_with(lambda_gann=1), "does not know: lambda_gann"),
        (file_with(batch_size="4"), "batch_size must be of the type int, not '4'"),
        (file_with(batch_size=True), "batch_size must be of the type int"),
        (file_with(batch_size=1.5), "batch_size must be of the type int"),
        (file_with(learning_rate=10**400), "learning_rate must be of the type float"),
        (file_with(batch_size=0), "batch_size must be 1 to 1024 pictures, not 0"),
        (file_with(learning_rate=float("nan")), "learning_rate must be"),
        (file_with(init=[]), "init must be one of normal, kaiming"),
        (file_with(init_model=3), "init_model must be of the type str or null"),
        (file_with(task="dance"), "no task named 'dance'"),
        (file_with(generator=None), "generator must be a JSON object, or left out"),
        (
            file_with(batch_size=0, crop_size=2, seed="x"),
            "batch_size must be 1 to 1024 pictures, not 0. crop_size must be 8 to 4096",
        ),
        (file_with(dance=1, song=2), "does not know: dance, song."),
        (file_with(ngf=0), "ngf must be 1 or more filters"),
        (file_with(batch_size=6, accumulate=4), "batch_size must be a multiple of accumulate (4), not 6"),
        (file_with(encoding_out="grey8"), "makes its pairs"),
        (file_with(generator={"kind": "unet"}), "lacks encoder, in_channels, out_channels"),
        (file_with(crop_size=20), "crop_size must be a multiple of 8"),
        (file_with(crop_size=16), "at least 24 pixels for a patch_size of 70"),
        (file_with(lambda_gan=0, lambda_l1=0), "nothing to learn"),
        (file_with(data=""), "needs a folder"),
        (file_with(patch_size=71), "must be one of 1, 16, 34, 70"),
        (file_with(task="colorize"), "1 to 2 channels"),
    ],
)
def test_what_cannot_be_is_refused_by_name(text, said):
    with pytest.raises(ConfigError) as caught:
        TrainConfig.from_json(text)
    assert said in str(caught.value)


EVERYTHING_WRONG = {
    "foo": 1,
    "bar": 2,
    "batch_size": 0,
    "steps": -3,
    "init": "luck",
    "norm": "good",
    "ngf": 0,
    "patch_size": 71,
    "encoding_in": "smell",
}
COMPLAINTS = ("foo", "bar", "batch_size", "steps", "init", "norm", "ngf", "patch_size", "smell")


def said_of(make):
    with pytest.raises(ConfigError) as caught:
        make()
    return str(caught.value)


def test_everything_that_is_wrong_on_a_command_line_is_told_at_once():
    said = said_of(lambda: config().changed({key: str(value) for key, value in EVERYTHING_WRONG.items()}))
    sentences = said.split(" There are: ")[0] + said.split("generator.global_vector.")[1]  # without the names that there are
    assert all(word in sentences for word in COMPLAINTS)
    assert said.startswith("There is no setting 'foo' or 'bar'. There are: task, ")
    assert said.count("batch_size must be") == 1


@pytest.mark.parametrize("with_network", [True, False])
def test_everything_that_is_wrong_in_a_file_is_told_at_once(with_network):
    data = json.loads(config().to_json()) | EVERYTHING_WRONG
    if not with_network:
        del data["generator"]
    said = said_of(lambda: TrainConfig.from_json(json.dumps(data | {"preset": "slow"})))
    assert all(word in said for word in COMPLAINTS)
    assert said.count("smell") == 1
    assert ("no preset 'slow'" in said) != with_network


def test_everything_that_is_wrong_with_a_network_is_told_at_once():
    said = said_of(lambda: config().changed({"generator.norm": "good", "generator.up": "hop", "ngf": "0"}))
    assert all(word in said for word in ("norm", "up must be", "ngf"))
    said = said_of(lambda: TrainConfig.from_json(file_with(generator={"kind": 3, "dance": 1}, seed=-1)))
    assert all(word in said for word in ("kind is 3", "dance", "lacks encoder", "seed must be"))


def test_a_new_task_brings_a_network_of_its_channels():
    changed = config().changed({"task": "colorize", "gan_mode": "none"})
    assert (changed.generator.in_channels, changed.generator.out_channels) == (1, 2)


@pytest.mark.parametrize("field", [1, 16, 34, 70, 142])
def test_the_smallest_size_that_a_config_allows_can_be_judged(field):
    torch = pytest.importorskip("torch")
    from training.contract.networks import build_discriminator

    side = config(crop_size=512, patch_size=field).discriminator.smallest_side
    judge = build_discriminator(config(crop_size=512, patch_size=field, ndf=2).discriminator)
    assert judge(torch.zeros(1, 3, side, side), torch.zeros(1, 3, side, side)).numel() >= 1
    if side > 1:
        with pytest.raises(RuntimeError):
            judge(torch.zeros(1, 3, side - 1, side - 1), torch.zeros(1, 3, side - 1, side - 1))


def test_without_a_discriminator_its_field_does_not_matter():
    assert config(crop_size=8, lambda_gan=0.0).crop_size == 8


def test_settings_are_changed_by_text():
    changes = {
        "batch_size": "4",
        "lambda_l1": "10",
        "mirror": "false",
        "name": "123",
        "init": "kaiming",
        "init_model": "1.safetensors",
    }
    changed = config().changed(changes)
    assert changed == config(batch_size=4, lambda_l1=10.0, mirror=False, name="123", init="kaiming", init_model="1.safetensors")
    assert changed.changed({"init_model": "null"}).init_model is None


def test_a_request_may_leave_its_network_to_its_preset(tmp_path):
    text = json.dumps({"task": "facades", "data": str(tmp_path), "preset": "unet-128", "ngf": 16, "norm": "instance", "steps": 9})
    request = TrainConfig.from_json(text)
    assert request.generator.encoder == (16, 32, 64, 128, 128, 128, 128)
    assert (request.generator.norm, request.discriminator.norm, request.steps, request.crop_size) == (
        "instance",
        "instance",
        9,
        128,
    )
    assert TrainConfig.from_json(request.to_json()) == request


def test_short_words_change_the_network_as_a_whole():
    changed = config().changed({"ngf": "2", "skips": "false", "norm": "none"})
    assert (changed.generator.encoder, changed.generator.decoder) == ((2, 4, 8), (4, 2))
    assert (changed.generator.skips, changed.generator.norm) == (False, "none")


def test_another_encoding_brings_a_network_that_fits_it(tmp_path):
    changed = recommended("fill-depth", tmp_path).changed({"encoding_in": "rgb_depth16"})
    assert (changed.generator.in_channels, changed.generator.out_channels) == (4, 1)
    assert changed.is_masked


@pytest.mark.parametrize(
    ("direction", "labels", "side", "is_reversed"),
    [
        ("task", "task", "input", True),
        ("AtoB", "task", "output", False),
        ("AtoB", "A", "input", False),
        ("BtoA", "none", "none", True),
    ],
)
def test_labels_are_on_one_side_and_the_direction_says_which_that_is(tmp_path, direction, labels, side, is_reversed):
    request = replace(recommended("facades", tmp_path), direction=direction, labels=labels)
    assert (request.labelled_side, request.frame.labels, request.is_reversed) == (side, side, is_reversed)


def test_settings_that_fit_only_together_are_changed_together():
    changes = {"generator.encoder": "[4, 8]", "generator.decoder": "[4]", "generator.norm": "none", "crop_size": "12"}
    changed = config(lambda_gan=0.0).changed(changes)
    assert (changed.generator.encoder, changed.generator.decoder, changed.crop_size) == ((4, 8), (4,), 12)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("dance", "1"),
        ("generator", "{}"),
        ("generator.dance", "1"),
        ("batch_size", "many"),
        ("batch_size", "-1"),
        ("batch_size", ""),
        ("mirror", "1"),
    ],
)
def test_changes_that_make_no_sense_are_refused_by_name(key, text):
    with pytest.raises(ConfigError, match=key):
        config().changed({key: text})


def test_differences_are_named():
    assert config().differences(config(steps=3, seed=1)) == ["steps", "seed"]
    assert config().differences(replace(config(), generator=unet(3, 3, 3, 8))) == ["generator"]


def test_what_may_change_in_a_continued_run_exists():
    assert {item.name for item in fields(TrainConfig)} >= CHANGEABLE_ON_RESUME


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("preset", ["quick", "balanced", "thorough", *GENERATOR_NAMES])
def test_every_preset_is_a_config(task, preset, tmp_path):
    request = recommended(task, tmp_path, preset)
    assert request.task == task
    assert TrainConfig.from_json(request.to_json()) == request


def test_an_unknown_preset_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(ConfigError, match="quick, balanced, thorough, unet-256"):
        recommended("deblur", tmp_path, "slow")
