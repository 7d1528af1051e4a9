"""What shipped models make of an example, as it was when they were shipped: small pictures in `resources/self_test`.

`python docs/make_self_test.py` makes them anew; a test tells when that is due.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from p2p_desktop.paths import resources
from training.contract.errors import ConfigError

if TYPE_CHECKING:
    from training.contract.encodings import Pixels
    from training.contract.framing import Frame

EXAMPLE = "alpacas.jpg"
SIDE = 160  # pixels of the square in its middle that is translated
MADE_FROM = "MADE_FROM.tsv"
"""Beside the pictures: a model file's name and the digest that it had, a line each."""

AGREEMENT = (
    1  # grey level: torch and OpenVINO differ by no more anywhere, and by it in 0.05 % of values (six examples, three models)
)
SHARE = 0.999  # of the values must agree that well
MOST = 3  # grey levels that a single value may be off: other processors add up a network's sums in another order
_LEVEL_16_BIT = 257  # counts of a 16-bit picture that make a grey level; there, all values must agree


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two pictures lie apart, in grey levels."""

    worst: float
    share: float
    """Of the values, those that are within AGREEMENT."""
    agrees: bool


def stored_folder() -> Path:
    """Raises ConfigError where the installation is incomplete."""
    return resources() / "self_test"


def stored_models() -> list[str]:
    """The names of all models that ship, whether or not they are there. Raises ConfigError where the installation is incomplete."""
    names = sorted(path.stem for path in stored_folder().glob("*.png"))
    if not names:
        raise ConfigError(f"{stored_folder()} holds no pictures to compare with.")
    return names


def example_for(frame: "Frame | None") -> "Pixels":
    """The square that is translated, as a model takes it; None: as it is. Raises PictureError, ConfigError."""
    from p2p_desktop.inference.trial_picture import source_for
    from training.contract.pictures import read_picture

    rgb = read_picture(resources() / "examples" / EXAMPLE).pixels
    top, left = ((length - SIDE) // 2 for length in rgb.shape[:2])
    square = rgb[top : top + SIDE, left : left + SIDE]
    return square if frame is None else source_for(square, frame)


def compare(one: "Pixels", other: "Pixels") -> Difference:
    """Two pictures, 8 or 16 bits a value. What differs in size or depth agrees in nothing."""
    import numpy as np  # heavy: only where it is used

    if one.shape != other.shape or one.dtype != other.dtype:
        return Difference(255.0, 0.0, agrees=False)
    is_deep = one.dtype == np.uint16
    levels = np.abs(one.astype(np.int32) - other.astype(np.int32)) / (_LEVEL_16_BIT if is_deep else 1)
    worst, share = float(levels.max()), float((levels <= AGREEMENT).mean())
    return Difference(worst, share, agrees=worst <= AGREEMENT if is_deep else worst <= MOST and share >= SHARE)
