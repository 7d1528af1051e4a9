"""Whether results can be written to a folder: asked of the disk, off the GUI thread."""

import os
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from p2p_desktop.workers.task_thread import TaskThread
from training.contract.progress import Report, Token


class FolderCheck(QObject):
    passed = Signal(Path)
    refused = Signal(str)  # a sentence

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._thread = TaskThread(self._check, "folder check", self)
        self._thread.succeeded.connect(self._on_checked)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Forget the question."""
        self.blockSignals(True)
        self._thread.wait()

    def _check(self, _: Report[Any], __: Token) -> str:  # Any: nothing is reported
        """Called in the worker thread. Nothing is made: the folder is, when something is put into it."""
        there = next((folder for folder in (self._folder, *self._folder.parents) if folder.exists()), None)
        if there is None:
            return self.tr("There is no such disk. Choose another folder.")
        if not there.is_dir():
            return self.tr("{name} is a file. Choose a folder.").format(name=there.name)
        if not os.access(there, os.W_OK | os.X_OK):
            return self.tr("This folder cannot be written to. Choose another one.")
        return ""

    def _on_checked(self, problem: str) -> None:
        if problem:
            self.refused.emit(problem)
        else:
            self.passed.emit(self._folder)
