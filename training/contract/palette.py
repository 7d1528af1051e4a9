"""The colours of label pictures, which are names: found in what is trained on, and given back exactly by what was learned."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from training.contract.encodings import Pixels, max_value, to_8_bit

Palette = tuple[tuple[int, ...], ...]
"""Colours as 8-bit values, one a channel, the most frequent first; empty where any colour may come out."""

MAX_COLOURS = 64  # more are no names
STRAY_SHARE = 1e-4  # of the pixels: where there are too many colours, rarer ones were painted by a smoothed edge, not by a person
LEAST_NAMED = 0.5  # share of the pixels that must have one of the frequent colours: a photograph's have not
STRAY_DISTANCE = 40  # grey levels in the channel that differs most: what JPEG makes of a colour lies nearer to it than this


def find_palette(pictures: Iterable[Pixels]) -> Palette:
    """The colours that label pictures [H, W, C] are painted in; empty if they are too many to be names.

    Up to MAX_COLOURS are taken as they are, be they numbers of classes that differ by one level. More are what smoothing or JPEG
    has left between the real ones: those that are rare go, and if need be those near to a more frequent one.
    """
    counts: Counter[tuple[int, ...]] = Counter()
    for pixels in pictures:
        counts.update(count_colours(pixels)[0])
    return palette_of(counts)


def count_colours(pixels: Pixels, most: int | None = None) -> tuple[Counter[tuple[int, ...]], int]:
    """How many pixels of [H, W, C] have each 8-bit colour, of the `most` frequent alone if need be; and how many there are."""
    codes, numbers = np.unique(_codes(pixels), return_counts=True)
    chosen = np.argsort(-numbers, kind="stable")[:most]
    colours = (_colour(code, pixels.shape[2]) for code in codes[chosen].tolist())
    return Counter(dict(zip(colours, numbers[chosen].tolist(), strict=True))), len(codes)


def palette_of(counts: Counter[tuple[int, ...]]) -> Palette:
    """As `find_palette`, of colours that are counted already."""
    ranked = counts.most_common()
    if len(ranked) > MAX_COLOURS:
        least = STRAY_SHARE * counts.total()
        ranked = [(colour, number) for colour, number in ranked if number >= least]
        if sum(number for _, number in ranked) < LEAST_NAMED * counts.total():
            return ()
    colours = [colour for colour, _ in ranked]
    if len(colours) > MAX_COLOURS:
        colours = _apart(colours)
    return tuple(colours) if len(colours) <= MAX_COLOURS else ()


def to_palette(pixels: Pixels, palette: Palette) -> Pixels:
    """Each pixel's nearest colour of the palette, in the pixels' own depth. An empty palette changes nothing."""
    if not palette:
        return pixels
    colours = np.asarray(palette, pixels.dtype) * np.asarray(max_value(pixels.dtype) // 255, pixels.dtype)
    values = pixels.astype(np.float32)  # whose error is far below the distance between two colours
    nearest = np.zeros(pixels.shape[:2], np.intp)
    least = np.full(pixels.shape[:2], np.inf, np.float32)
    for index, colour in enumerate(colours.astype(np.float32)):  # one at a time: all of them would not fit for 24 MP
        distance = ((values - colour) ** 2).sum(2)
        nearer = distance < least
        nearest[nearer] = index
        least[nearer] = distance[nearer]
    return np.asarray(colours[nearest], pixels.dtype)


def _apart(colours: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Those that no more frequent one is near to."""
    found: list[tuple[int, ...]] = []
    for colour in colours:
        if not found or int(np.abs(np.subtract(found, colour)).max(1).min()) >= STRAY_DISTANCE:
            found.append(colour)
    return found


def _codes(pixels: Pixels) -> np.ndarray:
    """Each pixel as one number [H, W]: a channel's 8 bits after the other's."""
    packed = np.zeros(pixels.shape[:2], np.uint32)
    for channel in np.moveaxis(to_8_bit(pixels), 2, 0):
        packed = (packed << np.uint32(8)) | channel
    return packed


def _colour(code: int, channels: int) -> tuple[int, ...]:
    return tuple(code >> 8 * place & 255 for place in reversed(range(channels)))
