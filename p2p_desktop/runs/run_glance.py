"""What a list shows of a run, read fast: a run of 100,000 steps in some hundredths of a second, and later only what is new."""

import os
import time
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from p2p_desktop.runs.event_file import EventFile
from p2p_desktop.runs.run_process import HELD, Standing, standing
from p2p_desktop.runs.run_state import RunState
from training.contract.errors import ConfigError
from training.contract.protocol import CHECKPOINTS, CONFIG, EVENTS, Validation, read_lock

if TYPE_CHECKING:  # OpenCV; the window does not wait for it
    from training.contract.config import TrainConfig


@dataclass(frozen=True, slots=True)
class BestResult:
    """The best measurement on held-out pictures, by the metric that the task goes by."""

    step: int
    metric: str
    value: float
    nothing: float
    """The same of doing nothing."""


@dataclass(frozen=True, slots=True)
class RunGlance:
    """One run at one moment."""

    folder: Path
    name: str
    task: str
    """"" where that cannot be read."""
    standing: Standing
    step: int = 0
    steps: int = 0
    """In all; 0 where that is not known."""
    best: BestResult | None = None
    """None until it was measured."""
    picture: Path | None = None
    """Input, result and target of a held-out picture, drawn last."""
    changed: float = 0.0
    """Unix seconds of the last event, else of the request."""
    device: str = ""
    """Where it is trained, or was; as the request says until the trainer has chosen."""
    host: str = ""
    """The computer that has it now; "" while nobody does."""
    problem: str = ""
    """What is wrong with its folder, as a sentence."""
    started: float | None = None
    """Unix seconds, when its last trainer began; None where none has told that."""

    @property
    def is_held(self) -> bool:
        """Whether a process has the run."""
        return self.standing in HELD


class RunGlancer:
    """Looks at one run again and again, and reads what is new."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._events = EventFile(run, every_step=False)
        self._state = RunState()
        self._seen: object = None
        self._request: object = None
        self._config: TrainConfig | None = None
        self._problem = ""

    def look(self) -> RunGlance:
        """Whatever is wrong with the folder becomes a sentence."""
        self._read_request()
        problem = self._problem
        lock = read_lock(self._run)  # before the events: once it is gone, they are complete
        try:
            self._read_events()
        except OSError as error:
            problem = problem or f"What the run told cannot be read: {error.strerror or error}."
        state, config = self._state, self._config
        how = standing(state, lock, time.time())
        return RunGlance(
            self._run,
            (config.name if config else "") or self._run.name,
            config.task if config else state.started.task if state.started else "",
            how,
            state.step,
            state.steps or (config.steps if config and not config.epochs else 0),
            best_result(state),
            self._picture(),
            self._changed(),
            state.started.device if state.started else config.device if config else "",
            lock.host if lock is not None and how in HELD else "",
            problem,
            state.started_seconds,
        )

    def _read_request(self) -> None:
        from training.contract.config import TrainConfig

        path = self._run / CONFIG
        seen = _signature(path)
        if seen == self._request and seen is not None:
            return
        self._request, self._config = seen, None
        try:
            self._config = TrainConfig.from_json(path.read_text(encoding="utf-8-sig"))
            self._problem = ""
        except FileNotFoundError:
            self._problem = f"Its {CONFIG} is missing, so it cannot go on. Its models and pictures are still in its folder."
        except (OSError, UnicodeDecodeError) as error:
            self._problem = f"Its {CONFIG} cannot be read: {getattr(error, 'strerror', None) or error}."
        except ConfigError as error:
            self._problem = f"Its {CONFIG} cannot be used. {error}"

    def _read_events(self) -> None:
        seen = _signature(self._run / EVENTS)
        if seen == self._seen and seen is not None:
            return
        while True:
            news = self._events.read()
            if news.begins_anew:
                self._state.forget()
            for event, seconds in news.events:
                self._state.take(event, seconds)
            if news.is_all:
                break
        self._seen = seen

    def _picture(self) -> Path | None:
        for sample in reversed(self._state.samples):
            for name in sample.files[:1]:
                path = self._run / name
                is_inside = ".." not in PurePath(name).parts and not PurePath(name).is_absolute()
                if is_inside and os.path.isfile(path):  # noqa: PTH113  # Path.is_file raises where one may not look
                    return path
        return None

    def _changed(self) -> float:
        if self._state.last_seconds is not None:
            return self._state.last_seconds
        for path in (self._run / CONFIG, self._run):
            try:
                return path.stat().st_mtime
            except OSError:
                continue
        return 0.0


def best_result(state: RunState) -> BestResult | None:
    """The best measurement that a run has told."""
    best = state.best
    metric = deciding_metric(state, best) if best is not None else ""
    if best is None or metric not in best.metrics:
        return None
    return BestResult(best.step, metric, best.metrics[metric], best.identity.get(metric, best.metrics[metric]))


def deciding_metric(state: RunState, told: Validation) -> str:
    """The metric that says which model is best: the task's; for a task of a later version the first that was told."""
    from training.contract.tasks import TASKS

    task = TASKS.get(state.started.task) if state.started is not None else None
    return task.best_by if task is not None else next(iter(told.metrics), "")


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run, or what is left of one."""
    return any((folder / name).exists() for name in (CONFIG, EVENTS, CHECKPOINTS))


def _signature(path: Path) -> object:
    """Changes with the file; None where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116  # a tenth of the time of Path.stat, a thousand times
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino
