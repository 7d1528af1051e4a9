"""Waiting for what other threads do, without Qt."""

import time
from collections.abc import Callable

SOON_S = 20.0  # long enough on two slow cores
_POLL_S = 0.005


def until(happened: Callable[[], object]) -> None:
    end = time.monotonic() + SOON_S
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(_POLL_S)
