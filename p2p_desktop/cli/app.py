"""All commands together, and what their endings mean as exit codes (design 3.5)."""

import io
import logging
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import typer

from p2p_desktop.cli import convert, doctor, evaluate, live, models, pairs, train
from p2p_desktop.cli.stopping import Interrupted
from p2p_desktop.logs import set_up_logging
from p2p_desktop.paths import user_paths
from training.contract.errors import ConfigError, P2PError
from training.contract.version import __version__

log = logging.getLogger(__name__)

EXIT_FAILED, EXIT_USAGE = 1, 2


def make_app() -> typer.Typer:
    app = typer.Typer(
        name="p2p-desktop",
        help="Learn and apply paired image-to-image translation (pix2pix) on your own computer. Nothing leaves it.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.command("convert")(convert.convert_command)
    app.command("live")(live.live_command)
    app.command("train")(train.train_command)
    app.command("evaluate")(evaluate.evaluate_command)
    app.command("doctor")(doctor.doctor_command)
    app.add_typer(models.app, name="models")
    app.add_typer(pairs.app, name="pairs")

    @app.callback(invoke_without_command=True, result_callback=_exit_with)
    def options(
        version: bool = typer.Option(False, "--version", help="Print the version and end."),
        verbose: bool = typer.Option(False, "--verbose", help="Tell on stderr what is being done."),
    ) -> None:
        if version:
            print(__version__)
            raise typer.Exit
        set_up_logging(user_paths().logs, verbose)

    return app


def run(words: Sequence[str]) -> int:
    """Run a command line and give its exit code; every error becomes a sentence on stderr."""
    for stream in (sys.stdout, sys.stderr):  # names may hold what the terminal cannot show
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit_on_signal)  # until a command that has something to save takes over
    try:
        typer.main.get_command(make_app()).main(list(words), prog_name="p2p-desktop")
    except SystemExit as ending:  # what typer always ends with; wrong usage is told and has the code 2
        return ending.code if isinstance(ending.code, int) else EXIT_FAILED
    except Interrupted as stopped:
        return stopped.exit_code
    except ConfigError as error:
        print(f"Error: {error}", file=sys.stderr)
        return EXIT_USAGE
    except P2PError as error:
        log.info("Gave up: %s", error, exc_info=error.__cause__)
        print(f"Error: {error}", file=sys.stderr)
        return EXIT_FAILED
    except BrokenPipeError:  # whoever read our output has gone
        sys.stderr.close()
        return EXIT_FAILED
    return 0


def _exit_with(code: object, **_options: object) -> None:
    """Make what a command returns the program's exit code."""
    if isinstance(code, int) and code:
        raise typer.Exit(code)


def _exit_on_signal(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
