"""Whose work is inside, and under which licences: the file that says it, and the line of Settings that opens it."""

import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

import p2p_desktop
from p2p_desktop.child import is_frozen
from p2p_desktop.ui.theme import SPACE_S
from training.contract.version import __version__

NOTICES = "THIRD-PARTY-NOTICES.txt"  # as the build of the installer calls it


def licences_file() -> Path | None:
    """The notices of the frozen program, or the licence of the checkout; None: there is neither."""
    if not is_frozen():
        root = Path(p2p_desktop.__file__).parents[1]
        is_checkout = (root / "pyproject.toml").is_file()  # else it is the folder of all packages, and the licence another's
        return root / "LICENSE" if is_checkout and (root / "LICENSE").is_file() else None
    # The build moves it to where a person finds it, but not within a Mac's bundle.
    folder = getattr(sys, "_MEIPASS", "") if sys.platform == "darwin" else Path(sys.executable).parent
    notices = Path(folder, NOTICES)
    return notices if notices.is_file() else None


class LicencesLine(QWidget):
    """The program's version, and a link to the licences where there is a file of them."""

    def __init__(self, parent: QWidget, open_url: Callable[[QUrl], bool] = QDesktopServices.openUrl) -> None:
        """`open_url`: asks the system for a program, and tells whether there was one."""
        super().__init__(parent)
        self._open_url = open_url
        self._file = licences_file()
        self._words = QLabel(self.tr("P2P Desktop {version}").format(version=__version__), self)
        self._words.setObjectName("settings_version")
        self._words.setProperty("role", "small")
        self._words.setWordWrap(True)
        self._link = QPushButton(self.tr("Licences"), self)
        self._link.setObjectName("settings_licences")
        self._link.setProperty("role", "link")
        self._link.setToolTip(self.tr("Whose work is inside, and what it may be used for"))
        self._link.clicked.connect(self._on_asked)
        self._link.setVisible(self._file is not None)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_S)
        layout.addWidget(self._words)
        layout.addWidget(self._link)
        layout.addStretch(1)

    def _on_asked(self) -> None:
        if self._file is not None and not self._open_url(QUrl.fromLocalFile(str(self._file))):
            self._words.setText(self.tr("No program on this computer shows texts. This one is {path}").format(path=self._file))
