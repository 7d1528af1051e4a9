"""What goes wrong in trainings of this kind, noticed from the numbers and said in plain words, once each.

Thresholds are rules of thumb of the field; what they look at is told in `docs/events.md`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from training.contract.encodings import Pixels
from training.contract.framing import resize
from training.objective import Losses

MEMORY = 0.99  # of running means: the last hundred steps or so
PATIENCE_STEPS = 500  # before which nothing is said of losses: networks need a while to find each other
WINNING_D = 0.1  # of the loss of a judge who cannot tell: below this share, it always can
SAME_OUTPUT = 0.02  # spread of results over different pictures, as a share of that of the targets
OVERFIT_LOSS, OVERFIT_METRIC = 0.8, 3  # training L1 down to this share of what it was, while so many measurements were no better
GRID = 4, 4  # fields of a picture that are compared with those of another
STALLED = 8  # measurements without a new best


@dataclass(slots=True)
class Health:
    """What has been seen so far; kept in checkpoints, so that a continued run notices what an uninterrupted one would."""

    d_loss: float = 1.0
    """Running mean of (d_real + d_fake) / 2, as a share of what it is for a judge who cannot tell."""
    l1: float = 0.0  # running mean of g_l1
    l1_at_best: float = 0.0
    since_best: int = 0
    """Measurements without a new best."""
    said: list[str] = field(default_factory=list)

    def after_step(self, step: int, losses: Losses, undecided: float | None) -> Iterator[tuple[str, str]]:
        """(code, sentence) of what is noticed. `undecided`: the loss of a judge who cannot tell; None where there is no judge."""
        self.l1 = losses.g_l1 if step == 1 else MEMORY * self.l1 + (1 - MEMORY) * losses.g_l1
        if undecided is not None:
            self.d_loss = MEMORY * self.d_loss + (1 - MEMORY) * (losses.d_real + losses.d_fake) / 2 / undecided
        if undecided is not None and step >= PATIENCE_STEPS and self.d_loss < WINNING_D:
            yield from self._once(
                "discriminator_wins",
                "The discriminator tells every result from a real picture, so the generator learns little from it. "
                "A smaller ndf or learning_rate_d in a new run may help.",
            )

    def after_validation(self, best: bool, results: list[Pixels], targets: list[Pixels]) -> Iterator[tuple[str, str]]:
        """(code, sentence) of what is noticed. `results` and `targets`: the held-out pictures, each of any size."""
        if best:
            self.since_best, self.l1_at_best = 0, self.l1
        else:
            self.since_best += 1
        if _spread(results) < SAME_OUTPUT * _spread(targets):
            yield from self._once(
                "collapsed",
                "The results are the same whatever picture goes in. If that stays so, start again with a smaller learning_rate, "
                "or with gan_mode=none first.",
            )
        if self.since_best >= OVERFIT_METRIC and self.l1 < OVERFIT_LOSS * self.l1_at_best:
            yield from self._once(
                "overfitting",
                "The training pictures are learned by heart: they get better while the held-out ones do not. "
                "The best model is kept; more pictures, colour_jitter or weight_decay may help.",
            )
        elif self.since_best >= STALLED:
            yield from self._once(
                "stalled",
                f"The held-out pictures have not become better for {self.since_best} measurements. The best model is kept; "
                "you may stop here.",
            )

    def _once(self, code: str, sentence: str) -> Iterator[tuple[str, str]]:
        if code not in self.said:
            self.said.append(code)
            yield code, sentence


def _spread(pictures: list[Pixels]) -> float:
    """How different the pictures are from each other: the mean over a coarse grid of the deviation from picture to picture."""
    if len(pictures) < 2:
        return 0.0
    grids = [resize(picture, GRID).astype(np.float64) for picture in pictures]
    channels = min(grid.shape[2] for grid in grids)
    return float(np.stack([grid[..., :channels] for grid in grids]).std(0).mean())
