"""A colouring model against grey, on photographs and on grey documents.

    python -m tests.bench.colorize_baselines --data KODAK [--data HELD_OUT]... [--model colorize]

Each photograph is made grey (Rec. 601 luma) and coloured as people do it. `ab` is the mean over a picture of the distance from the
true colours in CIE a and b, grey being distance to no colour at all; then the mean over pictures. Documents are drawn here: black
words, tables and drawings on white and on grey paper. They have no colour, so what they should get is none: their chroma is told.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

import p2p_desktop
from tests.bench.deblur_baselines import pictures, read_rgb
from training.degrade import grey
from training.evaluate import compare

NUM_DOCUMENTS = 12
WORDS = ["ledger", "of", "1924", "the", "quay", "wages", "paid", "to", "seven", "joiners", "and", "a", "boy", "in", "full"]
FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)
GARISH = 100.0  # CIE units of chroma that hardly any photograph reaches in a hundredth of its pixels


def documents() -> Iterator[np.ndarray]:
    """Pages, uint8 [H, W, 1]: lines of words, some with a table or a drawing, on paper from white to grey, some with grain."""
    for index in range(NUM_DOCUMENTS):
        rng = np.random.default_rng([2026, index])
        height, width = (1100, 780) if index % 3 else (600, 900)
        paper = np.full((height, width), int(rng.integers(215, 256)), np.uint8)
        font, scale = FONTS[index % len(FONTS)], float(rng.uniform(0.5, 0.9))
        for baseline in range(60, height - 40, int(36 * scale) + 8):
            line = " ".join(rng.choice(WORDS, 14))
            cv2.putText(paper, line[: int((width - 80) / (17 * scale))], (40, baseline), font, scale, int(rng.integers(0, 60)), 1)
        if index % 2:
            top = int(rng.integers(80, height // 2))
            cv2.rectangle(paper, (60, top), (width - 60, top + 200), 255, -1)
            for row in range(0, 201, 40):
                cv2.line(paper, (60, top + row), (width - 60, top + row), 40, 2)
            cv2.circle(paper, (width // 2, top + 100), 70, 90, 3)
        if index % 4 == 0:
            paper = np.clip(paper + rng.normal(0, 4, paper.shape), 0, 255).astype(np.uint8)
        yield paper[..., None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--model", default="colorize")
    options = parser.parse_args()
    with p2p_desktop.load(options.model) as translate:
        for folder in options.data:
            rows = [told(translate(grey(rgb)), rgb) for rgb in map(read_rgb, pictures(folder))]
            ours, nothing, share, most = np.mean(rows, axis=0)
            worse = sum(row[0] > row[1] for row in rows)
            print(
                f"{folder.name}, {len(rows)} pictures: ab {ours:.2f}, grey {nothing:.2f}: {1 - ours / nothing:.1%} below; "
                f"{worse} worse than grey; colourfulness {share:.2f} of the true; chroma of the most coloured hundredth "
                f"{most:.1f} on average, {max(row[3] for row in rows):.1f} at most (garish from {GARISH:g})",
                flush=True,
            )
        tints = [chroma(translate(page)) for page in documents()]
        means = [float(tint.mean()) for tint in tints]
        print(
            f"{len(tints)} grey documents: chroma {np.mean(means):.2f} on average, {max(means):.2f} at most; "
            f"most coloured hundredth {max(float(np.quantile(tint, 0.99)) for tint in tints):.1f} at most"
        )


def told(result: np.ndarray, rgb: np.ndarray) -> tuple[float, float, float, float]:
    """(ab of the result, ab of grey, colourfulness as a share of the true one, chroma of the most coloured hundredth)."""
    found = compare(result, rgb, ("ab", "colourfulness"))
    nothing = compare(grey(rgb), rgb, ("ab",))
    return found["ab"], nothing["ab"], found.get("colourfulness", np.nan), float(np.quantile(chroma(result), 0.99))


def chroma(rgb: np.ndarray) -> np.ndarray:
    """Distance from grey in CIE a and b, float32 [H, W]."""
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    return np.hypot(lab[..., 1], lab[..., 2])


if __name__ == "__main__":
    main()
