"""The process boundary: `python -P -u -m training MODE --config FILE`. Events out, an exit code, nothing else (design 3.4).

Exit codes: 0 finished, or stopped by an order; 1 failed; 2 wrong usage; 130 and 143 stopped by SIGINT and SIGTERM.
"""

import argparse
import contextlib
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from types import FrameType

from training.contract.config import TrainConfig
from training.contract.errors import ConfigError, P2PError
from training.contract.progress import Cancelled, Token
from training.contract.protocol import CONFIG, Failed
from training.disk import is_full, not_written
from training.estimate import estimate
from training.loop import train
from training.measure_models import EvaluationRequest, measure_models
from training.memory import is_out_of_memory
from training.pairs import PairsRequest, check_pairs, make_pairs, show_pairs
from training.run_files import EventLog, drop_early_orders, hold_lock, kept_model
from training.world import World, joined_world, leave

log = logging.getLogger("training")

MODES = ("run", "evaluate", "check-pairs", "make-pairs", "show-pairs", "estimate")

STDIN, STDOUT, STDERR = 0, 1, 2  # file descriptors


def main(arguments: list[str] | None = None) -> int:
    """Do what the arguments ask, and give the exit code. Takes over stdout and the signals of this process."""
    parser = argparse.ArgumentParser(prog="python -m training", description="Train and measure pix2pix models.")
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("--config", type=Path, required=True, help="the whole request, as a JSON file")
    parser.add_argument("--stop-with-parent", action="store_true", help="stop when stdin ends")
    options = parser.parse_args(arguments)
    stdout = _take_stdout()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")

    token = Token()
    received = _stop_on_signals(token)
    if options.stop_with_parent:
        _stop_when_stdin_ends(token)
    path = options.config.absolute()
    code = _run(path, token, stdout) if options.mode == "run" else _answer(options.mode, path, token, stdout)
    return 128 + received[0] if received and code == 0 else code


def _run(path: Path, token: Token, stdout: FileIO | None) -> int:
    """Train in the folder that the config lies in, together with the other processes where torchrun started several."""
    run = path.parent
    try:
        with joined_world() as world:
            if not world.is_first:
                return _help(run, token, world)
            if path.name != CONFIG or not path.is_file():
                raise ConfigError(f"A run is described by a file {CONFIG} in its own folder; {path} is none.")
            with hold_lock(run, _end_at_once) as lock, contextlib.closing(EventLog(run, stdout)) as report:
                drop_early_orders(run, lock.started)
                return _guarded(report, run, lambda: _train(world.share(_read(path)), run, report, token, world))
    except (P2PError, OSError) as error:  # before the run was ours: nothing may be written into its folder
        return _fail(EventLog(None, stdout), error, None)


def _help(run: Path, token: Token, world: World) -> int:
    """Train as one of several processes of which another one writes and reports; errors go to stderr."""
    return _guarded(EventLog(None, None), None, lambda: _train(world.share(""), run, EventLog(None, None), token, world))


def _train(text: str, run: Path, report: EventLog, token: Token, world: World) -> None:
    train(TrainConfig.from_json(text), run, report, token, world)


def _answer(mode: str, path: Path, token: Token, stdout: FileIO | None) -> int:
    """Do one of the modes that keep nothing: their events go to stdout alone."""
    report = EventLog(None, stdout)

    def work() -> None:
        text = _read(path)
        match mode:
            case "evaluate":
                measure_models(EvaluationRequest.from_json(text), report, token)
            case "check-pairs":
                check_pairs(PairsRequest.from_json(text), report, token)
            case "make-pairs":
                make_pairs(PairsRequest.from_json(text), report, token)
            case "show-pairs":
                show_pairs(PairsRequest.from_json(text), report, token)
            case "estimate":
                estimate(TrainConfig.from_json(text), report, token)

    return _guarded(report, None, work)


def _guarded(report: EventLog, run: Path | None, work: Callable[[], object]) -> int:
    """Do the work; whatever ends it becomes the last event and an exit code."""
    try:
        work()
    except Cancelled:
        return 0
    except Exception as error:  # noqa: BLE001  # the process boundary: the parent must hear of everything
        return _fail(report, error, run)
    return 0


def _fail(report: EventLog, error: Exception, run: Path | None) -> int:
    message = _sentence(error, run)
    if isinstance(error, P2PError):
        log.error("%s", message)
    else:
        log.error("%s\n%s", message, "".join(traceback.format_exception(error)))
    try:
        report(Failed(report.step, message, kept_model(run) if run else None))
    except OSError:  # a full disk is told on stdout and here at least
        log.exception("The failure could not be written to the run's events.")
    return 1


def _sentence(error: Exception, run: Path | None) -> str:
    """What happened, for a person. `run`: the folder that was written to, if any was."""
    match error:
        case P2PError():
            return str(error)
        case _ if is_out_of_memory(error):
            return "There is too little memory for these settings. Use a smaller batch or size in a new run."
        case OSError() if is_full(error) and run is not None:
            return not_written("What the run tells", run, error)
        case OSError():
            return f"A file could not be read or written: {error}. Continue from the last checkpoint once it can be."
    return f"The trainer failed unexpectedly: {type(error).__name__}: {error}. Its log says more."


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # some editors begin a file with a byte order mark
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The configuration {path} cannot be read: {error}.") from error


def _take_stdout() -> FileIO | None:
    """Keep stdout for the events alone: whatever libraries print goes to stderr from now on. None where there is no stdout."""
    try:
        events = FileIO(os.dup(STDOUT), "w")
    except OSError:
        return None
    with contextlib.suppress(OSError):
        os.dup2(STDERR, STDOUT)
    sys.stdout = sys.stderr
    return events


def _stop_on_signals(token: Token) -> list[int]:
    """Let SIGINT and SIGTERM stop the work after its step; a second one ends the process at once. Gives those received."""
    received: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) > 1:
            os._exit(128 + number)  # asked twice: what hangs must not keep the person waiting
        token.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return received


def _stop_when_stdin_ends(token: Token) -> None:
    def wait() -> None:
        with contextlib.suppress(OSError):  # no stdin at all has ended, too
            while os.read(STDIN, 4096):  # not sys.stdin: a thread that waits in there makes Python abort at its end
                pass
        token.cancel()

    threading.Thread(target=wait, name="stdin", daemon=True).start()


def _end_at_once() -> None:
    log.error("Another trainer has taken over this run, so this one ends.")
    os._exit(1)


if __name__ == "__main__":
    leave(main())
