"""What the training will take on this computer, as far as it was measured; and what the model is called."""

import shutil
import time
from pathlib import Path
from typing import Any

import psutil
from PySide6.QtCore import QCoreApplication, QDeadlineTimer, Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from p2p_desktop.ui.complaint import Complaint
from p2p_desktop.ui.drops import leave_drops_to_window
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.notes import Note
from p2p_desktop.ui.plain_words import count, duration, exact_duration, size
from p2p_desktop.ui.run_words import clock_words, metric_title
from p2p_desktop.ui.theme import FORM_WIDTH, SIDE_PANEL_WIDTH, SPACE_L, SPACE_S, SPACE_XL, SPACE_XS, SPACE_XXXL
from p2p_desktop.ui.widgets import SlimProgress
from p2p_desktop.workers.errands import Errands
from p2p_desktop.workers.estimates import Estimate
from training.contract.config import TrainConfig
from training.contract.progress import Report, Token

_MOST_NAME_BYTES = 200  # as names of files go
_OWN_MEMORY = "cpu"  # the device whose memory is this computer's
_COLUMN_CHARACTERS = 40  # of a column's least width, where there are two
_UNKNOWN = "\u2013"


class EstimatePanel(QFrame):
    edited = Signal()  # name or licence

    def __init__(self, look: Look, runs: Path, parent: QWidget) -> None:
        """`runs`: the folder whose disk the run will need room on."""
        super().__init__(parent)
        self._runs = runs
        self._errands = Errands(self)
        self._free: int | None = None
        """Bytes of the disk when it was last looked at; None where nobody can tell, or nobody has yet."""
        self._told: Estimate | None = None
        self._needed: int | None = None
        title = QLabel(self.tr("On this computer"), self)
        title.setProperty("role", "muted")
        self._time, self._when = QLabel(_UNKNOWN, self), QLabel(self)
        self._time.setObjectName("train_estimate_time")
        self._time.setProperty("role", "figure")
        self._time.setWordWrap(True)
        self._when.setObjectName("train_estimate_when")
        self._when.setProperty("role", "muted")
        self._when.setWordWrap(True)
        self._memory = _Amount(look, self.tr("Memory"), "train_estimate_memory", self)
        self._disk = _Amount(look, self.tr("Disk"), "train_estimate_disk", self)
        self._facts: dict[str, QLabel] = {}
        self._note = Note(look, "success", self, closable=False)
        self._note.setObjectName("train_estimate_note")
        self._progress = SlimProgress(look, self)
        self._progress.setAccessibleName(self.tr("Steps measured"))
        layout = QVBoxLayout()
        layout.setSpacing(SPACE_S)
        layout.addWidget(title)
        layout.addWidget(self._time)
        layout.addWidget(self._when)
        layout.addWidget(self._progress)
        for amount in (self._memory, self._disk):
            layout.addWidget(amount)
        layout.addSpacing(SPACE_XS)
        layout.addWidget(_line(self))
        layout.addSpacing(SPACE_XS)
        layout.addLayout(self._table())
        layout.addWidget(self._note)
        layout.addStretch(1)
        self._parts = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._parts.setContentsMargins(SPACE_XL, SPACE_L, SPACE_XL, SPACE_L)
        self._parts.setSpacing(SPACE_S)
        self._parts.addLayout(layout, 1)
        self._parts.addLayout(self._naming(look))

    def set_beside(self, on: bool) -> None:
        """Beside the form, or as a card within it."""
        in_columns = not on and 2 * self.fontMetrics().averageCharWidth() * _COLUMN_CHARACTERS <= FORM_WIDTH
        self._parts.setDirection(QBoxLayout.Direction.LeftToRight if in_columns else QBoxLayout.Direction.TopToBottom)
        self._parts.setSpacing(SPACE_XXXL if in_columns else SPACE_S)
        self._parts.setStretch(1, 1 if in_columns else 0)
        self.setProperty("role", "panel" if on else "card")
        self.setMinimumWidth(SIDE_PANEL_WIDTH if on else 0)
        self.setMaximumWidth(SIDE_PANEL_WIDTH if on else FORM_WIDTH)
        self.style().unpolish(self)
        self.style().polish(self)

    def name_problem(self) -> str:
        """Why the name cannot be taken; "" if it can."""
        if len(self.name.text().strip().encode("utf-8", "replace")) > _MOST_NAME_BYTES:
            return self.tr("That name is too long for a file. Choose a shorter one.")
        return ""

    def show_nothing(self, words: str) -> None:
        """Nothing can be measured; why."""
        self._show_unknown(words, None)
        self._note.clear()

    def show_measuring(self, steps: tuple[int, int] | None) -> None:
        """Steps taken and all of them; None while it has not begun."""
        begun = steps is not None and steps[1] > 0
        words = self.tr("Step {done} of {all}").format(done=steps[0], all=steps[1]) if begun and steps else self.tr("Getting ready")
        self._show_unknown(self.tr("A few real steps are being measured. {words}").format(words=words), steps)
        self._note.clear()

    def show_problem(self, sentence: str) -> None:
        """The trainer could not take even a few steps."""
        self._show_unknown("", None)
        self._note.set_kind("warning")
        self._note.say(self.tr("It could not be measured."), sentence)

    def show_estimate(self, found: Estimate, config: TrainConfig) -> None:
        seconds, now = found.seconds(config), time.time()
        self._time.setText(_bare(duration(seconds)))
        self._when.setText(self.tr("Done about {when}, if it starts now.").format(when=clock_words(now + seconds, now)))
        self._when.show()
        self._progress.hide()
        self._facts["device"].setText(_device(found.device))
        self._facts["speed"].setText(self.tr("{time} a step").format(time=exact_duration(found.seconds_per_step)))
        pairs = self.tr("{n} + {held} held out")
        self._facts["pairs"].setText(pairs.format(n=count(found.num_train), held=count(found.num_held_out)))
        self._facts["kept"].setText(self.tr("the best by {metric}").format(metric=metric_title(config.task_spec.best_by)))
        self._told, self._needed = found, found.disk_bytes(config)
        self._show_room()
        self._look_at_disk()

    def close_down(self, until: QDeadlineTimer) -> None:
        self._errands.close(until)

    def _show_room(self) -> None:
        """What is needed of memory and disk beside what is free, and whether that is enough."""
        found, needed = self._told, self._needed
        if found is None:
            return
        free = psutil.virtual_memory().available if found.device == _OWN_MEMORY else None
        too_much = self._memory.show_amount(found.memory_bytes, free)
        no_room = self._disk.show_amount(needed, self._free) if needed is not None else False
        self._disk.setVisible(needed is not None)
        if too_much or no_room:
            self._note.set_kind("warning")
            what = self.tr("memory") if too_much else self.tr("disk")
            advice = (
                self.tr("Close other programs, or choose smaller pictures or fewer a step.") if too_much else self.tr("Free some.")
            )
            self._note.say(self.tr("It needs more {what} than is free.").format(what=what), advice)
        else:
            self._note.set_kind("success")
            self._note.say(self.tr("Measured just now with {n} real steps, not guessed.").format(n=found.num_steps))

    def _look_at_disk(self) -> None:
        if not self._errands.are_done:  # a slow disk: it tells soon enough
            return
        runs = self._runs

        def work(_: Report[Any], __: Token) -> int | None:  # Any: nothing is reported
            return _free_disk(runs)

        self._errands.run(work, "looking at a disk", self._on_disk)

    def _on_disk(self, free: int | None) -> None:
        self._free = free
        self._show_room()

    def _show_unknown(self, words: str, steps: tuple[int, int] | None) -> None:
        self._told = None
        self._time.setText(_UNKNOWN)
        self._when.setText(words)
        self._when.setVisible(bool(words))
        self._progress.setVisible(steps is not None)
        if steps is not None:
            self._progress.set_fraction(steps[0] / steps[1] if steps[1] else None)
        for amount in (self._memory, self._disk):
            amount.show_unknown()
        for fact in self._facts.values():
            fact.setText(_UNKNOWN)

    def _naming(self, look: Look) -> QVBoxLayout:
        layout = QVBoxLayout()
        layout.setSpacing(SPACE_S)
        self.name, self.licence = QLineEdit(self), QLineEdit(self)
        self._name_problem = Complaint(look, "train_name_problem", self.name, self)
        for field, key, words, hint in (
            (self.name, "train_name", self.tr("Name of the model"), self.tr("Under this name it stands in Models")),
            (self.licence, "train_licence", self.tr("Licence"), self.tr("Written on its card; empty says nothing of it")),
        ):
            label = QLabel(words, self)
            label.setProperty("role", "label")
            label.setBuddy(field)
            leave_drops_to_window(field)
            field.setObjectName(key)
            field.setAccessibleName(words)
            field.setToolTip(hint)
            field.textEdited.connect(self._on_edited)
            layout.addWidget(label)
            layout.addWidget(field)
            if field is self.name:
                layout.addWidget(self._name_problem)
        self.licence.setPlaceholderText(self.tr("None said"))
        layout.addStretch(1)
        return layout

    def _table(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE_L)
        grid.setVerticalSpacing(SPACE_XS)
        grid.setColumnStretch(1, 1)
        for row, (key, words) in enumerate(
            (
                ("device", self.tr("Device")),
                ("speed", self.tr("Speed")),
                ("pairs", self.tr("Pairs")),
                ("kept", self.tr("Kept")),
            )
        ):
            label, value = QLabel(words, self), QLabel(_UNKNOWN, self)
            label.setProperty("role", "small")
            value.setObjectName(f"train_estimate_{key}")
            value.setWordWrap(True)
            self._facts[key] = value
            grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, row, 1)
        return grid

    def _on_edited(self, _: str) -> None:
        self._name_problem.say(self.name_problem())
        self.edited.emit()


