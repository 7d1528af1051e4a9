"""train(): a whole run, read from top to bottom."""

import time
from pathlib import Path

from training.contract.config import TrainConfig
from training.contract.errors import PairingError
from training.contract.progress import Report, Token
from training.contract.protocol import Event, Finished, Stopped
from training.dataset import batches
from training.trainer import Training
from training.world import World


def train(config: TrainConfig, run: Path, report: Report[Event], token: Token, world: World | None = None) -> Finished | Stopped:
    """Train in the folder `run`, from its checkpoint if it has one, and give the last event, which is also reported.

    Stops at the next step when `token` is cancelled or an order says so, after writing a checkpoint. Raises P2PError. With several
    processes, each calls this; the first alone reads and writes `run`, and reports.
    """
    training = Training(config, run, report, token, world or World())
    training.begin()
    following = batches(training.pairs, config, training.state.step, training.share)
    while not training.obey() and not training.is_done:
        started = time.perf_counter()
        try:
            batch = next(following)
        except PairingError:  # the pictures have gone; what was learned from them stays
            if training.world.is_alone:
                training.save()
            raise
        if not (training.step(batch, started) and training.do_what_is_due()):  # it went back to an earlier step
            following = batches(training.pairs, config, training.state.step, training.share)
    return training.end()
