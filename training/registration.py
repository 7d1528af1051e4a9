"""Whether two pictures of one scene lie over each other: the shift under which their outlines agree best."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.contract.encodings import Pixels, to_8_bit, to_grey
from training.contract.framing import resize

SIDE = 192  # pixels that both are brought to: shifts are found to half a percent
REACH = 24  # pixels: farther shifts are not looked for
LEAST_AGREEMENT = 0.35  # correlation of the outlines of one pair below which nothing can be said
BETTER_BY = 0.15  # correlation that a shift must gain over none
LEAST_PAIRS, BETTER_TOGETHER = 8, 0.02  # of many pairs together far less is enough: what is chance differs from pair to pair

Shift = tuple[float, float]
"""How far the second pictures lie off, as shares of their height (down) and width (right)."""


class Registration:
    """Looks at one pair after the other, and remembers what they have in common."""

    def __init__(self) -> None:
        self._sum: NDArray[np.float64] = np.zeros((2 * REACH + 1, 2 * REACH + 1))
        self._count = 0

    def look(self, first: Pixels, second: Pixels) -> Shift | None:
        """How far this pair is shifted; None if it fits, or cannot be told. Both [H, W, C] of one shape."""
        agreement = _correlation(_outlines(first), _outlines(second))
        self._sum += agreement
        self._count += 1
        return _shift(agreement, LEAST_AGREEMENT, BETTER_BY)

    @property
    def common_shift(self) -> Shift | None:
        """How far all pairs together are shifted, as from a camera beside another one; None if they fit."""
        if self._count < LEAST_PAIRS:
            return None
        return _shift(self._sum / self._count, 0.0, BETTER_TOGETHER)


def _shift(agreement: NDArray[np.floating], least: float, better_by: float) -> Shift | None:
    down, right = (int(place) - REACH for place in np.unravel_index(int(agreement.argmax()), agreement.shape))
    best, here = float(agreement.max()), float(agreement[REACH, REACH])
    far = max(abs(down), abs(right))
    if best < least or best < here + better_by or not 2 <= far < REACH:  # at the edge of what is looked at, anything fits
        return None
    return down / SIDE, right / SIDE


def _outlines(pixels: Pixels) -> NDArray[np.float32]:
    """Strength of the edges at SIDE x SIDE, with the mean 0 and the length 1."""
    grey = to_grey(np.ascontiguousarray(pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., :1]))
    if grey.dtype == np.uint16:
        highest = max(1, int(grey.max()))
        grey = to_8_bit((grey.astype(np.uint32) * 65535 // highest).astype(np.uint16))
    small = cv2.GaussianBlur(resize(grey, (SIDE, SIDE))[..., 0].astype(np.float32), (0, 0), 1.5)
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