class _Amount(QWidget):
    """How much of what is free will be needed."""

    def __init__(self, look: Look, words: str, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        label, self._amount = QLabel(words, self), QLabel(_UNKNOWN, self)
        label.setProperty("role", "label")
        self._amount.setObjectName(name)
        self._bar = SlimProgress(look, self)
        self._bar.setAccessibleName(words)
        line = QHBoxLayout()
        line.addWidget(label)
        line.addStretch(1)
        line.addWidget(self._amount)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACE_XS, 0, 0)
        layout.setSpacing(SPACE_XS)
        layout.addLayout(line)
        layout.addWidget(self._bar)

    def show_unknown(self) -> None:
        self._amount.setText(_UNKNOWN)
        self._bar.set_fraction(0)

    def show_amount(self, needed: int, free: int | None) -> bool:
        """Both in bytes; `free` None where it is not this computer's to tell. Whether it is too much."""
        self._bar.setVisible(free is not None)
        if free is None:
            self._amount.setText(size(needed))
            return False
        self._amount.setText(self.tr("{needed} of {free} free").format(needed=size(needed), free=size(free)))
        self._bar.set_fraction(needed / free if free else 1)
        return needed > free


def _free_disk(folder: Path) -> int | None:
    """Bytes free where the folder is or will be; None where nobody can tell. Called in a worker thread."""
    try:
        there = next((one for one in (folder, *folder.parents) if one.exists()), None)
        return None if there is None else shutil.disk_usage(there).free
    except OSError:
        return None


def _line(parent: QWidget) -> QFrame:
    line = QFrame(parent)
    line.setProperty("role", "separator")
    line.setFixedHeight(1)
    return line


def _device(name: str) -> str:
    if name != _OWN_MEMORY:
        return name
    words = QCoreApplication.translate("EstimatePanel", "CPU, {n} cores")
    return words.format(n=psutil.cpu_count(logical=False) or psutil.cpu_count())


def _bare(words: str) -> str:
    """The figure needs no "about": what stands below it says so."""
    return words.removeprefix("about ")
