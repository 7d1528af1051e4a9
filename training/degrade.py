"""Pairs out of ordinary photographs: blur, noise and JPEG for `deblur`, grey for `colorize`, drawn edges; the deblur test set.

Pictures are uint8 [H, W, 3] RGB; kernels float32 [k, k], odd, summing to 1. Blur acts on the stored sRGB values, as the common
test sets of the field have it.
"""

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.random import Generator as Rng
from numpy.typing import NDArray

from training.contract.framing import resize

Kernel = NDArray[np.float32]
Rgb = NDArray[np.uint8]

SUPERSAMPLING = 8  # samples a pixel along each axis when a disc or a line is drawn
TEST_NOISE_SIGMA = 2.0  # grey levels
TEST_JPEG_QUALITY = 90
TEST_SEED = 0


@dataclass(frozen=True, slots=True)
class BlurKind:
    """One blur of the test set."""

    shape: Literal["gaussian", "disc", "motion"]
    amount: float
    """Sigma, radius or length, in pixels."""
    angle: float = 0.0
    """Degrees, counter-clockwise from the horizontal; motion only."""

    @property
    def name(self) -> str:
        return f"{self.shape}-{self.amount:g}" + (f"-{self.angle:g}" if self.shape == "motion" else "")

    @property
    def kernel(self) -> Kernel:
        match self.shape:
            case "gaussian":
                return gaussian_kernel(self.amount)
            case "disc":
                return disc_kernel(self.amount)
            case "motion":
                return motion_kernel(self.amount, self.angle)


DEBLUR_TEST_KINDS: tuple[BlurKind, ...] = (
    *(BlurKind("gaussian", sigma) for sigma in (1.0, 1.5, 2.0)),
    *(BlurKind("disc", radius) for radius in (2.0, 3.0)),
    *(BlurKind("motion", length, angle) for length in (7.0, 11.0) for angle in (0.0, 45.0, 90.0)),
)
"""The deblur test set: each kind over each picture, once noisy and once clean (issue 3)."""


def gaussian_kernel(sigma: float) -> Kernel:
    radius = max(1, math.ceil(3 * sigma))
    axis = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return _normalised(np.outer(axis, axis))


def disc_kernel(radius: float) -> Kernel:
    """An out-of-focus lens: a filled circle whose rim is drawn by area."""
    reach = math.ceil(radius)
    side = (2 * reach + 1) * SUPERSAMPLING
    axis = (np.arange(side) + 0.5) / SUPERSAMPLING - (reach + 0.5)
    inside = axis[:, None] ** 2 + axis[None, :] ** 2 <= radius**2
    cells = inside.reshape(2 * reach + 1, SUPERSAMPLING, 2 * reach + 1, SUPERSAMPLING)
    return _normalised(cells.sum(axis=(1, 3)))


def motion_kernel(length: float, angle: float) -> Kernel:
    """A straight, even movement over `length` pixels; points of the line are shared between the four nearest pixels."""
    reach = math.ceil(length / 2)
    kernel = np.zeros((2 * reach + 2, 2 * reach + 2))  # one more row and column for the right and lower neighbours
    num_points = max(1, round(length * SUPERSAMPLING))
    along = ((np.arange(num_points) + 0.5) / num_points - 0.5) * (length - 1)
    x = reach + along * math.cos(math.radians(angle))
    y = reach - along * math.sin(math.radians(angle))
    left, top = np.floor(x + 1e-9).astype(int), np.floor(y + 1e-9).astype(int)
    right_share, bottom_share = np.clip(x - left, 0, 1), np.clip(y - top, 0, 1)
    np.add.at(kernel, (top, left), (1 - bottom_share) * (1 - right_share))
    np.add.at(kernel, (top, left + 1), (1 - bottom_share) * right_share)
    np.add.at(kernel, (top + 1, left), bottom_share * (1 - right_share))
    np.add.at(kernel, (top + 1, left + 1), bottom_share * right_share)
    return _normalised(kernel[:-1, :-1])


def _normalised(kernel: NDArray[np.floating] | NDArray[np.integer]) -> Kernel:
    return np.asarray(kernel / kernel.sum(), np.float32)


def blur(rgb: Rgb, kernel: Kernel) -> NDArray[np.float32]:
    """Convolve each channel, mirrored at the border, as float32 grey levels."""
    flipped = np.ascontiguousarray(kernel[::-1, ::-1])  # filter2D correlates
    return np.asarray(cv2.filter2D(rgb, cv2.CV_32F, flipped, borderType=cv2.BORDER_REFLECT_101))


def add_noise(levels: NDArray[np.float32], sigma: float, rng: Rng) -> NDArray[np.float32]:
    """Add white Gaussian noise of `sigma` grey levels."""
    return levels + rng.standard_normal(levels.shape, np.float32) * np.float32(sigma)


def to_bytes(levels: NDArray[np.float32]) -> Rgb:
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def through_jpeg(rgb: Rgb, quality: int) -> Rgb:
    """What a JPEG of this quality makes of a picture, with the colour sub-sampling that cameras use."""
    ok, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise ValueError(f"no JPEG of {rgb.shape}")
    return np.asarray(cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))


