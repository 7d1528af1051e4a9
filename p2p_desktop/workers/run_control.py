"""Starts the trainer of a run, which lives on without us, and gives it orders. Buttons follow `waiting` and the follower."""

import contextlib
import errno
import logging
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QObject, QTimer, Signal

from p2p_desktop import child
from p2p_desktop.runs.last_words import last_words, log_state
from p2p_desktop.runs.run_folder import TrainerError, find_run
from p2p_desktop.runs.run_process import end_trainer, refuse_if_held
from p2p_desktop.workers.errands import Errands
from p2p_desktop.workers.run_follower import RunFollower
from p2p_desktop.workers.wakefulness import Wakefulness
from training.contract.progress import Report, Token
from training.contract.protocol import EVENTS, LOG, ORDERS, OrderName, write_order

log = logging.getLogger(__name__)

_POLL_MS = 250

TrainerCommand = Callable[[Path], Sequence[str]]
"""Of the path of a config."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """A trainer of ours, and what its run's files were like before it."""

    run: Path
    process: "subprocess.Popen[bytes]"
    log_bytes: int
    told: object
    when: float  # Unix seconds


@dataclass(frozen=True, slots=True)
class _Written:
    """What came of writing an order."""

    run: Path
    key: str
    order_id: str  # "" if it could not be written
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Problem:
    """A sentence about a run; "" for none."""

    run: Path
    sentence: str


