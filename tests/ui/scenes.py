"""The whole program in a process of its own, played to a script: `python -m tests.ui.scenes SCENE [FOLDER]`. Prints JSON lines."""

import json
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QObject, QTimer, QUrl
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication, QPushButton

from p2p_desktop.ui import app, main_window
from p2p_desktop.ui.main_window import MainWindow

HEAVY = ("torch", "openvino", "cv2", "pyqtgraph", "qtawesome", "numpy")
_LOOK_MS = 20
_PATIENCE_MS = 30_000  # for what may never come


def tell(**facts) -> None:
    print(json.dumps(facts), flush=True)


class Script(QObject):
    """Steps: each waits until its condition holds, then acts."""

    def __init__(self, window: MainWindow, steps: list[tuple[Callable[[], bool], Callable[[], None]]]) -> None:
        super().__init__(window)
        self._steps = steps
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(_LOOK_MS)

    def _look(self) -> None:
        if not self._steps:
            self._timer.stop()
        elif self._steps[0][0]():
            self._steps.pop(0)[1]()


def modules() -> list[str]:
    return [name for name in HEAVY if name in sys.modules]


def end(window: MainWindow) -> None:
    window.close_down()
    QApplication.exit(0)


def has_listed(window: MainWindow) -> bool:
    session = window._session
    return (
        session.phase == "ready" and not session.intake.is_looking and session.errands.are_done and window._probe.last is not None
    )


def open_with_program(*paths: Path) -> None:
    """As macOS tells it: an event for each."""
    for path in paths:
        QApplication.sendEvent(QApplication.instance(), QFileOpenEvent(QUrl.fromLocalFile(str(path))))


def script_of_opening(window: MainWindow, folder: Path):
    """The first picture of the folder was opened before there was a window; the others are opened now."""
    queue, pictures = window._session.queue, sorted(folder.iterdir())
    patience = QDeadlineTimer(_PATIENCE_MS)

    def has_come(number: int) -> bool:
        return patience.hasExpired() or (len(queue) == number and has_listed(window))

    def told(scene: str) -> None:
        tell(scene=scene, names=[row.name for row in queue._rows], times=window.times_opened)

    return [
        (lambda: has_come(1), lambda: told("before")),
        (lambda: True, lambda: open_with_program(*pictures[1:])),
        (lambda: has_come(len(pictures)), lambda: told("after")),
        (lambda: True, lambda: end(window)),
    ]


def script_for(scene: str, window: MainWindow, folder: Path):
    session, is_listed = window._session, partial(has_listed, window)

    def start() -> None:
        window.findChild(QPushButton, "convert_start").click()

    def told_counts() -> None:
        tell(scene="done", counts=session.queue.counts, modules=modules())
        end(window)

    is_ready = lambda: window._shelf.is_read  # noqa: E731  a step's condition
    match scene:
        case "paint":
            return [(lambda: True, lambda: end(window))]
        case "convert":
            return [
                (is_ready, lambda: window.convert.add([folder])),
                (is_listed, start),
                (lambda: session.queue.counts["done"] >= 2, lambda: tell(scene="working")),
                (lambda: session.phase == "done", told_counts),
            ]
        case "recover":
            offer = lambda: window.findChild(QPushButton, "recovery_go_on")  # noqa: E731  as above
            return [
                (lambda: is_ready() and offer() is not None, lambda: offer().click()),
                (lambda: session.phase == "done", told_counts),
            ]
        case "wait":
            return [
                (is_ready, lambda: tell(scene="waiting")),
                (
                    lambda: len(session.queue) > 0 and is_listed(),
                    lambda: tell(scene="received", names=[row.name for row in session.queue._rows]),
                ),
                (lambda: True, lambda: end(window)),
            ]
        case "opened":
            return script_of_opening(window, folder)
        case "mishap":

            def mishap() -> None:
                QTimer.singleShot(0, lambda: 1 / 0)

            note = window.convert._notes
            return [
                (is_ready, mishap),
                (lambda: bool(note.text()), lambda: tell(scene="told", text=note.text())),
                (lambda: True, lambda: window.convert.add([folder])),
                (is_listed, lambda: (tell(scene="alive"), end(window))),
            ]
        case "hang":
            from p2p_desktop.convert import plan

            main_window._LAST_MS = 500

            def never_answers(*_, **__) -> None:
                tell(scene="hanging")
                threading.Event().wait()  # as a disk of a network that is gone: nothing can end it from outside

            plan.list_pictures = never_answers
            return [
                (is_ready, lambda: window.convert.add([folder])),
                (lambda: session.intake.is_looking, window.close),
            ]
    raise SystemExit(f"no scene {scene}")


def main() -> int:
    scene = sys.argv[1]
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path()

    class Played(MainWindow):
        def __init__(self, *arguments) -> None:
            self.times_opened = 0
            if scene == "opened":
                open_with_program(sorted(folder.iterdir())[0])
            super().__init__(*arguments)
            self.painted.connect(self._on_painted)

        def open_paths(self, paths) -> None:
            self.times_opened += 1
            super().open_paths(paths)

        def _on_painted(self) -> None:
            tell(scene="painted", modules=modules())
            self._script = Script(self, script_for(scene, self, folder))

    app.MainWindow = Played
    return app.run_window([])


if __name__ == "__main__":
    sys.exit(main())
