"""Whether the window stays fluid while a run tells a thousand steps a second, and how much memory a hundred thousand of them take.

    python -m tests.bench.run_page [--events N] [--rate R] [--shots FOLDER]

Run on an idle machine. Without a display the offscreen platform is used; with one (Xvfb will do), that. Another process writes N
step events, with a measurement, pictures and a checkpoint now and then, into a run's `events.jsonl`, R a second, as a trainer does:
line by line, and it holds the run. Here it is followed and, where there is such a page, shown. Told as JSON, first of the follower
alone, then with the page, so that one sees what the page costs, each while the run is written and opened when it is over:
- the longest times between two looks of a 5-ms timer in the GUI thread, less those 5 ms, and the share of looks that came more than
  16 ms late, from the first event until two seconds after the last;
- how long the last event took to arrive; how often a change was told;
- memory of the window's process after 10,000 steps, and at the end.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from math import exp, sin
from pathlib import Path

import psutil
from PySide6.QtCore import QDeadlineTimer, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from p2p_desktop.ui.app import _COLLECT_AT, _SWITCH_S
from p2p_desktop.workers.run_control import RunControl
from p2p_desktop.workers.run_follower import RunFollower

ROOT = Path(__file__).resolve().parents[2]
TICK_MS = 5
NUM_EVENTS, RATE = 100_000, 1000
FLAT_FROM = 10_000  # events, after which memory is to stay what it is
MEASURED_EVERY = 1000  # steps
WORST = 5
GRACE_S = 3.0  # for the window to appear
AFTERWARDS_S = 2.0  # what was read at last is drawn then
PAGE = (1124, 772)  # of a window of 1200 x 800, less the rail and the status line


def write_run(run: Path, num_events: int) -> None:
    """The request of a run, as the page needs it."""
    from training.contract.config import recommended
    from training.contract.protocol import CONFIG

    config = recommended("facades", run / "data", "quick").changed({"steps": str(num_events), "name": "Replay"})
    run.mkdir()
    (run / CONFIG).write_text(config.to_json(), encoding="utf-8")


def told_at(step: int, num_events: int) -> list:
    """What a run tells at a step. The losses look like those of a real one: they fall, and jitter."""
    from training.contract.protocol import Checkpointed, Sample, Step, Validation

    jitter = sin(step * 12.9898) * 43758.5453 % 1
    falling = exp(-4 * step / num_events)
    losses = {
        "g_gan": 0.7 + 0.5 * jitter,
        "g_l1": 3 + 20 * falling + 2 * jitter,
        "d_real": 0.4 + jitter / 3,
        "d_fake": 0.7 - jitter / 3,
    }
    told = [Step(step, step // 400, losses, 2e-4, 0.001)]
    if step % MEASURED_EVERY == 0:
        metrics = {"psnr": 28 - 8 * falling + jitter / 5, "ssim": 0.9 - 0.4 * falling, "l1": 0.03 + 0.1 * falling}
        told.append(Validation(step, "running", metrics, {"psnr": 21.0, "ssim": 0.7, "l1": 0.08}, True))
        told.append(Sample(step, [f"samples/step-{step:08}/0.png"]))
        told.append(Checkpointed(step, "checkpoints/last.pt"))
    return told


def draw_samples(run: Path, num_events: int) -> None:
    """Three pictures side by side for each measurement, as a trainer draws them."""
    import cv2
    import numpy as np

    rng = np.random.default_rng(0)
    clear = np.repeat(np.repeat(rng.integers(0, 256, (16, 16, 3), np.uint8), 16, 0), 16, 1)
    for step in range(MEASURED_EVERY, num_events + 1, MEASURED_EVERY):
        noise = rng.normal(0, 80 * exp(-4 * step / num_events), clear.shape)
        result = np.clip(clear + noise, 0, 255).astype(np.uint8)
        path = run / "samples" / f"step-{step:08}" / "0.png"
        path.parent.mkdir(parents=True)
        cv2.imwrite(str(path), np.hstack([cv2.GaussianBlur(clear, (0, 0), 4), result, clear]))


# --- in processes of their own


def play_trainer(run: Path, num_events: int, rate: float) -> None:
    """Hold the run and tell, each event when it is due; the lock is renewed as a trainer does."""
    from training.contract.protocol import EVENTS, HEARTBEAT_SECONDS, LOCK, Finished, Started, event_line, own_lock, write_lock

    def line(event: object) -> bytes:
        return event_line(event, time.time()).encode("ascii")

    with (run / EVENTS).open("ab", buffering=0) as file:
        write_lock(run, own_lock())
        file.write(line(Started("facades", "cpu", num_events, 0, {"train": 400, "val": 100}, {"g": 13_600_000, "d": 2_770_000})))
        sys.stdin.readline()  # until the window is there
        began, beat = time.perf_counter(), 0.0
        for step in range(1, num_events + 1):
            due = began + step / rate
            while (left := due - time.perf_counter()) > 0:
                time.sleep(left)
            for event in told_at(step, num_events):
                file.write(line(event))
            if time.perf_counter() - beat > HEARTBEAT_SECONDS:
                beat = time.perf_counter()
                write_lock(run, own_lock())
        took = time.perf_counter() - began
        file.write(line(Finished(num_events, f"All {num_events} steps are done.", None)))
        (run / LOCK).unlink()
    print(json.dumps({"events_per_second": round(num_events / took)}), flush=True)


class Watch(QObject):
    """Looks at the clock every 5 ms, from the first event until the run is over."""

    over = Signal()

    def __init__(self, follower: RunFollower) -> None:
        super().__init__()
        self.follower = follower
        self.stalls: list[float] = []
        self.memory: dict[str, int] = {}
        self.first = self.last = self.over_at = 0.0
        self.changes = 0
        follower.changed.connect(self._on_changed)
        self.timer = QTimer(self)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self._tick)
        self.timer.start(TICK_MS)

    def facts(self) -> dict:
        seconds = self.last - self.first - AFTERWARDS_S
        return {
            "steps": len(self.follower.state.losses),
            "seconds": round(seconds, 1),
            "last_came_after_s": round(self.over_at - (self.follower.state.last_seconds or 0.0), 2),
            "changes_per_second": round(self.changes / max(seconds, 1e-3), 1),
            "worst_ms": [round(1000 * stall, 1) for stall in sorted(self.stalls, reverse=True)[:WORST]],
            "late": round(sum(stall > 0.016 for stall in self.stalls) / len(self.stalls), 4),
            "memory_mb": {name: round(rss / 1e6, 1) for name, rss in self.memory.items()},
        }

    def _on_changed(self) -> None:
        self.changes += 1

    def _tick(self) -> None:
        now, step = time.perf_counter(), self.follower.state.step
        if not self.first:
            if step == 0:
                return
            self.first = self.last = now
        self.stalls.append(now - self.last - TICK_MS / 1000)
        self.last = now
        if step >= FLAT_FROM and "flat_from" not in self.memory:
            self.memory["flat_from"] = psutil.Process().memory_info().rss
        if self.follower.standing == "finished" and self.follower.is_caught_up:
            self.over_at = self.over_at or time.time()
        if self.over_at and time.time() - self.over_at > AFTERWARDS_S:
            self.timer.stop()
            self.memory["end"] = psutil.Process().memory_info().rss
            self.over.emit()


def play_window(run: Path, options: argparse.Namespace) -> None:
    """Follow the run until it is over, and tell how that went."""
    sys.setswitchinterval(_SWITCH_S)  # both as the program does
    gc.set_threshold(*_COLLECT_AT)
    app = QApplication([])
    follower = RunFollower()
    control = RunControl(follower)
    control.keep_awake = False
    page = None if options.no_page else _page(follower, control)
    if page is not None:
        page.resize(*PAGE)
        page.show()
    watch = Watch(follower)

    def follow() -> None:
        if options.begin:
            print("ready", flush=True)
        follower.follow(run)

    def tell() -> None:
        facts = {"page": page is not None} | watch.facts()
        if not options.begin:  # it was over long ago
            del facts["last_came_after_s"]
        print(json.dumps(facts), flush=True)
        if page is not None and options.shots:
            page.grab().save(str(Path(options.shots) / "run_page.png"))
        app.exit(0)

    watch.over.connect(tell)
    QTimer.singleShot(round(1000 * GRACE_S), follow)
    app.exec()
    until = QDeadlineTimer(20_000)
    if page is not None:
        page.close_down(until)
        page.close()
    control.close(until)
    follower.close(until)


def _page(follower: RunFollower, control: RunControl):
    """The page of a run; None where this version has none."""
    try:
        from p2p_desktop.ui.run_page import RunPage
    except ImportError:
        return None
    from tests.bench.window import make_look

    return RunPage(make_look(), follower, control)


def child(part: str, run: Path, options: argparse.Namespace, *more: str) -> "subprocess.Popen[str]":
    environment = dict(os.environ)
    if not environment.get("DISPLAY"):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    words = ["--part", part, "--run", str(run), "--events", str(options.events), "--rate", str(options.rate)]
    command = [sys.executable, "-m", "tests.bench.run_page", *words, *more]
    if options.shots:
        command += ["--shots", options.shots]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def replay(run: Path, options: argparse.Namespace, *more: str) -> tuple[dict, dict]:
    """Write and follow at the same time; what the window and what the writer tell."""
    with child("window", run, options, "--begin", *more) as window, child("trainer", run, options) as trainer:
        window.stdout.readline()
        trainer.stdin.write("begin\n")
        trainer.stdin.flush()
        told, facts = json.loads(trainer.stdout.readline()), json.loads(window.stdout.readline())
    if window.returncode != 0 or facts["steps"] != options.events:
        raise SystemExit(f"the window ended with {window.returncode} after {facts['steps']} steps")
    return facts, told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=NUM_EVENTS, help="steps that are told")
    parser.add_argument("--rate", type=float, default=RATE, help="of them a second")
    parser.add_argument("--no-page", action="store_true", help="follow only, and show nothing")
    parser.add_argument("--shots", default="", help="folder for a picture of the page at the end")
    parser.add_argument("--begin", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part == "trainer":
        play_trainer(options.run, options.events, options.rate)
        return
    if options.part == "window":
        play_window(options.run, options)
        return
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}, platform {'xcb' if os.environ.get('DISPLAY') else 'offscreen'}")
    with tempfile.TemporaryDirectory() as temporary:
        for name, more in (("followed only", ["--no-page"]), ("with the page", [])):
            if options.no_page and not more:
                continue
            run = Path(temporary) / name.replace(" ", "-")
            write_run(run, options.events)
            draw_samples(run, options.events)
            facts, told = replay(run, options, *more)
            if not more and not facts["page"]:
                print("this version has no page of a run")
                continue
            print(f"{name}, written at {told['events_per_second']} a second:", json.dumps(facts))
            with child("window", run, options, *more) as window:
                print(f"{name}, opened when it is over:", json.dumps(json.loads(window.stdout.readline())))


if __name__ == "__main__":
    main()
