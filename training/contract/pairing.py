"""Which pictures belong together: strips A|B, or two folders matched by name; and how they are divided to train and to measure.

A pair is named by its path below the folder it was found in, without its suffix.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from training.contract.errors import PairingError
from training.contract.pictures import is_picture_name

Layout = Literal["photos", "strips", "folders"]
"""Plain pictures, of which pairs are made; pictures that are pairs by themselves, A left and B right; or two folders."""

Wanted = Literal["photos", "pairs", "depth"]

HELD_OUT_SHARE = 0.1  # of pairs that are not split by their owner
SIDES = (
    ("a", "b"),
    ("input", "target"),
    ("source", "target"),
    ("rgb", "depth"),
    ("image", "depth"),
    ("images", "depth"),
    ("sparse", "dense"),
)
"""Names of two folders side by side, A and B; the second may go on, as in "depth_mm"."""


class PairFiles(NamedTuple):
    """Where one pair lies."""

    name: str
    a: Path
    b: Path | None
    """None: `a` holds both, or is a photograph of which a pair is made."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """What a folder holds."""

    layout: Layout
    train: tuple[PairFiles, ...]
    held_out: tuple[PairFiles, ...]
    split_by: Literal["owner", "content"]
    sides: tuple[str, str] = ("", "")
    """Names of the two folders, where there are two."""
    lonely: tuple[Path, ...] = ()
    """Pictures without a partner."""
    ambiguous: tuple[Path, ...] = ()
    """Pictures that share their name, but for the suffix, with another one on the same side."""


def find_pairs(root: Path, wanted: Wanted, *, other: Path | None, left_out: Path | None = None, seed: int) -> Pairs:
    """Look through `root` and below, sub-folders `train` and `val` being taken for what they say; `test` is never looked at.

    `wanted`: "photos" for tasks that make their pairs, "pairs" for those that find them, "depth" for depth with or without
    photographs beside it. `other`: the folder of the second pictures, if it lies elsewhere. `left_out`: a folder, often the run's
    own, whose pictures are none of them. Without `train` and `val`, a tenth is held out by content, copies of one picture on one
    side. Raises PairingError.
    """
    for folder in (root, *([other] if other else [])):
        if not folder.is_dir():
            raise PairingError(f"The folder {folder} does not exist. Choose the folder that holds the pictures.")
    try:
        search = _Search(left_out)
        found = None if wanted == "photos" else search.doubles(root, other)
        found = found or search.singles(root, "strips" if wanted == "pairs" else "photos")
        return _split_by_content(found, seed) if found.split_by == "content" else found
    except OSError as error:
        raise PairingError(f"The pictures in {root} cannot be read: {error}.") from error


def pictures_below(folder: Path, left_out: Path | None = None) -> list[Path]:
    """All pictures of a folder and its sub-folders, sorted; none of those below `left_out`. Raises OSError."""
    found = (path for path in folder.rglob("*") if is_picture_name(path.name) and path.is_file())
    return sorted(path for path in found if left_out is None or left_out not in path.parents)


def fingerprint(pairs: Pairs) -> str:
    """Tells one set of pairs from another by names and sizes. Raises OSError."""
    entries = [
        [(pair.name, *(path.stat().st_size for path in pair[1:] if path)) for pair in side]
        for side in (pairs.train, pairs.held_out)
    ]
    return hashlib.sha256(repr(entries).encode("utf-8", "surrogateescape")).hexdigest()


class _Search:
    """One look through a folder, and what it could not place."""

    def __init__(self, left_out: Path | None) -> None:
        self.left_out = left_out
        self.lonely: list[Path] = []
        self.ambiguous: list[Path] = []

    def singles(self, root: Path, layout: Layout) -> Pairs:
        """Every picture is a pair by itself, or becomes one."""
        if (root / "train").is_dir() and (root / "val").is_dir():
            return self._answer(layout, self._each(root / "train"), self._each(root / "val"))
        return self._answer(layout, self._each(root), None)

    def doubles(self, root: Path, other: Path | None) -> Pairs | None:
        """Two folders, matched by name; None where there are no two."""
        sides = (root, other) if other else _two_sides(root)
        if sides is None:
            return self._doubles_in_parts(root)
        a, b = sides
        if all((side / part).is_dir() for side in sides for part in ("train", "val")):
            return self._answer("folders", self._matched(a / "train", b / "train"), self._matched(a / "val", b / "val"), sides)
        return self._answer("folders", self._matched(a, b), None, sides)

    def _doubles_in_parts(self, root: Path) -> Pairs | None:
        sides = _two_sides(root / "train")
        if sides is None or not (root / "val").is_dir():
            return None
        others = _two_sides(root / "val")
        if others is None or [side.name for side in others] != [side.name for side in sides]:
            raise PairingError(
                f"{root / 'val'} does not hold the folders {sides[0].name} and {sides[1].name}, as {root / 'train'} does."
            )
        return self._answer("folders", self._matched(*sides), self._matched(*others), sides)

    def _answer(
        self, layout: Layout, train: list[PairFiles], held_out: list[PairFiles] | None, sides: tuple[Path, Path] | None = None
    ) -> Pairs:
        return Pairs(
            layout,
            tuple(train),
            tuple(held_out or ()),
            "content" if held_out is None else "owner",
            (sides[0].name, sides[1].name) if sides else ("", ""),
            tuple(self.lonely),
            tuple(self.ambiguous),
        )

    def _each(self, folder: Path) -> list[PairFiles]:
        return [PairFiles(_name(path, folder), path, None) for path in pictures_below(folder, self.left_out)]

    def _matched(self, a: Path, b: Path) -> list[PairFiles]:
        lefts, rights = self._by_name(a), self._by_name(b)
        for ours, theirs in ((lefts, rights), (rights, lefts)):
            self.lonely += [path for name, path in ours.items() if name not in theirs]
        return [PairFiles(name, lefts[name], rights[name]) for name in sorted(lefts.keys() & rights.keys())]

    def _by_name(self, folder: Path) -> dict[str, Path]:
        paths: dict[str, list[Path]] = {}
        for path in pictures_below(folder, self.left_out):
            paths.setdefault(_name(path, folder), []).append(path)
        self.ambiguous += [path for same in paths.values() if len(same) > 1 for path in same]  # which is meant nobody knows
        return {name: same[0] for name, same in paths.items() if len(same) == 1}


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()


def _two_sides(folder: Path) -> tuple[Path, Path] | None:
    """The two folders of pairs in a folder: by their names; or, if there are just two and neither says train, val or test, by the
    alphabet."""
    if not folder.is_dir():
        return None
    inside = {path.name.casefold(): path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith(".")}
    for a, b in SIDES:
        seconds = [path for name, path in inside.items() if name == b or (len(b) > 1 and name.startswith(b))]
        if a in inside and len(seconds) == 1 and seconds[0] != inside[a]:
            return inside[a], seconds[0]
    if len(inside) == 2 and not {"train", "val", "test"} & inside.keys():
        first, second = inside.values()
        return first, second
    return None


def _split_by_content(found: Pairs, seed: int) -> Pairs:
    """Hold out a tenth. Pairs that share a picture, byte for byte, stay together."""
    groups = _groups_of_copies(found.train)
    salt = seed.to_bytes(4, "little")
    ordered = sorted(groups, key=lambda group: hashlib.sha256(group.encode("ascii") + salt).hexdigest())
    held_out = set(ordered[: max(1, round(len(ordered) * HELD_OUT_SHARE))]) if len(ordered) > 1 else set()
    outside = [pair for group in sorted(held_out) for pair in groups[group]]
    return replace(
        found,
        train=tuple(pair for pair in found.train if pair not in set(outside)),
        held_out=tuple(sorted(outside)),
    )


def _groups_of_copies(pairs: Sequence[PairFiles]) -> dict[str, list[PairFiles]]:
    """Digest -> the pairs that hold this content, or content that one of them holds beside it."""
    leader: dict[str, str] = {}

    def lead(digest: str) -> str:
        while leader.setdefault(digest, digest) != digest:
            digest = leader[digest]
        return digest

    firsts = []
    for pair in pairs:
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (pair.a, pair.b) if path]
        for digest in digests:
            one, other = sorted((lead(digests[0]), lead(digest)))
            leader[other] = one
        firsts.append(digests[0])
    groups: dict[str, list[PairFiles]] = {}
    for pair, digest in zip(pairs, firsts, strict=True):
        groups.setdefault(lead(digest), []).append(pair)
    return groups
