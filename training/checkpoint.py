"""Everything a run is, on disk: written atomically, the last good copy kept, read without running code from it."""

import contextlib
import os
import pickle  # for the class of its errors only
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch

from training.contract.errors import CheckpointError
from training.contract.spec import Statistics
from training.contract.version import __version__
from training.disk import not_written
from training.health import Health
from training.world import World

FORMAT_VERSION = 1
LAST, PREVIOUS, DAMAGED = "last.pt", "previous.pt", "damaged.pt"


@dataclass(frozen=True, slots=True)
class HeldOutFigures:
    """What the newest measurement found; empty before the first."""

    step: int
    statistics: Statistics
    metrics: dict[str, float]
    identity: dict[str, float]


@dataclass(slots=True)
class TrainingState:
    """The parts of a run that change. Modules and optimisers are loaded in place."""

    step: int
    best: float | None
    """Best held-out value so far, larger is better; None before the first measurement."""
    figures: HeldOutFigures
    modules: dict[str, torch.nn.Module]
    optimizers: dict[str, torch.optim.Optimizer]
    health: Health
    rollbacks: int = 0
    """How often the losses were no numbers; each time the learning rate is halved."""
    parts: int = 1
    """Parts that a step's pictures are computed in."""
    scalers: dict[str, dict[str, Any]] = field(default_factory=dict)  # Any: as torch has it; empty without fp16
    due: list[str] = field(default_factory=list)
    """What is still to be done at this step (see trainer.Training.do_what_is_due); empty unless it was cut short."""
    told: dict[str, str] = field(default_factory=dict)
    """Sentence -> code of what is said once in a run: pictures that are left out."""


class Found(NamedTuple):
    """A checkpoint read back."""

    data: dict[str, Any]  # Any: tensors and plain values, see save_checkpoint
    warning: str | None
    """A sentence where the newest one was damaged."""


RandomState = dict[str, Any]  # Any: a tensor, or a list of them


def random_state() -> RandomState:
    """Where this process's random numbers stand."""
    return {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []}


def save_checkpoint(
    folder: Path, state: TrainingState, config: str, pictures: str, random: Sequence[RandomState], told_bytes: int = 0
) -> Path:
    """Write a checkpoint and keep the one before. Raises CheckpointError if the disk does not take it.

    `config` is the request as JSON, `pictures` tells one set of training pictures from another, `random` is of each process,
    `told_bytes` the length of the run's events.
    """
    data = {
        "version": FORMAT_VERSION,
        "step": state.step,
        "best": state.best,
        "figures": asdict(state.figures),
        "health": asdict(state.health),
        "rollbacks": state.rollbacks,
        "parts": state.parts,
        "due": state.due,
        "told": state.told,
        "told_bytes": told_bytes,
        "scalers": state.scalers,
        "config": config,
        "pictures": pictures,
        "modules": {name: module.state_dict() for name, module in state.modules.items()},
        "optimizers": {name: optimizer.state_dict() for name, optimizer in state.optimizers.items()},
        "rng": list(random),
        "threads": torch.get_num_threads(),
        "versions": versions(),
    }
    temporary = folder / ".checkpoint.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
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
        raise CheckpointError(not_written(f"The checkpoint of step {state.step}", folder, error)) from error
    return folder / LAST


def load_checkpoint(folder: Path) -> Found | None:
    """Read the newest checkpoint that is whole; None where there is none at all.

    A damaged newest one is put aside, lest it take the good one's place. Raises CheckpointError if there are only damaged ones,
    or one of a newer version.
    """
    last, previous = folder / LAST, folder / PREVIOUS
    data = _read(last)
    if data is not None:
        return Found(data, None)
    data = _read(previous)
    if data is None:
        if last.exists() or previous.exists():
            raise CheckpointError(f"The checkpoints in {folder} are damaged. Start the run anew in another folder.")
        return None
    if not last.exists():  # killed between two renamings
        return Found(data, None)
    last.replace(folder / DAMAGED)
    return Found(data, f"The newest checkpoint was damaged, so the run goes on from the one before, at step {data['step']}.")


def _read(path: Path) -> dict[str, Any] | None:  # Any: as above
    """A checkpoint's content; None if there is none or it is damaged. Raises CheckpointError for one of a newer version."""
    try:
        with zipfile.ZipFile(path) as archive:  # torch.load compares no checksums
            if archive.testzip() is not None:
                return None
        data: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        version, _ = data["version"], data["step"]
    except (OSError, RuntimeError, ValueError, LookupError, TypeError, EOFError, zipfile.BadZipFile, pickle.UnpicklingError):
        return None
    if version > FORMAT_VERSION:
        raise CheckpointError(f"{path} was written by a newer version of this program. Update the program to continue it.")
    return data


def restore(state: TrainingState, data: Mapping[str, Any], world: World) -> list[str]:  # Any: as above
    """Put a checkpoint into the modules and optimisers, restore random numbers, and give warnings. Raises CheckpointError."""
    try:
        for name, module in state.modules.items():
            module.load_state_dict(data["modules"][name])
        for name, optimizer in state.optimizers.items():
            optimizer.load_state_dict(data["optimizers"][name])
        state.step, state.best, state.figures = data["step"], data["best"], HeldOutFigures(**data["figures"])
        state.health, state.rollbacks = Health(**data["health"]), data["rollbacks"]
        state.parts, state.scalers = data["parts"], data["scalers"]
        state.due, state.told = list(data.get("due", [])), dict(data.get("told", {}))  # which earlier versions did not write
        random = data["rng"] if isinstance(data["rng"], list) else [data["rng"]]  # of before there were several processes
        if world.rank < len(random):
            restore_random(random[world.rank])
        threads, before = data["threads"], data["versions"]
    except (KeyError, RuntimeError, ValueError, TypeError) as error:
        raise CheckpointError("The checkpoint does not fit the networks of this configuration.") from error
    warnings = []
    if len(random) != world.size:
        warnings.append(f"The run used {len(random)} processes before and {world.size} now.")
    if threads != torch.get_num_threads():
        warnings.append(f"The run used {threads} threads before and {torch.get_num_threads()} now.")
    changed = [f"{name} {before.get(name)} -> {now}" for name, now in versions().items() if before.get(name) != now]
    if changed:
        warnings.append(f"The surroundings changed: {', '.join(changed)}.")
    return warnings


def restore_random(random: RandomState) -> None:
    """Go on drawing where `random_state` was called."""
    torch.set_rng_state(random["cpu"])
    if random["cuda"] and torch.cuda.device_count() == len(random["cuda"]):
        torch.cuda.set_rng_state_all(random["cuda"])


def versions() -> dict[str, str]:
    """What the bits of a result depend on besides the request, the pictures and the number of threads."""
    return {
        "p2p": __version__,
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "processor": torch.backends.cpu.get_cpu_capability(),
    }
