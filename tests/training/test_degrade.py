import numpy as np
import pytest

from training.degrade import (
    DEBLUR_TEST_KINDS,
    MAX_REACH,
    BlurKind,
    blur,
    blurred_crop,
    deblur_test_input,
    disc_kernel,
    gaussian_kernel,
    motion_kernel,
    random_kernel,
)


def photo(height=60, width=80, seed=0):
    """Smooth colours with edges: something that blur changes."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (height // 10, width // 10, 3), dtype=np.uint8)
    return np.repeat(np.repeat(coarse, 10, axis=0), 10, axis=1)


def spread_of(kernel):
    """Variances along y and x, in squared pixels."""
    y, x = np.indices(kernel.shape) - np.array(kernel.shape)[:, None, None] // 2
    return float((kernel * y**2).sum()), float((kernel * x**2).sum())


def test_the_test_set_is_the_one_that_was_agreed():
    names = [kind.name for kind in DEBLUR_TEST_KINDS]
    assert names == [
        "gaussian-1",
        "gaussian-1.5",
        "gaussian-2",
        "disc-2",
        "disc-3",
        "motion-7-0",
        "motion-7-45",
        "motion-7-90",
        "motion-11-0",
        "motion-11-45",
        "motion-11-90",
    ]


@pytest.mark.parametrize("kind", DEBLUR_TEST_KINDS, ids=lambda kind: kind.name)
def test_kernels_keep_brightness_and_do_not_shift(kind):
    kernel = kind.kernel
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    assert kernel.min() >= 0
    assert np.allclose(kernel, kernel[::-1, ::-1], atol=1e-6)  # symmetric about its centre


def test_kernels_are_as_wide_as_their_names_say():
    assert spread_of(gaussian_kernel(1.5)) == pytest.approx((1.5**2, 1.5**2), rel=0.03)
    assert spread_of(disc_kernel(3)) == pytest.approx((9 / 4, 9 / 4), rel=0.05)  # r^2 / 4 a dimension
    horizontal = motion_kernel(7, 0)
    assert np.count_nonzero(horizontal.sum(axis=1) > 1e-6) == 1
    assert np.count_nonzero(horizontal.sum(axis=0) > 0.01) == 7
    assert np.array_equal(motion_kernel(7, 90), horizontal.T)


def test_45_degrees_rises_to_the_right():
    kernel = motion_kernel(11, 45)
    y, x = np.indices(kernel.shape) - kernel.shape[0] // 2
    assert float((kernel * y * x).sum()) < -1  # rows count downwards


def test_blur_convolves():
    picture = np.zeros((21, 21, 3), np.uint8)
    picture[10, 10] = 255
    kernel = random_kernel(np.random.default_rng(3))
    reach = kernel.shape[0] // 2
    stamped = blur(picture, kernel)[10 - reach : 11 + reach, 10 - reach : 11 + reach, 0] / 255
    assert np.allclose(stamped, kernel, atol=1e-5)


def test_a_test_input_is_the_same_at_every_call_and_differs_between_pictures():
    rgb = photo()
    kind = DEBLUR_TEST_KINDS[3]
    first = deblur_test_input(rgb, kind, noisy=True, picture_index=0)
    assert np.array_equal(first, deblur_test_input(rgb, kind, noisy=True, picture_index=0))
    assert not np.array_equal(first, deblur_test_input(rgb, kind, noisy=True, picture_index=1))


def test_the_noisy_half_is_noisier_than_the_clean_one():
    flat = np.full((64, 64, 3), 120, np.uint8)
    kind = BlurKind("gaussian", 1.0)
    assert deblur_test_input(flat, kind, noisy=False, picture_index=0).std() == 0
    assert 0.5 < deblur_test_input(flat, kind, noisy=True, picture_index=0).std() < 2.5


def test_drawn_blurs_cover_the_test_kinds_and_stay_within_their_margin():
    rng = np.random.default_rng(0)
    kernels = [random_kernel(rng) for _ in range(300)]
    assert max(kernel.shape[0] // 2 for kernel in kernels) <= MAX_REACH
    widest = max(max(spread_of(kind.kernel)) for kind in DEBLUR_TEST_KINDS)
    assert max(max(spread_of(kernel)) for kernel in kernels) > widest


def test_some_inputs_stay_sharp():
    rng = np.random.default_rng(0)
    pairs = [blurred_crop(photo(), MAX_REACH, 0.25, rng) for _ in range(80)]
    untouched = sum(np.array_equal(blurred, sharp) for blurred, sharp in pairs)
    assert 8 <= untouched <= 32
    assert all(blurred.shape == sharp.shape == (44, 64, 3) for blurred, sharp in pairs)
