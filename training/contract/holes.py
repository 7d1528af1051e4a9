"""Depth maps with holes: the nearest measurement for every pixel, how near it is, and a smooth surface through all of them.

Depth is uint16 [H, W, 1], 0 for none.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

NEAR = 8.0  # pixels from a measurement at which its word counts for a third


def nearest_fill(depth: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Give every pixel the measurement nearest to it in the picture: the classical way. Where nothing is measured, all stays 0."""
    measured = depth[..., 0] > 0
    if not measured.any():
        return depth.copy()
    # The transform numbers the measured pixels one by one.
    _, labels = cv2.distanceTransformWithLabels(
        (~measured).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    counts = np.zeros(int(labels.max()) + 1, np.uint16)
    counts[labels[measured]] = depth[..., 0][measured]
    return np.asarray(counts[labels][..., None], np.uint16)


def nearness(depth: NDArray[np.uint16]) -> NDArray[np.float32]:
    """1 where a pixel is measured, falling towards 0 with the distance to the next one that is. [H, W, 1]."""
    measured = depth[..., 0] > 0
    if not measured.any():
        return np.zeros(depth.shape, np.float32)
    distance = cv2.distanceTransform((~measured).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(np.exp(-distance / NEAR)[..., None], np.float32)


def smooth_fill(depth: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Give counts [H, W, 1] of a surface through the measurements, by push-pull (Gortler and others 1996, The Lumigraph, 3.4).

    Averages of the measured pixels at half, a quarter, ... of the size fill what the size above leaves open. Where nothing is
    measured in the whole picture, all stays 0.
    """
    known = np.ascontiguousarray((depth[..., 0] > 0).astype(np.float32))
    if not known.any():
        return np.zeros(depth.shape, np.float32)
    sums, weights = [depth[..., 0].astype(np.float32)], [known]
    while max(weights[-1].shape) > 1:
        total, weight = cv2.pyrDown(sums[-1]), cv2.pyrDown(weights[-1])
        # One measurement among the four pixels of a coarser one speaks for it; more share the word.
        gain = 1 / np.maximum(weight, np.float32(0.25))
        sums.append(total * gain)
        weights.append(weight * gain)
    surface = sums[-1] / weights[-1]
    for total, weight in zip(reversed(sums[:-1]), reversed(weights[:-1]), strict=True):
        coarse = cv2.pyrUp(surface, dstsize=(weight.shape[1], weight.shape[0]))
        surface = total + (1 - weight) * coarse
    return np.asarray(surface[..., None], np.float32)
