"""Named ways between stored pixels and the numbers a network sees, each a tested round trip.

Pixels are uint8 or uint16 [H, W, C]: grey, grey and alpha, RGB, RGB and alpha, or RGB and depth (uint16, see `join_depth`). Network
values are float32 [H, W, channels], nominally in [-1, 1]. An encoding names what the numbers mean; 16-bit pixels keep their
precision whatever the network was trained on.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from training.contract.errors import ConfigError
from training.contract.holes import nearest_fill, nearness, smooth_fill

EncodingName = Literal[
    "rgb8",
    "rgb16",
    "grey8",
    "grey16",
    "grey_alpha8",
    "grey_alpha16",
    "rgba8",
    "rgba16",
    "lab_l",
    "lab_ab",
    "depth16",
    "filled_depth16",
    "surface_depth16",
    "rgb_depth16",
]
Pixels = NDArray[np.uint8 | np.uint16]
Values = NDArray[np.float32]

LAB_AB_RANGE = 110.0  # CIE units that map to 1: sRGB reaches from -108 to +98
NO_DEPTH = 65535  # counts, besides 0, that mean no measurement
FAR_SHARE = 0.5  # of the range, from which on a network's word counts as "far"
LAB_L_HALF = 50.0  # half of lightness 0..100


@dataclass(frozen=True, slots=True)
class DepthScale:
    """What the counts of a 16-bit depth picture mean. 0 is no measurement, and so is the largest count: sensors fail to it."""

    unit_m: float = 0.001
    """Metres per count: 0.001 for most sensors, 1/256 for KITTI."""
    range_m: float = 10.0
    """Metres that map to the whole of [-1, 1], and up to which depth is learned and measured; the default suits rooms. Farther
    measurements are kept as they are, but nothing is learned from them."""

    def __post_init__(self) -> None:
        if not 1e-6 <= self.unit_m <= 1 or not 0.01 <= self.range_m <= 1e5:
            raise ConfigError(
                f"A depth scale must have 1e-6 to 1 metre per count and a range of 0.01 to 100000 metres, not {self}."
            )

    def metres(self, counts: Pixels) -> Values:
        """Metres of uint16 counts; 0 where nothing was measured."""
        return np.asarray(measured(counts) * np.float32(self.unit_m), np.float32)

    def in_range(self, counts: Pixels) -> NDArray[np.bool_]:
        """Where there is a measurement to learn from."""
        metres = self.metres(counts)
        return np.asarray((metres > 0) & (metres <= self.range_m))


def measured(counts: Pixels) -> NDArray[np.uint16]:
    """The counts, with 0 wherever nothing was measured."""
    return np.asarray(np.where(counts == NO_DEPTH, np.uint16(0), counts), np.uint16)


DEPTH_IN_MILLIMETRES = DepthScale()


@dataclass(frozen=True, slots=True)
class Encoding:
    name: EncodingName
    channels: int
    bits: int
    """Depth in which a picture of this kind is stored where its source does not say otherwise."""

    @property
    def has_alpha(self) -> bool:
        """Whether its last channel is what a file stores as transparency, taken as a number like any other."""
        return self.name in ("grey_alpha8", "grey_alpha16", "rgba8", "rgba16")

    @property
    def is_depth(self) -> bool:
        """Whether its last channel is depth, where 0 is no measurement and neighbours must never be mixed."""
        return self.name in ("depth16", "filled_depth16", "surface_depth16", "rgb_depth16")

    @property
    def is_filled(self) -> bool:
        """Whether the holes of a depth map that goes in are filled for the network, and only they change."""
        return self.name in ("filled_depth16", "surface_depth16", "rgb_depth16")


ENCODINGS: dict[str, Encoding] = {
    encoding.name: encoding
    for encoding in (
        Encoding("rgb8", 3, 8),
        Encoding("rgb16", 3, 16),
        Encoding("grey8", 1, 8),
        Encoding("grey16", 1, 16),
        Encoding("grey_alpha8", 2, 8),
        Encoding("grey_alpha16", 2, 16),
        Encoding("rgba8", 4, 8),
        Encoding("rgba16", 4, 16),
        Encoding("lab_l", 1, 8),
        Encoding("lab_ab", 2, 8),
        Encoding("depth16", 1, 16),
        Encoding("filled_depth16", 2, 16),
        Encoding("surface_depth16", 3, 16),
        Encoding("rgb_depth16", 4, 16),
    )
}


def encoding_named(name: str) -> Encoding:
    """Look an encoding up. Raises ConfigError for a name that this version does not know."""
    try:
        return ENCODINGS[name]
    except KeyError:
        raise ConfigError(f"The encoding {name!r} is unknown to this version of the program.") from None


def encode(pixels: Pixels, name: EncodingName, depth: DepthScale = DEPTH_IN_MILLIMETRES) -> Values:
    """Give the network's view of `pixels`: [H, W, channels] of that encoding. Grey becomes RGB, and RGB luma, as needed."""
    match name:
        case "rgb8" | "rgb16":
            return _signed(to_rgb(pixels))
        case "grey8" | "grey16":
            return _signed(to_grey(pixels))
        case "grey_alpha8" | "grey_alpha16":
            colour, alpha = split_alpha(pixels)
            return _signed(join_alpha(to_grey(colour), alpha))
        case "rgba8" | "rgba16":
            colour, alpha = split_alpha(pixels)
            return _signed(join_alpha(to_rgb(colour), alpha))
        case "lab_l":
            return np.asarray(lightness(pixels)[..., None] / LAB_L_HALF - 1, np.float32)
        case "lab_ab":
            return np.asarray(_lab(pixels)[..., 1:] / LAB_AB_RANGE, np.float32)
        case "depth16":
            _check_depth(pixels)
            return np.asarray(depth.metres(pixels) * np.float32(2 / depth.range_m) - 1, np.float32)
        case "filled_depth16":
            _check_depth(pixels)
            known = measured(pixels)
            return np.concatenate([nearness(known) * 2 - 1, _filled(known, depth)], 2)
        case "surface_depth16":
            _check_depth(pixels)
            known = measured(pixels)
            return np.concatenate([nearness(known) * 2 - 1, _filled(known, depth), _surface(known, depth)], 2)
        case "rgb_depth16":
            if pixels.dtype != np.uint16 or pixels.shape[2] != 4:
                raise ValueError("RGB and depth are uint16 [H, W, 4]")
            colours, counts = np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3:])
            return np.concatenate([_signed(colours), _filled(measured(counts), depth)], 2)


