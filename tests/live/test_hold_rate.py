"""The working size that keeps a rate, on computers made up of a few numbers."""

import itertools

from p2p_desktop.live.hold_rate import RETRY_S, HoldRate

STEPS = (128, 160, 192, 224, 256, 320, 384, 448, 512, 640)


def run(hold, seconds_at, fps, frames, start=0.0, most=640):
    """Frame after frame on a computer that takes `seconds_at(side)`; gives the sides used and the time at the end."""
    now, sides = start, []
    for _ in range(frames):
        side = hold.side(STEPS, most)
        sides.append(side)
        took = seconds_at(side)
        now += max(took, 1 / fps)
        hold.note(took, fps, now)
    return sides, now


def slow(megapixels_a_second, fixed=0.004):
    return lambda side: fixed + side * side / 1e6 / megapixels_a_second


def test_a_slow_computer_soon_works_at_a_size_that_it_manages():
    hold = HoldRate()
    seconds_at = slow(2.0)
    sides, _ = run(hold, seconds_at, 25, 400)
    assert seconds_at(sides[-1]) <= 1 / 25
    assert sides[-1] >= 192
    assert sides.index(sides[-1]) < 40  # within two seconds, all steps together


def test_it_settles_instead_of_going_to_and_fro():
    sides, _ = run(HoldRate(), slow(2.0), 25, 1500)
    late = sides[300:]
    changes = sum(one != other for one, other in itertools.pairwise(late))
    assert changes <= 2 * (1 + 1200 / 25 // RETRY_S)


def test_a_fast_computer_keeps_the_size_that_was_chosen():
    sides, _ = run(HoldRate(), slow(1000.0), 25, 200, most=448)
    assert set(sides) == {448}


def test_when_the_computer_is_free_again_the_size_grows_back():
    hold = HoldRate()
    sides, now = run(hold, slow(1.0), 25, 200)
    busy = sides[-1]
    sides, now = run(hold, slow(50.0), 25, 3000, now)
    assert busy < 256
    assert sides[-1] == 640


def test_one_slow_frame_changes_nothing():
    hold = HoldRate()
    run(hold, slow(50.0), 25, 100, most=256)
    hold.note(0.5, 25, 10.0)
    assert hold.side(STEPS, 256) == 256


def test_a_computer_that_manages_no_size_gets_the_smallest_that_helps():
    sides, _ = run(HoldRate(), slow(0.2), 25, 100)
    assert sides[-1] == STEPS[0]


def test_a_size_that_saves_nothing_is_not_kept():
    sides, _ = run(HoldRate(), lambda _: 0.2, 25, 100)
    assert sides[0] == sides[-1] == 640
    sides, _ = run(HoldRate(), slow(6.0, fixed=0.05), 25, 200)  # most of it is for other things than the model
    assert sides[-1] >= 192
    assert slow(6.0, fixed=0.05)(sides[-1]) < 1.3 * slow(6.0, fixed=0.05)(STEPS[0])


def test_a_size_between_the_steps_is_kept_when_it_was_chosen():
    assert HoldRate().side((*STEPS, 600), 600) == 600
    assert HoldRate().side(STEPS, 50) == 50
