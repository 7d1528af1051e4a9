"""Makes the README's pictures of the window: the real program, on the bundled examples, run to a script.

    python docs/make_screenshots.py [--all FOLDER]

Without a display the offscreen platform is used. `--all` writes every page, theme, size and scale into a folder, to be looked at.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
EXAMPLES = sorted((ROOT / "resources" / "examples").glob("*.jpg"))
FIRST, NUM_PHOTOS = 400, 60
_LOOK_MS, _PATIENCE_S = 20, 120
_LIVE_S = 12.0  # until somebody stands in the clip, and the curve has a length

# name, theme, width, height, scale, what is shown
README = (
    ("convert-busy-dark", "dark", 1200, 800, 1, "busy"),
    ("convert-done-light", "light", 1200, 800, 1, "done"),
    ("models-light", "light", 1200, 800, 1, "models"),
    ("settings-dark", "dark", 1200, 800, 1, "settings"),
    ("live-dark", "dark", 1200, 800, 1, "live"),
)
LIVE = ("live", "live-frozen", "live-failed", "live-side-by-side", "live-recording")
SCENES = ("empty", "ready", "busy", "done", "failed", "models", "settings", *LIVE)
SIZES = ((1200, 800, 1), (900, 600, 1), (2560, 1440, 1), (1200, 800, 2), (900, 600, 3))


def make_photos(folder: Path) -> None:
    """The examples under many names in two folders, and two files that cannot be read."""
    for number in range(FIRST, FIRST + NUM_PHOTOS):
        target = folder / f"Day {1 + (number - FIRST) // (NUM_PHOTOS // 2)}" / f"DSC_{number:04}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(EXAMPLES[number % len(EXAMPLES)], target)
    (folder / "Day 1" / f"DSC_{FIRST + 3:04}.jpg").write_bytes(EXAMPLES[0].read_bytes()[:20_000])
    (folder / "Day 2" / "notes.png").write_text("<html>", encoding="utf-8")


def play(name: str, theme: str, width: int, height: int, scene: str, target: Path, photos: Path) -> None:
    """Called in a process of its own."""
    import time

    from PySide6.QtCore import QEventLoop, QTimer
    from PySide6.QtWidgets import QApplication, QPushButton

    from p2p_desktop.paths import user_paths
    from p2p_desktop.ui.app_icon import app_icon
    from p2p_desktop.ui.errors import UncaughtErrors
    from p2p_desktop.ui.icons import Icons
    from p2p_desktop.ui.look import Look
    from p2p_desktop.ui.main_window import MainWindow
    from p2p_desktop.ui.settings_box import SettingsBox
    from p2p_desktop.ui.theme import Theme

    app = QApplication([])
    shutil.rmtree(user_paths().unfinished, ignore_errors=True)  # the picture of a conversion at work left one
    box = SettingsBox(user_paths().settings)
    box.change(theme=theme)
    look_theme = Theme(app, theme)  # type: ignore[arg-type]  # one of the three
    window = MainWindow(Look(look_theme, Icons(look_theme)), user_paths(), box, UncaughtErrors(app))
    window.setWindowIcon(app_icon())
    window.resize(width, height)
    window.painted.connect(window.get_ready)
    window.show()

    def wait(condition: Callable[[], bool]) -> None:
        loop, timer, end = QEventLoop(), QTimer(), time.monotonic() + _PATIENCE_S
        timer.timeout.connect(lambda: loop.quit() if condition() or time.monotonic() > end else None)
        timer.start(_LOOK_MS)
        loop.exec()
        if not condition():
            raise SystemExit(f"{name}: nothing came of it")

    def pause(seconds: float) -> None:
        until = time.monotonic() + seconds
        wait(lambda: time.monotonic() >= until)

    def press(button: str) -> None:
        window.findChild(QPushButton, button).click()

    session = window._session
    wait(lambda: window._shelf.is_read and window._probe.last is not None)
    if scene in ("ready", "busy", "done", "failed"):
        window.convert.add([photos])
        wait(lambda: window.convert._picture.view.has_result and session.errands.are_done)
        pause(1)
    if scene in ("busy", "done", "failed"):
        press("convert_start")
        wait(lambda: session.queue.counts["done"] >= NUM_PHOTOS // 3)
        blurred = [row for row in session.queue.rows("done") if int(row.name[4:8]) % len(EXAMPLES) == 5]
        window.convert._queue.select(blurred[-1])
        pause(1.2)
    if scene in ("done", "failed"):
        wait(lambda: session.phase == "done")
        pause(2)
    if scene == "failed":
        window.convert._queue.select(session.queue.rows("failed")[0])
    if scene in ("models", "settings"):
        window.go_to(scene)
        wait(lambda: not window._doctor.is_running)
        pause(0.5)
    if scene in LIVE:
        play_live(window, scene, wait, pause, press)
    pause(0.3)
    window.grab().save(str(target))
    window.close_down()


def play_live(window, scene: str, wait, pause, press) -> None:
    """The example clip, sharpened."""
    window.go_to("live")
    live = window.page("live")
    live.use_model("deblur")
    live._panel.change(replace(live._panel.wishes, side=640))
    live._session.wish(live._panel.wishes)
    wait(lambda: live._current is not None and live._current.after is not None)
    pause(_LIVE_S)
    if scene == "live-frozen":
        press("live_freeze")
        press("live_snapshot")
    if scene == "live-failed":
        live.watch_files([ROOT / "clip that is gone.mp4"])
    if scene == "live-side-by-side":
        live._top.choose_mode("side_by_side")
        live._panel.outputs._more.click()
    if scene == "live-recording":
        press("live_record")
    pause(2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER")
    parser.add_argument("--play", nargs=7)
    options = parser.parse_args()
    if options.play:
        name, theme, width, height, scene, target, photos = options.play
        play(name, theme, int(width), int(height), scene, Path(target), Path(photos))
        return
    shots = [(name, *rest, IMAGES / f"{name}.png") for name, *rest in README]
    if options.all:
        options.all.mkdir(parents=True, exist_ok=True)
        shots = [
            (f"{scene}-{theme}-{width}x{height}-{scale}", theme, width, height, scale, scene)
            for scene in SCENES
            for theme in ("light", "dark")
            for width, height, scale in SIZES
        ]
        shots = [(*shot, options.all / f"{shot[0]}.png") for shot in shots]
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "home"
        for name, theme, width, height, scale, scene, target in shots:
            folder = Path(temporary) / name
            make_photos(folder / "Pictures" / "Travels 2014")
            environment = os.environ | {"P2P_DESKTOP_HOME": str(home), "QT_SCALE_FACTOR": str(scale)}
            if not environment.get("DISPLAY"):
                environment["QT_QPA_PLATFORM"] = "offscreen"
            words = (name, theme, str(width), str(height), scene, str(target), str(folder / "Pictures" / "Travels 2014"))
            subprocess.run(
                [sys.executable, str(ROOT / "docs" / "make_screenshots.py"), "--play", *words], env=environment, check=True
            )
            shutil.rmtree(folder)
            print(target)


if __name__ == "__main__":
    main()
