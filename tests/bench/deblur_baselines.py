"""A model on the deblur test set, beside doing nothing and classical methods, each with one setting tuned on training pictures.

    python -m tests.bench.deblur_baselines --train DIR --data DIR [--model deblur] [--classical-every 1]

The settings are the best on average over the noisy kinds of `--train` pictures, so that they know nothing of the test pictures.
Blind methods are told nothing of the blur, as the model is; for orientation, Wiener and Richardson-Lucy are also given the true
kernel. PSNR in dB on RGB, per kind. The model runs as people run it; `p2p-desktop evaluate` measures it with torch.
"""

import argparse
from collections.abc import Callable, Iterable
from functools import partial
from itertools import product
from pathlib import Path

import cv2
import numpy as np

import p2p_desktop
from tests.bench.classical_deblur import Kernel, Picture, richardson_lucy, unsharp, wiener
from training.contract.encodings import to_rgb
from training.contract.pictures import is_picture_name, read_picture
from training.degrade import DEBLUR_TEST_KINDS, BlurKind, deblur_test_input, gaussian_kernel
from training.evaluate import compare

NUM_TUNING = 22  # pictures, each under one kind: all kinds twice
TUNED_SIDE = 384  # pixels of the middle of a picture that settings are tuned on
UNSHARP = tuple(product((0.7, 1.0, 1.5, 2.0, 3.0), (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5)))  # sigma, amount
SIGMAS = (0.7, 1.0, 1.3, 1.6, 2.0)  # of the Gaussian that blind methods take every blur for
NOISES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
ITERATIONS = (2, 5, 10, 20)

Method = Callable[[Picture, BlurKind], Picture]


def methods() -> dict[str, list[tuple[str, Method]]]:
    """Every method with its settings, each a name and what it does."""

    def masked(sigma: float, amount: float, picture: Picture, _: BlurKind) -> Picture:
        return unsharp(picture, sigma, amount)

    def filtered(kernel: Kernel | None, noise: float, picture: Picture, kind: BlurKind) -> Picture:
        return wiener(picture, kind.kernel if kernel is None else kernel, noise)

    def iterated(kernel: Kernel | None, count: int, picture: Picture, kind: BlurKind) -> Picture:
        return richardson_lucy(picture, kind.kernel if kernel is None else kernel, count)

    return {
        "unsharp": [(f"sigma {sigma}, amount {amount}", partial(masked, sigma, amount)) for sigma, amount in UNSHARP],
        "wiener blind": [
            (f"sigma {sigma}, noise {noise}", partial(filtered, gaussian_kernel(sigma), noise))
            for sigma, noise in product(SIGMAS, NOISES)
        ],
        "lucy blind": [
            (f"sigma {sigma}, {count} times", partial(iterated, gaussian_kernel(sigma), count))
            for sigma, count in product(SIGMAS, ITERATIONS)
        ],
        "wiener, true kernel": [(f"noise {noise}", partial(filtered, None, noise)) for noise in NOISES],
        "lucy, true kernel": [(f"{count} times", partial(iterated, None, count)) for count in ITERATIONS],
    }


def read_rgb(path: Path) -> np.ndarray:
    return to_rgb(read_picture(path).pixels)


def every(paths: list[Path], count: int) -> list[Path]:
    """At most `count` of them, from the whole list."""
    return paths[:: max(1, len(paths) // count)][:count]


def psnr(result: np.ndarray, target: np.ndarray) -> float:
    return compare(result, target, ("psnr",))["psnr"]


def pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if is_picture_name(path.name) and path.is_file())


def sharpened(method: Method, blurred: np.ndarray, kind: BlurKind) -> np.ndarray:
    return np.clip(np.rint(method(blurred.astype(np.float32), kind)), 0, 255).astype(np.uint8)


def tune(paths: Iterable[Path]) -> dict[str, Method]:
    """The best setting of each method over the noisy kinds, each picture under one of them."""
    cases = []
    for index, path in enumerate(paths):
        rgb = read_rgb(path)
        top, left = (max(0, (side - TUNED_SIDE) // 2) for side in rgb.shape[:2])
        rgb = np.ascontiguousarray(rgb[top : top + TUNED_SIDE, left : left + TUNED_SIDE])
        kind = DEBLUR_TEST_KINDS[index % len(DEBLUR_TEST_KINDS)]
        cases.append((deblur_test_input(rgb, kind, True, index), rgb, kind))
    print(f"tuning on {len(cases)} pictures; doing nothing: {np.mean([psnr(*case[:2]) for case in cases]):.3f} dB")
    best = {}
    for name, settings in methods().items():
        scores = {
            text: float(np.mean([psnr(sharpened(method, blurred, kind), rgb) for blurred, rgb, kind in cases]))
            for text, method in settings
        }
        chosen = max(scores, key=lambda text: scores[text])
        print(f"{name}: {chosen}: {scores[chosen]:.3f} dB", flush=True)
        best[name] = dict(settings)[chosen]
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="deblur")
    parser.add_argument(
        "--classical-every", type=int, default=1, help="Classical methods, which are slow, on every so many-th picture."
    )
    options = parser.parse_args()
    cv2.setNumThreads(1)
    tuned = tune(every(pictures(options.train), NUM_TUNING))
    paths = pictures(options.data)
    with p2p_desktop.load(options.model) as translate:
        print(f"{'':<22}{'nothing':>10}" + "".join(f"{name:>22}" for name in ("model", *tuned)))
        for noisy in (True, False):
            half = "noisy" if noisy else "clean"
            totals = []
            for kind in DEBLUR_TEST_KINDS:
                rows = []
                for index, rgb in enumerate(map(read_rgb, paths)):
                    blurred = deblur_test_input(rgb, kind, noisy, index)
                    nothing = psnr(blurred, rgb)
                    asked = index % options.classical_every == 0
                    others = [
                        psnr(sharpened(method, blurred, kind), rgb) - nothing if asked else np.nan for method in tuned.values()
                    ]
                    rows.append([nothing, psnr(translate(blurred), rgb) - nothing, *others])
                totals.append(np.nanmean(rows, axis=0))
                tell(f"{half}/{kind.name}", totals[-1])
            tell(f"{half}, all", np.mean(totals, axis=0))
        kept = [psnr(translate(rgb), rgb) for rgb in map(read_rgb, paths)]
        print(f"sharp pictures against themselves: model {np.mean(kept):.2f} dB, the worst {min(kept):.2f}")


def tell(name: str, figures: np.ndarray) -> None:
    """PSNR of doing nothing, and what each method gains, on the pictures that it was given."""
    print(f"{name:<22}{figures[0]:>10.2f}" + "".join(f"{gain:>22.2f}" for gain in figures[1:]), flush=True)


if __name__ == "__main__":
    main()
