"""A new run with the settings of an old one, and what two runs differ in."""

from dataclasses import replace
from pathlib import Path

import pytest

from p2p_desktop.runs.comparison import Difference, different_cards, different_facts, different_settings
from p2p_desktop.runs.duplicate import draft_of, draft_of_fine_tuning, draft_of_run
from p2p_desktop.runs.run_folder import TrainerError, create_run
from p2p_desktop.runs.run_state import fold
from tests.models_for_tests import small_card, write_small_model
from tests.training.runs import tiny_config
from training.contract.config import recommended
from training.contract.protocol import Started, Validation
from training.contract.spec import unet


@pytest.fixture
def photos(tmp_path):
    (tmp_path / "photos").mkdir()
    return tmp_path / "photos"


def configs(photos):
    balanced = recommended("deblur", photos, "balanced")
    return {
        "a preset as it is": balanced,
        "a network's name": recommended("maps", photos, "resnet-6"),
        "single settings": balanced.changed({"batch_size": "3", "learning_rate": "1e-5", "mirror": "false", "gan_mode": "lsgan"}),
        "texts": balanced.changed({"licence": "CC BY 4.0, 1", "device": "cuda:1", "preset": "mine"}),
        "another network": balanced.changed(
            {"ngf": "8", "norm": "group", "generator.encoder": "[4,8]", "generator.decoder": "[4,4]"}
        ),
        "another encoding": recommended("fill-depth", photos, "quick").changed({"encoding_in": "rgb_depth16", "depth_range": "80"}),
        "everything at once": tiny_config(photos, steps=50, epochs=2.5),
        "a second folder": recommended("pairs", photos).changed({"data_b": str(photos), "direction": "BtoA"}),
        "a residual preset to other channels": recommended("mono-depth", photos).changed({"encoding_in": "grey8"}),
    }


@pytest.mark.parametrize("name", configs(Path("photos")))
def test_the_draft_of_a_run_asks_for_the_same_under_another_name(photos, name):
    config = replace(configs(photos)[name], name="Old lens")
    draft, notes = draft_of(config)
    assert notes == []
    assert draft.name == "Old lens 2"
    preset = config.preset if config.preset in config.task_spec.presets else "balanced"
    assert draft.config() == replace(config, name="Old lens 2", preset=preset)
    assert draft_of(draft.config())[0].name == "Old lens 3"


def test_only_what_is_not_the_presets_is_a_change(photos):
    draft, _ = draft_of(recommended("maps", photos, "thorough").changed({"batch_size": "2"}))
    assert (draft.task, draft.data, draft.preset, draft.changes) == ("maps", photos, "thorough", {"batch_size": "2"})


def test_a_run_that_began_with_a_model_begins_with_it_again_while_it_is_there(photos, tmp_path):
    spec = unet(3, 3, levels=2, width=4, norm="none", bias="all", output="residual")
    model = write_small_model(tmp_path / "start.safetensors", small_card(spec=spec))
    config = recommended("pairs", photos).changed({"init_model": str(model), "crop_size": "64"}, spec)
    draft, notes = draft_of(config)
    assert (draft.start_from, notes) == (model, [])
    assert draft.config() == config
    model.unlink()
    draft, notes = draft_of(config)
    assert "is not there any more" in notes[0]
    assert draft.config() == replace(config, init_model=None)


def test_pictures_that_are_gone_are_to_be_chosen_again(photos):
    config = tiny_config(photos / "gone")
    draft, notes = draft_of(config)
    assert draft.data is None
    assert str(photos / "gone") in notes[0]
    draft.data = photos
    assert draft.config() == replace(config, data=str(photos), name="tiny 2")


def test_a_run_is_read_from_its_folder(photos, tmp_path):
    create_run(tiny_config(photos), tmp_path / "run")
    assert draft_of_run(tmp_path / "run")[0].task == "deblur"
    with pytest.raises(TrainerError, match="holds no training run"):
        draft_of_run(photos)


def test_two_requests_differ_in_the_order_of_the_settings_and_the_network_key_by_key(photos):
    first = tiny_config(photos, steps=5)
    second = tiny_config(photos, steps=9, batch_size=4, spec={"skips": False, "norm": "group"})
    rows = different_settings(first, second)
    assert [row.key for row in rows] == ["generator.norm", "generator.skips", "steps", "batch_size"]
    assert rows[0] == Difference("generator.norm", "batch", "group", "", "The network that translates.")
    assert rows[2] == Difference("steps", 5, 9, "steps", "Length of the run, in updates of the generator.")
    assert different_settings(first, first) == []


def test_two_runs_differ_in_what_they_told(photos):
    begin = Started("deblur", "cpu", 9, 0, {"train": 3, "val": 1}, {"g": 10})
    better = Validation(5, "image", {"psnr": 27.0}, {"psnr": 25.0}, True)
    first, second = fold([(begin, 1.0), (better, 2.0)]), fold([(replace(begin, parameters={"g": 20}), 1.0)])
    rows = {row.key: (row.first, row.second) for row in different_facts(first, second)}
    assert rows == {"parameters.g": (10, 20), "best.psnr": (27.0, None), "best.step": (5, None)}


def test_two_models_differ_in_network_and_numbers():
    first = small_card(metrics={"psnr": 27.0})
    second = replace(first, metrics={"psnr": 28.0}, generator=replace(first.generator, up="resize"))
    assert [row.key for row in different_cards(first, second)] == ["generator.up", "metrics.psnr"]


@pytest.mark.parametrize(
    ("task", "changes"),
    [
        ("fill-depth", {"depth_unit": "0.01", "depth_range": "100.0", "sparse": "points"}),
        ("pairs", {"labels": "B", "direction": "BtoA"}),
        ("pairs", {"encoding_in": "grey8", "encoding_out": "grey8"}),
        ("mono-depth", {"encoding_in": "grey8", "leave_out": '["one.png"]'}),
    ],
)
def test_fine_tuning_reads_the_pictures_as_the_run_did(photos, tmp_path, task, changes):
    config = recommended(task, photos, "quick").changed(changes)
    entering, leaving = config.encodings
    model = write_small_model(tmp_path / "best.safetensors", small_card(encodings=(entering.name, leaving.name)))
    draft, _ = draft_of_fine_tuning(create_run(config, tmp_path / "run").parent, model)
    assert draft.changes == changes
    assert draft.config().encodings == config.encodings


def test_fine_tuning_begins_with_the_task_and_the_pictures_of_the_run_and_nothing_else(photos, tmp_path):
    changes = {"data_b": str(photos), "direction": "BtoA", "learning_rate": "1e-5", "name": "Old lens", "batch_size": "3"}
    config = recommended("pairs", photos, "quick").changed(changes)
    gone = replace(config, init_model=str(tmp_path / "gone.safetensors"))
    model = write_small_model(tmp_path / "best.safetensors")
    draft, notes = draft_of_fine_tuning(create_run(gone, tmp_path / "run").parent, model)
    assert notes == []
    assert (draft.task, draft.data, draft.data_b, draft.start_from) == ("pairs", photos, photos, model)
    assert (draft.preset, draft.changes, draft.name) == ("balanced", {"direction": "BtoA"}, "Old lens 2")
