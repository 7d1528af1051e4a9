"""What learns in a run: both networks, their optimisers and the averaged generator."""

from collections.abc import Callable
from pathlib import Path

import torch

from training.checkpoint import HeldOutFigures, TrainingState, random_state, restore_random
from training.contract.config import TrainConfig
from training.contract.networks import Generator, build_discriminator, build_generator, initialise
from training.contract.spec import Statistics
from training.dataset import Batch
from training.health import Health
from training.memory import is_out_of_memory
from training.objective import UNDECIDED, Losses, Objective, Part
from training.optimizers import make_optimizer
from training.run_model import load_generator_weights, use_threads
from training.world import World

SEED_STRIDE = 1_000_003  # between the seeds of two processes

Warn = Callable[[str, str], None]
"""Hears the code and the sentence of something that a person should know."""


class Learner:
    """Networks on their device, and one update of them after the other. Its `state` is what a checkpoint keeps."""

    def __init__(self, config: TrainConfig, device: torch.device, world: World) -> None:
        """Build them; `begin` or a checkpoint gives them weights."""
        self.config, self.device, self.world = config, device, world
        self.generator = build_generator(config.generator)
        self.averaged = build_generator(config.generator) if config.ema else None
        self.discriminator = build_discriminator(config.discriminator) if config.has_discriminator else None
        modules = {"generator": self.generator, "averaged": self.averaged, "discriminator": self.discriminator}
        present: dict[str, torch.nn.Module] = {name: module for name, module in modules.items() if module is not None}
        for module in present.values():
            world.synchronise(module)
        g_optimizer = make_optimizer(config, self.generator, config.weight_decay)
        d_optimizer = make_optimizer(config, self.discriminator, 0.0) if self.discriminator is not None else None
        self.objective = Objective(config, device, self.generator, g_optimizer, self.discriminator, d_optimizer, world)
        optimizers = {"generator": g_optimizer} | ({"discriminator": d_optimizer} if d_optimizer else {})
        self.state = TrainingState(0, None, self._no_figures(), present, optimizers, Health(), parts=config.accumulate)

    @property
    def measured(self) -> Generator:
        """The generator that is measured and saved."""
        return self.generator if self.averaged is None else self.averaged

    @property
    def num_parameters(self) -> dict[str, int]:
        counted = {"g": self.generator} | ({"d": self.discriminator} if self.discriminator is not None else {})
        return {name: sum(parameter.numel() for parameter in module.parameters()) for name, module in counted.items()}

    @property
    def undecided(self) -> float | None:
        """The loss of a discriminator that cannot tell; None where there is none."""
        return None if self.discriminator is None else UNDECIDED[self.objective.mode]

    def begin(self) -> None:
        """Draw the weights, in the CPU's own layout, so that a seed means the same everywhere, and forget what was before.

        Raises ModelError if the model to start from cannot be used.
        """
        config, state = self.config, self.state
        self._move(torch.device("cpu"), torch.contiguous_format)
        use_threads(config.threads, None)
        rng = torch.Generator().manual_seed(config.seed)
        torch.manual_seed(config.seed + SEED_STRIDE * self.world.rank)  # dropout, which is another one in each process
        initialise(self.generator, config.init, rng)
        if config.init_model:
            load_generator_weights(self.generator, Path(config.init_model))
        if self.averaged is not None:
            self.averaged.load_state_dict(self.generator.state_dict())
        if self.discriminator is not None:
            initialise(self.discriminator, "normal", rng)
        for optimizer in state.optimizers.values():
            optimizer.state.clear()
        state.step, state.figures, state.health = 0, self._no_figures(), Health()
        state.due, state.told = [], {}
        self.settle()

    def settle(self) -> None:
        """Move to the device, in the layout that the config wants."""
        self._move(self.device, torch.channels_last if self.config.channels_last else torch.preserve_format)

    def _move(self, device: torch.device, memory: torch.memory_format) -> None:
        for module in self.state.modules.values():
            module.to(device, memory_format=memory)  # type: ignore[call-overload]  # torch's types know no modules here

    def keep_scalers(self) -> None:
        """Put the scalers of fp16 into the state."""
        self.state.scalers = {name: scaler.state_dict() for name, scaler in self.objective.scalers.items()}

    def restore_scalers(self) -> None:
        """Take them from it."""
        for name, scaler in self.objective.scalers.items():
            if self.state.scalers.get(name):
                scaler.load_state_dict(self.state.scalers[name])

    def update(self, batch: Batch, rate: float, warn: Warn) -> Losses:
        """Let both networks and the average learn from a batch. Raises OutOfMemoryError, or what stands for it on a CPU.

        If the memory does not suffice, it is computed in smaller and smaller parts, from now on; `warn` hears of that.
        """
        config = self.config
        for name, optimizer in self.state.optimizers.items():
            own = config.learning_rate_d if name == "discriminator" and config.learning_rate_d else config.learning_rate
            for group in optimizer.param_groups:
                group["lr"] = rate * own / config.learning_rate
        self.generator.train()
        losses = self._updated(self._on_device(batch), warn)
        if self.averaged is not None:
            _average(self.averaged, self.generator, config.ema, self.state.step)
        return losses

    def _updated(self, pairs: Part, warn: Warn) -> Losses:
        while True:
            parts = self._finer_parts()
            undo = self._undo() if parts else None
            try:
                return self.objective.step(pairs, self.state.parts)
            except (RuntimeError, MemoryError) as error:
                if undo is None or not is_out_of_memory(error, self.device):
                    raise
            if self.device.type == "cuda":
                torch.cuda.empty_cache()  # outside of the handler, which still holds the failed step's tensors
            undo()
            self.state.parts = parts
            sentence = f"The memory does not suffice, so the pictures of a step are computed in {parts} parts from now on."
            warn("out_of_memory", sentence)

    def _finer_parts(self) -> int:
        """The next number of parts to try; 0 where there is none."""
        if not self.world.is_alone:  # the others are elsewhere in the step when the memory of one does not suffice
            return 0
        finer = range(self.state.parts + 1, self.config.batch_size + 1)
        return next((count for count in finer if self.config.batch_size % count == 0), 0)

    def _undo(self) -> Callable[[], None]:
        """What takes back all that a step does before the generator's own update: an optimiser takes its memory before it acts.

        That is the discriminator's update, and running averages, random numbers and scales. Where memory can run out and be
        saved, a copy of the discriminator and its moments costs about a hundredth of a step.
        """
        random = random_state()
        scales = {name: scaler.state_dict() for name, scaler in self.objective.scalers.items()}
        changed = [*self.generator.buffers()]
        moments: dict[torch.Tensor, dict[str, torch.Tensor]] = {}
        d_optimizer = self.objective.d_optimizer
        if self.discriminator is not None and d_optimizer is not None:
            changed += self.discriminator.state_dict().values()
            moments = {weights: _copied(held) for weights, held in d_optimizer.state.items()}
        before = [value.detach().clone() for value in changed]

        @torch.no_grad()
        def undo() -> None:
            restore_random(random)
            for value, held in zip(changed, before, strict=True):
                value.copy_(held)
            if d_optimizer is not None:
                d_optimizer.state.clear()
                d_optimizer.state.update(moments)
            for name, scaler in self.objective.scalers.items():
                if scales[name]:
                    scaler.load_state_dict(scales[name])

        return undo

    def _on_device(self, batch: Batch) -> Part:
        mask = None if batch.mask_N1HW is None else batch.mask_N1HW.to(self.device)
        return Part(batch.input_NCHW.to(self.device), batch.target_NCHW.to(self.device), mask)

    def _no_figures(self) -> HeldOutFigures:
        first: Statistics = "running" if self.config.generator.has_running_statistics else "image"
        return HeldOutFigures(0, first, {}, {})


def learning_rate(config: TrainConfig, steps: int, step: int) -> float:
    """The rate of update number `step` of `steps`, from 0: constant for its share of them, then linear to 0 after the last one."""
    start = config.constant * steps
    if step < start:
        return config.learning_rate
    return config.learning_rate * (steps - step) / (steps - start)


@torch.no_grad()
def _average(averaged: Generator, generator: Generator, decay: float, step: int) -> None:
    """Move the average towards the weights; early on faster, so that it soon forgets where it began."""
    decay = min(decay, (step + 1) / (step + 10))
    for mean, value in zip(averaged.parameters(), generator.parameters(), strict=True):
        mean.lerp_(value, 1 - decay)
    for held, current in zip(averaged.buffers(), generator.buffers(), strict=True):
        held.copy_(current)


def _copied(held: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in held.items()}
