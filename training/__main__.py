"""The process boundary: `python -P -u -m training MODE --config FILE`. Events out, an exit code, nothing else (design 3.4).

Exit codes: 0 finished, or stopped by an order; 1 failed; 2 wrong usage; 130 and 143 stopped by SIGINT and SIGTERM.
"""

import argparse
import logging
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from training.contract.config import TrainConfig
from training.contract.errors import ConfigError, P2PError
from training.contract.progress import Cancelled, Token
from training.contract.protocol import CONFIG, Event, Failed, write_order
from training.loop import train
from training.measure_models import EvaluationRequest, measure_models
from training.run_files import EventLog, hold_lock

log = logging.getLogger("training")

MODES = ("run", "evaluate")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training", description="Train and measure pix2pix models.")
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("--config", type=Path, required=True, help="the whole request, as a JSON file")
    parser.add_argument("--stop-with-parent", action="store_true", help="stop, as if ordered, when stdin ends")
    options = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")

    token = Token()
    received = _stop_on_signals(token)
    path: Path = options.config.absolute()
    if options.mode == "evaluate":
        code = _evaluate(path, token)
    else:
        if options.stop_with_parent:
            _order_stop_when_stdin_ends(path.parent)
        code = _run(path, token)
    return 128 + received[0] if received and code == 0 else code


def _run(path: Path, token: Token) -> int:
    """Train in the folder that the config lies in."""
    if path.name != CONFIG:
        return _fail(EventLog(None), ConfigError(f"A run is described by a file {CONFIG} in its own folder, not by {path}."))
    run = path.parent
    try:
        config = TrainConfig.from_json(_read(path))
        with hold_lock(run):
            report = EventLog(run)
            try:
                return _guarded(report, lambda: train(config, run, report, token))
            finally:
                report.close()
    except P2PError as error:  # before the run was ours: nothing may be written into its folder
        return _fail(EventLog(None), error)
    except OSError as error:
        return _fail(EventLog(None), ConfigError(f"The run in {run} cannot be used: {error}."))


def _evaluate(path: Path, token: Token) -> int:
    report = EventLog(None)
    return _guarded(report, lambda: measure_models(EvaluationRequest.from_json(_read(path)), report, token))


def _guarded(report: EventLog, work: Callable[[], object]) -> int:
    """Do the work; whatever ends it becomes the last event and an exit code."""
    try:
        work()
    except Cancelled:
        return 0
    except P2PError as error:
        return _fail(report, error)
    except MemoryError:
        return _fail(report, ConfigError("The computer has too little memory for these settings. Use a smaller batch or size."))
    except Exception as error:  # noqa: BLE001  # the process boundary: the parent must hear of everything
        traceback.print_exc()
        return _fail(report, error)
    return 0


def _fail(report: EventLog, error: Exception) -> int:
    message = str(error) if isinstance(error, P2PError) else f"The trainer failed unexpectedly: {type(error).__name__}: {error}"
    log.error("%s", message)
    event: Event = Failed(0, message, None)
    try:
        report(event)
    except OSError:  # a full disk is told on stderr at least
        log.exception("The failure could not be written to the run's events.")
    return 1


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The configuration {path} cannot be read: {error}.") from error


def _stop_on_signals(token: Token) -> list[int]:
    """Let SIGINT and SIGTERM stop the work after its step; a second one ends the process at once. Gives those received."""
    received: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if len(received) > 1:
            raise SystemExit(128 + number)
        token.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return received


def _order_stop_when_stdin_ends(run: Path) -> None:
    def wait() -> None:
        sys.stdin.buffer.read()
        write_order(run, "stop")

    threading.Thread(target=wait, name="stdin", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
