"""What classical sharpening reaches on the deblur test set: one unsharp mask, tuned on training pictures.

    python -m tests.bench.deblur_baselines --train DIR --data DIR

The setting (sigma, amount) is the best on average over the noisy kinds of `--train` pictures, so that it knows nothing of the
test pictures. PSNR in dB on RGB, per kind, beside doing nothing; `p2p-desktop evaluate` prints the model's side of the table.
"""

import argparse
from itertools import product
from pathlib import Path

import cv2
import numpy as np

from training.contract.pictures import is_picture_name
from training.dataset import read_rgb, spread
from training.degrade import DEBLUR_TEST_KINDS, deblur_test_input
from training.evaluate import compare

SIGMAS = (0.7, 1.0, 1.5, 2.0, 3.0)
AMOUNTS = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5)
NUM_TUNING = 40


def unsharp(rgb: np.ndarray, sigma: float, amount: float) -> np.ndarray:
    """Add `amount` times what a Gaussian of `sigma` takes away."""
    smooth = cv2.GaussianBlur(rgb, (0, 0), sigma)
    return cv2.addWeighted(rgb, 1 + amount, smooth, -amount, 0)


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
    options = parser.parse_args()
    setting = tune(spread(pictures(options.train), NUM_TUNING))
    paths = pictures(options.data)
    for noisy in (True, False):
        totals = []
        for kind in DEBLUR_TEST_KINDS:
            rows = []
            for index, path in enumerate(paths):
                rgb = read_rgb(path)
                blurred = deblur_test_input(rgb, kind, noisy, index)
                rows.append((psnr(unsharp(blurred, *setting), rgb), psnr(blurred, rgb)))
            totals.append(np.mean(rows, axis=0))
            print(f"{'noisy' if noisy else 'clean'}/{kind.name:<14} unsharp {totals[-1][0]:.3f}, doing nothing {totals[-1][1]:.3f}")
        mean = np.mean(totals, axis=0)
        print(f"{'noisy' if noisy else 'clean'}, all: unsharp {mean[0]:.3f}, doing nothing {mean[1]:.3f}", flush=True)
    sharp = np.mean([psnr(unsharp(read_rgb(path), *setting), read_rgb(path)) for path in paths])
    print(f"sharp pictures against themselves: unsharp {sharp:.2f} dB")


if __name__ == "__main__":
    main()
