"""The side panel of Live: which model, and how it works. Everything in it may change while one watches."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QSlider, QSpinBox, QVBoxLayout, QWidget

from p2p_desktop.live.wishes import HELD_FPS, LiveWishes
from p2p_desktop.ui.live_output_form import LiveOutputForm
from p2p_desktop.ui.live_words import size_words
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_chooser import ModelChooser
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.panel_parts import label_of, scrolling, separator
from p2p_desktop.ui.settings_form import leave_wheel_to_page
from p2p_desktop.ui.theme import SIDE_PANEL_WIDTH, SPACE_L, SPACE_M, SPACE_S, SPACE_XL, SPACE_XS
from p2p_desktop.ui.widgets import ElidedLabel, Switch

LEAST_HELD, MOST_HELD = 5, 60  # frames a second
CALM_BLEND = 0.6
FORMATS: tuple[tuple[int, int], ...] = ((640, 480), (1280, 720), (1920, 1080))  # what most cameras know
_COMBO_WIDTH = 132

if TYPE_CHECKING:  # it imports NumPy
    from p2p_desktop.live.meter import Figures


class LivePanel(QFrame):
    """Shows and changes `wishes`."""

    changed = Signal(object)  # LiveWishes
    model_chosen = Signal(str)  # its name
    format_chosen = Signal(object)  # (width, height) in pixels that the camera is asked for, or None

    def __init__(self, look: Look, shelf: ModelShelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.wishes = LiveWishes()
        self._sides: tuple[tuple[int, tuple[int, int]], ...] = ()
        self._used = (0, 0)  # width and height in pixels
        self.setProperty("role", "panel")
        self.setFixedWidth(SIDE_PANEL_WIDTH)
        form = QWidget(self)
        layout = QVBoxLayout(form)
        layout.setContentsMargins(SPACE_XL, SPACE_L + 2, SPACE_XL, SPACE_XL)
        layout.setSpacing(SPACE_S)
        self.model = ModelChooser(look, shelf, form, name="live_model")
        self.model.chosen.connect(self.model_chosen)
        layout.addWidget(label_of(self.tr("Model"), self.model))
        layout.addWidget(self.model)
        layout.addSpacing(SPACE_S)
        layout.addLayout(self._strength_line(form))
        layout.addWidget(self._strength)
        layout.addSpacing(SPACE_M)
        layout.addLayout(self._hold_line(form))
        layout.addWidget(_hint(self.tr("Lowers the working size when this computer cannot keep up."), form))
        layout.addSpacing(SPACE_S)
        layout.addLayout(self._size_line(form))
        self._size_hint = _hint("", form)
        self._size_hint.setObjectName("live_size_hint")
        layout.addWidget(self._size_hint)
        layout.addSpacing(SPACE_S)
        layout.addWidget(separator(form))
        layout.addSpacing(SPACE_XS)
        self._calm = self._switch(form, "live_calm", self.tr("Calm picture"))
        self._calm.setToolTip(self.tr("Against flicker and noise. What moves leaves no trail."))
        self._mirror = self._switch(form, "live_mirror", self.tr("Mirror"))
        self._mirror.setToolTip(self.tr("Turns camera and result round, in recordings and snapshots, too."))
        for words, switch, hint in (
            (self.tr("Calm picture"), self._calm, self.tr("Keeps a part of the frame before where nothing moves.")),
            (self.tr("Mirror"), self._mirror, self.tr("As in a mirror, for a camera that faces you.")),
        ):
            line = QHBoxLayout()
            line.addWidget(label_of(words, switch), 1)
            line.addWidget(switch)
            layout.addLayout(line)
            layout.addWidget(_hint(hint, form))
        layout.addSpacing(SPACE_S)
        layout.addLayout(self._format_line(form))
        self._sends, self._shown = _fact(form, "live_sends"), _fact(form, "live_shown")
        self._worst, self._left_out = _fact(form, "live_worst"), _fact(form, "live_left_out")
        self._worst.setToolTip(self.tr("From the camera to the screen: of twenty frames one is slower."))
        self._left_out.setToolTip(self.tr("Frames that were not shown, as newer ones were there. None is ever shown late."))
        for words, fact in (
            (self.tr("Camera sends"), self._sends),
            (self.tr("Shown at"), self._shown),
            (self.tr("Slowest in 20"), self._worst),
            (self.tr("Left out"), self._left_out),
        ):
            line = QHBoxLayout()
            line.addWidget(label_of(words, fact))
            line.addWidget(fact, 1)
            layout.addLayout(line)
        layout.addSpacing(SPACE_S)
        layout.addWidget(separator(form))
        self.outputs = LiveOutputForm(look, form)
        layout.addWidget(self.outputs)
        layout.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        area = scrolling(form, self)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is in it scrolls into sight when it gets the keyboard
        outer.addWidget(area)
        self._show_wishes()
        self.offer_formats(False)

    def change(self, wishes: LiveWishes) -> None:
        """Set what is wished from outside. Emits nothing."""
        self.wishes = wishes
        self._show_wishes()

    def offer_sizes(self, sides: Sequence[tuple[int, tuple[int, int]]]) -> None:
        """The working sizes that there are for model and camera: (long side, (width, height)) each, in pixels."""
        if tuple(sides) != self._sides:
            self._sides = tuple(sides)
            blocker = QSignalBlocker(self._size)
            self._size.clear()
            self._size.addItem(self.tr("Automatic"), 0)
            for side, (width, height) in reversed(self._sides):
                self._size.addItem(size_words(width, height), side)
            del blocker
            self._used = (0, 0)
            self._show_size()

    def show_used(self, size: tuple[int, int]) -> None:
        """The size (width, height) at which the model works at the moment; (0, 0) while it does not."""
        if size != self._used and not self._size.view().isVisible():
            self._used = size
            self._show_size()

    def show_camera(self, sends: str, shown: str) -> None:
        """What the camera sends, and how large it is shown, in words."""
        self._sends.setText(sends)
        self._shown.setText(shown)

    def show_delay(self, figures: "Figures") -> None:
        """What has no room beside the figures of the bar."""
        self._worst.setText(self.tr("{delay:.0f} ms").format(delay=figures.latency_ms_p95) if figures.frames_out else "")
        left_out = self.tr("{dropped} of {came}").format(dropped=f"{figures.dropped:,}", came=f"{figures.frames_in:,}")
        self._left_out.setText(left_out if figures.frames_out else "")

    def offer_formats(self, on: bool, wanted: tuple[int, int] | None = None) -> None:
        """Whether a camera can be asked for another size: files and streams are as they are. `wanted`: what it is asked for."""
        self._format.setCurrentIndex(max(0, self._format.findData(wanted)))
        for widget in (self._format, self._format_label):
            widget.setVisible(on)

    def _strength_line(self, form: QWidget) -> QHBoxLayout:
        self._strength = QSlider(Qt.Orientation.Horizontal, form)
        self._strength.setObjectName("live_strength")
        self._strength.setAccessibleName(self.tr("Strength"))
        self._strength.setRange(0, 100)
        self._strength.setPageStep(10)
        leave_wheel_to_page(self._strength)
        self._strength.setToolTip(self.tr("Mixes the result with the camera: 0 % is the camera itself."))
        self._strength.valueChanged.connect(self._on_strength_moved)
        self._strength_value = QLabel(form)
        self._strength_value.setProperty("role", "muted")
        line = QHBoxLayout()
        line.addWidget(label_of(self.tr("Strength"), self._strength), 1)
        line.addWidget(self._strength_value)
        return line

    def _hold_line(self, form: QWidget) -> QHBoxLayout:
        self._hold = self._switch(form, "live_hold", self.tr("Hold a number of frames a second"))
        self._hold.setToolTip(self.tr("A smaller working size is faster, and less sharp."))
        self._fps = QSpinBox(form)
        self._fps.setObjectName("live_hold_fps")
        self._fps.setRange(LEAST_HELD, MOST_HELD)
        self._fps.setValue(round(HELD_FPS))
        self._fps.setFixedWidth(58)
        self._fps.setAccessibleName(self.tr("Frames a second to hold"))
        self._fps.setToolTip(self.tr("{least} to {most}").format(least=LEAST_HELD, most=MOST_HELD))
        leave_wheel_to_page(self._fps)
        self._fps.setAcceptDrops(False)
        self._fps.valueChanged.connect(self._on_hold_changed)
        line = QHBoxLayout()
        line.setSpacing(SPACE_S - 2)
        line.addWidget(label_of(self.tr("Hold"), self._hold))
        line.addWidget(self._fps)
        line.addWidget(label_of(self.tr("frames a second"), self._fps), 1)
        line.addWidget(self._hold)
        return line

    def _size_line(self, form: QWidget) -> QHBoxLayout:
        self._size = QComboBox(form)
        self._size.setObjectName("live_size")
        self._size.setAccessibleName(self.tr("Working size"))
        self._size.setFixedWidth(_COMBO_WIDTH)
        self._size.setToolTip(self.tr("How large the model sees a frame. The result is shown at the size of the camera."))
        self._size.addItem(self.tr("Automatic"), 0)
        leave_wheel_to_page(self._size)
        self._size.activated.connect(self._on_size_chosen)
        line = QHBoxLayout()
        line.addWidget(label_of(self.tr("Working size"), self._size), 1)
        line.addWidget(self._size)
        return line

    def _format_line(self, form: QWidget) -> QHBoxLayout:
        self._format = QComboBox(form)
        self._format.setObjectName("live_format")
        self._format.setAccessibleName(self.tr("Camera size"))
        self._format.setFixedWidth(_COMBO_WIDTH)
        self._format.setToolTip(self.tr("What the camera is asked for. It may answer with another: below is what it sends."))
        self._format.addItem(self.tr("Automatic"), None)
        for width, height in FORMATS:
            self._format.addItem(size_words(width, height), (width, height))
        leave_wheel_to_page(self._format)
        self._format.activated.connect(self._on_format_chosen)
        self._format_label = label_of(self.tr("Camera size"), self._format)
        line = QHBoxLayout()
        line.addWidget(self._format_label, 1)
        line.addWidget(self._format)
        return line

    def _switch(self, form: QWidget, name: str, words: str) -> Switch:
        switch = Switch(self._look, form)
        switch.setObjectName(name)
        switch.setAccessibleName(words)
        switch.toggled.connect(self._on_switched)
        return switch

    def _show_wishes(self) -> None:
        wishes = self.wishes
        blockers = [QSignalBlocker(widget) for widget in (self._strength, self._hold, self._fps, self._calm, self._mirror)]
        self._strength.setValue(round(wishes.strength * 100))
        self._hold.setChecked(bool(wishes.hold_fps))
        if wishes.hold_fps:
            self._fps.setValue(round(wishes.hold_fps))
        self._calm.setChecked(bool(wishes.blend))
        self._mirror.setChecked(wishes.mirror)
        del blockers
        for switch in (self._hold, self._calm, self._mirror):
            switch.settle()
        self._strength_value.setText(self.tr("{percent} %").format(percent=round(wishes.strength * 100)))
        self._show_size()

    def _show_size(self) -> None:
        """The field shows the size in use; where that is not what was chosen, the words below it say so."""
        chosen, used = self.wishes.side, max(self._used)
        most = max((side for side, _ in self._sides), default=chosen)
        is_lowered = bool(self.wishes.hold_fps and 0 < used < min(chosen, most))
        shown = used if is_lowered else min(chosen, most)
        self._size.setCurrentIndex(max(0, self._size.findData(shown)))
        if is_lowered:
            words = self.tr("Set by \u201cHold {fps} frames a second\u201d. Your choice was {size}.")
            self._size_hint.setText(words.format(fps=round(self.wishes.hold_fps), size=self._words_of(chosen)))
        elif chosen > most:
            words = self.tr("Your choice was {side} pixels; this model and this camera go no further.")
            self._size_hint.setText(words.format(side=chosen))
        elif used and not chosen:
            self._size_hint.setText(self.tr("Works at {size} now.").format(size=size_words(*self._used)))
        else:
            self._size_hint.setText("")
        self._size_hint.setVisible(bool(self._size_hint.text()))

    def _words_of(self, side: int) -> str:
        return next((size_words(*size) for one, size in self._sides if one == side), f"{side}")

    def _become(self, wishes: LiveWishes) -> None:
        if wishes != self.wishes:
            self.wishes = wishes
            self._show_wishes()
            self.changed.emit(wishes)

    def _on_strength_moved(self, percent: int) -> None:
        self._become(replace(self.wishes, strength=percent / 100))

    def _on_hold_changed(self, _: int) -> None:
        if self._hold.isChecked():
            self._on_switched()

    def _on_switched(self) -> None:
        hold = float(self._fps.value()) if self._hold.isChecked() else 0.0
        blend = CALM_BLEND if self._calm.isChecked() else 0.0
        self._become(replace(self.wishes, hold_fps=hold, blend=blend, mirror=self._mirror.isChecked()))

    def _on_size_chosen(self, _: int) -> None:
        self._become(replace(self.wishes, side=self._size.currentData()))
        self._show_size()

    def _on_format_chosen(self, _: int) -> None:
        self.format_chosen.emit(self._format.currentData())


def _hint(words: str, parent: QWidget) -> QLabel:
    label = QLabel(words, parent)
    label.setProperty("role", "small")
    label.setWordWrap(True)
    return label


def _fact(parent: QWidget, name: str) -> ElidedLabel:
    label = ElidedLabel(parent)
    label.setObjectName(name)
    label.setProperty("role", "muted")
    label.setAlignment(Qt.AlignmentFlag.AlignRight)
    return label
