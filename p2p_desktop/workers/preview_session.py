"""Previews for the window: one at a time, the newest wish wins, and the model stays loaded between them."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QDeadlineTimer, QObject, QRect, QTimer, Signal

from p2p_desktop.workers.task_thread import TaskThread
from training.contract.errors import P2PError
from training.contract.progress import Report, Token

if TYPE_CHECKING:  # these import OpenCV; the first paint must not wait for it
    from p2p_desktop.inference.patches import Rect
    from p2p_desktop.inference.translator import Translator

log = logging.getLogger(__name__)

Load = Callable[[Token], "Translator"]

_retired: set["PreviewSession"] = set()  # whose threads have not left yet
_QUIET_MS = 120  # a walk through the list with the arrow keys shall not decode every picture on the way


class PreviewSession(QObject):
    """Every signal is about what was shown last: what an older wish still says is not passed on."""

    before_ready = Signal(object)  # convert.pyramid.Pyramid
    loading = Signal()  # the source is shown, the model is being loaded
    after_begun = Signal(object)  # Pyramid, filled from now on
    patch_done = Signal(QRect)  # in pixels of the picture
    done = Signal(float, float)  # seconds of computing (0: a file was shown), megapixels
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._load: Load | None = None
        self._loaded: tuple[Load, Translator] | None = None  # touched by the one running thread only
        self._wish: tuple[Path, Path | None] | None = None
        self._visible: Rect | None = None
        self._thread: TaskThread | None = None
        self._is_current = False
        self._is_closed = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_QUIET_MS)
        self._timer.timeout.connect(self._begin)

    def choose_model(self, load: Load | None) -> None:
        """Translate with what `load` gives, called in a worker thread at the first need; None: show sources only."""
        if load is not self._load:
            self._load = load
            self._again()

    def show(self, source: Path, output: Path | None = None) -> None:
        """Show a picture and its translation; `output`, if there is one already."""
        if self._wish != (source, output):
            self._wish = (source, output)
            self._visible = None
            self._again()

    def stop(self) -> None:
        """Show nothing any more."""
        self._wish = None
        self._again()

    def set_visible(self, part: QRect) -> None:
        """What is looked at: it is computed first, when the computing begins."""
        if not part.isEmpty():
            from p2p_desktop.inference.patches import Rect  # a picture is shown: the engine is imported already

            self._visible = Rect(part.left(), part.top(), part.right() + 1, part.bottom() + 1)

    def close(self, until: QDeadlineTimer) -> None:
        """End, and free the model: only for a program that ends. A thread that still works `until` then is left behind."""
        self._end()
        if self._thread is None or self._thread.wait(until):
            self._thread = None
            self._free(None)

    def retire(self) -> None:
        """End without anybody waiting for it: the session outlives its owner until its thread has left, then frees the model."""
        if self._is_closed:
            return
        self._end()
        self.setParent(None)
        _retired.add(self)
        if self._thread is None:
            self._leave()

    def _end(self) -> None:
        self._is_closed, self._is_current = True, False
        self._timer.stop()
        if self._thread is not None:
            self._thread.cancel()

    def _leave(self) -> None:
        self._free(None)
        _retired.discard(self)
        self.deleteLater()

    def _again(self) -> None:
        self._is_current = False
        if self._thread is not None:
            self._thread.cancel()
        self._timer.start()

    def _begin(self) -> None:
        if self._thread is not None or self._is_closed:
            return  # it was cancelled, and `_on_finished` comes back here
        if self._wish is None:
            if self._load is None and self._loaded is not None:
                self._run(lambda _, __: self._free(None))
            return
        source, output = self._wish
        load = self._load

        def work(report: Report[Any], token: Token) -> None:  # Any: events of convert.preview
            from p2p_desktop.convert.preview import preview

            self._free(load)

            def translator() -> "Translator":
                if load is None:
                    raise ValueError("no model")
                if self._loaded is None:
                    report(None)
                    self._loaded = (load, load(token))
                return self._loaded[1]

            preview(source, output, translator if load else None, lambda: self._visible, report=report, token=token)

        self._is_current = True
        self._run(work)

    def _run(self, work: Callable[[Report[Any], Token], None]) -> None:  # Any: as above
        self._thread = TaskThread(work, "preview", self)
        self._thread.arrived.connect(self._on_arrived)
        self._thread.failed.connect(self._on_failed)
        self._thread.finished.connect(self._on_finished)
        self._thread.start()

    def _free(self, load: Load | None) -> None:
        """Close the model unless it is the one that `load` gives. Called where no preview runs beside."""
        if self._loaded is not None and self._loaded[0] is not load:
            self._loaded[1].close()
            self._loaded = None

    def _on_arrived(self) -> None:
        if self._thread is None:
            return
        from p2p_desktop.convert.preview import AfterReady, BeforeReady, PatchDone, PreviewDone  # imported by the thread already

        for event in self._thread.take():
            if not self._is_current:
                continue
            match event:
                case BeforeReady():
                    self.before_ready.emit(event.picture)
                case AfterReady():
                    self.after_begun.emit(event.picture)
                case PatchDone(place):
                    self.patch_done.emit(QRect(place.left, place.top, place.right - place.left, place.bottom - place.top))
                case PreviewDone():
                    self.done.emit(event.seconds, event.megapixels)
                case None:
                    self.loading.emit()

    def _on_failed(self, error: Exception) -> None:
        self._on_arrived()
        if not self._is_current:
            return
        if isinstance(error, P2PError):
            self.failed.emit(str(error))
        elif isinstance(error, MemoryError):
            self.failed.emit(self.tr("There is not enough memory to show this picture. Close other programs, then try again."))
        else:
            self.failed.emit(self.tr("This picture cannot be shown. The log says why."))

    def _on_finished(self) -> None:
        self._on_arrived()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.deleteLater()
        if self in _retired:
            self._leave()
        elif not self._is_current and not self._timer.isActive():
            self._begin()