class RunControl(QObject):
    """Acts on the run that `follower` follows. Trainers that it started live on without it, and are buried while it lives."""

    answered = Signal(object)  # Answered, to an order given here
    waiting_changed = Signal()
    trainer_ended = Signal(Path, int)  # a run, and the exit code of the trainer that was started here; negative: a signal
    failed = Signal(Path, str)  # a run, which need not be the one that is followed any more, and a sentence about it

    def __init__(self, follower: RunFollower, parent: QObject | None = None, *, command: TrainerCommand | None = None) -> None:
        """`command` stands in for the trainer."""
        super().__init__(parent)
        self.waiting: dict[str, OrderName] = {}
        """Orders given to the run, by their id, that its trainer has not answered yet."""
        self.keep_awake = True
        """Whether the computer stays awake while it trains."""
        self._follower = follower
        self._command = command or _trainer
        self._errands = Errands(self)
        self._wakefulness = Wakefulness(self)
        self._ordered: Path | None = None  # whose orders wait
        self._times_followed = follower.times_followed  # then
        self._count = 0
        self._unwritten: deque[tuple[Path, str, OrderName]] = deque()
        self._writing = threading.Lock()
        self._starting: list[Path] = []
        self._begun: list[_Begun] = []
        self._next: list[Path] = []  # to be started once their last trainers have gone
        self._polling = QTimer(self)
        self._polling.setInterval(_POLL_MS)
        self._polling.timeout.connect(self._poll)
        follower.changed.connect(self._on_changed)

    def start(self, run: Path) -> None:
        """Start the trainer on a run, new or old: one that holds a checkpoint goes on from there. Refused where it is held."""
        if self._is_leaving(run):
            self._next.append(run)
            return
        if self.has_begun(run):
            self.failed.emit(run, self.tr("This run is being trained already."))
            return
        command = self._command
        self._starting.append(run)

        def work(_: Report[Any], token: Token) -> _Begun | _Problem:  # Any: nothing is reported
            begun = _start(run, command)
            if token.cancelled and isinstance(begun, _Begun):  # nobody waits for the answer any more
                child.let_go(begun.process)
            return begun

        self._errands.run(work, "starting a trainer", self._on_started)

    def resume(self) -> None:
        """Start a trainer that goes on with the run from its last checkpoint. Refused where it is held."""
        if self._follower.run is not None:
            self.start(self._follower.run)

    def is_starting(self, run: Path) -> bool:
        """Whether a trainer of ours has not told anything yet: it loads what it needs."""
        if run in self._starting or run in self._next:
            return True
        state = self._follower.state
        told = state.started_seconds if run == self._follower.run else None
        return any(begun.run == run and (told is None or told < begun.when) for begun in self._begun)

    @property
    def begun(self) -> frozenset[Path]:
        """The runs whose trainers are being started here, or were and live: for some seconds they hold nothing yet."""
        return frozenset((*self._starting, *self._next, *(begun.run for begun in self._begun)))

    def has_begun(self, run: Path) -> bool:
        """Whether a trainer of ours is being started on the run, or lives."""
        return run in self._starting or any(begun.run == run for begun in self._begun)

    def order(self, name: OrderName) -> None:
        """Order the run's trainer to do something; `answered` tells what came of it."""
        run = self._follower.run
        if run is None:
            return
        if not self._follower.is_held and not self.has_begun(run):
            self.failed.emit(run, self.tr("Nothing trains this run at the moment, so there is nobody to follow an order."))
            return
        self._forget_others()
        self._count += 1
        key = f"being-written-{self._count}"
        self.waiting[key] = name
        self._unwritten.append((run, key, name))
        self._errands.run(self._write_oldest, "giving an order", self._on_written)
        self.waiting_changed.emit()

    def is_waiting_for(self, *names: OrderName) -> bool:
        """Whether one of these orders was given and not answered."""
        return any(name in names for name in self.waiting.values())

    def end_trainer(self) -> None:
        """Kill a trainer of this computer that hangs; its run can then be resumed from the last checkpoint."""
        run = self._follower.run
        if run is None:
            return

        def work(_: Report[Any], __: Token) -> _Problem:  # Any: nothing is reported
            try:
                end_trainer(run)
            except TrainerError as error:
                return _Problem(run, str(error))
            return _Problem(run, "")

        self._errands.run(work, "ending a trainer", self._on_told)

    def close(self, until: QDeadlineTimer) -> None:
        """Let go of what was started, which goes on: only for a program that ends."""
        self._polling.stop()
        self._errands.close(until)
        self._wakefulness.close(until)
        for begun in self._begun:
            child.let_go(begun.process)
        self._begun.clear()

    def _is_leaving(self, run: Path) -> bool:
        """Whether a trainer of ours has said that it is done, and only its process has not gone yet."""
        is_told = run == self._follower.run and self._follower.state.ending is not None
        return is_told and self.has_begun(run) and not self.is_starting(run)

    def _on_started(self, begun: _Begun | _Problem | None) -> None:
        if isinstance(begun, _Begun):
            self._starting.remove(begun.run)
            self._begun.append(begun)
            self._polling.start()
        elif begun is not None:
            self._starting.remove(begun.run)
            self._on_told(begun)
        else:  # which one it was is not known; they can be started again
            runs, self._starting = self._starting, []
            for run in runs:
                self.failed.emit(run, self.tr("The trainer could not be started. Try again; the log says what happened."))
        self._keep_awake()

    def _poll(self) -> None:
        """Bury what has ended, and hear why it did."""
        for begun in [begun for begun in self._begun if begun.process.poll() is not None]:
            self._begun.remove(begun)
            log.info("The trainer of %s ended with %s.", begun.run, begun.process.returncode)
            self.trainer_ended.emit(begun.run, begun.process.returncode)

            def work(_: Report[Any], __: Token, begun: _Begun = begun) -> _Problem:  # Any: nothing is reported
                return _Problem(begun.run, _why_it_ended(begun))

            self._errands.run(work, "hearing why a trainer ended", self._on_told)
        waiting, self._next = self._next, []
        for run in waiting:
            self.start(run)
        if not self._begun:
            self._polling.stop()
        self._on_changed()

    def _write_oldest(self, _: Report[Any], __: Token) -> _Written:  # Any: nothing is reported
        """Write the oldest order that is not written yet, whichever thread comes first: a trainer gets them as they were given."""
        with self._writing:
            run, key, name = self._unwritten.popleft()
            try:
                return _Written(run, key, write_order(run, name))
            except OSError as error:
                return _Written(run, key, "", _not_given(run, error))

    def _on_told(self, problem: _Problem | None) -> None:
        if problem is not None and problem.sentence:
            self.failed.emit(problem.run, problem.sentence)

    def _on_written(self, written: _Written | None) -> None:
        if written is None:
            written = _Written(self._ordered or Path(), next(iter(self.waiting), ""), "", self.tr("The order could not be given."))
        name = self.waiting.pop(written.key, None)  # None: another run is followed by now
        if name is not None and written.order_id:
            self.waiting[written.order_id] = name
        if written.problem:
            self.failed.emit(written.run, written.problem)
        self.waiting_changed.emit()
        self._on_changed()

    def _on_changed(self) -> None:
        follower = self._follower
        self._forget_others()
        answers = [answer for key, answer in follower.state.answers.items() if key in self.waiting]  # in the order they were told
        for answer in answers:
            if self.waiting.pop(answer.id, None) is not None:  # None: whoever heard the one before has opened another run
                self.answered.emit(answer)
        is_known = follower.is_caught_up and not follower.problem
        is_over = is_known and not follower.is_held and (follower.run is None or not self.has_begun(follower.run))
        if answers or (is_over and self.waiting):
            if is_over:  # nobody is left who could answer
                self.waiting.clear()
            self.waiting_changed.emit()
        self._keep_awake()

    def _forget_others(self) -> None:
        if self._follower.times_followed != self._times_followed:
            self._ordered, self._times_followed = self._follower.run, self._follower.times_followed
            if self.waiting:
                self.waiting.clear()
                self.waiting_changed.emit()

    def _keep_awake(self) -> None:
        follower = self._follower
        is_here = follower.lock is not None and follower.lock.host == socket.gethostname()
        trains = (follower.standing == "training" and is_here) or any(begun.run != follower.run for begun in self._begun)
        self._wakefulness.want(self.keep_awake and trains)


