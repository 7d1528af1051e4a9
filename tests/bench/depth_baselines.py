"""A model that fills depth against classical ways, at given shares of the points and with a sensor's kind of holes.

    python -m tests.bench.depth_baselines --data DEPTHS [--data MORE]... [--model fill-depth] [--range 10]

DEPTHS are folders of 16-bit depth maps in millimetres. Each is made sparser (1 % and 5 % of its points; holes as
`training/sparse.py` makes them; and, where maps of a folder have holes of their own, those of the next one), and filled again.
RMSE in metres over all that was measured, kept points included, up to `--range` metres (0: all); then the mean over pictures.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import p2p_desktop
from tests.bench.deblur_baselines import pictures
from training.contract.framing import resize_nearest
from training.contract.holes import nearest_fill, smooth_fill
from training.contract.pictures import read_picture
from training.sparse import holes, points

LEAST_HOLES = 0.01  # share of a map that must be holes for them to be lent to another one


def sparser(depth: np.ndarray, following: np.ndarray, index: int) -> Iterator[tuple[str, np.ndarray]]:
    """(how, depth) with less of it measured, uint16 [H, W, 1]."""
    rng = np.random.default_rng([2026, index])
    for share in (0.01, 0.05):
        yield f"{share:.0%} of the points", np.where(points(depth.shape[:2], share, rng)[..., None], depth, 0).astype(np.uint16)
    yield "made holes", np.where(~holes(depth, rng)[..., None], depth, 0).astype(np.uint16)
    lent = resize_nearest(following, depth.shape[:2]) == 0
    if lent.mean() >= LEAST_HOLES:
        yield "a sensor's holes", np.where(lent, 0, depth).astype(np.uint16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--model", default="fill-depth")
    parser.add_argument("--range", type=float, default=10.0, help="Metres up to which depths count; 0: all.")
    parser.add_argument("--glob", default="*", help="Which names of a folder.")
    options = parser.parse_args()
    farthest = options.range * 1000 or 65534
    with p2p_desktop.load(options.model) as translate:
        for folder in options.data:
            maps = [read_picture(path).pixels for path in pictures(folder) if path.match(options.glob)]
            rows: dict[str, list[tuple[float, float, float]]] = {}
            for index, depth in enumerate(maps):
                known = (depth > 0) & (depth <= farthest)
                for how, sparse in sparser(depth, maps[(index + 1) % len(maps)], index):
                    ways = (nearest_fill(sparse), np.where(sparse > 0, sparse, smooth_fill(sparse)), translate(sparse))
                    rows.setdefault(how, []).append(tuple(rmse(way, depth, known) for way in ways))
            for how, errors in rows.items():
                nearest, smooth, ours = np.mean(errors, axis=0)
                print(
                    f"{folder.name} ({len(errors)}), {how}: nearest {nearest:.4f} m, "
                    f"push-pull {smooth:.4f} ({smooth / nearest - 1:+.1%}), model {ours:.4f} ({ours / nearest - 1:+.1%}); "
                    f"{sum(row[2] > row[0] for row in errors)} worse than nearest",
                    flush=True,
                )


def rmse(filled: np.ndarray, depth: np.ndarray, known: np.ndarray) -> float:
    """Metres."""
    return float(np.sqrt(np.mean((filled[known].astype(np.float64) - depth[known]) ** 2))) / 1000


if __name__ == "__main__":
    main()
