"""One run: what is done to its parts between two steps, in the order in which a run comes to it."""

import socket
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from training.checkpoint import LAST, Found, load_checkpoint, random_state, restore, save_checkpoint
from training.contract.config import CHANGEABLE_ON_RESUME, TrainConfig
from training.contract.errors import ConfigError, PairingError
from training.contract.pairing import fingerprint
from training.contract.progress import Cancelled, Report, Token
from training.contract.protocol import (
    CHECKPOINTS,
    EVENTS,
    Checkpointed,
    Event,
    Finished,
    Sample,
    Started,
    Step,
    Stopped,
    Validation,
    Warned,
)
from training.dataset import Batch, TrainingPairs
from training.disk import writing
from training.examiner import Check, Examiner, no_check
from training.learner import Learner, learning_rate
from training.orders import Made, Orders
from training.reading import pairs_of_run, told_of_pairs
from training.run_files import cut_events, kept_model
from training.run_model import NOT_FINITE, choose_device, is_finite, use_threads
from training.tables import write_tables
from training.world import World

MAX_ROLLBACKS = 2  # to the last good state, before a run whose losses are no numbers is given up
LEFT_OUT = "picture_left_out"


class Training:
    """One run's parts, and the things done to them between two steps."""

    def __init__(self, config: TrainConfig, run: Path, report: Report[Event], token: Token, world: World) -> None:
        self.config, self.run, self.world = config, run, world
        self.report: Report[Event] = report if world.is_first else _say_nothing
        device = world.device(choose_device(config.device))
        self.share = world.share_of(config.batch_size)
        found = pairs_of_run(config, run)
        self.news: list[tuple[str, str]] = list(told_of_pairs(found, config))
        """(code, sentence) of what is to be said once in a run, as soon as it can be."""
        self.pictures = fingerprint(found)
        self._compare_pictures()
        self.pairs = TrainingPairs(config, found.train, found.layout)
        self.learner = Learner(config, device, world)
        self.state = self.learner.state
        self.examiner = Examiner(self.learner, run, self.pairs, found, lambda sentence: self.news.append((LEFT_OUT, sentence)))
        self.orders = Orders(run, self.state, token, world, self.report, {"preview": self._preview, "snapshot": self._snapshot})
        self.steps = config.num_steps(len(self.pairs))
        self.saved_at = -1

    def _compare_pictures(self) -> None:
        """Raises PairingError where another process found other pictures: they would not learn the same."""
        others = self.world.gather((socket.gethostname(), self.pictures))
        different = [host for host, pictures in others if pictures != others[0][1]]
        if different:
            raise PairingError(
                f"The pictures in {self.config.data} on {different[0]} are not those on {others[0][0]}. Make them the same."
            )

    def begin(self) -> None:
        """Start afresh, or from the run's checkpoint, and announce the run. Raises ConfigError if the request has changed."""
        found = self._found_checkpoint()
        if found is None:
            self.learner.begin()
            self._cut_events(None)
            self._announce()
            return
        self.learner.settle()
        warnings = self._restore(found)
        is_told = self._cut_events(found)
        self._announce()
        for code, sentence in warnings:
            self._warn(code, sentence)
        if not is_told:  # killed before it could be
            self.report(Checkpointed(self.state.step, f"{CHECKPOINTS}/{LAST}"))

    def _found_checkpoint(self) -> Found | None:
        """The first process's, which other computers need not have on their disks."""
        return self.world.share(load_checkpoint(self.run / CHECKPOINTS) if self.world.is_first else None)

    def _restore(self, found: Found) -> list[tuple[str, str]]:
        """Go on from a checkpoint; (code, sentence) of what may be different now. Raises ConfigError, CheckpointError."""
        self._refuse_changes(TrainConfig.from_json(found.data["config"]))
        use_threads(self.config.threads, found.data.get("threads"))
        changes = restore(self.state, found.data, self.world)
        self.learner.restore_scalers()
        self.saved_at = self.state.step
        if found.data.get("pictures") != self.pictures:
            changes.append("The pictures changed.")
        warnings = [("not_bit_for_bit", " ".join([*changes, "The run goes on, but not bit for bit."]))] if changes else []
        return warnings + ([("checkpoint_damaged", found.warning)] if found.warning else [])

    def _refuse_changes(self, before: TrainConfig) -> None:
        changed = [key for key in self.config.differences(before) if key not in CHANGEABLE_ON_RESUME]
        if changed:
            raise ConfigError(
                f"The run in {self.run} was started with other settings ({', '.join(changed)}). "
                "Start a new run for them, or restore them to continue this one."
            )

    def _cut_events(self, found: Found | None) -> bool:
        """Cut what will be told again from here on; whether the event of this checkpoint is there."""
        if not self.world.is_first:
            return True
        return cut_events(self.run, self.state.step, found.data.get("told_bytes")) if found else cut_events(self.run, -1)

    def _announce(self) -> None:
        counts = {"train": len(self.pairs), "val": len(self.examiner.held_out)}
        device = str(self.learner.device)
        self.report(Started(self.config.task, device, self.steps, self.state.step, counts, self.learner.num_parameters))
        self._tell_news()

    def step(self, batch: Batch, started: float) -> bool:
        """One update of both networks and of the average. `started`: when the step began, by time.perf_counter.

        False if it had to be undone, and the run has gone back to its last checkpoint. Raises ConfigError after the last try.
        """
        config, state = self.config, self.state
        rate = learning_rate(config, self.steps, state.step) * 0.5**state.rollbacks
        losses = self.learner.update(batch, rate, self._warn)
        if not np.isfinite([losses.g_gan, losses.g_l1, losses.d_real, losses.d_fake]).all():
            self._go_back()
            return False
        epoch = state.step * config.batch_size // len(self.pairs)
        state.step += 1
        state.due = self._due()
        self.report(Step(state.step, epoch, asdict(losses), rate, round(time.perf_counter() - started, 4)))
        self.news += [(LEFT_OUT, sentence) for sentence in batch.damaged]
        if self.world.is_alone:  # else at the next checkpoint: what other processes have met costs a message
            self._tell_news()
        for noticed in state.health.after_step(state.step, losses, self.learner.undecided):
            self._warn(*noticed)
        return True

    def _go_back(self) -> None:
        """Return to the last good state, at half the learning rate. Raises ConfigError after MAX_ROLLBACKS times."""
        rollbacks, failed_at, best = self.state.rollbacks + 1, self.state.step + 1, self.state.best
        if rollbacks > MAX_ROLLBACKS:
            raise ConfigError(NOT_FINITE.format(what="losses"))
        found = self._found_checkpoint()
        if found is None:
            self.learner.begin()
        else:
            restore(self.state, found.data, self.world)
            self.learner.restore_scalers()
        self.state.rollbacks, self.state.best = rollbacks, best  # the best model is a file, which stays
        self._cut_events(found)
        sentence = (
            f"The losses stopped being numbers at step {failed_at}; the run goes on from step {self.state.step} at half the rate."
        )
        self._warn("not_finite", sentence)
        self.saved_at = -1
        self.save()  # whoever continues this run goes on at half the rate, too

    def _due(self) -> list[str]:
        """What is due at this step: each at its own pace and at the end."""
        config, step = self.config, self.state.step
        paces = {"validate": config.validate_every, "draw": config.sample_every, "save": config.checkpoint_every}
        return [name for name, pace in paces.items() if step >= self.steps or step % pace == 0]

    def do_what_is_due(self) -> bool:
        """Measure, draw and save. What is cut short, because the run is to stop or to wait, stays due and begins anew.

        False if the run had to go back instead.
        """
        state = self.state
        if state.due and not is_finite(self.learner.generator):
            self._go_back()
            return False
        acts: dict[str, Callable[[], bool]] = {"validate": self.validate, "draw": self.draw, "save": self.save}
        while state.due:
            name, *state.due = state.due  # a checkpoint that is written now holds what is left
            if name != "save":
                self.saved_at = -1  # one of this step would lack what it finds
            if not acts[name]():
                state.due.insert(0, name)
                break
            if name == "validate" and self._is_over:  # a run that ends early does what was not due all the same
                state.due = ["draw", "save"]
        return True

    def validate(self) -> bool:
        """Measure on the held-out pictures and keep the best model; False if that was cut short, and nothing has changed."""
        is_done = self._in_first(self._measure)
        state = self.state
        state.best, state.figures, state.health = self.world.share((state.best, state.figures, state.health))
        return is_done

    def _measure(self, check: Check) -> None:
        found = self.examiner.examine(check)
        self.state.figures = figures = found.figures
        best = self.examiner.keep_if_best(found.value)
        self.report(Validation(figures.step, figures.statistics, figures.metrics, figures.identity, best))
        for noticed in self.state.health.after_validation(best, found.results, found.targets):
            self._warn(*noticed)

    def draw(self) -> bool:
        """Draw the held-out pictures; False if that was cut short."""
        return self._in_first(lambda check: self.report(Sample(self.state.step, self.examiner.draw(check))))

    def _in_first(self, work: Callable[[Check], None]) -> bool:
        """Let the first process work, all others wait; False if it was called away."""
        is_done = True
        if self.world.is_first:
            try:
                work(self.orders.check)
            except Cancelled:
                is_done = False
        return self.world.share(is_done)

    def save(self) -> bool:
        """Write a checkpoint and the model that belongs to it, unless this step has them. Raises CheckpointError."""
        self._tell_news()
        if self.saved_at == self.state.step:
            return True
        rng = self.world.gather(random_state())
        self.saved_at = self.state.step
        if not self.world.is_first:
            return True
        self.examiner.write_model("latest")  # first: a run killed between the two writes it again
        self.learner.keep_scalers()
        events = self.run / EVENTS
        told_bytes = events.stat().st_size if events.exists() else 0
        path = save_checkpoint(self.run / CHECKPOINTS, self.state, self.config.to_json(), self.pictures, rng, told_bytes)
        self.report(Checkpointed(self.state.step, path.relative_to(self.run).as_posix()))
        if self.config.csv and told_bytes:
            with writing("The tables", self.run):
                write_tables(self.run)
        return True

    def obey(self) -> bool:
        """Do what was ordered since the last step; True if the run is to stop."""
        return self.orders.are_to_stop(self.save)

    def _preview(self) -> Made:
        files = self.examiner.draw(no_check)
        self.report(Sample(self.state.step, files))
        return files[0], f"Drew the held-out pictures at step {self.state.step}."

    def _snapshot(self) -> Made:
        return self.examiner.write_model(f"step-{self.state.step:08d}"), f"Saved the model of step {self.state.step}."

    def _tell_news(self) -> None:
        """Say what is new, once in a run: what each process has met, in the order of their ranks."""
        for code, sentence in [item for news in self.world.gather(self.news) for item in news]:
            if sentence not in self.state.told:
                self.state.told[sentence] = code
                self._warn(code, sentence)
        self.news = []

    def _warn(self, code: str, sentence: str) -> None:
        self.report(Warned(self.state.step, code, sentence))

    def end(self) -> Finished | Stopped:
        self.save()
        step, model = self.state.step, kept_model(self.run)
        left_out = sum(code == LEFT_OUT for code in self.state.told.values())
        counted = f" Pictures that could not be read were left out, {left_out}." if left_out else ""
        event: Finished | Stopped
        if not self.is_done:
            event = Stopped(step, f"Stopped after step {step} of {self.steps}; everything is saved.{counted}", model)
        elif step < self.steps:
            measured = self.state.health.since_best
            event = Finished(step, f"Done after step {step}: {measured} measurements brought nothing better.{counted}", model)
        else:
            event = Finished(step, f"All {step} steps are done.{counted}", model)
        self.report(event)
        return event

    @property
    def is_behind(self) -> bool:
        """Whether something of this step was cut short, and comes before the next step."""
        return bool(self.state.due)

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self._is_over and not self.state.due

    @property
    def _is_over(self) -> bool:
        """Whether all steps are done, or the run has come to where it gets no better."""
        patience = self.config.early_stop
        return self.state.step >= self.steps or (patience > 0 and self.state.health.since_best >= patience)


def _say_nothing(_: Event) -> None:
    """The first process reports for all."""
