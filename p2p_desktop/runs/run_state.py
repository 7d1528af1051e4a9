"""What a run has told so far, folded together: the curves, the measurements, the pictures, how it stands."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from training.contract.protocol import (
    Answered,
    Checkpointed,
    Event,
    Failed,
    Finished,
    Sample,
    Started,
    Step,
    Stopped,
    Validation,
    Warned,
)

LossName = Literal["g_l1", "g_gan", "d_real", "d_fake"]
LOSS_NAMES: tuple[LossName, ...] = ("g_l1", "g_gan", "d_real", "d_fake")
"""In the order in which they are drawn and named everywhere."""

_RECENT = 50  # steps that say how fast a run is
_IDLE_S = 60.0  # a longer pause between two steps was no step: the computer slept, or the run was stopped


@dataclass(slots=True)
class Losses:
    """The loss curves: a number for each step, in compact memory. `steps` rises strictly."""

    steps: "array[int]" = field(default_factory=lambda: array("q"))
    values: "dict[LossName, array[float]]" = field(default_factory=lambda: {name: array("f") for name in LOSS_NAMES})

    def add(self, step: Step) -> None:
        """Append one step; one that is not beyond the last is left out."""
        if self.steps and step.step <= self.steps[-1]:
            return
        self.steps.append(step.step)
        for name, values in self.values.items():
            values.append(step.losses.get(name, 0.0))

    def __len__(self) -> int:
        return len(self.steps)


@dataclass(slots=True)
class RunState:
    """Everything that the events of one run say. `take` them in order; `forget` all when the file was cut short."""

    started: Started | None = None
    step: int = 0
    losses: Losses = field(default_factory=Losses)
    learning_rate: float | None = None
    validations: list[Validation] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    checkpoint: Checkpointed | None = None
    warnings: list[Warned] = field(default_factory=list)
    answers: dict[str, Answered] = field(default_factory=dict)
    """By the id of the order."""
    ending: Finished | Stopped | Failed | None = None
    """The last event of a process; None while one may be running, and where one was killed."""
    is_paused: bool = False
    first_seconds: float | None = None
    """Unix time of the first event."""
    last_seconds: float | None = None
    """Unix time of the latest event."""
    started_seconds: float | None = None
    """Unix time at which the latest process said that it begins."""
    _recent: list[tuple[int, float]] = field(default_factory=list)
    """(step, Unix time) of the latest steps since the process started or was paused."""

    def take(self, event: Event, seconds: float) -> None:
        """Add an event that happened at `seconds` (Unix time)."""
        self.first_seconds = seconds if self.first_seconds is None else self.first_seconds
        self.last_seconds = seconds
        match event:
            case Started():
                self.started, self.ending, self.is_paused = event, None, False
                self.started_seconds = seconds
                self.step = max(self.step, event.step)
                self._recent.clear()
            case Step():
                self._take_step(event, seconds)
            case Validation():
                self.validations.append(event)
            case Sample():
                self.samples = [sample for sample in self.samples if sample.step != event.step] + [event]
            case Checkpointed():
                self.checkpoint = event
            case Warned():
                self.warnings.append(event)
            case Answered():
                self._take_answer(event)
            case Finished() | Stopped() | Failed():
                self.ending, self.is_paused = event, False

    def forget(self) -> None:
        """Begin anew: the file of events became shorter, and is read from its start."""
        self.become(RunState())

    def become(self, other: "RunState") -> None:
        """Hold what `other` holds, which is given up."""
        for name in self.__slots__:
            setattr(self, name, getattr(other, name))

    @property
    def steps(self) -> int:
        """Steps in all; 0 until the run has said so."""
        return self.started.steps if self.started is not None else 0

    @property
    def best(self) -> Validation | None:
        """The measurement of the best model so far."""
        return next((found for found in reversed(self.validations) if found.best), None)

    @property
    def steps_per_second(self) -> float | None:
        """How fast it goes lately, pauses left out; None until two steps were told."""
        between = [
            (later[0] - earlier[0], later[1] - earlier[1])
            for earlier, later in zip(self._recent, self._recent[1:], strict=False)
            if later[1] - earlier[1] < _IDLE_S
        ]
        seconds = sum(took for _, took in between)
        return sum(made for made, _ in between) / seconds if seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """At the speed of lately; None where that is not known."""
        speed = self.steps_per_second
        return max(0, self.steps - self.step) / speed if speed and self.steps else None

    def sample_at(self, step: int) -> Sample | None:
        """The pictures that show the run at that step: the latest drawn by then, else the first."""
        drawn = [sample for sample in self.samples if sample.step <= step]
        return drawn[-1] if drawn else next(iter(self.samples), None)

    def _take_step(self, event: Step, seconds: float) -> None:
        self.step, self.learning_rate = event.step, event.lr
        self.losses.add(event)
        self._recent.append((event.step, seconds))
        del self._recent[:-_RECENT]

    def _take_answer(self, event: Answered) -> None:
        self.answers[event.id] = event
        if event.ok and event.order in ("pause", "resume"):
            self.is_paused = event.order == "pause"
            self._recent.clear()


def fold(events: Sequence[tuple[Event, float]]) -> RunState:
    """The state that a run is in after these events, each with its Unix time."""
    state = RunState()
    for event, seconds in events:
        state.take(event, seconds)
    return state
