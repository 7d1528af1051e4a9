"""A quick look at picture files: what they hold to the byte, how they look, how green they are. Enough to know copies by.

JPEG files are decoded at a fraction of their size, so a look at some thousand photographs takes seconds.
"""

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.contract.encodings import Pixels, max_value, to_8_bit, to_grey, to_rgb
from training.contract.errors import PictureError
from training.contract.files import open_to_read
from training.contract.framing import resize
from training.contract.pictures import read_reduced

Look = NDArray[np.uint8]
"""Grey levels [16, 17] of a whole picture, whatever its size."""

NUM_THREADS = 4  # files that are decoded at once; large ones that have to be decoded whole must fit into memory together
LOOK_SIDE = 16  # comparisons along each axis: 256 bits
READ_SIDE = 64  # pixels of the short side, and up to twice as many: a look is a mean over four or more of them

EXCESS_GREEN = 0.05  # (2 green - red - blue) / (red + green + blue): less is what grey walls have
OVER_RED, OVER_BLUE = 0.9, 1.1  # times: dry grass may be redder than green, sand is more so; the sea is nearly as blue as green
DARK = 0.05  # added to the sum of the channels (0 to 3), so that the noise of shadows has no colour


@dataclass(frozen=True, slots=True)
class Glance:
    digest: str
    """SHA-256 of the file; of its name where it cannot be opened."""
    looks: tuple[Look, ...]
    """One, or those of both halves of a strip; none of what is no picture."""
    green: float
    """Share of the pixels that are green as plants are."""


class Glances:
    """Looks at each file once. `strips`: each picture is two, side by side."""

    def __init__(self, *, strips: bool) -> None:
        self._strips = strips
        self._seen: dict[Path, Glance] = {}

    def look_at(self, paths: Iterable[Path]) -> None:
        """Look at many at once, in several threads: decoding is done outside of Python."""
        new = [path for path in dict.fromkeys(paths) if path not in self._seen]
        with ThreadPoolExecutor(NUM_THREADS) as pool:
            self._seen.update(zip(new, pool.map(self._glance, new), strict=True))

    def of(self, path: Path) -> Glance:
        """What cannot be read has no looks; that is told where it is wanted whole."""
        if path not in self._seen:
            self._seen[path] = self._glance(path)
        return self._seen[path]

    def _glance(self, path: Path) -> Glance:
        try:
            with open_to_read(path) as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return Glance(hashlib.sha256(os.fsencode(path)).hexdigest(), (), 0.0)
        try:
            pixels = _in_8_bits(_small(read_reduced(path, READ_SIDE)))
        except PictureError:
            return Glance(digest, (), 0.0)
        width = pixels.shape[1] // 2 if self._strips else pixels.shape[1]
        parts = (pixels[:, :width], pixels[:, -width:])[: 2 if self._strips else 1] if width else ()
        return Glance(digest, tuple(_look(np.ascontiguousarray(part)) for part in parts), green_share(to_rgb(pixels)))


def green_share(rgb: Pixels) -> float:
    """Share of the pixels of uint8 [H, W, 3] that are green as plants are, olive and dry grass among them; the sea is not."""
    unit = np.multiply(rgb, 1 / 255, dtype=np.float32)
    red, green, blue = (unit[..., channel] for channel in range(3))
    excess = (2 * green - red - blue) / (red + green + blue + np.float32(DARK))
    return float(((excess > EXCESS_GREEN) & (green > OVER_RED * red) & (green > OVER_BLUE * blue)).mean())


def _small(pixels: Pixels) -> Pixels:
    scale = 2 * READ_SIDE / min(pixels.shape[:2])
    return resize(pixels, (max(1, round(pixels.shape[0] * scale)), max(1, round(pixels.shape[1] * scale)))) if scale < 1 else pixels


def _in_8_bits(pixels: Pixels) -> Pixels:
    """16 bits on a scale of their own: depths lie close together at its lower end."""
    if pixels.dtype == np.uint8:
        return pixels
    highest = max(1, int(pixels.max()))
    return to_8_bit((pixels.astype(np.uint32) * max_value(np.uint16) // highest).astype(np.uint16))


def _look(pixels: Pixels) -> Look:
    small = cv2.resize(to_grey(pixels)[..., 0], (LOOK_SIDE + 1, LOOK_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)
