"""What names of folders say: which part of the pictures they hold, to train, to measure or to test, and which side of the pairs.

`inside` is always the folders of one folder by their names in small letters.
"""

import re
from collections.abc import Mapping
from pathlib import Path

SIDES = (
    ("a", "b"),
    ("input", "target"),
    ("source", "target"),
    ("rgb", "depth"),
    ("image", "depth"),
    ("images", "depth"),
    ("sparse", "dense"),
    ("before", "after"),
    ("in", "out"),
    ("blurred", "sharp"),
    ("grey", "colour"),
    ("gray", "color"),
    ("low", "high"),
)
"""Names of two folders side by side, A and B; the second may go on, as in "depth_mm"."""

_OFTEN_ALONE = ("image", "images", "before", "in", "blurred", "grey", "gray", "low")
PARTNERS = {first: second for first, second in SIDES if first not in _OFTEN_ALONE} | {"b": "a", "target": "input"}
"""Names that promise a second folder, and what it would be called; "images", say, may be all there is."""

TRAIN, VAL = ("train",), ("val", "valid", "validation")

Two = tuple[Path, Path]

_TEST = re.compile(r"test(s|ing|set)?([^a-z].*|[ab])?")
_JOINED = re.compile(r"(train|val)(?:[ _-](.+)|([ab]))")


def is_for_testing(name: str) -> bool:
    """test, testA, test_2, Testing; but neither testimonials nor contest."""
    return _TEST.fullmatch(name.casefold()) is not None


def one_of(inside: Mapping[str, Path], names: tuple[str, ...]) -> Path | None:
    return next((inside[name] for name in names if name in inside), None)


def named_sides(inside: Mapping[str, Path]) -> Two | None:
    """A and B, by their names."""
    for a, b in SIDES:
        seconds = [path for name, path in inside.items() if name == b or (len(b) > 3 and name.startswith(b))]
        if a in inside and len(seconds) == 1 and seconds[0] != inside[a]:
            return inside[a], seconds[0]
    return None


def two_sides(inside: Mapping[str, Path]) -> Two | None:
    """A and B, by their names; or, if there are just two and neither says train or val, by the alphabet."""
    if len(inside) == 2 and not {*TRAIN, *VAL} & inside.keys():
        first, second = (inside[name] for name in sorted(inside))
        return named_sides(inside) or (first, second)
    return named_sides(inside)


def joined_parts(inside: Mapping[str, Path]) -> dict[str, dict[str, Path]]:
    """train and val of folders that say part and side in one name, such as trainA or val_depth: the sides by their names."""
    parts: dict[str, dict[str, Path]] = {}
    for name, path in inside.items():
        matched = _JOINED.fullmatch(name)
        if matched:
            parts.setdefault(matched[1], {})[matched[2] or matched[3]] = path
    return parts


def side_name(folder: Path) -> str:
    """The side that a folder's name says, in small letters, without the part that may stand before it."""
    matched = _JOINED.fullmatch(folder.name.casefold())
    return (matched[2] or matched[3]) if matched else folder.name.casefold()
