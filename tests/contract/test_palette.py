"""Colours of labels."""

import cv2
import numpy as np
import pytest

from training.contract.framing import Frame, SizeRule, translate_whole
from training.contract.palette import find_palette, to_palette

NAMES = [(0, 0, 0), (220, 20, 60), (102, 102, 156), (190, 153, 153), (153, 153, 153), (0, 80, 100)]


def painted(colours, seed=0, side=64, cell=8):
    cells = np.random.default_rng(seed).integers(len(colours), size=(side // cell, side // cell))
    return np.repeat(np.repeat(np.asarray(colours, np.uint8)[cells], cell, 0), cell, 1)


def test_colours_that_differ_by_little_are_all_names():
    assert set(find_palette([painted(NAMES, seed) for seed in range(3)])) == set(NAMES)
    numbers = [(index,) for index in range(19)]
    assert set(find_palette([painted(numbers, side=160)])) == set(numbers)


def test_what_jpeg_left_between_the_colours_is_no_name():
    far = [(0, 0, 222), (255, 80, 0), (0, 207, 255), (170, 0, 0), (255, 240, 0)]
    pictures = []
    for seed in range(4):
        _, data = cv2.imencode(".jpg", painted(far, seed, cell=16)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
        pictures.append(np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]))
    assert len(np.unique(np.concatenate(pictures).reshape(-1, 3), axis=0)) > 64
    found = find_palette(pictures)
    assert all(min(np.abs(np.subtract(colour, name)).max() for colour in found) <= 6 for name in far)


def test_a_photograph_has_no_palette():
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    assert find_palette([noise]) == ()
    assert to_palette(noise, ()) is noise


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_each_pixel_becomes_its_nearest_name(dtype):
    scale = np.iinfo(dtype).max // 255
    exact = painted(NAMES).astype(dtype) * dtype(scale)
    noise = np.random.default_rng(1).integers(-9 * scale, 10 * scale, exact.shape)
    noisy = np.clip(exact.astype(np.int64) + noise, 0, 255 * scale).astype(dtype)
    np.testing.assert_array_equal(to_palette(noisy, NAMES), exact)


def test_a_translation_into_labels_gives_names_only_whatever_the_size():
    frame = Frame(SizeRule("fit", 32, 16), "rgb8", "rgb8", keeps_grey=False, labels="output", palette=tuple(NAMES))
    picture = np.random.default_rng(2).integers(0, 256, (75, 50, 3), np.uint8)
    result = translate_whole(picture, frame, lambda values: values * np.float32(0.9))
    assert result.shape == picture.shape
    assert {tuple(colour) for colour in result.reshape(-1, 3).tolist()} <= set(NAMES)
