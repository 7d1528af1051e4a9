"""The sizes at which a model may work on frames: steps that one can choose from, and that holding a rate goes up and down."""

from collections.abc import Sequence

from training.contract.framing import SizeRule, long_side_at

STEPS = (128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 960, 1280, 1600, 1920)  # pixels of the long side
MOST_AT_FIRST = 640
"""Pixels of the long side at which a model that takes any size works if nobody says otherwise: what some computers manage live."""


def native_side(width: int, height: int) -> int:
    """The long side of a frame itself."""
    return max(width, height)


def size_at(side: int, width: int, height: int) -> tuple[int, int]:
    """(width, height) of the frame's aspect whose long side is `side` pixels."""
    if side == max(width, height):
        return width, height
    rows, columns = long_side_at(side, height, width)
    return columns, rows


def ladder(rule: SizeRule, width: int, height: int) -> tuple[int, ...]:
    """The long sides, small to large, that suit a model and a frame: never more than the frame has.

    A model that is made for one size (`fit`) goes no further than that one, at which it was trained.
    """
    most = native_side(width, height)
    if rule.mode == "fit":
        most = min(most, rule.size)
    return (*(step for step in STEPS if step < most), most)


def chosen_side(rule: SizeRule, width: int, height: int, wanted: int = 0) -> int:
    """The long side to work at: as `wanted`, as far as `ladder` goes; 0 leaves it to the model."""
    most = native_side(width, height)
    if rule.mode == "fit":
        most = min(most, rule.size)
    return min(wanted or MOST_AT_FIRST, most)


def nearest_step(steps: Sequence[int], side: int) -> int:
    """The index of the largest step that is not above `side`, or of the smallest."""
    return max((index for index, step in enumerate(steps) if step <= side), default=0)
