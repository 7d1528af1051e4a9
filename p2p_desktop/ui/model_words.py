"""What a person reads about a model, from its card."""

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QCoreApplication

from p2p_desktop.ui.plain_words import count

if TYPE_CHECKING:  # NumPy; the first paint does not wait for it
    from p2p_desktop.models.library import Model
    from training.contract.model_file import ModelCard

Kind = Literal["success", "warning", "muted"]
_NOTICEABLE_DB = 0.05  # less than what a figure with one decimal can show


def title(model: "Model") -> str:
    """Its name; that of a shipped model with a capital, an added one as it was given."""
    return model.name[:1].upper() + model.name[1:] if model.origin == "shipped" else model.name


def does(card: "ModelCard") -> str:
    """In a few words, for a line below the name."""
    return {"deblur": _tr("Sharpens blurred photos"), "colorize": _tr("Colours grey photos")}.get(card.task, _task_title(card.task))


def promise(card: "ModelCard") -> str:
    """What happens to what is dropped: the headline of the empty page."""
    return {
        "deblur": _tr("Drop photos or folders here to sharpen them"),
        "colorize": _tr("Drop photos or folders here to colour them"),
    }.get(card.task, _tr("Drop pictures or folders here to translate them"))


def result_word(model: "Model") -> str:
    """The word that a folder of results gets: "Holiday sharp"."""
    known = {"deblur": _tr("sharp"), "colorize": _tr("coloured")}
    return known.get(model.card.task, model.name) if model.card is not None else model.name


def explains(card: "ModelCard") -> str:
    """A sentence or two for the panel."""
    what = {
        "deblur": _tr("Sharpens photos blurred by movement or focus."),
        "colorize": _tr("Gives colours to black-and-white photos."),
    }.get(card.task, _tr("Learnt from pairs of pictures: {task}.").format(task=_task_title(card.task)))
    if card.size_rule.mode == "native":
        return what + " " + _tr("Any size; large photos are done in tiles.")
    return what + " " + _tr("Any size; it looks at {size} pixels of the longer side.").format(size=card.size_rule.size)


def gain(card: "ModelCard") -> tuple[str, Kind]:
    """The one number: how much better than doing nothing, on pictures that it had not seen."""
    if "psnr" in card.metrics and "psnr" in card.identity and card.task != "colorize":
        difference = card.metrics["psnr"] - card.identity["psnr"]
        if difference >= _NOTICEABLE_DB:
            return _tr("{n} dB better than doing nothing").format(n=f"{difference:.1f}"), "success"
        if difference <= -_NOTICEABLE_DB:
            return _tr("{n} dB worse than doing nothing").format(n=f"{-difference:.1f}"), "warning"
        return _tr("No better than doing nothing"), "warning"
    for key in ("ab", "l1"):
        if card.metrics.get(key) is not None and card.identity.get(key):
            part = 1 - card.metrics[key] / card.identity[key]
            words = _tr("{n} % closer than doing nothing") if part > 0 else _tr("{n} % farther off than doing nothing")
            return words.format(n=f"{abs(part) * 100:.0f}"), "success" if part > 0 else "warning"
    return _tr("Not measured yet"), "muted"


def measurements(card: "ModelCard") -> list[tuple[str, str, str]]:
    """(what with an arrow to the better side, this model, doing nothing) for every held-out number."""
    names = {
        "psnr": ("PSNR \u2191", "{:.1f} dB"),
        "ssim": ("SSIM \u2191", "{:.3f}"),
        "l1": ("L1 \u2193", "{:.4f}"),
        "ab": ("ab \u2193", "{:.2f}"),
    }
    rows = []
    for key, value in card.metrics.items():
        words, form = names.get(key, (key, "{:.4g}"))
        nothing = card.identity.get(key)
        rows.append((words, form.format(value), form.format(nothing) if nothing is not None else ""))
    return rows


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
        rows.append((_tr("Licence"), str(said["licence"])))
    rows.append(
        (
            _tr("From"),
            _tr("Shipped with P2P Desktop") if model.origin == "shipped" else str(said.get("imported_from") or _tr("Added by you")),
        )
    )
    trained = []
    pairs, steps = said.get("pairs"), said.get("steps")
    if isinstance(pairs, dict):
        pairs = pairs.get("train")
    if isinstance(pairs, int):
        trained.append(_tr("{n} pictures").format(n=count(pairs)))
    if isinstance(steps, int):
        trained.append(_tr("{n} steps").format(n=count(steps)))
    if trained:
        rows.append((_tr("Trained"), ", ".join(trained)))
    return rows


def _task_title(task: str) -> str:
    from training.contract.tasks import TASKS  # with the encodings, which import OpenCV

    return TASKS[task].title if task in TASKS else task


def _tr(text: str) -> str:
    return QCoreApplication.translate("ModelWords", text)
