"""A first look at pictures: their sizes by their headers, and thumbnails, for a list of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from p2p_desktop.convert.pyramid import Pyramid
from p2p_desktop.convert.system_errors import unreadable
from training.contract.errors import PictureError
from training.contract.pictures import picture_size, read_picture
from training.contract.progress import Report, Token

_BATCH = 200  # sizes told at once
_MOST_PIXELS = 80_000_000  # beyond this a picture of 48 pixels is not worth decoding it
_MOST_BYTES = 200 << 20  # as above
_REDUCED = (  # of JPEG files, which can be decoded at a fraction of their size
    (8, cv2.IMREAD_REDUCED_COLOR_8),
    (4, cv2.IMREAD_REDUCED_COLOR_4),
    (2, cv2.IMREAD_REDUCED_COLOR_2),
)
_JPEG_START = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Measured:
    path: Path
    height: int  # pixels, upright
    width: int
    num_bytes: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """It has a picture's name and is none, or cannot be read."""

    path: Path
    reason: str
    num_bytes: int


def measure(paths: Iterable[Path], *, report: Report[tuple[Measured | Unreadable, ...]], token: Token) -> None:
    """Read the headers of pictures. Told in batches; raises Cancelled."""
    batch: list[Measured | Unreadable] = []
    for path in paths:
        token.check()
        batch.append(_measured(path))
        if len(batch) == _BATCH:
            report(tuple(batch))
            batch.clear()
    if batch:
        report(tuple(batch))


def read_thumbnail(path: Path, longest: int) -> NDArray[np.uint8] | None:
    """Return uint8 [H, W, 3] RGB, upright, no side longer than `longest`; None for what is no picture, or too large to look at."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        height, width = picture_size(path)
        if height * width > _MOST_PIXELS:
            return None
        scale = longest / max(height, width)
        rgb = _reduced_jpeg(path, scale)
        if rgb is None:
            picture = read_picture(path)
            rgb, _ = Pyramid.of(picture.pixels, picture.alpha).level_for(scale)
        scale = min(1.0, longest / max(rgb.shape[:2]))
        size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
        small: NDArray[np.uint8] = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    except (PictureError, OSError, MemoryError, cv2.error):
        return None
    return small


def _measured(path: Path) -> Measured | Unreadable:
    num_bytes = 0
    try:
        num_bytes = path.stat().st_size
        height, width = picture_size(path)
    except PictureError as error:
        return Unreadable(path, str(error), num_bytes)
    except OSError as error:
        return Unreadable(path, unreadable(path.name, error), num_bytes)
    return Measured(path, height, width, num_bytes)


def _reduced_jpeg(path: Path, scale: float) -> NDArray[np.uint8] | None:
    """Decode a JPEG file at the smallest fraction that still has enough pixels; None for other files, and for damaged ones."""
    flag = next((flag for divisor, flag in _REDUCED if divisor * scale <= 1), None)
    if flag is None:
        return None
    with path.open("rb") as file:
        if file.read(len(_JPEG_START)) != _JPEG_START:
            return None
        file.seek(0)
        data = np.frombuffer(file.read(), np.uint8)
    bgr = cv2.imdecode(data, flag)  # upright: the flag does not say otherwise
    return None if bgr is None else cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
