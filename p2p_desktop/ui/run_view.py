"""What is looked at of a run: one held-out picture, large and through time, and the curves; one cursor for all of them.

It follows the latest picture until the person moves it.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDeadlineTimer, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QPushButton, QVBoxLayout, QWidget

from p2p_desktop.runs.run_process import HELD, Standing
from p2p_desktop.runs.run_state import RunState
from p2p_desktop.ui import run_words
from p2p_desktop.ui.film_strip import FilmStrip, Frame
from p2p_desktop.ui.held_out_panel import HeldOutPanel
from p2p_desktop.ui.held_out_plot import HeldOutPlot
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.loss_plot import LossPlot
from p2p_desktop.ui.run_pictures import RunPictures
from p2p_desktop.ui.sample_source import SampleSource
from p2p_desktop.ui.theme import SPACE_M, SPACE_XL
from p2p_desktop.workers.errands import Errands
from training.contract.protocol import Sample

if TYPE_CHECKING:  # with the encodings, which import OpenCV
    from training.contract.config import TrainConfig

_PANEL_WIDTH, _NO_LIMIT = 336, 16_777_215  # pixels; the second is Qt's QWIDGETSIZE_MAX
_WIDE = 860  # pixels, from which the held-out column stands beside the pictures, however large they are


class RunView(QWidget):
    saved = Signal(Path)  # a plot
    not_saved = Signal(str)  # a sentence

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._run: Path | None = None
        self._config: TrainConfig | None = None
        self._name = self._why_unread = ""
        self._state = RunState()
        self._standing: Standing | None = None  # None: nothing was read of the run yet
        self._following, self._cursor, self._picture = True, 0, 0
        self._width = _WIDE
        self._seen: Sample | None = None
        self._errands = Errands(self)
        self._source = SampleSource(self)
        self.losses, self.held_out = LossPlot(look, self._errands, self), HeldOutPlot(look, self._errands, self)
        self._build()

    # --- what is shown

    def begin(self, run: Path | None) -> None:
        """Another run is shown from now on."""
        self._run, self._config = run, None
        self._following, self._cursor, self._picture = True, 0, 0
        self.forget()

    def describe(self, name: str, config: "TrainConfig | None") -> None:
        """What the run is called, and its request, once that is read."""
        self._name, self._config = name, config
        for plot in (self.losses, self.held_out):
            plot.set_run_name(name)

    def forget(self) -> None:
        """What was told before is void, and nothing of it stays in sight while the rest is read."""
        self._state, self._standing, self._seen, self._why_unread = RunState(), None, None, ""
        self._source.forget()
        self._show_samples()
        for plot in (self.losses, self.held_out):
            plot.forget()

    def say_unread(self, words: str) -> None:
        """Say this for as long as nothing was read of the run."""
        if self._standing is None and words != self._why_unread:
            self._why_unread = words
            self._show_samples()
            for plot in (self.losses, self.held_out):
                plot.plot.set_nothing(words)

    def read_again(self) -> None:
        """Pictures that were out of reach can be read now."""
        self._source.forget()
        self.update()

    def show_run(self, state: RunState, standing: Standing) -> None:
        """There is news."""
        self._state, self._standing = state, standing
        self._forget_redrawn()
        if self._following:
            self._cursor = max(sample.step for sample in state.samples) if state.samples else state.step
        self._show_samples()
        self._show_plots()

    def show_more_facts(self, facts: Sequence[str]) -> None:
        """What the head of the page has no room for."""
        self._panel.show_facts(facts)

    def go_to(self, step: int) -> None:
        """Show the run as it was at a step, and stay there."""
        samples = self._state.samples
        self._following = bool(samples) and step == max(sample.step for sample in samples)
        self._cursor = step
        self._show_samples()
        self._show_plots()

    def follow_latest(self) -> None:
        """Show every new picture as it comes."""
        self._following = True
        if self._standing is not None:
            self.show_run(self._state, self._standing)

    @property
    def is_following(self) -> bool:
        return self._following

    @property
    def cursor_step(self) -> int:
        return self._cursor

    def make_room(self, width: int, side: int) -> None:
        """Fit into so many pixels. `side`: how high the pictures would like to be.

        The held-out column moves below the pictures, and plots below each other, where they have no room side by side.
        """
        self._width = width
        self._pictures.prefer_side(side)
        wide = width >= min(_WIDE, self._pictures.sizeHint().width() + SPACE_XL + _PANEL_WIDTH)
        ways = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._upper.setDirection(ways[0] if wide else ways[1])
        self._panel.lay_beside(not wide)
        self._panel.setMinimumWidth(_PANEL_WIDTH if wide else 0)
        self._panel.setMaximumWidth(_PANEL_WIDTH if wide else _NO_LIMIT)
        self._arrange_plots()

    def _arrange_plots(self) -> None:
        """What they need changes with what a run measures."""
        needed = sum(plot.minimumSizeHint().width() for plot in (self.losses, self.held_out)) + SPACE_M
        beside = self._width >= needed
        self._plots.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)

    def take_keyboard(self, reason: Qt.FocusReason) -> None:
        """Put the keyboard on the film."""
        self._film.setFocus(reason)

    def close_down(self, until: QDeadlineTimer) -> None:
        """End the threads."""
        self._source.close(until)
        self._errands.close(until)

    # --- building

    def _build(self) -> None:
        self._pictures = RunPictures(self._look, self._source, self)
        self._panel = HeldOutPanel(self._look, self._source, self)
        self._film = FilmStrip(self._look, self._source, self)
        self._latest = QPushButton(self.tr("Latest"), self._pictures)
        self._latest.setObjectName("train_latest")
        self._latest.setProperty("role", "link")
        self._latest.setAccessibleName(self.tr("Follow the latest picture"))
        self._latest.setToolTip(self.tr("Shows every new picture as it comes (End, in the film)"))
        self._latest.hide()
        self._latest.clicked.connect(self.follow_latest)
        self._panel.picture_chosen.connect(self._on_picture_chosen)
        self._film.moved.connect(self.go_to)
        self._film.latest_asked.connect(self.follow_latest)
        self._upper, self._plots = QBoxLayout(QBoxLayout.Direction.LeftToRight), QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._upper.setSpacing(SPACE_XL)
        self._upper.addWidget(self._pictures, 1)
        self._upper.addWidget(self._panel)
        self._plots.setSpacing(SPACE_M)
        for plot in (self.losses, self.held_out):
            self._plots.addWidget(plot, 1)
            plot.plot.cursor_moved.connect(self.go_to)
            plot.saved.connect(self.saved)
            plot.not_saved.connect(self.not_saved)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_M)
        layout.addLayout(self._upper, 3)
        layout.addWidget(self._film)
        layout.addLayout(self._plots, 3)

    # --- showing

    def _show_samples(self) -> None:
        state, run = self._state, self._run
        sample = _sample_at(state, self._cursor)
        files = [run / name for name in sample.files] if sample is not None and run is not None else []
        self._picture = min(self._picture, max(0, len(files) - 1))
        self._panel.show_pictures(files, self._picture, state.started.pairs.get("val", 0) if state.started is not None else 0)
        if sample is None or not files:
            self._pictures.show_strip(None, None, self._why_no_picture())
        else:
            self._pictures.show_strip(files[self._picture], sample.step)
        self._film.show_frames(self._frames(), step=state.step, steps=state.steps, every=self._every())
        self._film.set_cursor(self._cursor if state.samples else None)
        found = run_words.measured_at(state.validations, self._cursor)
        metrics = list(found.metrics) if found is not None else []
        self._panel.show_numbers(found, metrics, run_words.telling_metric_of(state))
        self._panel.setVisible(bool(files) or found is not None)
        self._latest.setVisible(not self._following and bool(state.samples))
        self._place_latest()

    def _show_plots(self) -> None:
        state = self._state
        has_anything = bool(state.samples) or len(state.losses) > 0
        for plot in (self.losses, self.held_out):
            plot.show_run(state)
            plot.set_cursor(self._cursor if has_anything else None)
        self._arrange_plots()

    def _frames(self) -> list[Frame]:
        """A frame for each sample that has the chosen picture, by its step."""
        run = self._run
        if run is None:
            return []
        samples = sorted(self._state.samples, key=lambda sample: sample.step)
        return [Frame(one.step, run / one.files[self._picture]) for one in samples if self._picture < len(one.files)]

    def _every(self) -> int:
        if self._config is not None:
            return self._config.sample_every
        steps = sorted(sample.step for sample in self._state.samples)
        return max(later - earlier for earlier, later in pairwise(steps)) if len(steps) > 1 else 0

    def _why_no_picture(self) -> str:
        if self._standing is None:
            return self._why_unread
        if self._standing == "new":
            return self.tr("Nothing is trained yet. Press Start training; it goes on when this window is closed.")
        if self._standing not in HELD:
            return self.tr("This run drew no pictures.")
        if self._config is not None:
            words = self.tr("The first pictures are drawn at step {n}. Preview now draws them at once.")
            return words.format(n=f"{self._config.sample_every:,}")
        return self.tr("No pictures are drawn yet. Preview now draws them at once.")

    def _forget_redrawn(self) -> None:
        """A sample of a step that was drawn before has other pictures now."""
        latest = self._state.samples[-1] if self._state.samples else None
        if latest is not None and latest is not self._seen and self._run is not None:
            for name in latest.files:
                self._source.forget(self._run / name)
        self._seen = latest

    def _on_picture_chosen(self, number: int) -> None:
        self._picture = number
        self._show_samples()

    # --- room

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_latest()

    def _place_latest(self) -> None:
        """At the right end of the words below the pictures."""
        size, room = self._latest.sizeHint(), self._pictures.size()
        self._latest.setGeometry(room.width() - size.width(), room.height() - size.height(), size.width(), size.height())


def _sample_at(state: RunState, step: int) -> Sample | None:
    """The latest that was drawn up to a step, else the first; whatever the order they were told in."""
    before = [sample for sample in state.samples if sample.step <= step]
    if before:
        return max(before, key=lambda sample: sample.step)
    return min(state.samples, key=lambda sample: sample.step, default=None)
