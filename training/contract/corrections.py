"""What a person has settled about single pairs: how the second picture of one is brought to lie over the first."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.contract.errors import ConfigError

_WORDS: dict[str, Any] = {"pair": "", "down": 0.0, "right": 0.0, "mirrored": False}  # Any: JSON; what an object says, and its types
MAX_SHIFT = 0.5  # share of a side: of what lies off farther, too little is left


@dataclass(frozen=True, slots=True)
class Correction:
    """Of one pair. A picture that is both mirrored and shifted is mirrored back first."""

    pair: str
    """Path of the first picture below the folder of pictures, with its suffix."""
    down: float = 0.0
    """How far B lies too low, as a share of its height."""
    right: float = 0.0
    """How far B lies too far to the right, as a share of its width."""
    mirrored: bool = False
    """Whether B is mirrored left to right."""

    @classmethod
    def from_json(cls, entry: object) -> "Correction":
        """Raises ConfigError for what is no correction."""
        values = (
            {key: float(value) if type(value) is int else value for key, value in entry.items()} if isinstance(entry, dict) else {}
        )
        words = _WORDS | values
        if (
            "pair" not in values
            or words.keys() != _WORDS.keys()
            or any(type(words[key]) is not type(_WORDS[key]) for key in _WORDS)
        ):
            raise ConfigError(f"line_up must be a list of objects like {json.dumps(_WORDS)}, not of {entry!r}.")
        return cls(**words)

    def to_json(self) -> dict[str, Any]:  # Any: JSON
        return {"pair": self.pair, "down": self.down, "right": self.right, "mirrored": self.mirrored}

    def overlap(self, height: int, width: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """Rows and columns of A, and of B, that show the same, in whole pixels: nothing is interpolated, nothing invented."""
        down, right = round(self.down * height), round(self.right * width)
        return (_from(-down, height), _from(-right, width)), (_from(down, height), _from(right, width))


def check_corrections(corrections: Sequence[Correction]) -> None:
    """Raises ConfigError for a pair that is named twice or not at all, and for shifts beyond what leaves enough."""
    counts = Counter(correction.pair for correction in corrections)
    wrong = [name for name, count in counts.items() if not name or count > 1]
    if wrong:
        raise ConfigError(f"line_up must name each pair once, not {wrong[0]!r}.")
    for correction in corrections:
        if not (abs(correction.down) < MAX_SHIFT and abs(correction.right) < MAX_SHIFT):  # which NaN is not, either
            raise ConfigError(f"line_up must move {correction.pair!r} by less than half of its size.")


def _from(start: int, length: int) -> slice:
    """What is left of a side of so many pixels when its first `start` are not wanted, or its last -`start`."""
    return slice(max(0, start), length + min(0, start))
