"""Opens the window with nobody at it, looks at each page, and closes it: a part of the self-test, and a process of its own.

    p2p-desktop window-check [--save FOLDER]

JSON lines on stdout: `window` with the time of the first paint, then a `page` for each place. Offscreen unless QT_QPA_PLATFORM
says otherwise.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from p2p_desktop.paths import HOME_VARIABLE, user_paths

_PATIENCE_S = 60.0
_LOOK_MS = 20
_SETTLE_S, _SETTLE_TO_SAVE_S = 0.5, 5.0  # until what a page reads in threads is on it; until it is worth a picture
_SIZE = 1200, 800  # of pictures to look at, whatever the screen is
_FEWEST_COLOURS = 8  # of a page that was painted: an empty one has two or three


def check_window(words: Sequence[str]) -> int:
    """Give the exit code: 0 where every page was painted; 1 with a sentence on stderr where one was not."""
    parser = argparse.ArgumentParser(prog="p2p-desktop window-check")
    parser.add_argument("--save", type=Path, help="write the pages as pictures into this folder")
    folder = parser.parse_args(list(words)).save
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="p2p-window-", ignore_cleanup_errors=True) as home:
        os.environ.setdefault(HOME_VARIABLE, home)
        try:
            _look_at_pages(folder)
        except _NotPainted as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


class _NotPainted(Exception):
    pass


def _look_at_pages(folder: Path | None) -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    from p2p_desktop.ui.app import make_application, make_window
    from p2p_desktop.ui.errors import UncaughtErrors
    from p2p_desktop.ui.rail import PLACES

    app = make_application()
    errors = UncaughtErrors(app)
    errors.take_over()
    window = make_window(app, user_paths(), errors)
    began = psutil.Process().create_time()
    paints: list[float] = []
    window.painted.connect(lambda: paints.append(time.time()))
    window.painted.connect(window.get_ready)
    if folder is not None:
        window.resize(*_SIZE)
    window.show()

    def wait(condition: Callable[[], bool], what: str) -> None:
        loop, timer, end = QEventLoop(), QTimer(), time.monotonic() + _PATIENCE_S
        timer.timeout.connect(lambda: loop.quit() if condition() or time.monotonic() > end else None)
        timer.start(_LOOK_MS)
        loop.exec()
        if not condition():
            raise _NotPainted(f"{what} did not come within {_PATIENCE_S:.0f} s.")

    try:
        wait(lambda: bool(paints), "The first paint")
        _tell(type="window", platform=app.platformName(), first_paint_ms=round(1000 * (paints[0] - began)))
        wait(lambda: window.icons.is_ready, "The icons")
        settle = _SETTLE_S if folder is None else _SETTLE_TO_SAVE_S
        for place in PLACES:
            since = time.monotonic()
            window.go_to(place)
            wait(lambda place=place: window.is_in_front(place), f"The page {place}")  # type: ignore[misc]  # a lambda with its own value
            wait(lambda since=since: time.monotonic() > since + settle, "The time")  # type: ignore[misc]
            picture = window.grab().toImage()
            colours = {picture.pixel(x, y) for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)}
            if len(colours) < _FEWEST_COLOURS:
                raise _NotPainted(f"The page {place} is empty.")
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
                picture.save(str(folder / f"{place}.png"))
            _tell(type="page", page=place, ms=round(1000 * (time.monotonic() - since)), colours=len(colours))
        if errors.reports:
            raise _NotPainted(f"Something went wrong in the window: {errors.reports[0]}")
    finally:
        window.close_down()
        errors.give_back()


def _tell(**line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
