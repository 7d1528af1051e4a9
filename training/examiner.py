"""What a run does with its held-out pictures: it measures the generator, draws its results, and writes what was found on models."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from training.checkpoint import HeldOutFigures
from training.contract.config import TrainConfig
from training.contract.encodings import Pixels
from training.contract.errors import ModelError, PairingError
from training.contract.model_file import read_card, write_model
from training.contract.networks import Generator
from training.contract.pairing import Pairs
from training.contract.progress import Token
from training.contract.protocol import MODELS, SAMPLES
from training.contract.spec import Statistics
from training.contract.tasks import SMALLER_IS_BETTER
from training.dataset import TrainingPairs, mean_target, target_palette
from training.disk import writing
from training.evaluate import averages, measure, torch_translate, yardstick_of
from training.held_out import HeldOut, quick_set
from training.learner import Learner
from training.run_model import card_of_run, check_finite, numpy_weights
from training.samples import draw_preview, draw_samples
from training.trained_on import remembered

NUM_COMPARED = 6  # held-out results that are compared with each other: enough to see that they are all the same

Check = Callable[[], None]
"""Called before each picture; raises Cancelled if the work is to be left."""


def no_check() -> None:
    """For what is finished whatever is wanted meanwhile."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What a measurement found."""

    figures: HeldOutFigures
    value: float
    """The metric by which models are compared; larger is better."""
    results: list[Pixels]
    """Of the first NUM_COMPARED pictures."""
    targets: list[Pixels]


class Examiner:
    """Looks at a run's generator through its held-out pictures."""

    def __init__(self, learner: Learner, run: Path, pairs: TrainingPairs, found: Pairs, damaged: Callable[[str], None]) -> None:
        """Read the held-out pictures; `damaged` hears a sentence for each that cannot be. Raises PairingError if none is left."""
        self.learner, self.run, self.pairs = learner, run, pairs
        config = self.config = learner.config
        self.layout, self.trained_on = found.layout, remembered(found.train)
        sentences: list[str] = []
        self.held_out: list[HeldOut] = list(quick_set(config, found.held_out, found.layout, sentences.append))
        for sentence in sentences:
            damaged(sentence)
        if not self.held_out:
            raise PairingError(f"None of the held-out pictures in {config.data} can be read. {sentences[0]}")
        _refuse_empty_depths(config, self.held_out)
        task = config.task_spec
        self.yardstick = yardstick_of(config, 0.0)
        if self.yardstick.baseline == "mean":
            self.yardstick = replace(self.yardstick, target_mean=mean_target(pairs))
        self.best_by = task.best_by if task.best_by in self.yardstick.metrics else self.yardstick.metrics[0]
        self.frame = replace(config.frame, palette=target_palette(pairs))

    def examine(self, check: Check) -> Examination:
        """Measure under both statistics, where the network has both, and choose the better. Raises Cancelled if `check` does."""
        choices: tuple[Statistics, ...] = ("image", "running") if self.config.generator.has_running_statistics else ("image",)
        found = {
            statistics: averages(measure(self.translation(statistics, check), iter(self.held_out), self.yardstick, Token()))
            for statistics in choices
        }
        chosen = max(choices, key=lambda name: self._value(found[name][0]))
        translate, shown = self.translation(chosen, check), self.held_out[:NUM_COMPARED]
        figures = HeldOutFigures(self.learner.state.step, chosen, *found[chosen])
        results, targets = [translate(item.source) for item in shown], [item.target for item in shown]
        return Examination(figures, self._value(figures.metrics), results, targets)

    def keep_if_best(self, value: float) -> bool:
        """Whether the generator as it stands is the best so far; its model is then written, but never over a better one.

        There may be a better one where the run was killed after it had written it. The same is found again then, at its step,
        unless what is computed cannot be repeated, as on graphics cards. Raises CheckpointError.
        """
        state = self.learner.state
        if state.best is not None and value <= state.best:
            return False
        written = None if state.best is None else self._written_best()
        if written is None or written[1] <= value:
            self.write_model("best")
        elif written[0] <= state.step:  # the run has come to it, or past it, and is not as good
            state.best = written[1]
            return False
        state.best = value
        return True

    def draw(self, check: Check) -> list[str]:
        """Draw the first held-out pictures, and give the files relative to the run. Raises CheckpointError, Cancelled."""
        step = self.learner.state.step
        translate = self.translation(self.learner.state.figures.statistics, check)
        with writing(f"The pictures of step {step}", self.run / SAMPLES):
            return draw_samples(self.run, step, self.held_out, translate, self.frame.labels)

    def write_model(self, name: str) -> str:
        """Write `models/<name>.safetensors` of the generator as it stands; its name relative to the run.

        Raises ConfigError if its weights are no numbers, CheckpointError.
        """
        check_finite(self.learner.generator)
        path, state = self._model(name), self.learner.state
        preview = draw_preview(self.held_out[0], self.translation(state.figures.statistics, no_check), self.frame.labels)
        card = card_of_run(self.config, state.step, len(self.pairs), state.figures, self.yardstick.target_mean, preview)
        provenance = card.provenance | {"layout": self.layout}
        card = replace(card, palette=self.frame.palette, trained_on=self.trained_on, provenance=provenance)
        with writing(f"The model of step {state.step}", path.parent):
            path.parent.mkdir(exist_ok=True)
            write_model(path, card, numpy_weights(self.learner.measured, self.config.half_weights))
        return path.relative_to(self.run).as_posix()

    def translation(self, statistics: Statistics, check: Check) -> Callable[[Pixels], Pixels]:
        """The generator as people will meet it: averaged where it is, without dropout, under the given statistics."""
        generator: Generator = self.learner.measured
        forward = torch_translate(generator, self.frame, self.learner.device)

        def translate(pixels: Pixels) -> Pixels:
            check()  # which may follow an order that draws, under statistics of its own
            generator.eval()
            generator.use_statistics(statistics)
            return forward(pixels)

        return translate

    def _written_best(self) -> tuple[int, float] | None:
        """(step, value) of the best model's file; None where there is none, or none that can be compared."""
        try:
            card = read_card(self._model("best"))
            return int(card.provenance["measured_at_step"]), self._value(card.metrics)
        except (ModelError, KeyError, TypeError, ValueError):
            return None

    def _model(self, name: str) -> Path:
        return self.run / MODELS / f"{name}.safetensors"

    def _value(self, metrics: dict[str, float]) -> float:
        value = metrics[self.best_by]
        return -value if self.best_by in SMALLER_IS_BETTER else value


def _refuse_empty_depths(config: TrainConfig, held_out: Sequence[HeldOut]) -> None:
    """Raises PairingError if no depth to measure with counts as one."""
    depth = config.frame.depth
    if not config.is_masked or any(depth.in_range(item.target).any() for item in held_out):
        return
    metres = np.concatenate([depth.metres(item.target).ravel() for item in held_out])
    known = metres[metres > 0]
    nearest = f"the nearest of them is {known.min():g} m" if known.size else "nothing was measured"
    raise PairingError(
        f"None of the held-out depths in {config.data} lies within depth_range ({depth.range_m:g} m): with a depth_unit of "
        f"{depth.unit_m:g} m, {nearest}. Correct depth_unit, or set a larger depth_range."
    )
