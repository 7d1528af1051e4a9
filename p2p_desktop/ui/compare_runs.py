"""Two runs beside each other, followed while they are trained: their curves over each other, and what differs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QCoreApplication, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from p2p_desktop.runs.curves import LossCurves, Points, columns_of, span_of, thinned
from p2p_desktop.runs.run_state import LOSS_NAMES, RunState
from p2p_desktop.ui import run_words
from p2p_desktop.ui.curve_plot import ReadRow
from p2p_desktop.ui.difference_words import Row
from p2p_desktop.ui.differences_table import DifferencesTable
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_words import meaning
from p2p_desktop.ui.plot_card import PlotCard
from p2p_desktop.ui.plot_read_out import curve_pen
from p2p_desktop.ui.theme import SPACE_L, SPACE_M, SPACE_S, SPACE_XL
from p2p_desktop.ui.widgets import ElidedLabel, SegmentedControl
from p2p_desktop.workers.errands import Errands
from p2p_desktop.workers.run_follower import RunFollower

_SIZE = (1040, 720)
_SPAN = 30.0  # steps that losses are averaged over
_REFRESH_MS = 500  # from one drawing to the next, while the runs tell more
_SAMPLE_WIDTH, _SAMPLE_HEIGHT = 28, 12


@dataclass(slots=True)
class ComparedRun:
    name: str
    follower: RunFollower
    """Follows this run, until the comparison is closed."""
    curves: LossCurves = field(default_factory=lambda: LossCurves(_SPAN))

    @property
    def state(self) -> RunState:
        """Grows while the run is trained."""
        return self.follower.state


class CompareRuns(QDialog):
    """The first run is drawn as the first curve of the theme, the second as the second."""

    def __init__(
        self,
        look: Look,
        runs: tuple[ComparedRun, ComparedRun],
        differences: Callable[[], Sequence[Row]],
        errands: Errands,
        parent: QWidget | None = None,
    ) -> None:
        """`differences` gives what differs by now. `errands` writes files, maybe after this window is gone."""
        super().__init__(parent)
        self._runs, self._differences = runs, differences
        self._problem = ""
        self._is_over = self._is_stale = False
        self.setObjectName("train_compare_runs")
        self.setWindowTitle(self.tr("Compare two runs"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*_SIZE)
        self.losses, self.held_out = _Losses(look, runs, errands, self), _HeldOut(look, runs, errands, self)
        plots = QHBoxLayout()
        plots.setSpacing(SPACE_M)
        plots.addWidget(self.losses, 1)
        plots.addWidget(self.held_out, 1)
        self._told = QLabel(self)
        self._told.setObjectName("train_compare_told")
        self._told.setProperty("role", "muted")
        self._told.setWordWrap(True)
        self._told.hide()
        self._table = DifferencesTable((runs[0].name, runs[1].name), self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_L, SPACE_XL, SPACE_L)
        layout.setSpacing(SPACE_M)
        layout.addLayout(_legend(look, runs))
        layout.addLayout(plots, 1)
        layout.addWidget(self._told)
        layout.addWidget(self._table)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_timer)
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Show what the runs have told by now."""
        self.losses.refresh()
        self.held_out.refresh()
        if all(run.follower.is_caught_up for run in self._runs):
            self._table.show_rows(self._differences())
        problem = " ".join(filter(None, (run.follower.problem for run in self._runs)))
        if problem != self._problem:
            self._problem = problem
            self._tell(problem)
        self._is_stale = any(len(run.curves) != len(run.state.losses) for run in self._runs)  # a long run comes in parts
        self._timer.start(0 if self._is_stale else _REFRESH_MS)

    def done(self, result: int) -> None:
        self._leave()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._leave()
        super().closeEvent(event)

    def _connect(self) -> None:
        for plot, other in ((self.losses, self.held_out), (self.held_out, self.losses)):
            plot.plot.cursor_moved.connect(plot.set_cursor)
            plot.plot.cursor_moved.connect(other.set_cursor)
            plot.saved.connect(self._on_saved)
            plot.not_saved.connect(self._on_not_saved)
        for run in self._runs:
            run.follower.changed.connect(self._on_changed)
            run.follower.begun_anew.connect(self._on_begun_anew)

    def _leave(self) -> None:
        """Follow the runs no more: their followers may be given others, while this window is still on its way out."""
        if self._is_over:
            return
        self._is_over = True
        self._timer.stop()
        for run in self._runs:
            run.follower.changed.disconnect(self._on_changed)
            run.follower.begun_anew.disconnect(self._on_begun_anew)
            run.follower.unfollow()

    def _on_changed(self) -> None:
        self._is_stale = True
        if not self._timer.isActive():
            self.refresh()

    def _on_timer(self) -> None:
        if self._is_stale:
            self.refresh()

    def _on_begun_anew(self) -> None:
        for run in self._runs:
            run.curves.forget()

    def _on_saved(self, path: object) -> None:
        self._tell(self.tr("Saved as {name}").format(name=getattr(path, "name", path)))

    def _on_not_saved(self, sentence: str) -> None:
        self._tell(sentence)

    def _tell(self, words: str) -> None:
        self._told.setText(words)
        self._told.setVisible(bool(words))


