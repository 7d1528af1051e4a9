"""What a person reads about a training run: how it stands, how far it is, and its held-out numbers."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from p2p_desktop.runs.run_process import HELD, Standing
from p2p_desktop.runs.run_state import LossName, RunState
from p2p_desktop.ui.notes import BadgeKind
from p2p_desktop.ui.plain_words import count, duration, rate, size
from training.contract.protocol import Validation

GainKind = Literal["success", "warning", "muted"]

_A_DAY_S = 86_400
_FORMS = {
    "psnr": "{:.1f} dB",
    "ssim": "{:.3f}",
    "l1": "{:.3f}",
    "ab": "{:.2f}",
    "colourfulness": "{:.0%}",
    "rmse": "{:.3f} m",
    "rel": "{:.3f}",
    "delta1": "{:.1%}",
}
_SMALL_BELOW = 0.1  # an L1 below it gets a digit more: good models differ there


@dataclass(frozen=True, slots=True)
class Gain:
    """How much better than doing nothing."""

    figure: str
    words: str
    kind: GainKind


def standing_words(standing: Standing) -> tuple[str, BadgeKind]:
    """The word beside the name of a run, and the colour of its badge."""
    words: dict[Standing, tuple[str, BadgeKind]] = {
        "training": (_tr("Training"), "accent"),
        "paused": (_tr("Paused"), "plain"),
        "silent": (_tr("Not answering"), "warning"),
        "finished": (_tr("Finished"), "success"),
        "stopped": (_tr("Stopped"), "plain"),
        "failed": (_tr("Failed"), "error"),
        "died": (_tr("Interrupted"), "warning"),
        "new": (_tr("Not started"), "plain"),
    }
    return words[standing]


def begin_words(standing: Standing) -> str:
    """What the button is called that has a run trained that nobody trains."""
    return _tr("Start training") if standing == "new" else _tr("Go on")


def step_words(state: RunState) -> str:
    """How far it is: "Step 18,400 of 30,000"."""
    if not state.steps:
        return _tr("Getting ready")
    return _tr("Step {step} of {steps}").format(step=count(state.step), steps=count(state.steps))


def progress_words(state: RunState, standing: Standing, now: float, memory_bytes: int | None = None) -> list[tuple[str, int]]:
    """What else is known of its progress: a few words each, and how soon they may be left out: 4 first, 1 last.

    `now`: Unix time. `memory_bytes`: what its trainer takes up.
    """
    words: list[tuple[str, int]] = []
    if standing == "training":
        speed, left = state.steps_per_second, state.seconds_left
        if speed:
            words.append((rate(speed), 3))
        if left is not None and state.step < state.steps:
            words.append((_tr("{time} left").format(time=duration(left)), 1))
            words.append((_tr("done at {clock}").format(clock=clock_words(now + left, now)), 2))
    elif standing not in HELD and state.last_seconds is not None:
        words.append((clock_words(state.last_seconds, now), 2))
    if state.started is not None:
        words.append((device_words(state.started.device), 4))
    if memory_bytes is not None and standing in HELD:
        words.append((_tr("{size} of memory").format(size=size(memory_bytes)), 4))
    return words


def device_words(device: str) -> str:
    """What computes, as a person calls it."""
    kind, _, number = device.partition(":")
    if kind == "cpu":
        return _tr("CPU")
    if kind not in ("cuda", "mps"):
        return device
    return _tr("graphics card {n}").format(n=int(number) + 1) if number.isdecimal() and int(number) else _tr("graphics card")


def clock_words(seconds: float, now: float) -> str:
    """The time of day; with the day where it is not today."""
    locale = QLocale()
    when = QDateTime.fromSecsSinceEpoch(round(seconds))
    clock = locale.toString(when.time(), QLocale.FormatType.ShortFormat)
    if time.localtime(seconds)[:3] == time.localtime(now)[:3]:
        return clock
    form = "ddd" if 0 < seconds - now < 6 * _A_DAY_S else "d MMM yyyy"
    return f"{locale.toString(when.date(), form)} {clock}"


def loss_title(name: LossName) -> str:
    """What a loss curve is called, everywhere."""
    return {"g_l1": "G L1", "g_gan": "G GAN", "d_real": _tr("D real"), "d_fake": _tr("D fake")}[name]


def loss_meaning(name: LossName) -> str:
    return {
        "g_l1": _tr("G L1: how far results are from the true pictures on average, times its weight. Lower is better."),
        "g_gan": _tr("G GAN: how clearly the discriminator sees through results, times its weight."),
        "d_real": _tr("D real: how often the discriminator mistakes true pictures for results."),
        "d_fake": _tr("D fake: how often the discriminator mistakes results for true pictures."),
    }[name]


def loss_value(value: float) -> str:
    """Three digits that count."""
    if not isfinite(value):
        return "\u2013"
    return f"{value:.2f}" if 0.1 <= abs(value) < 1000 or value == 0 else f"{value:.3g}"


def metric_title(key: str) -> str:
    """What a held-out number is called; its key, if a later version made it."""
    return {
        "psnr": "PSNR",
        "ssim": "SSIM",
        "l1": "L1",
        "ab": _tr("Colour error"),
        "colourfulness": _tr("Colourfulness"),
        "rmse": "RMSE",
        "rel": _tr("Relative error"),
        "delta1": _tr("Within 1.25 times"),
    }.get(key, key)


def metric_value(key: str, value: float | None) -> str:
    """The figure with its unit; a dash where there is none."""
    if value is None or not isfinite(value):
        return "\u2013"
    if key == "l1" and abs(value) < _SMALL_BELOW:
        return f"{value:.4f}"
    return _FORMS.get(key, "{:.4g}").format(value)


def telling_metric(task: str, found: Validation) -> str:
    """The number that says which model is best, among those that were measured; "" if there are none."""
    from training.contract.tasks import TASKS  # with the encodings, which import OpenCV

    best_by = TASKS[task].best_by if task in TASKS else ""
    return best_by if best_by in found.metrics else next(iter(found.metrics), "")


def telling_metric_of(state: RunState) -> str:
    """The same of a run; "" while nothing was measured."""
    if not state.validations:
        return ""
    return telling_metric(state.started.task if state.started is not None else "", state.validations[-1])


def measured_at(validations: Sequence[Validation], step: int) -> Validation | None:
    """The latest measurement up to a step; the first, where it lies before; None if there is none."""
    before = [found for found in validations if found.step <= step]
    return before[-1] if before else next(iter(validations), None)


def is_better(key: str, one: float, other: float) -> bool:
    """Whether the first of two held-out numbers is nearer to the true pictures."""
    from training.contract.tasks import SMALLER_IS_BETTER  # as above

    if key == "colourfulness":  # 1 is as much colour as there should be
        return abs(one - 1) < abs(other - 1)
    return one < other if key in SMALLER_IS_BETTER else one > other


def gain(key: str, metrics: Mapping[str, float], identity: Mapping[str, float]) -> Gain | None:
    """How much better a number is than that of doing nothing; None where that cannot be said."""
    own, nothing = metrics.get(key), identity.get(key)
    if own is None or nothing is None or not isfinite(own) or not isfinite(nothing):
        return None
    kind: GainKind = "success" if is_better(key, own, nothing) else "warning"
    if key == "psnr":
        return Gain(f"{_signed(own - nothing, 1)} dB", _tr("over doing nothing"), kind)
    if key in ("ssim", "delta1", "colourfulness") or nothing <= 0:
        return Gain(_signed(own - nothing, 3), _tr("over doing nothing"), kind)
    percent = round((1 - own / nothing) * 100)
    words = _tr("closer than doing nothing") if kind == "success" else _tr("farther off than doing nothing")
    return Gain(_tr("{n} %").format(n=count(abs(percent))), words, kind)


def _signed(value: float, digits: int) -> str:
    return f"{value:+.{digits}f}".replace("-", "\u2212")


def _tr(text: str) -> str:
    return QCoreApplication.translate("RunWords", text)
