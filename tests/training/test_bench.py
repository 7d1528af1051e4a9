"""What the bench of the trainer says must be what it measured."""

import importlib

import pytest
import torch

from tests.bench.train import l1_by_statistics
from tests.training.runs import write_strips
from training.contract.networks import build_generator, initialise
from training.contract.spec import unet


def test_each_statistics_has_a_figure_of_its_own(tmp_path):
    write_strips(tmp_path / "val", 2)
    generator = build_generator(unet(3, 3, levels=3, width=4))
    initialise(generator, "normal", torch.Generator().manual_seed(0))
    found = l1_by_statistics(generator, tmp_path)
    assert list(found) == ["image statistics", "running statistics"]
    assert abs(found["image statistics"] - found["running statistics"]) > 1e-4


@pytest.mark.parametrize("name", ["convert", "deblur_baselines", "train", "window"])
def test_every_bench_finds_what_it_measures(name):
    assert callable(importlib.import_module(f"tests.bench.{name}").main)
