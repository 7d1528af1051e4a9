"""The models at hand, for every page: read, added, renamed and removed in the background."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QBuffer, QByteArray, QDeadlineTimer, QFileSystemWatcher, QIODevice, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QImageReader

from p2p_desktop.workers.task_thread import TaskThread
from training.contract.errors import ModelError, P2PError
from training.contract.progress import Report, Token

if TYPE_CHECKING:  # it imports NumPy and OpenCV; the first paint must not wait for them
    from p2p_desktop.models.library import Library, Model
    from p2p_desktop.models.measured import Measured

Halves = tuple[QImage, QImage]
Shelved = dict[bytes, Halves | None]  # by the bytes of the JPEG; None if they hold no picture

_QUIET_MS = 300  # after a change on the disk: a file that is being copied changes many times
_MOST_PIXELS = 16_000_000  # of a preview: a card of 1 MB may claim to hold a picture that fills the memory
_SIDE = 640  # pixels of a half, at most: twice what the largest one needs on a screen


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one errand, and the library after it."""

    number: int
    """Errands are counted when they have the library to themselves: what was read earlier never replaces what was read later."""
    tell: Callable[[Any], None] | None  # Any: what the errand's work gave
    result: Any  # as above
    models: "tuple[Model, ...]"
    previews: Shelved
    measured: "dict[Path, Measured]"
    watched: tuple[Path, ...]
    """The folder of added models, or the nearest one above it, as long as it is not there; and the files in it that are damaged."""


@dataclass(slots=True)
class _Added:
    names: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    """Those that were in the library before."""
    refused: list[str] = field(default_factory=list)


class ModelShelf(QObject):
    changed = Signal()
    added = Signal(str)  # a model's name; told when `models` holds it
    known = Signal(list)  # of str: models that were to be added and are there already
    removed = Signal(str, Path)  # its name, and where its file is now
    renamed = Signal(str, str)
    failed = Signal(str)  # a sentence, or one for each model that was refused

    def __init__(
        self, shipped: Path, added: Path, removed: Path, parent: QObject | None = None, *, measured: Path | None = None
    ) -> None:
        """`measured`: the folder of what the person's own measurements gave; None: nothing is known of any."""
        super().__init__(parent)
        self._measurements = measured
        self._measured: dict[Path, Measured] = {}
        self._digests: dict[tuple[Path, int, int], str] = {}  # of files as long as they stay as they are; touched in its turn only
        self._folders = (shipped, added, removed)
        self._models: tuple[Model, ...] = ()
        self._previews: Shelved = {}
        self._threads: list[TaskThread] = []
        self._turn, self._count, self._newest = threading.Lock(), count(1), 0
        self._is_read = False
        self._watcher = QFileSystemWatcher(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_QUIET_MS)
        self._timer.timeout.connect(self._on_quiet)
        self._is_closed = False
        self._watcher.directoryChanged.connect(self._on_disk_changed)
        self._watcher.fileChanged.connect(self._on_disk_changed)

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

    def preview(self, model: "Model") -> Halves | None:
        """The small before and after that a model's file holds; None if it holds none."""
        data = model.card.preview if model.card is not None else None
        return self._previews.get(data) if data is not None else None

    def measured(self, model: "Model") -> "Measured | None":
        """What this very file reached on pictures of the person's own; None if it was never measured."""
        return self._measured.get(model.path)

    def use_folder(self, added: Path) -> None:
        """Look for added models in another folder from now on."""
        if added != self._folders[1]:
            self._folders = (self._folders[0], added, self._folders[2])
            self.refresh()

    def refresh(self) -> None:
        """Read the cards of all models."""
        self._run("models", _nothing, None)

    def add(self, paths: Sequence[Path]) -> None:
        """Copy model files into the library. `failed` tells of those that are none, after the others were `added` or `known`."""
        self._run("adding models", partial(_add, tuple(paths)), self._tell_added)

    def put(self, path: Path, tell: Callable[[str, str], None]) -> None:
        """Copy one model file into the library, or find it there. `tell` gets its name and "", or "" and why it could not be."""

        def work(library: "Library") -> tuple[str, str]:
            try:
                return library.add_or_find(path).path.stem, ""
            except ModelError as error:
                return "", str(error)

        self._run("adding a model", work, lambda result: tell(*result))

    def remove(self, name: str) -> None:
        self._run("removing a model", lambda library: (name, library.remove(name)), self._tell_removed)

    def rename(self, name: str, new_name: str) -> None:
        self._run("renaming a model", lambda library: (name, library.rename(name, new_name).stem), self._tell_renamed)

    def restore(self, removed: Path) -> None:
        """Bring a model back that was `removed`; `added` tells its name."""
        self._run("restoring a model", lambda library: _Added([library.restore(removed).stem]), self._tell_added)

    def close(self, until: QDeadlineTimer) -> None:
        """Wait for what is under way, `until` then."""
        self._is_closed = True
        self._timer.stop()
        for thread in list(self._threads):
            thread.wait(until)

    def _run(self, name: str, work: "Callable[[Library], Any]", tell: Callable[[Any], None] | None) -> None:  # Any: each its own
        shipped, added, removed = self._folders
        known = self._previews

        def with_library(_: Report[Any], __: Token) -> _Outcome:  # Any: nothing is reported
            from p2p_desktop.models.library import Library  # imports NumPy and OpenCV

            library = Library(shipped, added, removed)
            with self._turn:
                number = next(self._count)
                result = work(library)
                models = tuple(library.models())
                measured = _measured_of(models, self._measurements, self._digests) if self._measurements is not None else {}
            return _Outcome(number, tell, result, models, _previews_of(models, known), measured, _worth_watching(added, models))

        thread = TaskThread(with_library, name, self)
        self._threads.append(thread)
        thread.succeeded.connect(self._on_succeeded)
        thread.failed.connect(self._on_failed)
        thread.finished.connect(self._on_finished)
        thread.start()

    def _on_succeeded(self, outcome: _Outcome) -> None:
        if outcome.number > self._newest:
            self._newest = outcome.number
            self._watch(outcome.watched)
            is_new = not self._is_read or (outcome.models, outcome.measured) != (self._models, self._measured)
            if self._is_read and _sizes(outcome.models) != _sizes(self._models):
                self._look_again()  # a file that is still being copied does not tell its folder when it is complete
            self._models, self._previews, self._is_read = outcome.models, outcome.previews, True
            self._measured = outcome.measured
            if is_new:
                self.changed.emit()
        if outcome.tell is not None:
            outcome.tell(outcome.result)

    def _tell_added(self, added: _Added) -> None:
        if added.known:
            self.known.emit(added.known)
        for name in added.names:
            self.added.emit(name)
        if added.refused:
            here = self.tr("Added: {names}.").format(names=", ".join(added.names)) if added.names else ""
            before = self.tr("Already there: {names}.").format(names=", ".join(added.known)) if added.known else ""
            self.failed.emit(" ".join(filter(None, [*added.refused, here, before])))

    def _tell_removed(self, what: tuple[str, Path]) -> None:
        self.removed.emit(*what)

    def _tell_renamed(self, what: tuple[str, str]) -> None:
        self.renamed.emit(*what)

    def _watch(self, paths: Sequence[Path]) -> None:
        watched, wanted = {*self._watcher.directories(), *self._watcher.files()}, {str(path) for path in paths}
        if watched - wanted:
            self._watcher.removePaths(list(watched - wanted))
        if wanted - watched:
            self._watcher.addPaths(list(wanted - watched))

    def _look_again(self) -> None:
        if not self._is_closed:
            self._timer.start()

    def _on_failed(self, error: Exception) -> None:
        self.failed.emit(str(error) if isinstance(error, P2PError) else self.tr("That did not work. The log says why."))

    def _on_finished(self) -> None:
        thread = self.sender()
        if isinstance(thread, TaskThread) and thread in self._threads:
            self._threads.remove(thread)
            thread.deleteLater()

    def _on_disk_changed(self, _: str) -> None:
        self._look_again()

    def _on_quiet(self) -> None:
        self.refresh()


