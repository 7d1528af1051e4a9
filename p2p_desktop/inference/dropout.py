"""Dropout as a choice: numbers that say what a variation drops, the same for a picture in one pass and in tiles.

Dropout is the method's only noise (paper, section 3.1). What one draw drops at a place depends on the draw and the place in the
picture alone, so a tile drops what the whole picture would.
"""

from dataclasses import dataclass

import numpy as np

from training.contract.encodings import Pixels, Values, to_16_bit
from training.contract.spec import DropoutPlace, GeneratorSpec

SPREAD_BYTES_PER_PIXEL = 3 * (2 + 4 * 4)
"""What `Spread` holds at its peak, of a picture in colours."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One of the pictures that dropout makes of a picture: the `number`-th of a `seed`. Neither is negative."""

    seed: int
    number: int


def draw_masks(spec: GeneratorSpec, draw: Draw, height: int, width: int, top: int = 0, left: int = 0) -> list[Values]:
    """What dropout does to a part of a picture: for each place of the network float32 [channels, h, w], 0 or 1 / (1 - rate).

    `height`, `width`, `top`, `left`: of the part, in pixels as the network sees them, multiples of its multiple.
    """
    return [
        _mask(place, spec.dropout_rate, (draw.seed, draw.number, index), (height, width, top, left))
        for index, place in enumerate(spec.dropout_places)
    ]


def _mask(place: DropoutPlace, rate: float, key: tuple[int, ...], part: tuple[int, ...]) -> Values:
    height, width, top, left = (length // place.stride for length in part)
    mask_HWC = np.empty((height, width, place.channels), np.bool_)
    for row in range(height):
        # A stream for each row, from the picture's left edge on: a tile that begins later in the row skips what stands before it.
        stream = np.random.default_rng((*key, top + row))
        mask_HWC[row] = stream.random((left + width, place.channels), np.float32)[left:] >= rate
    return np.ascontiguousarray(mask_HWC.transpose(2, 0, 1), np.float32) / np.float32(1 - rate)


class Spread:
    """How much pictures of one size differ, pixel by pixel, met one after the other (Welford 1962)."""

    def __init__(self) -> None:
        self._count = 0
        self._mean: Values | None = None
        self._squares: Values | None = None  # sum of squared distances from the mean

    def add(self, pixels: Pixels) -> None:
        """Take a picture [H, W, C] into account; eight bits count as sixteen, white as 65,535."""
        values = to_16_bit(pixels).astype(np.float32)
        self._count += 1
        if self._mean is None or self._squares is None:
            self._mean, self._squares = values, np.zeros_like(values)
            return
        away = values - self._mean
        self._mean += away / self._count
        self._squares += away * (values - self._mean)

    def deviation(self) -> Pixels:
        """The standard deviation, uint16 [H, W, 1], of colours that of their channels together (root of the mean variance).

        In the units of a 16-bit picture: 65,535 is the whole way from black to white; of depths it is in their own counts.
        """
        if self._squares is None:
            raise ValueError("no picture was added")
        variance = self._squares.mean(2, keepdims=True) / self._count
        return np.asarray(np.rint(np.sqrt(variance)), np.uint16)
