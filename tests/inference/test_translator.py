"""A picture's way through real networks on both runtimes."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from p2p_desktop.inference.translator import Translator, mix, resolve_statistics
from p2p_desktop.paths import resources
from tests.models_for_tests import small_card, write_small_model
from tests.picture_files import icc_profile, photo
from training.contract.encodings import lightness
from training.contract.errors import ConfigError, ModelError, PictureError
from training.contract.metadata import Metadata
from training.contract.pictures import Picture, read_picture
from training.contract.progress import Cancelled, Token
from training.contract.spec import GeneratorSpec, resnet, unet

RUNTIMES = ["torch", "openvino"]

SPECS = {
    "running": (unet(3, 3, 3, width=8, dropout="none"), "running"),
    "image": (unet(3, 3, 3, width=8, dropout="none"), "image"),
    "instance": (unet(3, 3, 3, width=8, norm="instance", dropout="none"), "image"),
    "group": (unet(3, 3, 3, width=8, norm="group", up="resize", dropout="none"), "image"),
    "global": (unet(3, 3, 3, width=8, norm="none", bias="all", global_vector=True, dropout="none"), "image"),
    "residual": (unet(3, 3, 3, width=8, norm="none", bias="all", output="residual", dropout="none"), "image"),
    "folded": (unet(3, 3, 3, width=8, fold=2, norm="none", bias="all", output="residual", dropout="none"), "image"),
    "dropout": (unet(3, 3, 5, width=4, dropout="paper"), "running"),
    "resnet": (resnet(3, 3, 2, width=8, norm="instance"), "image"),
}


@pytest.fixture(scope="session")
def converted(tmp_path_factory):
    """Converted networks, which tests share: the same weights have the same digest."""
    return tmp_path_factory.mktemp("converted")


@pytest.fixture
def load(converted):
    """Load a model file on the CPU; all are closed at the end."""
    opened = []

    def load(path: Path, **options) -> Translator:
        translator = Translator.load(path, **({"device": "cpu", "cache": converted} | options))
        opened.append(translator)
        return translator

    yield load
    for translator in opened:
        translator.close()


def model(tmp_path, kind="running", **changes):
    spec, statistics = SPECS[kind]
    card = small_card(kind, spec, statistics=statistics, **changes)
    return write_small_model(tmp_path / f"{kind}.safetensors", card, gain=3.0)


def noise(height, width, channels=3, dtype=np.uint8, seed=0):
    high = int(np.iinfo(dtype).max) + 1
    smooth = photo(height, width, channels, np.uint8, seed).astype(float) / 255
    rough = np.random.default_rng(seed).random((height, width, channels))
    return ((0.7 * smooth + 0.3 * rough) * (high - 1)).astype(dtype)


@pytest.mark.parametrize("kind", SPECS)
def test_runtimes_agree_within_one_grey_level(tmp_path, load, kind):
    path = model(tmp_path, kind)
    rgb = noise(75, 90)
    results = [load(path, runtime=runtime)(rgb).astype(int) for runtime in RUNTIMES]
    assert np.abs(results[0] - results[1]).max() <= 1
    assert np.abs(results[0] - rgb).mean() > 2  # the network does something


@pytest.mark.parametrize("kind", ["image", "instance", "global"])
def test_runtimes_agree_on_tiles_with_statistics_of_the_whole(tmp_path, load, kind):
    path = model(tmp_path, kind)
    rgb = noise(300, 700)
    results = [load(path, runtime=runtime, memory_budget=1)(rgb).astype(int) for runtime in RUNTIMES]
    assert np.abs(results[0] - results[1]).max() <= 1


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (2, 3), (17, 31), (64, 64), (20, 2000)])
def test_any_size_comes_out_as_it_went_in(tmp_path, load, runtime, size):
    for kind in ("running", "resnet"):
        assert load(model(tmp_path, kind), runtime=runtime)(noise(*size)).shape == (*size, 3)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("kind", ["running", "image"])
def test_a_result_does_not_depend_on_what_is_in_flight(tmp_path, load, runtime, kind):
    path = model(tmp_path, kind)
    pictures = [noise(64, 80, seed=seed) for seed in range(8)]
    one, many = load(path, runtime=runtime, batch=1), load(path, runtime=runtime, batch=8)
    alone = [one(rgb) for rgb in pictures]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(many, pictures))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


@pytest.mark.parametrize("kind", ["running", "residual"])
def test_tiles_join_without_a_seam(tmp_path, load, kind):
    """Design 3.2: 0.25 grey levels on average, 99.9 % of values within 3."""
    path = model(tmp_path, kind)
    rgb = noise(500, 620)
    whole = load(path)(rgb).astype(int)
    tiled = load(path, memory_budget=1)(rgb).astype(int)
    difference = np.abs(whole - tiled)
    assert difference.mean() <= 0.25
    assert (difference <= 3).mean() >= 0.999


@pytest.mark.slow
def test_tiles_of_the_shipped_model_join_without_a_seam(load):
    """The same bars for what people use, with the smallest tiles there are, on real pictures."""
    path = resources() / "models" / "deblur.safetensors"
    whole, tiled = load(path), load(path, memory_budget=1)
    differences = []
    for example in sorted((resources() / "examples").glob("*.jpg")):
        rgb = read_picture(example).pixels
        differences.append(np.abs(whole(rgb).astype(int) - tiled(rgb)).ravel())
    difference = np.concatenate(differences)
    assert difference.max() > 0  # they are two ways indeed
    assert difference.mean() <= 0.25
    assert (difference <= 3).mean() >= 0.999


def test_tiles_of_an_image_model_share_their_statistics(tmp_path, load):
    """Left dark, right bright: tiles normalised by themselves would come out alike."""
    path = model(tmp_path, "image")
    rgb = np.concatenate([noise(256, 400) // 4, 190 + noise(256, 400) // 4], axis=1)
    whole = load(path)(rgb[:, 200:600]).astype(int)
    tiled = load(path, memory_budget=1)(rgb).astype(int)[:, 200:600]
    apart = abs(tiled[:, :150].mean() - tiled[:, -150:].mean())
    assert apart > 0.5 * abs(whole[:, :150].mean() - whole[:, -150:].mean())


def test_statistics_can_be_chosen(tmp_path, load):
    path = model(tmp_path, "running")
    rgb = noise(64, 64)
    results = {choice: load(path, statistics=choice)(rgb) for choice in ("auto", "running", "image")}
    assert np.array_equal(results["auto"], results["running"])
    assert not np.array_equal(results["auto"], results["image"])


def test_statistics_that_a_model_lacks_are_a_sentence():
    card = small_card(spec=SPECS["instance"][0])
    with pytest.raises(ConfigError, match="stores no running statistics"):
        resolve_statistics(card, "running")
    assert resolve_statistics(small_card(), "running") == "image"  # without norms the choice changes nothing


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_depth_and_colour_model_are_kept(tmp_path, load, dtype, channels):
    translator = load(model(tmp_path, "residual", keeps_grey=True))
    result = translator(noise(40, 40, channels, dtype))
    assert result.dtype == dtype
    assert result.shape == (40, 40, channels)


def test_sixteen_bits_are_used(tmp_path, load):
    result = load(model(tmp_path, "residual"))(noise(64, 64, dtype=np.uint16))
    assert len(np.unique(result & 0xFF)) > 200


def test_flat_grey_arrays_stay_flat(tmp_path, load):
    assert load(model(tmp_path, "residual", keeps_grey=True))(noise(40, 50, 1)[..., 0]).shape == (40, 50)


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 4, 3), np.float32), np.zeros((4, 4, 2), np.uint8), np.zeros((0, 4, 3), np.uint8), np.zeros(4, np.uint8)]
)
def test_arrays_that_are_no_pictures_are_refused(tmp_path, load, wrong):
    with pytest.raises(ValueError, match="picture"):
        load(model(tmp_path))(wrong)


def test_strength_mixes_with_the_source(tmp_path, load):
    translator = load(model(tmp_path))
    rgb = noise(50, 50)
    full, half, none = (translator(rgb, strength=strength).astype(int) for strength in (1, 0.5, 0))
    assert np.array_equal(none, rgb)
    assert np.abs(half - (full + rgb) / 2).max() <= 1


def test_colour_is_mixed_with_grey_as_colour():
    grey, colour = np.full((2, 2, 1), 100, np.uint8), np.full((2, 2, 3), 200, np.uint8)
    assert mix(colour, grey, 0.5).tolist() == np.full((2, 2, 3), 150).tolist()


def test_alpha_and_metadata_come_along(tmp_path, load):
    alpha = noise(40, 40, 1)[..., 0]
    metadata = Metadata(exif=None, xmp=b"<x/>", icc=icc_profile())
    result = load(model(tmp_path)).translate(Picture(noise(40, 40), alpha, metadata, "png", ("a note",)))
    assert np.array_equal(result.alpha, alpha)
    assert result.metadata == metadata
    assert result.notes == ("a note",)


def test_a_profile_of_grey_is_not_put_on_colour(tmp_path, load):
    card = small_card("colour", encodings=("lab_l", "lab_ab"), mode="fit")
    path = write_small_model(tmp_path / "colour.safetensors", card)
    grey = Picture(noise(40, 40, 1), None, Metadata(icc=icc_profile()), "png", ())
    result = load(path).translate(grey)
    assert result.pixels.shape == (40, 40, 3)
    assert result.metadata.icc is None
    assert "colour profile was left out" in result.notes[0]


def test_colour_keeps_the_full_lightness(tmp_path, load):
    card = small_card("colour", encodings=("lab_l", "lab_ab"), mode="fit")
    path = write_small_model(tmp_path / "colour.safetensors", card, gain=2.0)
    grey = noise(150, 200, 1)
    difference = np.abs(lightness(load(path)(grey)) - lightness(grey))
    assert np.median(difference) < 0.5


def test_depth_models_refuse_photographs(tmp_path, load):
    card = small_card("depth", encodings=("depth16", "depth16"))
    translator = load(write_small_model(tmp_path / "depth.safetensors", card))
    assert translator(noise(20, 20, 1, np.uint16)).dtype == np.uint16
    with pytest.raises(PictureError, match="16-bit depth"):
        translator(noise(20, 20))


def test_a_cancelled_token_stops_between_tiles(tmp_path, load):
    translator = load(model(tmp_path), memory_budget=1)
    token = Token()
    token.cancel()
    with pytest.raises(Cancelled):
        translator.translate(Picture(noise(600, 600), None, Metadata(), "png", ()), token=token)


def test_memory_grows_with_the_picture_and_not_beyond_its_tiles(tmp_path, load):
    translator = load(model(tmp_path), memory_budget=64 << 20)
    small, large, larger = (translator.memory_for(side, side) for side in (64, 1000, 4000))
    assert small < large < larger
    assert larger < 64 << 20 or larger < 4000 * 4000 * 40


def test_a_converted_network_is_kept_and_found_again(tmp_path, load):
    path = model(tmp_path)
    cache = tmp_path / "cache"
    load(path, runtime="openvino", cache=cache)
    files = {file: file.stat().st_mtime_ns for file in (tmp_path / "cache").rglob("*.xml")}
    assert files
    load(path, runtime="openvino", cache=cache)
    assert files == {file: file.stat().st_mtime_ns for file in (tmp_path / "cache").rglob("*.xml")}


def test_a_damaged_cache_is_made_again(tmp_path, load):
    path = model(tmp_path)
    rgb = noise(40, 40)
    cache = tmp_path / "cache"
    expected = load(path, runtime="openvino", cache=cache)(rgb)
    for file in cache.rglob("plain.xml"):
        file.write_text("<net")
    assert np.array_equal(load(path, runtime="openvino", cache=cache)(rgb), expected)


def test_other_weights_under_the_same_name_are_not_confused(tmp_path, load):
    rgb = noise(40, 40)
    path = write_small_model(tmp_path / "m.safetensors", seed=1)
    first = load(path)(rgb)
    assert not np.array_equal(first, load(write_small_model(path, seed=2))(rgb))


def test_a_converted_model_runs_without_torch(tmp_path, load, converted):
    path = model(tmp_path)
    load(path, runtime="openvino")
    code = f"""