def deblur_test_input(rgb: Rgb, kind: BlurKind, noisy: bool, picture_index: int) -> Rgb:
    """The test set's input for one picture: blurred, then (noisy) noise of sigma 2 and JPEG 90. The same at every call."""
    levels = blur(rgb, kind.kernel)
    if not noisy:
        return to_bytes(levels)
    rng = np.random.default_rng([TEST_SEED, picture_index, DEBLUR_TEST_KINDS.index(kind)])
    return through_jpeg(to_bytes(add_noise(levels, TEST_NOISE_SIGMA, rng)), TEST_JPEG_QUALITY)


# Training draws its blurs a little wider than any test, so that a model is not at its edge there.
SIGMA_RANGE = (0.4, 2.6)
RADIUS_RANGE = (0.7, 3.8)
LENGTH_RANGE = (2.0, 14.0)
NOISE_SHARE, NOISE_RANGE = 0.75, (0.3, 4.0)
JPEG_SHARE, JPEG_RANGE = 0.75, (78, 98)
MAX_REACH = 8
"""Pixels that a drawn blur reaches at most: what a crop needs around it."""


KERNELS_PER_MOTIONLESS = 10
"""Of so many drawn blurs one is a gaussian and one a disc. Motion is by far the hardest to undo: with it in half of the blurs,
9,000 steps gained 0.1 dB on motion along the rows; seen alone, it gained 0.4 dB in 600."""


def random_kernel(rng: Rng) -> Kernel:
    """Draw a blur, most often motion."""
    match int(rng.integers(KERNELS_PER_MOTIONLESS)):
        case 0:
            return gaussian_kernel(rng.uniform(*SIGMA_RANGE))
        case 1:
            return disc_kernel(rng.uniform(*RADIUS_RANGE))
        case _:
            return motion_kernel(rng.uniform(*LENGTH_RANGE), rng.uniform(0, 180))


def blurred_crop(rgb: Rgb, margin: int, identity_share: float, rng: Rng) -> tuple[Rgb, Rgb]:
    """(blurred, sharp) without the `margin` that the blur needed; some inputs stay sharp, so that sharp pictures survive."""
    inner = slice(margin, rgb.shape[0] - margin), slice(margin, rgb.shape[1] - margin)
    sharp = np.ascontiguousarray(rgb[inner])
    if rng.random() < identity_share:
        return sharp, sharp
    levels = np.ascontiguousarray(blur(rgb, random_kernel(rng))[inner])
    if rng.random() < NOISE_SHARE:
        levels = add_noise(levels, rng.uniform(*NOISE_RANGE), rng)
    blurred = to_bytes(levels)
    if rng.random() < JPEG_SHARE:
        blurred = through_jpeg(blurred, int(rng.integers(JPEG_RANGE[0], JPEG_RANGE[1] + 1)))
    return blurred, sharp


def grey(rgb: Rgb) -> Rgb:
    """The picture without its colours, [H, W, 1] (Rec. 601 luma)."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))[..., None]


DRAWN_AT = 2  # times the size at which a drawing is seen: there a pen need not be a whole number of pixels wide
EDGE_SIGMAS = (0.8, 2.0)  # pixels of smoothing, as seen: from every leaf to outlines only
EDGE_LEVELS = (0.75, 0.95)  # share of the pixels whose gradient is too weak to begin a line
EDGE_FOLLOWS = 0.4  # of that gradient: down to here a line goes on
EDGE_PENS = (1, 3)  # pixels of a line's width at DRAWN_AT


def drawn_edges(rgb: Rgb, seen: tuple[int, int], sigma: float, level: float, pen: int) -> Rgb:
    """Black lines on white [H, W, 1], of the size of `rgb`, for a network that sees them at (height, width) `seen`.

    Canny's, of the picture smoothed by `sigma` pixels as seen, with thresholds that suit it. As people draw, a larger drawing has
    thicker lines, not finer ones: `pen` pixels at DRAWN_AT times `seen`, so that they survive being shrunk to it.
    """
    paper = resize(grey(rgb), (DRAWN_AT * seen[0], DRAWN_AT * seen[1]))[..., 0]
    smooth = cv2.GaussianBlur(paper, (0, 0), DRAWN_AT * sigma)
    across, down = (cv2.Sobel(smooth, cv2.CV_16S, *order) for order in ((1, 0), (0, 1)))
    strength = np.abs(across.astype(np.int32)) + np.abs(down)
    high = max(1.0, float(np.quantile(strength, level)))
    lines = cv2.dilate(cv2.Canny(across, down, EDGE_FOLLOWS * high, high), np.ones((pen, pen), np.uint8))
    return np.asarray(resize(255 - lines[..., None], rgb.shape[:2]), np.uint8)


def random_edges(rgb: Rgb, seen: tuple[int, int], rng: Rng) -> Rgb:
    """Edges as one person or another would draw them."""
    pen = int(rng.integers(EDGE_PENS[0], EDGE_PENS[1] + 1))
    return drawn_edges(rgb, seen, rng.uniform(*EDGE_SIGMAS), rng.uniform(*EDGE_LEVELS), pen)
