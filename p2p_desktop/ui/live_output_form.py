"""Recording and snapshots: where they go, and whether other programs see the result as a camera. Folded at first."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from p2p_desktop.child import is_frozen
from p2p_desktop.ui.choose_files import pictures_folder
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import SPACE_S, SPACE_XS
from p2p_desktop.ui.widgets import ElidedLabel, Switch


class LiveOutputForm(QWidget):
    folder_chosen = Signal(Path)
    folder_asked = Signal()  # to be shown
    camera_switched = Signal(bool)  # a camera for other programs

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.folder = pictures_folder() / "P2P Desktop"
        self._more = QToolButton(self)
        self._more.setObjectName("live_more")
        self._more.setProperty("role", "disclosure")
        self._more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._more.setText(self.tr("Recording and snapshots"))
        self._more.setToolTip(self.tr("Where they are saved, and a camera for other programs"))
        self._more.setCheckable(True)
        self._more.toggled.connect(self._on_more_toggled)
        look.icons.set_on(self._more, "caret-right")
        self._options = QWidget(self)
        options = QVBoxLayout(self._options)
        options.setContentsMargins(0, SPACE_XS, 0, 0)
        options.setSpacing(SPACE_S)
        title = QLabel(self.tr("Saved in"), self._options)
        title.setProperty("role", "label")
        self._where = ElidedLabel(self._options)
        self._where.setObjectName("live_folder")
        self._where.setProperty("role", "muted")
        options.addWidget(title)
        options.addWidget(self._where)
        options.addLayout(self._buttons())
        options.addSpacing(SPACE_S)
        options.addLayout(self._camera_line())
        options.addWidget(self._camera_hint)
        self._options.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_S)
        layout.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._options)
        self.show_folder(self.folder)

    def show_folder(self, folder: Path) -> None:
        self.folder = folder
        self._where.setText(str(folder))

    def offer_camera(self, is_there: bool) -> None:
        """Whether the library for it is installed."""
        self._camera.setEnabled(is_there)
        if is_there:
            hint = self.tr("Video calls and other programs see the result as a camera.")
            reason = self.tr("A virtual camera, whose driver must be installed: OBS has one, Linux has v4l2loopback.")
        elif is_frozen():
            hint = reason = self.tr(
                "The installed program cannot send to a virtual camera, because the library for it is under another licence; "
                "P2P Desktop from source with its extra \u201cvirtualcam\u201d can."
            )
        else:
            hint = reason = self.tr("Needs the package pyvirtualcam: install P2P Desktop with its extra \u201cvirtualcam\u201d.")
        self._camera_hint.setText(hint)
        self._camera.setToolTip(reason)

    def show_camera(self, on: bool) -> None:
        """Whether there is a camera for other programs. Emits nothing."""
        before = self._camera.blockSignals(True)
        self._camera.setChecked(on)
        self._camera.blockSignals(before)
        self._camera.settle()

    def _buttons(self) -> QHBoxLayout:
        choose, show = QPushButton(self.tr("Choose folder"), self._options), QPushButton(self.tr("Open folder"), self._options)
        choose.setObjectName("live_folder_choose")
        choose.setToolTip(self.tr("For the snapshots and recordings from now on"))
        choose.clicked.connect(self._on_choose)
        show.setObjectName("live_folder_open")
        show.setToolTip(self.tr("Shows it in the system's file manager"))
        show.clicked.connect(self.folder_asked)
        line = QHBoxLayout()
        line.setSpacing(SPACE_S)
        line.addWidget(choose)
        line.addWidget(show)
        line.addStretch(1)
        return line

    def _camera_line(self) -> QHBoxLayout:
        words = QLabel(self.tr("Camera for other programs"), self._options)
        words.setProperty("role", "label")
        self._camera = Switch(self._look, self._options)
        self._camera.setObjectName("live_virtual_camera")
        self._camera.setAccessibleName(self.tr("Camera for other programs"))
        self._camera.toggled.connect(self.camera_switched)
        words.setBuddy(self._camera)
        self._camera_hint = QLabel(self._options)
        self._camera_hint.setObjectName("live_virtual_camera_hint")
        self._camera_hint.setProperty("role", "small")
        self._camera_hint.setWordWrap(True)
        line = QHBoxLayout()
        line.addWidget(words, 1)
        line.addWidget(self._camera)
        return line

    def _on_more_toggled(self, on: bool) -> None:
        self._look.icons.set_on(self._more, "caret-down" if on else "caret-right")
        self._options.setVisible(on)

    def _on_choose(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Choose folder"), str(self.folder.parent))
        if folder:
            self.show_folder(Path(folder))
            self.folder_chosen.emit(Path(folder))
