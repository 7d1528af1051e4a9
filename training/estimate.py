"""The mode `estimate`: the time and memory that a run will take, from a few real steps of it on this device."""

import contextlib
import sys
import time
from itertools import islice

import torch

from training.contract.config import TrainConfig
from training.contract.networks import build_discriminator, build_generator
from training.contract.progress import Report, Token
from training.contract.protocol import Event, Progress, Result
from training.dataset import TrainingPairs, batches
from training.objective import Objective, Part
from training.optimizers import make_optimizer
from training.reading import pairs_of_run
from training.run_model import choose_device, use_threads

WARM_UP, MEASURED = 3, 8  # steps: the first allocate, and choose how to compute


def estimate(config: TrainConfig, report: Report[Event], token: Token) -> None:
    """Take a few steps with fresh networks and tell, in one `result` event, what all of them will take.

    seconds_per_step and seconds of the run without measurements; memory_bytes at its peak: of the device where it has its own, of
    this process otherwise. Nothing is written. Raises P2PError, OutOfMemoryError, Cancelled.
    """
    device = choose_device(config.device)
    use_threads(config.threads, None)
    found = pairs_of_run(config, None)
    pairs = TrainingPairs(config, found.train, found.layout)
    generator = build_generator(config.generator).to(device)
    discriminator = build_discriminator(config.discriminator).to(device) if config.has_discriminator else None
    objective = Objective(
        config,
        device,
        generator,
        make_optimizer(config, generator, config.weight_decay),
        discriminator,
        make_optimizer(config, discriminator, 0.0) if discriminator else None,
    )
    seconds = []
    total = WARM_UP + MEASURED
    following = batches(pairs, config, 0)
    for index in range(total):
        token.check()
        began = time.perf_counter()
        for batch in islice(following, 1):
            mask = None if batch.mask_N1HW is None else batch.mask_N1HW.to(device)
            objective.step(Part(batch.input_NCHW.to(device), batch.target_NCHW.to(device), mask), config.accumulate)
        seconds.append(time.perf_counter() - began)
        report(Progress(index + 1, total, "measuring"))
    following.close()
    per_step = sorted(seconds[WARM_UP:])[MEASURED // 2]
    steps = config.num_steps(len(pairs))
    report(
        Result(
            {
                "device": str(device),
                "seconds_per_step": per_step,
                "steps": steps,
                "seconds": per_step * steps,
                "memory_bytes": _peak_memory(device),
                "pairs": {"train": len(found.train), "val": len(found.held_out)},
            }
        )
    )


def _peak_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device)
    with contextlib.suppress(ImportError):
        import resource  # not on Windows

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    with contextlib.suppress(ImportError):
        import psutil  # which the trainer does without where it is not installed

        return int(psutil.Process().memory_info().peak_wset)
    return 0
