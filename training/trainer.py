"""One run's parts, and what is done to them between two steps."""

import socket
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from training.checkpoint import LAST, Found, HeldOutFigures, TrainingState, load_checkpoint, random_state, restore, save_checkpoint
from training.contract.config import CHANGEABLE_ON_RESUME, TrainConfig
from training.contract.encodings import Pixels
from training.contract.errors import ConfigError, P2PError, PairingError
from training.contract.model_file import write_model
from training.contract.networks import Generator, build_discriminator, build_generator, initialise
from training.contract.pairing import fingerprint
from training.contract.progress import Report, Token
from training.contract.protocol import (
    CHECKPOINTS,
    EVENTS,
    MODELS,
    Answered,
    Checkpointed,
    Event,
    Finished,
    Order,
    Sample,
    Started,
    Step,
    Stopped,
    Validation,
    Warned,
    take_orders,
)
from training.contract.spec import Statistics
from training.contract.tasks import SMALLER_IS_BETTER
from training.dataset import Batch, TrainingPairs, mean_target, target_palette
from training.evaluate import averages, measure, torch_translate, yardstick_of
from training.health import Health
from training.held_out import HeldOut, quick_set
from training.objective import Losses, Objective, Part
from training.optimizers import make_optimizer
from training.reading import pairs_of_run, told_of_pairs
from training.run_files import cut_events, kept_model
from training.run_model import (
    NOT_FINITE,
    card_of_run,
    check_finite,
    choose_device,
    is_finite,
    load_generator_weights,
    numpy_weights,
    use_threads,
)
from training.samples import draw_preview, draw_samples
from training.tables import write_tables
from training.world import World

PAUSE_POLL_SECONDS = 0.2
MAX_ROLLBACKS = 2  # to the last good state, before a run whose losses are no numbers is given up
GO_ON, WAIT, STOP = range(3)  # what a process would like; the greatest wish counts
SEED_STRIDE = 1_000_003  # between the seeds of two processes
NUM_COMPARED = 6  # held-out results that are compared with each other: enough to see that they are all the same


