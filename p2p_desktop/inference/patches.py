"""A picture piece by piece, the part that is looked at first: for a preview that shows something long before all is computed.

Pieces are computed with as much beside them as tiles overlap, and only the middle is used, so what is shown is what a conversion
of the whole would give, short of the blending between tiles.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from training.contract.encodings import Pixels, Values
from training.contract.framing import Frame, finish, pad_to_multiple, to_planes
from training.contract.progress import Token

_BLOCK = 384  # pixels, rounded to the network's multiple: half a second on two slow cores


@dataclass(frozen=True, slots=True)
class Rect:
    """Pixels `left` to `right` and `top` to `bottom`, the latter of both not included."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Patch:
    """A finished piece. pixels: uint8 or uint16 [h, w, C]."""

    top: int
    left: int
    pixels: Pixels


def blocks_in_order(height: int, width: int, multiple: int, first: Callable[[], Rect | None]) -> Iterator[Rect]:
    """Cut a picture into blocks that begin at multiples; those in `first` come first, from its middle outwards.

    `first` is asked again before each block: who zooms in while a large picture is worked on does not wait for the rest of it.
    """
    side = max(multiple, _BLOCK // multiple * multiple)
    blocks = [
        Rect(left, top, min(left + side, width), min(top + side, height))
        for top in range(0, height, side)
        for left in range(0, width, side)
    ]
    sorted_for = None
    while blocks:
        seen = first() or Rect(0, 0, width, height)
        if seen != sorted_for:
            blocks.sort(key=partial(_distance, seen), reverse=True)
            sorted_for = seen
        yield blocks.pop()


def translate_blocks(
    pixels: Pixels,
    frame: Frame,
    blocks: Iterable[Rect],
    margin: int,
    submit: Callable[[Values], Future[Values]],
    in_flight: int,
    token: Token,
) -> Iterator[Patch]:
    """Give the blocks' results in their order, while the next ones are being computed. Raises Cancelled.

    `margin`: pixels beside a block that are computed with it, a multiple of the network's multiple.
    """
    waiting: deque[tuple[Rect, Rect, Future[Values]]] = deque()
    height, width = pixels.shape[:2]

    def oldest() -> Patch:
        block, around, future = waiting.popleft()
        values = future.result().transpose(1, 2, 0)
        top, left = block.top - around.top, block.left - around.left
        values = values[top : top + block.bottom - block.top, left : left + block.right - block.left]
        source = pixels[block.top : block.bottom, block.left : block.right]
        return Patch(block.top, block.left, finish(values, source, frame))

    try:
        for block in blocks:
            token.check()
            if len(waiting) >= in_flight:
                yield oldest()
                token.check()
            around = Rect(
                max(0, block.left - margin),
                max(0, block.top - margin),
                min(width, block.right + margin),
                min(height, block.bottom + margin),
            )
            values = frame.encode(pixels[around.top : around.bottom, around.left : around.right])
            waiting.append((block, around, submit(to_planes(pad_to_multiple(values, frame.rule.multiple)))))
        while waiting:
            yield oldest()
            token.check()
    finally:
        for _, _, future in waiting:  # what was started must not outlive its buffers
            if not future.cancel():
                future.exception()


def _distance(seen: Rect, block: Rect) -> tuple[bool, float]:
    """Sorts blocks: first those that touch `seen`, and of all the nearest to its middle."""
    is_outside = block.right <= seen.left or block.left >= seen.right or block.bottom <= seen.top or block.top >= seen.bottom
    across = block.left + block.right - seen.left - seen.right
    down = block.top + block.bottom - seen.top - seen.bottom
    return is_outside, across**2 + down**2
