"""Shows files and folders in the system's file manager; a file is selected where the system can do that."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from p2p_desktop.workers.errands import Errands
from training.contract.progress import Report, Token

_MOST_FOLDERS = 5  # in windows of their own


class FolderDoor(QObject):
    """Opens folders: those that are there, some of them if they are many."""

    none_is_there = Signal()
    not_opened = Signal(object)  # Path: no program of this computer shows it

    def __init__(
        self, errands: Errands, parent: QObject | None = None, open_url: Callable[[QUrl], bool] = QDesktopServices.openUrl
    ) -> None:
        """`open_url`: asks the system for a program, and tells whether there was one."""
        super().__init__(parent)
        self._errands, self._open_url = errands, open_url

    def show(self, folders: Sequence[Path]) -> None:
        def work(_: Report[Any], __: Token) -> tuple[Path, ...]:  # Any: nothing is reported
            return tuple(folder for folder in folders if folder.is_dir())  # a question to a disk, which may sleep

        self._errands.run(work, "looking for the results", self._on_found)

    def show_file(self, path: Path) -> None:
        """Opens its folder if it is gone, or where selecting is not possible."""
        if sys.platform == "win32":
            # Explorer reads its own quoting: the path must stand in quotes after the comma, which a list of words cannot say.
            subprocess.Popen(f'explorer /select,"{path}"')
        elif sys.platform == "darwin":
            QProcess.startDetached("open", ["-R", str(path)])
        else:
            self._open(path.parent)

    def _on_found(self, folders: tuple[Path, ...] | None) -> None:
        for folder in (folders or ())[:_MOST_FOLDERS]:
            self._open(folder)
        if folders is not None and not folders:
            self.none_is_there.emit()

    def _open(self, folder: Path) -> None:
        if not self._open_url(QUrl.fromLocalFile(str(folder))):
            self.not_opened.emit(folder)
