"""How a picture of any size meets a network that wants multiples: padding, fitting, cropping, colour enlarged along edges.

Used alike by translation and by evaluation, so that what is measured is what people get. Arrays are [H, W, C].
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from training.contract.encodings import (
    DEPTH_IN_MILLIMETRES,
    DepthScale,
    EncodingName,
    Pixels,
    Values,
    beyond_range,
    decode,
    encode,
    encoding_named,
    join_lab,
    lightness,
    measured,
    to_grey,
)
from training.contract.errors import ConfigError
from training.contract.palette import Palette, to_palette

Number = TypeVar("Number", bound=np.generic)

Forward = Callable[[Values], Values]
"""Runs the network on one picture: float32 [C, H, W] in, [C, H, W] out; H and W are multiples of the network's."""

LabelledSide = Literal["none", "input", "output"]
"""Which side is a picture of labels, whose colours are names: they are never mixed."""

GUIDE_RADIUS_FRACTION = 0.03  # of the short side: colour may not reach further than this to find its edge
GUIDE_EPSILON = 16.0  # squared units of lightness 0..100 below which a difference counts as texture, not as an edge
MIN_SIDE = 16  # pixels; a ResNet mirrors three at full size and one at a quarter of it
MIN_GUIDE_RADIUS = 2  # pixels


@dataclass(frozen=True, slots=True)
class SizeRule:
    """What becomes of a picture's size on its way through the network (design 3.2)."""

    mode: Literal["native", "fit"]
    """"native": as it is. "fit": resized to `size` along its long side, the aspect kept. Either is padded to the multiple."""
    size: int
    """Side of the training crops in pixels."""
    multiple: int

    def __post_init__(self) -> None:
        if self.mode not in ("native", "fit") or not 1 <= self.size <= 8192 or not 1 <= self.multiple <= 4096:
            raise ConfigError(f"A model's size rule must be native or fit at 1 to 8192 pixels, not {self}.")


@dataclass(frozen=True, slots=True)
class Frame:
    """All that turns pixels into a network's input and its output back into pixels."""

    rule: SizeRule
    encoding_in: EncodingName
    encoding_out: EncodingName
    keeps_grey: bool
    """Whether a grey picture stays grey, as it does where the task leaves colours as they are."""
    labels: LabelledSide = "none"
    depth: DepthScale = DEPTH_IN_MILLIMETRES
    palette: Palette = ()
    """Colours that a picture of labels which comes out may have."""

    def encode(self, pixels: Pixels) -> Values:
        """What the network sees of a source."""
        return encode(pixels, self.encoding_in, self.depth)

    def shrink(self, pixels: Pixels, size: tuple[int, int]) -> Pixels:
        """Resize a source to (height, width) without mixing labels or depths."""
        if self.labels == "input":
            return resize_nearest(pixels, size)
        if self.encoding_in == "rgb_depth16":
            return np.dstack([resize(np.ascontiguousarray(pixels[..., :3]), size), resize_nearest(pixels[..., 3:], size)])
        return resize_nearest(pixels, size) if encoding_named(self.encoding_in).is_depth else resize(pixels, size)


def translate_whole(pixels: Pixels, frame: Frame, forward: Forward) -> Pixels:
    """Translate one picture by one pass of the network. Any size in, the same size and depth out."""
    height, width = pixels.shape[:2]
    if frame.rule.mode == "native":
        return finish(run_padded(frame.encode(pixels), frame.rule.multiple, forward), pixels, frame)
    fitted = frame.shrink(pixels, fit_size(height, width, frame.rule))
    values = run_padded(frame.encode(fitted), frame.rule.multiple, forward)
    if frame.encoding_out == "lab_ab":
        return finish(enlarge_guided(values, lightness(fitted), lightness(pixels)), pixels, frame)
    enlarged = resize_nearest(values, (height, width)) if frame.labels == "output" else resize_values(values, (height, width))
    return finish(enlarged, pixels, frame)


def run_padded(values: Values, multiple: int, forward: Forward) -> Values:
    """Pad to the multiple by reflection, run, crop back."""
    height, width = values.shape[:2]
    padded = pad_to_multiple(values, multiple)
    return forward(to_planes(padded)).transpose(1, 2, 0)[:height, :width]


