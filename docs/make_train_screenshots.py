"""Makes the pictures of the training room: a person's way from the first click to a converted folder, really trained.

    python docs/make_train_screenshots.py [light|dark] [--width 1200 --height 800] [--to FOLDER]

Pairs are crops of the bundled examples, plain and warm; one of them is shifted, so that the check has something to say. Takes some
minutes, most of them training. Without a display the offscreen platform is used.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "resources" / "examples").glob("*.jpg"))
NUM_PAIRS, SIDE, SHIFT = 20, 160, 9
_PATIENCE_S = 600
SETTINGS = {
    "steps": "260",
    "crop_size": "64",
    "load_size": "72",
    "validate_every": "20",
    "sample_every": "20",
    "checkpoint_every": "20",
    "ngf": "16",
    "learning_rate": "0.001",
}


def make_pairs(folder: Path) -> None:
    for side in ("before", "after"):
        (folder / side).mkdir(parents=True)
    rng = np.random.default_rng(7)
    for number in range(NUM_PAIRS):
        picture = cv2.imread(str(EXAMPLES[number % len(EXAMPLES)]))
        side = min(picture.shape[:2]) * 2 // 3
        top, left = (int(rng.integers(length - side + 1)) for length in picture.shape[:2])
        plain = cv2.resize(picture[top : top + side, left : left + side], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        warm = np.clip(plain * np.array([0.6, 0.85, 1.15]) + np.array([10, 8, 0]), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / "before" / f"{number:03}.png"), plain)
        cv2.imwrite(str(folder / "after" / f"{number:03}.png"), np.roll(warm, SHIFT, 1) if number == 3 else warm)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("theme", nargs="?", default="light", choices=("light", "dark"))
    parser.add_argument("--width", type=int, default=1200)
    parser.add_argument("--height", type=int, default=800)
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images")
    options = parser.parse_args()
    if not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    options.to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["P2P_DESKTOP_HOME"] = str(Path(temporary, "home"))
        photos = Path(temporary, "Holiday")
        make_pairs(photos)
        walk(options.theme, (options.width, options.height), photos, options.to)


def walk(theme: str, size: tuple[int, int], pairs: Path, to: Path) -> None:
    from PySide6.QtCore import QEventLoop, Qt, QTimer
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QWidget

    from p2p_desktop.paths import user_paths
    from p2p_desktop.ui.errors import UncaughtErrors
    from p2p_desktop.ui.icons import Icons
    from p2p_desktop.ui.look import Look
    from p2p_desktop.ui.main_window import MainWindow
    from p2p_desktop.ui.settings_box import SettingsBox
    from p2p_desktop.ui.theme import Theme

    app = QApplication([])
    box = SettingsBox(user_paths().settings)
    box.change(theme=theme)
    look = Theme(app, theme)  # type: ignore[arg-type]  # one of the two
    window = MainWindow(Look(look, Icons(look)), user_paths(), box, UncaughtErrors(app))
    window.resize(*size)
    window.painted.connect(window.get_ready)
    window.show()

    def pause(seconds: float) -> None:
        loop = QEventLoop()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()

    def wait(condition: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                raise SystemExit("nothing came of it")
            pause(0.05)

    def find(name: str, kind: type = QWidget) -> QWidget:
        found = window.findChildren(kind, name)
        return next((widget for widget in found if widget.isVisible()), found[0])

    def click(name: str) -> None:
        wait(lambda: find(name, QAbstractButton).isVisible() and find(name, QAbstractButton).isEnabled())
        QTest.mouseClick(find(name, QAbstractButton), Qt.MouseButton.LeftButton)

    def write(name: str, text: str) -> None:
        field = find(name, QLineEdit)
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Tab)

    def grab(name: str) -> None:
        pause(0.5)
        window.grab().save(str(to / f"train-{name}-{theme}.png"))

    wait(lambda: window._shelf.is_read)
    click("rail_train")
    click("train_begin")
    grab("task")
    click("train_task_pairs")
    click("train_next")
    page = window._made["train"]
    page.take_drop([pairs])
    pause(3)
    grab("pictures")
    click("train_next")
    wait(lambda: find("train_next").isEnabled())
    pause(3)
    grab("check")
    click("train_next")
    click("train_more")
    for key, value in SETTINGS.items():
        write(f"train_{key}", value)
    write("train_name", "Warm evenings")
    wait(lambda: "Measured" in find("train_estimate_note").accessibleName() or find("train_estimate_time").text() != "\u2013")
    grab("settings")
    click("train_next")
    wait(lambda: len(page._follower.state.samples) >= 9)
    pause(1)
    grab("run")
    click("train_stop")
    wait(lambda: page._follower.standing == "stopped")
    grab("stopped")
    click("train_go_on")
    wait(lambda: page._follower.standing == "training")
    click("train_use")
    wait(lambda: window._pages.currentWidget() is window.convert)
    window._convert([pairs / "before"])
    pause(2)
    click("convert_start")
    wait(lambda: window._session.phase == "done")
    grab("used")
    click("rail_train")
    wait(lambda: page._follower.standing == "finished")
    click("train_all_runs")
    pause(4)
    grab("home")
    window.close_down()


if __name__ == "__main__":
    main()
