"""How soon the window is there, whether it ever stands still, and what long lists and large pictures cost it.

    python -m tests.bench.window [--quick]

Run on an idle machine. Without a display the offscreen platform is used; with one (Xvfb will do), that. Everything in the same run:
- first paint: from the start of the process to the end of the first paint, against `python -c "import torch"`, in turns;
- stalls: the longest time between two looks of a 5-ms timer in the GUI thread, from the click on Start to the last picture;
- memory: of the window's process after 100 and after 2,000 pictures of 0.05 to 1 MP;
- a list of 50,000 rows: adding, 200 changes, a filter, a search, one paint;
- 50,000 pictures dropped as one folder and as so many files: the longest stall until all are listed and measured;
- the compare view at 24 MP and 2560 x 1440: moving the divider, panning, zooming.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.bench.convert import MIXED_MEGAPIXELS, SEED, mosaic, write_jpeg

ROOT = Path(__file__).resolve().parents[2]
NUM_STARTS = 5
TICK_MS = 5
NUM_ROWS, NUM_CHANGES = 50_000, 200
LARGE = (4000, 6000)
VIEW = (2560, 1440)


def child(*words: str, home: Path) -> dict:
    """Run a part of this bench in a process of its own, and give what it says last."""
    environment = os.environ | {"P2P_DESKTOP_HOME": str(home)}
    if not environment.get("DISPLAY"):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    command = [sys.executable, "-m", "tests.bench.window", "--part", *words]
    said = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True, text=True).stdout
    return json.loads(said.splitlines()[-1])


def seconds_of(command: list[str], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def first_paint(home: Path) -> None:
    environment = os.environ | {"P2P_DESKTOP_HOME": str(home)}
    if not environment.get("DISPLAY"):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    ours, torchs = [], []
    for _ in range(NUM_STARTS):
        began = time.time()
        ours.append(child("paint", home=home)["painted"] - began)
        torchs.append(seconds_of([sys.executable, "-c", "import torch"], environment))
    paint, torch = statistics.median(ours), statistics.median(torchs)
    print(f"first paint after {paint:.2f} s; import torch takes {torch:.2f} s: {paint / torch:.2f} of it")


def make_pictures(folder: Path, number: int, megapixels: tuple[float, float]) -> None:
    rng = np.random.default_rng(SEED)
    for index in range(number):
        pixels = rng.uniform(*megapixels) * 1e6
        height = int((pixels / 1.5) ** 0.5)
        path = folder / f"{index % 7}" / f"{index:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_jpeg(path, mosaic(height, int(1.5 * height), rng))


def make_copies(folder: Path, number: int) -> None:
    """Many small pictures that differ in nothing but their names."""
    first = folder / "first.jpg"
    folder.mkdir()
    write_jpeg(first, mosaic(64, 96, np.random.default_rng(SEED)))
    data = first.read_bytes()
    first.unlink()
    for index in range(number):
        path = folder / f"day {index // 1000}" / f"{index:05}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)


# --- in a process of its own


def play_paint() -> None:
    from PySide6.QtWidgets import QApplication

    from p2p_desktop.ui import app
    from p2p_desktop.ui.main_window import MainWindow

    class Painted(MainWindow):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments)
            self.painted.connect(self._on_painted)

        def _on_painted(self) -> None:
            print(json.dumps({"painted": time.time()}), flush=True)
            self.close_down()
            QApplication.exit(0)

    app.MainWindow = Painted
    app.run_window([])


def play_convert(folder: Path) -> None:
    """Convert a folder in the window; tell the longest stall, and memory on the way."""
    import psutil
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QPushButton

    from p2p_desktop.ui import app
    from p2p_desktop.ui.main_window import MainWindow

    class Watched(MainWindow):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments)
            self.painted.connect(self._on_painted)
            self.stalls: list[float] = []
            self.memory: dict[int, int] = {}
            self.step = 0
            self.last = 0.0

        def _on_painted(self) -> None:
            self.timer = QTimer(self)
            self.timer.timeout.connect(self._tick)
            self.timer.start(TICK_MS)

        def _tick(self) -> None:
            session = self._session
            now = time.perf_counter()
            if self.step == 0 and self._shelf.is_read and self._probe.last is not None:
                self.step = 1
                self.convert.add([folder])
            elif self.step == 1 and session.phase == "ready" and not session.intake.is_looking and session.errands.are_done:
                if self.convert._picture.view.has_result:  # the preview has loaded the model
                    self.step, self.last, self.begin = 2, now, now
                    self.findChild(QPushButton, "convert_start").click()
            elif self.step == 2:
                self.stalls.append(now - self.last - TICK_MS / 1000)
                self.last = now
                done = session.queue.counts["done"]
                for mark in (100, 500, 1000, 2000):
                    if done >= mark and mark not in self.memory:
                        self.memory[mark] = psutil.Process().memory_info().rss
                if session.phase == "done":
                    self.step = 3
                    self._tell(session.queue.counts)

        def _tell(self, counts: dict[str, int]) -> None:
            worst = sorted(self.stalls, reverse=True)[:5]
            late = sum(stall > 0.016 for stall in self.stalls) / len(self.stalls)
            print(
                json.dumps(
                    {
                        "worst_ms": [round(1000 * stall, 1) for stall in worst],
                        "late": late,
                        "memory": self.memory,
                        "counts": counts,
                        "seconds": time.perf_counter() - self.begin,
                        "torch": "torch" in sys.modules,
                    }
                ),
                flush=True,
            )
            self.close_down()
            QApplication.exit(0)

    app.MainWindow = Watched
    app.run_window([])


def play_drop(folder: Path, how: str) -> None:
    """Drop a folder's pictures on the window, as one folder or as loose files; tell the longest stall until sizes are known."""
    import psutil
    from PySide6.QtCore import QMimeData, QPointF, Qt, QTimer, QUrl
    from PySide6.QtGui import QDragEnterEvent, QDropEvent
    from PySide6.QtWidgets import QApplication

    from p2p_desktop.ui import app
    from p2p_desktop.ui.main_window import MainWindow

    class Dropped(MainWindow):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments)
            self.painted.connect(self._on_painted)
            self.stalls: list[float] = []
            self.listed = 0.0
            self.last = 0.0

        def _on_painted(self) -> None:
            self.mime = QMimeData()
            sources = sorted(folder.rglob("*.jpg")) if how == "loose" else [folder]
            self.mime.setUrls([QUrl.fromLocalFile(str(path)) for path in sources])
            self.timer = QTimer(self)
            self.timer.timeout.connect(self._tick)
            self.timer.start(TICK_MS)

        def _tick(self) -> None:
            session = self._session
            now = time.perf_counter()
            if not self.last:
                if self._shelf.is_read and self._probe.last is not None:
                    self.begin = self.last = now
                    button, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
                    where, copy = QPointF(300, 300), Qt.DropAction.CopyAction
                    QApplication.sendEvent(self, QDragEnterEvent(where.toPoint(), copy, self.mime, button, keys))
                    QApplication.sendEvent(self, QDropEvent(where, copy, self.mime, button, keys))
                return
            self.stalls.append(now - self.last - TICK_MS / 1000)
            self.last = now
            if len(session.queue) == NUM_ROWS and not session.intake.is_looking and not self.listed:
                self.listed = now - self.begin
            if self.listed and session.errands.are_done and not session.queue.unmeasured():
                self._tell(now - self.begin)

        def _tell(self, seconds: float) -> None:
            worst = [round(1000 * stall, 1) for stall in sorted(self.stalls, reverse=True)[:5]]
            memory = round(psutil.Process().memory_info().rss / 1e6)
            facts = {"worst_ms": worst, "listed_s": round(self.listed, 1), "measured_s": round(seconds, 1), "memory_mb": memory}
            print(json.dumps(facts), flush=True)
            self.close_down()
            QApplication.exit(0)

    app.MainWindow = Dropped
    app.run_window([])


