"""The bundled clip of people at other sizes and rates."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from p2p_desktop.live.frames import Rgb
from p2p_desktop.paths import resources

PEOPLE_FPS = 10  # frames a second of the bundled clip


def people(width: int, height: int) -> list[Rgb]:
    """Its frames, uint8 [height, width, 3]: the middle of each, as much as the aspect allows."""
    capture = cv2.VideoCapture(str(resources() / "clips" / "people.mp4"))
    frames: list[Rgb] = []
    while True:
        ok, bgr = capture.read()
        if not ok:
            break
        scale = max(height / bgr.shape[0], width / bgr.shape[1])
        inner_height, inner_width = round(height / scale), round(width / scale)
        top, left = (bgr.shape[0] - inner_height) // 2, (bgr.shape[1] - inner_width) // 2
        middle = bgr[top : top + inner_height, left : left + inner_width]
        resized = middle if scale == 1 else cv2.resize(middle, (width, height), interpolation=cv2.INTER_AREA)
        frames.append(np.asarray(cv2.cvtColor(resized, cv2.COLOR_BGR2RGB), np.uint8))
    capture.release()
    return frames


def write_clip(path: Path, frames: Iterable[Rgb], fps: float) -> Path:
    """All frames, one after the other, as an MP4 of another rate."""
    writer = None
    for rgb in frames:
        if writer is None:
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (rgb.shape[1], rgb.shape[0]))
        writer.write(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    assert writer is not None
    writer.release()
    return path
