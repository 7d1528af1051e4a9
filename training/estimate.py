"""The mode `estimate`: the time and memory that a run will take, from a few real steps of it on this device."""

import time

from training.contract.config import TrainConfig
from training.contract.progress import Report, Token
from training.contract.protocol import Event, Progress, Result, Warned
from training.dataset import TrainingPairs, batches
from training.learner import Learner
from training.memory import peak_memory
from training.reading import pairs_of_run
from training.run_model import choose_device
from training.world import World

WARM_UP, MEASURED = 3, 8  # steps: the first allocate, and choose how to compute


def estimate(config: TrainConfig, report: Report[Event], token: Token) -> None:
    """Take a few steps with fresh networks and tell, in one `result` event, what all of them will take.

    The steps are those that a run takes, with its average, precision and layout of memory, in parts where it needs them.
    seconds_per_step and seconds of the run without measurements; memory_bytes at its peak: of the device where it has its own, of
    this process otherwise; parameters of the generator and the discriminator. Nothing is written. Raises P2PError,
    OutOfMemoryError, Cancelled.
    """
    device = choose_device(config.device)
    found = pairs_of_run(config, None)
    pairs = TrainingPairs(config, found.train, found.layout)
    learner = Learner(config, device, World())
    learner.begin()
    seconds = []
    total = WARM_UP + MEASURED
    following = batches(pairs, config, 0)
    for index in range(total):
        token.check()
        began = time.perf_counter()
        learner.update(next(following), config.learning_rate, lambda code, sentence: report(Warned(0, code, sentence)))
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
                "memory_bytes": peak_memory(device),
                "parameters": learner.num_parameters,
                "pairs": {"train": len(found.train), "val": len(found.held_out)},
            }
        )
    )
