import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from training.contract.encodings import (
    ENCODINGS,
    NO_DEPTH,
    DepthScale,
    decode,
    encode,
    encoding_named,
    join_lab,
    lightness,
    to_grey,
)
from training.contract.errors import ConfigError

shapes = st.tuples(st.integers(1, 9), st.integers(1, 9))


@given(shapes.flatmap(lambda shape: arrays.arrays(np.uint8, (*shape, 3))))
def test_rgb8_is_a_round_trip(rgb):
    assert np.array_equal(decode(encode(rgb, "rgb8"), "rgb8", np.uint8), rgb)


@given(shapes.flatmap(lambda shape: arrays.arrays(np.uint16, (*shape, 3))))
def test_rgb16_is_a_round_trip(rgb):
    assert np.array_equal(decode(encode(rgb, "rgb16"), "rgb16", np.uint16), rgb)


@given(shapes.flatmap(lambda shape: arrays.arrays(np.uint8, (*shape, 1))))
def test_grey8_is_a_round_trip(grey):
    assert np.array_equal(decode(encode(grey, "grey8"), "grey8", np.uint8), grey)


@given(shapes.flatmap(lambda shape: arrays.arrays(np.uint16, (*shape, 1), elements=st.integers(0, 65535))))
def test_depth16_is_a_round_trip_through_all_its_metres(depth):
    known = np.where(depth == 65535, 0, depth)
    assert np.array_equal(decode(encode(depth, "depth16"), "depth16", np.uint16), known)
    kitti = DepthScale(1 / 256, 80)
    assert np.array_equal(decode(encode(depth, "depth16", kitti), "depth16", np.uint16, kitti), known)


@given(shapes.flatmap(lambda shape: arrays.arrays(np.uint8, (*shape, 3))))
def test_lightness_and_colour_together_give_the_picture_back(rgb):
    result = join_lab(lightness(rgb), encode(rgb, "lab_ab"), np.uint8)
    assert np.abs(result.astype(int) - rgb).max() <= 1


@given(shapes.flatmap(lambda shape: arrays.arrays(np.uint8, (*shape, 1))))
def test_lab_l_is_a_round_trip_for_grey(grey):
    result = decode(encode(grey, "lab_l"), "lab_l", np.uint8)
    assert np.abs(result.astype(int) - grey).max() <= 1


def test_grey_has_no_colour():
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    assert np.abs(encode(grey, "lab_ab")).max() < 2e-3  # 0.2 CIE units, by the tables that OpenCV interpolates in


@pytest.mark.parametrize("name", ["rgb8", "grey8", "lab_l"])
def test_network_values_span_minus_one_to_one(name):
    picture = np.repeat(np.array([0, 255], np.uint8).reshape(1, 2, 1), 3, axis=2)
    assert encode(picture, name)[0, :, 0] == pytest.approx([-1, 1], abs=1e-3)


def test_values_beyond_the_range_are_clamped():
    values = np.array([-3.0, 3.0], np.float32).reshape(1, 2, 1)
    assert decode(values, "grey8", np.uint8).ravel().tolist() == [0, 255]
    assert decode(values, "grey8", np.uint16).ravel().tolist() == [0, 65535]


def test_the_farthest_depth_is_not_taken_for_a_missing_one():
    far = DepthScale(unit_m=0.001, range_m=100)
    counts = decode(np.ones((1, 1, 1), np.float32), "depth16", np.uint16, far)
    assert counts.item() == NO_DEPTH - 1
    assert far.in_range(counts).all()


def test_values_are_rounded_not_cut():
    values = np.array([100.6, 100.4], np.float32).reshape(1, 2, 1) / 127.5 - 1
    assert decode(values, "grey8", np.uint8).ravel().tolist() == [101, 100]


def test_16_bits_keep_more_than_8():
    ramp = np.arange(0, 65536, 64, dtype=np.uint16).reshape(1, -1, 1)
    assert len(np.unique(encode(ramp, "grey8"))) == ramp.size


