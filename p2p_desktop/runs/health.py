"""How a run does, as one fact with its numbers; the window makes the sentence.

What the trainer warned of holds only while the numbers since do not say otherwise.
"""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

from p2p_desktop.runs.run_glance import best_result
from p2p_desktop.runs.run_process import Standing
from p2p_desktop.runs.run_state import RunState
from training.contract.protocol import Failed, Finished, Stopped, Warned
from training.contract.tasks import SMALLER_IS_BETTER

HealthCode = Literal[
    "new",
    "not_measured_yet",
    "improving",
    "no_progress",
    "overfitting",
    "collapsed",
    "discriminator_winning",
    "silent",
    "died",
    "disk_full",
    "failed",
    "stopped",
    "finished",
]

STALLED = 8
"""Measurements without a new best after which nothing more is to be expected soon, as for the trainer (docs/events.md)."""
_MEMORY_STEPS = 300  # over which the discriminator's losses are averaged
_RECOVERED = 2.0  # times what its losses were when it was noticed to win


@dataclass(frozen=True, slots=True)
class Health:
    """What is to be said, and its numbers; 0, "" or None where they have no meaning."""

    code: HealthCode
    step: int = 0
    """Where the run stands."""
    best_step: int = 0
    metric: str = ""
    """That decides which model is best; the task's."""
    value: float | None = None
    """Of the best model; None until one was measured."""
    better_by: float | None = None
    """How much better than doing nothing, in the metric's unit; negative if it is worse."""
    steps_since_best: int = 0
    saved_step: int = 0
    """Of the last checkpoint: what comes after it is lost where the run died or failed."""
    message: str = ""
    """The trainer's own sentence: how it ended, or what it warned of."""

    @property
    def is_worse_than_nothing(self) -> bool:
        """Whether the best model is worse than doing nothing."""
        return self.better_by is not None and self.better_by < 0


def health(state: RunState, standing: Standing, *, disk_is_full: bool = False) -> Health:
    """Judge a run by all that it told. `disk_is_full`: a trainer that has ended there ended for want of room."""
    code, message = _code(state, standing)
    if code in ("died", "failed") and disk_is_full:
        code = "disk_full"
    best = best_result(state)
    saved = state.checkpoint.step if state.checkpoint is not None else 0
    if best is None:
        return Health(code, state.step, saved_step=saved, message=message)
    better = best.nothing - best.value if best.metric in SMALLER_IS_BETTER else best.value - best.nothing
    since = max(0, state.step - best.step)
    return Health(code, state.step, best.step, best.metric, best.value, better, since, saved, message)


def _code(state: RunState, standing: Standing) -> tuple[HealthCode, str]:
    match standing:
        case "new" | "silent" | "died":
            return standing, ""
        case "finished" | "stopped" | "failed":
            ending = state.ending
            return standing, ending.message if isinstance(ending, Finished | Stopped | Failed) else ""
    return _while_training(state)


def _while_training(state: RunState) -> tuple[HealthCode, str]:
    """The worst first."""
    collapsed = _warning(state, "collapsed")
    if collapsed is not None and not _has_improved_since(state, collapsed.step):
        return "collapsed", collapsed.message
    winning = _warning(state, "discriminator_wins")
    if winning is not None and not _has_recovered(state, winning.step):
        return "discriminator_winning", winning.message
    overfitting = _warning(state, "overfitting")
    if overfitting is not None and not _has_improved_since(state, overfitting.step):
        return "overfitting", overfitting.message
    if not state.validations:
        return "not_measured_yet", ""
    return ("no_progress" if _measurements_since_best(state) >= STALLED else "improving"), ""


def _warning(state: RunState, code: str) -> Warned | None:
    """The latest of that code: each is given once, but a run that went back may give it again."""
    return next((warned for warned in reversed(state.warnings) if warned.code == code), None)


def _has_improved_since(state: RunState, step: int) -> bool:
    return any(found.best and found.step > step for found in state.validations)


def _measurements_since_best(state: RunState) -> int:
    best = state.best
    return sum(found.step > best.step for found in state.validations) if best is not None else len(state.validations)


def _has_recovered(state: RunState, step: int) -> bool:
    """Whether the discriminator finds it harder again than at `step`."""
    then, now = _mean_d(state, step), _mean_d(state, state.step)
    return then is not None and now is not None and now > _RECOVERED * then


def _mean_d(state: RunState, step: int) -> float | None:
    """Of the discriminator's losses, over the last steps up to `step`."""
    losses = state.losses
    end = bisect_right(losses.steps, step)
    begin = max(0, end - _MEMORY_STEPS)
    if begin == end:
        return None
    return (sum(losses.values["d_real"][begin:end]) + sum(losses.values["d_fake"][begin:end])) / (2 * (end - begin))
