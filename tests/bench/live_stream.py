"""Live on an MJPEG stream over loopback, minute by minute. Run as a program, this file is the server."""

import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

from p2p_desktop.live.frames import Shown
from p2p_desktop.live.sources import Address, open_source
from tests.bench.live_watching import Clock, Row, memory_mb, row_of, watched
from tests.live.clips import BITS, number_of
from tests.live.streams import Manners, MjpegServer
from training.contract.progress import Token

CAMERA_FPS = 30  # frames a second
SIDE = 256  # pixels


def stream(_: Path, model: Path, cache: Path, seconds: float) -> Row:
    """A line on stderr for every minute; the row is of the whole."""
    server = subprocess.Popen([sys.executable, "-m", "tests.bench.live_stream"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin
    assert server.stdout
    url = server.stdout.readline().decode().strip()
    token, minute = Token(), Minute()
    clock = Clock(seconds, token)

    def show(shown: Shown) -> None:
        clock()
        minute(shown)

    try:
        summary = watched(partial(open_source, Address(url)), model, cache, show, token)
    finally:
        server.stdin.close()
        server.wait()
    return row_of(summary, clock, CAMERA_FPS)


class Minute:
    """Tells of every minute, by the numbers in the frames and a clock of its own."""

    def __init__(self) -> None:
        self._ends_at: float | None = None
        self._count = 0
        self._begin()

    def _begin(self) -> None:
        self._delays_ms: list[float] = []
        self._missed = 0
        self._before: int | None = None

    def __call__(self, shown: Shown) -> None:
        now, number = time.monotonic(), number_of(shown.frame.rgb)
        if self._ends_at is None:
            self._ends_at = now + 60
        self._delays_ms.append(1000 * (now - shown.frame.captured))
        self._missed += 0 if self._before is None else (number - self._before) % 2**BITS - 1
        self._before = number
        if now >= self._ends_at:
            self._count, self._ends_at = self._count + 1, self._ends_at + 60
            print(
                f"    minute {self._count}: {len(self._delays_ms)} frames, p95 {np.percentile(self._delays_ms, 95):.1f} ms, "
                f"{self._missed} passed over, {memory_mb():.0f} MB",
                file=sys.stderr,
                flush=True,
            )
            self._begin()


def serve() -> None:
    """Until stdin is closed."""
    server = MjpegServer(Manners(fps=CAMERA_FPS, size=(SIDE, SIDE)))
    print(server.url, flush=True)
    sys.stdin.read()
    server.close()


if __name__ == "__main__":
    serve()
