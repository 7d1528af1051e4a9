"""Named ways between stored pixels and the numbers a network sees, each a tested round trip.

Pixels are uint8 or uint16 [H, W, C], grey or RGB. Network values are float32 [H, W, channels], nominally in [-1, 1].
An encoding names what the numbers mean; 16-bit pixels keep their precision whatever the network was trained on.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from training.contract.errors import ConfigError

EncodingName = Literal["rgb8", "rgb16", "grey8", "lab_l", "lab_ab", "depth16"]
Pixels = NDArray[np.uint8 | np.uint16]
Values = NDArray[np.float32]

LAB_AB_RANGE = 110.0  # CIE units that map to 1: sRGB reaches from -108 to +98
LAB_L_HALF = 50.0  # half of lightness 0..100
DEPTH_RANGE_M = 10.0  # metres that map to the whole of [-1, 1]: the range of indoor sensors
DEPTH_UNIT_M = 0.001  # metres per count of a 16-bit depth picture


@dataclass(frozen=True, slots=True)
class Encoding:
    name: EncodingName
    channels: int
    bits: int
    """Depth in which a picture of this kind is stored where its source does not say otherwise."""


ENCODINGS: dict[str, Encoding] = {
    encoding.name: encoding
    for encoding in (
        Encoding("rgb8", 3, 8),
        Encoding("rgb16", 3, 16),
        Encoding("grey8", 1, 8),
        Encoding("lab_l", 1, 8),
        Encoding("lab_ab", 2, 8),
        Encoding("depth16", 1, 16),
    )
}


def encoding_named(name: str) -> Encoding:
    """Look an encoding up. Raises ConfigError for a name that this version does not know."""
    try:
        return ENCODINGS[name]
    except KeyError:
        raise ConfigError(f"The encoding {name!r} is unknown to this version of the program.") from None


def encode(pixels: Pixels, name: EncodingName) -> Values:
    """Give the network's view of `pixels`: [H, W, channels] of that encoding. Grey becomes RGB, and RGB luma, as needed."""
    match name:
        case "rgb8" | "rgb16":
            return _signed(to_rgb(pixels))
        case "grey8":
            return _signed(to_grey(pixels))
        case "lab_l":
            return np.asarray(lightness(pixels)[..., None] / LAB_L_HALF - 1, np.float32)
        case "lab_ab":
            return np.asarray(_lab(pixels)[..., 1:] / LAB_AB_RANGE, np.float32)
        case "depth16":
            if pixels.dtype != np.uint16 or pixels.shape[2] != 1:
                raise ValueError("depth is uint16 [H, W, 1]")
            return np.asarray(pixels * np.float32(2 * DEPTH_UNIT_M / DEPTH_RANGE_M) - 1, np.float32)


def decode(values: Values, name: EncodingName, dtype: type[np.uint8] | type[np.uint16]) -> Pixels:
    """Give pixels for network values, rounded and clamped. `lab_ab` needs its lightness: see `join_lab`."""
    match name:
        case "rgb8" | "rgb16" | "grey8":
            return _unsigned(values, dtype)
        case "lab_l":
            lab = np.zeros((*values.shape[:2], 3), np.float32)
            lab[..., 0] = np.clip((values[..., 0] + 1) * LAB_L_HALF, 0, 100)
            return to_grey(_unit_to_pixels(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), dtype))
        case "depth16":
            counts = np.rint((values + 1) * (DEPTH_RANGE_M / (2 * DEPTH_UNIT_M)))
            return np.asarray(np.clip(counts, 0, 65535), np.uint16)
        case "lab_ab":
            raise ValueError("colour alone is no picture: use join_lab")


def join_lab(lightness_HW: Values, ab_HWC: Values, dtype: type[np.uint8] | type[np.uint16]) -> Pixels:
    """Give RGB of a lightness (0..100) and network values of `lab_ab`, both of one size."""
    lab = np.dstack([lightness_HW, ab_HWC * np.float32(LAB_AB_RANGE)])
    return _unit_to_pixels(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), dtype)


def lightness(pixels: Pixels) -> Values:
    """CIE lightness 0..100 [H, W] of sRGB pixels."""
    return np.ascontiguousarray(_lab(pixels)[..., 0])


def to_rgb(pixels: Pixels) -> Pixels:
    """Repeat grey into three channels; leave RGB alone."""
    if pixels.shape[2] == 3:
        return pixels
    rgb: Pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    return rgb


def to_grey(pixels: Pixels) -> Pixels:
    """Rec. 601 luma [H, W, 1]; leaves grey alone."""
    if pixels.shape[2] == 1:
        return pixels
    grey: Pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None]
    return grey


def max_value(dtype: np.dtype[np.uint8 | np.uint16] | type[np.uint8] | type[np.uint16]) -> int:
    """255 or 65535."""
    return int(np.iinfo(dtype).max)


def _lab(pixels: Pixels) -> Values:
    unit = np.multiply(to_rgb(pixels), 1 / max_value(pixels.dtype), dtype=np.float32)
    lab: Values = cv2.cvtColor(unit, cv2.COLOR_RGB2Lab)
    return lab


def _signed(pixels: Pixels) -> Values:
    values = np.multiply(pixels, 2 / max_value(pixels.dtype), dtype=np.float32)
    values -= 1
    return values


def _unsigned(values: Values, dtype: type[np.uint8] | type[np.uint16]) -> Pixels:
    """Map [-1, 1] to the whole range of `dtype`. OpenCV scales, rounds half to even and saturates in one pass."""
    half = max_value(dtype) / 2
    flat = values.reshape(values.shape[0], -1)
    depth = cv2.CV_8U if dtype is np.uint8 else cv2.CV_16U
    pixels: Pixels = cv2.addWeighted(flat, half, flat, 0, half, dtype=depth)
    return pixels.reshape(values.shape)


def _unit_to_pixels(unit: Values, dtype: type[np.uint8] | type[np.uint16]) -> Pixels:
    return _unsigned(unit * np.float32(2) - np.float32(1), dtype)
