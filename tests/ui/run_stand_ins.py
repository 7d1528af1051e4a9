"""What a run's page watches and orders, without threads and trainers: the state is folded from real events, orders are kept."""

import json
import shutil
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QImage

from p2p_desktop.runs.run_state import RunState
from training.contract.protocol import EVENTS, Answered, Sample, parse_event

RECORDED = Path(__file__).parents[1] / "data" / "run"
SIDE = 24  # pixels of each drawn picture


def events_of(file: Path):
    """The events of a recorded run, each with its time."""
    lines = [line for line in file.read_text().splitlines() if line]
    return [(event, json.loads(line)["t"]) for line in lines if (event := parse_event(line)) is not None]


def result_colour(step: int, number: int = 0) -> QColor:
    """What the result of a step is drawn in, so that a picture on the screen says where it is from."""
    return QColor((step * 7) % 256, 200 - number * 60, 90)


def draw_strip(path: Path, step: int, number: int = 0) -> Path:
    """Input, result and target, each of one colour."""
    strip = QImage(3 * SIDE, SIDE, QImage.Format.Format_RGB32)
    for place, colour in enumerate((QColor("red"), result_colour(step, number), QColor("blue"))):
        for x in range(SIDE):
            for y in range(SIDE):
                strip.setPixelColor(place * SIDE + x, y, colour)
    path.parent.mkdir(parents=True, exist_ok=True)
    assert strip.save(str(path))
    return path


def recorded_run(folder: Path, file: str = EVENTS) -> tuple[Path, RunState]:
    """A copy of the recorded run with pictures for its samples, and the state that its events make."""
    shutil.copytree(RECORDED, folder)
    state = RunState()
    for event, seconds in events_of(RECORDED / file):
        state.take(event, seconds)
        if isinstance(event, Sample):
            for number, name in enumerate(event.files):
                draw_strip(folder / name, event.step, number)
    return folder, state


class Follower(QObject):
    """As workers.run_follower.RunFollower, but for its threads."""

    changed = Signal()
    begun_anew = Signal()
    failed = Signal(str)

    def __init__(self, run: Path, state: RunState, standing: str) -> None:
        super().__init__()
        self.run, self.state, self.standing, self.times_followed = run, state, standing, 0
        self.last_words, self.lock_seconds_old, self.is_caught_up, self.memory_bytes, self.problem = "", None, True, None, ""

    def follow(self, run: Path, state: RunState, standing: str) -> None:
        """Another run from now on; nothing is told yet."""
        self.run, self.state, self.standing = run, state, standing
        self.last_words, self.lock_seconds_old, self.is_caught_up, self.memory_bytes, self.problem = "", None, True, None, ""
        self.times_followed += 1

    def take(self, event, seconds: float | None = None, standing: str | None = None) -> None:
        self.state.take(event, seconds or (self.state.last_seconds or 0) + 1)
        self.standing = standing or self.standing
        self.changed.emit()


class Control(QObject):
    """As workers.run_control.RunControl, but nobody hears the orders until `answer`."""

    answered = Signal(object)
    waiting_changed = Signal()
    failed = Signal(Path, str)

    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[str, str] = {}
        self.begun: set[Path] = set()
        self.was_ended = False

    def order(self, name: str) -> None:
        self.waiting[f"order-{len(self.waiting)}-{name}"] = name
        self.waiting_changed.emit()

    def is_starting(self, run: Path) -> bool:
        return run in self.begun

    def end_trainer(self) -> None:
        self.was_ended = True

    def answer(self, name: str, *, ok: bool = True, file: str | None = None, message: str = "") -> Answered:
        key = next(key for key, waiting in self.waiting.items() if waiting == name)
        del self.waiting[key]
        told = Answered(name, key, ok, file, message)
        self.waiting_changed.emit()
        self.answered.emit(told)
        return told
