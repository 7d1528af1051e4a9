"""What travels through Live: a frame as the camera gave it, and what a model made of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from p2p_desktop.live.wishes import LiveWishes
from training.contract.encodings import Pixels

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Frame:
    """Whoever makes one never writes to its pixels again: it is read in several threads."""

    rgb: Rgb
    """uint8 [H, W, 3], H and W as the camera sends them; they may change from one frame to the next."""
    captured: float
    """`time.monotonic()` when all of it had come from the camera, before it was decoded."""
    camera: int = 0
    """Which opening of a camera it comes from: what an older one still sent can be told apart."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A frame, what was made of it, and how."""

    frame: Frame
    """Mirrored, if that was wished."""
    result: Pixels | None
    """Of the frame's size; uint16 [H, W, 1] for depth, else uint8 [H, W, 1 or 3]. None while no model is ready."""
    model: int
    """The number of the choice of model that it was made by (see `Translating.choose_model`); 0 for none."""
    size: tuple[int, int]
    """(width, height) in pixels at which the model worked; (0, 0) for none."""
    begun: float
    """`time.monotonic()` when the frame was taken up."""
    done: float
    """`time.monotonic()` when the result was there."""
    wishes: LiveWishes
    is_held: bool = False
    """Whether it is the frozen frame, made again."""

    @property
    def model_seconds(self) -> float:
        return self.done - self.begun
