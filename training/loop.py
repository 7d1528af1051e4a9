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

    Stops at the next step, or the next picture of a measurement, when `token` is cancelled or an order says so, after writing a
    checkpoint. Raises P2PError. With several processes, each calls this; the first alone reads and writes `run`, and reports.
    """
    training = Training(config, run, report, token, world or World())
    training.begin()
    following = batches(training.pairs, config, training.state.step, training.share)
    while not training.obey() and not training.is_done:
        if training.is_behind:  # with a measurement that a stop or a pause cut short
            stands = training.do_what_is_due()
        else:
            started = time.perf_counter()
            try:
                batch = next(following)
            except PairingError:  # the pictures have gone; what was learned from them stays
                if training.world.is_alone:
                    training.save()
                raise
            stands = training.step(batch, started) and training.do_what_is_due()
        if not stands:  # it went back to an earlier step
            following = batches(training.pairs, config, training.state.step, training.share)
    return training.end()