def timed(action: Callable[[], object], repeats: int = 1) -> float:
    """Milliseconds, the worst of some."""
    worst = 0.0
    for _ in range(repeats):
        began = time.perf_counter()
        action()
        worst = max(worst, time.perf_counter() - began)
    return round(worst * 1000, 1)


def make_look():
    from PySide6.QtWidgets import QApplication

    from p2p_desktop.ui.icons import Icons
    from p2p_desktop.ui.look import Look
    from p2p_desktop.ui.theme import Theme

    theme = Theme(QApplication.instance() or QApplication([]), "light")
    icons = Icons(theme, theme)
    icons.load()
    return Look(theme, icons)


def play_queue() -> None:
    import psutil

    from p2p_desktop.convert.events import PictureDone
    from p2p_desktop.convert.plan import FoundPicture

    look = make_look()
    from p2p_desktop.ui.queue_model import QueueModel
    from p2p_desktop.ui.queue_view import QueueView
    from p2p_desktop.ui.thumbnail_source import ThumbnailSource

    queue = QueueModel()
    view = QueueView(look, queue, ThumbnailSource(72, 600))
    view.resize(836, 300)
    view.show()
    batches = [
        tuple(FoundPicture(Path(f"/photos/day {start // 5000}"), f"DSC_{number:05}.jpg") for number in range(start, start + 500))
        for start in range(0, NUM_ROWS, 500)
    ]
    before = psutil.Process().memory_info().rss
    worst_batch = max(timed(lambda batch=batch: queue.take_listing([batch])) for batch in batches)
    paths = [one.folder / one.name for batch in batches for one in batch]
    memory = psutil.Process().memory_info().rss - before
    events = [PictureDone(path, path, "converted", "", 0.3) for path in paths[1000 : 1000 + NUM_CHANGES]]
    facts = {
        "batch": worst_batch,
        "changes": timed(lambda: queue.take_events(events)),
        "filter": timed(lambda: (queue.show_only("done"), queue.show_only("all")), 3) / 2,
        "changes_filtered": 0.0,
        "search": timed(lambda: (queue.search("dsc_4"), queue.search("")), 3) / 2,
        "sort": timed(lambda: queue.sort(0)),
        "paint": timed(view.grab, 5),
        "memory_mb": round(memory / 1e6, 1),
    }
    queue.sort(-1)
    queue.show_only("waiting")
    more = [PictureDone(path, path, "converted", "", 0.3) for path in paths[5000 : 5000 + NUM_CHANGES]]
    facts["changes_filtered"] = timed(lambda: queue.take_events(more))
    queue.sort(0)
    more = [PictureDone(path, path, "converted", "", 0.3) for path in paths[9000 : 9000 + NUM_CHANGES]]
    facts["changes_filtered_and_sorted"] = max(
        timed(lambda: queue.take_events(more[:40])), timed(lambda: queue.take_events(more[40:42]))
    )
    print(json.dumps(facts))