def finish(values: Values, source: Pixels, frame: Frame) -> Pixels:
    """Turn network values of the source's size into pixels of its depth; colour joins the source's own lightness."""
    dtype = np.uint16 if source.dtype == np.uint16 else np.uint8
    if frame.encoding_out == "lab_ab":
        return join_lab(lightness(source), np.ascontiguousarray(values), dtype)
    if encoding_named(frame.encoding_out).bits == 16:
        dtype = np.uint16
    elif encoding_named(frame.encoding_in).is_depth:
        dtype = np.uint8  # the source's sixteen bits are metres; colours made of them need no more than eight
    pixels = decode(np.ascontiguousarray(values), frame.encoding_out, dtype, frame.depth)
    if frame.encoding_out == "depth16" and encoding_named(frame.encoding_in).is_filled:
        known = measured(source[..., -1:])
        return np.where(known > 0, known, beyond_range(pixels, known, frame.depth))
    if frame.labels == "output":
        return to_palette(pixels, frame.palette)
    return to_grey(pixels) if frame.keeps_grey and source.shape[2] == 1 else pixels


def to_planes(values: Values) -> Values:
    """[H, W, C] to contiguous [C, H, W]."""
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def pad_to_multiple(values: Values, multiple: int) -> Values:
    """Extend both sides to a multiple of the network's, and to what its reflecting layers need."""
    height, width = (max(side, MIN_SIDE) for side in values.shape[:2])
    bottom, right = height + -height % multiple - values.shape[0], width + -width % multiple - values.shape[1]
    return pad_reflect(values, bottom, right)


def pad_reflect(values: NDArray[Number], bottom: int, right: int) -> NDArray[Number]:
    """Extend downwards and to the right by mirroring without repeating the edge; sides of one pixel are repeated.

    NumPy reflects again and again where the pad is larger than the side; torch's `F.pad` would refuse.
    """
    for axis, amount in ((0, bottom), (1, right)):
        if amount:
            pad = [(0, 0)] * values.ndim
            pad[axis] = (0, amount)
            values = np.pad(values, pad, mode="edge" if values.shape[axis] == 1 else "reflect")
    return values


def fit_size(height: int, width: int, rule: SizeRule) -> tuple[int, int]:
    """(height, width) at which a `fit` model sees a picture: the long side at the trained size, the aspect kept."""
    return long_side_at(rule.size, height, width)


def long_side_at(size: int, height: int, width: int) -> tuple[int, int]:
    """(height, width) of that aspect whose long side is `size` pixels."""
    scale = size / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def resize(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Resize to (height, width): by area when shrinking, which does not alias, by cubic interpolation when enlarging."""
    height, width = size
    shrinking = height * width < pixels.shape[0] * pixels.shape[1]
    result = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC)
    return np.asarray(result).reshape(height, width, pixels.shape[2])


def resize_nearest(pixels: NDArray[Number], size: tuple[int, int]) -> NDArray[Number]:
    """Resize to (height, width) by taking, for each pixel, the one whose centre is nearest; nothing is mixed."""
    height, width = size
    rows = np.minimum((np.arange(height) + 0.5) * pixels.shape[0] / height, pixels.shape[0] - 1).astype(int)
    columns = np.minimum((np.arange(width) + 0.5) * pixels.shape[1] / width, pixels.shape[1] - 1).astype(int)
    return np.ascontiguousarray(pixels[rows[:, None], columns])


def resize_values(values: Values, size: tuple[int, int]) -> Values:
    height, width = size
    shrinking = height * width < values.shape[0] * values.shape[1]
    mode = cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC
    result = cv2.resize(np.ascontiguousarray(values), (width, height), interpolation=mode)
    return np.asarray(result, np.float32).reshape(height, width, values.shape[2])


def enlarge_guided(values: Values, guide_small: Values, guide_large: Values) -> Values:
    """Enlarge `values` to the size of `guide_large` [H, W] so that they change where the guide has edges.

    Guided filter (He, Sun and Tang 2013) in its fast form: linear coefficients at the small size, enlarged, applied to the
    large guide. Guides are lightness 0..100; `guide_small` has the size of `values`.
    """
    height, width = values.shape[:2]
    radius = max(MIN_GUIDE_RADIUS, round(GUIDE_RADIUS_FRACTION * min(height, width)))

    def mean(plane: NDArray[np.floating]) -> Values:
        blurred: Values = cv2.blur(plane, (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REFLECT)
        return blurred

    mean_guide = mean(guide_small)
    variance = mean(guide_small * guide_small) - mean_guide * mean_guide
    size = guide_large.shape[1], guide_large.shape[0]
    planes = []
    for channel in range(values.shape[2]):
        plane = np.ascontiguousarray(values[..., channel])
        mean_plane = mean(plane)
        slope = (mean(guide_small * plane) - mean_guide * mean_plane) / (variance + np.float32(GUIDE_EPSILON))
        offset = mean_plane - slope * mean_guide
        slope_large = cv2.resize(mean(slope), size, interpolation=cv2.INTER_LINEAR)
        offset_large = cv2.resize(mean(offset), size, interpolation=cv2.INTER_LINEAR)
        planes.append(slope_large * guide_large + offset_large)
    return np.dstack(planes).astype(np.float32, copy=False)
