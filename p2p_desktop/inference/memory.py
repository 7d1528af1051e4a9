"""How much memory a network takes for each pixel, and how large a tile may therefore be."""

from math import isqrt

from training.contract.spec import GeneratorSpec

FLOAT_BYTES = 4
MAX_TILE = 1024  # pixels a side; larger tiles waste a little less on overlaps and much more memory
MIN_TILE = 256  # pixels a side; below this overlaps are most of the work
MIN_OVERLAP = 64  # pixels; of them a quarter on each side is thrown away
LIVE_COPIES = 3  # of a level's features at once: what is read, what is written, and what a runtime keeps beside them


def bytes_per_pixel(spec: GeneratorSpec) -> int:
    """An upper estimate of the bytes held for each input pixel during one pass; checked against measurements in the tests.

    Each level holds its skip connection and its decoder features, a quarter as many values as the level above.
    """
    if spec.kind == "resnet":
        outer, middle, inner = spec.encoder
        return FLOAT_BYTES * LIVE_COPIES * (2 * outer + middle // 2 + inner // 8)
    total = LIVE_COPIES * (spec.in_channels + spec.out_channels + 2 * spec.stem)
    decoder = list(reversed(spec.decoder))
    if spec.head == "conv3":
        total += LIVE_COPIES * decoder.pop(0)
    for level, width in enumerate(spec.encoder):
        up = decoder[level] if level < len(decoder) else 0
        total += max(1, LIVE_COPIES * (width + up) >> 2 * (level + 1))
    return FLOAT_BYTES * total


def largest_tile(spec: GeneratorSpec, budget: int) -> int:
    """Side of the largest square tile, in pixels, whose pass stays within `budget` bytes: a multiple of the network's."""
    side = isqrt(max(0, budget) // bytes_per_pixel(spec))
    side = min(MAX_TILE, max(MIN_TILE, side, 2 * overlap_of(spec)))
    return max(side // spec.multiple, 1) * spec.multiple


def overlap_of(spec: GeneratorSpec) -> int:
    """Pixels that neighbouring tiles share: as far as features of the innermost level reach into a tile, at least."""
    return max(MIN_OVERLAP, spec.multiple)
