"""All parts of an installation, tried one after the other."""

import errno
import logging
from collections.abc import Callable, Iterator
from functools import partial

from p2p_desktop.cli.finding import Finding
from p2p_desktop.cli.self_test.bench import AGAIN, ROOM, Bench, broken
from p2p_desktop.cli.self_test.live import try_live
from p2p_desktop.cli.self_test.models import try_formats, try_model
from p2p_desktop.cli.self_test.network import judge_network
from p2p_desktop.cli.self_test.stored_pictures import stored_models
from p2p_desktop.cli.self_test.trainer import try_trainer
from p2p_desktop.cli.self_test.window import try_window
from p2p_desktop.models.library import Library
from training.contract.errors import P2PError

log = logging.getLogger(__name__)


def self_test(library: Library, bench: Bench) -> Iterator[Finding]:
    """Try every part, and tell of each as soon as it is known."""
    try:
        names = stored_models()
    except P2PError as error:
        names = []
        yield broken("models", "No model can be tried", str(error))
    for name in names:
        yield _attempt(name, partial(try_model, name, bench))
    yield _attempt("formats", partial(try_formats, bench))
    yield _attempt("window", partial(try_window, bench))
    yield _attempt("trainer", partial(try_trainer, bench))
    yield _attempt("live", partial(try_live, library, bench))
    yield _attempt("network", partial(judge_network, bench))


def _attempt(part: str, work: Callable[[], Finding]) -> Finding:
    try:
        return work()
    except Exception as error:  # an installation that lacks a part, and a disk that is full, fail in any way
        log.info("%s could not be tested", part, exc_info=True)
        is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        said = f"{type(error).__name__}: {error}."
        return broken(part, f"The test of {part} broke down", said, ROOM if is_full else AGAIN)
