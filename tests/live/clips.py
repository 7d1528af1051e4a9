"""Drawn clips. Every frame carries its number as a row of black and white bars, so that a test can read which frame it got."""

from pathlib import Path

import cv2
import numpy as np

from p2p_desktop.live.frames import Rgb

BITS = 12  # frames up to 4095


def drawn_frame(number: int, size: tuple[int, int] = (320, 240)) -> Rgb:
    """uint8 [H, W, 3] RGB: the number in the upper quarter, highest bit left; below, red on the left and a white ball that moves.

    size: (width, height) in pixels; at least 96 wide, so that bars survive compression.
    """
    width, height = size
    frame = np.zeros((height, width, 3), np.uint8)
    frame[:, : width // 2] = (160, 30, 30)
    cv2.circle(frame, (number * 5 % width, height * 5 // 8), height // 8, (255, 255, 255), -1)
    edges = np.linspace(0, width, BITS + 1).astype(int)
    for bit in range(BITS):
        is_set = number >> (BITS - 1 - bit) & 1
        frame[: height // 4, edges[bit] : edges[bit + 1]] = 255 * is_set
    return frame


def number_of(rgb: Rgb) -> int:
    """The number that `drawn_frame` drew."""
    height, width = rgb.shape[:2]
    edges = np.linspace(0, width, BITS + 1).astype(int)
    number = 0
    for bit in range(BITS):
        middle = (edges[bit] + edges[bit + 1]) // 2
        number = number << 1 | int(rgb[height // 8, middle - 1 : middle + 2].mean() > 127)
    return number


def write_clip(path: Path, num_frames: int, *, fps: float = 30.0, size: tuple[int, int] = (320, 240)) -> Path:
    """An MP4 of frames 0 to num_frames - 1."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, size)
    for number in range(num_frames):
        writer.write(cv2.cvtColor(drawn_frame(number, size), cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def jpeg_of(rgb: Rgb) -> bytes:
    ok, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    assert ok
    return data.tobytes()
