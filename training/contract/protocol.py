"""What trainer and parents say to each other: events as JSON lines, orders as files, a lock (design 3.4).

Readers skip lines that they do not understand, so that later versions may say more.
"""

import contextlib
import json
import os
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from math import isfinite
from pathlib import Path
from typing import Any, ClassVar, Literal

PROTOCOL_VERSION = 1
HEARTBEAT_SECONDS = 5.0
DEAD_AFTER_SECONDS = 60.0
"""A lock whose heartbeat is older belongs to a trainer that died or lost its disk."""

EVENTS, LOCK, ORDERS, LOG = "events.jsonl", "lock", "orders", "trainer.log"
CHECKPOINTS, SAMPLES, MODELS, CONFIG = "checkpoints", "samples", "models", "run.json"

TRAINED_ON_LEFT_OUT = "trained_on_left_out"
"""Code of a warning that is no finding: figures would have been too good, and are not."""

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
    """Give the JSON line of an event that happened at `seconds` (Unix time), with its line end.

    ASCII, so that it reads the same in every encoding and file names that are no Unicode survive.
    """
    data = {"v": PROTOCOL_VERSION, "t": round(seconds, 3), "type": event.type} | asdict(event)
    return json.dumps(data, allow_nan=False) + "\n"


def parse_event(line: str) -> Event | None:
    """Read a line. None for what is no event that this version understands, never an exception."""
    try:
        return _event_of(json.loads(line))
    except (ValueError, RecursionError):
        return None


def parse_line(line: str) -> tuple[Event, float] | None:
    """Read a line of a run's folder: the event, and when it happened in Unix seconds. None as for `parse_event`."""
    try:
        data = json.loads(line)
        event, seconds = _event_of(data), data["t"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return (event, float(seconds)) if event is not None and _is_number(seconds) else None


def _event_of(data: Any) -> Event | None:  # Any: JSON
    try:
        cls = EVENT_TYPES[data["type"]]
        values = {name: data[name] for name in _FIELDS[cls]}
    except (KeyError, TypeError):
        return None
    return cls(**values) if all(fits(values[name]) for name, fits in _FIELDS[cls].items()) else None


def _is_whole(value: object) -> bool:
    return type(value) is int and abs(value) < 1 << 63


def _is_number(value: object) -> bool:
    """Python's JSON has NaN, 1e999 and whole numbers beyond all others."""
    return (isinstance(value, float) and isfinite(value)) or _is_whole(value)


def _is_text(value: object) -> bool:
    return type(value) is str


def _are(inner: Callable[[object], bool]) -> Callable[[object], bool]:
    def fits(value: object) -> bool:
        return isinstance(value, dict) and all(map(inner, value.values()))

    return fits


_FITTING: dict[Any, Callable[[object], bool]] = {  # Any: types, and special forms of them
    int: _is_whole,
    float: _is_number,
    str: _is_text,
    bool: lambda value: type(value) is bool,
    str | None: lambda value: value is None or type(value) is str,
    list[str]: lambda value: isinstance(value, list) and all(map(_is_text, value)),
    dict[str, int]: _are(_is_whole),
    dict[str, float]: _are(_is_number),
    dict[str, Any]: lambda value: isinstance(value, dict),
}
_FIELDS = {cls: {item.name: _FITTING[item.type] for item in fields(cls)} for cls in EVENT_TYPES.values()}
"""What may stand in each field of each event: whoever reads a damaged file must not meet a text where a number should be."""


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
    for path in waiting_orders(run):
        wanted: object = None
        with contextlib.suppress(ValueError, KeyError, TypeError, OSError, RecursionError):
            wanted = json.loads(path.read_text(encoding="utf-8"))["order"]
        with contextlib.suppress(OSError):  # what cannot be removed is not obeyed: it would be again at every step
            path.unlink()
            orders += [Order(path.stem, name) for name in ORDER_NAMES if name == wanted]
    return orders


def waiting_orders(run: Path) -> list[Path]:
    """The files that wait in the run's folder of orders, oldest first."""
    try:
        with os.scandir(run / ORDERS) as entries:
            return [Path(entry.path) for entry in sorted(filter(_is_order, entries), key=_age)]
    except FileNotFoundError:
        return []


def _age(entry: "os.DirEntry[str]") -> tuple[int, str]:
    """Sorts the oldest first; whoever writes orders may name them as they like."""
    try:
        return entry.stat().st_mtime_ns, entry.name
    except OSError:  # another process has taken it
        return 0, entry.name


def _is_order(entry: "os.DirEntry[str]") -> bool:
    return entry.name.endswith(".json") and entry.is_file()


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
    """(known, start time in Unix seconds or None where no such process runs). Known in full only where psutil is installed."""
    try:
        import psutil
    except ImportError:  # the trainer needs it on no machine
        return _is_gone(pid), None
    try:
        process = psutil.Process(pid)
        # A killed process whose parent has not asked for its end yet works no more.
        return True, None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return True, None
    except psutil.AccessDenied:
        return False, None


def _is_gone(pid: int) -> bool:
    """Whether the system says that there is no such process. On Windows it is not asked: there `os.kill` ends the process."""
    if os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def own_lock() -> Lock:
    known, started = process_started(os.getpid())
    now = time.time()
    return Lock(os.getpid(), socket.gethostname(), started if known and started else now, now)


def read_lock(run: Path) -> Lock | None:
    """Who holds the run: None where nobody ever did, or where the file cannot be read."""
    try:
        data = json.loads((run / LOCK).read_text(encoding="utf-8"))
        lock = Lock(int(data["pid"]), str(data["host"]), float(data["started"]), float(data["heartbeat"]))
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    return lock if 0 < lock.pid < 1 << 31 and isfinite(lock.started) and isfinite(lock.heartbeat) else None


def write_lock(run: Path, lock: Lock) -> None:
    """Replace the lock, whoever holds it. Raises OSError."""
    temporary = run / f".{LOCK}.{lock.pid}.part"
    try:
        temporary.write_text(json.dumps(asdict(lock)), encoding="utf-8")
        temporary.replace(run / LOCK)
    except OSError:  # a full disk must not be made fuller
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
