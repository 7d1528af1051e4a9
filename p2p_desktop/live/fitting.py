"""Frames of any size for a file or device that has one size from its first frame on."""

import numpy as np

from p2p_desktop.live.frames import Rgb
from training.contract.encodings import Pixels, to_rgb
from training.contract.framing import resize


def check_frame(pixels: Pixels) -> None:
    """ValueError unless it is uint8 [H, W, 1 or 3] with at least one pixel."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or not pixels.size:
        raise ValueError(f"a frame is uint8 [H, W, 1 or 3], not {pixels.dtype} {list(pixels.shape)}")


def even_size(pixels: Pixels) -> tuple[int, int]:
    """(height, width) of the smallest frame with even sides that holds this one: colour is stored for two by two pixels."""
    height, width = pixels.shape[:2]
    return height + height % 2, width + width % 2


def fitted(pixels: Pixels, size: tuple[int, int]) -> Rgb:
    """uint8 [H, W, 3] of `size` (height, width): as large as goes in with its aspect kept, in the middle of black bars.

    pixels: uint8 [H, W, 1 or 3]. One that only lacks the last row or column is not resized: its edge is repeated.
    """
    rgb = np.asarray(to_rgb(pixels), np.uint8)
    height, width = size
    below, beside = height - rgb.shape[0], width - rgb.shape[1]
    if below in (0, 1) and beside in (0, 1):
        return np.pad(rgb, ((0, below), (0, beside), (0, 0)), mode="edge") if below or beside else rgb
    scale = min(height / rgb.shape[0], width / rgb.shape[1])
    inner_height = min(height, max(1, round(rgb.shape[0] * scale)))
    inner_width = min(width, max(1, round(rgb.shape[1] * scale)))
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    canvas[top : top + inner_height, left : left + inner_width] = resize(rgb, (inner_height, inner_width))
    return canvas
