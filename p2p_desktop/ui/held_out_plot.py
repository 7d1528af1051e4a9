"""The held-out numbers of a run beside those of doing nothing, with a star on the best step."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from p2p_desktop.runs.curves import span_of
from p2p_desktop.runs.exports import metrics_table
from p2p_desktop.runs.run_state import RunState
from p2p_desktop.ui import run_words
from p2p_desktop.ui.curve_plot import ReadRow
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_words import meaning
from p2p_desktop.ui.plain_words import count
from p2p_desktop.ui.plot_card import PlotCard
from p2p_desktop.ui.widgets import SegmentedControl
from p2p_desktop.workers.errands import Errands
from training.contract.protocol import Validation

_LINE = "held out"
_LEAST_REACH = 0.04  # of the values: less would make much of nothing
_ROOM = 0.1  # of the axis, above and below, for the star and the words
_DIGITS = {"psnr": "{:g}", "colourfulness": "{:.0%}", "delta1": "{:.0%}"}


class HeldOutPlot(PlotCard):
    metric_chosen = Signal(str)

    def __init__(self, look: Look, errands: Errands, parent: QWidget | None = None) -> None:
        super().__init__(look, "train_held_out", QCoreApplication.translate("HeldOutPlot", "On held-out pictures"), errands, parent)
        self._state = RunState()
        self._shown: list[Validation] = []
        self._metric = ""
        self._cursor: int | None = None
        self._choice: SegmentedControl | None = None
        self._num_drawn = (-1, 0)
        self.add_save_button()
        self.offer_table("held-out", self.tr("Table of the measurements (CSV)"), self._table)

    @property
    def shown_metric(self) -> str:
        """The number that is shown; "" while nothing was measured."""
        return self._metric

    def show_run(self, state: RunState) -> None:
        """There is news, or another run."""
        self._state = state
        if self.isVisible():
            self._redraw()

    def forget(self) -> None:
        """What was told before is void."""
        self._state, self._shown, self._num_drawn = RunState(), [], (-1, 0)
        self.clear()

    def choose(self, metric: str) -> None:
        """Show this number, if it was measured."""
        self._metric = metric
        if self._choice is not None:
            self._choice.choose(metric)
        self.draw()

    def set_cursor(self, step: int | None) -> None:
        self._cursor = step
        self._show_cursor()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._redraw()

    def _redraw(self) -> None:
        now = (len(self._state.validations), max(self._state.steps, self._state.step))
        if now == self._num_drawn:
            return
        self._num_drawn = now
        self._shown = list(self._state.validations)
        self._offer_metrics(list(self._shown[-1].metrics) if self._shown else [])
        self.draw()

    def _offer_metrics(self, metrics: Sequence[str]) -> None:
        """Segments for what is measured, in the task's order."""
        task = self._state.started.task if self._state.started is not None else ""
        offered = [key for key in metrics if key]
        if self._choice is not None and self._choice.property("metrics") == offered:
            return
        if self._choice is not None:
            self.tools.removeWidget(self._choice)
            self._choice.deleteLater()
            self._choice = None
        if self._metric not in offered:
            self._metric = run_words.telling_metric(task, self._shown[-1]) if offered else ""
        if len(offered) > 1:
            self._choice = self._segments(offered)
            self.tools.insertWidget(self.tools.count() - 1, self._choice)
            self._choice.choose(self._metric)

    def _segments(self, metrics: list[str]) -> SegmentedControl:
        segments = [(key, run_words.metric_title(key), "", meaning(key) or run_words.metric_title(key)) for key in metrics]
        choice = SegmentedControl(self._look, segments, self)
        choice.setObjectName("train_metric")
        choice.setAccessibleName(self.tr("Held-out number that is drawn"))
        choice.setProperty("metrics", metrics)
        choice.chosen.connect(self._on_metric)
        choice.show()
        return choice

    def draw(self) -> None:
        plot, key = self.plot, self._metric
        found = [one for one in self._shown if key in one.metrics]
        plot.set_steps(max(self._state.steps, self._state.step, 1))
        plot.set_nothing("" if found else self._why_nothing())
        steps = np.array([one.step for one in found], np.float64)
        values = np.array([one.metrics[key] for one in found], np.float64)
        nothing = found[-1].identity.get(key) if found else None
        low, high = span_of([values, np.array([] if nothing is None else [nothing], np.float64)], room=_ROOM, least=_LEAST_REACH)
        plot.set_values(low, high, log=False, words=partial(_tick, key))
        known = np.isfinite(values)
        plot.set_line(_LINE, (steps[known], values[known]), 0)
        self._draw_marks(found, nothing)
        plot.set_stops([one.step for one in found])
        self._show_cursor()

    def _draw_marks(self, found: list[Validation], nothing: float | None) -> None:
        key = self._metric
        words = self.tr("doing nothing {figure}").format(figure=run_words.metric_value(key, nothing))
        self.plot.set_level(nothing, words)
        best = next((one for one in reversed(found) if one.best), None)
        if best is None:
            self.plot.set_star(None)
        else:
            words = self.tr("best: step {n}").format(n=count(best.step))
            self.plot.set_star(best.step, best.metrics[key], words, below=run_words.is_better(key, 0.0, 1.0))

    def _why_nothing(self) -> str:
        return self.tr("The numbers of the held-out pictures will be drawn here.")

    def _show_cursor(self) -> None:
        at = run_words.measured_at(self._shown, self._cursor) if self._cursor is not None else None
        value = at.metrics.get(self._metric) if at is not None else None
        if value is None:
            self.plot.set_cursor(None, [])
            return
        row = ReadRow(0, run_words.metric_title(self._metric), run_words.metric_value(self._metric, value), value)
        self.plot.set_cursor(self._cursor, [row])

    def _on_metric(self, key: str) -> None:
        self._metric = key
        self.draw()
        self.metric_chosen.emit(key)

    def _table(self) -> Callable[[], bytes]:
        return partial(metrics_table, list(self._state.validations))


def _tick(key: str, value: float) -> str:
    return _DIGITS.get(key, "{:.4g}").format(value)
