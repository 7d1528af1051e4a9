"""Whether the window ever stands still while it is live, and what a recording costs the preview.

    python -m tests.bench.live_window [--model colorize] [--seconds 8]

Run on an idle machine. Without a display the offscreen platform is used; with one, that. The bundled clip, made 1280 x 720
pixels at 30 frames a second, is watched in the real window at 1200 x 800. A stall is the longest time between two looks of a
5-ms timer in the GUI thread; phases follow each other in one run, and recording is told beside the phase before it.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2

ROOT = Path(__file__).resolve().parents[2]
CLIP = ROOT / "resources" / "clips" / "people.mp4"
TICK_MS = 5
NUM_FRAMES, FPS, SIZE = 200, 30, (1280, 720)
OTHER = {"colorize": "deblur", "deblur": "colorize"}


def write_clip(path: Path) -> None:
    source = cv2.VideoCapture(str(CLIP))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, SIZE)
    for _ in range(NUM_FRAMES):
        writer.write(cv2.resize(source.read()[1], SIZE))
    writer.release()


class Stopwatch:
    """Runs the event loop for a while and tells its worst stalls."""

    def __init__(self, parent) -> None:
        from PySide6.QtCore import Qt, QTimer

        self._last = 0.0
        self._stalls: list[float] = []
        self._timer = QTimer(parent)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK_MS)

    def _tick(self) -> None:
        now = time.perf_counter()
        if self._last:
            self._stalls.append(now - self._last - TICK_MS / 1000)
        self._last = now

    def worst(self, seconds: float) -> list[float]:
        """Milliseconds, the three worst."""
        from PySide6.QtCore import QEventLoop, QTimer

        self._stalls.clear()
        loop = QEventLoop()
        QTimer.singleShot(round(1000 * seconds), loop.quit)
        loop.exec()
        return [round(1000 * stall, 1) for stall in sorted(self._stalls, reverse=True)[:3]]


def play(clip: Path, model: str, seconds: float) -> None:
    """Called in a process of its own; tells each phase as a line of JSON."""
    from p2p_desktop.ui import app
    from p2p_desktop.ui.main_window import MainWindow

    class Played(MainWindow):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments)
            self.painted.connect(self._on_painted)

        def _on_painted(self) -> None:
            from PySide6.QtCore import QTimer

            QTimer.singleShot(3000, self._play)

        def _play(self) -> None:
            from PySide6.QtWidgets import QApplication

            self.resize(1200, 800)
            run(self, clip, model, seconds)
            self.close_down()
            QApplication.exit(0)

    app.MainWindow = Played
    app.run_window([])


def run(window, clip: Path, model: str, seconds: float) -> None:
    stopwatch = Stopwatch(window)

    def phase(name: str, lasts: float, act: Callable[[], object] | None = None) -> None:
        page = window._made.get("live")
        if page is not None:
            page._session.meter.reset()
        if act is not None:
            act()
        worst = stopwatch.worst(lasts)
        figures = window.page("live")._session.figures()
        told = {"fps": figures.fps_out, "p50": figures.latency_ms_p50, "p95": figures.latency_ms_p95, "model": figures.model_ms}
        print(json.dumps({"phase": name, "worst_ms": worst} | {key: round(value, 1) for key, value in told.items()}), flush=True)

    phase("Live is opened for the first time", 5.0, lambda: window.go_to("live"))
    page = window.page("live")
    phase("another clip, another model", 6.0, lambda: (page.watch_files([clip]), page.use_model(model)))
    phase("watched, split", seconds)
    phase("recorded", seconds, page.record_or_stop)
    phase("watched again", seconds, page.record_or_stop)
    phase("side by side", seconds, lambda: page._top.choose_mode("side_by_side"))
    phase("models changed every second", seconds, lambda: change(page, model, round(seconds)))
    phase("frozen", 3.0, page.freeze_or_go_on)
    page.freeze_or_go_on()
    phase("left", 2.0, lambda: window.go_to("convert"))
    phase("back", 5.0, lambda: window.go_to("live"))


def change(page, model: str, times: int) -> None:
    from PySide6.QtCore import QTimer

    for number in range(times):
        name = model if number % 2 else OTHER[model]
        QTimer.singleShot(1000 * number, lambda name=name: page.use_model(name))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="colorize", choices=OTHER)
    parser.add_argument("--seconds", type=float, default=8.0)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}, platform {'xcb' if os.environ.get('DISPLAY') else 'offscreen'}")
    if not os.environ.get("DISPLAY"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["P2P_DESKTOP_HOME"] = temporary
        os.environ["HOME"] = temporary  # recordings go to the person's pictures
        from p2p_desktop.cli.app import run as command

        for model in OTHER:
            command(["models", "compile", model])
        clip = Path(temporary) / "clip.mp4"
        write_clip(clip)
        sys.stdout.flush()
        play(clip, options.model, options.seconds)


if __name__ == "__main__":
    main()
