"""One picture of Convert's list, and the sums over all of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

from p2p_desktop.convert.natural_order import natural_order
from p2p_desktop.ui.plain_words import size
from p2p_desktop.ui.wishes import Wishes

State = Literal["waiting", "working", "done", "skipped", "failed"]
STATES: tuple[State, ...] = ("waiting", "working", "done", "skipped", "failed")
IS_AHEAD: frozenset[State] = frozenset(("waiting", "working"))


@dataclass(slots=True, eq=False)
class Row:
    """One picture."""

    folder: Path
    name: str
    number: int  # in the order that they came in
    state: State = "waiting"
    height: int = 0  # pixels, upright; 0 while unknown
    width: int = 0
    num_bytes: int = -1  # -1 while unknown
    reason: str = ""  # why it failed or was skipped; what was lost on the way
    output: Path | None = None
    seconds: float = 0.0
    made_with: Wishes | None = None  # how its result was made; None while there is none
    order: str = field(init=False)  # what its name is ordered by: worked out here, as 50,000 at once would take half a second

    def __post_init__(self) -> None:
        self.order = natural_order(self.name)

    @property
    def path(self) -> Path:
        return self.folder / self.name

    @property
    def why(self) -> str:
        """The reason, for where the name stands beside it."""
        return beside_its_name(self.reason, self.path)

    @property
    def megapixels(self) -> float:
        return self.height * self.width / 1e6

    @property
    def label(self) -> str:
        """Where it lies, as far as it fits into a line: the last two folders."""
        return label_of(self.folder)

    def size_words(self) -> str:
        if self.height:
            return f"{self.width} \u00d7 {self.height}"
        return size(self.num_bytes) if self.num_bytes >= 0 else ""


def beside_its_name(reason: str, path: Path) -> str:
    """Let a reason speak of `path` without naming it: "a.jpg is cut off." becomes "It is cut off."."""
    for name in (str(path), path.name):
        if reason.startswith(f"{name} "):
            reason = "It" + reason[len(name) :]
    return re.sub(re.escape(str(path)) + r"(?=\.?(\s|$)|[,:;)])", "it", reason)


@lru_cache(maxsize=4096)
def label_of(folder: Path) -> str:
    return str(Path(*folder.parts[-2:]))


class Tally:
    """Counts and sums over rows, kept as the rows change: a list of 50,000 is never gone through for them."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.counts: dict[State, int] = dict.fromkeys(STATES, 0)
        self.known_megapixels = 0.0  # of rows whose size is known, and how many those are
        self.num_measured = 0
        self.megapixels_ahead = 0.0  # of what waits or is worked on, as far as sizes are known, and of how many they are not
        self.num_ahead_unmeasured = 0
        for row in rows:
            self.add(row)

    def add(self, row: Row) -> None:
        self._count(row, 1)

    def remove(self, row: Row) -> None:
        self._count(row, -1)

    def _count(self, row: Row, by: int) -> None:
        self.counts[row.state] += by
        if row.height:
            self.known_megapixels += by * row.megapixels
            self.num_measured += by
            if row.state in IS_AHEAD:
                self.megapixels_ahead += by * row.megapixels
        elif row.state in IS_AHEAD:
            self.num_ahead_unmeasured += by
