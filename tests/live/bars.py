"""Frames that carry a number, which a video codec cannot wash away."""

from pathlib import Path

import cv2
import numpy as np

NUM_BARS, BAR = 10, 16  # bars, pixels
HEIGHT, WIDTH = 48, NUM_BARS * BAR


def drawn(number: int, height: int = HEIGHT) -> np.ndarray:
    """uint8 [height, WIDTH, 3]: the number's bits as bars, the highest at the left."""
    bits = [number >> bit & 1 for bit in reversed(range(NUM_BARS))]
    row = np.repeat(np.array(bits, np.uint8) * 255, BAR)
    return np.ascontiguousarray(np.broadcast_to(row[None, :, None], (height, WIDTH, 3)))


def number_in(rgb: np.ndarray) -> int:
    """The number that was drawn, of a frame of WIDTH pixels."""
    middle = rgb[rgb.shape[0] // 2, BAR // 2 :: BAR].mean(-1)
    return int("".join("1" if value > 127 else "0" for value in middle), 2)


def frames_of(path: Path) -> list[np.ndarray]:
    """All frames of a video, uint8 [H, W, 3], RGB."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    frames = []
    while (read := capture.read())[0]:
        frames.append(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB))
    capture.release()
    return frames


def rate_of(path: Path) -> float:
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    rate = capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    return rate
