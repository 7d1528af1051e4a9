"""Pictures on their way: decoding, translating and encoding at once, in threads, within a number of bytes."""

import ctypes
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, Protocol, TypeVar

from p2p_desktop.convert.events import ROW_ERRORS, PictureBegun, PictureDone
from training.contract.pictures import Picture
from training.contract.progress import Cancelled, Token

# What is known of one picture. The pipeline carries it without looking into it.
Task = TypeVar("Task")

# Enough to keep a graphics card fed; each may hold a decoded picture.
_MOST_THREADS_A_STAGE = 8
# glibc's number for the greatest number of heaps, and how many will do: `_share_heaps` tells why.
_M_ARENA_MAX, _NUM_HEAPS = -8, 2
# How often a pause looks whether the job has failed meanwhile, and the calling thread whether Ctrl+C was pressed: Windows
# does not wake a thread that waits for another.
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Todo(Generic[Task]):
    """A picture to be translated, and the bytes it takes: `held` from reading to writing, `translating` on top meanwhile."""

    task: Task
    held: int
    translating: int


class Stages(Protocol[Task]):
    """What is done to a picture. All but `todos` are called in many threads at once."""

    def todos(self) -> Iterator[Todo[Task] | PictureDone]:
        """Give the pictures in order, or a row at once where there is nothing to do. Not called by two threads at a time."""

    def read(self, task: Task) -> Picture: ...

    def begun(self, task: Task) -> PictureBegun: ...

    def translate(self, task: Task, picture: Picture, token: Token) -> Picture: ...

    def write(self, task: Task, picture: Picture) -> PictureDone:
        """Encode and save."""

    def failed(self, task: Task, error: Exception) -> PictureDone:
        """Make the row of a picture that one of the others gave up with one of `ROW_ERRORS`."""


class JobToken(Token):
    """The caller's token, which the job can also cancel by itself."""

    def __init__(self, callers: Token) -> None:
        super().__init__()
        self._callers = callers
        self._failed = threading.Event()

    @property
    def cancelled(self) -> bool:
        return self._failed.is_set() or self._callers.cancelled

    @property
    def paused(self) -> bool:
        return self._callers.paused

    def cancel(self) -> None:
        self._failed.set()

    def check(self) -> None:
        while self.paused and not self.cancelled:
            self._failed.wait(_POLL_S)
        if self.cancelled:
            raise Cancelled


@dataclass(slots=True, eq=False)
class _Share:
    """One admitted picture's part of the budget, in bytes."""

    held: int
    translating: int  # 0 once it is translated


class Budget:
    """Bytes that the pictures on their way may take together; one that takes more than all of them goes alone.

    A picture is admitted when, beside all that is held, the hungriest of those that wait for their translation could be
    translated. So somebody always can, and nobody waits for ever.
    """

    def __init__(self, total: int, most_pictures: int) -> None:
        self._total = total
        self._most_pictures = most_pictures
        self._changed = threading.Condition()
        self._shares: list[_Share] = []
        self._held = 0
        self._translating = 0
        self._closed = False

    def admit(self, held: int, translating: int) -> _Share:
        """Wait until a picture may be read. Cancelled if the budget is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._fits(held, translating))
            self._check()
            share = _Share(held, translating)
            self._shares.append(share)
            self._held += held
            return share

    def correct(self, share: _Share, held: int) -> None:
        """Count what a picture really holds, once it is decoded."""
        with self._changed:
            self._held += held - share.held
            share.held = held
            self._changed.notify_all()

    def begin(self, share: _Share) -> None:
        """Wait until the picture may be translated. Cancelled if the budget is closed."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._translating == 0 or self._held + self._translating + share.translating <= self._total
            )
            self._check()
            self._translating += share.translating

    def end(self, share: _Share) -> None:
        """Give back what only the translation took."""
        with self._changed:
            self._translating -= share.translating
            share.translating = 0
            self._changed.notify_all()

    def leave(self, share: _Share) -> None:
        """Give back all that the picture held."""
        with self._changed:
            self._shares.remove(share)
            self._held -= share.held
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody in any more, and nobody wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _fits(self, held: int, translating: int) -> bool:
        if not self._shares:
            return True
        hungriest = max(translating, self._translating, *(share.translating for share in self._shares))
        return len(self._shares) < self._most_pictures and self._held + held + hungriest <= self._total

    def _check(self) -> None:
        if self._closed:
            raise Cancelled


