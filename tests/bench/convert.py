"""How fast and in how much memory folders are converted, against what the machine could do at best and against a plain loop.

    python -m tests.bench.convert [--model deblur] [--quick]

Run on an idle machine. Everything is measured in the same run:
- bound: cores / CPU-seconds that one picture costs in decoding, translating and encoding, each alone, on one pinned core;
- plain: a loop in eager torch with all cores: read, forward, write, one picture after the other;
- pipeline: `convert.job.convert`, as the command line calls it.
Each runs in a process of its own, so that none warms or bloats another. Pictures are made from the bundled examples.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from p2p_desktop.convert.events import ConvertSettings, Event, Summary
from p2p_desktop.convert.job import convert
from p2p_desktop.inference.device import num_cores
from p2p_desktop.inference.translator import Translator, default_memory_budget
from p2p_desktop.models.library import Library
from p2p_desktop.paths import resources
from training.contract.picture_writing import encode_picture
from training.contract.pictures import picture_size, read_picture

SEED = 0
NUM_SMALL, SMALL_SIDE = 200, 256
LARGE_MEGAPIXELS = np.linspace(1, 24, 20)
MIXED_MEGAPIXELS = (0.05, 1.0)
SAMPLE = 20  # small pictures whose stages are measured for the bound
LARGE_SAMPLE = 4  # of the photographs, evenly spread: stages and the plain loop take minutes for all


def examples() -> list[np.ndarray]:
    paths = sorted((resources() / "examples").glob("*.jpg"))
    return [read_picture(path).pixels for path in paths]


def mosaic(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """A photograph's detail at any size: examples side by side."""
    sources = examples()
    picture = np.zeros((height, width, 3), np.uint8)
    for top in range(0, height, 512):
        for left in range(0, width, 512):
            tile = sources[int(rng.integers(len(sources)))]
            part = picture[top : top + 512, left : left + 512]
            part[:] = tile[: part.shape[0], : part.shape[1]]
    return picture


def write_jpeg(path: Path, rgb: np.ndarray) -> None:
    ok, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 92])
    if not ok:
        raise OSError(path)
    path.write_bytes(data.tobytes())


def make_small(folder: Path) -> None:
    rng = np.random.default_rng(SEED)
    for index in range(NUM_SMALL):
        source = examples()[index % 6]
        top, left = rng.integers(0, 512 - SMALL_SIDE, 2)
        write_jpeg(folder / f"{index:04d}.jpg", source[top : top + SMALL_SIDE, left : left + SMALL_SIDE])


def make_large(folder: Path) -> None:
    rng = np.random.default_rng(SEED)
    for index, megapixels in enumerate(LARGE_MEGAPIXELS):
        width = round((megapixels * 1e6 * 1.5) ** 0.5)
        write_jpeg(folder / f"{index:04d}.jpg", mosaic(round(width / 1.5), width, rng))


def make_mixed(folder: Path, count: int) -> None:
    rng = np.random.default_rng(SEED)
    for index in range(count):
        pixels = rng.uniform(*MIXED_MEGAPIXELS) * 1e6
        aspect = rng.uniform(0.6, 1.7)
        write_jpeg(folder / f"{index:05d}.jpg", mosaic(round((pixels / aspect) ** 0.5), round((pixels * aspect) ** 0.5), rng))


def megapixels(paths: list[Path]) -> float:
    return sum(height * width for height, width in map(picture_size, paths)) / 1e6


