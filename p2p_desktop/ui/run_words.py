"""What a person reads about a run in a list: how it stands, how good it is, when that was."""

import time
from math import isfinite
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QCoreApplication

from p2p_desktop.ui.plain_words import count

if TYPE_CHECKING:
    from p2p_desktop.runs.run_glance import RunGlance
    from p2p_desktop.runs.run_process import Standing

Kind = Literal["plain", "accent", "warning"]

_DAY_S = 86_400
_FORMS = {
    "psnr": "{:.1f} dB",
    "ssim": "{:.3f}",
    "l1": "{:.4f}",
    "ab": "{:.2f}",
    "colourfulness": "{:.0%}",
    "rmse": "{:.3f} m",
    "rel": "{:.3f}",
    "delta1": "{:.1%}",
}
_NAMES = {"psnr": "PSNR", "ssim": "SSIM", "l1": "L1", "ab": "ab", "rmse": "RMSE"}


def standing(word: "Standing") -> tuple[str, Kind]:
    """The badge of a run."""
    known: dict[str, tuple[str, Kind]] = {
        "training": (_tr("Training"), "accent"),
        "paused": (_tr("Paused"), "accent"),
        "silent": (_tr("No sign of life"), "warning"),
        "finished": (_tr("Finished"), "plain"),
        "stopped": (_tr("Stopped"), "plain"),
        "failed": (_tr("Failed"), "warning"),
        "died": (_tr("Interrupted"), "warning"),
        "new": (_tr("Not begun"), "plain"),
    }
    return known[word]


def figure(metric: str, value: float) -> str:
    """A held-out number with its unit: "27.9 dB", "0.861"."""
    return _FORMS.get(metric, "{:.4g}").format(value) if isfinite(value) else ""


def metric_name(metric: str) -> str:
    """As the field calls it."""
    others = {
        "colourfulness": _tr("Colourfulness"),
        "rel": _tr("Relative error"),
        "delta1": _tr("Within 1.25 times"),
    }
    return _NAMES.get(metric) or others.get(metric, metric)


def best(glance: "RunGlance") -> str:
    """The best result so far against doing nothing; or how far a run is that was not measured yet."""
    if glance.problem:
        return glance.problem
    if glance.metric and glance.value is not None:
        told = f"{metric_name(glance.metric)} {figure(glance.metric, glance.value)}"
        if glance.nothing is None:
            return told
        return _tr("{best}, doing nothing {nothing}").format(best=told, nothing=figure(glance.metric, glance.nothing))
    return _tr("Not measured yet")


def progress(glance: "RunGlance") -> str:
    """How far it is: "Step 18,400 of 30,000"."""
    if glance.steps <= 0:
        return ""
    return _tr("Step {step} of {steps}").format(step=count(glance.step), steps=count(glance.steps))


def when(seconds: float, now: float) -> str:
    """A day, or the time of today. Both in Unix seconds."""
    then, today = time.localtime(seconds), time.localtime(now)
    if then[:3] == today[:3]:
        return _tr("today {time}").format(time=time.strftime("%H:%M", then))
    if then[:3] == time.localtime(now - _DAY_S)[:3]:
        return _tr("yesterday {time}").format(time=time.strftime("%H:%M", then))
    return time.strftime("%Y-%m-%d", then)


def _tr(text: str) -> str:
    return QCoreApplication.translate("RunWords", text)
