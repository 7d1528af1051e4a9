"""What can only be seen on an NVIDIA card: `pytest -m cuda`. Fails, and does not skip, where there is none."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from p2p_desktop.inference.device import choose_compute
from p2p_desktop.inference.translator import Translator
from p2p_desktop.live.frame_translator import FrameTranslator
from tests.inference.test_translator import SPECS, model, noise

pytestmark = pytest.mark.cuda


def test_a_card_is_found_and_preferred():
    assert choose_compute().runtime == "torch"
    assert choose_compute().device == "cuda:0"


@pytest.mark.parametrize("kind", SPECS)
def test_the_card_agrees_with_the_cpu_within_one_grey_level(tmp_path, kind):
    path = model(tmp_path, kind)
    rgb = noise(75, 90)
    results = []
    for device in ("cuda", "cpu"):
        with Translator.load(path, device=device, runtime="torch", cache=tmp_path) as translator:
            results.append(translator(rgb).astype(int))
    assert np.abs(results[0] - results[1]).max() <= 1


@pytest.mark.parametrize("kind", ["running", "image"])
def test_a_batch_changes_no_value_by_more_than_one_grey_level(tmp_path, kind):
    path = model(tmp_path, kind)
    pictures = [noise(64, 80, seed=seed) for seed in range(8)]
    results = []
    for batch in (1, 8):
        with Translator.load(path, device="cuda", batch=batch, cache=tmp_path) as translator, ThreadPoolExecutor(8) as threads:
            results.append(list(threads.map(translator, pictures)))
    assert max(np.abs(a.astype(int) - b).max() for a, b in zip(*results, strict=True)) <= 1


@pytest.mark.parametrize("kind", ["group", "image", "residual"])
def test_the_card_follows_frames_as_the_cpu_does(tmp_path, kind):
    path = model(tmp_path, kind)
    frames = [noise(75, 90, seed=seed) for seed in range(4)]
    results = []
    for device in ("cuda", "cpu"):
        with Translator.load(path, device=device, runtime="torch", cache=tmp_path, follows=True) as translator:
            steady = FrameTranslator(translator)
            results.append([steady(rgb, number / 25, side=64).pixels.astype(int) for number, rgb in enumerate(frames)])
    assert max(np.abs(a - b).max() for a, b in zip(*results, strict=True)) <= 1
