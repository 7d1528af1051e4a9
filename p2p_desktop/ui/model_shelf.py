"""The models at hand, for every page: read, added, renamed and removed in the background."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal
from PySide6.QtGui import QImage

from p2p_desktop.workers.task_thread import TaskThread
from training.contract.errors import P2PError
from training.contract.progress import Report, Token

if TYPE_CHECKING:  # it imports NumPy and OpenCV; the first paint must not wait for them
    from p2p_desktop.models.library import Library, Model

_QUIET_MS = 300  # after a change on the disk: a file that is being copied changes many times


def _add(path: Path, library: "Library") -> Path:
    return library.add(path)


class ModelShelf(QObject):
    changed = Signal()
    added = Signal(str)  # a model's name
    removed = Signal(str, Path)  # its name, and where its file is now
    renamed = Signal(str, str)
    failed = Signal(str)  # a sentence

    def __init__(self, shipped: Path, added: Path, removed: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folders = (shipped, added, removed)
        self._models: tuple[Model, ...] = ()
        self._previews: dict[bytes, tuple[QImage, QImage]] = {}
        self._threads: list[TaskThread] = []
        self._is_read = False
        self._watcher = QFileSystemWatcher(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_QUIET_MS)
        self._timer.timeout.connect(self.refresh)
        self._watcher.directoryChanged.connect(self._on_disk_changed)

    @property
    def is_read(self) -> bool:
        """Tell whether the models are known already."""
        return self._is_read

    @property
    def models(self) -> "tuple[Model, ...]":
        """By name; damaged ones too, which have a problem and no card."""
        return self._models

    def find(self, name: str) -> "Model | None":
        return next((model for model in self._models if model.name == name), None)

    def preview(self, model: "Model") -> tuple[QImage, QImage] | None:
        """The small before and after that a model's file holds; None if it holds none."""
        data = model.card.preview if model.card is not None else None
        if data is None:
            return None
        if data not in self._previews:
            strip = QImage.fromData(data)
            half = strip.width() // 2
            if half == 0:
                return None
            self._previews[data] = strip.copy(0, 0, half, strip.height()), strip.copy(half, 0, half, strip.height())
        return self._previews[data]

    def use_folder(self, added: Path) -> None:
        """Look for added models in another folder from now on."""
        if added != self._folders[1]:
            self._watcher.removePaths(self._watcher.directories()) if self._watcher.directories() else None
            self._folders = (self._folders[0], added, self._folders[2])
            self.refresh()

    def refresh(self) -> None:
        """Read the cards of all models."""
        self._run("models", lambda library: library.models(), self._on_read)

    def add(self, paths: Sequence[Path]) -> None:
        for path in paths:
            self._run("adding a model", partial(_add, path), self._on_added)

    def remove(self, name: str) -> None:
        self._run("removing a model", lambda library: (name, library.remove(name)), self._on_removed)

    def rename(self, name: str, new_name: str) -> None:
        self._run("renaming a model", lambda library: (name, library.rename(name, new_name).stem), self._on_renamed)

    def restore(self, removed: Path) -> None:
        self._run("restoring a model", lambda library: library.restore(removed), self._on_added)

    def close(self) -> None:
        """Wait for what is under way."""
        self._timer.stop()
        for thread in list(self._threads):
            thread.wait()

    def _run(self, name: str, work: "Callable[[Library], Any]", on_success: Callable[[Any], None]) -> None:  # Any: each its own
        shipped, added, removed = self._folders

        def with_library(_: Report[Any], __: Token) -> Any:  # Any: as above
            from p2p_desktop.models.library import Library  # imports NumPy and OpenCV

            return work(Library(shipped, added, removed))

        thread = TaskThread(with_library, name, self)
        self._threads.append(thread)
        thread.succeeded.connect(on_success)
        thread.failed.connect(self._on_failed)
        thread.finished.connect(self._on_finished)
        thread.start()

    def _on_read(self, models: "Sequence[Model]") -> None:
        self._models = tuple(models)
        self._is_read = True
        folder = self._folders[1]
        if not self._watcher.directories() and folder.is_dir():
            self._watcher.addPath(str(folder))
        self.changed.emit()

    def _on_added(self, path: Path) -> None:
        self._name_added = path.stem
        self._run("models", lambda library: library.models(), self._on_read_after_adding)

    def _on_read_after_adding(self, models: "Sequence[Model]") -> None:
        self._on_read(models)
        self.added.emit(self._name_added)

    def _on_removed(self, what: tuple[str, Path]) -> None:
        self.removed.emit(*what)
        self.refresh()

    def _on_renamed(self, what: tuple[str, str]) -> None:
        self.renamed.emit(*what)
        self.refresh()

    def _on_failed(self, error: Exception) -> None:
        self.failed.emit(str(error) if isinstance(error, P2PError) else self.tr("That did not work. The log says why."))

    def _on_finished(self) -> None:
        thread = self.sender()
        if isinstance(thread, TaskThread) and thread in self._threads:
            self._threads.remove(thread)
            thread.deleteLater()

    def _on_disk_changed(self, _: str) -> None:
        self._timer.start()
