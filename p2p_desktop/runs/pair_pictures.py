"""The two pictures of a pair, to be looked at: strips cut apart, depths on a scale of grey, put right where it was so decided."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.contract.corrections import Correction
from training.contract.encodings import Pixels, to_8_bit, to_rgb
from training.contract.framing import long_side_at, resize
from training.contract.pictures import read_picture, read_reduced

Rgb = NDArray[np.uint8]


def small_pair(files: Sequence[Path], is_strip: bool, correction: Correction | None, longest: int) -> list[Rgb]:
    """uint8 [H, W, 3] of one or two pictures, no side longer than `longest`. Raises PictureError, OSError."""
    pictures = _halved([read_reduced(path, longest) for path in files], is_strip)
    return _lined_up([_small(_visible(pixels), longest) for pixels in pictures], correction)


def whole_pair(files: Sequence[Path], is_strip: bool, correction: Correction | None) -> list[Rgb]:
    """The same at full size, or that of the smaller picture, as a training reads them. Raises PictureError, OSError."""
    pictures = _halved([read_picture(path).pixels for path in files], is_strip)
    return _lined_up([_visible(pixels) for pixels in pictures], correction)


def _halved(pictures: list[Pixels], is_strip: bool) -> list[Pixels]:
    if not is_strip or len(pictures) > 1:
        return pictures
    width = pictures[0].shape[1] // 2
    return [pictures[0][:, :width], pictures[0][:, -width:]] if width else pictures


def _lined_up(pictures: list[Rgb], correction: Correction | None) -> list[Rgb]:
    if len(pictures) < 2:
        return pictures
    first, second = pictures
    size = min(first.shape[:2], second.shape[:2])
    first, second = (pixels if pixels.shape[:2] == size else _resized(pixels, size) for pixels in (first, second))
    if correction is None:
        return [first, second]
    if correction.mirrored:
        second = second[:, ::-1]
    ours, theirs = correction.overlap(*size)
    return [np.ascontiguousarray(first[ours]), np.ascontiguousarray(second[theirs])]


def _visible(pixels: Pixels) -> Rgb:
    """Eight bits of colours; 16 bits on a scale of their own, for depths lie close together at the lower end."""
    colours = np.ascontiguousarray(pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., :1])
    if colours.dtype == np.uint16:
        highest = max(1, int(colours.max()))
        colours = (colours.astype(np.uint32) * np.iinfo(np.uint16).max // highest).astype(np.uint16)
    return np.asarray(to_rgb(to_8_bit(colours)), np.uint8)


def _small(rgb: Rgb, longest: int) -> Rgb:
    return _resized(rgb, long_side_at(longest, *rgb.shape[:2])) if max(rgb.shape[:2]) > longest else rgb


def _resized(rgb: Rgb, size: tuple[int, int]) -> Rgb:
    return np.asarray(resize(rgb, size), np.uint8)
