"""Depth maps with measurements taken away: scattered points, the lines of a scanner, a sensor's own holes.

Depth is uint16 [H, W, 1] counts, 0 where nothing is measured. Nothing is ever interpolated: what stays, stays as it was.
"""

from typing import Literal

import cv2
import numpy as np
from numpy.random import Generator as Rng
from numpy.typing import NDArray

from training.contract.encodings import Pixels

Kind = Literal["points", "scans", "holes"]
KINDS: tuple[Kind, ...] = ("points", "scans", "holes")

POINT_SHARES = (0.005, 0.05)  # of the pixels: a coarse tracker to a dense one
SCAN_LINES = (32, 96)  # over the height of a frame of 240 pixels; car scanners have 64
SCAN_FRAME = 240
SCAN_GAPS = (0.0, 0.4)  # share of a line that gives no echo
HOLE_SHARES = (0.05, 0.35)  # of the pixels, in blobs: dark, shiny and far things
EDGE_STEP = 0.04  # share of the depth that a neighbour must differ by for a sensor to lose the pixels between
EDGE_REACH = (1, 5)  # pixels lost on both sides of such a step


def sparse_depth(depth: Pixels, kind: Kind | Literal["all"], rng: Rng) -> Pixels:
    """What a sparser sensor would have measured of `depth`; never more than was there."""
    if kind == "all":
        kind = KINDS[int(rng.integers(len(KINDS)))]
    match kind:
        case "points":
            keep = points(depth.shape[:2], float(np.exp(rng.uniform(*np.log(POINT_SHARES)))), rng)
        case "scans":
            keep = scans(depth.shape[:2], rng)
        case "holes":
            keep = ~holes(depth, rng)
    return np.asarray(np.where(keep[..., None], depth, np.uint16(0)), np.uint16)


def points(size: tuple[int, int], share: float, rng: Rng) -> NDArray[np.bool_]:
    """Scattered evenly: `share` of the pixels."""
    return np.asarray(rng.random(size) < share)


def scans(size: tuple[int, int], rng: Rng, lines: float | None = None) -> NDArray[np.bool_]:
    """Lines across the picture at even distances, with gaps, each a little tilted as the scanner turns.

    `lines`: over the height of a frame of 240 pixels; None: as many as one scanner or another has.
    """
    height, width = size
    distance = SCAN_FRAME / (lines or rng.uniform(*SCAN_LINES))
    tilt = rng.uniform(-0.02, 0.02)  # rows per column
    rows, columns = np.mgrid[:height, :width]
    place = rows + tilt * columns + rng.uniform(0, distance)
    on_line = np.floor(place / distance) != np.floor((place - 1) / distance)
    return np.asarray(on_line & (rng.random(size) >= rng.uniform(*SCAN_GAPS)))


def holes(depth: Pixels, rng: Rng) -> NDArray[np.bool_]:
    """Where a depth camera fails: beside steps of depth, and in blobs."""
    height, width = depth.shape[:2]
    share = rng.uniform(*HOLE_SHARES)
    coarse = rng.standard_normal((max(2, height // int(rng.integers(12, 40))), max(2, width // int(rng.integers(12, 40)))))
    blobs = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    lost = blobs > np.quantile(blobs, 1 - share)
    counts = depth[..., 0].astype(np.float32)
    highest, lowest = cv2.dilate(counts, np.ones((3, 3))), cv2.erode(counts, np.ones((3, 3)))
    steps = ((highest - lowest) > EDGE_STEP * counts).astype(np.uint8)
    side = 2 * int(rng.integers(*EDGE_REACH)) + 1
    return np.asarray(lost | (cv2.dilate(steps, np.ones((side, side))) > 0))
