"""Winter out of summer: snow on what is green and on the ground, a grey sky, cold light. Pictures are uint8 [H, W, 3] RGB.

No paired photographs of winter and summer are free to use, so the pairs are made: the untouched photograph is the summer.
"""

import cv2
import numpy as np
from numpy.random import Generator as Rng
from numpy.typing import NDArray

from training.degrade import Rgb

Plane = NDArray[np.float32]

# RGB shares
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # Rec. 601
LIT_SNOW, SHADED_SNOW = np.array([0.93, 0.96, 1.0], np.float32), np.array([0.80, 0.86, 0.96], np.float32)
HAZE = np.array([0.86, 0.89, 0.93], np.float32)
BARE = np.array([1.05, 0.98, 0.9], np.float32)  # bare branches and dead grass, of their lightness
GREY_SKY = np.array([0.80, 0.83, 0.87], np.float32)
OCTAVES = 4


def winter(rgb: Rgb, rng: Rng) -> Rgb:
    """The photograph as it might look in winter; different at every call."""
    picture = np.multiply(rgb, 1 / 255, dtype=np.float32)
    light = picture @ LUMA
    amount = rng.uniform(0.35, 1.0)
    cover = _cover(picture, light, amount, rng)
    cold = _cold(picture, light, rng)
    snowy = _snow(light, rng)
    result = cold + (snowy - cold) * cover[..., None]
    haze = rng.uniform(0.0, 0.25)
    result = result * (1 - haze) + HAZE * haze
    if rng.random() < 0.2:
        result = _falling(result, rng)
    return np.clip(np.rint(result * 255), 0, 255).astype(np.uint8)


def _cover(picture: NDArray[np.float32], light: Plane, amount: float, rng: Rng) -> Plane:
    """How much of each pixel lies under snow, 0 to 1: plants and the ground more, from below upwards, in patches."""
    red, green, blue = (picture[..., channel] for channel in range(3))
    total = red + green + blue + np.float32(0.05)
    greenness = _ramp((2 * green - red - blue) / total, 0.02, 0.25)
    earth = _ramp((red - blue) / total, 0.05, 0.3) * 0.7
    height = np.linspace(0, 1, picture.shape[0], dtype=np.float32)[:, None]
    ground = _ramp(height, 0.45, 0.9) * _ramp(0.6 - _saturation(picture), 0, 0.5) * 0.6
    plants = np.maximum(np.maximum(greenness, earth), ground)
    soft = cv2.GaussianBlur(plants, (0, 0), max(1.0, picture.shape[0] / 160))
    patches = _noise(picture.shape[:2], rng)
    lit = _ramp(light - cv2.GaussianBlur(light, (0, 0), max(1.0, picture.shape[0] / 60)), -0.12, 0.10)  # snow lies on what faces up
    share = soft * (0.55 + 0.45 * patches) * (0.45 + 0.55 * lit)
    return np.asarray(np.clip(_ramp(share, 0.55 - 0.5 * amount, 0.85 - 0.5 * amount) * (0.5 + 0.5 * amount), 0, 1), np.float32)


def _snow(light: Plane, rng: Rng) -> NDArray[np.float32]:
    """White, a little blue in the shade, with the shading of what lies below."""
    detail = light - cv2.GaussianBlur(light, (0, 0), 3.0)
    shade = np.clip(0.55 + 0.5 * light + rng.uniform(0.3, 0.9) * detail, 0, 1)[..., None]
    return np.asarray(SHADED_SNOW * (1 - shade) + LIT_SNOW * shade, np.float32) * np.float32(rng.uniform(0.9, 1.0))


def _cold(picture: NDArray[np.float32], light: Plane, rng: Rng) -> NDArray[np.float32]:
    """What has no snow on it: paler, bluer, and green turned to brown; the sky grey."""
    keep = rng.uniform(0.2, 0.6)
    pale = light[..., None] + (picture - light[..., None]) * np.float32(keep)
    red, green, blue = (picture[..., channel] for channel in range(3))
    greenness = _ramp(2 * green - red - blue, 0.02, 0.25)[..., None]
    bare = light[..., None] * BARE
    pale = pale * (1 - 0.7 * greenness) + bare * 0.7 * greenness
    height = np.linspace(1, 0, picture.shape[0], dtype=np.float32)[:, None]
    sky = _ramp(blue - red, 0.05, 0.3) * _ramp(light, 0.3, 0.6) * _ramp(height, 0.25, 0.6)
    grey = GREY_SKY * np.float32(rng.uniform(0.8, 1.05))
    pale = pale + (grey - pale) * (sky * np.float32(rng.uniform(0.3, 0.9)))[..., None]
    balance = np.array([rng.uniform(0.88, 0.98), rng.uniform(0.94, 1.0), rng.uniform(1.0, 1.08)], np.float32)
    return np.asarray(pale * balance * np.float32(rng.uniform(0.8, 1.05)), np.float32)


def _falling(picture: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    """Flakes in the air: soft dots of two sizes."""
    height, width = picture.shape[:2]
    for share, sigma in ((0.002, 0.8), (0.0005, 1.6)):
        dots = (rng.random((height, width)) < share * rng.uniform(0.3, 1.0)).astype(np.float32)
        soft = cv2.GaussianBlur(dots, (0, 0), sigma) * np.float32(2 * np.pi * sigma**2)
        picture = picture + (1 - picture) * np.clip(soft, 0, 0.9)[..., None]
    return picture


def _noise(size: tuple[int, int], rng: Rng) -> Plane:
    """Patches of several sizes, 0 to 1."""
    height, width = size
    total = np.zeros(size, np.float32)
    for octave in range(OCTAVES):
        cells = 3 * 2**octave
        grid = rng.random((cells, cells)).astype(np.float32)
        total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
    low, high = float(total.min()), float(total.max())
    return np.asarray((total - low) / max(high - low, 1e-6), np.float32)


def _saturation(picture: NDArray[np.float32]) -> Plane:
    return np.asarray(picture.max(2) - picture.min(2), np.float32)


def _ramp(values: NDArray[np.floating], low: float, high: float) -> Plane:
    """0 below `low`, 1 above `high`, straight between."""
    return np.asarray(np.clip((values - low) / (high - low), 0, 1), np.float32)
