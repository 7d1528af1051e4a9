"""Two runs beside each other: their curves over each other, and the settings in which they differ."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QCoreApplication, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from p2p_desktop.runs.curves import LossCurves, Points, columns_of, span_of, thinned
from p2p_desktop.runs.run_state import LOSS_NAMES, RunState
from p2p_desktop.ui import run_words
from p2p_desktop.ui.curve_plot import ReadRow
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_words import meaning
from p2p_desktop.ui.plot_card import PlotCard
from p2p_desktop.ui.plot_read_out import curve_pen
from p2p_desktop.ui.theme import SPACE_L, SPACE_M, SPACE_S, SPACE_XL
from p2p_desktop.ui.widgets import ElidedLabel, SegmentedControl
from p2p_desktop.workers.errands import Errands

_SIZE = (1040, 720)
_SPAN = 30.0  # steps that losses are averaged over
_REFRESH_MS = 500
_SAMPLE_WIDTH, _SAMPLE_HEIGHT = 28, 12
_TABLE_HEIGHT = 180

Row = tuple[str, str, str]
"""Name of a setting, its value in the first run, and in the second."""


@dataclass(slots=True)
class ComparedRun:
    name: str
    state: RunState
    """May still grow."""
    curves: LossCurves = field(default_factory=lambda: LossCurves(_SPAN))


class CompareRuns(QDialog):
    """The first run is drawn as the first curve of the theme, the second as the second."""

    def __init__(
        self, look: Look, runs: tuple[ComparedRun, ComparedRun], rows: Sequence[Row], parent: QWidget | None = None
    ) -> None:
        """`rows`: only what differs."""
        super().__init__(parent)
        self._runs = runs
        self.setObjectName("train_compare_runs")
        self.setWindowTitle(self.tr("Compare two runs"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*_SIZE)
        errands = Errands(parent)  # a file may still be written when this window is gone
        self.losses, self.held_out = _Losses(look, runs, errands, self), _HeldOut(look, runs, errands, self)
        plots = QHBoxLayout()
        plots.setSpacing(SPACE_M)
        plots.addWidget(self.losses, 1)
        plots.addWidget(self.held_out, 1)
        self._told = QLabel(self)
        self._told.setObjectName("train_compare_told")
        self._told.setProperty("role", "muted")
        self._told.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_L, SPACE_XL, SPACE_L)
        layout.setSpacing(SPACE_M)
        layout.addLayout(_legend(look, runs))
        layout.addLayout(plots, 1)
        layout.addWidget(self._told)
        layout.addWidget(_settings(runs, rows, self))
        for plot, other in ((self.losses, self.held_out), (self.held_out, self.losses)):
            plot.plot.cursor_moved.connect(plot.set_cursor)
            plot.plot.cursor_moved.connect(other.set_cursor)
            plot.saved.connect(self._on_saved)
            plot.not_saved.connect(self._on_not_saved)
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self.refresh)

    def refresh(self) -> None:
        """Show what the runs have told by now."""
        self.losses.refresh()
        self.held_out.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _on_saved(self, path: object) -> None:
        self._tell(self.tr("Saved as {name}").format(name=getattr(path, "name", path)))

    def _on_not_saved(self, sentence: str) -> None:
        self._tell(sentence)

    def _tell(self, words: str) -> None:
        self._told.setText(words)
        self._told.show()


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
        plot.set_nothing("" if any(len(x) for x, _ in lines) else self.tr("Neither run has told anything of this yet."))
        plot.set_values(*span_of([y for _, y in lines], log=self.is_log), log=self.is_log)
        for index, points in enumerate(lines):
            plot.set_line(f"run {index}", points, index)
        rows = []
        for index, run in enumerate(self._runs):
            value = self.value_at(run, self._cursor)
            if value is not None and self._cursor:
                rows.append(ReadRow(index, run.name[:_MOST_LETTERS], self.words_for(value), value))
        plot.set_cursor(self._cursor if rows else None, rows)

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


def _settings(runs: Sequence[ComparedRun], rows: Sequence[Row], parent: QWidget) -> QScrollArea:
    """A table of what differs; a sentence, if nothing does."""
    inner = QWidget()
    grid = QGridLayout(inner)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(SPACE_XL)
    grid.setVerticalSpacing(SPACE_S)
    if not rows:
        grid.addWidget(_label(_tr("Both runs have the same settings."), "muted"), 0, 0)
    else:
        for column, words in enumerate((_tr("What differs"), *(run.name for run in runs))):
            grid.addWidget(_label(words, "small"), 0, column)
            grid.setColumnStretch(column, 1)
        for number, row in enumerate(rows, 1):
            for column, words in enumerate(row):
                grid.addWidget(_label(words, "muted" if column == 0 else "body"), number, column)
    grid.setRowStretch(len(rows) + 1, 1)
    area = QScrollArea(parent)
    area.setObjectName("train_compare_settings")
    area.setAccessibleName(_tr("Settings in which the runs differ"))
    area.setWidgetResizable(True)
    area.setWidget(inner)
    area.setMaximumHeight(_TABLE_HEIGHT)
    return area


def _label(words: str, role: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _no_points() -> Points:

    return np.empty(0), np.empty(0)


def _tr(text: str) -> str:
    return QCoreApplication.translate("CompareRuns", text)
