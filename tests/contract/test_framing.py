import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.contract.encodings import DepthScale
from training.contract.errors import ConfigError
from training.contract.framing import (
    MIN_SIDE,
    Frame,
    SizeRule,
    enlarge_guided,
    fit_size,
    pad_reflect,
    pad_to_multiple,
    translate_whole,
)

sides = st.integers(1, 70)
multiples = st.sampled_from([1, 2, 4, 16, 64])


def same(x_CHW):
    return x_CHW


@given(sides, sides, multiples)
def test_native_identity_gives_every_size_back(height, width, multiple):
    rgb = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    seen = []

    def forward(x_CHW):
        seen.append(x_CHW.shape)
        return x_CHW

    frame = Frame(SizeRule("native", 64, multiple), "rgb8", "rgb8", keeps_grey=True)
    assert np.array_equal(translate_whole(rgb, frame, forward), rgb)
    assert all(side % multiple == 0 and side >= MIN_SIDE for side in seen[0][1:])


@given(sides, sides, multiples)
def test_fit_gives_every_size_back(height, width, multiple):
    rgb = np.full((height, width, 3), 77, np.uint8)
    frame = Frame(SizeRule("fit", 64, multiple), "rgb8", "rgb8", keeps_grey=False)
    assert np.array_equal(translate_whole(rgb, frame, same), rgb)


@given(sides, sides)
def test_padding_mirrors_without_repeating_the_edge(height, width):
    values = np.random.default_rng(1).random((height, width, 1), dtype=np.float32)
    padded = pad_reflect(values, 150, 3)
    assert padded.shape == (height + 150, width + 3, 1)
    assert np.array_equal(padded[:height, :width], values)
    if height > 1:
        assert np.array_equal(padded[height, :width], values[height - 2])
    else:
        assert np.array_equal(padded[-1, :width], values[0])


def test_padding_to_a_multiple_leaves_multiples_alone():
    values = np.zeros((64, 32, 3), np.float32)
    assert pad_to_multiple(values, 32).shape == values.shape


def test_fitting_keeps_the_aspect():
    rule = SizeRule("fit", 256, 64)
    assert fit_size(1000, 2000, rule) == (128, 256)
    assert fit_size(1000, 1500, rule) == (171, 256)
    assert fit_size(20, 20_000, rule) == (1, 256)
    assert fit_size(256, 256, rule) == (256, 256)


def test_a_fitted_picture_is_mirrored_up_to_the_multiple_not_squashed():
    rgb = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    seen = []

    def forward(x_CHW):
        seen.append(x_CHW)
        return x_CHW

    frame = Frame(SizeRule("fit", 64, 64), "rgb8", "rgb8", keeps_grey=False)
    assert np.array_equal(translate_whole(rgb, frame, forward), rgb)
    assert seen[0].shape == (3, 64, 64)
    assert np.array_equal(seen[0][:, 48:], seen[0][:, 46:30:-1])


@pytest.mark.parametrize(("dtype", "peak"), [(np.uint8, 255), (np.uint16, 65535)])
def test_depth_of_the_source_is_kept(dtype, peak):
    pixels = np.full((5, 5, 3), peak, dtype)
    frame = Frame(SizeRule("native", 64, 4), "rgb8", "rgb8", keeps_grey=False)
    result = translate_whole(pixels, frame, same)
    assert result.dtype == dtype
    assert (result == peak).all()


def test_grey_stays_grey_only_where_the_task_leaves_colours_alone():
    grey = np.full((8, 8, 1), 90, np.uint8)
    rule = SizeRule("native", 64, 4)
    assert translate_whole(grey, Frame(rule, "rgb8", "rgb8", keeps_grey=True), same).shape == (8, 8, 1)
    assert translate_whole(grey, Frame(rule, "rgb8", "rgb8", keeps_grey=False), same).shape == (8, 8, 3)


def test_colour_keeps_the_full_lightness_of_its_source():
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (90, 120, 1), dtype=np.uint8)
    frame = Frame(SizeRule("fit", 32, 16), "lab_l", "lab_ab", keeps_grey=False)
    result = translate_whole(grey, frame, lambda x: np.zeros((2, *x.shape[1:]), np.float32))
    assert np.abs(result.astype(int) - grey).max() <= 1  # no colour added: the picture itself, at full size


def test_guided_colour_stays_inside_its_edge():
    """A sharp edge at full size, a colour known only coarsely: the colour must change at the edge, not beside it."""
    guide_large = np.zeros((128, 128), np.float32)
    guide_large[:, 70:] = 90
    guide_small = guide_large[::4, ::4].copy()
    colour = np.zeros((32, 32, 1), np.float32)
    colour[:, 18:] = 1  # the edge lies at 72 when enlarged plainly
    result = enlarge_guided(colour, guide_small, guide_large)[64, :, 0]
    assert result[:70].max() < 0.25
    assert result[70:].min() > 0.75


@pytest.mark.parametrize("values", [("stretch", 64, 4), ("native", 0, 4), ("fit", 64, 0)])
def test_impossible_size_rules_are_refused(values):
    with pytest.raises(ConfigError, match="size rule"):
        SizeRule(*values)


def test_beyond_its_range_a_network_that_says_far_lets_the_measurements_speak():
    frame = Frame(SizeRule("native", 16, 1), "surface_depth16", "depth16", False, depth=DepthScale(0.001, 10.0))
    near_and_far = np.zeros((16, 64, 1), np.uint16)
    near_and_far[::4, :32:4] = 2000
    near_and_far[::4, 32::4] = 30_000
    stray = near_and_far.copy()
    stray[8, 8] = 50_000  # a wrong measurement amid near ones

    def network(values):  # of what it sees clipped at its range, it believes the most of each half
        halves = np.full((1, *values.shape[1:]), -0.6, np.float32)
        halves[..., 32:] = 0.9
        return halves

    filled = translate_whole(near_and_far, frame, network)
    assert (filled[near_and_far > 0] == near_and_far[near_and_far > 0]).all()
    assert (filled[:, :24][near_and_far[:, :24] == 0] == 2000).all()
    assert (filled[:, 44:] > 25_000).all()
    assert filled[9, 9] == translate_whole(stray, frame, network)[9, 9] == 2000
