"""How a training does, in plain words: one sentence with a number and an advice, and why it is said."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from PySide6.QtCore import QCoreApplication

from p2p_desktop.runs.run_state import RunState
from p2p_desktop.ui import run_words
from p2p_desktop.ui.notes import Kind
from p2p_desktop.ui.plain_words import count, exact_duration


@dataclass(frozen=True, slots=True)
class HealthSaid:
    kind: Kind
    text: str
    why: str
    """What the sentence rests on, for who asks; "" if nothing more can be said."""


def health_words(code: str, numbers: Mapping[str, float], metric: str = "") -> HealthSaid | None:
    """Put a finding into words; None for a code of a later version.

    `numbers`, each where it is known: `step`, `steps`; `value`, the best held-out number of the kind `metric`, and `best_step`,
    where it was reached; `better_by`, how much better than doing nothing it is, in its own unit; `steps_since_best`; `saved_step`,
    of the last checkpoint; `first`, the step of the first measurement; `seconds` of silence.
    """
    said = _Said(numbers, metric)
    find = {
        "improving": said.healthy,
        "healthy_improving": said.healthy,
        "no_progress": said.no_progress,
        "discriminator_winning": said.discriminator_winning,
        "collapsed": said.collapsed,
        "overfitting": said.overfitting,
        "not_measured_yet": said.not_measured,
        "silent": said.silent,
        "died": said.died,
        "failed": said.failed,
        "finished": said.finished,
        "stopped": said.stopped,
        "paused": said.paused,
        "disk_full": said.disk_full,
    }.get(code)
    return find() if find is not None else None


def numbers_of(state: RunState, metric: str) -> dict[str, float]:
    """What a run's own words say of the numbers that `health_words` takes."""
    numbers: dict[str, float] = {"step": state.step, "steps": state.steps}
    best = state.best
    if best is not None and metric in best.metrics:
        value = best.metrics[metric]
        numbers |= {"best_step": best.step, "value": value, "steps_since_best": max(0, state.step - best.step)}
        if metric in best.identity:
            nothing = best.identity[metric]
            numbers["better_by"] = value - nothing if run_words.is_better(metric, 1.0, 0.0) else nothing - value
    if state.checkpoint is not None:
        numbers["saved_step"] = state.checkpoint.step
    return numbers


