"""The draft of a run leads to its very config."""

from dataclasses import replace
from pathlib import Path

import pytest

from p2p_desktop.runs.repeat_run import draft_of
from tests.models_for_tests import write_small_model
from tests.training.runs import tiny_config
from training.contract.config import recommended
from training.contract.model_file import read_card

DATA = Path("/data").absolute()


@pytest.mark.parametrize(
    "config",
    [
        recommended("deblur", DATA, "quick"),
        recommended("facades", DATA).changed({"direction": "AtoB", "data_b": str(DATA / "b"), "ngf": "8", "lambda_l1": "3.5"}),
        recommended("fill-depth", DATA, "thorough").changed({"encoding_in": "rgb_depth16", "csv": "true"}),
        tiny_config(DATA, task="edges", name="Mine"),
    ],
    ids=["preset", "changed", "encodings", "tiny"],
)
def test_the_draft_of_a_config_gives_it_back(config):
    assert draft_of(config).config() == config


def test_a_network_by_name_becomes_a_change_of_the_balanced_preset():
    config = recommended("pairs", DATA, "resnet-6")
    assert draft_of(config).config() == replace(config, preset="balanced")


def test_a_model_that_was_trained_on_is_the_start_again(tmp_path):
    model = write_small_model(tmp_path / "model.safetensors")
    config = recommended("deblur", DATA).changed({"init_model": str(model)}, read_card(model).generator)
    draft = draft_of(config)
    assert draft.start_from == model
    assert draft.config() == config
