"""What is said of a run: from its measurements, its warnings, and how it stands."""

import pytest

from p2p_desktop.runs.health import STALLED, health
from p2p_desktop.runs.run_state import fold
from training.contract.protocol import Checkpointed, Failed, Finished, Started, Step, Stopped, Validation, Warned


def started(task="deblur"):
    return Started(task, "cpu", 10_000, 0, {"train": 3, "val": 1}, {"g": 1, "d": 1})


def measured(step, value, best, metric="psnr", nothing=25.0):
    return Validation(step, "image", {metric: value}, {metric: nothing}, best)


def warned(step, code):
    return Warned(step, code, f"About {code}.")


def judged(*events, standing="training", task="deblur"):
    return health(fold([(event, float(number)) for number, event in enumerate([started(task), *events])]), standing)


def steps(first, last, d):
    return [Step(number, 0, {"g_l1": 1.0, "g_gan": 1.0, "d_real": d, "d_fake": d}, 2e-4, 0.1) for number in range(first, last + 1)]


def test_a_run_that_improves_says_its_best_and_how_much_better_it_is():
    said = judged(measured(500, 24.0, True), measured(1000, 27.5, True), measured(1500, 27.0, False), Step(1600, 0, {}, 1e-4, 0.1))
    assert (said.code, said.best_step, said.metric, said.value, said.better_by) == ("improving", 1000, "psnr", 27.5, 2.5)
    assert (said.step, said.steps_since_best) == (1600, 600)
    assert not said.is_worse_than_nothing


def test_less_is_better_for_errors_and_worse_than_nothing_is_negative():
    said = judged(measured(500, 0.06, True, "l1", 0.05), task="maps")
    assert (said.metric, said.better_by) == ("l1", pytest.approx(-0.01))
    assert said.is_worse_than_nothing


def test_nothing_is_said_of_a_best_before_there_is_a_measurement():
    said = judged(Step(10, 0, {}, 1e-4, 0.1))
    assert (said.code, said.value, said.better_by) == ("not_measured_yet", None, None)


def test_many_measurements_without_a_better_one_are_no_progress():
    told = [measured(500, 27.0, True)] + [measured(500 + 500 * number, 26.0, False) for number in range(1, STALLED)]
    assert judged(*told).code == "improving"
    said = judged(*told, measured(5000, 26.0, False), Step(5000, 0, {}, 1e-4, 0.1))
    assert (said.code, said.steps_since_best) == ("no_progress", 4500)
    assert judged(*told, measured(5000, 28.0, True)).code == "improving"


@pytest.mark.parametrize("code", ["collapsed", "overfitting"])
def test_a_warning_holds_until_a_better_measurement(code):
    told = [measured(500, 27.0, True), warned(1000, code), measured(1000, 26.0, False)]
    said = judged(*told)
    assert (said.code, said.message) == (code, f"About {code}.")
    assert judged(*told, measured(1500, 28.0, True)).code == "improving"


def test_the_discriminator_wins_until_its_losses_rise_again():
    told = [*steps(1, 600, 0.03), warned(600, "discriminator_wins"), measured(600, 27.0, True)]
    assert judged(*told).code == "discriminator_winning"
    assert judged(*told, *steps(601, 1200, 0.04)).code == "discriminator_winning"
    assert judged(*told, *steps(601, 1200, 0.4)).code == "improving"


def test_of_two_troubles_the_worse_is_told():
    told = [*steps(1, 600, 0.03), warned(600, "discriminator_wins"), warned(600, "collapsed"), measured(600, 20.0, False)]
    assert judged(*told).code == "collapsed"


def test_other_warnings_say_nothing_of_its_health():
    assert judged(measured(500, 27.0, True), warned(600, "picture_left_out")).code == "improving"


@pytest.mark.parametrize(
    ("ending", "standing"), [(Stopped(7, "Stopped.", None), "stopped"), (Finished(7, "Done.", None), "finished")]
)
def test_an_end_comes_with_the_trainers_own_words(ending, standing):
    said = judged(measured(5, 27.0, True), ending, standing=standing)
    assert (said.code, said.message, said.best_step) == (standing, ending.message, 5)


def test_what_is_lost_is_known_of_a_run_that_died_or_failed():
    told = [Checkpointed(500, "checkpoints/last.pt"), *steps(501, 700, 0.6)]
    died = judged(*told, standing="died")
    assert (died.code, died.step, died.saved_step, died.message) == ("died", 700, 500, "")
    failed = judged(*told, Failed(700, "The disk is full.", None), standing="failed")
    assert (failed.code, failed.saved_step, failed.message) == ("failed", 500, "The disk is full.")
    assert judged(*told, warned(700, "collapsed"), standing="silent").code == "silent"


def test_a_full_disk_explains_a_run_that_died_without_a_word_and_no_other():
    state = fold([(started(), 1.0)])
    assert health(state, "died", disk_is_full=True).code == "disk_full"
    assert health(state, "failed", disk_is_full=True).code == "disk_full"
    assert health(state, "training", disk_is_full=True).code == "not_measured_yet"


def test_a_run_that_was_never_trained_is_new():
    assert health(fold([]), "new").code == "new"


def test_a_task_of_a_later_version_goes_by_what_it_tells_first():
    assert judged(measured(5, 3.0, True, "sharpness", 2.0), task="unheard-of").metric == "sharpness"
