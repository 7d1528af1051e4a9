"""Curves of a run: smoothed as they grow, reduced without losing a spike, ticked in round numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from p2p_desktop.runs.curves import (
    MOST_COLUMNS,
    LossCurves,
    Smoothing,
    columns_of,
    linear_ticks,
    log_ticks,
    reach,
    span_of,
    thinned,
    tick_words,
)
from p2p_desktop.runs.run_state import LOSS_NAMES, Losses
from training.contract.protocol import Step


def _plain_average(values, span):
    keep, average, given = np.exp(-1 / span), 0.0, []
    for place, value in enumerate(values):
        average = keep * average + (1 - keep) * value
        given.append(average / (1 - keep ** (place + 1)))
    return given


def _losses(values, first=1) -> Losses:
    losses = Losses()
    for place, value in enumerate(values):
        losses.add(Step(first + place, 0, {"g_l1": value, "g_gan": 0.0, "d_real": 0.0, "d_fake": 0.0}, 1e-3, 0.1))
    return losses


@pytest.mark.parametrize("span", [0.2, 1, 30, 1000])
def test_smoothing_in_parts_is_smoothing_at_once_and_the_plain_definition(span):
    values = np.random.default_rng(1).normal(3, 1, (2, 700))
    smoothing = Smoothing(2, span)
    parts = [smoothing.take(part) for part in np.split(values, [1, 2, 65, 66, 400], axis=1)]
    given = np.concatenate(parts, axis=1)
    np.testing.assert_allclose(given, [_plain_average(row, span) for row in values], rtol=1e-9)


def test_a_constant_stays_what_it_is_from_the_first_step():
    assert Smoothing(1, 100).take(np.full((1, 300), 7.0)) == pytest.approx(np.full((1, 300), 7.0))


def test_no_span_leaves_the_numbers_alone():
    values = np.arange(6.0).reshape(1, 6)
    np.testing.assert_array_equal(Smoothing(1, 0).take(values), values)


def test_one_missing_number_does_not_end_the_curve():
    given = Smoothing(1, 5).take(np.array([[1.0, np.nan, np.inf, 1.0]]))
    assert given == pytest.approx(np.ones((1, 4)))


def test_curves_grow_with_the_run_and_read_only_what_is_new():
    losses, curves = _losses(range(1, 1500)), LossCurves(span=20)
    assert curves.take(losses)
    assert not curves.take(losses)
    for step in range(1500, 3001):
        losses.add(Step(step, 0, {"g_l1": float(step)}, 1e-3, 0.1))
    assert curves.take(losses)
    whole = LossCurves(span=20)
    whole.take(losses)
    assert list(curves.steps) == list(range(1, 3001))
    np.testing.assert_allclose(curves.smooth("g_l1"), whole.smooth("g_l1"))
    np.testing.assert_allclose(curves.raw("g_l1"), np.arange(1, 3001))


def test_a_long_run_is_read_in_parts_and_is_then_whole():
    losses, curves = _losses(np.sin(np.arange(60_000))), LossCurves(300)
    assert curves.take(losses)
    assert 0 < len(curves) < 60_000
    while curves.take(losses):
        pass
    assert len(curves) == 60_000
    smooth = curves.smooth("g_l1").copy()
    curves.set_span(300)
    np.testing.assert_allclose(curves.smooth("g_l1"), smooth, atol=1e-9)


def test_a_losses_array_can_grow_while_curves_hold_it():
    losses, curves = _losses([1.0]), LossCurves(0)
    curves.take(losses)
    losses.add(Step(2, 0, {"g_l1": 2.0}, 1e-3, 0.1))  # BufferError if a view were kept
    assert len(losses) == 2


def test_another_span_is_as_if_it_had_been_chosen_first():
    losses = _losses(np.random.default_rng(2).normal(size=500))
    changed, first = LossCurves(0), LossCurves(40)
    changed.take(losses)
    changed.set_span(40)
    first.take(losses)
    np.testing.assert_allclose(changed.smooth("g_l1"), first.smooth("g_l1"))


def test_a_run_that_was_cut_is_read_anew():
    curves = LossCurves(10)
    curves.take(_losses(range(100)))
    curves.take(_losses([5.0] * 20))
    assert len(curves) == 20
    assert curves.smooth("g_l1") == pytest.approx(np.full(20, 5.0))


def test_curves_without_a_discriminator_are_absent():
    losses, curves = _losses([3.0, 2.0]), LossCurves(0)
    curves.take(losses)
    assert curves.present == ("g_l1",)
    losses.add(Step(3, 0, dict.fromkeys(LOSS_NAMES, 0.5), 1e-3, 0.1))
    curves.take(losses)
    assert curves.present == LOSS_NAMES


def test_the_read_out_is_of_the_latest_step_up_to_the_cursor():
    curves = LossCurves(0)
    assert curves.at(5) == {}
    curves.take(_losses([10.0, 20.0, 30.0], first=4))
    assert curves.at(5) == {"g_l1": 20.0}
    assert curves.at(900) == {"g_l1": 30.0}
    assert curves.at(0) == {"g_l1": 10.0}


@given(some.integers(1, 5000), some.integers(1, 900), some.integers(0, 2**32))
def test_no_spike_is_lost_however_few_columns_there_are(num, width, seed):
    values = np.random.default_rng(seed).normal(size=num)
    columns = columns_of(np.arange(1, num + 1), 0, num, width)
    x, y = reach(values, columns)
    assert len(x) == len(y) <= 2 * width
    assert y.max() == values.max()
    assert y.min() == values.min()
    assert (np.diff(x) >= 0).all()
    assert x[0] >= 1
    assert x[-1] <= num


def test_a_hundred_thousand_steps_are_few_points():
    steps = np.arange(1, 100_001)
    columns = columns_of(steps, 0, 100_000, 5000)
    assert len(reach(np.sin(steps / 50), columns)[0]) <= 2 * MOST_COLUMNS
    x, _ = thinned(steps, np.sin(steps / 50), columns)
    assert len(x) <= MOST_COLUMNS
    assert x[-1] == 100_000  # the latest step is the one that is looked at


def test_few_steps_are_each_a_point():
    steps = np.array([10, 20, 30])
    x, y = thinned(steps, np.array([1.0, 2.0, 3.0]), columns_of(steps, 0, 100, 400))
    assert list(x) == [10, 20, 30]
    assert list(y) == [1, 2, 3]


def test_nothing_is_drawn_of_nothing_or_of_what_is_no_number():
    empty = columns_of(np.empty(0, np.int64), 0, 1, 100)
    assert len(reach(np.empty(0), empty)[0]) == len(thinned(np.empty(0, np.int64), np.empty(0), empty)[0]) == 0
    steps = np.array([1, 2])
    assert len(reach(np.array([np.nan, np.nan]), columns_of(steps, 0, 2, 10))[0]) == 0


def test_axes_hold_all_that_is_shown():
    assert span_of([]) == (0.0, 1.0)
    low, high = span_of([np.array([1.0, 9.0]), np.array([-3.0, np.nan])])
    assert low < -3 < 9 < high
    low, high = span_of([np.array([0.0, 0.01, 10.0])], log=True)
    assert -3 < low < -2
    assert 1 < high < 1.5
    low, high = span_of([np.full(5, 2.0)])
    assert low < 2 < high


@given(some.floats(-1e6, 1e6), some.floats(1e-3, 1e6), some.integers(1, 12))
def test_linear_ticks_are_in_sight_and_not_too_many(low, width, most):
    ticks = linear_ticks(low, low + width, most)
    assert len(ticks) <= most
    assert all(low - width * 1e-3 <= tick <= low + width * (1 + 1e-3) for tick in ticks)


def test_ticks_are_round():
    assert linear_ticks(0, 30000, 4) == [0, 10000, 20000, 30000]
    assert linear_ticks(22.6, 29.2, 8) == [23, 24, 25, 26, 27, 28, 29]
    assert log_ticks(-1, 1.2, 8) == [0.1, 0.2, 0.5, 1, 2, 5, 10]
    assert log_ticks(-6, 6, 4) == [1e-5, 1, 1e5]
    assert log_ticks(0.31, 0.46, 4) == [2.2, 2.4, 2.6, 2.8]
    assert [tick_words(value) for value in (0, 10000, 0.25, 2e-5, 3e6)] == ["0", "10,000", "0.25", "2e-05", "3 M"]
