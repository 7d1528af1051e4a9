"""How Live keeps up, against a plain loop; for how long; at which size; and how much calmer its pictures are.

    python -m tests.bench.live [--only models hold stream flicker] [--seconds 20] [--minutes 10] [--models deblur colorize]

Run on an idle machine. Frames are those of the bundled clip of people, cut and made anew as needed:
- models: 256 x 256 pixels at 60 frames a second, through `watch`, as the command line does it. Beside it the plain loop, without
  threads: `cv2.VideoCapture`, `Translator`, the next one; once as fast as it can, once behind a camera of 30 frames a second that
  throws nothing away, whose frames grow older and older where the model is slower.
- hold: 768 x 432 pixels at 60 frames a second, while 20 are to be held: which size is chosen, and when.
- stream: MJPEG over loopback from a process of its own, 30 frames a second of drawn pictures that carry their number.
- flicker: see `tests.bench.live_flicker`.
Each measurement of models, hold and stream runs in a process of its own. Growth of memory is counted from the second second on.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from p2p_desktop.inference.device import num_cores
from p2p_desktop.inference.translator import Translator
from p2p_desktop.live.frames import Shown
from p2p_desktop.live.sources import VideoFile, open_source
from p2p_desktop.live.wishes import LiveWishes
from p2p_desktop.models.library import Library
from p2p_desktop.paths import resources
from tests.bench.live_clips import PEOPLE_FPS, people, write_clip
from tests.bench.live_flicker import flicker
from tests.bench.live_stream import CAMERA_FPS, SIDE, stream
from tests.bench.live_watching import Clock, Row, row_of, watched
from training.contract.progress import Token

MODELS = ("deblur", "colorize")
CLIP_FPS, HELD_FPS = 60, 20  # frames a second
PARTS = ("models", "hold", "stream", "flicker")


# Each of these runs in a child of its own and prints one JSON object a line.


def ours(clip: Path, model: Path, cache: Path, seconds: float) -> Row:
    token = Token()
    clock = Clock(seconds, token)
    summary = watched(partial(open_source, VideoFile(clip)), model, cache, clock, token)
    return row_of(summary, clock, CLIP_FPS)


def plain(clip: Path, model: Path, cache: Path, seconds: float) -> Row:
    """As fast as it can."""
    return plain_loop(clip, model, cache, seconds, 0)


def plain_queue(clip: Path, model: Path, cache: Path, seconds: float) -> Row:
    return plain_loop(clip, model, cache, seconds, CAMERA_FPS)


def plain_loop(clip: Path, model: Path, cache: Path, seconds: float, camera_fps: float) -> Row:
    """`camera_fps`: how many frames a second come, each waiting for its turn; 0 takes one whenever it can."""
    token, spent_ms, delays_ms = Token(), [], []
    clock, capture = Clock(seconds, token), cv2.VideoCapture(str(clip))
    with Translator.load(model, device="cpu", cache=cache) as translator:
        translator(np.zeros((SIDE, SIDE, 3), np.uint8))
        began = time.monotonic()
        while not token.cancelled:
            due = began + len(delays_ms) / camera_fps if camera_fps else time.monotonic()
            time.sleep(max(0.0, due - time.monotonic()))
            ok, bgr = capture.read()
            if not ok:
                capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
                _, bgr = capture.read()
            taken = time.monotonic()
            translator(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
            now = time.monotonic()
            spent_ms.append(1000 * (now - taken))
            delays_ms.append(1000 * (now - due))
            clock()
    return {
        "fps": len(delays_ms) / (time.monotonic() - began),
        "p50": float(np.median(delays_ms)),
        "p95": float(np.percentile(delays_ms, 95)),
        "model_ms": float(np.median(spent_ms)),
        "dropped": 0,
        "growth_mb": clock.growth_mb,
    }


def hold(clip: Path, model: Path, cache: Path, seconds: float) -> Row:
    """A row for every size that is worked at, and the frames a second of the last half."""
    token, stamps = Token(), []
    clock, size, began = Clock(seconds, token), (0, 0), time.monotonic()

    def show(shown: Shown) -> None:
        nonlocal size
        clock()
        stamps.append(time.monotonic())
        if shown.size != size:
            size = shown.size
            print(f"    {stamps[-1] - began:5.1f} s: {size[0]} x {size[1]}", file=sys.stderr, flush=True)

    summary = watched(partial(open_source, VideoFile(clip)), model, cache, show, token, LiveWishes(hold_fps=HELD_FPS))
    later = [stamp for stamp in stamps if stamp > stamps[-1] - seconds / 2]
    return {
        "size": f"{summary.size[0]} x {summary.size[1]}",
        "fps": (len(later) - 1) / (later[-1] - later[0]),
        "model_ms": summary.figures.model_ms,
    }


CHILDREN = {function.__name__: function for function in (ours, plain, plain_queue, hold, stream)}


def in_child(name: str, clip: Path, model: Path, cache: Path, seconds: float) -> Row:
    command = [sys.executable, "-m", "tests.bench.live", "--child", name, str(clip), str(model), str(cache), str(seconds)]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(result.stdout))


def tell(name: str, row: Row) -> None:
    promise = f" of {row['allowed_ms']:.1f} allowed" if "allowed_ms" in row else ""
    print(
        f"  {name:<36} {row['fps']:5.1f}/s  p50 {row['p50']:6.1f} ms  p95 {row['p95']:6.1f} ms{promise}  "
        f"model {row['model_ms']:5.1f} ms  dropped {row['dropped']:5}  memory {row['growth_mb']:+.1f} MB",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--seconds", type=float, default=20.0, help="of every measurement but the stream's")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the stream")
    parser.add_argument("--child", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        name, clip, model, cache, seconds = options.child
        print(json.dumps(CHILDREN[name](Path(clip), Path(model), Path(cache), float(seconds))))
        return
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        cache = root / "cache"
        print(f"{num_cores()} cores, load {os.getloadavg()[0]:.2f}, {platform.machine()}, Python {platform.python_version()}")
        small = write_clip(root / "small.mp4", people(SIDE, SIDE), CLIP_FPS)
        large = write_clip(root / "large.mp4", people(768, 432), CLIP_FPS)
        for name in options.models:
            model = Library(resources() / "models", root, root).find(name).absolute()
            Translator.load(model, device="cpu", cache=cache, follows=True).close()  # converted once, before anything is timed
            Translator.load(model, device="cpu", cache=cache).close()
            print(f"{name}:")
            if "models" in options.only:
                tell("Live, from a file of 60 a second", in_child("ours", small, model, cache, options.seconds))
                tell("plain loop, as fast as it can", in_child("plain", small, model, cache, options.seconds))
                tell("plain loop, a camera of 30 a second", in_child("plain_queue", small, model, cache, options.seconds))
            if "hold" in options.only:
                print(f"  768 x 432, {HELD_FPS} a second to be held:", flush=True)
                row = in_child("hold", large, model, cache, options.seconds)
                print(f"    at last {row['size']}, {row['fps']:.1f}/s in the last half, model {row['model_ms']:.1f} ms", flush=True)
            if "stream" in options.only:
                print(f"  MJPEG over loopback, {CAMERA_FPS} a second, {options.minutes:g} minutes:", flush=True)
                tell("in all", in_child("stream", small, model, cache, 60 * options.minutes))
            if "flicker" in options.only:
                flicker(model, cache, people(SIDE, SIDE)[: round(PEOPLE_FPS * options.seconds)])


if __name__ == "__main__":
    main()
