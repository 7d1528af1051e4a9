"""What a check found of pairs, and what the person decides of it: which are used, which are left out, which are put right.

Doubtful pairs are set aside until the person decides. Others are used, and what was found is a note.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from training.contract.corrections import Correction
from training.contract.held_back import held_back

DOUBTFUL = frozenset({"misaligned", "duplicate", "labels", "grey", "range", "transparent"})
"""Codes of findings whose pairs are set aside: they teach something wrong, or make what is measured look better than it is."""
UNUSABLE = frozenset({"unreadable", "shape"})
"""Codes of findings whose pairs the trainer cannot use, whatever anybody decides."""
PARTLESS = frozenset({"lonely", "ambiguous", "green"})
"""Codes of findings about pictures that are in no pair."""
GOOD = "good"
"""The code of the group of pairs of which nothing was found."""

Standing = Literal["used", "aside", "unusable", "left out", "used anyway", "put right"]
"""How a pair stands to one finding: used, what was found being a note; set aside; or as it was decided."""


class Listed(NamedTuple):
    """One pair, or one picture that is in none."""

    key: str
    """What settings call it; of a picture without a pair, its path."""
    name: str
    files: tuple[str, ...]  # thousands of Paths take a second to make
    is_held_out: bool = False

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(map(Path, self.files))


@dataclass(frozen=True, slots=True)
class Found:
    """One finding about one pair."""

    code: str
    pair: Listed
    message: str = ""
    correction: Correction | None = None
    """What puts it right, where that is certain."""
    mirrored: bool = False
    """Whether B is."""
    pixels: tuple[int, int] = (0, 0)
    """How far B lies off, down and to the right."""
    repeats: str = ""
    """Name of the earlier pair."""


class Sum(NamedTuple):
    """How many pairs."""

    train: int
    held_out: int
    aside: int
    """Set aside until the person decides; those that nobody can use are not among them."""


class CheckedPairs:
    """One result of `check-pairs`, and the decisions about it."""

    def __init__(self, result: Mapping[str, Any]) -> None:  # Any: JSON, as docs/events.md says
        self.layout = str(result["layout"])
        self.sides: tuple[str, str] = tuple(result["sides"])
        self.by_owner = result["split_by"] == "owner"
        self.pairs = {
            item["key"]: Listed(item["key"], item["pair"], tuple(item["files"]), item["held_out"]) for item in result["every"]
        }
        self._order: list[list[str]] = [list(keys) for keys in result["order"]]
        self.of_all: list[tuple[str, str]] = []
        """(code, sentence) of what was found of all pairs together."""
        self._groups: dict[str, list[Found]] = {}
        self._by_key: dict[str, list[Found]] = {}
        for finding in result["findings"]:
            self._take(finding)
        self._place = {key: place for place, keys in enumerate(self._order) for key in keys}
        self._groups[GOOD] = [Found(GOOD, pair) for key, pair in self.pairs.items() if key not in self._by_key]
        self._left_out: set[str] = set()
        self._accepted: set[tuple[str, str]] = set()
        self._corrections: dict[str, Correction] = {}
        self._sum: Sum | None = None  # asked for again and again; None after a decision

    @property
    def codes(self) -> list[str]:
        """Codes of the groups that hold something, GOOD always among them, in the order of the trainer's findings."""
        return list(self._groups)

    def group(self, code: str) -> list[Found]:
        return self._groups.get(code, [])

    def standing(self, found: Found) -> Standing:
        """How the pair stands to what was found of it."""
        key, code = found.pair.key, found.code
        if code in PARTLESS or code in UNUSABLE:
            return "unusable"
        if key in self._left_out:
            return "left out"
        if code == "misaligned" and key in self._corrections:
            return "put right"
        if code not in DOUBTFUL:
            return "used"
        return "used anyway" if (key, code) in self._accepted else "aside"

    def correction(self, key: str) -> Correction | None:
        """How the second picture of a pair will be put right; None if it stays."""
        return self._corrections.get(key)

    # --- decisions

    def use_anyway(self, found: Iterable[Found]) -> None:
        """Use what is set aside for these findings; another finding about the same pair may keep it aside."""
        self._sum = None
        for one in found:
            self._left_out.discard(one.pair.key)
            if one.code == "misaligned":  # as it lies
                self._corrections.pop(one.pair.key, None)
            self._accepted.add((one.pair.key, one.code))

    def leave_out(self, found: Iterable[Found]) -> None:
        self._sum = None
        for one in found:
            self._left_out.add(one.pair.key)

    def put_right(self, found: Iterable[Found]) -> None:
        """Line up, or mirror back, where it is certain how."""
        self._sum = None
        for one in found:
            if one.correction is not None:
                self._left_out.discard(one.pair.key)
                self._accepted.discard((one.pair.key, one.code))
                self._corrections[one.pair.key] = one.correction

    def undo(self, found: Iterable[Found]) -> None:
        """Take back what was decided of these."""
        self._sum = None
        for one in found:
            self._left_out.discard(one.pair.key)
            self._accepted.discard((one.pair.key, one.code))
            if one.code == "misaligned":
                self._corrections.pop(one.pair.key, None)

    # --- what comes of them

    def is_used(self, key: str) -> bool:
        if key in self._left_out:
            return False
        return all(self.standing(found) in ("used", "used anyway", "put right") for found in self._by_key.get(key, ()))

    def sum(self) -> Sum:
        if self._sum is None:
            unused = self._unused()
            self._sum = Sum(*self._split(unused), sum(self._is_aside(key) for key in unused if key in self._by_key))
        return self._sum

    def changes(self) -> dict[str, str]:
        """The two settings of a run that come of it, as for `--set`."""
        unused = self._unused()
        lined_up = [item.to_json() for key, item in self._corrections.items() if key not in unused]
        return {"leave_out": json.dumps([key for key in self.pairs if key in unused]), "line_up": json.dumps(lined_up)}

    def restore(self, changes: Mapping[str, str]) -> None:
        """Decide as these settings do, which came of `changes` before, or of another run on the same pictures."""
        self._sum = None
        if "leave_out" not in changes:
            return
        left_out = set(json.loads(changes["leave_out"]))
        corrections = {item.pair: item for item in map(Correction.from_json, json.loads(changes.get("line_up", "[]")))}
        self._corrections = {key: item for key, item in corrections.items() if key in self.pairs}
        for key, all_found in self._by_key.items():
            doubts = [found for found in all_found if found.code in DOUBTFUL]
            if key in left_out:
                left_out.discard(key)  # it was set aside, and is again
            else:
                self._accepted |= {(key, found.code) for found in doubts if self.standing(found) == "aside"}
        self._left_out = left_out & self.pairs.keys()

    def _take(self, finding: Mapping[str, Any]) -> None:  # Any: JSON
        code, key = finding["code"], finding["key"]
        if key in self.pairs:
            pair = self.pairs[key]
        elif finding["files"]:
            pair = Listed(finding["files"][0], finding["pair"], tuple(finding["files"]))
        else:
            self.of_all.append((code, finding["message"]))
            return
        earlier = self.pairs.get(finding["repeats"])
        down, right = finding["pixels"] or (0, 0)
        found = Found(
            code,
            pair,
            finding["message"],
            _correction(finding),
            finding["mirrored"],
            (down, right),
            earlier.name if earlier else "",
        )
        group = self._groups.setdefault(code, [])
        if not any(one.pair.key == pair.key for one in group[-1:]):  # both pictures of a pair may have the same fault
            group.append(found)
            self._by_key.setdefault(pair.key, []).append(found)

    def _is_aside(self, key: str) -> bool:
        standings = [self.standing(found) for found in self._by_key[key]]
        return "aside" in standings and "unusable" not in standings and key not in self._left_out

    def _unused(self) -> set[str]:
        return {key for key in {*self._by_key, *self._left_out} if key in self.pairs and not self.is_used(key)}

    def _split(self, unused: Collection[str]) -> tuple[int, int]:
        """How many the trainer will learn from, and hold out."""
        if self.by_owner:
            held_out = sum(pair.is_held_out for key, pair in self.pairs.items() if key not in unused)
        else:
            sizes = [len(keys) for keys in self._order]
            for key in unused:
                sizes[self._place[key]] -= 1
            held_out = sum(sizes[place] for place in held_back(sizes))
        return len(self.pairs) - len(unused) - held_out, held_out


def _correction(finding: Mapping[str, Any]) -> Correction | None:  # Any: JSON
    if not finding["certain"]:
        return None
    down, right = finding["shift"] or (0.0, 0.0)
    return Correction(finding["key"], down, right, finding["mirrored"])