def sample_of(folder: Path) -> list[Path]:
    paths = sorted(folder.iterdir())
    count = LARGE_SAMPLE if megapixels(paths) > 100 else SAMPLE
    return [paths[index * (len(paths) - 1) // (count - 1)] for index in range(count)] if len(paths) > count else paths


# Each of these runs in a child of its own and prints one JSON object.


def stages(folder: Path, model: Path, cache: Path) -> dict[str, float]:
    """CPU-seconds a picture of decoding, translating and encoding, each alone, on one core."""
    os.sched_setaffinity(0, {0})
    paths = sample_of(folder)
    cv2.setNumThreads(1)
    spent = {"decode": 0.0, "forward": 0.0, "encode": 0.0}
    with Translator.load(model, device="cpu", runtime="openvino", batch=1, cache=cache) as translator:
        translator.translate(read_picture(paths[0]))
        for path in paths:
            start = time.process_time()
            picture = read_picture(path)
            decoded = time.process_time()
            result = translator.translate(picture)
            translated = time.process_time()
            encode_picture(result, "jpg")
            spent["decode"] += decoded - start
            spent["forward"] += translated - decoded
            spent["encode"] += time.process_time() - translated
    return {name: seconds / megapixels(paths) for name, seconds in spent.items()}


def plain(folder: Path, model: Path, cache: Path) -> dict[str, float]:
    """Megapixels a second of a loop in eager torch."""
    paths = sample_of(folder) if megapixels(sorted(folder.iterdir())) > 100 else sorted(folder.iterdir())
    with tempfile.TemporaryDirectory() as out, Translator.load(model, device="cpu", runtime="torch", cache=cache) as translator:
        translator.translate(read_picture(paths[0]))
        start = time.perf_counter()
        for path in paths:
            data = encode_picture(translator.translate(read_picture(path)), "jpg").data
            (Path(out) / path.name).write_bytes(data)
        return {"speed": megapixels(paths) / (time.perf_counter() - start)}


def pipeline(folder: Path, model: Path, cache: Path) -> dict[str, float]:
    """Megapixels a second of the conversion, from the first picture read, and the peak of memory in MB."""
    summaries: list[Summary] = []

    def report(event: Event) -> None:
        if isinstance(event, Summary):
            summaries.append(event)

    with tempfile.TemporaryDirectory() as out, Translator.load(model, device="cpu", cache=cache) as translator:
        convert(
            [folder],
            Path(out) / "out",
            translator,
            ConvertSettings(),
            journal_path=Path(out) / "journal.sqlite3",
            memory_budget=default_memory_budget(),
            report=report,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    paths = sorted(folder.iterdir())
    seconds = len(paths) / summaries[0].pictures_per_second
    return {"speed": megapixels(paths) / seconds, "per_second": len(paths) / seconds, "peak_mb": peak / 1024}


def in_child(function: str, folder: Path, model: Path, cache: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.convert", "--child", function, str(folder), str(model), str(cache)]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(result.stdout))


def compare(name: str, folder: Path, model: Path, cache: Path) -> None:
    costs = in_child("stages", folder, model, cache)
    bound = num_cores() / sum(costs.values())
    loop = in_child("plain", folder, model, cache)["speed"]
    ours = in_child("pipeline", folder, model, cache)
    speed = ours["speed"]
    parts = ", ".join(f"{stage} {1000 * seconds:.0f} ms" for stage, seconds in costs.items())
    print(f"{name}: CPU a megapixel: {parts}")
    print(f"  bound {bound:.3f} MP/s; pipeline {speed:.3f} MP/s ({ours['per_second']:.2f} pictures/s), {speed / bound:.1%} of it")
    print(
        f"  plain loop {loop:.3f} MP/s: the pipeline is {speed / loop:.2f} times as fast; peak {ours['peak_mb']:.0f} MB", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="deblur")
    parser.add_argument("--quick", action="store_true", help="leave out the 2,000 pictures")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        function, folder, model, cache = options.child
        print(
            json.dumps({"stages": stages, "plain": plain, "pipeline": pipeline}[function](Path(folder), Path(model), Path(cache)))
        )
        return
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        model = Library(resources() / "models", root, root).find(options.model).absolute()
        cache = root / "cache"
        folders = {name: root / name for name in ("small", "large", "one", "mixed100", "mixed2000")}
        for folder in folders.values():
            folder.mkdir()
        Translator.load(model, device="cpu", cache=cache).close()  # converted once, before anything is timed
        print(f"{num_cores()} cores, load {os.getloadavg()[0]:.2f}")
        make_small(folders["small"])
        compare(f"{NUM_SMALL} pictures of {SMALL_SIDE} x {SMALL_SIDE}", folders["small"], model, cache)
        make_large(folders["large"])
        compare("20 photographs of 1 to 24 MP", folders["large"], model, cache)
        write_jpeg(folders["one"] / "24mp.jpg", mosaic(4000, 6000, np.random.default_rng(SEED)))
        print(f"one of 24 MP: peak {in_child('pipeline', folders['one'], model, cache)['peak_mb']:.0f} MB", flush=True)
        make_mixed(folders["mixed100"], 100)
        few = in_child("pipeline", folders["mixed100"], model, cache)["peak_mb"]
        print(f"100 mixed pictures: peak {few:.0f} MB", flush=True)
        if not options.quick:
            make_mixed(folders["mixed2000"], 2000)
            many = in_child("pipeline", folders["mixed2000"], model, cache)
            times = many["peak_mb"] / few
            print(f"2,000 mixed pictures: peak {many['peak_mb']:.0f} MB, {times:.2f} times that; {many['speed']:.3f} MP/s")


if __name__ == "__main__":
    main()
