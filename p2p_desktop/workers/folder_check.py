"""Whether something can be put into a folder: asked of the disk, off the GUI thread."""

import logging
import tempfile
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QObject, Signal

from p2p_desktop.workers.task_thread import TaskThread
from training.contract.progress import Report, Token

log = logging.getLogger(__name__)


class FolderCheck(QObject):
    """One question at a time; the answer to an older one is not told. A disk of the network may take its time to answer."""

    passed = Signal(Path)
    refused = Signal(str)  # a sentence

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._threads: list[TaskThread] = []
        self._asked: Path | None = None

    def ask(self, folder: Path) -> None:
        self._asked = folder

        def work(_: Report[Any], __: Token) -> tuple[Path, str]:  # Any: nothing is reported
            return folder, _problem(folder)

        thread = TaskThread(work, "folder check", self)
        thread.succeeded.connect(self._on_checked)
        thread.finished.connect(self._on_finished)
        self._threads.append(thread)
        thread.start()

    def forget(self) -> None:
        """Do not tell what was asked."""
        self._asked = None

    def close(self, until: QDeadlineTimer) -> None:
        """Wait for the disk, `until` then: only for a program that ends."""
        self.forget()
        for thread in self._threads:
            thread.wait(until)

    def _on_checked(self, answer: tuple[Path, str]) -> None:
        folder, problem = answer
        if folder != self._asked:
            return
        self._asked = None
        if problem:
            self.refused.emit(problem)
        else:
            self.passed.emit(folder)

    def _on_finished(self) -> None:
        for thread in [thread for thread in self._threads if thread.isFinished()]:
            self._threads.remove(thread)
            thread.deleteLater()


def _problem(folder: Path) -> str:
    """Called in the worker thread. The folder itself is not made: it will be, when something is put into it."""
    try:
        there = next((one for one in (folder, *folder.parents) if one.exists()), None)
        if there is None:
            return _tr("There is no such disk. Choose another folder.")
        if not there.is_dir():
            return _tr("{name} is a file. Choose a folder.").format(name=there.name)
        tempfile.TemporaryFile(dir=there, prefix=".p2p-").close()  # nothing else tells for sure on every system
    except (OSError, ValueError) as error:
        log.info("%s cannot be written to: %s", folder, error)
        return _tr("This folder cannot be written to. Choose another one.")
    return ""


def _tr(text: str) -> str:
    return QCoreApplication.translate("FolderCheck", text)