def _trainer(config: Path) -> Sequence[str]:
    return child.trainer_command("run", config)


def _start(run: Path, command: TrainerCommand) -> _Begun | _Problem:
    """Start a trainer; a sentence if that cannot be. Called in the worker thread."""
    try:
        config = find_run(run)
        refuse_if_held(run)
        with contextlib.suppress(TrainerError):  # one that was halted for a minute has lost the run, and only takes memory
            end_trainer(run)
        log_bytes, told = log_state(run / LOG)[0], _told_so_far(run)
        when = time.time()
        return _Begun(run, child.start_detached(command(config), run / LOG), log_bytes, told, when)
    except TrainerError as error:
        return _Problem(run, str(error))
    except OSError as error:
        what = error.filename or command(config)[0]
        said = _tr("The trainer could not be started: {reason} ({what}).").format(reason=error.strerror or error, what=what)
        return _Problem(run, said)


def _not_given(run: Path, error: OSError) -> str:
    """Why a run got no order, and what to do."""
    said = _tr("The order could not be given: {reason}.").format(reason=error.strerror or error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{said} {_tr('Make room on the disk of {run}, then try again.').format(run=run)}"
    return f"{said} {_tr('Whoever gives orders must be able to write to {folder}.').format(folder=run / ORDERS)}"


def _told_so_far(run: Path) -> object:
    """Changes with every event of the run, and when its events are cut."""
    try:
        found = (run / EVENTS).stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _why_it_ended(begun: _Begun) -> str:
    """A sentence about a trainer that ended before it told anything; "" for others, whose events say it."""
    if _told_so_far(begun.run) != begun.told:
        return ""
    try:
        words = last_words(begun.run / LOG, begun.log_bytes).splitlines()
    except OSError:
        words = []
    code = begun.process.returncode
    if code < 0:
        said = _tr("The trainer was ended by the system before it could begin (signal {number}).").format(number=-code)
    else:
        said = _tr("The trainer ended before it could begin (exit code {code}).").format(code=code)
    return f"{said} {_tr('Its last words: {words}').format(words=words[-1])}" if words else said


def _tr(text: str) -> str:
    return QCoreApplication.translate("RunControl", text)