class _Said:
    def __init__(self, numbers: Mapping[str, float], metric: str) -> None:
        self._numbers, self._metric = numbers, metric

    def healthy(self) -> HealthSaid:
        return HealthSaid(
            "success",
            _joined(_tr("Healthy and still improving."), self._best(), _tr("Worth letting it run on.")),
            _tr(
                "The held-out pictures, which it does not learn from, still come out better from time to time, and neither of the "
                "two networks has got the upper hand."
            ),
        )

    def no_progress(self) -> HealthSaid:
        since, best_step = self._number("steps_since_best"), self._number("best_step")
        if since and best_step is not None:
            words = _tr("No progress for {n} steps: the best is at step {best}.").format(n=_whole(since), best=_whole(best_step))
        else:
            words = _tr("No progress for a long time.")
        return HealthSaid(
            "warning",
            _joined(words, _tr("You can stop here.")),
            _tr(
                "The held-out pictures have not come out better for a long time. The model of the best step is kept whatever comes "
                "after it. More steps rarely help then; more or other pictures do."
            ),
        )

    def discriminator_winning(self) -> HealthSaid:
        reason = _tr(
            "The discriminator tells every result from a true picture, so that the generator hears little that it could learn "
            "from, and invents texture instead."
        )
        return HealthSaid(
            "warning", _tr("The discriminator is winning: results may grow noisy. Lower its learning speed in a new run."), reason
        )

    def collapsed(self) -> HealthSaid:
        return HealthSaid(
            "error",
            _tr("Every picture comes out the same. If that stays so, start again with a lower learning speed."),
            _tr(
                "The results of different held-out pictures hardly differ, though the true pictures do. The generator has found "
                "one answer that it gives to everything, and seldom leaves it."
            ),
        )

    def disk_full(self) -> HealthSaid:
        saved = self._number("saved_step")
        kept = _tr("Everything up to step {n} is safe.").format(n=_whole(saved)) if saved else ""
        return HealthSaid(
            "error",
            _joined(_tr("The disk is full, so the training ended."), kept, _tr("Free some room, then press Go on.")),
            _tr("A trainer that cannot write its checkpoints stops, and leaves the last whole one as it is."),
        )

    def overfitting(self) -> HealthSaid:
        return HealthSaid(
            "warning",
            _joined(
                _tr("It learns the training pictures by heart."),
                self._best(),
                _tr("You can stop here; more pictures would help."),
            ),
            _tr(
                "The pictures it learns from come out better and better, the held-out ones do not. The model of the best step is "
                "kept whatever comes after it."
            ),
        )

    def not_measured(self) -> HealthSaid:
        first = self._number("first")
        words = _tr("Too early to say how it does.")
        if first:
            when = _tr("The held-out pictures are measured first at step {n}.").format(n=_whole(first))
        else:
            when = _tr("The held-out pictures have not been measured yet.")
        return HealthSaid(
            "info", _joined(words, when), _tr("Losses alone do not tell whether results are good; held-out pictures do.")
        )

    def silent(self) -> HealthSaid:
        seconds = self._number("seconds")
        if seconds is not None:
            words = _tr("The trainer has not answered for {time}.").format(time=exact_duration(seconds))
        else:
            words = _tr("The trainer does not answer.")
        return HealthSaid(
            "warning",
            _joined(words, _tr("It may be halted, or its disk may be gone."), self._safe()),
            _tr(
                "A trainer that works says every few seconds that it does. This one is still there and says nothing. It goes on by "
                "itself if the computer slept or was very busy; if it does not, end it, and press Go on."
            ),
        )

    def died(self) -> HealthSaid:
        step = self._number("step")
        words = _tr("The training ended without a word.")
        if step:
            words = _tr("The training ended without a word at step {n}.").format(n=_whole(step))
        return HealthSaid(
            "error",
            _joined(words, self._safe(), _tr("Press Go on.")),
            _tr("Its process is gone: it was ended from outside, the computer was switched off, or memory ran out."),
        )

    def failed(self) -> HealthSaid:
        step = self._number("step")
        words = _tr("The training failed.")
        if step:
            words = _tr("The training failed at step {n}.").format(n=_whole(step))
        return HealthSaid("error", _joined(words, self._safe()), "")

    def finished(self) -> HealthSaid:
        steps = self._number("step")
        words = _tr("Done.")
        if steps:
            words = _tr("All {n} steps are done.").format(n=_whole(steps))
            if (self._number("steps") or 0) > steps:
                words = _tr("Done after {n} steps: it did not get better any more.").format(n=_whole(steps))
        why = _tr("Held-out pictures, which it did not learn from, say which step gave the best model. That one is used.")
        return HealthSaid("success" if self._gains() else "warning", _joined(words, self._best(so_far=False)), why)

    def stopped(self) -> HealthSaid:
        step = self._number("step")
        words = _tr("Stopped and saved.") if step is None else _tr("Stopped and saved at step {n}.").format(n=_whole(step))
        return HealthSaid(
            "info",
            _joined(words, self._best(), _tr("Go on continues exactly here.")),
            _tr("A run that goes on takes up every number where it was left, as if it had never been stopped."),
        )

    def paused(self) -> HealthSaid:
        step = self._number("step")
        words = _tr("Paused.") if step is None else _tr("Paused after step {n}.").format(n=_whole(step))
        return HealthSaid(
            "info",
            _joined(words, _tr("It is saved, and keeps its memory until it is resumed or stopped.")),
            _tr("The trainer waits and computes nothing, but keeps its networks at hand, so that Resume takes no time."),
        )

    def _gains(self) -> bool:
        return (self._number("better_by") or 0.0) >= 0.0

    def _safe(self) -> str:
        saved = self._number("saved_step")
        if not saved:
            return _tr("Nothing was saved yet.")
        return _tr("Everything up to step {n} is safe.").format(n=_whole(saved))

    def _best(self, *, so_far: bool = True) -> str:
        """The best, and what that is worth; "" if it was never measured."""
        step, best = self._number("best_step"), self._number("value")
        if step is None or best is None or not self._metric:
            return ""
        figure = run_words.metric_value(self._metric, best)
        if self._metric not in ("psnr",):
            figure = f"{run_words.metric_title(self._metric)} {figure}"
        better_by = self._number("better_by")
        if better_by is not None:
            figure = f"{figure}, {_compared(self._metric, best, better_by)}"
        words = _tr("The best so far is step {n}: {figure}.") if so_far else _tr("The best is step {n}: {figure}.")
        return words.format(n=_whole(step), figure=figure)

    def _number(self, name: str) -> float | None:
        value = self._numbers.get(name)
        return value if value is not None and isfinite(value) else None


def _compared(metric: str, value: float, better_by: float) -> str:
    """How much better than doing nothing; `value` is the number itself."""
    if metric == "psnr":
        words = _tr("{n} dB better than doing nothing") if better_by >= 0 else _tr("{n} dB worse than doing nothing")
        return words.format(n=f"{abs(better_by):.1f}")
    nothing = value - better_by if run_words.is_better(metric, 1.0, 0.0) else value + better_by
    found = run_words.gain(metric, {metric: value}, {metric: nothing})
    return f"{found.figure} {found.words}" if found is not None else ""


def _whole(number: float) -> str:
    return count(round(number))


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _tr(text: str) -> str:
    return QCoreApplication.translate("HealthWords", text)
