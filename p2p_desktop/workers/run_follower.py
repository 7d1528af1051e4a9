"""Follows one run through its files: what it has told, how it stands, and its last words where it went wrong."""

import logging
import shutil
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QObject, QTimer, Signal

from p2p_desktop.convert.system_errors import unreadable
from p2p_desktop.runs.event_file import EventFile
from p2p_desktop.runs.last_words import last_words, log_state
from p2p_desktop.runs.run_process import HELD, SILENT_AFTER_S, Standing, has_trainer, memory_of, standing
from p2p_desktop.runs.run_state import RunState
from p2p_desktop.workers.errands import Errand, Errands
from training.contract.progress import Report, Token
from training.contract.protocol import HEARTBEAT_SECONDS, LOG, Event, Lock, read_lock

log = logging.getLogger(__name__)

LOOK_S, LOOK_IDLE_S = 0.2, 1.0  # from one look to the next, while somebody trains the run and while nobody does
_WEIGH_S = 2.0  # from one look at a trainer's memory to the next: its processes are looked for among all
_NAP_S = 0.05  # until a thread that waits notices that it is cancelled
_SLICE_S = 0.008  # of the GUI thread in one go
_BATCH = 256  # events in a report; they are folded in less than a millisecond
_MOST_WAITING = 16  # reports
_CHANGED_MS = 50  # 20 times a second
_SLEPT_S = 10.0  # no look for so long: the computer slept, and the trainer's heartbeat with it
_FULL_BYTES = 1 << 20  # less than this free: a line of text may find no place
_WITH_LAST_WORDS: frozenset[Standing] = frozenset({"failed", "died", "silent"})


@dataclass(frozen=True, slots=True)
class _Told:
    """Events, in order. `anew`: all that was told before is void."""

    events: Sequence[tuple[Event, float]]
    anew: bool = False


@dataclass(frozen=True, slots=True)
class _Look:
    """The end of one look at the run's files."""

    when: float  # Unix seconds
    lock: Lock | None
    memory_bytes: int | None
    words: str
    words_changed: float  # Unix seconds
    disk_is_full: bool
    problem: str


class RunFollower(QObject):
    """Follows one run at a time. Everything here is what was seen at the last look, a fraction of a second ago."""

    changed = Signal()  # anything below; at most 20 times a second
    begun_anew = Signal()  # the state was read again from its start: curves drawn from it are void
    failed = Signal(str)  # a sentence: the run's files cannot be read, or are gone; told once until they can be again

    def __init__(self, parent: QObject | None = None, *, silent_after_s: float = SILENT_AFTER_S) -> None:
        """`silent_after_s`: seconds without a heartbeat after which a run that is held counts as silent."""
        super().__init__(parent)
        self.run: Path | None = None
        self.times_followed = 0
        """Another number whenever another run is followed, or none: a run may take the folder of one that was removed."""
        self.state = RunState()
        """The same object for as long as one run is followed."""
        self.standing: Standing = "new"
        self.lock: Lock | None = None
        self.lock_seconds_old: float | None = None
        """Since the last heartbeat; None while nobody holds the run."""
        self.memory_bytes: int | None = None
        """What the trainer takes up, read every other second; None while nobody of this computer trains the run."""
        self.last_words = ""
        """The last lines of the trainer's log, where the run failed, died or is silent."""
        self.disk_is_full = False
        """Whether that may be why a run died: its trainer could not even write that it failed."""
        self.problem = ""
        """What `failed` told, for as long as it holds: the run is out of reach, and all else here is what was known before."""
        self.is_caught_up = False
        """Whether all that the run has told so far was taken in; not yet, for a moment, with a long one."""
        self._silent_after_s = silent_after_s
        self._errands = Errands(self)
        self._errand: Errand | None = None
        self._reports: deque[Any] = deque()  # Any: _Told and _Look
        self._fresh: RunState | None = None  # being read from the start, while the old state is still shown
        self._looked = self._woke = 0.0  # Unix seconds
        self._folding = QTimer(self)
        self._folding.setSingleShot(True)
        self._folding.timeout.connect(self._fold)
        self._telling = QTimer(self)
        self._telling.setSingleShot(True)
        self._telling.setInterval(_CHANGED_MS)
        self._telling.timeout.connect(self.changed)

    def follow(self, run: Path) -> None:
        """Follow this run from now on, and no other."""
        self.unfollow()
        self.run = run
        quiet_s = min(HEARTBEAT_SECONDS, self._silent_after_s)

        def work(report: Report[Any], token: Token) -> None:  # Any: _Told and _Look
            _watch(run, quiet_s, report, token)

        self._errand = self._errands.run(work, "following a run", self._on_ended, self._on_arrived, most_waiting=_MOST_WAITING)
        self._tell()

    def unfollow(self) -> None:
        """Follow nothing, and know nothing."""
        if self._errand is not None:
            self._errand.cancel()
        self.run, self._errand, self._fresh = None, None, None
        self.times_followed += 1
        self._reports.clear()
        self.state, self.standing, self.lock, self.lock_seconds_old = RunState(), "new", None, None
        self.memory_bytes = None
        self.last_words, self.disk_is_full, self.problem, self.is_caught_up = "", False, "", False
        self._looked = self._woke = 0.0
        self._telling.stop()

    @property
    def is_held(self) -> bool:
        """Whether a process has the run."""
        return self.standing in HELD

    def close(self, until: QDeadlineTimer) -> None:
        """End the thread: only for a program that ends."""
        self.unfollow()
        self._errands.close(until)

    def _on_arrived(self) -> None:
        if not self._folding.isActive():
            self._fold()

    def _on_ended(self, _: None) -> None:
        """It watches until it is cancelled; should it end otherwise, the log says why."""

    def _fold(self) -> None:
        """Take in what was reported, for a moment; the rest when the window had its turn."""
        end = time.perf_counter() + _SLICE_S
        while self._reports or self._take():
            self._digest(self._reports.popleft())
            if time.perf_counter() > end:
                self._folding.start(0)
                return

    def _take(self) -> bool:
        if self._errand is not None:
            self._reports.extend(self._errand.take())
        return bool(self._reports)

    def _digest(self, reported: Any) -> None:  # Any: _Told and _Look
        if isinstance(reported, _Look):
            self._end_look(reported)
            return
        if reported.anew:
            self._fresh = RunState()
        state = self._fresh or self.state
        for event, seconds in reported.events:
            state.take(event, seconds)
        self._tell()

    def _end_look(self, look: _Look) -> None:
        """All that was there at that time has been folded, so that the run can be judged, unless it is out of reach."""
        if self._fresh is not None and not look.problem:
            self.state.become(self._fresh)
            self._fresh = None
            self.begun_anew.emit()
            self._tell()
        before = self._judgement
        problem, self.problem = self.problem, look.problem
        if problem and not look.problem:
            self._woke = look.when  # the trainer could not renew its lock either, and shall have the time to
        if look.problem:
            self._looked, self.memory_bytes = look.when, None
        else:
            self._judge(look)
        if look.problem and look.problem != problem:
            log.warning("%s", look.problem)
            self.failed.emit(look.problem)
        if self.standing == "silent" or problem != self.problem or before != self._judgement:
            self._tell()

    def _judge(self, look: _Look) -> None:
        if self._looked and look.when - self._looked > _SLEPT_S:
            self._woke = look.when
        self._looked = look.when
        self.lock, self.disk_is_full, self.is_caught_up = look.lock, look.disk_is_full, True
        self.memory_bytes = look.memory_bytes
        self.lock_seconds_old = None if look.lock is None else max(0.0, look.when - look.lock.heartbeat)
        if not self._may_be_waking(look):
            self.standing = standing(self.state, look.lock, look.when, self._silent_after_s)
        is_of_this_process = look.words_changed >= (self.state.started_seconds or 0.0)
        self.last_words = look.words if self.standing in _WITH_LAST_WORDS and is_of_this_process else ""

    @property
    def _judgement(self) -> tuple[object, ...]:
        return self.standing, self.last_words, self.disk_is_full, self.is_caught_up

    def _may_be_waking(self, look: _Look) -> bool:
        """Whether an old heartbeat says nothing: the computer or the drive has just come back, and the trainer with it."""
        if look.lock is None or self.standing not in ("training", "paused"):
            return False
        is_old = look.when - look.lock.heartbeat > self._silent_after_s
        return is_old and look.when - self._woke < 2 * HEARTBEAT_SECONDS

    def _tell(self) -> None:
        if not self._telling.isActive():
            self._telling.start()


