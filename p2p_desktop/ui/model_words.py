"""What a person reads about a model, from its card. A card may say anything, so what it says is cut and cleaned here."""

import time
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QCoreApplication

from p2p_desktop.ui.plain_words import count

if TYPE_CHECKING:  # NumPy; the first paint does not wait for it
    from p2p_desktop.models.library import Model
    from p2p_desktop.models.measured import Measured
    from training.contract.model_file import ModelCard

Kind = Literal["success", "warning", "muted"]
_NOTICEABLE_DB = 0.05  # less than what a figure with one decimal can show
_MOST_LETTERS = 200  # of anything that a card says: more has no room, and a megabyte of it would stop the window
_MOST_NUMBERS = 8
_MOST_PLAIN = 1e5  # a figure that is larger is written with an exponent
_MOST_TIMES = 100.0  # farther off than that is not worth a longer figure


def title(model: "Model") -> str:
    """Its name; that of a shipped model with a capital, an added one as it was given."""
    name = _said(model.name)
    return name[:1].upper() + name[1:] if model.origin == "shipped" else name


def does(card: "ModelCard") -> str:
    """In a few words, for a line below the name."""
    known = {
        "deblur": _tr("Sharpens blurred photos"),
        "colorize": _tr("Colours grey photos"),
        "fill-depth": _tr("Fills the holes of depth maps"),
    }
    return known.get(card.task) or _known_title(card.task) or _tr("Translates pictures")


def promise(card: "ModelCard") -> str:
    """What happens to what is dropped: the headline of the empty page."""
    return {
        "deblur": _tr("Drop photos or folders here to sharpen them"),
        "colorize": _tr("Drop photos or folders here to colour them"),
        "fill-depth": _tr("Drop depth maps or folders here to fill their holes"),
    }.get(card.task, _tr("Drop pictures or folders here to translate them"))


def result_word(model: "Model") -> str:
    """The word that a folder of results gets: "Holiday sharp"."""
    known = {"deblur": _tr("sharp"), "colorize": _tr("coloured"), "fill-depth": _tr("filled")}
    return known.get(model.card.task, model.name) if model.card is not None else model.name


def explains(card: "ModelCard") -> str:
    """A sentence or two for the panel."""
    what = {
        "deblur": _tr("Sharpens photos blurred by movement or focus."),
        "colorize": _tr("Gives colours to black-and-white photos."),
        "fill-depth": _tr("Fills what a depth camera did not measure, in 16-bit depth maps. What was measured stays as it is."),
    }.get(card.task, _tr("Learnt from pairs of pictures: {task}.").format(task=_task_title(card.task)))
    if card.size_rule.mode == "native":
        return what + " " + _tr("Any size; large photos are done in tiles.")
    return what + " " + _tr("Any size; it looks at {size} pixels of the longer side.").format(size=card.size_rule.size)


def gain(card: "ModelCard") -> tuple[str, Kind]:
    """The one number: how much better than doing nothing, on pictures that it had not seen."""
    key = _telling_metric(card)
    pair = _pair(card, key) if key else None
    if pair is None:
        return _tr("Not measured yet"), "muted"
    own, nothing = pair
    if key == "psnr":
        difference = own - nothing
        if difference >= _NOTICEABLE_DB:
            return _tr("{n} dB better than doing nothing").format(n=f"{difference:.1f}"), "success"
        if difference <= -_NOTICEABLE_DB:
            return _tr("{n} dB worse than doing nothing").format(n=f"{-difference:.1f}"), "warning"
        return _tr("No better than doing nothing"), "warning"
    percent = round((1 - min(own / nothing, _MOST_TIMES)) * 100)
    if percent == 0:
        return _tr("No better than doing nothing"), "warning"
    words = _tr("{n} % closer than doing nothing") if percent > 0 else _tr("{n} % farther off than doing nothing")
    return words.format(n=count(abs(percent))), "success" if percent > 0 else "warning"


def long_gains() -> list[str]:
    """The longest that `gain` usually says."""
    return [_tr("{n} dB better than doing nothing").format(n="88.8"), _tr("{n} % farther off than doing nothing").format(n="888")]


def gain_explained(card: "ModelCard", measured: "Measured | None" = None) -> str:
    """What the one number of `gain` was measured on, and what it means. `measured`: as for `with_measured`."""
    shown = with_measured(card, measured)
    key = _telling_metric(shown)
    if not key:
        return _tr("Its results were not compared with true pictures yet.")
    told = measured_on(measured) + "." if measured is not None and shown is not card else ""
    return (told or _tr("Measured on pictures that it did not learn from.")) + " " + meaning(key)


def is_measured(card: "ModelCard") -> bool:
    """Tell whether `gain` has a number to tell."""
    return bool(_telling_metric(card))


def with_measured(card: "ModelCard", measured: "Measured | None") -> "ModelCard":
    """The card for `gain`: one without a number of its own gets those that were measured here, unless they say too little."""
    if measured is None or measured.knew_all or is_measured(card):
        return card
    return replace(card, metrics=measured.metrics, identity=measured.identity)


def measured_on(measured: "Measured") -> str:
    """On which pictures, and when."""
    folder = Path(measured.folder)
    return _tr("Measured on {folder}, {day}").format(folder=_said(folder.name or folder), day=_day(measured.when))


