"""Rates and delays, with times that the tests say."""

import numpy as np
import pytest

from p2p_desktop.live.frames import Frame, Shown
from p2p_desktop.live.meter import RATE_WINDOW_S, Meter, Rate
from p2p_desktop.live.wishes import LiveWishes

RGB = np.zeros((2, 2, 3), np.uint8)


def shown(captured, begun, done, **changes):
    return Shown(Frame(RGB, captured), RGB, 1, (2, 2), begun, done, LiveWishes(), **changes)


def test_a_rate_is_that_of_the_last_moments():
    rate = Rate()
    for number in range(200):
        rate.note(number / 50)
    assert rate.value(199 / 50) == pytest.approx(50)
    for number in range(60):
        rate.note(4 + number / 20)
    assert rate.value(4 + 59 / 20) == pytest.approx(20, rel=0.02)


def test_a_rate_falls_when_nothing_comes_and_ends_at_none():
    rate = Rate()
    for number in range(50):
        rate.note(number / 25)
    last = 49 / 25
    assert rate.value(last + 0.03) == pytest.approx(25)
    assert 10 < rate.value(last + 0.5) < 22
    assert rate.value(last + RATE_WINDOW_S) == 0


def test_one_frame_is_no_rate():
    rate = Rate()
    rate.note(1.0)
    assert rate.value(1.0) == 0


def test_delay_is_told_in_parts_which_add_up():
    meter = Meter()
    for number in range(21):
        at = number / 10
        meter.came(at)
        meter.was_shown(shown(at, at + 0.020, at + 0.050), at + 0.055)
    figures = meter.figures(2.05)
    assert (figures.frames_in, figures.frames_out, figures.dropped) == (21, 21, 0)
    assert figures.camera_ms == pytest.approx(20)
    assert figures.model_ms == pytest.approx(30)
    assert figures.screen_ms == pytest.approx(5)
    assert figures.latency_ms_p50 == pytest.approx(55)
    assert figures.fps_in == pytest.approx(10)
    assert figures.fps_out == pytest.approx(10)
    assert meter.overall_fps == pytest.approx(10)


def test_what_came_and_was_not_shown_is_dropped():
    meter = Meter()
    for number in range(40):
        meter.came(number / 40)
        if number % 4 == 3:
            meter.was_shown(shown(number / 40, number / 40, number / 40 + 0.08), number / 40 + 0.1)
    figures = meter.figures(1.0)
    assert (figures.frames_in, figures.frames_out, figures.dropped) == (40, 10, 30)


def test_few_slow_frames_are_seen_in_the_percentile_and_not_in_the_median():
    meter = Meter()
    for number in range(100):
        delay = 0.5 if number % 10 == 0 else 0.05
        meter.was_shown(shown(number, number, number + delay), number + delay)
    figures = meter.figures(100)
    assert figures.latency_ms_p50 == pytest.approx(50)
    assert figures.latency_ms_p95 == pytest.approx(500)


def test_a_frozen_frame_made_again_is_no_new_frame():
    meter = Meter()
    meter.came(0)
    meter.was_shown(shown(0, 1, 2), 3)
    meter.was_shown(shown(0, 60, 61, is_held=True), 62)
    figures = meter.figures(62)
    assert figures.frames_out == 1
    assert figures.latency_ms_p95 == pytest.approx(3000)


def test_counting_begins_anew_when_asked():
    meter = Meter()
    meter.came(0)
    meter.was_shown(shown(0, 1, 2), 3)
    meter.reset()
    figures = meter.figures(3)
    assert (figures.frames_in, figures.frames_out, figures.latency_ms_p50) == (0, 0, 0)
    assert meter.overall_fps == 0


def test_what_comes_while_nobody_wants_to_see_it_is_not_counted():
    meter = Meter()
    meter.came(0)
    meter.hold(True)
    meter.came(1)
    meter.hold(False)
    meter.came(2)
    assert meter.figures(2).frames_in == 2
