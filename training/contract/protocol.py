"""What trainer and parents say to each other: events as JSON lines, orders as files, a lock (design 3.4).

Readers skip lines that they do not understand, so that later versions may say more.
"""

import contextlib
import json
import os
import socket
import time
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

PROTOCOL_VERSION = 1
HEARTBEAT_SECONDS = 5.0
DEAD_AFTER_SECONDS = 60.0
"""A lock whose heartbeat is older belongs to a trainer that died or lost its disk."""

EVENTS, LOCK, ORDERS, LOG = "events.jsonl", "lock", "orders", "trainer.log"
CHECKPOINTS, SAMPLES, MODELS, CONFIG = "checkpoints", "samples", "models", "run.json"

OrderName = Literal["stop", "pause", "resume", "preview", "snapshot"]
ORDER_NAMES: tuple[OrderName, ...] = ("stop", "pause", "resume", "preview", "snapshot")


@dataclass(frozen=True, slots=True)
class Started:
    type: ClassVar = "started"
    task: str
    device: str
    steps: int
    step: int
    """The step that the run stands at: 0, or where it is resumed."""
    pairs: dict[str, int]
    parameters: dict[str, int]


@dataclass(frozen=True, slots=True)
class Step:
    type: ClassVar = "step"
    step: int
    epoch: int
    losses: dict[str, float]
    """`g_gan` and `g_l1` times their lambda, `d_real` and `d_fake` unhalved."""
    lr: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Validation:
    type: ClassVar = "validation"
    step: int
    statistics: str
    metrics: dict[str, float]
    identity: dict[str, float]
    best: bool


@dataclass(frozen=True, slots=True)
class Sample:
    type: ClassVar = "sample"
    step: int
    files: list[str]
    """Relative to the run folder."""


@dataclass(frozen=True, slots=True)
class Checkpointed:
    type: ClassVar = "checkpoint"
    step: int
    file: str


@dataclass(frozen=True, slots=True)
class Warned:
    type: ClassVar = "warning"
    step: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Answered:
    type: ClassVar = "answered"
    order: str
    id: str
    ok: bool
    file: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    type: ClassVar = "progress"
    done: int
    total: int
    what: str


@dataclass(frozen=True, slots=True)
class Result:
    type: ClassVar = "result"
    data: dict[str, Any] = field(default_factory=dict)  # Any: JSON, by mode


@dataclass(frozen=True, slots=True)
class Finished:
    type: ClassVar = "finished"
    step: int
    message: str
    model: str | None


@dataclass(frozen=True, slots=True)
class Stopped:
    type: ClassVar = "stopped"
    step: int
    message: str
    model: str | None


@dataclass(frozen=True, slots=True)
class Failed:
    type: ClassVar = "failed"
    step: int
    message: str
    model: str | None


Event = Started | Step | Validation | Sample | Checkpointed | Warned | Answered | Progress | Result | Finished | Stopped | Failed
EVENT_TYPES: dict[str, type[Event]] = {
    cls.type: cls
    for cls in (
        Started,
        Step,
        Validation,
        Sample,
        Checkpointed,
        Warned,
        Answered,
        Progress,
        Result,
        Finished,
        Stopped,
        Failed,
    )
}
LAST_EVENTS = (Finished, Stopped, Failed)


def event_line(event: Event, seconds: float) -> str:
    """Give the JSON line of an event that happened at `seconds` (Unix time), with its line end."""
    data = {"v": PROTOCOL_VERSION, "t": round(seconds, 3), "type": event.type} | asdict(event)
    return json.dumps(data, ensure_ascii=False) + "\n"


def parse_event(line: str) -> Event | None:
    """Read a line. None for what is no event that this version understands, never an exception."""
    try:
        data = json.loads(line)
        cls = EVENT_TYPES[data["type"]]
        return cls(**{name: data[name] for name in cls.__dataclass_fields__})
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class Order:
    id: str
    name: OrderName


def write_order(run: Path, name: OrderName) -> str:
    """Leave an order in the run's folder, whole or not at all, and give its id. Raises OSError."""
    folder = run / ORDERS
    folder.mkdir(exist_ok=True)
    order_id = f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}"  # sorts by time
    temporary = folder / f".{order_id}.part"
    temporary.write_text(json.dumps({"order": name}), encoding="utf-8")
    temporary.replace(folder / f"{order_id}.json")
    return order_id


def take_orders(run: Path) -> list[Order]:
    """Remove and give the orders that wait, oldest first. What is no order is removed and left out."""
    orders = []
    with contextlib.suppress(FileNotFoundError):
        names = [entry.name for entry in os.scandir(run / ORDERS) if entry.name.endswith(".json")]
        for name in sorted(names):
            path = run / ORDERS / name
            with contextlib.suppress(ValueError, KeyError, TypeError, OSError):
                wanted = json.loads(path.read_text(encoding="utf-8"))["order"]
                if wanted in ORDER_NAMES:
                    orders.append(Order(path.stem, wanted))
            path.unlink(missing_ok=True)
    return orders


@dataclass(frozen=True, slots=True)
class Lock:
    """Who works on a run. `started` and `heartbeat` are Unix seconds; `started` is the process's own start where it is known."""

    pid: int
    host: str
    started: float
    heartbeat: float

    @property
    def alive(self) -> bool:
        if time.time() - self.heartbeat > DEAD_AFTER_SECONDS:
            return False
        if self.host != socket.gethostname():
            return True
        known, started = process_started(self.pid)
        return not known or (started is not None and abs(started - self.started) < 2.0)  # clocks of /proc round


def process_started(pid: int) -> tuple[bool, float | None]:
    """(known, start time in Unix seconds or None where no such process runs). Not known where psutil is not installed."""
    try:
        import psutil
    except ImportError:  # the trainer needs it on no machine; heartbeats then decide alone
        return False, None
    try:
        return True, psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return True, None
    except psutil.AccessDenied:
        return False, None


def own_lock() -> Lock:
    known, started = process_started(os.getpid())
    now = time.time()
    return Lock(os.getpid(), socket.gethostname(), started if known and started else now, now)


def read_lock(run: Path) -> Lock | None:
    """Who holds the run: None where nobody ever did, or where the file cannot be read."""
    try:
        data = json.loads((run / LOCK).read_text(encoding="utf-8"))
        return Lock(int(data["pid"]), str(data["host"]), float(data["started"]), float(data["heartbeat"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_lock(run: Path, lock: Lock) -> None:
    temporary = run / f".{LOCK}.{lock.pid}.part"
    temporary.write_text(json.dumps(asdict(lock)), encoding="utf-8")
    temporary.replace(run / LOCK)
