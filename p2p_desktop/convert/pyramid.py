"""A picture at full size, halved again and again: what a view needs to draw any part of it at any zoom without a wait."""

from math import ceil, floor
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from training.contract.encodings import Pixels, to_rgb

_SQUARES_FROM = 2.0  # at this scale and above, pixels are shown as they are
_STRIP = 128  # rows drawn at a time: what lies between two steps stays in the processor's cache, and needs no new memory
_SMALLEST = 256  # pixels of the longer side, below which no smaller level helps
_CHECKER, _CHECKER_GREYS = 16, (150, 190)  # what shows through a transparent picture: squares of so many pixels, neutral greys

Rgb = NDArray[np.uint8]
Bgra = NDArray[np.uint8]  # as screens hold pixels


class Pyramid:
    """Levels of uint8 [H, W, 3] RGB: level 0 is the picture, each next one half of it, rounded up.

    One thread may `paste` while another reads a crop: at worst the reader sees half of the new part until it reads again.
    """

    def __init__(self, levels: list[Rgb]) -> None:
        self._levels = levels

    @classmethod
    def of(cls, pixels: Pixels, alpha: Pixels | None = None) -> Self:
        """From uint8 or uint16 [H, W, 1] or [H, W, 3] and alpha [H, W]; transparent parts lie on squares of grey."""
        rgb = _to_8_bit(to_rgb(pixels))
        if alpha is not None:
            rgb = _on_squares(rgb, _to_8_bit(alpha))
        levels = [np.ascontiguousarray(rgb)]
        while max(levels[-1].shape[:2]) > _SMALLEST:
            levels.append(_halved(levels[-1]))
        return cls(levels)

    @classmethod
    def blank(cls, like: "Pyramid") -> Self:
        """A copy of another picture, to be pasted over bit by bit."""
        return cls([level.copy() for level in like._levels])

    @property
    def height(self) -> int:
        return int(self._levels[0].shape[0])

    @property
    def width(self) -> int:
        return int(self._levels[0].shape[1])

    def level_for(self, scale: float) -> tuple[Rgb, float]:
        """Return the smallest level that has enough pixels for drawing at `scale` (1.0: 1:1), and its own scale."""
        index = 0
        while index + 1 < len(self._levels) and 0.5 ** (index + 1) >= scale:
            index += 1
        level = self._levels[index]
        return level, level.shape[1] / self.width

    def draw(self, into: Bgra, scale: float, left: int, top: int) -> None:
        """Fill `into` [height, width, 4] with a part of the picture at a scale (1.0: 1:1).

        `left` and `top`: where the part begins, in pixels of the picture at that scale. From twice its size on, pixels show as
        squares; below, the picture is smooth. What lies outside repeats the edge.
        """
        height, width = into.shape[:2]
        if scale == 1.0 and 0 <= left <= self.width - width and 0 <= top <= self.height - height:
            cv2.cvtColor(self._levels[0][top : top + height, left : left + width], cv2.COLOR_RGB2BGRA, dst=into)
            return
        level, _ = self.level_for(scale)
        factors = level.shape[1] / self.width / scale, level.shape[0] / self.height / scale  # pixels of the level for one of ours
        x, y = ((at + 0.5) * factor - 0.5 for at, factor in zip((left, top), factors, strict=True))  # where ours begins
        how = (cv2.INTER_NEAREST if scale >= _SQUARES_FROM else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
        for row in range(0, height, _STRIP):
            strip = into[row : row + _STRIP]
            # Only what is needed: OpenCV's warp counts pixels in 16 bits. And it takes less than half the time for four channels.
            rows = _reach(y + row * factors[1], strip.shape[0] * factors[1], level.shape[0])
            columns = _reach(x, width * factors[0], level.shape[1])
            part = cv2.cvtColor(level[rows, columns], cv2.COLOR_RGB2BGRA)
            matrix = np.array([[factors[0], 0, x - columns.start], [0, factors[1], y + row * factors[1] - rows.start]])
            cv2.warpAffine(part, matrix, strip.shape[1::-1], dst=strip, flags=how, borderMode=cv2.BORDER_REPLICATE)

    def paste(self, top: int, left: int, pixels: Pixels, alpha: Pixels | None = None) -> None:
        """Put a piece, with its alpha [h, w], into the picture at full size, and bring the smaller levels up to date below it."""
        rgb = _to_8_bit(to_rgb(pixels))
        if alpha is not None:
            rgb = _on_squares(rgb, _to_8_bit(alpha), top, left)
        bottom, right = min(top + rgb.shape[0], self.height), min(left + rgb.shape[1], self.width)
        self._levels[0][top:bottom, left:right] = rgb[: bottom - top, : right - left]
        for upper, lower in zip(self._levels, self._levels[1:], strict=False):
            top, left = top // 2, left // 2
            bottom, right = min(-(-bottom // 2), lower.shape[0]), min(-(-right // 2), lower.shape[1])
            lower[top:bottom, left:right] = _halved(upper[2 * top : 2 * bottom, 2 * left : 2 * right])


def _reach(start: float, length: float, side: int) -> slice:
    """The pixels of a level, `side` long, that drawing `length` of it from `start` on may need; at least one."""
    begin = min(max(0, floor(start) - 1), side - 1)
    return slice(begin, max(min(side, ceil(start + length) + 2), begin + 1))


def _halved(rgb: Rgb) -> Rgb:
    height, width = rgb.shape[:2]
    if height % 2 or width % 2:
        rgb = cv2.copyMakeBorder(rgb, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    half: Rgb = cv2.resize(rgb, (rgb.shape[1] // 2, rgb.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return half


def _to_8_bit(pixels: Pixels) -> Rgb:
    if pixels.dtype == np.uint8:
        return pixels  # type: ignore[return-value]  # the check is one of dtype
    return (pixels >> 8).astype(np.uint8)


def _on_squares(rgb: Rgb, alpha: Rgb, top: int = 0, left: int = 0) -> Rgb:
    rows, columns = (np.arange(start, start + side) // _CHECKER % 2 for start, side in zip((top, left), alpha.shape, strict=True))
    squares = np.where(rows[:, None] ^ columns[None, :], *map(np.uint16, _CHECKER_GREYS))[..., None]
    weight = alpha[..., None].astype(np.uint16)
    return ((rgb * weight + squares * (255 - weight)) // 255).astype(np.uint8)
