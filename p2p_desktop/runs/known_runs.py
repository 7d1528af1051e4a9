"""The runs that a person has: those in the folder of runs, and those made elsewhere that were noted."""

import contextlib
import logging
import math
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from p2p_desktop.runs.run_folder import TrainerError
from p2p_desktop.runs.run_glance import RunGlance, RunGlancer, is_run
from p2p_desktop.runs.run_process import refuse_if_held
from p2p_desktop.runs.run_register import RunRegister

log = logging.getLogger(__name__)


class KnownRuns:
    """Looked at by one thread at a time; each look reads only what is new since the last."""

    def __init__(self, folder: Path, register: RunRegister, removed: Path) -> None:
        """`folder`: where the window makes runs; it need not exist. `removed`: where removed runs go."""
        self.folder, self.register, self.removed = folder, register, removed
        self._glancers: dict[Path, RunGlancer] = {}

    def runs(self) -> list[RunGlance]:
        """All of them, those that somebody trains first, the latest begun on top; then the others, the latest told.

        What has vanished is left out, and not forgotten.
        """
        glancers = {run: self._glancers.get(run) or RunGlancer(run) for run in self._folders()}
        self._glancers = glancers
        return sorted((glancer.look() for glancer in glancers.values()), key=_place)

    def remove(self, run: Path) -> Path:
        """Move a run to the removed things, and give where it is then. Raises TrainerError, also while somebody trains it."""
        refuse_if_held(run)
        if not run.is_dir():
            raise TrainerError(f"The run {run} is not there any more.")
        target = _free(self.removed / run.name)
        _move(run, target)
        self.register.forget(run)
        return target

    def restore(self, removed: Path, run: Path) -> Path:
        """Bring back what `remove` moved from `run` to `removed`, and give where it is then. Raises TrainerError."""
        target = _free(run)
        _move(removed, target)
        self.register.add(target)
        return target

    def _folders(self) -> Iterator[Path]:
        seen = set()
        for run in [*self._in_folder(), *self.register.runs()]:
            real = os.path.realpath(run)
            if real not in seen and _is_there(run):
                seen.add(real)
                yield run

    def _in_folder(self) -> list[Path]:
        try:
            return sorted(path for path in self.folder.iterdir() if not path.name.startswith("."))
        except FileNotFoundError:
            return []
        except OSError as error:  # the noted ones can be listed all the same
            log.warning("The runs in %s cannot be listed: %s", self.folder, error)
            return []


def _place(one: RunGlance) -> tuple[bool, float, str, Path]:
    """Runs in training tell something all the time: going by that, two of them would change places at every look."""
    if one.is_held:
        return False, -math.inf if one.started is None else -one.started, one.name, one.folder
    return True, -one.changed, one.name, one.folder


def _is_there(run: Path) -> bool:
    try:
        return run.is_dir() and is_run(run)
    except OSError:  # it may not be looked into: its glance says so
        return True


def _free(path: Path) -> Path:
    """That path, or with a number where something has it already."""
    number, free = 2, path
    while os.path.lexists(free):
        free = path.with_name(f"{path.name}-{number}")
        number += 1
    return free


def _move(source: Path, target: Path) -> None:
    """Move a folder, to another file system as well: the copy is whole before anything is removed. Raises TrainerError."""
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):  # another file system, mostly; else the copy says why not
            source.rename(target)
            return
        shutil.copytree(source, part, symlinks=True)
        part.rename(target)
    except OSError as error:  # and shutil.Error, which has many reasons
        shutil.rmtree(part, ignore_errors=True)
        reason = error.strerror or str(error)
        raise TrainerError(f"The run {source.name} could not be moved to {target.parent}: {reason}. It is where it was.") from error
    try:
        shutil.rmtree(source)
    except OSError as error:
        reason = error.strerror or str(error)
        raise TrainerError(f"The run is in {target} now, but some of {source} could not be removed: {reason}.") from error
