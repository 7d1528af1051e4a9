"""What the check of pairs says: names, meanings and signs of its groups, plates on pictures, words of what was decided."""

from typing import NamedTuple

from PySide6.QtCore import QCoreApplication

from p2p_desktop.runs.checked_pairs import GOOD, CheckedPairs, Found, Standing
from p2p_desktop.ui.plain_words import count

SEEN = "seen"
"""The code of what the network sees, beside those of findings."""


class GroupWords(NamedTuple):
    title: str
    meaning: str
    """One sentence: what it means, and what becomes of it."""
    icon: str
    token: str
    """Of the icon's colour."""


def group_words(code: str, *, of_pairs: bool) -> GroupWords:
    """`of_pairs`: whether pairs are found, and not made of single photographs."""
    known = _groups(of_pairs)
    return known.get(code) or GroupWords(code, "", "info", "muted")


def in_order(codes: list[str]) -> list[str]:
    """As they stand in the list: those that need a decision first; what is no pair last."""
    order = list(_groups(True))
    return sorted(codes, key=lambda code: order.index(code) if code in order else len(order))


def _groups(of_pairs: bool) -> dict[str, GroupWords]:
    what = _tr("pairs") if of_pairs else _tr("pictures")
    copies = (
        _tr("Each repeats a picture of an earlier pair. Copies count twice, and make what is measured look too good.")
        if of_pairs
        else _tr("Each repeats an earlier picture. Copies count twice, and make what is measured look too good.")
    )
    return {
        SEEN: GroupWords(
            _tr("As the network sees them"),
            _tr("Input and target as they go into the network: cropped, mirrored and varied at random."),
            "eye",
            "muted",
        ),
        GOOD: GroupWords(
            _tr("Good"), _tr("Nothing was found wrong with these {what}.").format(what=what), "check-circle-fill", "success"
        ),
        "misaligned": GroupWords(
            _tr("Likely misaligned"),
            _tr("A and B do not lie over each other, which teaches a model to smear. Click a pair to compare."),
            "frame-corners",
            "warning",
        ),
        "duplicate": GroupWords(_tr("Duplicates"), copies, "copy", "warning"),
        "labels": GroupWords(
            _tr("Stray colours"),
            _tr("A label map has colours that are no labels. Save label maps as PNG: each colour is a name."),
            "palette",
            "warning",
        ),
        "grey": GroupWords(
            _tr("Grey pictures"),
            _tr("These are grey where colours are to be learned, and teach none."),
            "drop-half",
            "warning",
        ),
        "range": GroupWords(
            _tr("Empty or out of range"), _tr("There is too little in one of the pictures to learn from."), "selection", "warning"
        ),
        "transparent": GroupWords(
            _tr("Transparent"),
            _tr("One of the pictures is transparent everywhere: there is nothing to see in it."),
            "ghost",
            "warning",
        ),
        "size": GroupWords(
            _tr("Different size"),
            _tr("The smaller picture counts: the larger one is brought to its size. These are used."),
            "crop",
            "muted",
        ),
        "mode": GroupWords(
            _tr("16 bits, 8 are read"),
            _tr("The finer half of what is stored is not read. These are used."),
            "stack-simple",
            "muted",
        ),
        "shape": GroupWords(
            _tr("Different shapes"),
            _tr("A and B differ so much in shape that they are no pair. These cannot be used."),
            "x-circle-fill",
            "error",
        ),
        "unreadable": GroupWords(
            _tr("Cannot be read"),
            _tr("These are damaged, or not what they claim to be, and cannot be used."),
            "x-circle-fill",
            "error",
        ),
        "lonely": GroupWords(
            _tr("No partner"), _tr("No picture of the other folder has the same name. These are not used."), "link-break", "muted"
        ),
        "ambiguous": GroupWords(
            _tr("Same name twice"),
            _tr("Two pictures of one folder share their name, so nobody knows which is meant. These are not used."),
            "files",
            "muted",
        ),
        "green": GroupWords(
            _tr("Too little green"),
            _tr("Winter is made of green, and there is too little in these. They are not used."),
            "leaf",
            "muted",
        ),
    }


def headline(code: str, number: int, *, of_pairs: bool) -> str:
    """The title of a group: "Likely misaligned: 9 pairs"."""
    words = group_words(code, of_pairs=of_pairs)
    if code == SEEN:
        return words.title
    is_pair = of_pairs and code not in ("lonely", "ambiguous", "green")
    what = (_tr("1 pair") if is_pair else _tr("1 picture")) if number == 1 else (_tr("{} pairs") if is_pair else _tr("{} pictures"))
    return f"{words.title}: {what.format(count(number))}"


def found_line(pairs: CheckedPairs, *, of_pairs: bool) -> str:
    number = len(pairs.pairs)
    if number == 1:
        return _tr("1 pair found") if of_pairs else _tr("1 picture found")
    return (_tr("{} pairs found") if of_pairs else _tr("{} pictures found")).format(count(number))


def plate(found: Found) -> str:
    """What lies on the second picture: what is off, as short as it can be said. "" for nothing."""
    if found.code == "duplicate":
        return _tr("as {name}").format(name=found.repeats) if found.repeats else ""
    if found.code != "misaligned":
        return ""
    shift = _shift(*found.pixels)
    if found.mirrored:
        return ", ".join(filter(None, (_tr("mirrored"), shift)))
    return shift


def _shift(down: int, right: int) -> str:
    """ "14 px right, 9 up"; both directions only where neither is small beside the other."""
    parts = []
    if right and abs(right) * _SMALL_BESIDE >= abs(down):
        parts.append((_tr("{} px right") if right > 0 else _tr("{} px left")).format(abs(right)))
    if down and abs(down) * _SMALL_BESIDE > abs(right):
        texts = (_tr("{} down"), _tr("{} up")) if parts else (_tr("{} px down"), _tr("{} px up"))
        parts.append(texts[down < 0].format(abs(down)))
    return ", ".join(parts)


_SMALL_BESIDE = 5  # times smaller


def detail(found: Found) -> str:
    """What a card says below its name, where the group does not say it all; without the name, which stands there already."""
    if found.code not in _TOLD_IN_DETAIL:
        return ""
    return found.message.removeprefix(f"{found.pair.name}: ").removeprefix(f"{found.pair.paths[-1].name} ")


_TOLD_IN_DETAIL = frozenset({"unreadable", "shape", "size", "mode", "range", "labels", "transparent"})


def put_right_verb(found: Found) -> str:
    """What puts a pair right is called; "" where it is not certain how."""
    if found.correction is None:
        return ""
    return _tr("Mirror B") if found.mirrored else _tr("Line up")


def decided(standing: Standing, found: Found) -> tuple[str, str, str]:
    """(words, icon, token) of what was decided; empty words for nothing."""
    match standing:
        case "put right":
            return (_tr("Mirrored back") if found.mirrored else _tr("Lined up")), "check-circle-fill", "success"
        case "used anyway":
            return _tr("Used anyway"), "check-circle", "text"
        case "left out":
            return _tr("Left out"), "minus-circle", "muted"
    return "", "", ""


def _tr(text: str) -> str:
    return QCoreApplication.translate("CheckWords", text)
