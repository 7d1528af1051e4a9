"""A model on the deblur test set, beside doing nothing and classical sharpening: one unsharp mask, tuned on training pictures.

    python -m tests.bench.deblur_baselines --train DIR --data DIR [--model deblur]

The setting (sigma, amount) is the best on average over the noisy kinds of `--train` pictures, so that it knows nothing of the
test pictures. PSNR in dB on RGB, per kind. The model runs as people run it; `p2p-desktop evaluate` measures it with torch.
"""

import argparse
from itertools import product
from pathlib import Path

import cv2
import numpy as np

import p2p_desktop
from training.contract.encodings import to_rgb
from training.contract.pictures import is_picture_name, read_picture
from training.degrade import DEBLUR_TEST_KINDS, deblur_test_input
from training.evaluate import compare

SIGMAS = (0.7, 1.0, 1.5, 2.0, 3.0)
AMOUNTS = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5)
NUM_TUNING = 40


def unsharp(rgb: np.ndarray, sigma: float, amount: float) -> np.ndarray:
    """Add `amount` times what a Gaussian of `sigma` takes away."""
    smooth = cv2.GaussianBlur(rgb, (0, 0), sigma)
    return cv2.addWeighted(rgb, 1 + amount, smooth, -amount, 0)


def read_rgb(path: Path) -> np.ndarray:
    return to_rgb(read_picture(path).pixels)


def every(paths: list[Path], count: int) -> list[Path]:
    """At most `count` of them, from the whole list."""
    return paths[:: max(1, len(paths) // count)][:count]


def psnr(result: np.ndarray, target: np.ndarray) -> float:
    return compare(result, target, ("psnr",))["psnr"]


def pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if is_picture_name(path.name) and path.is_file())


def tune(paths: list[Path]) -> tuple[float, float]:
    """The best (sigma, amount) over the noisy kinds, each picture under one of them."""
    cases = []
    for index, path in enumerate(paths):
        rgb = read_rgb(path)
        kind = DEBLUR_TEST_KINDS[index % len(DEBLUR_TEST_KINDS)]
        cases.append((deblur_test_input(rgb, kind, True, index), rgb))
    print(f"tuning on {len(cases)} pictures; doing nothing: {np.mean([psnr(*case) for case in cases]):.3f} dB")
    scores = {
        setting: float(np.mean([psnr(unsharp(blurred, *setting), sharp) for blurred, sharp in cases]))
        for setting in product(SIGMAS, AMOUNTS)
    }
    best = max(scores, key=lambda setting: scores[setting])
    print(f"best: sigma {best[0]}, amount {best[1]}: {scores[best]:.3f} dB")
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="deblur")
    options = parser.parse_args()
    setting = tune(every(pictures(options.train), NUM_TUNING))
    paths = pictures(options.data)
    with p2p_desktop.load(options.model) as translate:
        for noisy in (True, False):
            half = "noisy" if noisy else "clean"
            totals = []
            for kind in DEBLUR_TEST_KINDS:
                rows = []
                for index, path in enumerate(paths):
                    rgb = read_rgb(path)
                    blurred = deblur_test_input(rgb, kind, noisy, index)
                    rows.append([psnr(result, rgb) for result in (translate(blurred), unsharp(blurred, *setting), blurred)])
                totals.append(np.mean(rows, axis=0))
                tell(f"{half}/{kind.name}", totals[-1])
            tell(f"{half}, all", np.mean(totals, axis=0))
        rows = [[psnr(translate(rgb), rgb), psnr(unsharp(rgb, *setting), rgb)] for rgb in map(read_rgb, paths)]
        model, mask = np.mean(rows, axis=0)
        print(f"sharp pictures against themselves: model {model:.2f} (worst {min(rows)[0]:.2f}), unsharp {mask:.2f} dB")


def tell(name: str, figures: np.ndarray) -> None:
    model, mask, nothing = figures
    print(
        f"{name:<22} model {model:.2f} ({model - nothing:+.2f})  unsharp {mask:.2f} ({mask - nothing:+.2f})  nothing {nothing:.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
