"""The losses of a run, step by step: raw behind smoothed, with a cursor and its read-out."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QLabel, QSlider, QWidget

from p2p_desktop.runs.curves import LossCurves, columns_of, reach, span_of, thinned
from p2p_desktop.runs.exports import losses_table
from p2p_desktop.runs.run_state import LOSS_NAMES, RunState
from p2p_desktop.ui import run_words
from p2p_desktop.ui.curve_plot import ReadRow
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.plain_words import count
from p2p_desktop.ui.plot_card import PlotCard
from p2p_desktop.workers.errands import Errands

_SLIDER_STEPS, _SLIDER_START = 30, 15
_LONGEST_SPAN = 1000.0  # steps that are averaged at the right end of the slider
_SLIDER_WIDTH = 88
_PIXELS_A_POINT = 2  # of a line that bends slowly, and of a dense band: half the points are drawn in half the time
_DENSE = 8  # steps in every column, of which only the reach can be seen
_REDRAW_MS, _SOON_MS = 100, 5  # not more often: a run may make a thousand steps a second; and where an old run is taken in parts


class LossPlot(PlotCard):
    """Shows the run it is given; whoever has it calls `show_run` whenever there is news."""

    def __init__(self, look: Look, errands: Errands, parent: QWidget | None = None) -> None:
        super().__init__(look, "train_losses", QCoreApplication.translate("LossPlot", "Losses"), errands, parent)
        self._state = RunState()
        self._curves = LossCurves(_span(_SLIDER_START))
        self._cursor: int | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._redraw)
        self._is_stale = True
        self._add_tools()
        self.plot.resized.connect(self._on_resized)
        self.offer_table("losses", self.tr("Table of all steps (CSV)"), self._table)

    @property
    def num_read(self) -> int:
        """Steps that the plot knows of."""
        return len(self._curves)

    def show_run(self, state: RunState) -> None:
        """There is news, or another run."""
        self._is_stale = self._is_stale or state is not self._state or not self._shows(state)
        self._state = state
        if self._is_stale and self.isVisible() and not self._timer.isActive():
            self._timer.start(_REDRAW_MS)

    def _shows(self, state: RunState) -> bool:
        return len(state.losses) == len(self._curves) and max(state.steps, state.step, 1) == self.plot.steps

    def forget(self) -> None:
        """What was told before is void."""
        self._timer.stop()
        self._curves.forget()
        self._state, self._is_stale = RunState(), True
        self.clear()

    def set_cursor(self, step: int | None) -> None:
        self._cursor = step
        self._show_cursor()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._timer.start(0)

    def _add_tools(self) -> None:
        words = QLabel(self.tr("Smooth"), self)
        words.setProperty("role", "muted")
        self._smooth = QSlider(Qt.Orientation.Horizontal, self)
        self._smooth.setObjectName("train_smooth")
        self._smooth.setAccessibleName(words.text())
        self._smooth.setRange(0, _SLIDER_STEPS)
        self._smooth.setPageStep(5)
        self._smooth.setValue(_SLIDER_START)
        self._smooth.setFixedWidth(_SLIDER_WIDTH)
        self._smooth.valueChanged.connect(self._on_smooth)
        words.setBuddy(self._smooth)
        self._log = QCheckBox(self.tr("Log axis"), self)
        self._log.setObjectName("train_log_axis")
        self._log.setChecked(True)
        self._log.setToolTip(self.tr("Shows large and small losses alike: each step up is a multiple"))
        self._log.toggled.connect(self._on_log)
        for widget in (words, self._smooth, self._log):
            self.tools.addWidget(widget)
        self.add_save_button()
        self._tell_span()

    def _redraw(self) -> None:
        """Called at most every 100 ms, and only while it is to be seen."""
        if not self.isVisible():
            return
        self._is_stale = False
        self._curves.take(self._state.losses)
        if len(self._curves) != len(self._state.losses):
            self._timer.start(_SOON_MS)
            return
        self.draw()

    def draw(self) -> None:
        curves, plot, log = self._curves, self.plot, self._log.isChecked()
        present = curves.present
        plot.set_steps(max(self._state.steps, self._state.step, 1))
        plot.set_nothing("" if present else self._why_nothing())
        columns = columns_of(curves.steps, 0, plot.steps, plot.num_columns)
        coarse = columns_of(curves.steps, 0, plot.steps, plot.num_columns // _PIXELS_A_POINT)
        is_dense = len(curves) > _DENSE * len(columns.first)
        raw = {
            name: reach(_positive(curves.raw(name)) if log else curves.raw(name), coarse if is_dense else columns)
            for name in present
        }
        low, high = span_of([y for _, y in raw.values()], log=log)
        plot.set_values(low, high, log=log)
        is_smoothed = self._smooth.value() > 0
        for name in present:
            index = LOSS_NAMES.index(name)
            plot.set_line(f"{name} raw", raw[name], index, raw=True, faded=is_smoothed, band=is_dense)
            if is_smoothed:
                plot.set_line(name, thinned(curves.steps, curves.smooth(name), coarse), index)
        plot.keep_lines({key for name in present for key in (f"{name} raw", name if is_smoothed else "")})
        self._show_cursor()

    def _why_nothing(self) -> str:
        return self.tr("The losses of every step will be drawn here.")

    def _show_cursor(self) -> None:
        at = self._curves.at(self._cursor) if self._cursor is not None else {}
        rows = [
            ReadRow(LOSS_NAMES.index(name), run_words.loss_title(name), run_words.loss_value(value), value)
            for name, value in at.items()
        ]
        self.plot.set_cursor(self._cursor if rows else None, rows)

    def _on_smooth(self, _: int) -> None:
        self._curves.set_span(_span(self._smooth.value()))
        self._tell_span()
        self.draw()

    def _tell_span(self) -> None:
        span = round(_span(self._smooth.value()))
        words = self.tr("Averaged over about {n} steps").format(n=count(span)) if span > 1 else self.tr("Every step as it came")
        self._smooth.setAccessibleDescription(words)
        self._smooth.setToolTip(words)

    def _on_log(self, _: bool) -> None:
        self.draw()

    def _on_resized(self) -> None:
        if len(self._curves) and not self._timer.isActive():
            self._timer.start(0)

    def _table(self) -> Callable[[], bytes]:
        """A copy of what is there now: the run goes on while it is written."""
        curves = self._curves
        while curves.take(self._state.losses):
            pass
        raw = {name: curves.raw(name).copy() for name in curves.present}
        smooth = {name: curves.smooth(name).copy() for name in curves.present}
        return partial(losses_table, curves.steps.copy(), raw, smooth)


def _span(place: int) -> float:
    """Steps that are averaged, by the slider's place: none, then more and more."""
    return 0.0 if place == 0 else float(_LONGEST_SPAN ** (place / _SLIDER_STEPS))


def _positive(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(values > 0, values, np.nan)