def play_view() -> None:
    from PySide6.QtCore import QPointF

    from p2p_desktop.convert.pyramid import Pyramid

    look = make_look()
    from p2p_desktop.ui.compare_view import CompareView

    view = CompareView(look)
    view.resize(*VIEW)
    view.show()
    picture = mosaic(*LARGE, np.random.default_rng(SEED))
    began = time.perf_counter()
    before, after = Pyramid.of(picture), Pyramid.of(255 - picture)
    building = (time.perf_counter() - began) * 500
    view.show_before(before)
    view.show_after(after)
    facts = {"pyramid": round(building, 1), "first": timed(view.grab)}

    def divider() -> None:
        view.set_divider((view.divider + 0.013) % 1)
        view.grab()

    facts["divider"] = timed(divider, 40)
    facts["zoom"] = timed(lambda: (view.zoom_to(view.zoom * 1.25, QPointF(1000, 700)), view.grab()), 14)
    view.zoom_actual()

    def pan() -> None:
        view._pan(QPointF(-17, -9))
        view.grab()

    facts["pan"] = timed(pan, 40)
    print(json.dumps(facts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200 pictures instead of 2,000, and no photographs of 24 MP")
    parser.add_argument("--part", nargs="+")
    options = parser.parse_args()
    if options.part:
        name, *words = options.part
        if name == "drop":
            play_drop(Path(words[0]), words[1])
        else:
            {"paint": play_paint, "convert": play_convert, "queue": play_queue, "view": play_view}[name](*map(Path, words))
        return
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}, platform {'xcb' if os.environ.get('DISPLAY') else 'offscreen'}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        home = folder / "home"
        subprocess.run(
            [sys.executable, "-m", "p2p_desktop", "models", "compile", "deblur"],
            env=os.environ | {"P2P_DESKTOP_HOME": str(home)},
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        first_paint(home)
        print("a list of 50,000 rows, ms:", json.dumps(child("queue", home=home)))
        print("compare view at 24 MP, ms:", json.dumps(child("view", home=home)))
        small = folder / "many"
        make_copies(small, NUM_ROWS)
        for how in ("folder", "loose"):
            print(f"50,000 small pictures dropped ({how}):", json.dumps(child("drop", str(small), how, home=home)))
        make_pictures(folder / "mixed", 200 if options.quick else 2000, MIXED_MEGAPIXELS)
        print("mixed pictures:", json.dumps(child("convert", str(folder / "mixed"), home=home)))
        if not options.quick:
            make_pictures(folder / "photos", 4, (24, 24))
            print("4 photographs of 24 MP:", json.dumps(child("convert", str(folder / "photos"), home=home)))


if __name__ == "__main__":
    main()