class _Overlaid(PlotCard):
    """One number of both runs over each other; which one is chosen above."""

    chosen = Signal(str)

    def __init__(
        self, look: Look, name: str, title: str, runs: tuple[ComparedRun, ComparedRun], errands: Errands, parent: QWidget
    ) -> None:
        super().__init__(look, name, title, errands, parent)
        self._runs = runs
        self._key, self._cursor = "", 0
        self._choice: SegmentedControl | None = None
        self.set_run_name(" - ".join(run.name for run in runs))
        self.add_save_button()
        self.plot.resized.connect(self.draw)

    @property
    def key(self) -> str:
        """What is drawn."""
        return self._key

    def choose(self, key: str) -> None:
        """Draw this one."""
        self._key = key
        if self._choice is not None:
            self._choice.choose(key)
        self.draw()

    def refresh(self) -> None:
        """Offer what there is, and draw it."""
        offered = self.offered()
        if self._choice is None or self._choice.property("offered") != [key for key, *_ in offered]:
            self._offer(offered)
        self.draw()

    def set_cursor(self, step: int) -> None:
        self._cursor = step
        self.draw()

    def offered(self) -> list[tuple[str, str, str, str]]:
        """Segments: key, words, no icon, meaning."""
        raise NotImplementedError

    def line(self, run: ComparedRun) -> Points:
        raise NotImplementedError

    def value_at(self, run: ComparedRun, step: int) -> float | None:
        raise NotImplementedError

    def words_for(self, value: float) -> str:
        raise NotImplementedError

    is_log = False

    def draw(self) -> None:
        plot = self.plot
        plot.set_steps(max([1, *(max(run.state.steps, run.state.step) for run in self._runs)]))
        lines = [self.line(run) for run in self._runs]
        plot.set_nothing("" if any(len(x) for x, _ in lines) else self._why_nothing())
        plot.set_values(*span_of([y for _, y in lines], log=self.is_log), log=self.is_log)
        for index, points in enumerate(lines):
            plot.set_line(f"run {index}", points, index)
        rows = []
        for index, run in enumerate(self._runs):
            value = self.value_at(run, self._cursor)
            if value is not None and self._cursor:
                rows.append(ReadRow(index, run.name[:_MOST_LETTERS], self.words_for(value), value))
        plot.set_cursor(self._cursor if rows else None, rows)

    def _why_nothing(self) -> str:
        if all(run.follower.is_caught_up for run in self._runs):
            return self.tr("Neither run has told anything of this yet.")
        return self.tr("Reading what the runs have told\u2026")

    def _offer(self, offered: list[tuple[str, str, str, str]]) -> None:
        if self._choice is not None:
            self.tools.removeWidget(self._choice)
            self._choice.deleteLater()
        keys = [key for key, *_ in offered]
        self._choice = SegmentedControl(self._look, offered, self)
        self._choice.setObjectName(f"{self.objectName()}_which")
        self._choice.setAccessibleName(self.tr("What is drawn"))
        self._choice.setProperty("offered", keys)
        self._choice.chosen.connect(self.choose)
        self._choice.setVisible(len(keys) > 1)
        self.tools.insertWidget(self.tools.count() - 1, self._choice)
        if self._key not in keys:
            self._key = keys[0] if keys else ""
        self._choice.choose(self._key)


