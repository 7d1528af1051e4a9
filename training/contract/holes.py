"""Depth maps with holes: the nearest measurement for every pixel, and how near it is. Depth is uint16 [H, W, 1], 0 for none."""

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
