"""Variations by real networks: what they drop, in one pass and in tiles, on both runtimes, and how much they differ."""

import subprocess
import sys

import numpy as np
import pytest

from p2p_desktop.inference.dropout import Draw, Spread, draw_masks
from p2p_desktop.inference.translator import Translator
from tests.models_for_tests import small_card, write_small_model
from training.contract.errors import ConfigError
from training.contract.metadata import Metadata
from training.contract.pictures import Picture
from training.contract.spec import resnet, unet

RUNTIMES = ["torch", "openvino"]
SPECS = {
    "running": (unet(3, 3, 5, width=4, dropout="paper"), "running"),
    "image": (unet(3, 3, 5, width=4, dropout="paper"), "image"),
    "reference": (unet(3, 3, 7, width=2, dropout="reference"), "image"),
    "resnet": (resnet(3, 3, 2, width=4, dropout="reference"), "running"),
}


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    return tmp_path_factory.mktemp("converted")


@pytest.fixture
def load(tmp_path, converted):
    """Load a network of one kind on one runtime; all are closed at the end."""
    opened = []

    def load(kind, runtime="openvino", **options):
        spec, statistics = SPECS[kind]
        path = write_small_model(tmp_path / f"{kind}.safetensors", small_card(kind, spec, statistics=statistics), gain=3.0)
        translator = Translator.load(path, device="cpu", cache=converted, runtime=runtime, drops=True, **options)
        opened.append(translator)
        return translator

    yield load
    for translator in opened:
        translator.close()


def noisy(height, width, dtype=np.uint8):
    rng = np.random.default_rng(1)
    return Picture(rng.integers(0, np.iinfo(dtype).max + 1, (height, width, 3), dtype), None, Metadata(), "PNG", ())


def pixels_of(translator, picture, seed, number):
    return translator.translate(picture, draw=Draw(seed, number)).pixels.astype(int)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow) if kind in ("reference", "image") else kind for kind in SPECS]
)
def test_runtimes_drop_the_same(load, kind):
    picture = noisy(140, 150)
    results = [pixels_of(load(kind, runtime), picture, 5, 1) for runtime in RUNTIMES]
    assert np.abs(results[0] - results[1]).max() <= 1


@pytest.mark.parametrize("kind", SPECS)
def test_a_draw_can_be_repeated_and_others_differ(load, kind):
    translator, picture = load(kind), noisy(128, 128)
    first = pixels_of(translator, picture, 0, 1)
    assert np.array_equal(first, pixels_of(translator, picture, 0, 1))
    for seed, number in ((0, 2), (1, 1)):
        assert np.abs(first - pixels_of(translator, picture, seed, number)).mean() > 0.2
    plain = translator.translate(picture).pixels
    assert np.array_equal(plain, translator.translate(picture).pixels)
    assert np.abs(first - plain).mean() > 0.2


@pytest.mark.parametrize("kind", ["running", "resnet"])
def test_tiles_drop_what_the_whole_would(load, kind):
    picture = noisy(64, 1100)
    whole = pixels_of(load(kind), picture, 3, 1)
    in_tiles = load(kind, memory_budget=1)
    assert in_tiles._tile < 1100  # or there is nothing to see
    spread = np.abs(whole - pixels_of(load(kind), picture, 3, 2)).mean()
    assert np.abs(whole - pixels_of(in_tiles, picture, 3, 1)).mean() < spread / 10


def test_masks_of_a_part_are_a_part_of_the_masks():
    spec = unet(3, 3, 6, width=4, dropout="paper")
    whole = draw_masks(spec, Draw(4, 2), 256, 384)
    part = draw_masks(spec, Draw(4, 2), 128, 192, top=64, left=128)
    for place, all_of_it, some in zip(spec.dropout_places, whole, part, strict=True):
        top, left = 64 // place.stride, 128 // place.stride
        assert np.array_equal(some, all_of_it[:, top : top + some.shape[1], left : left + some.shape[2]])


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_masks_keep_the_mean(rate):
    spec = unet(3, 3, 5, width=16, dropout="paper")
    spec = type(spec).from_json(spec.to_json() | {"dropout_rate": rate})
    values = np.concatenate([mask.ravel() for mask in draw_masks(spec, Draw(0, 1), 512, 512)])
    assert set(np.unique(values)) == {0.0, np.float32(1) / np.float32(1 - rate)}
    assert values.mean() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_uncertainty_is_the_deviation_of_the_variations(load, dtype):
    translator, picture = load("running"), noisy(96, 160, dtype)
    draws = [Draw(2, number) for number in range(1, 9)]
    map_ = translator.uncertainty(picture, draws)
    assert (map_.pixels.dtype, map_.pixels.shape) == (np.uint16, (96, 160, 1))
    fine = Picture((picture.pixels.astype(np.uint16) * 257 if dtype == np.uint8 else picture.pixels), None, Metadata(), "PNG", ())
    values = np.stack([translator.translate(fine, draw=draw).pixels.astype(float) for draw in draws])
    expected = np.sqrt(values.var(0).mean(2))
    assert np.abs(map_.pixels[..., 0] - expected).max() <= 1
    assert expected.mean() > 100


def test_equal_pictures_have_no_deviation():
    spread = Spread()
    for _ in range(3):
        spread.add(np.full((4, 5, 3), 200, np.uint8))
    assert not spread.deviation().any()


def test_a_model_without_dropout_is_refused_before_it_is_loaded(tmp_path):
    path = write_small_model(tmp_path / "a.safetensors", small_card("still", unet(3, 3, 3, width=4, dropout="none")))
    with pytest.raises(ConfigError, match="still was made without dropout"):
        Translator.load(path, cache=tmp_path / "cache", drops=True)


def test_variations_of_a_converted_model_need_no_torch(load, tmp_path, converted):
    load("image")
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "from pathlib import Path; import numpy as np\n"
        "from p2p_desktop.inference.translator import Translator; from p2p_desktop.inference.dropout import Draw\n"
        "from training.contract.pictures import Picture; from training.contract.metadata import Metadata\n"
        "options = {'runtime': 'openvino', 'cache': Path(sys.argv[2]), 'drops': True, 'memory_budget': 1}\n"
        "t = Translator.load(Path(sys.argv[1]), device='cpu', **options)\n"
        "p = Picture(np.zeros((64, 1200, 3), np.uint8), None, Metadata(), 'PNG', ())\n"
        "print(t.translate(p, draw=Draw(0, 1)).pixels.shape)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "image.safetensors"), str(converted)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "(64, 1200, 3)", done.stderr