class _Losses(_Overlaid):
    is_log = True

    def __init__(self, look: Look, runs: tuple[ComparedRun, ComparedRun], errands: Errands, parent: QWidget) -> None:
        super().__init__(look, "train_compare_losses", _tr("Losses"), runs, errands, parent)

    def refresh(self) -> None:
        for run in self._runs:
            run.curves.take(run.state.losses)
        super().refresh()

    def offered(self) -> list[tuple[str, str, str, str]]:
        present = [name for name in LOSS_NAMES if any(name in run.curves.present for run in self._runs)]
        return [(name, run_words.loss_title(name), "", run_words.loss_meaning(name)) for name in present]

    def line(self, run: ComparedRun) -> Points:
        for name in run.curves.present:
            if name == self._key:
                columns = columns_of(run.curves.steps, 0, self.plot.steps, self.plot.num_columns)
                return thinned(run.curves.steps, run.curves.smooth(name), columns)
        return _no_points()

    def value_at(self, run: ComparedRun, step: int) -> float | None:
        for name, value in run.curves.at(step).items():
            if name == self._key and step <= run.state.step:
                return value
        return None

    def words_for(self, value: float) -> str:
        return run_words.loss_value(value)


class _HeldOut(_Overlaid):
    def __init__(self, look: Look, runs: tuple[ComparedRun, ComparedRun], errands: Errands, parent: QWidget) -> None:
        super().__init__(look, "train_compare_held_out", _tr("On held-out pictures"), runs, errands, parent)

    def offered(self) -> list[tuple[str, str, str, str]]:
        keys = dict.fromkeys(key for run in self._runs for found in run.state.validations[-1:] for key in found.metrics)
        return [(key, run_words.metric_title(key), "", meaning(key) or run_words.metric_title(key)) for key in keys]

    def line(self, run: ComparedRun) -> Points:
        found = [(one.step, one.metrics[self._key]) for one in run.state.validations if self._key in one.metrics]
        points = np.array(found, np.float64).reshape(-1, 2)
        return points[:, 0], points[:, 1]

    def value_at(self, run: ComparedRun, step: int) -> float | None:
        found = run_words.measured_at(run.state.validations, step)
        return found.metrics.get(self._key) if found is not None and step <= run.state.step else None

    def words_for(self, value: float) -> str:
        return run_words.metric_value(self._key, value)


class _LineSample(QWidget):
    """A bit of a curve, for the legend."""

    def __init__(self, look: Look, index: int) -> None:
        super().__init__()
        self._look, self._index = look, index
        self.setFixedSize(_SAMPLE_WIDTH, _SAMPLE_HEIGHT)
        look.theme.changed.connect(self.update)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(curve_pen(self._look, self._index))
        painter.drawLine(0, self.height() // 2, self.width(), self.height() // 2)


_MOST_LETTERS = 24  # of a name in the read-out


def _legend(look: Look, runs: Sequence[ComparedRun]) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(SPACE_S)
    for index, run in enumerate(runs):
        name = ElidedLabel()
        name.setProperty("role", "section")
        name.setText(run.name)
        line.addWidget(_LineSample(look, index))
        line.addWidget(name, 1)
    return line


def _no_points() -> Points:
    return np.empty(0), np.empty(0)


def _tr(text: str) -> str:
    return QCoreApplication.translate("CompareRuns", text)
