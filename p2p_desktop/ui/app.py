"""Starts the window: one for each person, and the later starts hand their files to it."""

import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from PySide6.QtCore import QDeadlineTimer, QObject, QSocketNotifier, QTimer, Signal
from PySide6.QtWidgets import QApplication

from p2p_desktop.child import is_frozen
from p2p_desktop.frozen import forget_qt
from p2p_desktop.logs import set_up_logging
from p2p_desktop.paths import user_paths
from p2p_desktop.ui.app_icon import app_icon
from p2p_desktop.ui.errors import UncaughtErrors
from p2p_desktop.ui.icons import Icons
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.main_window import MainWindow
from p2p_desktop.ui.program import Program
from p2p_desktop.ui.settings_box import SettingsBox
from p2p_desktop.ui.single_instance import SingleInstance
from p2p_desktop.ui.theme import Theme
from p2p_desktop.workers.task_thread import have_all_ended
from training.contract.errors import P2PError

log = logging.getLogger(__name__)

_SWITCH_S = 0.001  # how long a thread may keep Python from the others: the usual 5 ms, times all workers, can be seen
# Objects and rounds until unused cycles are looked for: a full round over 50,000 rows stops the window for a tenth of a second,
# and next to nothing here is freed that way.
_COLLECT_AT = (20_000, 20, 1_000)


def run_window(paths: Sequence[Path], look_on: Callable[[MainWindow, UncaughtErrors], None] | None = None) -> int:
    """Show the window with these pictures, or hand them to the one that is open. Give the program's exit code.

    `look_on` is given the window before it is shown. P2PError where there is no screen.
    """
    if not has_screen():
        raise P2PError("There is no screen to show a window on. The command line works without: p2p-desktop --help")
    os.environ.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)  # the full OpenCV, installed beside us, points it at its own Qt
    sys.setswitchinterval(_SWITCH_S)
    gc.set_threshold(*_COLLECT_AT)
    app = QApplication.instance() or Program(sys.argv[:1])
    if not isinstance(app, Program):
        raise TypeError("Qt was started by somebody else")
    if is_frozen():
        forget_qt(os.environ)
    app.setApplicationName("p2p-desktop")
    app.setApplicationDisplayName("P2P Desktop")
    app.setDesktopFileName("p2p-desktop")
    here = user_paths()
    set_up_logging(here.logs)
    absolute = [path.absolute() for path in paths]
    instance = SingleInstance(here.data)
    if instance.hand_over(absolute):
        return 0
    errors = UncaughtErrors(app)
    errors.take_over()
    settings = SettingsBox(here.settings)
    theme = Theme(app, settings.value.theme)  # type: ignore[arg-type]  # Settings holds nothing else
    window = MainWindow(Look(theme, Icons(theme)), here, settings, errors)
    window.setWindowIcon(app_icon())
    for files_came in (instance.files_received, app.files_opened):
        files_came.connect(window.open_paths)
        files_came.connect(window.come_to_front)
    signals = _Signals(app)
    signals.received.connect(window.close_down)
    signals.received.connect(app.quit)
    window.painted.connect(window.get_ready)
    if look_on is not None:
        look_on(window, errors)
    window.show()
    if absolute:
        QTimer.singleShot(0, lambda: window.open_paths(absolute))
    try:
        code = app.exec()
    finally:
        instance.close()
        errors.give_back()
        signals.give_back()
    code = 128 + signals.number if signals.number else code
    if not have_all_ended(QDeadlineTimer(0)):
        log.warning("Something still waits for a disk; the program ends without it")
        logging.shutdown()
        os._exit(code)
    return code


def has_screen() -> bool:
    """Tell whether Qt will find one: without, it ends the program with a trace that is for nobody."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


class _Signals(QObject):
    """Ctrl+C in the terminal, and being asked to end: both close the window and keep what is done.

    Python runs its handlers only when Python runs, which an idle event loop does not; a socket wakes it.
    """

    received = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.number = 0
        self._ours, self._pythons = socket.socketpair()
        for end in (self._ours, self._pythons):
            end.setblocking(False)
        self._usual_fd = signal.set_wakeup_fd(self._pythons.fileno())
        self._usual = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        self._notifier = QSocketNotifier(self._ours.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_woken)

    def give_back(self) -> None:
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._usual_fd)
        for number, handler in self._usual.items():
            signal.signal(number, handler)
        self._ours.close()
        self._pythons.close()

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        self.number = number

    def _on_woken(self) -> None:
        self._ours.recv(64)
        if self.number:
            self.received.emit()
