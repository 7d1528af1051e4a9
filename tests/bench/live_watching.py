"""What the measurements of Live have in common: `watch` with a model, for some seconds."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from p2p_desktop.inference.translator import Translator
from p2p_desktop.live.camera import Camera
from p2p_desktop.live.frames import Shown
from p2p_desktop.live.session import LiveSummary, watch
from p2p_desktop.live.wishes import LiveWishes
from training.contract.progress import Token

WARM_S = 2.0  # until memory is counted from
Row = dict[str, float | str]


def memory_mb() -> float:
    return float(psutil.Process().memory_info().rss / 1e6)


class Clock:
    """Ends a measurement after its seconds, and notes how memory grows meanwhile. Called with every frame."""

    def __init__(self, seconds: float, token: Token) -> None:
        self._seconds, self._token = seconds, token
        self.growth_mb = math.nan
        self._began: float | None = None
        self._memory_mb: float | None = None

    def __call__(self, _: Shown | None = None) -> None:
        now = time.monotonic()
        if self._began is None:
            self._began = now
        if self._memory_mb is None and now - self._began > WARM_S:
            self._memory_mb = memory_mb()
        if now - self._began > self._seconds and not self._token.cancelled:
            self._token.cancel()
            self.growth_mb = memory_mb() - (self._memory_mb or math.nan)  # before the model is closed


def watched(
    opened: Callable[[], Camera],
    model: Path,
    cache: Path,
    show: Callable[[Shown], None],
    token: Token,
    wishes: LiveWishes | None = None,
) -> LiveSummary:
    translator = Translator.load(model, device="cpu", cache=cache, follows=True)
    return watch(opened, translator, wishes or LiveWishes(), show=show, report=lambda _: None, token=token)


def row_of(summary: LiveSummary, clock: Clock, camera_fps: float) -> Row:
    """`allowed_ms`: what was promised of the slowest frame in twenty, two times of the model and one of the camera."""
    figures = summary.figures
    return {
        "fps": summary.fps,
        "p50": figures.latency_ms_p50,
        "p95": figures.latency_ms_p95,
        "allowed_ms": 2 * figures.model_ms + 1000 / camera_fps,
        "model_ms": figures.model_ms,
        "dropped": figures.dropped,
        "growth_mb": clock.growth_mb,
    }
