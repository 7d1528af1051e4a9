"""What is noticed of a training that goes wrong, and that it is said once."""

import numpy as np
import pytest

from training.health import PATIENCE_STEPS, STALLED, Health
from training.objective import UNDECIDED, Losses


def flat(value, side=8):
    return np.full((side, side, 3), value, np.uint8)


DIFFERENT = [flat(20), flat(120), flat(220)]


def after_steps(health, count, losses, first=1, undecided=UNDECIDED["vanilla"]):
    return [code for step in range(first, first + count) for code, _ in health.after_step(step, losses, undecided)]


def test_a_judge_who_always_knows_is_told_of_once_and_not_too_early():
    health = Health()
    sure = Losses(g_gan=6.0, g_l1=10.0, d_real=0.01, d_fake=0.01)
    assert after_steps(health, PATIENCE_STEPS - 1, sure) == []
    assert after_steps(health, 1000, sure, first=PATIENCE_STEPS) == ["discriminator_wins"]


def test_a_fair_game_is_no_news():
    assert after_steps(Health(), 2000, Losses(g_gan=1.0, g_l1=10.0, d_real=0.5, d_fake=0.5)) == []


def test_least_squares_have_a_measure_of_their_own():
    """Their undecided judge stands at 0.25: a loss of 0.05 is a fair game there, and a win by cross-entropy."""
    losses = Losses(g_gan=1.0, g_l1=10.0, d_real=0.05, d_fake=0.05)
    assert after_steps(Health(), 2000, losses) == ["discriminator_wins"]
    assert after_steps(Health(), 2000, losses, undecided=UNDECIDED["lsgan"]) == []
    sure = Losses(g_gan=1.0, g_l1=10.0, d_real=0.01, d_fake=0.01)
    assert after_steps(Health(), 2000, sure, undecided=UNDECIDED["lsgan"]) == ["discriminator_wins"]


def test_without_a_judge_there_is_nobody_who_wins():
    health = Health()
    for step in range(1, 2000):
        assert not list(health.after_step(step, Losses(0.0, 1.0, 0.0, 0.0), None))


def test_results_that_are_all_the_same_are_told():
    health = Health()
    assert [code for code, _ in health.after_validation(True, [flat(100), flat(100), flat(101)], DIFFERENT)] == ["collapsed"]
    assert not list(health.after_validation(True, [flat(100)] * 3, DIFFERENT))
    assert not list(Health().after_validation(True, [flat(60), flat(110), flat(150)], DIFFERENT))
    assert not list(Health().after_validation(True, [flat(5)], [flat(9)]))  # one picture cannot differ from others


def test_results_of_all_sizes_are_compared():
    pictures = [np.full((side, 3 * side, 1), side * 30, np.uint16) for side in (2, 5, 9)]
    assert not list(Health().after_validation(True, pictures, pictures))


def test_learning_by_heart_is_told_when_the_held_out_pictures_get_no_better():
    health = Health()
    after_steps(health, 1000, Losses(1.0, 10.0, 0.5, 0.5))
    assert not list(health.after_validation(True, DIFFERENT, DIFFERENT))
    after_steps(health, 1000, Losses(1.0, 4.0, 0.5, 0.5), first=1001)
    codes = [code for _ in range(4) for code, _ in health.after_validation(False, DIFFERENT, DIFFERENT)]
    assert codes == ["overfitting"]


def test_standing_still_is_told_once_with_how_long():
    health = Health()
    after_steps(health, 100, Losses(1.0, 10.0, 0.5, 0.5))
    list(health.after_validation(True, DIFFERENT, DIFFERENT))
    said = [found for _ in range(STALLED + 4) for found in health.after_validation(False, DIFFERENT, DIFFERENT)]
    assert [code for code, _ in said] == ["stalled"]
    assert f"for {STALLED} measurements" in said[0][1]


@pytest.mark.parametrize("best_again", [True, False])
def test_a_new_best_starts_the_count_again(best_again):
    health = Health()
    for index in range(2 * STALLED - 2):
        list(health.after_validation(best_again and index == STALLED - 1, DIFFERENT, DIFFERENT))
    assert ("stalled" in health.said) != best_again