class Pipeline(Generic[Task]):
    """Runs `stages` over all of their pictures: as many readers and writers as processors, `in_flight` translators."""

    def __init__(self, stages: Stages[Task], *, in_flight: int, memory_budget: int, token: Token) -> None:
        """`memory_budget`: bytes that pictures on their way may take."""
        outer = min(_num_processors(), _MOST_THREADS_A_STAGE)
        self._stages = stages
        self._token = JobToken(token)
        # One picture in every thread, and the next one waiting for every translator.
        self._budget = Budget(memory_budget, 2 * in_flight + 2 * outer)
        self._todos = stages.todos()
        self._turn_to_read, self._turn_to_translate = threading.Lock(), threading.Lock()
        self._decoded: SimpleQueue[tuple[Task, _Share, Picture] | None] = SimpleQueue()
        self._translated: SimpleQueue[tuple[Task, _Share, Picture] | None] = SimpleQueue()
        self._rows: SimpleQueue[PictureBegun | PictureDone | None] = SimpleQueue()
        self._plan: list[tuple[Callable[[], None], int]] = [
            (self._read_all, outer),
            (self._translate_all, in_flight),
            (self._write_all, outer),
        ]
        self._at_work = [number for _, number in self._plan]
        self._counting = threading.Lock()

    def run(self, on_row: Callable[[PictureBegun | PictureDone], None]) -> None:
        """Bring every picture to its end; `on_row` is called in this thread when one begins and ends, about in order.

        Cancelled if the token says so. Any error that is not one picture's alone ends the run and is raised here, after the
        rows of what was finished.
        """
        _share_heaps()
        with ThreadPoolExecutor(sum(self._at_work), thread_name_prefix="convert") as threads:
            try:
                futures = [
                    threads.submit(self._work, stage, work)
                    for stage, (work, number) in enumerate(self._plan)
                    for _ in range(number)
                ]
                while (row := self._next_row()) is not None:
                    on_row(row)
            finally:
                self._stop()
        errors = [error for future in futures if (error := future.exception()) is not None]
        # Cancelled is also what one thread's failure does to the others.
        for error in sorted(errors, key=lambda error: isinstance(error, Cancelled)):
            raise error

    def _next_row(self) -> PictureBegun | PictureDone | None:
        while True:
            try:
                return self._rows.get(timeout=_POLL_S)
            except Empty:
                continue

    def _stop(self) -> None:
        self._token.cancel()
        self._budget.close()

    def _work(self, stage: int, work: Callable[[], None]) -> None:
        """Be one thread of a stage. The last one out tells the next stage that nothing more comes."""
        try:
            work()
        except BaseException:
            self._stop()
            raise
        finally:
            with self._counting:
                self._at_work[stage] -= 1
                is_last = self._at_work[stage] == 0
            if is_last and stage + 1 < len(self._plan):
                for _ in range(self._plan[stage + 1][1]):
                    (self._decoded, self._translated)[stage].put(None)
            elif is_last:
                self._rows.put(None)

    def _read_all(self) -> None:
        while True:
            self._token.check()
            with self._turn_to_read:
                todo = next(self._todos, None)
                if isinstance(todo, Todo):
                    share = self._budget.admit(todo.held, todo.translating)
            if todo is None:
                return
            if isinstance(todo, PictureDone):
                self._rows.put(todo)
            else:
                self._read(todo.task, share)

    def _read(self, task: Task, share: _Share) -> None:
        try:
            picture = self._stages.read(task)
        except ROW_ERRORS as error:
            self._rows.put(self._stages.failed(task, error))
            self._budget.leave(share)
            return
        self._budget.correct(share, max(share.held, held_bytes(picture)))
        self._decoded.put((task, share, picture))

    def _translate_all(self) -> None:
        while True:
            # One at a time, so that a large picture that waits for memory is not overtaken for ever by small ones.
            with self._turn_to_translate:
                waiting = self._decoded.get()
                if waiting is None:
                    return
                self._token.check()
                self._budget.begin(waiting[1])
            self._translate(*waiting)
            del waiting  # or the picture lives until the next one comes

    def _translate(self, task: Task, share: _Share, picture: Picture) -> None:
        self._rows.put(self._stages.begun(task))
        try:
            result = self._stages.translate(task, picture, self._token)
        except ROW_ERRORS as error:
            self._rows.put(self._stages.failed(task, error))
            self._budget.end(share)
            self._budget.leave(share)
            return
        self._budget.end(share)
        self._translated.put((task, share, result))

    def _write_all(self) -> None:
        while (waiting := self._translated.get()) is not None:
            # Not `check`: what is computed is saved, even during a pause.
            if self._token.cancelled:
                raise Cancelled
            self._write(*waiting)
            del waiting

    def _write(self, task: Task, share: _Share, picture: Picture) -> None:
        try:
            row = self._stages.write(task, picture)
        except ROW_ERRORS as error:
            row = self._stages.failed(task, error)
        self._rows.put(row)
        self._budget.leave(share)


def held_bytes(picture: Picture) -> int:
    """Return what a decoded picture takes on its way, at the most: itself, a copy in OpenCV's order of channels, and its code."""
    return 3 * (picture.pixels.nbytes + (0 if picture.alpha is None else picture.alpha.nbytes))


def _num_processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Windows and macOS
        return os.cpu_count() or 1


def _share_heaps() -> None:
    """Keep glibc from giving every thread a heap of its own, each of which keeps what its largest picture took.

    2,000 pictures of 0.05-1 MP peaked at 1.36 times the memory of 100; with two heaps at 1.16 times, and no slower.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none, and one heap
        if mallopt is not None:
            mallopt(_M_ARENA_MAX, _NUM_HEAPS)
