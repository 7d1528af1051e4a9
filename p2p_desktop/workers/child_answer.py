"""One of our own commands, run as a child to its end: what it answered, or its sentence why it could not."""

import json
import logging
import subprocess
import threading
from collections.abc import Sequence
from typing import IO, Any

from p2p_desktop import child
from training.contract.errors import P2PError
from training.contract.progress import Token

log = logging.getLogger(__name__)

_POLL_S = 0.05
_LAST_WORDS = 2000  # characters of a failed child's stderr that go into the log


class ChildError(P2PError):
    """A child failed; the message is its last sentence."""

    def __init__(self, sentence: str, printed: Sequence[dict[str, Any]]) -> None:  # Any: JSON
        super().__init__(sentence)
        self.printed = tuple(printed)
        """The JSON lines that it had printed until then."""


def ask_child(command: Sequence[str], token: Token) -> list[dict[str, Any]]:  # Any: JSON
    """Run the command and give the JSON lines that it printed. Called in a worker thread.

    Raises ChildError for a child that failed; Cancelled, after ending it; OSError if it cannot be started.
    """
    process = child.start(command, stderr=subprocess.PIPE)
    printed: list[bytes] = []
    words: list[bytes] = []
    readers = [
        threading.Thread(target=_drain, args=(pipe, kept)) for pipe, kept in ((process.stdout, printed), (process.stderr, words))
    ]
    for reader in readers:
        reader.start()
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
        for reader in readers:
            reader.join()
    told = [data for line in printed if (data := _object(line)) is not None]
    if process.returncode != 0:
        raise ChildError(_last_sentence(command, process.returncode, words), told)
    return told


def _drain(pipe: IO[bytes] | None, kept: list[bytes]) -> None:
    """Read a child's words while it speaks: a full pipe would stop it."""
    if pipe is not None:
        with pipe:
            kept.extend(pipe)


def _last_sentence(command: Sequence[str], code: int, words: list[bytes]) -> str:
    said = b"".join(words).decode("utf-8", errors="replace").strip()
    log.error("%s ended with %d: %s", command, code, said[-_LAST_WORDS:])
    return said.splitlines()[-1].removeprefix("Error: ") if said else "See the log for what happened."


def _object(line: bytes) -> dict[str, Any] | None:  # Any: JSON
    try:
        data = json.loads(line)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None
