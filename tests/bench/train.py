"""The trainer against the reference program and against bare steps: seconds a step, and held-out L1 after equally many steps.

    python -m tests.bench.train --reference CHECKOUT --data FACADES [--rounds 3] [--steps 60] [--equal-steps 400]

Run on an idle machine. CHECKOUT is a clone of the reference program; what it needs (torchvision, Pillow, dominate) must be
importable. FACADES holds `train` and `val` with pictures A|B, photographs left. All sides train labels to photograph with the
paper's network and recipe (unet-256, 70-pixel patches, batch 1, load 286, crop 256, Adam 2e-4), each in a process of its own, in
turns, with as many threads as torch takes by itself:
- reference: its data set, model and `optimize_parameters`, without its pictures and checkpoints;
- ours: the real process of the trainer; seconds between the step events that it writes;
- bare: forward, backward and our fused optimiser on one batch that lies in memory, and nothing else.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain, islice, repeat
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
WARM_UP = 10  # steps: the first allocate, and choose how to compute
NEVER = 1_000_000
SIDES = ("reference", "ours", "bare")


def child(*words: str, path: Path | None = None) -> dict:
    """Run a part of this bench in a process of its own, and give what it says last."""
    found = os.environ.get("PYTHONPATH", "")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(path) if path else "", str(ROOT), found]))}
    command = [sys.executable, str(Path(__file__).resolve()), "--part", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


# --- the sides


def reference(checkout: Path, data: Path, steps: int, folder: Path, seed: int) -> dict:
    """Seconds a step of the reference program, and the L1 of its generator on `val` in each of its ways of testing."""
    import torch
    from data import create_dataset  # of the reference program
    from models import create_model
    from options.train_options import TrainOptions

    sys.argv = [
        "train.py",
        *("--dataroot", str(data), "--name", "bench", "--checkpoints_dir", str(folder)),
        *("--model", "pix2pix", "--direction", "BtoA", "--netG", "unet_256", "--batch_size", "1"),
    ]
    torch.manual_seed(seed)
    options = TrainOptions().parse()
    options.device = torch.device("cpu")
    pictures = create_dataset(options)
    model = create_model(options)
    model.setup(options)
    times = []
    for batch in islice(chain.from_iterable(repeat(pictures)), steps):
        times.append(time.perf_counter())
        model.set_input(batch)
        model.optimize_parameters()
    times.append(time.perf_counter())
    losses = model.get_current_losses()
    seconds = between(times)
    model.netG.train()
    found = {"as it tests": held_out_l1(model.netG, data)}  # batch statistics and dropout
    for module in model.netG.modules():
        if isinstance(module, torch.nn.Dropout):
            module.eval()
    found["batch statistics"] = held_out_l1(model.netG, data)
    model.netG.eval()
    found["running statistics"] = held_out_l1(model.netG, data)
    return {"seconds": seconds, "l1": found, "losses": {name: float(value) for name, value in losses.items()}}


def held_out_l1(generator: Callable, data: Path) -> float:
    """Mean absolute error in [0, 1] on the pictures of `val`, after rounding to 8 bits."""
    import torch

    from training.contract.pictures import read_picture

    errors = []
    for path in sorted((data / "val").iterdir()):
        pixels = read_picture(path).pixels
        photo, labels = np.split(pixels, 2, axis=1)
        x_NCHW = torch.from_numpy(labels.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1)
        with torch.no_grad():
            y_NCHW = generator(x_NCHW)
        made = np.rint((y_NCHW[0].numpy().transpose(1, 2, 0) + 1) * 127.5).clip(0, 255)
        errors.append(float(np.abs(made - photo).mean() / 255))
    return float(np.mean(errors))


def ours(data: Path, steps: int, folder: Path, seed: int, measured: bool) -> dict:
    """Seconds a step of our trainer, and the L1 of its last model on `val` in both statistics."""
    run = folder / f"run-{seed}-{steps}"
    run.mkdir()
    settings = {
        "task": "facades",
        "data": str(data),
        "preset": "unet-256",
        "steps": steps,
        "seed": seed,
        "constant": 1.0,
        "load_size": 286,
        "half_weights": False,
        "validation_pairs": 1,
        "validate_every": NEVER,
        "sample_every": NEVER,
        "checkpoint_every": NEVER,
    }
    (run / "run.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-P", "-u", "-m", "training", "run", "--config", str(run / "run.json")]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    events = [json.loads(line) for line in (run / "events.jsonl").read_text(encoding="ascii").splitlines()]
    found = {}
    if measured:
        from training.contract.networks import load_generator

        _, generator = load_generator(run / "models" / "latest.safetensors")
        found = l1_by_statistics(generator, data)
    return {"seconds": between([event["t"] for event in events if event["type"] == "step"]), "l1": found}


def l1_by_statistics(generator, data: Path) -> dict:
    """The L1 of our generator on `val`, without dropout, in each of its statistics."""
    generator.eval()
    found = {}
    for mode in ("image", "running"):
        generator.use_statistics(mode)
        found[f"{mode} statistics"] = held_out_l1(generator, data)
    return found


def bare(steps: int) -> dict:
    """Seconds of a step that reads nothing, writes nothing and looks at nothing."""
    import torch
    from torch.nn import functional as F

    from training.contract.config import recommended
    from training.contract.networks import build_discriminator, build_generator, initialise
    from training.optimizers import make_optimizer

    config = recommended("facades", Path(), "unet-256")
    generator, discriminator = build_generator(config.generator), build_discriminator(config.discriminator)
    rng = torch.Generator().manual_seed(0)
    initialise(generator, "normal", rng)
    initialise(discriminator, "normal", rng)
    g_optimizer, d_optimizer = make_optimizer(config, generator, 0.0), make_optimizer(config, discriminator, 0.0)
    source, target = torch.rand(2, 1, 3, 256, 256, generator=rng) * 2 - 1
    times = []
    for _ in range(steps):
        times.append(time.perf_counter())
        fake = generator(source)
        d_optimizer.zero_grad()
        verdicts = discriminator(source, fake.detach()), discriminator(source, target)
        pairs = zip(verdicts, (0.0, 1.0), strict=True)
        d_loss = sum(F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, wanted)) for logits, wanted in pairs)
        (d_loss / 2).backward()
        d_optimizer.step()
        g_optimizer.zero_grad()
        discriminator.requires_grad_(False)
        logits = discriminator(source, fake)
        (F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)) + 100 * F.l1_loss(fake, target)).backward()
        discriminator.requires_grad_(True)
        g_optimizer.step()
    times.append(time.perf_counter())
    return {"seconds": between(times)}


def between(times: list[float]) -> float:
    """Mean seconds from one to the next, after the first few."""
    return (times[-1] - times[WARM_UP]) / (len(times) - 1 - WARM_UP)


# --- the whole


def in_turns(rounds: int) -> Iterator[str]:
    """Every side once a round, each round beginning with another."""
    for index in range(rounds):
        yield from (SIDES[(index + place) % len(SIDES)] for place in range(len(SIDES)))


def run_part(words: list[str]) -> dict:
    side, *rest = words
    match side:
        case "reference":
            checkout, data, steps, folder, seed = rest
            return reference(Path(checkout), Path(data), int(steps), Path(folder), int(seed))
        case "ours":
            data, steps, folder, seed, measured = rest
            return ours(Path(data), int(steps), Path(folder), int(seed), measured == "measured")
    return bare(int(rest[0]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", nargs="+", help="one part, in this process")
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rounds", type=int, default=3, help="turns that are timed; 0: none")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--equal-steps", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=1, help="trainings of equally many steps on each side")
    options = parser.parse_args()
    if options.part:
        print("\n" + json.dumps(run_part(options.part)), flush=True)
        return
    checkout, data = str(options.reference.absolute()), str(options.data.absolute())
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}")
    with tempfile.TemporaryDirectory() as temporary:
        took: dict[str, list[float]] = {side: [] for side in SIDES}
        for turn, side in enumerate(in_turns(options.rounds)):
            folder = str(Path(temporary, str(turn)))
            Path(folder).mkdir()
            parts = {
                "reference": (checkout, data, str(options.steps), folder, "0"),
                "ours": (data, str(options.steps), folder, "0", "timed"),
                "bare": (str(options.steps),),
            }
            said = child(side, *parts[side], path=options.reference if side == "reference" else None)
            took[side].append(said["seconds"])
            print(f"{side}: {said['seconds']:.3f} s a step", flush=True)
        if options.rounds:
            middle = {side: statistics.median(seconds) for side, seconds in took.items()}
            print(f"ours against the reference: {middle['reference'] / middle['ours']:.2f} times as fast")
            print(f"ours against bare steps: {middle['ours'] / middle['bare']:.3f} of their time")
        for seed in range(options.seeds if options.equal_steps else 0):
            theirs = child("reference", checkout, data, str(options.equal_steps), temporary, str(seed), path=options.reference)
            our = child("ours", data, str(options.equal_steps), temporary, str(seed), "measured")
            print(
                f"seed {seed}, L1 on val after {options.equal_steps} steps: reference {theirs['l1']}, ours {our['l1']}", flush=True
            )


if __name__ == "__main__":
    main()