class Training:
    """One run's parts, and the things done to them between two steps."""

    def __init__(self, config: TrainConfig, run: Path, report: Report[Event], token: Token, world: World) -> None:
        self.config, self.run, self.token, self.world = config, run, token, world
        self.report: Report[Event] = report if world.is_first else _say_nothing
        self.task = config.task_spec
        self.device = world.device(choose_device(config.device))
        self.share = world.share_of(config.batch_size)
        found = pairs_of_run(config, run)
        self.warnings: list[tuple[str, str]] = list(told_of_pairs(found, config))
        """(code, sentence) of what is to be told once the run has been announced."""
        self.pictures = fingerprint(found)
        self._compare_pictures()
        self.pairs = TrainingPairs(config, found.train, found.layout)
        self.held_out: list[HeldOut] = list(quick_set(config, found.held_out, found.layout, self._leave_out))
        if not self.held_out:
            raise PairingError(f"None of the held-out pictures in {config.data} can be read. {self.warnings[-1][1]}")
        self.yardstick = yardstick_of(config, mean_target(self.pairs) if config.is_masked and self.task.baseline == "mean" else 0.0)
        self.frame = replace(config.frame, palette=target_palette(self.pairs))
        self.told_damaged: set[str] = set()

        self.generator = build_generator(config.generator)
        self.averaged = build_generator(config.generator) if config.ema else None
        self.discriminator = build_discriminator(config.discriminator) if config.has_discriminator else None
        modules = {"generator": self.generator, "averaged": self.averaged, "discriminator": self.discriminator}
        present: dict[str, torch.nn.Module] = {name: module for name, module in modules.items() if module is not None}
        g_optimizer = make_optimizer(config, self.generator, config.weight_decay)
        d_optimizer = make_optimizer(config, self.discriminator, 0.0) if self.discriminator is not None else None
        self.objective = Objective(config, self.device, self.generator, g_optimizer, self.discriminator, d_optimizer, world)
        for module in present.values():
            world.synchronise(module)
        optimizers = {"generator": g_optimizer} | ({"discriminator": d_optimizer} if d_optimizer else {})
        first: Statistics = "running" if config.generator.has_running_statistics else "image"
        self.steps = config.num_steps(len(self.pairs))
        self.state = TrainingState(
            0, None, HeldOutFigures(0, first, {}, {}), present, optimizers, Health(), parts=config.accumulate
        )
        self.saved_at = -1

    def _compare_pictures(self) -> None:
        """Raises PairingError where another process found other pictures: they would not learn the same."""
        others = self.world.gather((socket.gethostname(), self.pictures))
        different = [host for host, pictures in others if pictures != others[0][1]]
        if different:
            raise PairingError(
                f"The pictures in {self.config.data} on {different[0]} are not those on {others[0][0]}. Make them the same."
            )

    def _leave_out(self, sentence: str) -> None:
        self.warnings.append(("picture_left_out", sentence))

    def begin(self) -> None:
        """Start afresh, or from the run's checkpoint, and announce the run. Raises ConfigError if the request has changed."""
        found = self._found_checkpoint()
        if found is None:
            self._initialise()
        self._move(self.device)
        if found is not None:
            self._restore(found)
        kept = cut_events(self.run, -1 if found is None else self.state.step) if self.world.is_first else set()
        self._announce()
        if found is not None and Checkpointed.type not in kept:  # killed before it could be told
            self.report(Checkpointed(self.state.step, f"{CHECKPOINTS}/{LAST}"))

    def _found_checkpoint(self) -> Found | None:
        """The first process's, which other computers need not have on their disks."""
        return self.world.share(load_checkpoint(self.run / CHECKPOINTS) if self.world.is_first else None)

    def _move(self, device: torch.device) -> None:
        memory = torch.channels_last if self.config.channels_last else torch.preserve_format
        for module in self.state.modules.values():
            module.to(device, memory_format=memory)  # type: ignore[call-overload]  # torch's types know no modules here

    def _initialise(self) -> None:
        """Draw the weights, on the CPU, so that a seed means the same on every device."""
        config = self.config
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

    def _restore(self, found: Found) -> None:
        self._refuse_changes(TrainConfig.from_json(found.data["config"]))
        use_threads(self.config.threads, found.data.get("threads"))
        warnings = restore(self.state, found.data, self.world)
        if found.data.get("pictures") != self.pictures:
            warnings.append("The pictures changed.")
        if warnings:
            self.warnings.append(("not_bit_for_bit", " ".join([*warnings, "The run goes on, but not bit for bit."])))
        if found.warning:
            self.warnings.append(("checkpoint_damaged", found.warning))
        self._restore_scalers()
        self.saved_at = self.state.step

    def _restore_scalers(self) -> None:
        for name, scaler in self.objective.scalers.items():
            if self.state.scalers.get(name):
                scaler.load_state_dict(self.state.scalers[name])

    def _refuse_changes(self, before: TrainConfig) -> None:
        changed = [key for key in self.config.differences(before) if key not in CHANGEABLE_ON_RESUME]
        if changed:
            raise ConfigError(
                f"The run in {self.run} was started with other settings ({', '.join(changed)}). "
                "Start a new run for them, or restore them to continue this one."
            )

    def _announce(self) -> None:
        parameters = {"g": _num_parameters(self.generator)}
        if self.discriminator is not None:
            parameters["d"] = _num_parameters(self.discriminator)
        counts = {"train": len(self.pairs), "val": len(self.held_out)}
        self.report(Started(self.task.name, str(self.device), self.steps, self.state.step, counts, parameters))
        for code, sentence in self.warnings:
            self.report(Warned(self.state.step, code, sentence))

    def step(self, batch: Batch, started: float) -> bool:
        """One update of both networks and of the average. `started`: when the step began, by time.perf_counter.

        False if it had to be undone, and the run has gone back to its last checkpoint. Raises ConfigError after the last try.
        """
        config = self.config
        rate = learning_rate(config, self.steps, self.state.step) * 0.5**self.state.rollbacks
        for name, optimizer in self.state.optimizers.items():
            own = config.learning_rate_d if name == "discriminator" and config.learning_rate_d else config.learning_rate
            for group in optimizer.param_groups:
                group["lr"] = rate * own / config.learning_rate
        self.generator.train()
        losses = self._updated(self._on_device(batch))
        if not np.isfinite([losses.g_gan, losses.g_l1, losses.d_real, losses.d_fake]).all():
            self._go_back()
            return False
        if self.averaged is not None:
            _average(self.averaged, self.generator, config.ema, self.state.step)
        epoch = self.state.step * config.batch_size // len(self.pairs)
        self.state.step += 1
        self.report(Step(self.state.step, epoch, asdict(losses), rate, round(time.perf_counter() - started, 4)))
        for sentence in batch.damaged:
            if sentence not in self.told_damaged:
                self.told_damaged.add(sentence)
                self.report(Warned(self.state.step, "picture_left_out", sentence))
        for noticed in self.state.health.after_step(self.state.step, losses, has_discriminator=self.discriminator is not None):
            self.report(Warned(self.state.step, *noticed))
        return True

    def _updated(self, pairs: Part) -> Losses:
        """Let both networks learn; if the memory does not suffice, in smaller and smaller parts. Raises OutOfMemoryError."""
        while True:
            try:
                return self.objective.step(pairs, self.state.parts)
            except (torch.OutOfMemoryError, MemoryError):
                if not self.world.is_alone:  # the others are elsewhere in the step by now
                    raise
                finer = range(self.state.parts + 1, self.config.batch_size + 1)
                parts = next((count for count in finer if self.config.batch_size % count == 0), 0)
                if not parts:
                    raise
                self.state.parts = parts
                sentence = f"The memory does not suffice, so the pictures of a step are computed in {parts} parts from now on."
                self.report(Warned(self.state.step, "out_of_memory", sentence))
            if self.device.type == "cuda":
                torch.cuda.empty_cache()  # outside of the handler, which still holds the failed step's tensors

    def _go_back(self) -> None:
        """Return to the last good state, at half the learning rate. Raises ConfigError after MAX_ROLLBACKS times."""
        rollbacks, failed_at = self.state.rollbacks + 1, self.state.step + 1
        if rollbacks > MAX_ROLLBACKS:
            raise ConfigError(NOT_FINITE.format(what="losses"))
        found = self._found_checkpoint()
        if found is None:
            self.state.step, self.state.best, self.state.health = 0, None, Health()
            self._move(torch.device("cpu"))
            self._initialise()
            self._move(self.device)
            for optimizer in self.state.optimizers.values():
                optimizer.state.clear()
        else:
            restore(self.state, found.data, self.world)
            self._restore_scalers()
        self.state.rollbacks = rollbacks
        if self.world.is_first:
            cut_events(self.run, self.state.step)
        sentence = (
            f"The losses stopped being numbers at step {failed_at}; the run goes on from step {self.state.step} at half the rate."
        )
        self.report(Warned(self.state.step, "not_finite", sentence))

    def _on_device(self, batch: Batch) -> Part:
        mask = None if batch.mask_N1HW is None else batch.mask_N1HW.to(self.device)
        return Part(batch.input_NCHW.to(self.device), batch.target_NCHW.to(self.device), mask)

    def do_what_is_due(self) -> bool:
        """Measure, draw and save, each at its own pace and at the end. False if the run had to go back instead."""
        step, config = self.state.step, self.config
        every = {self.validate: config.validate_every, self.draw: config.sample_every, self.save: config.checkpoint_every}
        due = [act for act, pace in every.items() if step >= self.steps or step % pace == 0]
        if due and not is_finite(self.generator):
            self._go_back()
            return False
        for act in due:
            act()
        if self.is_done and step < self.steps:  # it ends early: what was not due is done all the same
            for act in (self.draw, self.save):
                if act not in due:
                    act()
        return True

    def validate(self) -> None:
        """Measure on the held-out pictures, under both statistics where the network has both; keep the best model."""
        if self.world.is_first:
            self._measure()
        state = self.state
        state.best, state.figures, state.health = self.world.share((state.best, state.figures, state.health))

    def _measure(self) -> None:
        choices: tuple[Statistics, ...] = ("image", "running") if self.config.generator.has_running_statistics else ("image",)
        results = {}
        for statistics in choices:
            # A measurement is finished even when a stop is ordered meanwhile: half of one says nothing.
            rows = measure(self.translation(statistics), iter(self.held_out), self.yardstick, Token())
            results[statistics] = averages(rows)
        best_by = self.task.best_by if self.task.best_by in self.yardstick.metrics else self.yardstick.metrics[0]
        sign = -1.0 if best_by in SMALLER_IS_BETTER else 1.0
        chosen = max(choices, key=lambda name: sign * results[name][0][best_by])
        figures = self.state.figures = HeldOutFigures(self.state.step, chosen, *results[chosen])
        value = sign * figures.metrics[best_by]
        best = self.state.best is None or value > self.state.best
        if best:
            self.state.best = value
            self.write_model("best")
        self.report(Validation(self.state.step, chosen, figures.metrics, figures.identity, best))
        shown = self.held_out[:NUM_COMPARED]
        translate = self.translation(chosen)
        drawn, wanted = [translate(item.source) for item in shown], [item.target for item in shown]
        for noticed in self.state.health.after_validation(best, drawn, wanted):
            self.report(Warned(self.state.step, *noticed))

    def draw(self) -> list[str]:
        if not self.world.is_first:
            return []
        files = draw_samples(self.run, self.state.step, self.held_out, self.translation(self.state.figures.statistics))
        self.report(Sample(self.state.step, files))
        return files

    def save(self) -> None:
        """Write a checkpoint and the model that belongs to it, unless this step has them. Raises CheckpointError, OSError."""
        if self.saved_at == self.state.step:
            return
        rng = self.world.gather(random_state())
        if not self.world.is_first:
            self.saved_at = self.state.step
            return
        self.write_model("latest")  # first: a run killed between the two writes it again
        self.state.scalers = {name: scaler.state_dict() for name, scaler in self.objective.scalers.items()}
        path = save_checkpoint(self.run / CHECKPOINTS, self.state, self.config.to_json(), self.pictures, rng)
        self.saved_at = self.state.step
        self.report(Checkpointed(self.state.step, path.relative_to(self.run).as_posix()))
        if self.config.csv and (self.run / EVENTS).exists():
            write_tables(self.run)

    def obey(self) -> bool:
        """Do what was ordered since the last step; True if the run is to stop."""
        while True:
            if self.world.is_first:
                for order in take_orders(self.run):
                    self._answer(order)
            wish = STOP if self.token.cancelled else WAIT if self.token.paused else GO_ON
            wish = self.world.greatest(wish)  # any of them may have been asked to end; the first alone is asked to pause
            if wish != WAIT:
                return wish == STOP
            self.save()
            time.sleep(PAUSE_POLL_SECONDS)

    def _answer(self, order: Order) -> None:
        try:
            file, message = self._follow(order)
        except (OSError, P2PError) as error:  # a picture or a copy less is no reason to end the run
            self.report(Answered(order.name, order.id, False, None, f"The order {order.name} failed: {error}"))
        else:
            self.report(Answered(order.name, order.id, True, file, message))

    def _follow(self, order: Order) -> tuple[str | None, str]:
        """Do it; give the file it made, relative to the run, and a sentence."""
        step = self.state.step
        match order.name:
            case "stop":
                self.token.cancel()
                return None, f"Stopping after step {step}."
            case "pause":
                self.token.pause()
                return None, f"Paused after step {step}."
            case "resume":
                self.token.resume()
                return None, f"Going on after step {step}."
            case "preview":
                return self.draw()[0], f"Drew the held-out pictures at step {step}."
            case "snapshot":
                return self.write_model(f"step-{step:08d}"), f"Saved the model of step {step}."

    def end(self) -> Finished | Stopped:
        self.save()
        step, model = self.state.step, kept_model(self.run)
        event: Finished | Stopped
        if not self.is_done:
            event = Stopped(step, f"Stopped after step {step} of {self.steps}; everything is saved.", model)
        elif step < self.steps:
            measured = self.state.health.since_best
            event = Finished(step, f"Done after step {step}: {measured} measurements brought nothing better.", model)
        else:
            event = Finished(step, f"All {step} steps are done.", model)
        self.report(event)
        return event

    @property
    def is_done(self) -> bool:
        """Whether all steps are done, or the run has come to where it gets no better."""
        patience = self.config.early_stop
        return self.state.step >= self.steps or (patience > 0 and self.state.health.since_best >= patience)

    def translation(self, statistics: Statistics) -> Callable[[Pixels], Pixels]:
        """The generator as people will meet it: averaged where it is, without dropout, under the given statistics."""
        generator = self.measured_generator
        generator.eval()
        generator.use_statistics(statistics)
        return torch_translate(generator, self.frame, self.device)

    @property
    def measured_generator(self) -> Generator:
        return self.generator if self.averaged is None else self.averaged

    def write_model(self, name: str) -> str:
        """Write `models/<name>.safetensors` of the generator as it stands; its name relative to the run.

        Raises ConfigError if its weights are no numbers, OSError.
        """
        check_finite(self.generator)
        path = self.run / MODELS / f"{name}.safetensors"
        path.parent.mkdir(exist_ok=True)
        preview = draw_preview(self.held_out[0], self.translation(self.state.figures.statistics))
        mean = self.yardstick.target_mean
        card = card_of_run(self.config, self.state.step, len(self.pairs), self.state.figures, mean, preview)
        card = replace(card, palette=self.frame.palette)
        write_model(path, card, numpy_weights(self.measured_generator, self.config.half_weights))
        return path.relative_to(self.run).as_posix()


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


def _say_nothing(_: Event) -> None:
    """The first process reports for all."""


def _num_parameters(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
