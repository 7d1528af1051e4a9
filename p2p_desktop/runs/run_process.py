"""Whether somebody trains a run at this moment, and what can be said of one that nobody trains."""

from pathlib import Path
from typing import Literal

from p2p_desktop.runs.run_state import RunState
from training.contract.protocol import Failed, Finished, Lock, Stopped, read_lock

Standing = Literal["training", "paused", "silent", "finished", "stopped", "failed", "died", "new"]
"""`silent`: a process holds the run and has not renewed its lock lately: it hangs, was halted, or lost its disk. `died`: nobody
trains it, and its last process did not say goodbye. `new`: nothing was ever trained."""

SILENT_AFTER_S = 20.0
"""Four heartbeats missed."""


HELD: frozenset[Standing] = frozenset({"training", "paused", "silent"})
"""While a process has the run."""


def standing(state: RunState, lock: Lock | None, now: float, silent_after_s: float = SILENT_AFTER_S) -> Standing:
    """How a run stands, by what it told and by its lock. `now`: Unix time."""
    if lock is not None and lock.alive:
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


def is_held(run: Path) -> bool:
    """Whether a living process trains the run."""
    lock = read_lock(run)
    return lock is not None and lock.alive
