"""What a training will take on this computer: measured by the trainer with real steps, one request after the other."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QDeadlineTimer, QObject, QTimer, Signal

from p2p_desktop.workers.trainer_run import TrainerRun
from training.contract.config import TrainConfig

_REST_MS = 700  # after the last change: a number is typed digit by digit
_NO_MATTER = frozenset(
    {
        "preset",
        "steps",
        "epochs",
        "early_stop",
        "validate_every",
        "sample_every",
        "checkpoint_every",
        "validation_pairs",
        "csv",
        "half_weights",
        "licence",
        "name",
        "seed",
        "lambda_l1",
        "learning_rate",
        "learning_rate_d",
        "beta1",
        "beta2",
        "constant",
        "init",
        "direction",
    }
)
"""Settings on which a step's time and memory do not depend."""
_BYTES = 4  # of a number in a checkpoint
_HALF_BYTES = 2
_PER_WEIGHT = 3  # the weight, and Adam's two means of it
_CHECKPOINTS, _MODELS = 2, 2  # the last and the one before; latest and best


@dataclass(frozen=True, slots=True)
class Estimate:
    """Measured, not guessed."""

    seconds_per_step: float
    memory_bytes: int
    """Of the device where it has memory of its own, of the trainer's process otherwise."""
    device: str
    num_train: int
    num_held_out: int
    parameters: dict[str, int]
    """Of the generator g and the discriminator d; empty where the trainer does not tell."""
    num_steps: int
    """Real steps that were taken for it."""

    def steps(self, config: TrainConfig) -> int:
        return config.num_steps(self.num_train)

    def seconds(self, config: TrainConfig) -> float:
        """Of the whole run, without measurements."""
        return self.seconds_per_step * self.steps(config)

    def disk_bytes(self, config: TrainConfig) -> int | None:
        """Checkpoints and models of the run, which its pictures come on top of; None where it cannot be told."""
        if not self.parameters:
            return None
        weights, all_weights = self.parameters.get("g", 0), sum(self.parameters.values())
        checkpoint = _BYTES * (_PER_WEIGHT * all_weights + (weights if config.ema else 0))
        return _CHECKPOINTS * checkpoint + _MODELS * weights * (_HALF_BYTES if config.half_weights else _BYTES)


class Estimates(QObject):
    """The config that is wanted first, then others, while nobody changes anything."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: dict[str, Estimate] = {}
        self._problems: dict[str, str] = {}
        self._wanted: list[tuple[str, TrainConfig]] = []
        self._asked = ""  # what is being measured
        self._steps = (0, 0)
        self._run = TrainerRun(self)
        self._run.progressed.connect(self._on_progressed)
        self._run.finished.connect(self._on_finished)
        self._run.failed.connect(self._on_failed)
        self._run.cancelled.connect(self._on_cancelled)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REST_MS)
        self._timer.timeout.connect(self._ask_next)

    def want(self, configs: Sequence[TrainConfig]) -> None:
        """Measure these in this order, a moment later; what is wanted no more is given up."""
        self._wanted = [(_key(config), config) for config in configs]
        waiting = [key for key, _ in self._wanted if key not in self._known and key not in self._problems]
        if self._run.is_running and self._asked != next(iter(waiting), ""):
            self._run.cancel()
        self._timer.start()

    def known(self, config: TrainConfig) -> Estimate | None:
        return self._known.get(_key(config))

    def problem(self, config: TrainConfig) -> str:
        """Why it cannot be told, as a sentence; "" if it can, or is not known yet."""
        return self._problems.get(_key(config), "")

    def progress(self, config: TrainConfig) -> tuple[int, int] | None:
        """Steps taken, and all of them, of what is measured now; None for any other."""
        return self._steps if self._run.is_running and self._asked == _key(config) else None

    def forget_problems(self) -> None:
        """Try again what could not be told: pictures or memory may be there now."""
        self._problems.clear()

    def pause(self) -> None:
        """Measure nothing until something is wanted again."""
        self._timer.stop()
        self._wanted = []
        self._run.cancel()

    def close(self, until: QDeadlineTimer) -> None:
        self.pause()
        self._run.close(until)

    def _ask_next(self) -> None:
        if self._run.is_running or self._timer.isActive():
            return
        for key, config in self._wanted:
            if key not in self._known and key not in self._problems:
                self._asked, self._steps = key, (0, 0)
                self._run.start("estimate", config.to_dict())
                self.changed.emit()
                return

    def _on_progressed(self, done: int, total: int, _: str) -> None:
        self._steps = (done, total)
        self.changed.emit()

    def _on_finished(self, result: dict[str, Any]) -> None:  # Any: JSON
        self._known[self._asked] = Estimate(
            float(result["seconds_per_step"]),
            int(result["memory_bytes"]),
            str(result["device"]),
            int(result["pairs"]["train"]),
            int(result["pairs"]["val"]),
            {name: int(number) for name, number in result.get("parameters", {}).items()},
            self._steps[1],
        )
        self._over()

    def _on_failed(self, sentence: str) -> None:
        self._problems[self._asked] = sentence
        self._over()

    def _on_cancelled(self) -> None:
        self._over()

    def _over(self) -> None:
        self._asked = ""
        self.changed.emit()
        self._ask_next()


def _key(config: TrainConfig) -> str:
    return json.dumps({name: value for name, value in config.to_dict().items() if name not in _NO_MATTER}, sort_keys=True)
