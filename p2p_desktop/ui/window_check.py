"""`p2p-desktop window-check`, of the self-test: opens the window, looks at every page as it is painted, and closes it in order."""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QTimer
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QWidget

from p2p_desktop.paths import HOME_VARIABLE
from p2p_desktop.ui.app import run_window
from p2p_desktop.ui.errors import UncaughtErrors
from p2p_desktop.ui.main_window import MainWindow
from p2p_desktop.ui.rail import PLACES, Rail
from training.contract.errors import P2PError

_LOOK_MS = 20
_SETTLED_MS = 250  # without being painted again: a page has shown what it loads
_MOST_SETTLING_MS = 3000  # for a page that something moves in
_PATIENCE_MS = 60_000  # for one page, on a slow computer that starts it for the first time
_SIZE = 1200, 800  # pixels, as on most screens: the one of the offscreen platform is smaller
_LEAST_COLOURS = 8  # of a page: a title alone has more, for its letters have soft edges


def check_window(words: Sequence[str]) -> int:
    """Go through the window in a home of its own, print a JSON line for each page, and give the exit code: 0 if all is well.

    Offscreen, unless QT_QPA_PLATFORM says otherwise.
    """
    parser = argparse.ArgumentParser(prog="p2p-desktop window-check")
    parser.add_argument("--save", type=Path, metavar="DIR", help="write what the window looked like there, a PNG a page")
    save = parser.parse_args(list(words)).save
    os.environ["QT_QPA_PLATFORM"] = os.environ.get("QT_QPA_PLATFORM") or "offscreen"
    checks: list[WindowCheck] = []

    def look_on(window: MainWindow, errors: UncaughtErrors) -> None:
        checks.append(WindowCheck(window, errors, save))

    with tempfile.TemporaryDirectory(prefix="p2p-window-", ignore_cleanup_errors=True) as home:
        os.environ[HOME_VARIABLE] = home  # for what the window starts, too
        try:
            if save is not None:
                save.mkdir(parents=True, exist_ok=True)
            code = run_window([], look_on)
        except (P2PError, OSError) as error:
            _tell({"type": "failed", "message": str(error)})
            return 1
    if not all(check.is_well for check in checks):
        return 1
    return code


class WindowCheck(QObject):
    """One walk through the window's places."""

    def __init__(self, window: MainWindow, errors: UncaughtErrors, save: Path | None) -> None:
        super().__init__(window)
        self.is_well = False
        self._window, self._errors, self._save = window, errors, save
        self._left = list(PLACES)
        self._page: QWidget | None = None
        self._since_asked, self._since_painted = QElapsedTimer(), QElapsedTimer()
        self._first_ms: int | None = None  # from asking for the page to its first paint
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._look)
        window.painted.connect(self._on_window_painted)
        if QGuiApplication.platformName() == "offscreen":
            window.resize(*_SIZE)
        self._since_asked.start()
        self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._page and event.type() == QEvent.Type.Paint:
            self._since_painted.restart()
            if self._first_ms is None:
                self._first_ms = self._since_asked.elapsed()
        return False

    def _on_window_painted(self) -> None:
        took = round((time.time() - _started()) * 1000)
        platform, plugins = QGuiApplication.platformName(), _platform_plugins()
        _tell({"type": "first_paint", "first_paint_ms": took, "platform": platform, "plugins": plugins})

    def _look(self) -> None:
        place = self._left[0]
        if self._errors.reports:
            self._fail(f"An error came up in {place}: {self._errors.reports[-1].strip().splitlines()[-1]}")
        elif self._page is None and self._window.is_in_front(place):
            self._page = self._window.page(place)
            self._page.installEventFilter(self)
            self._page.update()
        elif self._page is not None and self._has_settled():
            self._keep(place, self._page)
        elif self._since_asked.elapsed() > _PATIENCE_MS:
            self._fail(f"The page {place} was not painted within {_PATIENCE_MS // 1000} s.")

    def _has_settled(self) -> bool:
        if self._first_ms is None or not self._window.is_ready:
            return False
        return self._since_painted.elapsed() > _SETTLED_MS or self._since_asked.elapsed() > self._first_ms + _MOST_SETTLING_MS

    def _keep(self, place: str, page: QWidget) -> None:
        page.removeEventFilter(self)
        colours = _num_colours(page.grab().toImage())
        _tell({"type": "page", "page": place, "ms": self._first_ms, "colours": colours})
        if self._save is not None and not self._window.grab().save(str(self._save / f"{place}.png")):
            self._fail(f"What {place} looks like could not be written to {self._save}.")
        elif colours < _LEAST_COLOURS:
            self._fail(f"The page {place} shows nothing: its picture has {colours} colours.")
        elif not self._window.has_icons:
            self._fail("The icons are missing: the font that they are drawn with is not there.")
        elif len(self._left) == 1:
            self.is_well = True
            self._end()
        else:
            self._left.pop(0)
            self._page, self._first_ms = None, None
            self._since_asked.restart()
            self._window.findChildren(Rail)[0].button(self._left[0]).click()

    def _fail(self, sentence: str) -> None:
        _tell({"type": "failed", "message": sentence})
        self._end()

    def _end(self) -> None:
        self._timer.stop()
        self._window.close()
        QApplication.quit()


def _platform_plugins() -> list[str]:
    """Qt's plugins for screens that it finds here, by name: qxcb, qwindows."""
    folders = [Path(path) / "platforms" for path in QApplication.libraryPaths()]
    return sorted(file.stem.removeprefix("lib") for folder in folders if folder.is_dir() for file in folder.iterdir())


def _num_colours(image: QImage) -> int:
    pixels = image.convertToFormat(QImage.Format.Format_RGB32)
    return len(set(memoryview(pixels.constBits()).cast("B").cast("I")))


def _tell(line: dict[str, Any]) -> None:  # Any: JSON
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _started() -> float:
    """When this process began, in Unix seconds."""
    if hasattr(time, "CLOCK_BOOTTIME"):  # Linux, where psutil rounds it to a second
        ticks = int(Path("/proc/self/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[19])
        return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")
    return float(psutil.Process().create_time())
