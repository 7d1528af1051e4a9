"""Models for OpenVINO, converted by a child process: so the window's process never imports torch."""

import logging
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from p2p_desktop import child
from training.contract.errors import ModelError
from training.contract.progress import Token
from training.contract.spec import Statistics

log = logging.getLogger(__name__)

_POLL_S = 0.05
_LAST_WORDS = 2000  # characters of a failed child's stderr that go into the log


def convert_in_child(
    model: Path, statistics: Statistics, cache: Path, token: Token, *, on_begin: Callable[[], None] = lambda: None
) -> None:
    """Convert a model for this computer unless that was done before. Takes seconds; called in a worker thread.

    `on_begin` is called if there is something to do.
    Raises ModelError with the child's sentence; Cancelled, after ending the child.
    """
    from p2p_desktop.inference.openvino_runtime import is_converted  # imports openvino, which takes a while
    from training.contract.model_file import file_digest

    if is_converted(file_digest(model), statistics, cache):
        return
    on_begin()
    command = child.own_command("models", "compile", str(model), "--statistics", statistics)
    process = child.start(command, stderr=subprocess.PIPE)
    words: list[bytes] = []
    threads = [threading.Thread(target=_drain, args=(pipe, kept)) for pipe, kept in ((process.stdout, []), (process.stderr, words))]
    for thread in threads:
        thread.start()
    try:
        while process.poll() is None:
            token.check()
            try:
                process.wait(_POLL_S)
            except subprocess.TimeoutExpired:
                continue
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for thread in threads:
            thread.join()
    if process.returncode != 0:
        said = b"".join(words).decode("utf-8", errors="replace").strip()
        log.error("converting %s ended with %d: %s", model, process.returncode, said[-_LAST_WORDS:])
        last = said.splitlines()[-1].removeprefix("Error: ") if said else ""
        raise ModelError(
            f"The model {model.stem} could not be made ready for this computer. {last or 'See the log for what happened.'}"
        )


def _drain(pipe: IO[bytes] | None, kept: list[bytes]) -> None:
    """Read a child's words while it speaks: a full pipe would stop it."""
    if pipe is not None:
        with pipe:
            kept.extend(pipe)
