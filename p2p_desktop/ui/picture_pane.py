"""The picture that is looked at: the bar above it, before and after, and the preview that computes what no file holds yet."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QDeadlineTimer, QRect, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from p2p_desktop.ui.compare_bar import CompareBar
from p2p_desktop.ui.compare_view import CompareView
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.no_picture import NoPicture
from p2p_desktop.ui.plain_words import exact_duration
from p2p_desktop.ui.queue_model import QueueModel
from p2p_desktop.ui.queue_row import Row, beside_its_name
from p2p_desktop.workers.conversion import Conversion
from p2p_desktop.workers.preview_session import Load, PreviewSession

if TYPE_CHECKING:  # it imports OpenCV; the first paint must not wait for it
    from p2p_desktop.convert.pyramid import Pyramid


class PicturePane(QWidget):
    failed = Signal(str)  # a sentence: the source is shown, and its result cannot be
    computed = Signal(float, float)  # seconds and megapixels of a preview
    surround_chosen = Signal(str)

    def __init__(self, look: Look, queue: QueueModel, conversion: Conversion, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queue, self._conversion = queue, conversion
        self._row: Row | None = None
        self._is_shown = False  # its source is in the view
        self._is_file = False  # the result that is shown was made already
        self.view = CompareView(look, self)
        self._no_picture = NoPicture(look, self.view)
        self._bar = CompareBar(look, self.view, self)
        self._preview = PreviewSession(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar)
        layout.addWidget(self.view, 1)
        self.view.visible_changed.connect(self._preview.set_visible)
        self.view.surround_chosen.connect(self.surround_chosen)
        self._preview.before_ready.connect(self._on_before_ready)
        self._preview.loading.connect(self._on_loading)
        self._preview.after_begun.connect(self._on_after_begun)
        self._preview.patch_done.connect(self.view.patch_arrived)
        self._preview.done.connect(self._on_done)
        self._preview.failed.connect(self._on_failed)

    @property
    def row(self) -> Row | None:
        """What is shown, or will be in a moment."""
        return self._row

    def set_narrow(self, on: bool) -> None:
        self._bar.set_narrow(on)

    def choose_model(self, load: Load | None) -> None:
        """Translate with what `load` gives; None: show sources and finished results only."""
        self._preview.choose_model(load)

    def show_row(self, row: Row, strength: float, *, with_result: bool = True) -> None:
        """Show a picture: with its result if there is one and it counts; as it would become at this strength if nothing runs."""
        self._row, self._is_shown = row, False
        self._no_picture.say("")
        output = row.output if with_result and row.state in ("done", "skipped") else None
        self._is_file = output is not None
        self.view.set_strength(1.0 if self._is_file else strength)
        if row.state == "failed" and not row.height:
            self._preview.stop()
            self._show_reason(row.reason)
        else:
            self._preview.show(row.path, output)

    def show_output(self) -> None:
        """The result of what is shown is there now, or may be."""
        row = self._row
        if row is not None and row.output is not None and row.state in ("done", "skipped"):
            self._is_file = True
            self.view.set_strength(1.0)
            self._preview.show(row.path, row.output)
            self._describe()

    def clear(self) -> None:
        self._row = None
        self._no_picture.say("")
        self._preview.stop()
        self.view.clear()

    def forget(self) -> None:
        """There is no list any more that the picture could be of."""
        self._row = None

    def close_down(self, until: QDeadlineTimer) -> None:
        """End the thread: the program ends."""
        self._preview.close(until)

    def _show_reason(self, reason: str) -> None:
        """Show why there is no picture, in its place: never the picture of another row."""
        self.view.clear()
        self._describe()
        if self._row is not None:
            self._no_picture.say(beside_its_name(reason, self._row.path))

    def _describe(self) -> None:
        row = self._row
        if row is None:
            self._bar.describe("")
            return
        facts = [row.size_words()]
        if row.state == "done" and row.seconds:
            facts.append(self.tr("done in {time}").format(time=exact_duration(row.seconds)))
        elif row.state in ("skipped", "working"):
            facts.append(self._queue.state_words(row.state))
        self._bar.describe(row.name, "  \u00b7  ".join(filter(None, facts)))

    def _on_before_ready(self, picture: "Pyramid") -> None:
        if self._row is not None:
            self._is_shown = True
            self._no_picture.say("")
            self.view.show_before(picture, self._row.name)
            self._describe()
            waits = self._conversion.is_busy and not self._is_file
            self.view.set_waiting(self.tr("The result shows when it is done") if waits else "")

    def _on_loading(self) -> None:
        self.view.set_waiting(self.tr("Getting the model ready"))

    def _on_after_begun(self, picture: "Pyramid") -> None:
        self.view.show_after(picture)
        self.view.set_waiting("" if self._is_file else self.tr("Working on the part in view, then on the rest"))

    def _on_done(self, seconds: float, megapixels: float) -> None:
        self.view.set_waiting("")
        self.view.patch_arrived(QRect(self.view.visible_part()))
        if seconds > 0 and megapixels > 0:
            self.computed.emit(seconds, megapixels)

    def _on_failed(self, sentence: str) -> None:
        self.view.set_waiting("")
        if not self._is_shown:
            self._show_reason(sentence)
        else:  # the source is there to be seen: it is the model, or memory
            self.failed.emit(sentence)
