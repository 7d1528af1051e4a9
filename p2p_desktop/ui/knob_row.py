"""One setting of a training: what it is and does, its control, its range, and a mark where it is not the preset's."""

import json
import re

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from p2p_desktop.ui import knob_words
from p2p_desktop.ui.complaint import Complaint
from p2p_desktop.ui.drops import leave_drops_to_window
from p2p_desktop.ui.knobs import Knob, range_problem
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.settings_form import leave_wheel_to_page
from p2p_desktop.ui.theme import SPACE_M, SPACE_S, SPACE_XL, SPACE_XS
from p2p_desktop.ui.widgets import Badge, Switch
from training.contract.knobs import fitting

_CONTROL_WIDTH = 208
_CONTROL_CHARACTERS = 24  # where type is large
_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")


class KnobRow(QWidget):
    edited = Signal()

    def __init__(self, look: Look, knob: Knob, parent: QWidget) -> None:
        super().__init__(parent)
        self.knob = knob
        self._look = look
        self._width = max(_CONTROL_WIDTH, QFontMetrics(look.theme.font("body")).averageCharWidth() * _CONTROL_CHARACTERS)
        self._preset: str | None = None  # until a preset was shown
        self._contradiction = ""
        words = knob_words.title(knob.key)
        self._label = QLabel(words, self)
        self._label.setProperty("role", "label")
        self._badge = Badge(look, "accent", self.tr("Changed"), self)
        self._badge.setObjectName(f"train_{knob.key}_changed")
        self._badge.hide()
        self._effect = knob_words.in_words(knob.effect)
        effect = QLabel(self._effect, self)
        effect.setProperty("role", "small")
        effect.setWordWrap(True)
        self._range = QLabel(self)
        self._range.setObjectName(f"train_{knob.key}_range")
        self._range.setProperty("role", "small")
        self._range.setWordWrap(True)
        self.control = self._make_control()
        self.control.setObjectName(f"train_{knob.key}")
        self.control.setAccessibleName(words)
        self.control.setToolTip(self._effect)
        self._label.setBuddy(self.control)
        self._complaint = Complaint(look, f"train_{knob.key}_problem", self.control, self)
        self._lay_out(effect)

    def value(self) -> str:
        """As `--set` takes it; what is typed and wrong stays as it is."""
        match self.control:
            case Switch():
                return "true" if self.control.isChecked() else "false"
            case QComboBox():
                return str(self.control.currentData())
            case QLineEdit():
                return self._plain(self.control.text())
        raise TypeError(type(self.control))

    @property
    def is_changed(self) -> bool:
        """Whether it is not the preset's."""
        value = self.value()
        if self._preset is None or value == self._preset:
            return False
        return self.knob.kind != "number" or _number(value) is None or _number(value) != _number(self._preset)

    def show_preset(self, text: str) -> None:
        """The preset says so: what was not changed follows it."""
        was_changed = self.is_changed
        self._preset = text
        if not was_changed:
            self._put(text)
        self._show()

    def put(self, text: str) -> None:
        """Show this value; a changed one, unless it is the preset's."""
        self._put(text)
        self._show()

    def back_to_preset(self) -> None:
        self.put(self._preset or "")

    def problem(self) -> str:
        """What is wrong with the value by itself; "" if nothing is."""
        if self.knob.kind != "number":
            return range_problem(self.knob, self.value()) if self.knob.kind == "text" else ""
        number = _number(self.value())
        if number is None or (self.knob.is_whole and not float(number).is_integer()):
            kind = self.tr("Enter a whole number.") if self.knob.is_whole else self.tr("Enter a number.")
            return f"{self._limits()}. {kind}" if self._limits() else kind
        if self.knob.low is not None and number < self.knob.low:
            return self.tr("{limits}. Enter a larger number.").format(limits=self._limits())
        if self.knob.high is not None and number > self.knob.high:
            return self.tr("{limits}. Enter a smaller number.").format(limits=self._limits())
        value = int(number) if self.knob.is_whole else fitting(number, float)
        return knob_words.in_words(range_problem(self.knob, value))

    def contradict(self, sentence: str) -> None:
        """What is wrong with the value beside others; "" if nothing is."""
        if sentence != self._contradiction:
            self._contradiction = sentence
            self._show()

    # --- building

    def _make_control(self) -> QWidget:
        if self.knob.kind == "switch":
            switch = Switch(self._look, self)
            switch.toggled.connect(self._on_edited)
            return switch
        if self.knob.kind == "choice":
            combo = QComboBox(self)
            for value in self.knob.choices:
                combo.addItem(knob_words.choice(self.knob, value), value)
            combo.setFixedWidth(self._width)
            combo.currentIndexChanged.connect(self._on_edited)
            leave_wheel_to_page(combo)
            return combo
        field = QLineEdit(self)
        leave_drops_to_window(field)
        field.setFixedWidth(self._width)
        field.textEdited.connect(self._on_edited)
        field.editingFinished.connect(self._on_finished)
        return field

    def _lay_out(self, effect: QLabel) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE_S)
        top.addWidget(self._label)
        top.addWidget(self._badge)
        top.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(1)
        left.addLayout(top)
        left.addWidget(effect)
        left.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(SPACE_XS)
        is_switch = isinstance(self.control, Switch)
        right.addWidget(self.control, 0, Qt.AlignmentFlag.AlignRight if is_switch else Qt.AlignmentFlag.AlignLeft)
        right.addWidget(self._range)
        right.addWidget(self._complaint)
        right.addStretch(1)
        for below in (self._range, self._complaint):
            below.setFixedWidth(self._width)
        self._range.setAlignment(Qt.AlignmentFlag.AlignRight if is_switch else Qt.AlignmentFlag.AlignLeft)
        line = QHBoxLayout()
        line.setSpacing(SPACE_XL)
        line.addLayout(left, 1)
        line.addLayout(right)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACE_M, 0, SPACE_M)
        layout.setSpacing(SPACE_XS)
        layout.addLayout(line)

    # --- what is shown

    def _put(self, text: str) -> None:
        with QSignalBlocker(self.control):
            match self.control:
                case Switch():
                    self.control.setChecked(text == "true")
                    self.control.settle()
                case QComboBox():
                    if self.control.findData(text) < 0:
                        self.control.addItem(knob_words.choice(self.knob, text), text)
                    self.control.setCurrentIndex(self.control.findData(text))
                case QLineEdit():
                    self.control.setText(self._readable(text))

    def _show(self) -> None:
        changed = self.is_changed
        self._badge.setVisible(changed)
        said = [self._limits()]
        if changed:
            said.append(self.tr("preset {value}").format(value=self._in_words(self._preset or "")))
        words = ", ".join(filter(None, said))
        problem = self.problem()
        self._range.setText(words)
        self._range.setVisible(bool(words) and not problem)  # which says the range itself
        self._complaint.say(problem or self._contradiction)
        if not self._complaint.text:
            self.control.setAccessibleDescription(". ".join(filter(None, [self._effect.rstrip("."), words])))

    def _limits(self) -> str:
        if self.knob.low is None or self.knob.high is None:
            return ""
        limits = self.tr("{low} to {high}").format(low=_shown(self.knob.low), high=_shown(self.knob.high))
        return f"{limits} {self.knob.unit}".rstrip()

    def _in_words(self, text: str) -> str:
        if self.knob.kind == "choice":
            return knob_words.choice(self.knob, text)
        if self.knob.kind == "switch":
            return self.tr("on") if text == "true" else self.tr("off")
        return self._readable(text) or self.tr("none")

    def _readable(self, text: str) -> str:
        number = _number(text)
        return _shown(number) if self.knob.kind == "number" and number is not None else text

    def _plain(self, text: str) -> str:
        text = text.strip()
        if self.knob.kind != "number":
            return text
        plain = text.replace(",", "") if _THOUSANDS.fullmatch(text) else text
        number = _number(plain)
        is_whole = number is not None and float(number).is_integer() and abs(number) < 1 << 53
        return str(int(number)) if is_whole and number is not None else plain

    # --- what happens

    def _on_edited(self) -> None:
        self._contradiction = ""
        self._show()
        self.edited.emit()

    def _on_finished(self) -> None:
        if not self.problem():
            self._put(self.value())


def _number(text: str) -> float | None:
    try:
        number = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_number = isinstance(number, int | float) and not isinstance(number, bool) and abs(number) < float("inf")
    return number if is_number else None


def _shown(number: float) -> str:
    if float(number).is_integer() and abs(number) < 1 << 53:
        return f"{int(number):,}"
    return f"{number:g}" if float(f"{number:g}") == number else repr(number)