def test_luma_weighs_colours_as_rec_601_says():
    primaries = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    assert to_grey(primaries)[0, :, 0].tolist() == pytest.approx([76, 150, 29], abs=1)


def test_every_encoding_gives_as_many_channels_as_it_says():
    rgb, depth, both = np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2, 1), np.uint16), np.zeros((2, 2, 4), np.uint16)
    for name, encoding in ENCODINGS.items():
        pixels = both if name == "rgb_depth16" else depth if encoding.is_depth else rgb
        assert encode(pixels, name).shape == (2, 2, encoding.channels)


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_transparency_can_be_a_channel_like_any_other(channels, dtype):
    pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, (5, 6, channels)).astype(dtype)
    name = {2: "grey_alpha", 4: "rgba"}[channels] + str(8 * dtype().itemsize)
    assert np.array_equal(decode(encode(pixels, name), name, dtype), pixels)
    opaque = encode(np.ascontiguousarray(pixels[..., : channels - 1]), name)
    assert (opaque[..., -1] == 1).all()


def test_depth_is_metres_and_holes_are_none():
    counts = np.array([[[0], [1], [1000], [10000], [10001], [65535]]], np.uint16)
    scale = DepthScale()
    assert scale.metres(counts).ravel().tolist() == pytest.approx([0, 0.001, 1, 10, 10.001, 0])
    assert scale.in_range(counts).ravel().tolist() == [False, True, True, True, False, False]
    with pytest.raises(ConfigError, match="range"):
        DepthScale(range_m=0)


def test_a_filled_map_holds_the_nearest_measurement_and_how_near_it_is():
    counts = np.zeros((1, 9, 1), np.uint16)
    counts[0, 0], counts[0, 8] = 2000, 20000
    near, filled = np.moveaxis(encode(counts, "filled_depth16"), 2, 0)
    assert filled[0, :4] == pytest.approx(np.float32(2 * 2 / 10 - 1))
    assert filled[0, 5:] == pytest.approx(1)  # farther than the range: not farther than its end
    assert near[0, 0] == near[0, 8] == 1
    assert (np.diff(near[0, :5]) < 0).all()
    empty = encode(np.zeros((2, 2, 1), np.uint16), "filled_depth16")
    assert (empty == -1).all()


def test_a_surface_goes_through_every_measurement_and_closes_every_hole():
    rows, columns = np.mgrid[:97, :130]
    slope = (2000 + 20 * columns + 5 * rows).astype(np.uint16)[..., None]
    sparse = np.where(np.random.default_rng(4).random(slope.shape) < 0.05, slope, 0).astype(np.uint16)
    near, nearest, surface = np.moveaxis(encode(sparse, "surface_depth16"), 2, 0)
    filled = np.moveaxis(encode(sparse, "filled_depth16"), 2, 0)
    assert (near == filled[0]).all()
    assert (nearest == filled[1]).all()
    whole = encode(slope, "depth16")[..., 0]
    known = sparse[..., 0] > 0
    assert surface[known] == pytest.approx(whole[known], abs=1e-6)
    # On a slope the surface lies closer to the truth than the steps of the nearest measurement.
    assert np.abs(surface - whole).mean() < 0.6 * np.abs(nearest - whole).mean()


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (33, 1), (2, 5)])
def test_one_measurement_is_a_level_surface(size: tuple[int, int]):
    counts = np.zeros((*size, 1), np.uint16)
    assert (encode(counts, "surface_depth16") == -1).all()
    counts[-1, -1] = 2500
    assert encode(counts, "surface_depth16")[..., 2] == pytest.approx(np.full(size, -0.5, np.float32), abs=1e-6)
    counts[0, 0] = 60000  # farther than the range
    assert encode(counts, "surface_depth16")[..., 2].max() == pytest.approx(1)


def test_an_unknown_encoding_is_a_sentence():
    with pytest.raises(ConfigError, match="unknown to this version"):
        encoding_named("xyz")
