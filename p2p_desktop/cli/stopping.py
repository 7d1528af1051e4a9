"""SIGINT and SIGTERM stop a command after what it is doing; a second one ends it at once."""

import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType

from training.contract.progress import Token


class Interrupted(Exception):
    """The command was stopped by a signal; everything finished so far is kept."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by signal {number}")
        self.exit_code = 128 + number


@contextlib.contextmanager
def stoppable() -> Iterator[Token]:
    """Give a token that signals cancel. At the end, if one came, raises Interrupted: 130 for SIGINT, 143 for SIGTERM."""
    token = Token()
    received: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        if received:
            os._exit(128 + number)  # asked twice: what hangs must not keep the person waiting
        received.append(number)
        token.cancel()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield token
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        raise Interrupted(received[0])