import sys, numpy as np
from pathlib import Path
from p2p_desktop.inference.translator import Translator
with Translator.load(Path({str(path)!r}), device="cpu", cache=Path({str(converted)!r})) as translator:
    translator(np.zeros((20, 20, 3), np.uint8))
print("torch" in sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert result.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"device": "cuda:99"}, "no usable graphics card"),
        ({"device": "toaster"}, "no device 'toaster'"),
        ({"device": "meta"}, "cannot compute on 'meta'"),
        ({"device": "cuda", "runtime": "openvino"}, "on the CPU only"),
    ],
)
def test_devices_that_are_not_there_are_a_sentence(tmp_path, load, options, sentence):
    with pytest.raises(ConfigError, match=sentence):
        load(model(tmp_path), **options)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_damaged_model_is_a_sentence(tmp_path, load, runtime):
    path = model(tmp_path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(ModelError, match="damaged"):
        load(path, runtime=runtime)


def test_the_estimate_of_memory_is_above_what_is_taken(tmp_path, load, converted):
    """In a child of its own, whose peak is this network's alone."""
    spec = GeneratorSpec.from_json(unet(3, 3, 4, width=32, norm="none", bias="all", dropout="none").to_json())
    path = write_small_model(tmp_path / "m.safetensors", small_card(spec=spec), gain=1.0)
    load(path, runtime="openvino")
    code = f"""
import numpy as np, psutil, threading
from pathlib import Path
from p2p_desktop.inference.memory import bytes_per_pixel
from p2p_desktop.inference.translator import Translator
translator = Translator.load(Path({str(path)!r}), device="cpu", batch=1, cache=Path({str(converted)!r}))
translator(np.zeros((64, 64, 3), np.uint8))
process = psutil.Process()
before = process.memory_info().rss
translator(np.zeros((768, 768, 3), np.uint8))
print((process.memory_info().rss - before) / (768 * 768 * bytes_per_pixel(translator.card.generator)))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert 0.2 < float(result.stdout) < 1.1


@pytest.mark.parametrize("kind", ["group", "global", "image"])
def test_runtimes_follow_frames_alike(tmp_path, load, kind):
    rng = np.random.default_rng(3)
    frame = rng.uniform(-1, 1, (37, 50, 3)).astype(np.float32)
    other = np.float32(0.7) + np.float32(0.3) * frame
    path, found = model(tmp_path, kind), {}
    for runtime in RUNTIMES:
        translator = load(path, runtime=runtime, follows=True)
        first, statistics = translator.frame_values(frame)
        assert first.shape == (37, 50, 3)
        again, measured = translator.frame_values(frame, statistics)
        assert np.allclose(again, first, atol=1e-4)
        assert np.allclose(measured, statistics, rtol=1e-3, atol=1e-3)
        followed, measured = translator.frame_values(other, statistics)
        assert not np.allclose(measured, statistics, rtol=1e-2, atol=1e-2)
        assert not np.array_equal(followed, translator.frame_values(other)[0])
        found[runtime] = first, statistics, followed, measured
    for torch_s, openvino_s in zip(*found.values(), strict=True):
        assert np.allclose(torch_s, openvino_s, rtol=1e-3, atol=2e-3)


def test_a_network_without_statistics_has_none_to_follow(tmp_path, load):
    translator = load(model(tmp_path, "residual"), follows=True)
    values, measured = translator.frame_values(np.zeros((20, 30, 3), np.float32))
    assert values.shape == (20, 30, 3)
    assert measured is None
    assert translator.in_flight == 1
