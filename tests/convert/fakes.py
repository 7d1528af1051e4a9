"""Stand-ins for the convert tests: a translator that can be foretold, and pictures to feed it."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from training.contract.pictures import Picture
from training.contract.progress import Token

STEP_S = 0.002  # how often the inverter looks at its token while it waits


class Inverter:
    """Translates a picture into its negative: small, exact, and told apart from its source at a glance."""

    def __init__(
        self, *, seconds: float = 0.0, in_flight: int = 2, bytes_per_pixel: int = 12, digest: str = "1nv3"
    ) -> None:
        self.model_digest = digest
        self.statistics = "running"
        self.in_flight = in_flight
        self.device = "cpu"
        self.runtime = "fake"
        self.seconds = seconds
        self.bytes_per_pixel = bytes_per_pixel
        self.seen: list[tuple[int, ...]] = []
        self.most_at_once = 0
        self.closed = False
        self.on_translate: Callable[[Picture], None] = lambda _: None
        self._at_once = 0
        self._lock = threading.Lock()

    def translate(self, picture: Picture, *, strength: float = 1.0, token: Token | None = None) -> Picture:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            self.seen.append(picture.pixels.shape)
        try:
            self.on_translate(picture)
            end = time.monotonic() + self.seconds
            while time.monotonic() < end:
                if token:
                    token.check()
                time.sleep(STEP_S)
        finally:
            with self._lock:
                self._at_once -= 1
        top = np.iinfo(picture.pixels.dtype).max
        mixed = picture.pixels + strength * (top - 2.0 * picture.pixels)
        return replace(picture, pixels=np.round(mixed).astype(picture.pixels.dtype))

    def memory_for(self, height: int, width: int) -> int:
        return height * width * self.bytes_per_pixel

    def close(self) -> None:
        self.closed = True


def save_picture(path: Path, *, height: int = 8, width: int = 12, seed: int = 0, sixteen_bit: bool = False) -> Path:
    """Write a picture of noise; its format is what the name says."""
    dtype = np.uint16 if sixteen_bit else np.uint8
    pixels = np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (height, width, 3), dtype, endpoint=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())
    return path
