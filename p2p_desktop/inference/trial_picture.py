"""A picture that any model takes, made of a photograph: to try models with whatever they were made for."""

import numpy as np

from training.contract.encodings import NO_DEPTH, Pixels, encoding_named, join_alpha, join_depth, to_grey
from training.contract.framing import Frame

EVERY = 5  # pixels, both ways: one in so many is measured where a model fills the rest


def source_for(rgb: Pixels, frame: Frame) -> Pixels:
    """What an encoding takes, made of a picture: its brightness stands in for depth, over the whole range, black for holes."""
    entering = encoding_named(frame.encoding_in)
    if entering.has_alpha:
        return join_alpha(rgb, to_grey(rgb)[..., 0])
    if not entering.is_depth:
        return rgb
    farthest = min(frame.depth.range_m / frame.depth.unit_m, NO_DEPTH - 1)
    depth = np.rint(to_grey(rgb).astype(np.float64) / np.iinfo(rgb.dtype).max * farthest).astype(np.uint16)
    if entering.is_filled:
        measured = np.zeros_like(depth)
        measured[::EVERY, ::EVERY] = depth[::EVERY, ::EVERY]
        depth = measured
    return join_depth(rgb, depth) if frame.encoding_in == "rgb_depth16" else depth
