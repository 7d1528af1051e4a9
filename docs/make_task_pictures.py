"""Makes resources/tasks: what each task that makes its own pairs does to a bundled example, before and after side by side.

    python docs/make_task_pictures.py

The pairs are made by the trainer (`p2p-desktop pairs make`), so the cards show what a training will see.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "resources" / "examples"
TARGET = ROOT / "resources" / "tasks"
SIDE = 160  # pixels of a half
MOST_BYTES = 12_000
QUALITIES = range(92, 40, -4)

# task -> example, and the square of it that is shown: left, top, side. Blur is put on at the size shown, else nobody saw it.
SHOWN = {
    "deblur": ("cake-sharp.jpg", (160, 66, 160)),
    "colorize": ("row-houses.jpg", (0, 0, 512)),
    "edges": ("old-college.jpg", (0, 0, 512)),
    "winter-to-summer": ("old-college.jpg", (0, 170, 342)),
}


def make_pair(task: str, photo: np.ndarray) -> list[np.ndarray]:
    """Input and target as the trainer makes them of a photograph (BGR)."""
    with tempfile.TemporaryDirectory() as temporary:
        photos, made = Path(temporary) / "photos", Path(temporary) / "made"
        photos.mkdir()
        cv2.imwrite(str(photos / "photo.png"), photo)
        cv2.imwrite(str(photos / "other.png"), photo[:, ::-1])
        words = [sys.executable, "-m", "p2p_desktop", "pairs", "make", str(photos), "-o", str(made), "--task", task]
        subprocess.run([*words, "--set", "identity_share=0"], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        return [cv2.imread(str(made / side / "photo.png")) for side in ("input", "target")]


def main() -> None:
    TARGET.mkdir(exist_ok=True)
    for task, (name, (left, top, side)) in SHOWN.items():
        photo = cv2.imread(str(EXAMPLES / name))[top : top + side, left : left + side]
        halves = [cv2.resize(half, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for half in make_pair(task, photo)]
        strip = np.hstack(halves)
        for quality in QUALITIES:
            data = cv2.imencode(".jpg", strip, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
            if len(data) <= MOST_BYTES:
                break
        (TARGET / f"{task}.jpg").write_bytes(data)
        print(f"{task}: {len(data)} bytes")


if __name__ == "__main__":
    main()