def _nothing(_: "Library") -> None:
    """The errand of a refresh: whatever is done, the models are read after it."""


def _add(paths: Sequence[Path], library: "Library") -> _Added:
    """Called in a worker thread."""
    added = _Added()
    for path in paths:
        try:
            addition = library.add_or_find(path)
            (added.names if addition.is_new else added.known).append(addition.path.stem)
        except ModelError as error:
            added.refused.append(str(error))
    return added


def _worth_watching(added: Path, models: "Sequence[Model]") -> tuple[Path, ...]:
    folder = next((folder for folder in (added, *added.parents) if folder.is_dir()), added)
    return folder, *(model.path for model in models if model.problem and model.origin == "added")


def _sizes(models: "Sequence[Model]") -> list[tuple[Path, int, str]]:
    return [(model.path, model.num_bytes, model.problem) for model in models]


def _measured_of(models: "Sequence[Model]", folder: Path, digests: dict[tuple[Path, int, int], str]) -> "dict[Path, Measured]":
    """What is remembered of these very files. Reads those alone that are as long as one that was measured, and each once.

    Called in a worker thread.
    """
    from p2p_desktop.models.measured import Measurements
    from training.contract.model_file import file_digest

    remembered = Measurements(folder).all()
    lengths = {measured.num_bytes for measured in remembered.values()}
    found = {}
    for model in models:
        if model.card is None or model.num_bytes not in lengths:
            continue
        try:
            status = model.path.stat()
            key = (model.path, status.st_size, status.st_mtime_ns)
            if key not in digests:
                digests[key] = file_digest(model.path)
        except (OSError, ModelError):  # it has gone since
            continue
        if digests[key] in remembered:
            found[model.path] = remembered[digests[key]]
    return found


def _previews_of(models: "Sequence[Model]", known: Shelved) -> Shelved:
    """Decode the pictures of the models that are not `known`. Called in a worker thread."""
    wanted = {model.card.preview for model in models if model.card is not None and model.card.preview is not None}
    return {data: known[data] if data in known else _halves(data) for data in wanted}


def _halves(data: bytes) -> Halves | None:
    """Cut a before/after JPEG in two; None if it is none, or larger than any program would write it."""
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(b"jpeg"))
    size = reader.size()
    if not size.isValid() or size.width() * size.height() > _MOST_PIXELS or size.width() < 2:
        return None
    strip = reader.read()
    if strip.isNull():
        return None
    half = strip.width() // 2
    return _small(strip.copy(0, 0, half, strip.height())), _small(strip.copy(half, 0, half, strip.height()))


def _small(picture: QImage) -> QImage:
    most = QSize(_SIDE, _SIDE)
    if picture.width() <= _SIDE and picture.height() <= _SIDE:
        return picture
    return picture.scaled(most, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
