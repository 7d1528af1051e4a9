"""Which pictures belong together: strips A|B, or two folders matched by name; and how they are divided to train and to measure.

A pair is named by its path below the folder it was found in, without its suffix.
"""

import hashlib
import unicodedata
from collections.abc import Collection
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from training.contract.corrections import Correction
from training.contract.errors import PairingError
from training.contract.folder_names import (
    PARTNERS,
    TRAIN,
    VAL,
    Two,
    is_for_testing,
    joined_parts,
    named_sides,
    one_of,
    side_name,
    two_sides,
)
from training.contract.pictures import is_picture_name

Layout = Literal["photos", "strips", "folders"]
"""Plain pictures, of which pairs are made; pictures that are pairs by themselves, A left and B right; or two folders."""

Wanted = Literal["photos", "pairs", "depth"]


class PairFiles(NamedTuple):
    """Where one pair lies."""

    name: str
    a: Path
    b: Path | None
    """None: `a` holds both, or is a photograph of which a pair is made."""
    key: str = ""
    """What settings call it: the path of `a` below the folder that was looked through. Unlike the name, no other pair has it."""
    correction: Correction | None = None
    """How `b`, or the right half of `a`, is brought to lie over the other; None: it does."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """What a folder holds."""

    layout: Layout
    train: tuple[PairFiles, ...]
    """All of them, until they are split."""
    held_out: tuple[PairFiles, ...]
    split_by: Literal["owner", "content"]
    """Who says what is held out: folders train and val, or what the pictures hold."""
    sides: tuple[str, str] = ("", "")
    """Names of the two folders, where there are two."""
    lonely: tuple[Path, ...] = ()
    """Pictures without a partner."""
    ambiguous: tuple[Path, ...] = ()
    """Pictures that share their name, but for the suffix, with another one on the same side."""
    unfit: tuple[Path, ...] = ()
    """Pictures that hold nothing of what the task is about."""
    order: tuple[tuple[str, ...], ...] = ()
    """Keys of pairs that stay together, in the order in which such groups are held out; those that are not used among them. Empty
    where their owner says what is held out."""
    unknown: tuple[str, ...] = ()
    """What settings call pairs, and no pair is called."""


def find_pairs(root: Path, wanted: Wanted, *, other: Path | None, left_out: Path | None = None) -> Pairs:
    """Look through `root` and below, sub-folders `train` and `val` being taken for what they say; `test` is never looked at.

    `wanted`: "photos" for tasks that make their pairs, "pairs" for those that find them, "depth" for depth with or without
    photographs beside it. `other`: the folder of the second pictures, if it lies elsewhere. `left_out`: a folder, often the run's
    own, whose pictures are none of them. Without a folder for `val`, nothing is held out yet. Raises PairingError.
    """
    for folder in (root, *([other] if other else [])):
        if not folder.is_dir():
            raise PairingError(f"The folder {folder} does not exist. Choose the folder that holds the pictures.")
    try:
        return _with_keys(_Search([left_out] if left_out else []).all_in(root, wanted, other), root)
    except OSError as error:
        raise PairingError(f"The pictures in {root} cannot be read: {error}.") from error


def pictures_below(folder: Path, left_out: Collection[Path] = ()) -> list[Path]:
    """All pictures of a folder and its sub-folders, sorted; none of those below a folder of `left_out`. Raises OSError."""
    found = (path for path in folder.rglob("*") if is_picture_name(path.name) and path.is_file())
    return sorted(path for path in found if not any(left in path.parents for left in left_out))


def composed(name: str) -> str:
    """A name as it is compared: a Mac writes a letter and its accent as two characters where others write one."""
    return unicodedata.normalize("NFC", name)


def fingerprint(pairs: Pairs) -> str:
    """Tells one set of pairs from another by names, sizes and corrections. Raises OSError."""

    def entry(pair: PairFiles) -> tuple[object, ...]:
        sizes = (path.stat().st_size for path in (pair.a, pair.b) if path)
        return (pair.name, *sizes, *([astuple(pair.correction)] if pair.correction else []))

    entries = [[entry(pair) for pair in side] for side in (pairs.train, pairs.held_out)]
    return hashlib.sha256(repr(entries).encode("utf-8", "surrogateescape")).hexdigest()


class _Search:
    """One look through a folder, and what it could not place."""

    def __init__(self, left_out: list[Path]) -> None:
        self.left_out = left_out
        self.lonely: list[Path] = []
        self.ambiguous: list[Path] = []

    def all_in(self, root: Path, wanted: Wanted, other: Path | None) -> Pairs:
        """What `find_pairs` gives, without keys."""
        if wanted == "photos":
            return self.singles(root, "photos")
        found = self.doubles(root, other)
        if found is None and wanted == "pairs":
            self.refuse_half_a_layout(root)
        return found or self.singles(root, "strips" if wanted == "pairs" else "photos")

    def singles(self, root: Path, layout: Layout) -> Pairs:
        """Every picture is a pair by itself, or becomes one. `train` counts beside `val`, or where nothing else lies beside it."""
        inside = self._folders(root)
        train, val = one_of(inside, TRAIN), one_of(inside, VAL)
        is_all = len(inside) == 1 and not any(is_picture_name(path.name) for path in root.iterdir())
        if train and (val or is_all):
            return _found(layout, self._each(train), self._each(val) if val else None)
        return _found(layout, self._each(root), None)

    def doubles(self, root: Path, other: Path | None) -> Pairs | None:
        """Two folders, matched by name; None where there are no two. Raises PairingError where something is missing."""
        inside = self._folders(root)
        sides = (root, other) if other else named_sides(inside)
        if sides:
            return self._sides_with_parts(*sides)
        parts: dict[str, Two | None] = {
            name: self._sides_of_part(root, name, folders) for name, folders in joined_parts(inside).items()
        }
        for name in (*TRAIN, *VAL):
            if name in inside and name not in parts:
                parts[name] = two_sides(self._folders(inside[name]))
        if any(parts.values()):
            return self._parts_with_sides(root, parts)
        sides = two_sides(inside)
        return self._doubles(sides, sides, None) if sides else None

    def refuse_half_a_layout(self, root: Path) -> None:
        """Raises PairingError for what looks like two folders but is none: its pictures must not be cut in half."""
        for name, path in self._folders(root).items():
            if name in PARTNERS:
                raise PairingError(
                    f"{root} holds the folder {path.name}, but none called {PARTNERS[name]} with its partners. "
                    "Put both side by side; pictures that hold A and B themselves belong into a folder of another name."
                )
            sides = named_sides(self._folders(path))
            if sides:
                raise PairingError(f"{path} holds the folders {sides[0].name} and {sides[1].name}. Choose that folder, not {root}.")

    def _sides_with_parts(self, a: Path, b: Path) -> Pairs:
        """A and B, each with train and val inside, or without."""
        folders = self._folders(a), self._folders(b)
        trains, vals = ([one_of(inside, names) for inside in folders] for names in (TRAIN, VAL))
        for found in (trains, vals):
            if (found[0] is None) != (found[1] is None):
                there = found[0] or found[1]
                raise PairingError(f"Of {a} and {b} only one holds {there and there.name}. Divide both alike, or neither.")
        train = _both(trains)
        return self._doubles((a, b), train, _both(vals)) if train else self._doubles((a, b), (a, b), None)

    def _parts_with_sides(self, root: Path, parts: dict[str, Two | None]) -> Pairs:
        """train and val, each with A and B inside, or in its name; val may be missing as a whole."""
        train = parts.get(TRAIN[0])
        val = next((name for name in VAL if name in parts), None)
        if train is None:
            raise PairingError(f"{root} holds two folders to measure with, {val}, but no such two to train on.")
        if val is None:
            return self._doubles(train, train, None)
        held_out = parts[val]
        if held_out is None or [side_name(side) for side in held_out] != [side_name(side) for side in train]:
            raise PairingError(
                f"{root / val} does not hold the folders {train[0].name} and {train[1].name}, as {root / TRAIN[0]} does."
            )
        return self._doubles(train, train, held_out)

    def _sides_of_part(self, root: Path, part: str, folders: dict[str, Path]) -> Two:
        sides = two_sides(folders)
        if sides is None:
            names = " and ".join(path.name for path in folders.values())
            raise PairingError(f"{root} holds {names}, but two folders belong to {part}. Call them {part}A and {part}B.")
        return sides

    def _doubles(self, sides: Two, train: Two, val: Two | None) -> Pairs:
        """The pairs of two folders. Raises PairingError if there is none, unless the names of the folders say that they are two."""
        pairs = self._matched(*train)
        if not pairs and self.lonely and not named_sides({side_name(side): side for side in sides}):
            raise PairingError(
                f"No picture in {sides[0]} is called like one in {sides[1]}, so these folders hold no pairs. "
                "Give the two pictures of a pair one name; pictures that hold A and B themselves belong into one folder."
            )
        held_out = None if val is None else self._matched(*val)
        found = _found("folders", pairs, held_out, (sides[0].name, sides[1].name))
        return replace(found, lonely=tuple(self.lonely), ambiguous=tuple(self.ambiguous))

    def _folders(self, folder: Path) -> dict[str, Path]:
        """The folders in a folder that count, by their names in small letters. Those for testing are left out from now on."""
        inside = [path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith(".")]
        self.left_out += [path for path in inside if is_for_testing(path.name) and path not in self.left_out]
        return {path.name.casefold(): path for path in inside if not self._is_left_out(path)}

    def _is_left_out(self, folder: Path) -> bool:
        """Whether it is to be left out, or holds such folders and no pictures else."""
        if folder in self.left_out:
            return True
        return any(folder in left.parents for left in self.left_out) and not pictures_below(folder, self.left_out)

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


def _found(layout: Layout, train: list[PairFiles], held_out: list[PairFiles] | None, sides: tuple[str, str] = ("", "")) -> Pairs:
    return Pairs(layout, tuple(train), tuple(held_out or ()), "content" if held_out is None else "owner", sides)


def _with_keys(found: Pairs, root: Path) -> Pairs:
    def keyed(pairs: tuple[PairFiles, ...]) -> tuple[PairFiles, ...]:
        return tuple(pair._replace(key=composed(pair.a.relative_to(root).as_posix())) for pair in pairs)

    return replace(found, train=keyed(found.train), held_out=keyed(found.held_out))


def _both(two: list[Path | None]) -> Two | None:
    first, second = two
    return (first, second) if first and second else None


def _name(path: Path, folder: Path) -> str:
    return composed(path.relative_to(folder).with_suffix("").as_posix())
