"""What a person reads about measuring a model: which pictures it takes, how far it is, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QCoreApplication

from p2p_desktop.ui import model_words
from p2p_desktop.ui.plain_words import count

if TYPE_CHECKING:  # NumPy; the first paint does not wait for it
    from p2p_desktop.workers.measure_run import Examined
    from training.contract.model_file import ModelCard

Better = Literal["model", "nothing", "neither"]
_GROUP_SEPARATOR = "/"  # kinds of one group share what stands before it, as noisy/disc-2 and noisy/disc-3
_UNTOUCHED = "sharp"
_MOST_GROUPS = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One number, as it is shown."""

    what: str
    own: str
    nothing: str
    meaning: str
    better: Better


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    rows: tuple[Row, ...]


def wanted(card: "ModelCard") -> tuple[str, str]:
    """(which folder to choose, what is done with the pictures), for the task of this model."""
    from training.contract.tasks import TASKS  # with the encodings, which import OpenCV

    task = TASKS.get(card.task)
    own = _tr("Take pictures that it did not learn from; those that it did are left out.")
    if task is None:
        return _tr("Choose a folder of pictures as this model learned from."), own
    match task.source:
        case "blur":
            how = _tr("They are blurred in many ways, and the results are held against the photographs themselves.")
            return _tr("Choose a folder of good, sharp photographs."), f"{how} {own}"
        case "grey":
            how = _tr("Their colours are taken away, and the results are held against the photographs themselves.")
            return _tr("Choose a folder of good photographs in colour."), f"{how} {own}"
        case "edges":
            how = _tr("Their edges are drawn, and the results are held against the photographs themselves.")
            return _tr("Choose a folder of good photographs."), f"{how} {own}"
        case "snow":
            how = _tr("Snow is laid on them, and the results are held against the photographs themselves.")
            return _tr("Choose a folder of good photographs of green summer."), f"{how} {own}"
        case "sparse":
            how = _tr("Points are taken away, and the results are held against the whole maps.")
            which = _tr("Choose a folder of depth maps (16-bit PNG or TIFF), with a folder of their photographs beside it.")
            alone = _tr("Choose a folder of depth maps (16-bit PNG or TIFF).")
            return which if card.encoding_in == "rgb_depth16" else alone, f"{how} {own}"
    which = _tr("Choose a folder of pairs: the picture that goes in, and the true picture that should come out.")
    left = _tr("Either two folders in it, with pictures of the same names; or pictures that hold both, side by side")
    side = _tr("the input on the left") if card.direction == "AtoB" else _tr("the input on the right")
    return which, f"{left} ({side}). {own}"


def progress(done: int, total: int) -> str:
    if done >= total:
        return _tr("All {total} test pictures are measured. The sheet of pictures is being drawn").format(total=count(total))
    return _tr("{done} of {total} test pictures").format(done=count(done), total=count(total))


def verdict(card: "ModelCard", examined: "Examined") -> tuple[str, model_words.Kind]:
    """The one number, as the card will say it; of what a model knows by heart, that it says little."""
    measured = examined.measured
    if measured.knew_all:
        return _tr("These pictures say little: the model knows them"), "warning"
    said, kind = model_words.gain(replace(card, metrics=measured.metrics, identity=measured.identity))
    return (said, kind) if kind != "muted" else (_tr("Measured; there is nothing to compare it with"), kind)


def summary(examined: "Examined") -> str:
    """On how many pictures it was measured, and which."""
    measured = examined.measured
    words = _tr("{n} picture") if measured.num_pictures == 1 else _tr("{n} pictures")
    return f"{model_words.measured_on(measured)}, {words.format(n=count(measured.num_pictures))}"


def sections(card: "ModelCard", examined: "Examined") -> list[Section]:
    """All numbers together; then, where there are several kinds of pictures, each group of them."""
    measured = examined.measured
    groups = _groups(examined.kinds)
    several = len(groups) > 1
    title = "" if not several else _tr("Blurred pictures, all together") if _UNTOUCHED in groups else _tr("All together")
    found = [Section(title, rows(card, measured.metrics, measured.identity))]
    if several:
        for name, kinds in list(groups.items())[:_MOST_GROUPS]:
            metrics, identity = (_means([kind[side] for kind in kinds]) for side in ("metrics", "identity"))
            found.append(Section(_group_title(name), rows(card, metrics, identity)))
    return found


def rows(card: "ModelCard", metrics: Mapping[str, float], identity: Mapping[str, float]) -> tuple[Row, ...]:
    """Every number beside that of doing nothing."""
    found = []
    for key, value in metrics.items():
        nothing = {key: identity[key]} if key in identity else {}
        told = model_words.measurements(replace(card, metrics={key: value}, identity=nothing))
        found += [Row(*words, better(key, value, nothing.get(key))) for words in told]
    return tuple(found)


def better(metric: str, own: float, nothing: float | None) -> Better:
    """Which of the two is nearer to the true pictures."""
    from training.contract.tasks import SMALLER_IS_BETTER  # with the encodings, which import OpenCV

    if nothing is None or not isfinite(own) or not isfinite(nothing) or own == nothing:
        return "neither"
    if metric == "colourfulness":  # 1 is as much colour as there should be
        return "model" if abs(own - 1) < abs(nothing - 1) else "nothing"
    return "model" if (own < nothing) == (metric in SMALLER_IS_BETTER) else "nothing"


def warnings(examined: "Examined", most: int) -> list[str]:
    """What was told on the way, `most` of it."""
    told = list(examined.warnings[:most])
    left = len(examined.warnings) - len(told)
    return [*told, _tr("And {n} more like these; the log has them.").format(n=count(left))] if left else told


def _groups(kinds: Mapping[str, Any]) -> dict[str, list[Any]]:  # Any: JSON
    groups: dict[str, list[Any]] = {}  # Any: JSON
    for kind, row in kinds.items():
        groups.setdefault(kind.partition(_GROUP_SEPARATOR)[0], []).append(row)
    return dict(sorted(groups.items(), key=lambda group: group[0] == _UNTOUCHED))  # last: it is not what the model is for


def _group_title(name: str) -> str:
    return {
        "sharp": _tr("Pictures that are sharp already"),
        "clean": _tr("Blurred"),
        "noisy": _tr("Blurred, with noise"),
    }.get(name, name)


def _means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for row in rows for name in row)
    values = {name: [row[name] for row in rows if name in row] for name in names}
    return {name: sum(some) / len(some) for name, some in values.items()}


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeasureWords", text)