def meaning(metric: str) -> str:
    """What a held-out number tells, in plain words; "" for one of a later version."""
    return {
        "psnr": _tr("How near pixels are to those of the true picture, in decibels (PSNR). 6 dB more are half the error."),
        "ssim": _tr("How much edges and textures are like those of the true picture (SSIM). 1 is the same."),
        "l1": _tr("How far pixels are from those of the true picture on average (L1). 0 is the same, 1 is white for black."),
        "ab": _tr("How far colours are from the true ones on average, brightness left out (a and b of CIE Lab). 0 is the same."),
        "colourfulness": _tr("How much colour there is. 100 % is as much as in the true picture, less is paler."),
        "rmse": _tr("How far depths are from the measured ones, in metres. Large errors count more (root mean square)."),
        "rel": _tr("How far depths are from the measured ones on average, as a share of the distance."),
        "delta1": _tr("How many of the depths are within a factor of 1.25 of the measured ones."),
    }.get(metric, "")


def measurements(card: "ModelCard") -> list[tuple[str, str, str, str]]:
    """(what with an arrow to the better side, this model, doing nothing, what it means) for every held-out number."""
    names = {
        "psnr": ("PSNR \u2191", "{:.1f} dB"),
        "ssim": ("SSIM \u2191", "{:.3f}"),
        "l1": ("L1 \u2193", "{:.4f}"),
        "ab": ("ab \u2193", "{:.2f}"),
        "colourfulness": (_tr("Colourfulness"), "{:.0%}"),
        "rmse": ("RMSE \u2193", "{:.3f} m"),
        "rel": (_tr("Relative error \u2193"), "{:.3f}"),
        "delta1": (_tr("Within 1.25 times \u2191"), "{:.1%}"),
    }
    rows = []
    for key, value in card.metrics.items():
        words, form = names.get(key, (_said(key), "{:.4g}"))
        if isfinite(value):
            rows.append((words, _figure(form, value), _figure(form, card.identity.get(key)), meaning(key)))
    return rows[:_MOST_NUMBERS]


def origin(model: "Model") -> str:
    if model.card is not None and model.card.provenance.get("imported_from"):
        return _tr("Imported")
    return _tr("Built in") if model.origin == "shipped" else _tr("Yours")


def came_from(model: "Model") -> list[tuple[str, str]]:
    """Task, licence, where it came from and how it was trained, as far as the card says so."""
    card = model.card
    if card is None:
        return []
    said = card.provenance
    rows = [(_tr("Task"), _task_title(card.task))]
    if said.get("licence"):
        rows.append((_tr("Licence"), _said(said["licence"])))
    added_from = _said(said.get("imported_from") or _tr("Added by you"))
    rows.append((_tr("From"), _tr("Shipped with P2P Desktop") if model.origin == "shipped" else added_from))
    trained = []
    pairs, steps = said.get("pairs"), said.get("steps")
    if isinstance(pairs, dict):
        pairs = pairs.get("train")
    if isinstance(pairs, int):
        trained.append(_tr("{n} pictures").format(n=_said(count(pairs))))
    if isinstance(steps, int):
        trained.append(_tr("{n} steps").format(n=_said(count(steps))))
    if trained:
        rows.append((_tr("Trained"), ", ".join(trained)))
    return rows


def _task_title(task: str) -> str:
    return _known_title(task) or _said(task)


def _known_title(task: str) -> str:
    """The title of a task; "" if a later version made it."""
    from training.contract.tasks import TASKS  # with the encodings, which import OpenCV

    return TASKS[task].title if task in TASKS else ""


def _telling_metric(card: "ModelCard") -> str:
    """Which held-out number `gain` speaks of; "" if there is none that could be held against doing nothing."""
    if card.task != "colorize" and _pair(card, "psnr") is not None:
        return "psnr"
    for key in ("ab", "rmse", "l1"):
        pair = _pair(card, key)
        if pair is not None and pair[1] > 0:
            return key
    return ""


def _pair(card: "ModelCard", metric: str) -> tuple[float, float] | None:
    """This model's number and that of doing nothing, if both are numbers."""
    own, nothing = card.metrics.get(metric), card.identity.get(metric)
    return (own, nothing) if own is not None and nothing is not None and isfinite(own) and isfinite(nothing) else None


def _day(when: float) -> str:
    try:
        return time.strftime("%Y-%m-%d", time.localtime(when))
    except (OSError, OverflowError, ValueError):  # a file may say anything
        return "?"


def _figure(form: str, value: float | None) -> str:
    if value is None or not isfinite(value):
        return ""
    return form.format(value) if abs(value) < _MOST_PLAIN else f"{value:.3g}"


def _said(words: object) -> str:
    """On one line, not too long, and without half letters, at which Qt stops."""
    text = " ".join(str(words)[: 4 * _MOST_LETTERS].encode("utf-8", "replace").decode("utf-8").split())
    return text if len(text) <= _MOST_LETTERS else text[:_MOST_LETTERS] + "..."


def _tr(text: str) -> str:
    return QCoreApplication.translate("ModelWords", text)
