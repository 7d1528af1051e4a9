"""Frames of one size out of frames of any."""

import numpy as np
import pytest

from p2p_desktop.live.fitting import even_size, fitted
from tests.live.bars import drawn, number_in


def test_a_frame_that_has_the_size_is_not_copied():
    frame = drawn(1)
    assert fitted(frame, frame.shape[:2]) is frame


@pytest.mark.parametrize(("shape", "size"), [((5, 7), (6, 8)), ((6, 7), (6, 8)), ((1, 1), (2, 2)), ((4, 4), (4, 4))])
def test_sides_are_made_even_by_repeating_an_edge(shape, size):
    frame = np.random.default_rng(0).integers(0, 255, (*shape, 3), np.uint8)
    assert even_size(frame) == size
    fit = fitted(frame, size)
    assert np.array_equal(fit[: shape[0], : shape[1]], frame)
    assert np.array_equal(fit[-1, -1], frame[-1, -1])


@pytest.mark.parametrize(("height", "width"), [(96, 320), (24, 80), (48, 500), (500, 48), (1, 1000), (1000, 1)])
def test_the_aspect_is_kept_between_black_bars(height, width):
    fit = fitted(np.full((height, width, 1), 255, np.uint8), (48, 160))
    assert fit.shape == (48, 160, 3)
    rows, columns = fit.max((1, 2)).nonzero()[0], fit.max((0, 2)).nonzero()[0]
    scale = min(48 / height, 160 / width)
    assert abs(len(rows) - height * scale) <= 1
    assert abs(len(columns) - width * scale) <= 1
    assert abs(rows[0] - (47 - rows[-1])) <= 1
    assert abs(columns[0] - (159 - columns[-1])) <= 1


def test_a_smaller_frame_is_enlarged():
    small = drawn(37)[:24:2, ::2].copy()
    assert number_in(fitted(small, (24, 160))) == 37
