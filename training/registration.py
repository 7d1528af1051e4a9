"""Whether two pictures of one scene lie over each other: the shift under which their outlines agree best, mirrored or not."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from training.contract.encodings import Pixels, to_8_bit, to_grey
from training.contract.framing import resize

SIDE = 192  # pixels that both are brought to: shifts are found to half a percent
BLUR = 1.5  # pixels, at SIDE
REACH = 24  # pixels: farther shifts are not looked for
LEAST_AGREEMENT = 0.35  # correlation of the outlines of one pair below which nothing can be said
BETTER_BY = 0.15  # correlation that a shift must gain over none
BETTER_MOVED = 0.2  # correlation that a mirrored picture, shifted as well, must gain over the best shift of the plain one
DISTINCT_BY, NEARBY = (
    0.08,
    5,
)  # correlation that a certain shift gains over all that are farther from it, in pixels: not so in patterns
LEAST_MIRRORED, BETTER_MIRRORED = 0.25, 0.1  # both for one mirrored in its place: chance rarely hits the very middle
FINE_SIDE = 1024  # pixels of the long side at which a shift that was found is measured again
LEAST_PAIRS, BETTER_TOGETHER = 8, 0.02  # of many pairs together far less is enough: what is chance differs from pair to pair

Shift = tuple[float, float]
"""How far the second pictures lie off, as shares of their height (down) and width (right)."""


class Misplaced(NamedTuple):
    """What is wrong with the place of a second picture."""

    shift: Shift | None
    """Of the picture mirrored back, where it is mirrored; None if it fits then."""
    mirrored: bool
    certain: bool
    """Whether that puts it right: in a pattern, many shifts fit."""


class Registration:
    """Looks at one pair after the other, and remembers what they have in common."""

    def __init__(self) -> None:
        self._sum: NDArray[np.float64] = np.zeros((2 * REACH + 1, 2 * REACH + 1))
        self._count = 0

    def look(self, first: Pixels, second: Pixels) -> Misplaced | None:
        """How the second picture of a pair lies; None if it fits, or cannot be told. Both [H, W, C] of one shape."""
        ours, theirs = _outlines(first), _outlines(second)
        agreement, mirrored = (_correlation(ours, outlines) for outlines in (theirs, np.ascontiguousarray(theirs[:, ::-1])))
        self._sum += agreement
        self._count += 1
        if _is_mirrored(agreement, mirrored):
            shift = _shift(mirrored, LEAST_AGREEMENT, BETTER_BY)
            if shift is None:
                return Misplaced(None, True, True)
            return Misplaced(_measured(first, second[:, ::-1], shift), True, _is_distinct(mirrored))
        shift = _shift(agreement, LEAST_AGREEMENT, BETTER_BY)
        return Misplaced(_measured(first, second, shift), False, _is_distinct(agreement)) if shift else None

    @property
    def common_shift(self) -> Shift | None:
        """How far all pairs together are shifted, as from a camera beside another one; None if they fit."""
        if self._count < LEAST_PAIRS:
            return None
        return _shift(self._sum / self._count, 0.0, BETTER_TOGETHER)


def _is_mirrored(agreement: NDArray[np.float32], mirrored: NDArray[np.float32]) -> bool:
    """Whether it agrees so much better that it is no chance: at any shift, or for far less at none."""
    best, here = float(mirrored.max()), float(mirrored[REACH, REACH])
    otherwise = float(agreement.max())
    is_moved = best >= LEAST_AGREEMENT and best >= otherwise + BETTER_MOVED
    return is_moved or (here >= LEAST_MIRRORED and here >= otherwise + BETTER_MIRRORED)


def _shift(agreement: NDArray[np.floating], least: float, better_by: float) -> Shift | None:
    down, right = (int(place) - REACH for place in np.unravel_index(int(agreement.argmax()), agreement.shape))
    best, here = float(agreement.max()), float(agreement[REACH, REACH])
    far = max(abs(down), abs(right))
    if best < least or best < here + better_by or not 2 <= far < REACH:  # at the edge of what is looked at, anything fits
        return None
    return down / SIDE, right / SIDE


def _is_distinct(agreement: NDArray[np.float32]) -> bool:
    """Whether no shift far from the best one fits nearly as well."""
    down, right = np.unravel_index(int(agreement.argmax()), agreement.shape)
    others = agreement.copy()
    others[max(0, down - NEARBY) : down + NEARBY + 1, max(0, right - NEARBY) : right + NEARBY + 1] = -1
    return bool(agreement.max() >= others.max() + DISTINCT_BY)


def _measured(first: Pixels, second: Pixels, shift: Shift) -> Shift:
    """A shift to a pixel of the pictures, or of FINE_SIDE if they are larger: it is to be put right, and not only told."""
    size = first.shape[:2]
    scale = min(1.0, FINE_SIDE / max(size))
    height, width = (max(1, round(length * scale)) for length in size)
    down, right = round(shift[0] * height), round(shift[1] * width)
    reach_y, reach_x = height // SIDE + 2, width // SIDE + 2
    top, left = reach_y + max(0, -down), reach_x + max(0, -right)
    bottom, end = height - reach_y - max(0, down), width - reach_x - max(0, right)
    if min(bottom - top, end - left) < 2 * REACH:  # too little is left to compare
        return shift
    ours, theirs = (_outlines(pixels, (height, width)) for pixels in (first, second))
    part = theirs[top + down - reach_y : bottom + down + reach_y, left + right - reach_x : end + right + reach_x]
    found = cv2.matchTemplate(np.ascontiguousarray(part), np.ascontiguousarray(ours[top:bottom, left:end]), cv2.TM_CCOEFF_NORMED)
    by_y, by_x = np.unravel_index(int(found.argmax()), found.shape)
    return (down + int(by_y) - reach_y) / height, (right + int(by_x) - reach_x) / width


def _outlines(pixels: Pixels, size: tuple[int, int] = (SIDE, SIDE)) -> NDArray[np.float32]:
    """Strength of the edges at (height, width), with the mean 0 and the length 1."""
    grey = to_grey(np.ascontiguousarray(pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., :1]))
    if grey.dtype == np.uint16:
        highest = max(1, int(grey.max()))
        grey = to_8_bit((grey.astype(np.uint32) * 65535 // highest).astype(np.uint16))
    sigma = BLUR * max(1.0, max(size) / SIDE) ** 0.5  # a drawn line has an edge at either side, which must not be two
    small = cv2.GaussianBlur(resize(grey, size)[..., 0].astype(np.float32), (0, 0), sigma)
    edges = np.hypot(cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1))
    edges = np.minimum(edges, np.quantile(edges, 0.98))  # a few strong lines must not speak for all
    edges -= edges.mean()
    return np.asarray(edges / max(float(np.linalg.norm(edges)), 1e-6), np.float32)


def _correlation(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Correlation for every shift of up to REACH pixels, [2 * REACH + 1, 2 * REACH + 1]; no shift is in the middle."""
    inner = first[REACH:-REACH, REACH:-REACH]
    inner = inner - inner.mean()
    found = cv2.matchTemplate(second, np.ascontiguousarray(inner, np.float32), cv2.TM_CCOEFF_NORMED)
    return np.asarray(found, np.float32)
