"""What is said of the pictures to learn from: what is wanted, what was found, and what is wrong with the idea."""

from PySide6.QtCore import QCoreApplication

from p2p_desktop.ui.plain_words import count
from p2p_desktop.workers.pair_search import FoundPairs
from training.contract.tasks import Task


def wanted(task: Task) -> tuple[str, str]:
    """(what to drop, how it may lie)."""
    if task.wanted == "pairs":
        names = _tr("Two folders in it, with pictures of the same names; or pictures that hold both side by side.")
        second = _tr("Where the second pictures lie elsewhere, drop both folders at once.")
        return _tr("Drop the folder of your pairs here"), f"{names} {second}"
    if task.wanted == "depth":
        words = _tr("16-bit PNG or TIFF, by themselves or in a folder beside that of their photographs.")
        return _tr("Drop the folder of your depth maps here"), words
    words = _tr("Folders in it count, too. The program makes the pairs itself; your pictures are never changed.")
    return _tr("Drop the folder of your photographs here"), words


def headline(found: FoundPairs) -> str:
    words = _tr("{n} photographs") if found.layout == "photos" else _tr("{n} pairs")
    return words.format(n=count(found.num_pairs))


def layout(found: FoundPairs, task: Task) -> str:
    """How they lie on the disk."""
    if found.layout == "folders":
        words = _tr("Two folders, matched by name: {a} and {b}.")
        return words.format(a=_quoted(found.sides[0]), b=_quoted(found.sides[1]))
    if found.layout == "strips":
        return _tr("Pictures A|B: each holds both, A on the left and B on the right.")
    if task.wanted == "depth":
        return _tr("Depth maps by themselves. The program takes points away.")
    return _tr("Single photographs, of which the program makes the pairs.")


def split(found: FoundPairs) -> str:
    """What is kept back to measure with."""
    if found.split_by == "owner":
        words = _tr("{n} of them, in the folder val, measure progress and are never learned from.")
        return words.format(n=count(found.num_held_out))
    return _tr("A tenth is kept back to measure progress, and never learned from.")


def sides(found: FoundPairs) -> tuple[str, str]:
    """What A and B are called."""
    if found.layout == "folders":
        return _quoted(found.sides[0]), _quoted(found.sides[1])
    return _tr("the left half (A)"), _tr("the right half (B)")


def left_over(found: FoundPairs) -> str:
    """Pictures that are not used; "" if all are."""
    said = []
    if found.lonely:
        words = _tr("Left out, because they have no partner: {n} ({names}).")
        said.append(words.format(n=count(len(found.lonely)), names=_some([path.name for path in found.lonely])))
    if found.ambiguous:
        words = _tr("Left out, because another one beside them has the same name: {n} ({names}).")
        said.append(words.format(n=count(len(found.ambiguous)), names=_some([path.name for path in found.ambiguous])))
    return " ".join(said)


def warning(task: Task, found: FoundPairs | None) -> tuple[str, str]:
    """(what would not work, what to do); both "" where nothing is to be said."""
    if found is not None and found.are_seasons and task.source == "found":
        advice = _tr(
            "They cannot be learned from pairs. Go back and choose \u201cTurn winter into summer\u201d, which needs summer "
            "photographs only; go on only if each was taken from the very same place."
        )
        return _tr("Photographs of winter and photographs of summer are not pairs."), advice
    if task.source == "snow":
        advice = _tr("Give it green summer photographs only: the program puts snow on them, so that each is a true pair.")
        return _tr("Photographs of winter and photographs of summer are not pairs."), advice
    return "", ""


_FEW = 3


def _some(names: list[str]) -> str:
    return ", ".join(names[:_FEW]) + (", \u2026" if len(names) > _FEW else "")


def _quoted(name: str) -> str:
    return f"\u201c{name}\u201d"


def _tr(text: str) -> str:
    return QCoreApplication.translate("PictureWords", text)
