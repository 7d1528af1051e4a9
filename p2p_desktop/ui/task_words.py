"""What a person must know of a task before choosing it: what it learns, and what pictures it takes."""

from PySide6.QtCore import QCoreApplication

from p2p_desktop.ui.plain_words import count
from training.contract.tasks import Task

ICONS: dict[str, tuple[str, str]] = {
    "pairs": ("image", "image-square"),
    "facades": ("squares-four", "buildings"),
    "maps": ("airplane-tilt", "map-trifold"),
    "mono-depth": ("image", "cube"),
    "fill-depth": ("dots-nine", "cube"),
}
"""What stands for the picture that goes in, and the one that comes out, of tasks without a picture of their own."""

_ANY_ICONS = ("image", "image-square")


def icons(task: Task) -> tuple[str, str]:
    return ICONS.get(task.name, _ANY_ICONS)


def learns(task: Task) -> str:
    """One sentence on what such a model does."""
    match task.name:
        case "pairs":
            return _tr("Turns your first kind of picture into your second: whatever you have examples of.")
        case "facades":
            return _tr("Turns drawings in flat colours, each a name for a part, into photographs.")
        case "winter-to-summer":
            return _tr("Takes snow and winter light off a landscape.")
        case "mono-depth":
            return _tr("Says how far away things in a photograph are.")
        case "fill-depth":
            return _tr("Completes what a depth camera or a laser scanner left out.")
        case "deblur":
            return _tr("Takes blur, noise and JPEG marks off photographs.")
        case "colorize":
            return _tr("Gives grey photographs likely colours.")
        case "edges":
            return _tr("Paints a photograph from dark lines on white.")
        case "maps":
            return _tr("Draws the map that belongs to a view from above, or the view that belongs to a map.")
    return ""


def needs(task: Task) -> str:
    """Which pictures it learns from."""
    match task.source:
        case "blur":
            return _tr("Needs sharp photographs. The blur is put on by the program.")
        case "grey":
            return _tr("Needs photographs in colour. The program takes the colour away.")
        case "edges":
            return _tr("Needs photographs. The program draws their edges.")
        case "snow":
            return _tr("Needs green summer photographs. The program puts the snow on.")
        case "sparse":
            return _tr("Needs depth maps, 16-bit PNG or TIFF. The program takes points away.")
    if task.encoding_out == "depth16":
        return _tr("Needs photographs, each with its depth map (16-bit PNG or TIFF).")
    return _tr("Needs pairs: two folders with the same names, or pictures with both side by side.")


def lengths(task: Task) -> str:
    """How long the presets are. In steps: minutes are measured later, on this computer."""
    quick, balanced, thorough = (count(int(task.presets[name]["steps"])) for name in ("quick", "balanced", "thorough"))
    words = _tr("{quick} steps for a quick look, {balanced} balanced, {thorough} thorough.")
    return words.format(quick=quick, balanced=balanced, thorough=thorough)


def _tr(text: str) -> str:
    return QCoreApplication.translate("TaskWords", text)
