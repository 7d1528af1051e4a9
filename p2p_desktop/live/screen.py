"""What a result looks like: eight bits and three channels, whatever the model gives."""

import cv2
import numpy as np
from numpy.typing import NDArray

from p2p_desktop.live.frames import Rgb
from training.contract.encodings import DepthScale, Pixels, measured, to_8_bit, to_rgb

NEAREST_GREY, FARTHEST_GREY = 255, 40  # depth: what is near is bright; black is where nothing is known


def for_screen(pixels: Pixels, depth: DepthScale | None) -> Rgb:
    """uint8 [H, W, 3] of a result [H, W, 1 or 3]; `depth`: the scale, where its counts are depths."""
    if depth is not None:
        return _depth_as_grey(pixels, depth)
    return to_8_bit(to_rgb(pixels))


def _depth_as_grey(counts: Pixels, depth: DepthScale) -> Rgb:
    known: NDArray[np.uint16] = measured(counts)
    share = np.minimum(known * np.float32(depth.unit_m / depth.range_m), 1)
    grey = np.where(known > 0, NEAREST_GREY - share * (NEAREST_GREY - FARTHEST_GREY), 0).astype(np.uint8)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)