def _watch(run: Path, quiet_s: float, report: Report[Any], token: Token) -> None:  # Any: _Told and _Look
    """Look at a run's files again and again. Called in the worker thread. Raises Cancelled.

    `quiet_s`: seconds without a heartbeat after which the last words are looked for.
    """
    events = EventFile(run)
    memory, weighed = None, 0.0
    while True:
        lock, is_held = None, False
        words, changed, is_full, problem = "", 0.0, False, ""
        try:
            is_there = run.is_dir()
            if is_there:
                lock = read_lock(run)  # before the events: once it is gone, they are complete
                is_held = lock is not None and has_trainer(lock)
                _read_events(events, report, token)
                if lock is None or not is_held:
                    memory, weighed = None, 0.0
                elif time.monotonic() - weighed > _WEIGH_S:
                    memory, weighed = memory_of(lock), time.monotonic()
                if lock is None or not is_held or time.time() - lock.heartbeat > quiet_s:
                    words, changed = last_words(run / LOG), log_state(run / LOG)[1]
                    is_full = shutil.disk_usage(run).free < _FULL_BYTES
                is_there = run.is_dir()  # if it went while it was read, no lock and no events mean nothing
            if not is_there:
                problem = _tr("The folder of this run is not there any more: {run}. If it is on another drive, connect that.")
                problem = problem.format(run=run)
        except OSError as error:
            problem = unreadable(_tr("What the run tells in {run}").format(run=run), error)
        report(_Look(time.time(), lock, memory, words, changed, is_full, problem))
        _wait(LOOK_S if is_held else LOOK_IDLE_S, token)


def _read_events(events: EventFile, report: Report[Any], token: Token) -> None:  # Any: _Told
    while True:
        news = events.read()
        token.check()
        if news.begins_anew:
            report(_Told((), anew=True))
        for start in range(0, len(news.events), _BATCH):
            report(_Told(news.events[start : start + _BATCH]))
        if news.is_all:
            return


def _wait(seconds: float, token: Token) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        token.check()
        time.sleep(min(left, _NAP_S))
    token.check()


def _tr(text: str) -> str:
    return QCoreApplication.translate("RunFollower", text)
