"""What a person reads about a run in a list: how far it is and how good."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from p2p_desktop.ui.plain_words import count
from p2p_desktop.ui.run_words import metric_title, metric_value

if TYPE_CHECKING:
    from p2p_desktop.runs.run_glance import RunGlance


def facts(glance: "RunGlance") -> list[str]:
    """Task, progress and best result, or what is wrong with its folder."""
    if glance.problem:
        return [glance.problem]
    title = _title(glance.task)
    return list(filter(None, [title if title != glance.name else "", progress(glance), best(glance)]))


def best(glance: "RunGlance") -> str:
    """The best result so far against doing nothing: "PSNR 27.9 dB, doing nothing 25.5 dB"."""
    found = glance.best
    if found is None:
        return _tr("Not measured yet")
    told = f"{metric_title(found.metric)} {metric_value(found.metric, found.value)}"
    return _tr("{best}, doing nothing {nothing}").format(best=told, nothing=metric_value(found.metric, found.nothing))


def progress(glance: "RunGlance") -> str:
    """How far it is: "Step 18,400 of 30,000"; "" where that is not known."""
    if glance.steps <= 0:
        return ""
    return _tr("Step {step} of {steps}").format(step=count(glance.step), steps=count(glance.steps))


def _title(task: str) -> str:
    from training.contract.tasks import TASKS  # with the encodings, which import OpenCV

    return TASKS[task].title if task in TASKS else task


def _tr(text: str) -> str:
    return QCoreApplication.translate("GlanceWords", text)
