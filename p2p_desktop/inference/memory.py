"""How much memory a network takes for each pixel, and how large a tile may therefore be."""

from math import isqrt

from training.contract.spec import GeneratorSpec

FLOAT_BYTES = 4
MAX_TILE = 768  # pixels a side: larger ones waste a little less on overlaps, and take memory from their neighbours in flight
MIN_TILE = 384  # pixels a side: below this overlaps are most of the work, and seams show in a network that looks far
MIN_OVERLAP, MAX_OVERLAP = 64, 256  # pixels
OVERLAP_STEPS = (
    8  # of the innermost level; measured in docs/results.md: with 4, one value in 700 was off by more than 3 grey levels
)
LIVE_COPIES = 2  # of a level's features at once: what is read and what is written; OpenVINO held 0.8 of this estimate


def bytes_per_pixel(spec: GeneratorSpec) -> int:
    """An upper estimate of the bytes held for each input pixel during one pass; checked against measurements in the tests.

    Each level holds its skip connection and its decoder features, a quarter as many values as the level above.
    """
    if spec.kind == "resnet":
        outer, middle, inner = spec.encoder
        return FLOAT_BYTES * LIVE_COPIES * (2 * outer + middle // 2 + inner // 8)
    outermost = 2 * spec.stem
    decoder = list(reversed(spec.decoder))
    if spec.head == "conv3":
        outermost += decoder.pop(0)
    folded = LIVE_COPIES * outermost
    for level, width in enumerate(spec.encoder):
        up = decoder[level] if level < len(decoder) else 0
        folded += max(1, LIVE_COPIES * (width + up) >> 2 * (level + 1))
    # Folding takes a copy of what comes in and of what goes out, the latter beside what it is added to.
    pictures = LIVE_COPIES * (spec.in_channels + spec.out_channels) * (2 if spec.fold > 1 else 1)
    return FLOAT_BYTES * (pictures + -(-folded // spec.fold**2))


def largest_tile(spec: GeneratorSpec, budget: int) -> int:
    """Side of the square tiles, in pixels: a multiple of the network's.

    The same on every computer, so that results are too, unless not even one such tile fits into `budget` bytes.
    """
    side = min(MAX_TILE, max(MIN_TILE, isqrt(max(0, budget) // bytes_per_pixel(spec))))
    return max(side, 2 * overlap_of(spec)) // spec.multiple * spec.multiple


def smaller_tile(spec: GeneratorSpec, tile: int) -> int:
    """The next smaller tiles to try where memory does not suffice; the same size if smaller ones were only overlap."""
    return min(tile, max(tile // 2, 2 * overlap_of(spec)) // spec.multiple * spec.multiple)


def overlap_of(spec: GeneratorSpec) -> int:
    """Pixels that neighbouring tiles share: as far as features of the innermost level reach into a tile."""
    return max(MIN_OVERLAP, min(MAX_OVERLAP, OVERLAP_STEPS * spec.multiple), spec.multiple)
