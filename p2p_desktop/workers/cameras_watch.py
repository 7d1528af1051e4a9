"""Which cameras there are, asked every few seconds in a thread: systems do not tell alike when one is plugged in."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QDeadlineTimer, QObject, QTimer, Signal

from p2p_desktop.workers.errands import Errands
from training.contract.progress import Report, Token

if TYPE_CHECKING:  # rooms that are imported when they are needed
    from p2p_desktop.live.sources import Device

log = logging.getLogger(__name__)

_EVERY_MS = 2000

Known = Callable[[], "tuple[Device, ...]"]


class CamerasWatch(QObject):
    changed = Signal()  # `devices` is another list, or known for the first time

    def __init__(self, parent: QObject | None = None, *, known: Known | None = None) -> None:
        """`known` lists the cameras, called in a worker thread."""
        super().__init__(parent)
        self._known = known or _known
        self._errands = Errands(self)
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._is_looking = False
        self.devices: tuple[Device, ...] | None = None
        """None until they are known."""

    def watch(self, on: bool) -> None:
        """Look every few seconds, or no more."""
        if on and not self._timer.isActive():
            self._timer.start()
            self.look()
        elif not on:
            self._timer.stop()

    def look(self) -> None:
        """Look now; `changed` follows if there is something new."""
        if self._is_looking:  # a list that takes its time is not asked for again meanwhile
            return
        self._is_looking = True
        known = self._known

        def work(_: Report[Any], __: Token) -> "tuple[Device, ...]":  # Any: nothing is reported
            return known()

        self._errands.run(work, "looking for cameras", self._on_known)

    def close(self, until: QDeadlineTimer) -> None:
        self._timer.stop()
        self._errands.close(until)

    def _on_known(self, devices: "tuple[Device, ...] | None") -> None:
        self._is_looking = False
        if devices is None:  # it failed, and the log says why; what was known stays
            devices = self.devices or ()
        if devices != self.devices:
            self.devices = devices
            log.info("Cameras: %s", ", ".join(device.name for device in devices) or "none")
            self.changed.emit()


def _known() -> "tuple[Device, ...]":
    from p2p_desktop.live.known_cameras import known_cameras

    return known_cameras()
