"""Classical ways to sharpen a picture, to compare with: unsharp mask, Wiener filter, Richardson-Lucy.

Pictures are float32 [H, W, 3] in grey levels 0 to 255; kernels float32 [k, k], odd, summing to 1, as in training/degrade.py.
The latter two want to know the blur. Blind, they are given one Gaussian for all pictures, whose width is part of their setting.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Kernel = NDArray[np.float32]

MARGIN = 24  # pixels mirrored around the picture, so that what wraps around it in the Fourier domain is like what lies there
TINY = 1e-3  # grey levels: keeps a ratio finite


def unsharp(picture: Picture, sigma: float, amount: float) -> Picture:
    """Add `amount` times what a Gaussian of `sigma` pixels takes away."""
    return picture + np.float32(amount) * (picture - cv2.GaussianBlur(picture, (0, 0), sigma))


def wiener(picture: Picture, kernel: Kernel, noise: float) -> Picture:
    """The linear filter of least squared error for pictures whose power falls with the square of frequency (Wiener 1949).

    `noise`: the power of noise over that of the picture at one cycle a ten pixels.
    """
    wide = cv2.copyMakeBorder(picture, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_REFLECT_101)
    height, width = wide.shape[:2]
    transfer = np.fft.rfft2(_centred(kernel, height, width))
    squared = np.fft.fftfreq(height)[:, None] ** 2 + np.fft.rfftfreq(width)[None] ** 2
    inverse = np.conj(transfer) / (np.abs(transfer) ** 2 + noise * 100 * squared + 1e-6)
    planes = [np.fft.irfft2(np.fft.rfft2(wide[..., channel]) * inverse, s=(height, width)) for channel in range(3)]
    return np.dstack(planes)[MARGIN:-MARGIN, MARGIN:-MARGIN].astype(np.float32)


def richardson_lucy(picture: Picture, kernel: Kernel, iterations: int) -> Picture:
    """The iteration towards the most likely picture under Poisson noise (Richardson 1972, Lucy 1974), begun at the picture."""
    observed = np.maximum(picture, TINY)
    estimate, flipped = observed.copy(), np.ascontiguousarray(kernel[::-1, ::-1])
    for _ in range(iterations):
        ratio = observed / np.maximum(_blurred(estimate, kernel), TINY)
        estimate = estimate * _blurred(ratio, flipped)  # the adjoint of the blur
    return estimate


def _blurred(picture: Picture, kernel: Kernel) -> Picture:
    """As `degrade.blur` does it, but of floats."""
    return np.asarray(cv2.filter2D(picture, cv2.CV_32F, kernel[::-1, ::-1], borderType=cv2.BORDER_REFLECT_101))


def _centred(kernel: Kernel, height: int, width: int) -> Picture:
    """The kernel in a picture of that size, its middle at the first pixel, as a Fourier transform wants it."""
    plane = np.zeros((height, width), np.float32)
    rows, columns = kernel.shape
    plane[:rows, :columns] = kernel
    return np.roll(plane, (-(rows // 2), -(columns // 2)), (0, 1))
