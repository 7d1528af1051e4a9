"""How a run does, in words: every finding has some, whatever is known of its numbers."""

import pytest

from p2p_desktop.ui.health_words import health_words


@pytest.mark.parametrize(
    "code",
    [
        "improving", "no_progress", "discriminator_winning", "collapsed", "overfitting", "not_measured_yet", "silent", "died",
        "failed", "finished", "stopped", "paused",
    ],
)  # fmt: skip
def test_every_finding_has_words_with_and_without_numbers(code):
    numbers = {"step": 900, "steps": 1000, "best_step": 500, "value": 0.02, "better_by": 0.005, "steps_since_best": 400}
    for said in (health_words(code, {}), health_words(code, numbers | {"saved_step": 800, "seconds": 30.0, "first": 100}, "l1")):
        assert said is not None
        assert said.text.endswith(".")
        assert "{" not in said.text + said.why
    assert health_words("of a later version", {}) is None


def test_a_model_that_loses_to_doing_nothing_is_no_success():
    numbers = {"step": 100, "steps": 100, "best_step": 50, "value": 18.1, "better_by": -3.2}
    said = health_words("finished", numbers, "psnr")
    assert said.kind == "warning"
    assert "3.2 dB worse than doing nothing" in said.text
