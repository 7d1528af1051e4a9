"""Which pictures are to be converted now, and under which free name: the plan held against the journal and the disk."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path

from p2p_desktop.convert.events import ROW_ERRORS, ConvertSettings, PictureDone
from p2p_desktop.convert.journal import Journal, Work
from p2p_desktop.convert.outputs import name_key
from p2p_desktop.convert.plan import Plan, PlannedPicture
from p2p_desktop.convert.stopwatch import Stopwatch
from p2p_desktop.convert.system_errors import unreadable
from p2p_desktop.placing import numbered
from training.contract.pictures import picture_size
from training.contract.progress import Token

FILE_IN_THE_WAY = "A file of that name is already there."


@dataclass(slots=True)
class Task:
    """One picture that this job has claimed."""

    picture: PlannedPicture
    work: Work
    target: Path
    height: int
    width: int
    watch: Stopwatch = field(default_factory=Stopwatch)


class Claims:
    """Takes the pictures of a plan for this job, one by one, and leaves to others what is theirs."""

    def __init__(
        self,
        plan: Plan,
        settings: ConvertSettings,
        journal: Journal,
        model: str,
        statistics: str,
        only: frozenset[Path] | None = None,
    ) -> None:
        """`model`: its digest. `statistics`: as they are used. `only`: the sources to be taken; None for all."""
        self._plan = plan
        self._settings = settings
        self._journal = journal
        self._model = model
        self._keys = {aspect: settings.key(statistics, aspect) for aspect in settings.aspects}
        self._only = only

    @property
    def num_rows(self) -> int:
        """How many decisions `take_all` gives."""
        return sum(map(self._is_asked_for, self._sources_and_failures()))

    def take_all(self, token: Token) -> Iterator[Task | PictureDone]:
        """Give, in the plan's order, a task for each picture to be converted, and rows for the others."""
        for path, reason in self._plan.failures:
            if self._is_asked_for(path):
                yield PictureDone(path, None, "failed", reason, 0.0)
        for picture in self._plan.pictures:
            if self._is_asked_for(picture.source):
                token.check()
                yield self._take(picture)

    def rename(self, task: Task, suffix: str) -> bool:
        """Find another name for a task's result: its content asks for this suffix, or its name was taken a moment ago.

        False if there is none, because a file in the way means that the picture is skipped.
        """
        wished = numbered(task.picture.wished.with_suffix(suffix), 1)
        first = None if name_key(wished) in self._plan.target_names else wished
        claim = self._journal.claim(task.work, self._free_names(first, wished), redo=True)
        if claim.state != "ours" or claim.target is None:
            return False
        task.target = claim.target
        return True

    def fail(self, task: Task, error: Exception) -> PictureDone:
        """Leave a picture that was given up with one of `ROW_ERRORS` to later runs."""
        self._journal.give_up(task.target)
        return PictureDone(task.work.source, None, "failed", failure_sentence(task.work.source, error), task.watch.seconds)

    def pass_over(self, task: Task) -> PictureDone:
        """Leave a picture because a file is in its way."""
        self._journal.give_up(task.target)
        return PictureDone(task.work.source, task.target, "skipped", FILE_IN_THE_WAY, task.watch.seconds)

    def overwrites(self, task: Task) -> bool:
        """Tell whether the result is to replace a file that has its name."""
        return self._settings.existing == "overwrite" and self._is_free(task.target)

    def _is_asked_for(self, source: Path) -> bool:
        return self._only is None or source in self._only

    def _sources_and_failures(self) -> Iterator[Path]:
        yield from (path for path, _ in self._plan.failures)
        yield from (picture.source for picture in self._plan.pictures)

    def _take(self, picture: PlannedPicture) -> Task | PictureDone:
        source = picture.source
        try:
            status = source.stat()
        except OSError as error:
            return PictureDone(source, None, "failed", failure_sentence(source, error), 0.0)
        if self._is_own_result(source):
            return PictureDone(source, source, "skipped", "It is a result of this model and these settings.", 0.0)
        key = self._keys[picture.aspect]
        work = Work(source, status.st_size, status.st_mtime_ns, self._model, key, picture.wished)
        redo = self._settings.existing in {"overwrite", "rename"}
        candidates = chain(self._replaceable(picture), self._free_names(picture.target, picture.wished))
        claim = self._journal.claim(work, candidates, redo=redo)
        if claim.target is None:
            return PictureDone(source, picture.target, "skipped", FILE_IN_THE_WAY, 0.0)
        if claim.state == "made":
            return PictureDone(source, claim.target, "skipped", "It is converted already.", 0.0)
        if claim.state == "busy":
            return PictureDone(source, None, "skipped", "Another run is making it.", 0.0)
        try:
            height, width = picture_size(source)
        except ROW_ERRORS as error:
            self._journal.give_up(claim.target)
            return PictureDone(source, None, "failed", failure_sentence(source, error), 0.0)
        return Task(picture, work, claim.target, height, width)

    def _is_own_result(self, source: Path) -> bool:
        """Tell whether a picture, named as a source, is what `convert *.jpg -o .` finds the second time."""
        if not source.is_relative_to(self._plan.out):
            return False
        return any(self._journal.made(source, by=(self._model, key)) for key in self._keys.values())

    def _replaceable(self, picture: PlannedPicture) -> list[Path]:
        """Return numbered results of this picture that are to be replaced, as its plain name is that of a source."""
        if self._settings.existing != "overwrite" or self._is_free(picture.target):
            return []
        earlier = self._journal.results_of(picture.source, picture.wished)
        return [path for path in earlier if path.suffix == picture.wished.suffix and self._is_free(path)]

    def _free_names(self, first: Path | None, wished: Path) -> Iterator[Path]:
        """Give the names that a result may have now: `first`; then `wished` with numbers that neither plan nor disk know."""
        if first is not None and self._is_free(first):
            yield first
        number = 2
        while self._settings.existing != "skip":
            name = numbered(wished, number)
            if name_key(name) not in self._plan.target_names and not os.path.lexists(name):
                yield name
            number += 1

    def _is_free(self, target: Path) -> bool:
        try:
            status = target.lstat()
        except OSError:
            return True  # nothing there; or nothing can be told, and writing will say what is wrong
        if self._settings.existing != "overwrite" or target.is_dir():
            return False
        return (status.st_dev, status.st_ino) not in self._sources

    @cached_property
    def _sources(self) -> set[tuple[int, int]]:
        """What the file system knows the sources by: a link to one, or another spelling of its name, is that one."""
        found = set()
        for picture in self._plan.pictures:
            for look in (os.stat, os.lstat):
                try:
                    status = look(picture.source)
                except OSError:
                    continue
                found.add((status.st_dev, status.st_ino))
        return found


def failure_sentence(source: Path, error: Exception) -> str:
    """Put into a sentence which of `ROW_ERRORS` befell a picture."""
    if isinstance(error, MemoryError):
        return f"There is not enough memory for {source}. Close other programs, or make the picture smaller."
    if isinstance(error, FileNotFoundError):
        return f"{source} is no longer there. Was it moved or renamed?"
    if isinstance(error, OSError):
        return unreadable(source, error)
    return str(error)
