"""Whether somebody trains a run at this moment, what can be said of one that nobody trains, and the end of one that hangs."""

import socket
from pathlib import Path
from typing import Literal

import psutil

from p2p_desktop.runs.run_folder import TrainerError
from p2p_desktop.runs.run_state import RunState
from training.contract.protocol import Failed, Finished, Lock, Stopped, read_lock

Standing = Literal["training", "paused", "silent", "finished", "stopped", "failed", "died", "new"]
"""`silent`: a process has the run and has not renewed its lock lately: it hangs, was halted, or lost its disk. `died`: nobody
trains it, and its last process did not say goodbye. `new`: nothing was ever trained."""

SILENT_AFTER_S = 20.0
"""Four heartbeats missed."""

_SAME_START_S = 2.0  # two readings of one process's start lie closer than this


HELD: frozenset[Standing] = frozenset({"training", "paused", "silent"})
"""While a process has the run."""


def standing(state: RunState, lock: Lock | None, now: float, silent_after_s: float = SILENT_AFTER_S) -> Standing:
    """How a run stands, by what it told and by its lock. `now`: Unix time."""
    if lock is not None and has_trainer(lock):
        if now - lock.heartbeat > silent_after_s:
            return "silent"
        return "paused" if state.is_paused else "training"
    match state.ending:
        case Finished():
            return "finished"
        case Stopped():
            return "stopped"
        case Failed():
            return "failed"
    return "new" if state.started is None else "died"


def has_trainer(lock: Lock) -> bool:
    """Whether the process of a lock works, or could: one of this computer that is halted is there however long it says nothing."""
    return lock.alive or _process_of(lock) is not None


def is_held(run: Path) -> bool:
    """Whether a living process trains the run."""
    lock = read_lock(run)
    return lock is not None and lock.alive


def refuse_if_held(run: Path) -> None:
    """Raises TrainerError where a living process trains the run, and says which."""
    lock = read_lock(run)
    if lock is not None and lock.alive:
        raise TrainerError(f"This run is being trained already, by process {lock.pid} on {lock.host}. Stop that one first.")


def memory_of(lock: Lock) -> int | None:
    """Bytes of memory that a trainer takes up, with the processes that read pictures for it.

    None where that cannot be told: it runs on another computer, or has gone.
    """
    trainer = _process_of(lock)
    if trainer is None:
        return None
    try:
        return sum(int(process.memory_info().rss) for process in (trainer, *trainer.children(recursive=True)))
    except psutil.Error:
        return None


def end_trainer(run: Path) -> bool:
    """Kill the process that has, or had, the run and does not answer; what it saved last is kept. False if there is none.

    Raises TrainerError for one of another computer, and where the system does not let us.
    """
    lock = read_lock(run)
    if lock is None:
        return False
    if lock.host != socket.gethostname():
        raise TrainerError(f"This run is trained on {lock.host}. End its trainer there.")
    process = _process_of(lock)
    if process is None:
        return False
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied as error:
        raise TrainerError(f"The trainer, process {lock.pid}, cannot be ended: it belongs to another user.") from error
    return True


def _process_of(lock: Lock) -> psutil.Process | None:
    """The process that took the lock, if it is one of this computer and still there."""
    if lock.host != socket.gethostname():
        return None
    try:
        process = psutil.Process(lock.pid)
        is_it = abs(process.create_time() - lock.started) <= _SAME_START_S and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return None
    return process if is_it else None  # its number may be another's by now
