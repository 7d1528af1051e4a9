"""Large pictures in overlapping pieces: where the pieces lie, and how they are joined without a seam.

Tiles begin at multiples of the network's multiple, so that each strided layer samples the same pixels as in one pass over
the whole. What a tile computes near an inner edge lacks context; it is thrown away (the outer quarter of each overlap) or
blended with the neighbour's (the rest).
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from math import ceil

import numpy as np

from training.contract.encodings import Pixels, Values
from training.contract.framing import Frame, finish, pad_to_multiple, to_planes
from training.contract.progress import Token

Submit = Callable[[Values, int, int], Future[Values]]
"""Starts translating a tile [C, h, w] whose first row and column are these of the picture."""


@dataclass(frozen=True, slots=True)
class Span:
    """Rows or columns `start` to `stop` (not included)."""

    start: int
    stop: int


def cut(length: int, largest: int, overlap: int, multiple: int) -> list[Span]:
    """Spans that cover `length`, none longer than `largest`, each sharing at least `overlap` with the next.

    `largest` and `overlap` are multiples of `multiple`, and `largest > overlap`. Spans are of even size, so that no work is
    wasted on a narrow rest.
    """
    if length <= largest:
        return [Span(0, length)]
    count = ceil((length - overlap) / (largest - overlap))
    size = _round_up(ceil((length + (count - 1) * overlap) / count), multiple)
    starts = [min(index * (size - overlap), _round_up(max(0, length - size), multiple)) for index in range(count)]
    return [Span(start, min(start + size, length)) for start in starts]


def ramp(width: int) -> Values:
    """Weight of the later of two tiles over their overlap: 0 for a quarter, rising, 1 for a quarter."""
    place = (np.arange(width, dtype=np.float32) + 0.5) / width
    return np.clip(2 * place - 0.5, 0, 1)


def translate_tiled(
    pixels: Pixels, frame: Frame, rows: list[Span], columns: list[Span], submit: Submit, in_flight: int, token: Token
) -> Pixels:
    """Translate a picture tile by tile. Holds one band of results, not the whole picture, as floats. Raises Cancelled."""
    finished: Pixels | None = None
    band: Values | None = None  # results of the current row of tiles, joined from left to right
    above: Values | None = None  # what the row of tiles above computed for the rows shared with this one
    for row, column, tile in _in_order(pixels, frame, rows, columns, submit, in_flight, token):
        if band is None:
            band = np.empty((rows[row].stop - rows[row].start, pixels.shape[1], tile.shape[2]), np.float32)
        _join_right(band, tile, columns, column)
        if column < len(columns) - 1:
            continue
        if above is not None:
            weight = ramp(above.shape[0])[:, None, None]
            band[: above.shape[0]] = above + (band[: above.shape[0]] - above) * weight
        start = rows[row].start
        end = rows[row + 1].start if row + 1 < len(rows) else rows[row].stop
        part = finish(band[: end - start], pixels[start:end], frame)
        if finished is None:
            finished = np.empty((*pixels.shape[:2], part.shape[2]), part.dtype)
        finished[start:end] = part
        above = band[end - start :].copy() if row + 1 < len(rows) else None
        band = None
    if finished is None:
        raise ValueError("no tiles")
    return finished


def _in_order(
    pixels: Pixels, frame: Frame, rows: list[Span], columns: list[Span], submit: Submit, in_flight: int, token: Token
) -> Iterator[tuple[int, int, Values]]:
    """Results of all tiles [h, w, C], row by row, while the next ones are being computed."""
    waiting: deque[tuple[int, int, Future[Values]]] = deque()

    def oldest() -> tuple[int, int, Values]:
        row, column, future = waiting.popleft()
        height, width = rows[row].stop - rows[row].start, columns[column].stop - columns[column].start
        return row, column, future.result().transpose(1, 2, 0)[:height, :width]

    try:
        for row, down in enumerate(rows):
            for column, across in enumerate(columns):
                token.check()
                if len(waiting) >= in_flight:
                    yield oldest()
                values = frame.encode(pixels[down.start : down.stop, across.start : across.stop])
                x_CHW = to_planes(pad_to_multiple(values, frame.rule.multiple))
                waiting.append((row, column, submit(x_CHW, down.start, across.start)))
        while waiting:
            token.check()
            yield oldest()
    finally:
        for _, _, future in waiting:  # after an error or a cancel: what was started must not outlive its buffers
            future.cancel()


def _join_right(band: Values, tile: Values, columns: list[Span], column: int) -> None:
    start, stop = columns[column].start, columns[column].stop
    shared = columns[column - 1].stop - start if column else 0
    if shared:
        weight = ramp(shared)[None, :, None]
        left = band[:, start : start + shared]
        band[:, start : start + shared] = left + (tile[:, :shared] - left) * weight
    band[:, start + shared : stop] = tile[:, shared:]


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
