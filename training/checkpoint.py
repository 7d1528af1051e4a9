"""Everything a run is, on disk: written atomically, the last good copy kept, read without running code from it."""

import contextlib
import os
import pickle  # for the class of its errors only
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.contract.errors import CheckpointError
from training.contract.version import __version__

FORMAT_VERSION = 1
LAST, PREVIOUS = "last.pt", "previous.pt"


@dataclass(slots=True)
class TrainingState:
    """The parts of a run that change. Modules and optimisers are loaded in place."""

    step: int
    best: float | None
    """Best held-out value so far, larger is better; None before the first measurement."""
    modules: dict[str, torch.nn.Module]
    optimizers: dict[str, torch.optim.Optimizer]


def save_checkpoint(folder: Path, state: TrainingState, config: str) -> Path:
    """Write a checkpoint and keep the one before. Raises CheckpointError if the disk does not take it."""
    folder.mkdir(parents=True, exist_ok=True)
    data = {
        "version": FORMAT_VERSION,
        "step": state.step,
        "best": state.best,
        "config": config,
        "modules": {name: module.state_dict() for name, module in state.modules.items()},
        "optimizers": {name: optimizer.state_dict() for name, optimizer in state.optimizers.items()},
        "rng": {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []},
        "threads": torch.get_num_threads(),
        "versions": versions(),
    }
    temporary = folder / ".checkpoint.part"
    try:
        with temporary.open("wb") as file:
            torch.save(data, file)
            file.flush()
            os.fsync(file.fileno())
        if (folder / LAST).exists():
            (folder / LAST).replace(folder / PREVIOUS)
        temporary.replace(folder / LAST)
    except (OSError, RuntimeError) as error:  # torch reports a short write as RuntimeError
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise CheckpointError(f"The checkpoint of step {state.step} could not be written to {folder}: {error}.") from error
    return folder / LAST


def load_checkpoint(folder: Path) -> dict[str, Any] | None:  # Any: tensors and plain values, see save_checkpoint
    """Read the newest checkpoint that is whole; None where there is none at all.

    Raises CheckpointError if there are only damaged ones, or one of a newer version.
    """
    found = [folder / name for name in (LAST, PREVIOUS) if (folder / name).exists()]
    for path in found:
        try:
            data = torch.load(path, map_location="cpu", weights_only=True)
            version = data["version"]
        except (OSError, RuntimeError, ValueError, KeyError, TypeError, EOFError, pickle.UnpicklingError):
            continue
        if version > FORMAT_VERSION:
            raise CheckpointError(f"{path} was written by a newer version of this program. Update the program to continue it.")
        if isinstance(data, dict):
            return data
    if found:
        raise CheckpointError(f"Both checkpoints in {folder} are damaged. Start the run anew in another folder.")
    return None


def restore(state: TrainingState, data: Mapping[str, Any]) -> list[str]:  # Any: as above
    """Put a checkpoint into the modules and optimisers, restore random numbers and threads, and give warnings."""
    try:
        for name, module in state.modules.items():
            module.load_state_dict(data["modules"][name])
        for name, optimizer in state.optimizers.items():
            optimizer.load_state_dict(data["optimizers"][name])
        state.step, state.best = data["step"], data["best"]
        torch.set_rng_state(data["rng"]["cpu"])
        if data["rng"]["cuda"] and torch.cuda.device_count() == len(data["rng"]["cuda"]):
            torch.cuda.set_rng_state_all(data["rng"]["cuda"])
    except (KeyError, RuntimeError, ValueError, TypeError) as error:
        raise CheckpointError("The checkpoint does not fit the networks of this configuration.") from error
    warnings = []
    if data["threads"] != torch.get_num_threads():
        warnings.append(f"The run used {data['threads']} threads before and {torch.get_num_threads()} now.")
    changed = [f"{name} {old} -> {versions()[name]}" for name, old in data["versions"].items() if versions().get(name) != old]
    if changed:
        warnings.append(f"Versions changed: {', '.join(changed)}.")
    return [warning + " The run goes on, but not bit for bit." for warning in warnings]


def versions() -> dict[str, str]:
    return {"p2p": __version__, "torch": str(torch.__version__), "numpy": np.__version__}
