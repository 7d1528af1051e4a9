"""Tiny runs for tests: pictures, configs, folders, events, and trainers as real processes."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from training.contract.config import TrainConfig
from training.contract.encodings import encoding_named
from training.contract.protocol import CONFIG, EVENTS
from training.contract.spec import unet
from training.contract.tasks import task_named

ROOT = Path(__file__).parents[2]
ENDINGS = {"finished", "stopped", "failed"}
PATIENCE_SECONDS = 60
LONG = 100_000  # steps: nobody waits for this one


def write_photos(folder, count=6, height=32, width=40, seed=0):
    """Pictures with flat squares and edges, all different."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        rng = np.random.default_rng([seed, index])
        coarse = rng.integers(0, 256, (-(-height // 8), -(-width // 8), 3), dtype=np.uint8)
        rgb = np.repeat(np.repeat(coarse, 8, 0), 8, 1)[:height, :width]
        cv2.imwrite(str(folder / f"photo-{index}.png"), rgb[..., ::-1])
    return folder


def tiny_config(data, **changes):
    """All that can vary is on: GAN, dropout, batch norm, EMA. Runs a step in some 10 ms."""
    task = changes.pop("task", "deblur")
    named = task_named(task)
    encodings = changes.get("encoding_in") or named.encoding_in, changes.get("encoding_out") or named.encoding_out
    channels = [encoding_named(name).channels for name in encodings]
    spec = replace(unet(*channels, levels=3, width=4, dropout="paper"), **changes.pop("spec", {}))
    values = {
        "steps": 6,
        "batch_size": 2,
        "crop_size": 16,
        "patch_size": 16,
        "ndf": 4,
        "constant": 0.5,
        "ema": 0.9,
        "device": "cpu",
        "threads": 1,
        "validate_every": 3,
        "sample_every": 100,
        "checkpoint_every": 2,
        "half_weights": False,
        "licence": "CC0-1.0",
        "name": "tiny",
    }
    return TrainConfig(task=task, data=str(data), generator=spec, **(values | changes))


def write_request(run, config):
    """The run's folder with its config file, whose path is given."""
    run.mkdir(parents=True, exist_ok=True)
    path = run / CONFIG
    path.write_text(config.to_json(), encoding="utf-8")
    return path


def events(run, *types):
    """The run's events as JSON, of these types or all. Every line must be a whole one."""
    text = (run / EVENTS).read_text(encoding="ascii")
    assert text == "" or text.endswith("\n")
    return [event for event in map(json.loads, text.splitlines()) if not types or event["type"] in types]


def without_times(found):
    """What an uninterrupted run and a resumed one must have in common."""
    kept = [event for event in found if event["type"] not in {"started", *ENDINGS}]
    return [{key: value for key, value in event.items() if key not in ("t", "seconds")} for event in kept]


def wait_until(true, what, patience_s=PATIENCE_SECONDS):
    """Poll until it is so."""
    end = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.005)


def steps(found):
    return [event["step"] for event in found if event["type"] == "step"]


def long_run(run, photos, **changes):
    write_request(run, tiny_config(photos, **({"steps": LONG, "checkpoint_every": LONG, "validate_every": LONG} | changes)))


def wait_for_steps(run, count=3):
    path = run / EVENTS
    wait_until(lambda: path.exists() and path.read_bytes().count(b'"type": "step"') >= count, f"{count} steps")


def environment():
    """One thread, which does not spin while it waits: the tests may run beside other work."""
    quiet = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "CUDA_VISIBLE_DEVICES": ""}
    return os.environ | quiet | {"PYTHONPATH": str(ROOT)}


def trainer(run, *options, **how):
    """The very process that parents start."""
    command = [sys.executable, "-P", "-u", "-m", "training", "run", "--config", str(run / CONFIG), *options]
    return subprocess.Popen(command, env=environment(), cwd=run, **how)


@dataclass
class Forked:
    """A trainer of the fork server."""

    server: "ForkServer"
    pid: int
    stdout: Path
    stderr: Path
    code: int | None = None

    def poll(self):
        if self.code is None:
            self.code = self.server.ask({"poll": self.pid})["code"]
        return self.code

    def wait(self):
        wait_until(lambda: self.poll() is not None, f"the end of {self.pid}")
        return self.code

    def signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.wait()


class ForkServer:
    def __init__(self, folder):
        self.folder, self.count = folder, 0
        command = [sys.executable, "-P", "-u", str(Path(__file__).with_name("fork_server.py"))]
        self.process = subprocess.Popen(command, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def start(self, run, *options, first="", stdin=os.devnull, stdout=None, mode="run", config=None):
        """Start a trainer on a run; `first` is Python that runs before it in its process."""
        self.count += 1
        out, err = stdout or self.folder / f"{self.count}.out", self.folder / f"{self.count}.err"
        arguments = [mode, "--config", str(config or run / CONFIG), *options]
        order = {"arguments": arguments, "stdin": str(stdin), "stdout": str(out), "stderr": str(err), "first": first}
        return Forked(self, self.ask(order)["pid"], out, err)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def write_strips(folder, count=6, seed=0):
    """Pairs A|B: a photograph left, its labels in two colours right."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        rng = np.random.default_rng([seed, index])
        photo = np.repeat(np.repeat(rng.integers(0, 256, (4, 4, 3), np.uint8), 8, 0), 8, 1)
        labels = np.where(photo.mean(2, keepdims=True) > 127, np.uint8([255, 0, 0]), np.uint8([0, 0, 170]))
        cv2.imwrite(str(folder / f"{index}.png"), np.hstack([photo, labels])[..., ::-1])
    return folder


def write_rooms(folder, count=6, seed=0, height=32, width=40):
    """Photographs and their depths: a plane that recedes, with a box before it, and a hole at its left edge."""
    for name in ("rgb", "depth_mm"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for index in range(count):
        rng = np.random.default_rng([seed, index])
        depth = np.repeat(np.linspace(1000, 4000, height, dtype=np.uint16)[::-1, None], width, 1)
        top, left = rng.integers(4, height // 2), rng.integers(4, width // 2)
        depth[top : top + 10, left : left + 12] = 800
        depth[:6, :3] = 0
        shade = np.clip(255 - depth / 20, 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / "rgb" / f"{index}.jpg"), np.dstack([shade, shade, shade]))
        cv2.imwrite(str(folder / "depth_mm" / f"{index}.png"), depth)
    return folder


def scene(seed, height=96, width=128):
    """A picture with outlines at places of its own."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 3), rng.integers(60, 200), np.uint8)
    for _ in range(14):
        x, y = rng.integers(0, width), rng.integers(0, height)
        colour = [int(value) for value in rng.integers(0, 256, 3)]
        cv2.rectangle(picture, (int(x), int(y)), (int(x + rng.integers(8, 40)), int(y + rng.integers(8, 30))), colour, -1)
    return picture


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels[..., ::-1] if pixels.ndim == 3 else pixels)


def two_folders(folder, count=10, change=lambda pixels: 255 - pixels):
    for number in range(count):
        save(folder / "A" / f"{number}.png", scene(number))
        save(folder / "B" / f"{number}.png", change(scene(number)))
    return folder
