"""The line at the bottom of the window: the device in use, what runs now, what is wrong with this computer, free memory."""

import psutil
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.plain_words import size
from p2p_desktop.ui.theme import NARROW_WINDOW, SPACE_M, SPACE_S, STATUS_LINE_HEIGHT
from p2p_desktop.ui.widgets import ElidedLabel

_MEMORY_EVERY_MS = 2000


class StatusLine(QFrame):
    warning_clicked = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setProperty("role", "status_line")
        self.setFixedHeight(STATUS_LINE_HEIGHT)
        self._chip = QLabel(self)
        self._device = QLabel(self.tr("Getting ready"), self)
        self._device.setObjectName("status_device")
        self._device.setToolTip(self.tr("What computes the pictures. Settings has the choice."))
        line = QFrame(self)
        line.setProperty("role", "separator")
        line.setFixedSize(1, STATUS_LINE_HEIGHT // 2)
        self._doing = ElidedLabel(self)
        self._doing.setObjectName("status_doing")
        self._warning = QPushButton(self)
        self._warning.setObjectName("status_warning")
        self._warning.setProperty("role", "warning_badge")
        self._warning.setAccessibleName(self.tr("Warning about this computer"))
        self._warning.setToolTip(self.tr("Settings says what to do about it."))
        self._warning.clicked.connect(self.warning_clicked)
        self._warning.hide()
        self._memory = QLabel(self)
        self._memory.setObjectName("status_memory")
        self._memory.setToolTip(self.tr("Large photos are done in tiles, so that they fit."))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE_M, 0, SPACE_M, 0)
        layout.setSpacing(SPACE_S)
        layout.addWidget(self._chip)
        layout.addWidget(self._device)
        layout.addSpacing(SPACE_S)
        layout.addWidget(line)
        layout.addSpacing(SPACE_S)
        layout.addWidget(self._doing, 1)
        layout.addWidget(self._warning)
        layout.addWidget(self._memory)
        look.icons.ready.connect(self._on_look_changed)
        look.theme.changed.connect(self._on_look_changed)
        self._timer = QTimer(self)
        self._timer.setInterval(_MEMORY_EVERY_MS)
        self._timer.timeout.connect(self._on_memory_due)
        self._timer.start()
        self.say(self.tr("Ready"))
        self._on_memory_due()

    def say(self, text: str) -> None:
        """What runs now."""
        self._doing.setText(text)

    def show_device(self, text: str) -> None:
        self._device.setText(text)

    def show_warning(self, text: str) -> None:
        """A badge that leads to Settings; none if empty."""
        self._warning.setText(text)
        self._warning.setAccessibleName(text or self.tr("Warning about this computer"))
        self._warning.setVisible(bool(text))

    def _on_memory_due(self) -> None:
        memory = psutil.virtual_memory()
        if self.width() < NARROW_WINDOW:
            self._memory.setText(self.tr("{free} free").format(free=size(memory.available)))
        else:
            self._memory.setText(
                self.tr("{free} of {total} memory free").format(free=size(memory.available), total=size(memory.total))
            )

    def _on_look_changed(self) -> None:
        ratio = self.devicePixelRatioF()
        self._chip.setPixmap(self._look.icons.pixmap("cpu", "muted", 16, ratio))
        self._look.icons.set_on(self._warning, "warning", token="warning")