def decode(
    values: Values, name: EncodingName, dtype: type[np.uint8] | type[np.uint16], depth: DepthScale = DEPTH_IN_MILLIMETRES
) -> Pixels:
    """Give pixels for network values, rounded and clamped. `lab_ab` needs its lightness: see `join_lab`."""
    match name:
        case "rgb8" | "rgb16" | "grey8" | "grey16" | "grey_alpha8" | "grey_alpha16" | "rgba8" | "rgba16":
            return _unsigned(values, dtype)
        case "lab_l":
            lab = np.zeros((*values.shape[:2], 3), np.float32)
            lab[..., 0] = np.clip((values[..., 0] + 1) * LAB_L_HALF, 0, 100)
            return to_grey(_unit_to_pixels(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), dtype))
        case "depth16":
            counts = np.rint((values + 1) * np.float32(depth.range_m / (2 * depth.unit_m)))
            return np.asarray(np.clip(counts, 0, NO_DEPTH - 1), np.uint16)
        case "filled_depth16" | "surface_depth16" | "rgb_depth16":
            raise ValueError("depth is given as depth16")
        case "lab_ab":
            raise ValueError("colour alone is no picture: use join_lab")


def _filled(counts: NDArray[np.uint16], depth: DepthScale) -> Values:
    """Depth without holes, and nothing farther than the range: a wrong far measurement must not drown all others."""
    return np.minimum(encode(nearest_fill(counts), "depth16", depth), np.float32(1))


def _surface(counts: NDArray[np.uint16], depth: DepthScale) -> Values:
    """The smooth surface through the measurements, cut off at the range like what is filled."""
    farthest = np.uint16(min(NO_DEPTH - 1, max(1, round(depth.range_m / depth.unit_m))))
    metres = smooth_fill(np.minimum(counts, farthest)) * np.float32(depth.unit_m)
    return np.asarray(metres * np.float32(2 / depth.range_m) - 1, np.float32)


def beyond_range(filled: Pixels, known: NDArray[np.uint16], depth: DepthScale) -> Pixels:
    """What a network filled, uint16 [H, W, 1]; where it can only say "far", the surface through the measurements stands.

    A network that learned up to `range_m` ends there, however far away things are. Where that surface lies beyond the range and
    the network agrees by half, the surface tells more: for a laboratory's frames with measurements up to 65 m this took half the
    error away, and left that within the range as it was (docs/results.md).
    """
    range_counts = depth.range_m / depth.unit_m
    if not (known > range_counts).any():
        return filled
    surface = smooth_fill(known)
    is_far = (surface > range_counts) & (filled > FAR_SHARE * range_counts)
    return np.where(is_far, np.rint(surface).astype(np.uint16), filled)


def _check_depth(pixels: Pixels) -> None:
    if pixels.dtype != np.uint16 or pixels.shape[2] != 1:
        raise ValueError("depth is uint16 [H, W, 1]")


def join_lab(lightness_HW: Values, ab_HWC: Values, dtype: type[np.uint8] | type[np.uint16]) -> Pixels:
    """Give RGB of a lightness (0..100) and network values of `lab_ab`, both of one size."""
    lab = np.dstack([lightness_HW, ab_HWC * np.float32(LAB_AB_RANGE)])
    return _unit_to_pixels(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), dtype)


def lightness(pixels: Pixels) -> Values:
    """CIE lightness 0..100 [H, W] of sRGB pixels."""
    return np.ascontiguousarray(_lab(pixels)[..., 0])


def join_alpha(pixels: Pixels, alpha: Pixels | None) -> Pixels:
    """Put alpha [H, W] behind grey or RGB [H, W, C]; where there is none, all is opaque."""
    if alpha is None:
        alpha = np.full(pixels.shape[:2], max_value(pixels.dtype), pixels.dtype)
    return np.dstack([pixels, alpha.astype(pixels.dtype, copy=False)])


def split_alpha(pixels: Pixels) -> tuple[Pixels, Pixels | None]:
    """Give grey or RGB [H, W, C], and the alpha [H, W] behind it or None."""
    if pixels.shape[2] in (1, 3):
        return pixels, None
    return np.ascontiguousarray(pixels[..., :-1]), np.ascontiguousarray(pixels[..., -1])


def join_depth(rgb: Pixels, depth: Pixels) -> Pixels:
    """Give uint16 [H, W, 4] of a picture and its depth, uint16 [H, W, 1] of the same size: the pixels of `rgb_depth16`."""
    colours = to_16_bit(to_rgb(rgb))
    return np.dstack([colours, depth])


def to_16_bit(pixels: Pixels) -> Pixels:
    """Spread 8 bits over the whole range of 16; leave 16 alone."""
    return pixels if pixels.dtype == np.uint16 else pixels.astype(np.uint16) * np.uint16(257)


def to_8_bit(pixels: Pixels) -> NDArray[np.uint8]:
    """Keep the upper half of 16 bits; leave 8 alone."""
    return (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else pixels.astype(np.uint8, copy=False)


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
